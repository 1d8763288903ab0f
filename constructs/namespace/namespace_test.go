package namespace_test

import (
	"fmt"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/namespace"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

func TestNamespace(t *testing.T) {
	for name, props := range map[string]namespace.Props{
		"minimal": {},
		"full":    full,
	} {
		t.Run(name, func(t *testing.T) {
			cdktest.Golden(t, "namespace/"+name, func(chart cdk8s.Chart) { namespace.New(chart, "namespace", props) })
		})
	}
}

var full = namespace.Props{
	Name:    "shop",
	Enforce: namespace.Baseline,
	Audit:   namespace.Privileged,
	Warn:    namespace.Baseline,
	Labels:  map[string]string{"team": "shop"},
}

func TestEveryFieldReachesTheManifest(t *testing.T) {
	cdktest.EveryField(t, namespace.Props{}, full, func(chart cdk8s.Chart, props namespace.Props) {
		namespace.New(chart, "namespace", props)
	})
}

func TestNameMayStartWithADigit(t *testing.T) {
	got := cdktest.Problems(t, func(chart cdk8s.Chart) {
		namespace.New(chart, "namespace", namespace.Props{Name: "2026-shop"})
	})
	if got != nil {
		t.Error(got)
	}
}

func TestNameFollowsTheChart(t *testing.T) {
	cdktest.Render(t, func(chart cdk8s.Chart) {
		if got := namespace.New(chart, "namespace", namespace.Props{}).Name(); got != cdktest.Namespace {
			t.Errorf("Name() = %q, want the chart's namespace %q", got, cdktest.Namespace)
		}
	})
}

func ExampleNew() {
	app := cdk8s.NewApp(nil)
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	namespace.New(chart, "namespace", namespace.Props{})
	fmt.Println(*cdk8s.Yaml_Stringify(*cdk8s.Testing_Synth(chart)...))
	// Output:
	// apiVersion: v1
	// kind: Namespace
	// metadata:
	//   annotations:
	//     argocd.argoproj.io/sync-options: Prune=false,Delete=false
	//     kapp.k14s.io/delete-strategy: orphan
	//     kustomize.toolkit.fluxcd.io/prune: disabled
	//   labels:
	//     app.kubernetes.io/managed-by: cdk8s
	//     app.kubernetes.io/part-of: shop
	//     pod-security.kubernetes.io/audit: restricted
	//     pod-security.kubernetes.io/enforce: restricted
	//     pod-security.kubernetes.io/warn: restricted
	//   name: shop
}
