package order

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"example.com/django-cdk8s/manifest/pods"
)

// text returns a string of a JSON object, or "".
func text(of map[string]any, key string) string {
	value, _ := of[key].(string)
	return value
}

// object returns a JSON object within another, or nil.
func object(of map[string]any, key string) map[string]any {
	value, _ := of[key].(map[string]any)
	return value
}

// list returns the JSON objects of a list.
func list(of map[string]any, key string) []map[string]any {
	all, _ := of[key].([]any)
	var found []map[string]any
	for _, one := range all {
		if value, ok := one.(map[string]any); ok {
			found = append(found, value)
		}
	}
	return found
}

// podsOf returns the pods of a template as their Go type; false for a template that
// is none, which the rules on manifests report.
func podsOf(template map[string]any) (pods.Pods, bool) {
	var typed corev1.PodTemplateSpec
	err := runtime.DefaultUnstructuredConverter.FromUnstructured(template, &typed)
	return pods.Pods{Template: &typed}, err == nil
}
