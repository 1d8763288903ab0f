package secret

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
)

// tellReaders tells every Deployment of the app that reads s when its pods are to
// be replaced. It asks for the complete tree only where that is needed, and looks at
// a Deployment when it is rendered: before, its props may be wrong.
func (s *Secret) tellReaders(reload bool) {
	digest := digestOf(s.source.given())
	if !reload && digest == "" {
		return
	}
	told := map[*object.Object[*appsv1.Deployment]]bool{}
	s.node.App().Finally(func() {
		for _, c := range s.node.App().All() {
			o, ok := c.(*object.Object[*appsv1.Deployment])
			if !ok || told[o] {
				continue
			}
			told[o] = true
			o.Change(func(d *appsv1.Deployment) {
				if cmp.Or(d.Namespace, o.ChartNamespace()) != s.node.Namespace() || !s.isReadBy(d.Spec.Template.Spec) {
					return
				}
				if reload {
					d.Annotations = listed(d.Annotations, labels.ReloadSecret, s.name)
				}
				if digest != "" {
					d.Spec.Template.Annotations = listed(d.Spec.Template.Annotations, labels.SecretValues, s.name+"="+digest)
				}
			})
		}
	})
}

// isReadBy reports whether pods have a value of s in their environment or in a
// volume.
func (s *Secret) isReadBy(spec corev1.PodSpec) bool {
	return kube.ReadsSecret(spec, s.name) || kube.MountsSecret(spec, s.name)
}

// digestOf returns eight hexadecimal digits that follow from values, or "" for
// none.
func digestOf(values map[string]string) string {
	if len(values) == 0 {
		return ""
	}
	text, _ := json.Marshal(values) // Cannot fail; keys are sorted.
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:4])
}

// listed adds a word to the list in an annotation.
func listed(annotations map[string]string, key, word string) map[string]string {
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[key] = strings.TrimPrefix(annotations[key]+","+word, ",")
	return annotations
}
