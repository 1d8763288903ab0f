package manifest

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"example.com/django-cdk8s/internal/rule"
)

// names reports what the API server refuses: each namespace and each label
// once, by the first object that has it.
func (c *checker) names() {
	n := namer{c, map[string]bool{}}
	for _, o := range c.objects {
		if o.Namespace != "" && len(validation.IsDNS1123Label(o.Namespace)) > 0 {
			n.once(o, "metadata.namespace", o.Namespace, "must be 1 to 63 lower-case letters, digits or '-', and start and end with a letter or digit")
		}
		if text := wrongName(o); text != "" {
			c.add(o, "metadata.name", o.Name, "%s", text)
		}
		if meta, ok := o.Content.(metav1.Object); ok {
			n.labels(o, "metadata.labels", meta.GetLabels())
		}
	}
	for _, w := range c.workloads {
		n.labels(w.Object, w.labelsField(), w.template.Labels)
	}
}

// namer reports what is wrong once.
type namer struct {
	*checker
	seen map[string]bool
}

func (n namer) once(o Object, field, value, text string) {
	if id := text + "\n" + value; !n.seen[id] {
		n.seen[id] = true
		n.add(o, field, value, "%s", text)
	}
}

func (n namer) labels(o Object, field string, labels map[string]string) {
	for _, key := range rule.Keys(labels) {
		if len(validation.IsQualifiedName(key)) > 0 {
			n.once(o, field, key, "must be a label key: [PREFIX/]NAME, with a name of at most 63 letters, digits, '-', '_' or '.'")
		}
		if len(validation.IsValidLabelValue(labels[key])) > 0 {
			n.once(o, fmt.Sprintf("%s[%s]", field, key), labels[key], "must be at most 63 letters, digits, '-', '_' or '.', and start and end with a letter or digit")
		}
	}
}

// maxCronJobName leaves room for the suffix of the Jobs' names.
const maxCronJobName = 52

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
			return "must be 1 to 63 lower-case letters, digits or '-', start with a letter and not end with '-'"
		}
	case o.Group == "" && o.Kind == "Namespace":
		if len(validation.IsDNS1123Label(o.Name)) > 0 {
			return "must be 1 to 63 lower-case letters, digits or '-', and start and end with a letter or digit"
		}
	case len(validation.IsDNS1123Subdomain(o.Name)) > 0:
		return "must be 1 to 253 lower-case letters, digits, '-' or '.', and start and end with a letter or digit"
	case o.Kind == "CronJob" && o.Group == "batch" && len(o.Name) > maxCronJobName:
		return fmt.Sprintf("must be at most %d characters, because the Jobs' names are made of it", maxCronJobName)
	}
	return ""
}
