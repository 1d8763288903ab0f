package manifest

import (
	"fmt"
	"slices"
	"strings"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func (c *checker) references() {
	for _, w := range c.workloads {
		c.podReferences(w)
	}
	for _, o := range c.objects {
		switch content := o.Content.(type) {
		case *rbacv1.RoleBinding:
			c.bindingReferences(o, content)
		case *networkingv1.Ingress:
			c.tlsReferences(o, content)
		case *autoscalingv2.HorizontalPodAutoscaler:
			target := content.Spec.ScaleTargetRef
			c.require(o, "spec.scaleTargetRef.name", target.Kind, target.Name)
		case *autoscalingv1.HorizontalPodAutoscaler:
			target := content.Spec.ScaleTargetRef
			c.require(o, "spec.scaleTargetRef.name", target.Kind, target.Name)
		}
		c.backendReferences(o)
		if monitor, ok := o.custom.(*serviceMonitor); ok {
			c.monitorReferences(o, monitor)
		}
	}
}

func (c *checker) podReferences(w workload) {
	spec := w.template.Spec
	if spec.ServiceAccountName != "" && spec.ServiceAccountName != "default" {
		c.require(w.Object, w.field+".serviceAccountName", "ServiceAccount", spec.ServiceAccountName)
	}
	for i, s := range spec.ImagePullSecrets {
		c.require(w.Object, fmt.Sprintf("%s.imagePullSecrets[%d].name", w.field, i), "Secret", s.Name)
	}
	for i, v := range spec.Volumes {
		c.volumeReferences(w.Object, fmt.Sprintf("%s.volumes[%d]", w.field, i), v.VolumeSource)
	}
	w.eachContainer(func(field string, container *corev1.Container, _ bool) {
		for i, from := range container.EnvFrom {
			at := fmt.Sprintf("%s.envFrom[%d]", field, i)
			if s := from.SecretRef; s != nil && !isTrue(s.Optional) {
				c.require(w.Object, at+".secretRef.name", "Secret", s.Name)
			}
			if m := from.ConfigMapRef; m != nil && !isTrue(m.Optional) {
				c.require(w.Object, at+".configMapRef.name", "ConfigMap", m.Name)
			}
		}
		for _, env := range container.Env {
			if env.ValueFrom == nil {
				continue
			}
			at := fmt.Sprintf("%s.env[%s].valueFrom", field, env.Name)
			if s := env.ValueFrom.SecretKeyRef; s != nil && !isTrue(s.Optional) {
				c.require(w.Object, at+".secretKeyRef.name", "Secret", s.Name, keyRef{at + ".secretKeyRef.key", s.Key})
			}
			if m := env.ValueFrom.ConfigMapKeyRef; m != nil && !isTrue(m.Optional) {
				c.require(w.Object, at+".configMapKeyRef.name", "ConfigMap", m.Name, keyRef{at + ".configMapKeyRef.key", m.Key})
			}
		}
	})
}

func (c *checker) volumeReferences(o Object, field string, v corev1.VolumeSource) {
	if s := v.Secret; s != nil && !isTrue(s.Optional) {
		c.require(o, field+".secret.secretName", "Secret", s.SecretName, keysOf(field+".secret", s.Items)...)
	}
	if m := v.ConfigMap; m != nil && !isTrue(m.Optional) {
		c.require(o, field+".configMap.name", "ConfigMap", m.Name, keysOf(field+".configMap", m.Items)...)
	}
	if p := v.PersistentVolumeClaim; p != nil {
		c.require(o, field+".persistentVolumeClaim.claimName", "PersistentVolumeClaim", p.ClaimName)
	}
	if v.Projected == nil {
		return
	}
	for i, source := range v.Projected.Sources {
		at := fmt.Sprintf("%s.projected.sources[%d]", field, i)
		if s := source.Secret; s != nil && !isTrue(s.Optional) {
			c.require(o, at+".secret.name", "Secret", s.Name, keysOf(at+".secret", s.Items)...)
		}
		if m := source.ConfigMap; m != nil && !isTrue(m.Optional) {
			c.require(o, at+".configMap.name", "ConfigMap", m.Name, keysOf(at+".configMap", m.Items)...)
		}
	}
}

func (c *checker) bindingReferences(o Object, binding *rbacv1.RoleBinding) {
	if binding.RoleRef.Kind == "Role" {
		c.require(o, "roleRef.name", "Role", binding.RoleRef.Name)
	}
	for i, s := range binding.Subjects {
		if s.Kind == rbacv1.ServiceAccountKind && (s.Namespace == "" || s.Namespace == o.Namespace) {
			c.require(o, fmt.Sprintf("subjects[%d].name", i), "ServiceAccount", s.Name)
		}
	}
}

func (c *checker) tlsReferences(o Object, ingress *networkingv1.Ingress) {
	for i, tls := range ingress.Spec.TLS {
		if tls.SecretName != "" && !issuedByCertManager(ingress) {
			c.require(o, fmt.Sprintf("spec.tls[%d].secretName", i), "Secret", tls.SecretName)
		}
	}
}

// issuedByCertManager reports whether cert-manager makes the Secrets of the
// Ingress; see https://cert-manager.io/docs/usage/ingress/.
func issuedByCertManager(ingress *networkingv1.Ingress) bool {
	for _, key := range []string{"cert-manager.io/issuer", "cert-manager.io/cluster-issuer"} {
		if ingress.Annotations[key] != "" {
			return true
		}
	}
	return false
}

// backendReferences leaves Services of other namespaces alone when these
// manifests hold none there.
func (c *checker) backendReferences(o Object) {
	for _, b := range backendsOf(o) {
		if b.namespace != o.Namespace && len(c.servicesIn(b.namespace)) == 0 {
			continue
		}
		c.requireIn(b.namespace, o, b.nameField, "Service", b.name)
		service, ok := c.service(b.namespace, b.name)
		if ok && !slices.ContainsFunc(service.spec.Ports, b.leadsTo) {
			c.add(o, b.portField, b.port.String(), "is not among the ports of %s", service)
		}
	}
}

// leadsTo reports whether port is the one that b names.
func (b backend) leadsTo(port corev1.ServicePort) bool {
	if b.port.Type == intstr.String {
		return port.Name == b.port.StrVal
	}
	return port.Port == b.port.IntVal
}

// service is a Service of these manifests.
type service struct {
	Object
	labels labels.Set
	spec   corev1.ServiceSpec
}

func (c *checker) servicesIn(namespace string) []service {
	var found []service
	for _, o := range c.objects {
		if content, ok := o.Content.(*corev1.Service); ok && o.Namespace == namespace {
			found = append(found, service{o, content.Labels, content.Spec})
		}
	}
	return found
}

func (c *checker) service(namespace, name string) (service, bool) {
	for _, s := range c.servicesIn(namespace) {
		if s.Name == name {
			return s, true
		}
	}
	return service{}, false
}

// monitorReferences asks for Services only where every namespace that the
// monitor watches has some in these manifests: elsewhere the Services may be,
// too.
func (c *checker) monitorReferences(o Object, monitor *serviceMonitor) {
	selector, err := metav1.LabelSelectorAsSelector(&monitor.Spec.Selector)
	if err != nil {
		c.add(o, "spec.selector", "", "%v", err)
		return
	}
	namespaces := monitor.Spec.NamespaceSelector.MatchNames
	if len(namespaces) == 0 {
		namespaces = []string{o.Namespace}
	}
	if monitor.Spec.NamespaceSelector.Any || slices.ContainsFunc(namespaces, func(n string) bool { return len(c.servicesIn(n)) == 0 }) {
		return
	}
	var selected []service
	for _, namespace := range namespaces {
		for _, s := range c.servicesIn(namespace) {
			if selector.Matches(s.labels) {
				selected = append(selected, s)
			}
		}
	}
	if len(selected) == 0 {
		c.add(o, "spec.selector", selector.String(), "selects no Service of these manifests in %s", strings.Join(namespaces, ", "))
		return
	}
	for i, endpoint := range monitor.Spec.Endpoints {
		named := func(s service) bool { return s.hasPort(endpoint.Port) }
		if endpoint.Port != "" && !slices.ContainsFunc(selected, named) {
			c.add(o, fmt.Sprintf("spec.endpoints[%d].port", i), endpoint.Port, "is not the name of a port of %s", list(selected))
		}
	}
}

// hasPort reports whether a port of s has the given name.
func (s service) hasPort(name string) bool {
	return slices.ContainsFunc(s.spec.Ports, func(port corev1.ServicePort) bool { return port.Name == name })
}

// list returns objects as people write them, each once.
func list[T fmt.Stringer](objects []T) string {
	var names []string
	for _, o := range objects {
		if name := o.String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// rootCertificate is the ConfigMap by which Kubernetes shows every namespace the
// certificate of the API server; see
// https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-token-volume.
const rootCertificate = "kube-root-ca.crt"

// keyRef is a field that names a key of a Secret or ConfigMap.
type keyRef struct{ field, key string }

// require adds a problem when the object that o names in field does not exist,
// or for every key that it does not hold.
func (c *checker) require(o Object, field, kind, name string, keys ...keyRef) {
	if kind == "ConfigMap" && name == rootCertificate {
		return
	}
	c.requireIn(o.Namespace, o, field, kind, name, keys...)
}

// requireIn is [checker.require] for an object of the given namespace.
func (c *checker) requireIn(namespace string, o Object, field, kind, name string, keys ...keyRef) {
	atHand, external, open, held := false, false, false, []string{}
	for _, other := range c.objects {
		if isKind(other, kind) && other.Namespace == namespace && other.Name == name {
			atHand = true
			held = append(held, heldKeys(other)...)
		}
	}
	for _, e := range c.options.External {
		if matches(e, kind, namespace, name) {
			external = true
			open = open || len(e.Keys) == 0 && !atHand
			held = append(held, e.Keys...)
		}
	}
	if !atHand && !external {
		c.miss(o, field, [3]string{kind, namespace, name})
		return
	}
	slices.Sort(held)
	for _, k := range keys {
		if !open && !slices.Contains(held, k.key) {
			c.add(o, k.field, k.key, "is not a key of %s %s, which holds %s", kind, name, strings.Join(held, ", "))
		}
	}
}

// miss reports an object that is missing by the first that refers to it, and
// names the others there: one object, or one declaration, serves them all.
func (c *checker) miss(o Object, field string, id [3]string) {
	at, known := c.missing[id]
	if !known {
		c.missing[id] = missing{len(c.problems), []string{o.Source}}
		c.add(o, field, id[2], "no %s of that name is in these manifests or declared external", id[0])
		return
	}
	if !slices.Contains(at.wanted, o.Source) {
		c.problems[at.problem].Text += fmt.Sprintf("; %s refers to it, too", o)
		at.wanted = append(at.wanted, o.Source)
		c.missing[id] = at
	}
}

// isKind reports whether o is of the given kind. A custom kind that is called
// like a built-in one, such as the Service of Knative, is another.
func isKind(o Object, kind string) bool {
	return o.Kind == kind && (o.Content != nil || !builtIn[kind])
}

func matches(e External, kind, namespace, name string) bool {
	return e.Kind == kind && e.Name == name && (e.Namespace == "" || e.Namespace == namespace)
}

func heldKeys(o Object) []string {
	var keys []string
	switch content := o.Content.(type) {
	case *corev1.Secret:
		for key := range content.Data {
			keys = append(keys, key)
		}
		for key := range content.StringData {
			keys = append(keys, key)
		}
	case *corev1.ConfigMap:
		for key := range content.Data {
			keys = append(keys, key)
		}
		for key := range content.BinaryData {
			keys = append(keys, key)
		}
	}
	return keys
}

func keysOf(field string, items []corev1.KeyToPath) []keyRef {
	var keys []keyRef
	for i, item := range items {
		keys = append(keys, keyRef{fmt.Sprintf("%s.items[%d].key", field, i), item.Key})
	}
	return keys
}

func isTrue(b *bool) bool { return b != nil && *b }
