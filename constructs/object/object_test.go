package object_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/object"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

// newScope returns a construct to put objects in.
func newScope(chart cdk8s.Chart) constructs.Construct {
	return namespace.New(chart, "scope", namespace.Props{Name: "test"})
}

func newService(scope constructs.Construct) *object.Object[*corev1.Service] {
	return object.New(scope, "Service", "web", func() *corev1.Service {
		return &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: "web", Labels: map[string]string{"app": "web"}},
			Spec:       corev1.ServiceSpec{ExternalName: "web.example.com", Type: corev1.ServiceTypeExternalName},
		}
	})
}

func newJob(scope constructs.Construct) *object.Object[*batchv1.Job] {
	return object.NewHashed(scope, "Job", "once", func() *batchv1.Job {
		return &batchv1.Job{
			ObjectMeta: metav1.ObjectMeta{Name: "once"},
			Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "once"}},
				Spec: corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{
					Name: "once", Image: "busybox:1.36",
				}}},
			}},
		}
	})
}

// manifestOf renders as a plain cdk8s app does.
func manifestOf(build func(scope constructs.Construct)) string {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("test"), &cdk8s.ChartProps{
		Namespace: new("shop"), Labels: &map[string]*string{"team": new("shop")},
	})
	build(newScope(chart))
	return *cdk8s.Yaml_Stringify(*cdk8s.Testing_Synth(chart)...)
}

// Each of these values is lost in silence when it is patched into a typed
// object of cdk8s-plus (https://github.com/cdk8s-team/cdk8s/issues/2172).
func TestPatchesKeepEveryValue(t *testing.T) {
	for _, tc := range []struct {
		path  string
		value any
		want  string
	}{
		{"/spec/template/spec/containers/0/resources", map[string]any{"requests": map[string]any{"cpu": "100m"}}, "cpu: 100m"},
		{"/spec/template/spec/containers/0/lifecycle", map[string]any{"preStop": map[string]any{"sleep": map[string]any{"seconds": 5}}}, "seconds: 5"},
		{"/spec/template/spec/containers/0/livenessProbe", map[string]any{"httpGet": map[string]any{"port": 8000}}, "port: 8000"},
		{"/spec/strategy", map[string]any{"rollingUpdate": map[string]any{"maxSurge": 1}}, "maxSurge: 1"},
		{"/spec/notInAnyVersion", map[string]any{"deep": []any{1, "two"}}, "notInAnyVersion:"},
	} {
		got := manifestOf(func(scope constructs.Construct) {
			newJob(scope).AddJsonPatch(cdk8s.JsonPatch_Add(&tc.path, tc.value))
		})
		if !strings.Contains(got, tc.want) {
			t.Errorf("%s: the manifest lacks %q:\n%s", tc.path, tc.want, got)
		}
	}
}

func TestChangesReachPlainCdk8s(t *testing.T) {
	got := manifestOf(func(scope constructs.Construct) {
		service := newService(scope)
		service.Change(func(s *corev1.Service) { s.Spec.PublishNotReadyAddresses = true })
		service.Metadata().AddLabel(new("tier"), new("front"))
		service.Metadata().AddAnnotation(new("example.com/owner"), new("shop"))
		service.AddJsonPatch(cdk8s.JsonPatch_Replace(new("/spec/externalName"), "www.example.com"))
	})
	for _, want := range []string{
		"publishNotReadyAddresses: true", "tier: front", "app: web", "team: shop", "example.com/owner: shop",
		"externalName: www.example.com", "namespace: shop",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the manifest lacks %q:\n%s", want, got)
		}
	}
}

