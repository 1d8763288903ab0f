// Package kube builds Kubernetes objects, and parts of them, that several
// constructs have in common: what Pod Security "restricted" asks of a pod,
// volumes, environment, Services, claims, autoscalers, access to the API.
package kube

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/image"
	"example.com/django-cdk8s/internal/labels"
)

// Meta returns the metadata of the object called name, which plays part in the
// application of n.
func Meta(n *construct.Node, name string, part labels.Part) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Labels: labels.Object(name, part, n.PartOf())}
}

// PodSecurityContext runs every container of a pod as the given user and group,
// never as root, under the container runtime's default seccomp profile. Volumes
// belong to the group, so that the user can write to them.
func PodSecurityContext(id int) *corev1.PodSecurityContext {
	return &corev1.PodSecurityContext{
		RunAsNonRoot: new(true),
		RunAsUser:    new(int64(id)),
		RunAsGroup:   new(int64(id)),
		FSGroup:      new(int64(id)),
		// Walking a large volume on every start takes minutes; see
		// https://kubernetes.io/docs/tasks/configure-pod-container/security-context/.
		FSGroupChangePolicy: new(corev1.FSGroupChangeOnRootMismatch),
		SeccompProfile:      &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
}

// SecurityContext takes every privilege and the writable root from a container.
func SecurityContext() *corev1.SecurityContext { return restrict(nil) }

// restrict fills in what a security context leaves open.
func restrict(given *corev1.SecurityContext) *corev1.SecurityContext {
	c := corev1.SecurityContext{}
	if given != nil {
		c = *given
	}
	if !privileged(c) {
		c.AllowPrivilegeEscalation = cmp.Or(c.AllowPrivilegeEscalation, new(false))
	}
	c.ReadOnlyRootFilesystem = cmp.Or(c.ReadOnlyRootFilesystem, new(true))
	c.Capabilities = cmp.Or(c.Capabilities, &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}})
	return &c
}

// privileged reports whether a container may raise its privileges whatever else
// is said, so that Kubernetes refuses a false allowPrivilegeEscalation; see
// https://kubernetes.io/docs/tasks/configure-pod-container/security-context/.
func privileged(c corev1.SecurityContext) bool {
	return c.Privileged != nil && *c.Privileged || c.Capabilities != nil &&
		slices.ContainsFunc(c.Capabilities.Add, func(added corev1.Capability) bool {
			return added == "SYS_ADMIN" || added == "CAP_SYS_ADMIN"
		})
}

// Resources converts r.
func Resources(r pod.Resources) corev1.ResourceRequirements {
	return corev1.ResourceRequirements{Requests: r.Requests.List(), Limits: r.Limits.List()}
}

// PullPolicy returns the pull policy of an image: always for a tag that moves,
// unless another is given.
func PullPolicy(given corev1.PullPolicy, ref string) corev1.PullPolicy {
	if given == "" && image.Floating(ref) {
		return corev1.PullAlways
	}
	return cmp.Or(given, corev1.PullIfNotPresent)
}

// PullSecrets names the Secrets that hold registry credentials.
func PullSecrets(names []string) []corev1.LocalObjectReference {
	var refs []corev1.LocalObjectReference
	for _, name := range names {
		refs = append(refs, corev1.LocalObjectReference{Name: name})
	}
	return refs
}

// Pod is a pod of this library before a [pod.Template] is added to it.
type Pod struct {
	// Name is the name of the workload, and App that of its pods' label.
	Name     string
	Template pod.Template
	Spec     corev1.PodSpec
	Meta     metav1.ObjectMeta
}

// Build returns the template of the pods.
func (p Pod) Build() corev1.PodTemplateSpec {
	t, spec, meta := p.Template, p.Spec, p.Meta
	meta.Name = ""
	meta.Labels = merged(t.Labels, meta.Labels)
	meta.Annotations = merged(t.Annotations, meta.Annotations)
	spec.EnableServiceLinks = new(false)
	spec.AutomountServiceAccountToken = new(t.ServiceAccount.AutomountToken)
	if account := AccountOf(p.Name, t); account != "" {
		spec.ServiceAccountName = account
	}
	spec.NodeSelector = t.NodeSelector
	spec.Affinity = t.Affinity
	spec.Tolerations = t.Tolerations
	spec.PriorityClassName = t.PriorityClassName
	spec.SchedulerName = t.SchedulerName
	spec.HostAliases = t.HostAliases
	spec.DNSPolicy = t.DNSPolicy
	spec.DNSConfig = t.DNSConfig
	if t.RuntimeClassName != "" {
		spec.RuntimeClassName = &t.RuntimeClassName
	}
	spec.TopologySpreadConstraints = slices.DeleteFunc(spec.TopologySpreadConstraints,
		func(own corev1.TopologySpreadConstraint) bool {
			// Kubernetes takes each pair once; the user's has the say.
			return slices.ContainsFunc(t.TopologySpreadConstraints, func(given corev1.TopologySpreadConstraint) bool {
				return given.TopologyKey == own.TopologyKey && given.WhenUnsatisfiable == own.WhenUnsatisfiable
			})
		})
	for _, constraint := range t.TopologySpreadConstraints {
		if constraint.LabelSelector == nil {
			constraint.LabelSelector = &metav1.LabelSelector{MatchLabels: labels.Selector(p.Name)}
		}
		spec.TopologySpreadConstraints = append(spec.TopologySpreadConstraints, constraint)
	}
	spec.InitContainers = p.containers(t.InitContainers, spec.InitContainers)
	spec.Containers = p.containers(spec.Containers, t.Containers)
	return corev1.PodTemplateSpec{ObjectMeta: meta, Spec: spec}
}

// containers joins two lists and restricts every container.
func (p Pod) containers(first, second []corev1.Container) []corev1.Container {
	all := slices.Concat(first, second)
	for i := range all {
		all[i].SecurityContext = restrict(all[i].SecurityContext)
		all[i].ImagePullPolicy = PullPolicy(all[i].ImagePullPolicy, all[i].Image)
	}
	return all
}

// AccountOf returns the name of the ServiceAccount of the workload called name;
// empty for the default one.
func AccountOf(name string, t pod.Template) string {
	if len(t.ServiceAccount.Annotations) > 0 {
		return name
	}
	return t.ServiceAccount.Existing
}

// ObjectMeta adds the labels and annotations that t has for objects.
func ObjectMeta(meta metav1.ObjectMeta, t pod.Template) metav1.ObjectMeta {
	meta.Labels = merged(t.ObjectLabels, meta.Labels)
	meta.Annotations = merged(t.ObjectAnnotations, meta.Annotations)
	return meta
}

// merged returns a map of both, of which the second wins; nil for an empty one.
func merged(first, second map[string]string) map[string]string {
	if len(first)+len(second) == 0 {
		return nil
	}
	all := map[string]string{}
	maps.Copy(all, first)
	maps.Copy(all, second)
	return all
}

// Scrape returns the annotations by which Prometheus finds a pod's metrics; none
// for port 0.
func Scrape(port int, path string) map[string]string {
	if port == 0 {
		return nil
	}
	return map[string]string{
		labels.PrometheusScrape: "true",
		labels.PrometheusPort:   fmt.Sprint(port),
		labels.PrometheusPath:   path,
	}
}
