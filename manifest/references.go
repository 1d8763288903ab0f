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
	"k8s.io/apimachinery/pkg/util/intstr"

	"example.com/django-cdk8s/internal/declare"
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
			c.ingressReferences(o, content)
		case *autoscalingv2.HorizontalPodAutoscaler:
			target := content.Spec.ScaleTargetRef
			c.require(o, "spec.scaleTargetRef.name", target.Kind, target.Name)
		case *autoscalingv1.HorizontalPodAutoscaler:
			target := content.Spec.ScaleTargetRef
			c.require(o, "spec.scaleTargetRef.name", target.Kind, target.Name)
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

func (c *checker) ingressReferences(o Object, ingress *networkingv1.Ingress) {
	for i, tls := range ingress.Spec.TLS {
		if tls.SecretName != "" && !issuedByCertManager(ingress) {
			c.require(o, fmt.Sprintf("spec.tls[%d].secretName", i), "Secret", tls.SecretName)
		}
	}
	backend := func(field string, b *networkingv1.IngressBackend) {
		if b != nil && b.Service != nil && c.require(o, field+".service.name", "Service", b.Service.Name) {
			c.ingressPort(o, field+".service.port", b.Service)
		}
	}
	backend("spec.defaultBackend", ingress.Spec.DefaultBackend)
	for i, rule := range ingress.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		for j, path := range rule.HTTP.Paths {
			backend(fmt.Sprintf("spec.rules[%d].http.paths[%d].backend", i, j), &path.Backend)
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

func (c *checker) ingressPort(o Object, field string, backend *networkingv1.IngressServiceBackend) {
	for _, other := range c.objects {
		service, ok := other.Content.(*corev1.Service)
		if !ok || other.Namespace != o.Namespace || other.Name != backend.Name {
			continue
		}
		for _, port := range service.Spec.Ports {
			if backend.Port.Name != "" && port.Name == backend.Port.Name || port.Port == backend.Port.Number {
				return
			}
		}
		wanted := intstr.FromInt32(backend.Port.Number)
		if backend.Port.Name != "" {
			wanted = intstr.FromString(backend.Port.Name)
		}
		c.add(o, field, wanted.String(), "is not among the ports of %s", other)
	}
}

// keyRef is a field that names a key of a Secret or ConfigMap.
type keyRef struct{ field, key string }

// require reports whether the object that o names in field exists, and adds a
// problem when it does not, or for every key that it does not hold.
func (c *checker) require(o Object, field, kind, name string, keys ...keyRef) bool {
	atHand, external, open, held := false, false, false, []string{}
	for _, other := range c.objects {
		if isKind(other, kind) && other.Namespace == o.Namespace && other.Name == name {
			atHand = true
			held = append(held, heldKeys(other)...)
		}
	}
	for _, e := range c.options.External {
		if matches(e, kind, o.Namespace, name) {
			external = true
			open = open || len(e.Keys) == 0 && !atHand
			held = append(held, e.Keys...)
		}
	}
	if !atHand && !external {
		if id := [3]string{o.Source, kind, name}; !c.missing[id] {
			c.missing[id] = true
			c.add(o, field, name, "no %s of that name is in these manifests or declared external", kind)
		}
		return false
	}
	slices.Sort(held)
	for _, k := range keys {
		if !open && !slices.Contains(held, k.key) {
			c.add(o, k.field, k.key, "is not a key of %s %s, which holds %s", kind, name, strings.Join(held, ", "))
		}
	}
	return true
}

// isKind reports whether o is of the given kind. A custom kind that is called
// like a built-in one, such as the Service of Knative, is another.
func isKind(o Object, kind string) bool {
	return o.Kind == kind && (o.Content != nil || !builtIn[kind])
}

func matches(e declare.Object, kind, namespace, name string) bool {
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
