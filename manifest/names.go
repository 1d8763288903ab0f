package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// names reports what the API server refuses: each namespace and each label
// once, by the first object that has it.
func (c *checker) names() {
	n := namer{c, map[string]bool{}}
	for _, o := range c.objects {
		if n.first("namespace", o.Namespace) && o.Namespace != "" && len(validation.IsDNS1123Label(o.Namespace)) > 0 {
			c.add(o, "metadata.namespace", o.Namespace, rule.DNSLabelText)
		}
		if text := wrongName(o); text != "" {
			c.add(o, "metadata.name", o.Name, "%s", text)
		}
		if meta, ok := o.Content.(metav1.Object); ok {
			n.labels(o, "metadata.labels", meta.GetLabels())
		}
		c.generatedNames(o)
	}
	for _, w := range c.workloads {
		n.labels(w.Object, w.LabelsField(), w.Template.Labels)
	}
}

// namer looks at each name once.
type namer struct {
	*checker
	seen map[string]bool
}

func (n namer) first(what, value string) bool {
	id := what + "\n" + value
	seen := n.seen[id]
	n.seen[id] = true
	return !seen
}

func (n namer) labels(o Object, field string, labels map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if n.first("key", key) && len(validation.IsQualifiedName(key)) > 0 {
			n.add(o, field, key,
				"must be a label key: [PREFIX/]NAME, with a name of at most 63 letters, digits, '-', '_' or '.'")
		}
		if value := labels[key]; n.first("value", value) && len(validation.IsValidLabelValue(value)) > 0 {
			n.add(o, fmt.Sprintf("%s[%s]", field, key), value,
				"must be at most 63 letters, digits, '-', '_' or '.', and start and end with a letter or digit")
		}
	}
}

// generatedNames reports keys in [GeneratedKeysAnnotation] that no Secret can
// have.
func (c *checker) generatedNames(o Object) {
	for _, key := range generatedKeys(o) {
		if len(validation.IsConfigMapKey(key)) > 0 {
			c.add(o, fmt.Sprintf("metadata.annotations[%s]", GeneratedKeysAnnotation), key,
				"must be keys of the Secret with commas between them: letters, digits, '-', '_' or '.'")
		}
	}
}

// generatedKeys returns the keys that the cluster adds to o, when o is a Secret
// that says so.
func generatedKeys(o Object) []string {
	secret, ok := o.Content.(*corev1.Secret)
	if !ok {
		return nil
	}
	value, ok := secret.Annotations[GeneratedKeysAnnotation]
	if !ok {
		return nil
	}
	var keys []string
	for key := range strings.SplitSeq(value, ",") {
		keys = append(keys, strings.TrimSpace(key))
	}
	return keys
}

// wrongName says what the name of an object of o's kind must be, or nothing
// when it is that; see
// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/.
func wrongName(o Object) string {
	switch {
	case o.Group == "rbac.authorization.k8s.io":
		if len(content.IsPathSegmentName(o.Name)) > 0 {
			return "must not be '.' or '..' or hold '/' or '%'"
		}
	case o.Group == "" && o.Kind == "Service":
		if len(validation.IsDNS1035Label(o.Name)) > 0 {
			return rule.LabelText
		}
	case o.Group == "" && o.Kind == "Namespace":
		if len(validation.IsDNS1123Label(o.Name)) > 0 {
			return rule.DNSLabelText
		}
	case len(validation.IsDNS1123Subdomain(o.Name)) > 0:
		return rule.NameText
	case o.Kind == "CronJob" && o.Group == "batch" && len(o.Name) > labels.MaxCronJobName:
		return fmt.Sprintf(
			"must be at most %d characters, because the Jobs' names are made of it", labels.MaxCronJobName)
	}
	return ""
}
