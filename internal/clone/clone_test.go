package clone_test

import (
	"reflect"
	"testing"

	"github.com/aws/constructs-go/constructs/v10"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"example.com/django-cdk8s/internal/clone"
)

type construct struct{ constructs.Construct }

type example struct {
	Texts    map[string]string
	Words    []string
	Number   *int
	Pods     []corev1.Container
	Affinity *corev1.Affinity
	Made     *construct
	Any      any
	JSON     map[string]any
	Nothing  *int
	None     map[string]string
	Nil      []string

	own []string
}

func newExample() example {
	return example{
		Texts: map[string]string{"a": "b"}, Words: []string{"a"}, Number: new(1), Made: &construct{}, Any: &construct{},
		Pods: []corev1.Container{{Resources: corev1.ResourceRequirements{
			Limits: corev1.ResourceList{"cpu": resource.MustParse("1500m")},
		}}},
		Affinity: &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{}},
		JSON:     map[string]any{"a": map[string]any{"b": []any{"c", map[string]any{"d": 1.0}, nil}}},
		own:      []string{"own"},
	}
}

func TestACloneSharesConstructsAlone(t *testing.T) {
	original := newExample()
	copied := clone.Of(original)
	if !reflect.DeepEqual(copied, original) {
		t.Fatalf("copy %+v of %+v", copied, original)
	}
	if copied.Made != original.Made || copied.Any != original.Any {
		t.Error("a construct was copied")
	}
	original.Texts["a"], original.Words[0], *original.Number = "c", "c", 2
	original.Pods[0].Resources.Limits["cpu"] = resource.MustParse("2")
	original.Affinity.PodAntiAffinity = nil
	list := original.JSON["a"].(map[string]any)["b"].([]any)
	list[0], list[1].(map[string]any)["d"] = "e", 2.0
	want := newExample()
	want.Made, want.Any = original.Made, original.Any
	if !reflect.DeepEqual(copied, want) {
		t.Errorf("a change of the original reached the copy: %+v", copied)
	}
}

func TestCloneOfNothing(t *testing.T) {
	if got := clone.Of(example{}); !reflect.DeepEqual(got, example{}) {
		t.Errorf("copy %+v of nothing", got)
	}
}
