package synth_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/argocd"
	"example.com/django-cdk8s/constructs/flux"
	"example.com/django-cdk8s/synth"
)

// An object that leads a tool to where it is itself written is refused, wherever
// the repository is.
func TestObjectsThatLeadToThemselvesAreRefused(t *testing.T) {
	repository, _ := newRepository(t)
	dist := filepath.Join(repository, "apps", "dist")
	argo := func(path string) synth.Environment {
		return synth.Environment{Name: "delivery", Build: func(app cdk8s.App) {
			argocd.NewApplication(cdk8s.NewChart(app, new("argocd"), nil), "shop", argocd.ApplicationProps{
				Name: "shop", Repository: "https://git.example.com/team/shop.git", Path: path,
			})
		}}
	}
	kustomization := func(path string) synth.Environment {
		return synth.Environment{Name: "delivery", Build: func(app cdk8s.App) {
			chart := cdk8s.NewChart(app, new("flux"), nil)
			source := flux.NewGitRepository(chart, "repository", flux.GitRepositoryProps{
				Name: "shop", URL: "https://git.example.com/team/shop.git",
			})
			flux.NewKustomization(chart, "shop", flux.KustomizationProps{Name: "shop", Source: source, Path: path})
		}}
	}
	for _, tc := range []struct {
		e    synth.Environment
		want string
	}{
		{argo("apps/dist/production"), ""},
		{argo("apps/dist"), ""},
		{argo("dist/delivery"), ""},
		{
			argo("apps/dist/delivery"),
			`delivery: argocd/shop/Application: spec.source.path: "apps/dist/delivery": is where this object is written`,
		},
		{kustomization("apps/dist/production"), ""},
		{
			kustomization("apps/dist"),
			`delivery: flux/shop/Kustomization: spec.path: "./apps/dist": holds apps/dist/delivery, where this object`,
		},
	} {
		err := write(t, dist, tc.e)
		if (err == nil) != (tc.want == "") || err != nil && !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("got %v, want %q", err, tc.want)
		}
		if err := os.RemoveAll(dist); err != nil {
			t.Fatal(err)
		}
	}
}
