package kube

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/rule"
)

// Env is the environment of a container, in the order in which it was added,
// and the field of the props that each variable follows from.
type Env struct {
	Vars []corev1.EnvVar
	from map[string]string
	now  string
}

// From names the field of the props that the variables added next follow from.
func (e *Env) From(field string) { e.now = field }

// Sources returns the field that each variable follows from.
func (e *Env) Sources() map[string]string { return e.from }

func (e *Env) add(v corev1.EnvVar) {
	if e.from == nil {
		e.from = map[string]string{}
	}
	e.from[v.Name] = cmp.Or(e.from[v.Name], e.now)
	e.Vars = append(e.Vars, v)
}

// Has reports whether the variable called name has been added.
func (e *Env) Has(name string) bool { _, ok := e.from[name]; return ok }

// Set adds a plain value.
func (e *Env) Set(name, value string) { e.add(corev1.EnvVar{Name: name, Value: value}) }

// FromSecret adds the value that the Secret called secret holds under key. The
// container does not start before the Secret holds it.
func (e *Env) FromSecret(name, secret, key string) {
	selector := &corev1.SecretKeySelector{Key: key}
	selector.Name = secret
	e.add(corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: selector}})
}

// FromField adds the value of a field of the pod, such as status.podIP. The API
// version is what the API server would fill in: server-side apply takes it for
// a conflict where plain apply has left it out.
func (e *Env) FromField(name, field string) {
	ref := &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: field}
	e.add(corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: ref}})
}

// FromKeys adds the variables of a template.
func (e *Env) FromKeys(keys map[string]pod.EnvKey) {
	for _, name := range rule.Keys(keys) {
		key := keys[name]
		var optional *bool
		if key.Optional {
			optional = new(true)
		}
		source := &corev1.EnvVarSource{}
		if key.ConfigMap != "" {
			source.ConfigMapKeyRef = &corev1.ConfigMapKeySelector{Key: key.Key, Optional: optional}
			source.ConfigMapKeyRef.Name = key.ConfigMap
		} else {
			source.SecretKeyRef = &corev1.SecretKeySelector{Key: key.Key, Optional: optional}
			source.SecretKeyRef.Name = key.Secret
		}
		e.add(corev1.EnvVar{Name: name, ValueFrom: source})
	}
}

// EnvFrom converts the sources of a template, behind the Secret called secret
// where there is one.
func EnvFrom(secret string, sources []pod.EnvSource) []corev1.EnvFromSource {
	var all []corev1.EnvFromSource
	if secret != "" {
		sources = append([]pod.EnvSource{{Secret: secret}}, sources...)
	}
	for _, s := range sources {
		var optional *bool
		if s.Optional {
			optional = new(true)
		}
		source := corev1.EnvFromSource{Prefix: s.Prefix}
		if s.ConfigMap != "" {
			source.ConfigMapRef = &corev1.ConfigMapEnvSource{Optional: optional}
			source.ConfigMapRef.Name = s.ConfigMap
		} else {
			source.SecretRef = &corev1.SecretEnvSource{Optional: optional}
			source.SecretRef.Name = s.Secret
		}
		all = append(all, source)
	}
	return all
}

// ReadsSecret reports whether a container has the Secret called name in its
// environment.
func ReadsSecret(spec corev1.PodSpec, name string) bool {
	for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
		for _, v := range c.Env {
			if v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil && v.ValueFrom.SecretKeyRef.Name == name {
				return true
			}
		}
		for _, s := range c.EnvFrom {
			if s.SecretRef != nil && s.SecretRef.Name == name {
				return true
			}
		}
	}
	return false
}

// MountsSecret reports whether a pod has the Secret called name as a volume, or as
// part of one.
func MountsSecret(spec corev1.PodSpec, name string) bool {
	for _, v := range spec.Volumes {
		if v.Secret != nil && v.Secret.SecretName == name {
			return true
		}
		if v.Projected != nil && slices.ContainsFunc(v.Projected.Sources, func(s corev1.VolumeProjection) bool {
			return s.Secret != nil && s.Secret.Name == name
		}) {
			return true
		}
	}
	return false
}
