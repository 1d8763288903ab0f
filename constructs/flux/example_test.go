package flux_test

import (
	"fmt"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/flux"
)

// A repository that Flux fetches every minute.
func ExampleNewGitRepository() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("flux"), &cdk8s.ChartProps{Namespace: new("flux-system")})
	source := flux.NewGitRepository(chart, "repository", flux.GitRepositoryProps{
		Name: "shop", URL: "https://git.example.com/team/shop.git", Branch: "main",
	})
	fmt.Println(source.Name())
	// Output: shop
}

// A directory of it that Flux applies.
func ExampleNewKustomization() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("flux"), &cdk8s.ChartProps{Namespace: new("flux-system")})
	source := flux.NewGitRepository(chart, "repository", flux.GitRepositoryProps{
		Name: "shop", URL: "https://git.example.com/team/shop.git",
	})
	kustomization := flux.NewKustomization(chart, "production", flux.KustomizationProps{
		Name: "shop-production", Source: source, Path: "dist/production",
	})
	fmt.Println(kustomization.Name())
	// Output: shop-production
}
