package manifest

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// External is an object, or some keys of one, that manifests may refer to
// although it is made elsewhere.
type External struct {
	Kind, Name, Namespace string
	Keys                  []string
}

// Options tells [Check] what the manifests do not say.
type Options struct {
	// External are the objects that are made elsewhere.
	External []External

	// Plain are the keys of Secrets whose values anybody may read.
	Plain []External

	// Tracked says that the manifests are committed to a repository. They must
	// then hold no credential.
	Tracked bool
}

// Problem is one thing that is wrong with an object.
type Problem struct {
	// Object is the object that the problem was found in.
	Object Object

	// Rule is the name of the rule in [Rules].
	Rule string

	// Field is the path of the field within the object.
	Field string

	// Value is the field's value; "..." where it must not be shown.
	Value string

	// Text says what is allowed.
	Text string
}

// Error returns the problem in one line: source, field, value, rule.
func (p Problem) Error() string {
	return fmt.Sprintf("%s: %s: %q: %s (%s)", p.Object.Source, p.Field, p.Value, p.Text, p.Rule)
}

// Rule is one named check.
type Rule struct {
	// Name is how problems refer to the rule.
	Name string

	// Doc says what the rule asks for.
	Doc string

	check func(c *checker)
}

// Rules returns every rule that [Check] applies, in that order.
func Rules() []Rule {
	return []Rule{
		{"names", "Names, namespaces and labels are ones that Kubernetes takes.", (*checker).names},
		{"unique", "No two objects share API group, kind, namespace and name.", (*checker).unique},
		{"selectors", "A workload's selector matches its own pods and no others, and what selects pods selects some.", (*checker).selectors},
		{"ports", "Services and probes name a port that exists.", (*checker).ports},
		{"references", "What an object refers to exists, with the key or port it asks for, or is declared external.", (*checker).references},
		{"resources", "No request is above its limit, and every container has both.", (*checker).resources},
		{"volumes", "Every mount has its volume and a path of its own; claims have known access modes and a size.", (*checker).volumes},
		{"scaling", "One autoscaler sets the replicas of a workload, disruption budgets let pods go, and what one node mounts serves one pod.", (*checker).scaling},
		{"isolation", "NetworkPolicies cover every pod of their namespace, name pods and ports that exist, let nobody in from everywhere, and let pods connect to what they are told to.", (*checker).isolation},
		{"pod-security", "Every pod meets the Pod Security Standard that its namespace enforces.", (*checker).podSecurity},
		{"credentials", "Manifests that git tracks hold no credential.", (*checker).credentials},
	}
}

// Check applies every rule to objects, which together are what is applied to a
// cluster, and returns all problems.
func Check(objects []Object, options Options) []Problem {
	c := &checker{objects: objects, options: options, duplicates: map[string]bool{}, missing: map[[3]string]missing{}}
	for _, o := range objects {
		if w, ok := workloadOf(o); ok {
			c.workloads = append(c.workloads, w)
		}
		if a, ok := autoscalerOf(o); ok {
			c.autoscalers = append(c.autoscalers, a)
		}
	}
	for _, rule := range Rules() {
		c.rule = rule.Name
		rule.check(c)
	}
	return c.problems
}

type checker struct {
	objects     []Object
	workloads   []workload
	autoscalers []autoscaler
	options     Options
	rule        string
	problems    []Problem
	// duplicates are the sources of objects that unique has reported. What else
	// is wrong with them follows from that.
	duplicates map[string]bool
	// missing are the objects whose lack has been reported, by kind, namespace
	// and name.
	missing map[[3]string]missing
}

// missing is where the lack of an object is reported, and the sources of those
// that refer to it.
type missing struct {
	problem int
	wanted  []string
}

func (c *checker) add(o Object, field, value, format string, args ...any) {
	c.problems = append(c.problems, Problem{
		Object: o, Rule: c.rule, Field: field, Value: value, Text: fmt.Sprintf(format, args...),
	})
}

// unique reports two constructs that make the same objects once, by the first
// of these.
func (c *checker) unique() {
	first := map[[4]string]Object{}
	reported := map[[2]string]bool{}
	for _, o := range c.objects {
		id := [4]string{o.Group, o.Kind, o.Namespace, o.Name}
		earlier, taken := first[id]
		if !taken {
			first[id] = o
			continue
		}
		c.duplicates[o.Source], c.duplicates[earlier.Source] = true, true
		if pair := [2]string{path.Dir(earlier.Source), path.Dir(o.Source)}; pair[0] == "." || !reported[pair] {
			reported[pair] = true
			c.add(o, "metadata.name", o.Name, "%s is also made by %s; give one of them another name", o, earlier.Source)
		}
	}
}

func (c *checker) selectors() {
	for _, w := range c.workloads {
		if w.selector == nil {
			continue
		}
		selector, err := metav1.LabelSelectorAsSelector(w.selector)
		switch own := labels.Set(w.template.Labels); {
		case err != nil:
			c.add(w.Object, "spec.selector", "", "%v", err)
		case selector.Empty() || !selector.Matches(own):
			c.add(w.Object, "spec.selector", selector.String(), "must match the labels of its own pods, %s", own)
		default:
			c.foreignPods(w, selector)
		}
	}
	for _, o := range c.objects {
		selector, err := podSelector(o)
		if err != nil {
			c.add(o, "spec.selector", "", "%v", err)
		} else if selector != nil && len(c.selected(o.Namespace, selector)) == 0 {
			c.add(o, "spec.selector", selector.String(), "selects no pod of these manifests")
		}
	}
}

