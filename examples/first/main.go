// Command first renders the system of docs/getting-started.md: the project of
// examples/project on PostgreSQL, for a cluster on your own machine.
package main

import (
	"cmp"
	"os"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/stack"
	"example.com/django-cdk8s/synth"
)

func main() { synth.Main(build) }

func build(app cdk8s.App) {
	stack.New(app, "shop", stack.Props{
		Namespace: namespace.Props{Name: "shop"},
		Web: django.WebProps{
			Project: django.Project{
				Image:             cmp.Or(os.Getenv("DJANGO_IMAGE"), "shop:1.0.0"),
				Hosts:             []string{"localhost"},
				WaitForMigrations: true,
			},
			HealthPath:   "/readyz",
			LivenessPath: "/healthz",
		},
	})
}
