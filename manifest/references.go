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
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	own "example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/manifest/pods"
)

func (c *checker) references() {
	c.namespaceReferences()
	for _, w := range c.workloads {
		c.podReferences(w)
		c.hostReferences(w)
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

// namespaceReferences reports namespaces that are neither made here nor declared
// external, where these manifests make any: objects of a misspelt one are refused,
// or end up in another namespace. Manifests that make none are for a namespace that
// exists.
func (c *checker) namespaceReferences() {
	first, count := map[string]int{}, map[string]int{}
	for _, o := range c.objects {
		if !c.strange[o.Namespace] || len(validation.IsDNS1123Label(o.Namespace)) > 0 {
			continue
		}
		if count[o.Namespace]++; count[o.Namespace] == 1 {
			first[o.Namespace] = len(c.problems)
			c.add(o, "metadata.namespace", o.Namespace, "%s", notFound("Namespace"))
		}
	}
	for namespace, i := range first {
		if n := count[namespace]; n > 1 {
			c.problems[i].Text += fmt.Sprintf("; %d objects name it", n)
		}
	}
}

func notFound(kind string) string {
	return "no " + kind + " of that name is in these manifests or declared external"
}

// hostReferences reports Services that variables name and that do not exist, or
// have no such port. It leaves alone what may be the name of a host outside,
// namespaces that hold nothing of these manifests, and Services that an operator
// makes for a custom resource, whose name theirs begins with.
func (c *checker) hostReferences(w *workload) {
	for _, d := range w.Destinations() {
		n := pods.ServiceOf(w.Namespace, d.Host)
		if !n.Certain || !c.populated[n.Namespace] || n == apiServer || c.operates(n) {
			continue
		}
		c.requireNamed(n.Namespace, w.Object, d.Field, d.Host, "Service", n.Name)
		s := c.service[types.NamespacedName{Namespace: n.Namespace, Name: n.Name}]
		if s != nil && d.Port != 0 && s.forwards() &&
			!slices.ContainsFunc(s.Spec.Ports, func(p corev1.ServicePort) bool { return p.Port == d.Port }) {
			c.addOnce(fmt.Sprintf("port %d of %s", d.Port, s), w.Object, d.Field,
				fmt.Sprintf("%s:%d", d.Host, d.Port), "is not among the ports of %s", s)
		}
	}
}

// apiServer is the Service that every cluster has.
var apiServer = pods.ServiceName{Namespace: "default", Name: "kubernetes", Certain: true}

func (c *checker) operates(n pods.ServiceName) bool {
	return slices.ContainsFunc(c.operated[n.Namespace], func(o Object) bool {
		return n.Name == o.Name || strings.HasPrefix(n.Name, o.Name+"-")
	})
}

// forwards reports whether s has an address of its own, where only its own ports
// are open. A headless one and an alias lead to any port.
func (s *service) forwards() bool {
	return s.Spec.ClusterIP != corev1.ClusterIPNone && s.Spec.Type != corev1.ServiceTypeExternalName
}

func (c *checker) podReferences(w *workload) {
	w.eachNeed(func(r pods.Reference) { c.require(w.Object, r.Field, r.Kind, r.Name, r.Keys...) })
}

// eachNeed calls f with every object, besides Services, that the pods of w do not
// start without.
func (w *workload) eachNeed(f func(r pods.Reference)) {
	w.EachReference(func(r pods.Reference) {
		if !r.Optional {
			f(r)
		}
	})
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
		if _, issuer := issuerOf(ingress); tls.SecretName != "" && issuer == "" {
			c.require(o, fmt.Sprintf("spec.tls[%d].secretName", i), "Secret", tls.SecretName)
		}
	}
}

// backendReferences leaves Services of other namespaces alone when these
// manifests hold none there.
func (c *checker) backendReferences(o Object) {
	for _, b := range backendsOf(o) {
		if b.namespace != o.Namespace && len(c.servicesIn[b.namespace]) == 0 {
			continue
		}
		c.requireIn(b.namespace, o, b.nameField, "Service", b.name)
		service := c.service[types.NamespacedName{Namespace: b.namespace, Name: b.name}]
		if service != nil && !slices.ContainsFunc(service.Spec.Ports, b.leadsTo) {
			c.add(o, b.portField, b.port.String(), "is not among the ports of %s", service)
		}
	}
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
	if monitor.Spec.NamespaceSelector.Any ||
		slices.ContainsFunc(namespaces, func(n string) bool { return len(c.servicesIn[n]) == 0 }) {
		return
	}
	var selected []*service
	for _, namespace := range namespaces {
		for _, s := range c.servicesIn[namespace] {
			if selector.Matches(labels.Set(s.Labels)) {
				selected = append(selected, s)
			}
		}
	}
	if len(selected) == 0 {
		c.add(o, "spec.selector", selector.String(), "selects no Service of these manifests in %s",
			strings.Join(namespaces, ", "))
		return
	}
	for i, endpoint := range monitor.Spec.Endpoints {
		named := func(s *service) bool { return s.hasPort(endpoint.Port) }
		if endpoint.Port != "" && !slices.ContainsFunc(selected, named) {
			c.add(o, fmt.Sprintf("spec.endpoints[%d].port", i), endpoint.Port, "is not the name of a port of %s",
				list(selected))
		}
	}
}

// hasPort reports whether a port of s has the given name.
func (s *service) hasPort(name string) bool {
	return slices.ContainsFunc(s.Spec.Ports, func(port corev1.ServicePort) bool { return port.Name == name })
}

// require adds a problem when the object that o names in field does not exist,
// or for every key that it does not hold.
func (c *checker) require(o Object, field, kind, name string, keys ...pods.KeyReference) {
	if kind == "ConfigMap" && name == own.RootCertificate {
		return
	}
	c.requireIn(o.Namespace, o, field, kind, name, keys...)
}

// requireIn is [checker.require] for an object of the given namespace.
func (c *checker) requireIn(namespace string, o Object, field, kind, name string, keys ...pods.KeyReference) {
	c.requireNamed(namespace, o, field, name, kind, name, keys...)
}

// requireNamed is [checker.requireIn] where the field's value is not just the
// name. What is missing is reported by the first object that refers to it, which
// names the others: one object, or one declaration, serves them all.
func (c *checker) requireNamed(namespace string, o Object, field, value, kind, name string, keys ...pods.KeyReference) {
	if c.strange[o.Namespace] {
		return
	}
	h := c.holding(identity{kind, namespace, name})
	if !h.exists {
		c.addOnce(fmt.Sprintf("no %s %s/%s", kind, namespace, name), o, field, value, "%s", notFound(kind))
		return
	}
	for _, k := range keys {
		if _, found := slices.BinarySearch(h.keys, k.Key); !h.open && !found {
			c.addOnce(fmt.Sprintf("no key %s in %s %s/%s", k.Key, kind, namespace, name), o, k.Field, k.Key,
				"is not a key of %s %s, which holds %s", kind, name, strings.Join(h.keys, ", "))
		}
	}
}

// holding is what is known of an object: whether it is here or declared external,
// its keys in order, and whether it may have others.
type holding struct {
	exists, open bool
	keys         []string
}

func (c *checker) holding(id identity) *holding {
	if h := c.held[id]; h != nil {
		return h
	}
	h := &holding{}
	for _, o := range c.byName[id] {
		h.exists = true
		h.keys = append(h.keys, heldKeys(o)...)
		if e, ok := o.custom.(*externalSecret); ok {
			keys, open := e.keys()
			h.keys, h.open = append(h.keys, keys...), h.open || open
		}
	}
	atHand := h.exists
	for _, e := range c.externals[[2]string{id.kind, id.name}] {
		if e.in(id.namespace) {
			h.exists = true
			h.open = h.open || len(e.Keys) == 0 && !atHand
			h.keys = append(h.keys, e.Keys...)
		}
	}
	slices.Sort(h.keys)
	h.keys = slices.Compact(h.keys)
	c.held[id] = h
	return h
}

// in reports whether e may be in the given namespace.
func (e External) in(namespace string) bool { return e.Namespace == "" || e.Namespace == namespace }

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
		keys = append(keys, generatedKeys(o)...)
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

func isTrue(b *bool) bool { return b != nil && *b }
