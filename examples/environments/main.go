// Command environments renders one system for two places, each into a
// directory of its own, which Argo CD or kubectl then points at. Nothing is
// written unless both are right.
package main

import (
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/stack"
	"example.com/django-cdk8s/synth"
)

const image = "registry.example.com/shop:4.2.0"

func main() { synth.MainEnvironments(environments()...) }

func environments() []synth.Environment {
	return []synth.Environment{
		shop("staging", stack.Props{
			Web: django.WebProps{Project: django.Project{
				Image: image, Hosts: []string{"staging.shop.example.com"}, HTTPS: true,
			}},
		}),
		shop("production", stack.Props{
			// The values are in the team's vault, and pods follow them.
			Secret: secret.Props{Name: "shop-env", Reload: true, Source: secret.External(secret.ExternalProps{
				Store:     secret.Store{Name: "vault", Cluster: true},
				RemoteKey: "shop/production",
				Keys: []string{
					secret.DatabaseKey, secret.UserKey, secret.PasswordKey, secret.DjangoSecretKey, "SENTRY_DSN",
				},
			})},
			Database: postgres.DatabaseProps{Storage: "100Gi", StorageClass: "fast"},
			Web: django.WebProps{Project: django.Project{
				Image:      image,
				Hosts:      []string{"shop.example.com", "www.shop.example.com"},
				HTTPS:      true,
				SecretKeys: []string{secret.DjangoSecretKey, "SENTRY_DSN"},
			}},
		}),
	}
}

// shop is the system in the environment called name, in a namespace of that
// name.
func shop(name string, props stack.Props) synth.Environment {
	props.Namespace = namespace.Props{Name: "shop-" + name}
	return synth.Environment{Name: name, Build: func(app cdk8s.App) { stack.New(app, "shop", props) }}
}
