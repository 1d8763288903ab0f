package oracle

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/e2e/cluster"
)

// inputs are what one part of a system was given, and what must come out as it
// went in: the way through JSON and YAML must not show.
type inputs struct {
	env      map[string]string
	words    []string // What the command or the arguments end with.
	template pod.Template
}

// given returns the texts of each part, by the label of its objects.
func (s system) given() map[string]inputs {
	all := map[string]inputs{}
	add := func(part string, own map[string]string, words []string, template pod.Template) {
		env := maps.Clone(s.project.Env)
		if env == nil {
			env = map[string]string{}
		}
		maps.Copy(env, own)
		delete(env, "GUNICORN_CMD_ARGS")
		all[part] = inputs{env, words, template}
	}
	if s.web != nil {
		add("web", s.web.Env, s.web.Args, s.web.Pod)
	}
	if s.worker != nil {
		add("worker", s.worker.Env, s.worker.Args, s.worker.Pod)
	}
	if s.beat != nil {
		add("beat", s.beat.Env, nil, s.beat.Pod)
	}
	if s.migration != nil {
		add("migration", s.migration.Env, nil, s.migration.Pod)
	}
	if s.command != nil {
		add("command", s.command.Env, s.command.Args, s.command.Pod)
	}
	if s.process != nil {
		add("process", s.process.Env, s.process.Command, s.process.Pod)
	}
	if s.backup != nil {
		all["backup"] = inputs{template: s.backup.Pod}
	}
	if s.restore != nil {
		all["restore"] = inputs{template: s.restore.Pod}
	}
	if s.drill != nil {
		all["drill"] = inputs{template: s.drill.Pod}
	}
	all["rotation"] = inputs{template: s.rotation.Pod}
	all["database"] = inputs{template: s.database.Pod}
	all["broker"] = inputs{template: s.server.Pod}
	return all
}

// changed returns an error for every text that a manifest holds otherwise than
// it was drawn.
func (s system) changed(objects []*cluster.Object) error {
	var errs []error
	given := s.given()
	for _, object := range objects {
		if object.GetKind() == "Secret" {
			// The login of a rotation is another one.
			if object.GetName() == cmp.Or(s.secret.Name, secret.DefaultName) {
				errs = append(errs, s.changedValues(object))
			}
			continue
		}
		template, err := templateOf(object)
		if err != nil {
			return err
		}
		if want, ok := given[object.GetLabels()["app.kubernetes.io/component"]]; ok && template != nil {
			errs = append(errs, want.changed(object, *template))
		}
	}
	return errors.Join(errs...)
}

func (s system) changedValues(object *cluster.Object) error {
	got, _, err := unstructured.NestedStringMap(object.Object, "stringData")
	if err != nil {
		return err
	}
	return changedEntries("stringData", s.secret.values, got)
}

// changedEntries returns an error for each entry of want that got has not.
func changedEntries(name string, want, got map[string]string) error {
	var errs []error
	for key, value := range want {
		if now, ok := got[key]; !ok || now != value {
			errs = append(errs, fmt.Errorf("%s[%q] is %q; want %q", name, key, now, value))
		}
	}
	return errors.Join(errs...)
}

func (x inputs) changed(object *cluster.Object, template corev1.PodTemplateSpec) error {
	c := template.Spec.Containers[0]
	env := map[string]string{}
	for _, one := range c.Env {
		env[one.Name] = one.Value
	}
	errs := []error{
		changedEntries("env", x.env, env),
		changedEntries("labels", x.template.ObjectLabels, object.GetLabels()),
		changedEntries("annotations", x.template.ObjectAnnotations, object.GetAnnotations()),
		changedEntries("labels of pods", x.template.Labels, template.Labels),
		changedEntries("annotations of pods", x.template.Annotations, template.Annotations),
	}
	words := slices.Concat(c.Command, c.Args)
	if n := len(words) - len(x.words); n < 0 || !slices.Equal(words[n:], x.words) {
		errs = append(errs, fmt.Errorf("command and args are %q; want %q at the end", words, x.words))
	}
	return errors.Join(errs...)
}

// templateOf returns the template of the pods of a workload, or nil.
func templateOf(object *cluster.Object) (*corev1.PodTemplateSpec, error) {
	at := []string{"spec", "template"}
	switch object.GetKind() {
	case "CronJob":
		at = []string{"spec", "jobTemplate", "spec", "template"}
	case "Deployment", "Job":
	default:
		return nil, nil
	}
	content, _, err := unstructured.NestedMap(object.Object, at...)
	if err != nil {
		return nil, err
	}
	template := &corev1.PodTemplateSpec{}
	return template, runtime.DefaultUnstructuredConverter.FromUnstructured(content, template)
}
