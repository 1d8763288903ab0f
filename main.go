// Command django-cdk8s renders Django on PostgreSQL for Kubernetes into dist/.
package main

import (
	"cmp"
	"os"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/stack"
	"example.com/django-cdk8s/synth"
)

func main() { synth.Main(build) }

func build(app cdk8s.App) {
	stack.New(app, "django-app", stack.Props{
		Web: django.WebProps{Project: django.Project{
			Image: cmp.Or(os.Getenv("DJANGO_IMAGE"), "docker.io/example/django-app:1.0.0"),
			// Hosts: []string{"www.example.com"},
			// HTTPS: true,
			// WaitForMigrations: true,
		}},
	})
}
