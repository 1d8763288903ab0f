// Command environments renders one system for three places, each into a
// directory of its own, and beside them the objects by which Argo CD or Flux
// applies these directories. Nothing is written unless all are right.
package main

import (
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/argocd"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/flux"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/stack"
	"example.com/django-cdk8s/synth"
)

const (
	image      = "registry.example.com/shop"
	repository = "https://git.example.com/team/shop.git"
	dist       = "examples/environments/dist"
)

// place is what differs from one environment to another.
type place struct {
	name, tag, host, storage string
	scaling                  pod.Autoscaling
	secret                   secret.Props // Default: generated in the cluster.
}

var places = []place{
	{name: "development", tag: "5.0.0-rc.1", host: "development.shop.example.com", storage: "1Gi"},
	{name: "staging", tag: "4.2.0", host: "staging.shop.example.com", storage: "5Gi"},
	{
		name: "production", tag: "4.2.0", host: "shop.example.com", storage: "20Gi",
		scaling: pod.Autoscaling{MinReplicas: 2, MaxReplicas: 4},
		// The values are in the team's vault, and pods follow them.
		secret: secret.Props{Name: "shop-env", Reload: true, Source: secret.External(secret.ExternalProps{
			Store: secret.Store{Name: "vault", Cluster: true}, RemoteKey: "shop/production",
			Keys: []string{secret.DatabaseKey, secret.UserKey, secret.PasswordKey, secret.DjangoSecretKey},
		})},
	},
}

func main() { synth.MainEnvironments(environments()...) }

func environments() []synth.Environment {
	all := []synth.Environment{{Name: "argocd", Build: forArgo}, {Name: "flux", Build: forFlux}}
	for _, p := range places {
		all = append(all, synth.Environment{Name: p.name, Build: p.build})
	}
	return all
}

func (p place) namespace() string { return "shop-" + p.name }

func (p place) build(app cdk8s.App) {
	small := pod.Resources{Requests: pod.Quantities{CPU: "100m", Memory: "256Mi"}}
	stack.New(app, "shop", stack.Props{
		Namespace: namespace.Props{Name: p.namespace()},
		Secret:    p.secret,
		Database:  postgres.DatabaseProps{Storage: p.storage, Resources: small},
		Web: django.WebProps{Autoscaling: p.scaling, Resources: small, Project: django.Project{
			Image: image + ":" + p.tag, Hosts: []string{p.host}, HTTPS: true, WaitForMigrations: true,
		}},
	})
}

func forArgo(app cdk8s.App) {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("argocd")})
	project := argocd.NewAppProject(chart, "project", argocd.AppProjectProps{
		Name: "shop", Repositories: []string{repository}, Destinations: []argocd.Destination{{Namespace: "shop-*"}},
	})
	for _, p := range places {
		argocd.NewApplication(chart, p.name, argocd.ApplicationProps{
			Name: p.namespace(), Project: project.Name(), Repository: repository, Path: dist + "/" + p.name,
			Destination: argocd.Destination{Namespace: p.namespace()}, Manual: p.name == "production",
		})
	}
}

func forFlux(app cdk8s.App) {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("flux-system")})
	source := flux.NewGitRepository(chart, "repository", flux.GitRepositoryProps{Name: "shop", URL: repository})
	for _, p := range places {
		flux.NewKustomization(chart, p.name, flux.KustomizationProps{
			Name: p.namespace(), Source: source, Path: dist + "/" + p.name,
		})
	}
}
