package argocd_test

import (
	"fmt"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/argocd"
)

// An Application that keeps a cluster like a directory of a repository.
func ExampleNewApplication() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("argocd"), &cdk8s.ChartProps{Namespace: new("argocd")})
	application := argocd.NewApplication(chart, "production", argocd.ApplicationProps{
		Name: "shop", Repository: "https://git.example.com/team/shop.git", Path: "dist/production",
	})
	fmt.Println(application.Name())
	// Output: shop
}

// A project whose Applications reach the namespaces of one shop alone.
func ExampleNewAppProject() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("argocd"), &cdk8s.ChartProps{Namespace: new("argocd")})
	project := argocd.NewAppProject(chart, "project", argocd.AppProjectProps{
		Name: "shop", Repositories: []string{"https://git.example.com/team/shop.git"},
		Destinations: []argocd.Destination{{Namespace: "shop-*"}},
	})
	fmt.Println(project.Name())
	// Output: shop
}

// One Application for each environment, from one template.
func ExampleNewApplicationSet() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("argocd"), &cdk8s.ChartProps{Namespace: new("argocd")})
	set := argocd.NewApplicationSet(chart, "places", argocd.ApplicationSetProps{
		Name: "shop", Environments: []argocd.Environment{{Name: "staging"}, {Name: "production"}},
		Application: argocd.ApplicationProps{Repository: "https://git.example.com/team/shop.git", Path: "dist"},
	})
	fmt.Println(set.Name())
	// Output: shop
}
