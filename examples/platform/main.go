// Command platform is a cdk8s app of another module that uses the constructs:
// one PostgreSQL, and on it a shop and its back office, which run the same
// image with other settings, behind an Ingress of plain cdk8s-plus.
package main

import (
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	kplus "github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/plus"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/synth"
)

const image = "registry.example.com/shop:4.2.0"

// tlsSecret holds the certificate; whoever runs the cluster makes it.
var tlsSecret = manifest.External{Kind: "Secret", Name: "shop-tls"}

func main() { synth.Main(build, tlsSecret) }

func build(app cdk8s.App) {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	namespace.New(chart, "namespace", namespace.Props{})
	env := secret.New(chart, "secret", secret.Props{
		Name:   "shop-env",
		Source: secret.Generated(secret.GeneratedProps{Image: image}),
	})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{
		Image:      "postgres:17-bookworm",
		Secret:     env,
		Storage:    "50Gi",
		Parameters: map[string]string{"max_connections": "200"},
	})
	shop := django.NewWeb(chart, "shop", django.WebProps{
		Project: django.Project{
			Name:     "shop",
			Image:    image,
			Database: db,
			Hosts:    []string{"shop.example.com"},
			HTTPS:    true,
		},
	})
	office := django.NewWeb(chart, "office", django.WebProps{
		Project: django.Project{
			Name:     "office",
			Image:    image,
			Database: db,
			Hosts:    []string{"office.example.com"},
			HTTPS:    true,
			Env:      map[string]string{"DJANGO_SETTINGS_MODULE": "shop.settings.office"},
		},
		Resources: pod.Resources{Limits: pod.Quantities{CPU: "500m", Memory: "512Mi"}},
	})
	newIngress(chart, shop, office)
}

func newIngress(chart cdk8s.Chart, sites ...*django.Web) {
	ingress := kplus.NewIngress(chart, new("ingress"), &kplus.IngressProps{
		Metadata:  &cdk8s.ApiObjectMetadata{Name: new("shop")},
		ClassName: new("nginx"),
	})
	hosts := []*string{}
	for _, site := range sites {
		for _, host := range site.Hosts() {
			ingress.AddHostDefaultBackend(&host, kplus.IngressBackend_FromService(plus.Service(site.Service()), nil))
			hosts = append(hosts, &host)
		}
	}
	ingress.AddTls(&[]*kplus.IngressTls{{
		Hosts:  &hosts,
		Secret: kplus.Secret_FromSecretName(ingress, new("tls"), &tlsSecret.Name),
	}})
}