// foreignPods reports other workloads with a selector whose pods w would take
// for its own.
func (c *checker) foreignPods(w workload, selector labels.Selector) {
	for _, other := range c.selected(w.Namespace, selector) {
		if other.template != w.template && other.selector != nil && !c.duplicates[w.Source] {
			c.add(w.Object, "spec.selector", selector.String(), "must not match the pods of %s, %s", other.Object, labels.Set(other.template.Labels))
		}
	}
}

// selected returns the workloads in namespace whose pods selector matches.
func (c *checker) selected(namespace string, selector labels.Selector) []workload {
	var found []workload
	for _, w := range c.workloads {
		if w.Namespace == namespace && selector.Matches(labels.Set(w.template.Labels)) {
			found = append(found, w)
		}
	}
	return found
}

func (c *checker) ports() {
	for _, w := range c.workloads {
		w.eachContainer(func(field string, container *corev1.Container, _ bool) {
			for _, p := range probesOf(container) {
				if p.HTTPGet != nil && !hasPort(container, p.HTTPGet.Port) {
					c.add(w.Object, field+"."+p.name+".httpGet.port", p.HTTPGet.Port.String(), "is not among the container's ports")
				}
				if p.TCPSocket != nil && !hasPort(container, p.TCPSocket.Port) {
					c.add(w.Object, field+"."+p.name+".tcpSocket.port", p.TCPSocket.Port.String(), "is not among the container's ports")
				}
				if p.GRPC != nil && !hasPort(container, intstr.FromInt32(p.GRPC.Port)) {
					c.add(w.Object, field+"."+p.name+".grpc.port", strconv.Itoa(int(p.GRPC.Port)), "is not among the container's ports")
				}
			}
		})
	}
	for _, o := range c.objects {
		if service, ok := o.Content.(*corev1.Service); ok {
			c.servicePorts(o, service)
		}
	}
}

func (c *checker) servicePorts(o Object, service *corev1.Service) {
	if len(service.Spec.Selector) == 0 {
		return
	}
	for i, port := range service.Spec.Ports {
		target := targetPort(port)
		for _, w := range c.selected(o.Namespace, labels.SelectorFromSet(service.Spec.Selector)) {
			if !w.hasPort(target) && !c.duplicates[o.Source] && !c.duplicates[w.Source] {
				c.add(o, fmt.Sprintf("spec.ports[%d].targetPort", i), target.String(), "is not among the ports of %s", w.Object)
			}
		}
	}
}

func (c *checker) resources() {
	for _, w := range c.workloads {
		w.eachContainer(func(field string, container *corev1.Container, init bool) {
			for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
				request, limit := container.Resources.Requests[name], container.Resources.Limits[name]
				if request.IsZero() {
					why := ""
					if a, ok := c.scaledBy(w, container, init, name); ok {
						why = fmt.Sprintf(": %s asks how much of it the pods use, and does nothing without it", a)
					}
					c.add(w.Object, fmt.Sprintf("%s.resources.requests.%s", field, name), "", "is required%s", why)
				}
				if limit.IsZero() {
					c.add(w.Object, fmt.Sprintf("%s.resources.limits.%s", field, name), "", "is required")
				}
			}
			for _, name := range slices.Sorted(maps.Keys(container.Resources.Requests)) {
				request := container.Resources.Requests[name]
				if limit, ok := container.Resources.Limits[name]; ok && request.Cmp(limit) > 0 {
					c.add(w.Object, fmt.Sprintf("%s.resources.requests.%s", field, name), request.String(), "must not be above its limit %s", limit.String())
				}
			}
		})
	}
}

func (c *checker) volumes() {
	for _, w := range c.workloads {
		names := w.volumeNames()
		w.eachContainer(func(field string, container *corev1.Container, _ bool) {
			seen := map[string]bool{}
			for i, mount := range container.VolumeMounts {
				at := fmt.Sprintf("%s.volumeMounts[%d]", field, i)
				if !slices.Contains(names, mount.Name) {
					c.add(w.Object, at+".name", mount.Name, "is not among the pod's volumes: %s", strings.Join(names, ", "))
				}
				if seen[mount.MountPath] {
					c.add(w.Object, at+".mountPath", mount.MountPath, "is mounted twice")
				}
				seen[mount.MountPath] = true
			}
		})
		for i, claim := range w.claims {
			c.claim(w.Object, fmt.Sprintf("spec.volumeClaimTemplates[%d].spec", i), claim.Spec)
		}
	}
	for _, o := range c.objects {
		if claim, ok := o.Content.(*corev1.PersistentVolumeClaim); ok {
			c.claim(o, "spec", claim.Spec)
		}
	}
}

var accessModes = []corev1.PersistentVolumeAccessMode{
	corev1.ReadWriteOnce, corev1.ReadWriteOncePod, corev1.ReadOnlyMany, corev1.ReadWriteMany,
}

func (c *checker) claim(o Object, field string, spec corev1.PersistentVolumeClaimSpec) {
	if len(spec.AccessModes) == 0 {
		c.add(o, field+".accessModes", "", "is required: some of %v", accessModes)
	}
	for i, mode := range spec.AccessModes {
		if !slices.Contains(accessModes, mode) {
			c.add(o, fmt.Sprintf("%s.accessModes[%d]", field, i), string(mode), "must be one of %v", accessModes)
		}
	}
	if size := spec.Resources.Requests[corev1.ResourceStorage]; size.Sign() <= 0 {
		c.add(o, field+".resources.requests.storage", size.String(), "must be positive")
	}
}
