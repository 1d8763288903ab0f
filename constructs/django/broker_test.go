package django_test

import (
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/valkey"
)

// A network policy knows a broker by the host in its URL.
func TestHostOfTheBroker(t *testing.T) {
	for url, want := range map[string]string{
		"redis://:$(BROKER_PASSWORD)@redis.queues.svc:6379/0":   "redis.queues.svc",
		"amqps://shop:$(BROKER_PASSWORD)@192.0.2.7:5671/orders": "192.0.2.7",
	} {
		cdktest.Render(t, func(chart cdk8s.Chart) {
			env := secret.New(chart, "secret", secret.Props{
				Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY", "BROKER_PASSWORD"),
			})
			web := django.NewWeb(chart, "web", django.WebProps{
				Project: django.Project{
					Image:    "shop:1",
					Database: postgres.Connection{Host: "db.example.com", Secret: env},
					Broker:   broker.Connection{Secret: env, URL: url, PasswordKey: "BROKER_PASSWORD"},
				},
			})
			if got := web.Flows()[0].To[1].Host; got != want {
				t.Errorf("%s: the site connects to %q, want %q", url, got, want)
			}
		})
	}
}

// A Valkey of another namespace opens its door to those who have a copy of its
// connection, with a Secret of their own.
func TestBrokerOfAnotherNamespace(t *testing.T) {
	got := cdktest.ProblemsApp(t, func(app cdk8s.App) {
		chartOf := func(namespace string) cdk8s.Chart {
			return cdk8s.NewChart(app, &namespace, &cdk8s.ChartProps{Namespace: &namespace})
		}
		queues, shop := chartOf("queues"), chartOf("shop")
		server := valkey.NewServer(queues, "broker", valkey.ServerProps{
			Secret: secret.New(queues, "secret", secret.Props{Source: secret.Existing(valkey.PasswordKey)}),
		})
		connection := server.Broker()
		connection.Secret = secret.New(shop, "secret", secret.Props{
			Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY", valkey.PasswordKey),
		})
		django.NewWeb(shop, "web", django.WebProps{
			Project: django.Project{
				Image:    "shop:1",
				Database: postgres.Connection{Host: "db.example.com", Secret: connection.Secret},
				Broker:   connection,
			},
		})
		isolation.New(queues, "isolation", isolation.Props{})
		isolation.New(shop, "isolation", isolation.Props{})
	})
	if len(got) > 0 {
		t.Errorf("problems:\n%s\nwant none", strings.Join(got, "\n"))
	}
}
