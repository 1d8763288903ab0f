package gitops_test

import (
	"fmt"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/argocd"
	"example.com/django-cdk8s/constructs/gitops"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

// The typed way to what the props do not offer.
func Example() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("delivery"), &cdk8s.ChartProps{Namespace: new("argocd")})
	shop := argocd.NewApplication(chart, "shop", argocd.ApplicationProps{
		Name: "shop", Repository: "https://git.example.com/team/shop.git", Path: "dist/production",
	})
	shop.Object().Change(func(a *gitops.Application) { a.Spec.RevisionHistoryLimit = new(int64(3)) })

	spec := shop.Object().Content().Spec
	fmt.Println(spec.Source.Path, "with", *spec.RevisionHistoryLimit, "old revisions")
	// Output: dist/production with 3 old revisions
}
