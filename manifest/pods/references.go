package pods

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// Reference is an object, besides Services, that pods refer to.
type Reference struct {
	// Field is the path of the name within the object that makes the pods.
	Field string

	// Kind and Name tell the object, which is in the namespace of the pods.
	Kind, Name string

	// Keys are those of a Secret or ConfigMap that are named; none for all.
	Keys []KeyReference

	// Optional says that the pods start without it, too.
	Optional bool
}

// KeyReference is a field that names a key of a Secret or ConfigMap.
type KeyReference struct{ Field, Key string }

// EachReference calls f with every object, besides Services, that the pods refer
// to.
func (p Pods) EachReference(f func(r Reference)) {
	spec := p.Template.Spec
	if spec.ServiceAccountName != "" && spec.ServiceAccountName != "default" {
		f(Reference{Field: p.Field + ".serviceAccountName", Kind: "ServiceAccount", Name: spec.ServiceAccountName})
	}
	for i, s := range spec.ImagePullSecrets {
		f(Reference{Field: fmt.Sprintf("%s.imagePullSecrets[%d].name", p.Field, i), Kind: "Secret", Name: s.Name})
	}
	for i, v := range spec.Volumes {
		volumeReferences(fmt.Sprintf("%s.volumes[%d]", p.Field, i), v.VolumeSource, f)
	}
	p.EachContainer(func(field string, container *corev1.Container, _ bool) {
		for i, from := range container.EnvFrom {
			at := fmt.Sprintf("%s.envFrom[%d]", field, i)
			if s := from.SecretRef; s != nil {
				f(Reference{at + ".secretRef.name", "Secret", s.Name, nil, isTrue(s.Optional)})
			}
			if m := from.ConfigMapRef; m != nil {
				f(Reference{at + ".configMapRef.name", "ConfigMap", m.Name, nil, isTrue(m.Optional)})
			}
		}
		for _, env := range container.Env {
			if env.ValueFrom == nil {
				continue
			}
			at := fmt.Sprintf("%s.env[%s].valueFrom", field, env.Name)
			if s := env.ValueFrom.SecretKeyRef; s != nil {
				at += ".secretKeyRef"
				f(Reference{at + ".name", "Secret", s.Name, []KeyReference{{at + ".key", s.Key}}, isTrue(s.Optional)})
			}
			if m := env.ValueFrom.ConfigMapKeyRef; m != nil {
				at += ".configMapKeyRef"
				f(Reference{at + ".name", "ConfigMap", m.Name, []KeyReference{{at + ".key", m.Key}}, isTrue(m.Optional)})
			}
		}
	})
}

func volumeReferences(field string, v corev1.VolumeSource, f func(r Reference)) {
	if s := v.Secret; s != nil {
		f(Reference{
			field + ".secret.secretName", "Secret", s.SecretName, keysOf(field+".secret", s.Items), isTrue(s.Optional),
		})
	}
	if m := v.ConfigMap; m != nil {
		f(Reference{field + ".configMap.name", "ConfigMap", m.Name, keysOf(field+".configMap", m.Items), isTrue(m.Optional)})
	}
	if p := v.PersistentVolumeClaim; p != nil {
		f(Reference{Field: field + ".persistentVolumeClaim.claimName", Kind: "PersistentVolumeClaim", Name: p.ClaimName})
	}
	if v.Projected == nil {
		return
	}
	for i, source := range v.Projected.Sources {
		at := fmt.Sprintf("%s.projected.sources[%d]", field, i)
		if s := source.Secret; s != nil {
			f(Reference{at + ".secret.name", "Secret", s.Name, keysOf(at+".secret", s.Items), isTrue(s.Optional)})
		}
		if m := source.ConfigMap; m != nil {
			f(Reference{at + ".configMap.name", "ConfigMap", m.Name, keysOf(at+".configMap", m.Items), isTrue(m.Optional)})
		}
	}
}

func keysOf(field string, items []corev1.KeyToPath) []KeyReference {
	var keys []KeyReference
	for i, item := range items {
		keys = append(keys, KeyReference{fmt.Sprintf("%s.items[%d].key", field, i), item.Key})
	}
	return keys
}

func isTrue(b *bool) bool { return b != nil && *b }