// The name of a Job follows from the last change, or the next apply would fail
// on an immutable field.
func TestTheHashFollowsTheLastChange(t *testing.T) {
	name := func(change func(job *object.Object[*batchv1.Job])) string {
		manifest := manifestOf(func(scope constructs.Construct) { change(newJob(scope)) })
		_, rest, _ := strings.Cut(manifest, "name: once-")
		name, _, _ := strings.Cut(rest, "\n")
		return name
	}
	plain := name(func(*object.Object[*batchv1.Job]) {})
	if len(plain) != 8 {
		t.Fatalf("hash %q, want eight digits", plain)
	}
	for what, change := range map[string]func(job *object.Object[*batchv1.Job]){
		"a change": func(job *object.Object[*batchv1.Job]) {
			job.Change(func(j *batchv1.Job) { j.Spec.Template.Spec.SchedulerName = "batch" })
		},
		"a patch": func(job *object.Object[*batchv1.Job]) {
			job.AddJsonPatch(cdk8s.JsonPatch_Add(new("/spec/template/spec/schedulerName"), "batch"))
		},
	} {
		if got := name(change); got == plain {
			t.Errorf("%s leaves the name at %s", what, got)
		}
	}
}

func TestNamesAndSelectorsStay(t *testing.T) {
	for want, change := range map[string]func(s *corev1.Service){
		`test/scope/Service: metadata.name: "site": must stay "web"`:         func(s *corev1.Service) { s.Name = "site" },
		`test/scope/Service: metadata.namespace: "other": must stay ""`:      func(s *corev1.Service) { s.Namespace = "other" },
		`test/scope/Service: spec.selector: "app=other": must stay "<none>"`: func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "other"} },
	} {
		got := cdktest.Problems(t, func(chart cdk8s.Chart) { newService(newScope(chart)).Change(change) })
		if len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("problems %q, want %q", got, want)
		}
	}
}

func ExampleChanges() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), nil)
	service := newService(newScope(chart))
	object.Changes(chart, func(s *corev1.Service) { s.Spec.SessionAffinity = corev1.ServiceAffinityClientIP })
	fmt.Println(service.Content().Spec.SessionAffinity)
	// Output: ClientIP
}

// newMap returns a ConfigMap of data and labels that others use as well.
func newMap(scope constructs.Construct, id string, shared map[string]string) *object.Object[*corev1.ConfigMap] {
	return object.New(scope, id, id, func() *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: id, Annotations: shared}, Data: shared}
	})
}

func TestChangesReachNoOtherObject(t *testing.T) {
	shared := map[string]string{"color": "blue"}
	got := manifestOf(func(scope constructs.Construct) {
		newMap(scope, "one", shared).Change(func(c *corev1.ConfigMap) { c.Data["color"] = "red" })
		newMap(scope, "other", shared).Content().Data["color"] = "green"
	})
	if strings.Count(got, "color: red") != 1 || strings.Contains(got, "green") || shared["color"] != "blue" {
		t.Errorf("what the objects share became %v:\n%s", shared, got)
	}
}

func TestMetadataIsAddedToChanges(t *testing.T) {
	got := manifestOf(func(scope constructs.Construct) {
		m := newMap(scope, "one", map[string]string{"old": "1", "kept": "1"})
		m.Metadata().AddAnnotation(new("added"), new("1"))
		m.Metadata().AddAnnotation(new("kept"), new("2"))
		m.Change(func(c *corev1.ConfigMap) { delete(c.Annotations, "old"); c.Data = nil })
	})
	if strings.Contains(got, "old:") || !strings.Contains(got, `added: "1"`) || !strings.Contains(got, `kept: "2"`) {
		t.Errorf("annotations are lost, or come back:\n%s", got)
	}
}

func TestObjectsOfTheClusterHaveNoNamespace(t *testing.T) {
	got := manifestOf(func(scope constructs.Construct) {
		object.New(scope, "class", "storefront", func() *schedulingv1.PriorityClass {
			return &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: "storefront"}, Value: 1000}
		})
	})
	_, class, _ := strings.Cut(got, "kind: PriorityClass")
	if class == "" || strings.Contains(class, "namespace:") {
		t.Errorf("the class is missing, or in a namespace:\n%s", got)
	}
}
