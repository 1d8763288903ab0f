package oracle

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"example.com/django-cdk8s/e2e/cluster"
)

// changed returns an error for every text that a manifest holds otherwise than
// it was drawn: the way through JSON and YAML must not show.
func changed(d drawn, objects []*cluster.Object) []error {
	var errs []error
	for _, object := range objects {
		switch component := object.GetLabels()["app.kubernetes.io/component"]; {
		case object.GetKind() == "Secret":
			errs = append(errs, changedValues(d, object)...)
		case object.GetKind() == "Deployment" && component == "web":
			errs = append(errs, changedContainer(d, object)...)
		}
	}
	return errs
}

func changedValues(d drawn, object *cluster.Object) []error {
	var errs []error
	got, _, err := unstructured.NestedStringMap(object.Object, "stringData")
	if err != nil {
		return []error{err}
	}
	for name, want := range d.values {
		if value, ok := got[name]; !ok || value != want {
			errs = append(errs, fmt.Errorf("stringData[%q] is %q; want %q", name, value, want))
		}
	}
	return errs
}

func changedContainer(d drawn, object *cluster.Object) []error {
	containers, _, err := unstructured.NestedSlice(object.Object, "spec", "template", "spec", "containers")
	if err != nil {
		return []error{err}
	}
	container := containers[0].(map[string]any)
	var errs []error
	args, _, err := unstructured.NestedStringSlice(container, "args")
	if err != nil {
		return []error{err}
	}
	if !slices.Equal(args, d.args) {
		errs = append(errs, fmt.Errorf("args are %q; want %q", args, d.args))
	}
	env, _, err := unstructured.NestedSlice(container, "env")
	if err != nil {
		return append(errs, err)
	}
	got := map[string]any{}
	for _, one := range env {
		variable := one.(map[string]any)
		got[variable["name"].(string)] = variable["value"]
	}
	for name, want := range d.env {
		if got[name] != want && name != "GUNICORN_CMD_ARGS" {
			errs = append(errs, fmt.Errorf("env %s is %q; want %q", name, got[name], want))
		}
	}
	return errs
}
