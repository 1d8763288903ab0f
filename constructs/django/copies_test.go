package django_test

import (
	"reflect"
	"testing"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/pod"
)

// TestPropsAreCopied changes the caller's maps, lists and pointers between the
// construct and the manifest.
func TestPropsAreCopied(t *testing.T) {
	template := func() pod.Template {
		return pod.Template{
			NodeSelector: map[string]string{"pool": "shop"},
			Volumes:      []pod.Volume{{MountPath: "/data", EmptyDir: "1Gi"}},
		}
	}
	env := func() map[string]string { return map[string]string{"COLOR": "blue"} }
	project := func(chart cdk8s.Chart) django.Project {
		return jobProject(chart, func(p *django.Project) {
			p.Env = map[string]string{"SHARED": "yes"}
			p.Hosts, p.WaitForMigrations = []string{"shop.example.com"}, true
		})
	}
	check(t, "web", func(chart cdk8s.Chart) any {
		p := django.WebProps{Project: project(chart), Env: env(), Replicas: new(2), Command: []string{"gunicorn"}, Pod: template()}
		return made(&p, func() { django.NewWeb(chart, "it", p) })
	})
	check(t, "worker", func(chart cdk8s.Chart) any {
		p := django.WorkerProps{Project: project(chart), App: "shop", Env: env(), Queues: []string{"a", "b"}, Pod: template()}
		return made(&p, func() { django.NewWorker(chart, "it", p) })
	})
	check(t, "beat", func(chart cdk8s.Chart) any {
		p := django.BeatProps{Project: project(chart), App: "shop", Env: env(), Pod: template()}
		return made(&p, func() { django.NewBeat(chart, "it", p) })
	})
	check(t, "migration", func(chart cdk8s.Chart) any {
		p := django.MigrationProps{Project: project(chart), Env: env(), HistoryLimit: new(5), Pod: template()}
		return made(&p, func() { django.NewMigration(chart, "it", p) })
	})
	check(t, "command", func(chart cdk8s.Chart) any {
		p := django.ScheduledCommandProps{
			Project: project(chart), NameSuffix: "clean", Args: []string{"clean"}, Schedule: "@daily", TimeZone: "Etc/UTC",
			Env: env(), Pod: template(),
		}
		return made(&p, func() { django.NewScheduledCommand(chart, "it", p) })
	})
	check(t, "process", func(chart cdk8s.Chart) any {
		p := django.ProcessProps{
			Project: project(chart), NameSuffix: "queue", Command: []string{"queue"}, Env: env(), Replicas: new(2), Pod: template(),
		}
		return made(&p, func() { django.NewProcess(chart, "it", p) })
	})
}

// made calls f and returns props, which f reads.
func made(props any, f func()) any {
	f()
	return props
}

// check compares what build renders to with what it renders to when the props
// are emptied afterwards.
func check(t *testing.T, name string, build func(chart cdk8s.Chart) any) {
	t.Helper()
	want := cdktest.Render(t, func(chart cdk8s.Chart) { build(chart) })
	got := cdktest.Render(t, func(chart cdk8s.Chart) {
		props := build(chart)
		empty(reflect.ValueOf(props).Elem())
	})
	if got != want {
		t.Errorf("%s: a change of the caller's props reached the manifest:\n%s", name, got)
	}
}

// empty clears what v shares with the props that it is a copy of.
func empty(v reflect.Value) {
	switch v.Kind() {
	case reflect.Map:
		v.Clear()
	case reflect.Slice:
		for i := range v.Len() {
			v.Index(i).SetZero()
		}
	case reflect.Pointer:
		if !v.IsNil() && !v.Type().Implements(reflect.TypeFor[constructs.IConstruct]()) {
			v.Elem().SetZero()
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				empty(v.Field(i))
			}
		}
	}
}
