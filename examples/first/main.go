// Command first renders the system of docs/getting-started.md: the project of
// examples/project on PostgreSQL, for a cluster on your own machine.
package main

import (
	"cmp"
	"os"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/stack"
	"example.com/django-cdk8s/synth"
)

// small leaves room on two CPUs for an update, with which four pods run at
// once. The default is half a CPU each.
var small = pod.Resources{Requests: pod.Quantities{CPU: "100m", Memory: "256Mi"}}

func main() { synth.Main(build) }

func build(app cdk8s.App) {
	stack.New(app, "shop", stack.Props{
		Namespace: namespace.Props{Name: "shop"},
		Database:  postgres.DatabaseProps{Resources: small},
		Web: django.WebProps{
			Project: django.Project{
				Image:             cmp.Or(os.Getenv("DJANGO_IMAGE"), "shop:1.0.0"),
				Hosts:             []string{"localhost"},
				WaitForMigrations: true,
			},
			Resources:    small,
			HealthPath:   "/readyz",
			LivenessPath: "/healthz",
		},
	})
}
