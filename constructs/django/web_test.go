package django_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

func environment(chart cdk8s.Chart, name string) *secret.Secret {
	return secret.New(chart, name, secret.Props{
		Name:   name,
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY", "STRIPE_API_KEY"),
	})
}

// web adds a Web whose database is a server elsewhere, unless props name one.
func web(chart cdk8s.Chart, props django.WebProps) {
	if props.Database == nil {
		props.Database = postgres.Connection{Host: "db.example.com", Secret: environment(chart, "django-env-secret")}
	}
	django.NewWeb(chart, "web", props)
}

var full = django.WebProps{
	Name:       "shop",
	Image:      "example/shop:2",
	Command:    []string{"gunicorn"},
	Args:       []string{"shop.wsgi", "--workers=3"},
	Hosts:      []string{"www.example.com", ".shop.example.com"},
	HTTPS:      true,
	Port:       9000,
	Replicas:   new(3),
	SecretKeys: []string{"SECRET_KEY", "STRIPE_API_KEY"},
	Resources: pod.Resources{
		Requests: pod.Amounts{CPU: "100m", Memory: "256Mi"},
		Limits:   pod.Amounts{CPU: "2", Memory: "2Gi"},
	},
	Env:          map[string]string{"DJANGO_SETTINGS_MODULE": "shop.settings", "GUNICORN_CMD_ARGS": "--access-logfile=-"},
	HealthPath:   "/accounts/login/?next=/",
	LivenessPath: "/healthz",
	RunAsUser:    10001,
	Volumes: []pod.Volume{
		{MountPath: "/app/media", Claim: "media", External: true},
		{MountPath: "/app/fonts", Claim: "fonts", External: true, ReadOnly: true},
		{MountPath: "/app/cache", EmptyDir: "1Gi"},
		{MountPath: "/app/empty", EmptyDir: "1Mi", ReadOnly: true},
		{MountPath: "/etc/shop", ConfigMap: "shop", External: true},
		{MountPath: "/etc/tls", Secret: "shop-tls", External: true, ReadOnly: true},
	},
	ImagePullSecrets:              []string{"registry"},
	PreStopSeconds:                15,
	Gunicorn:                      django.Gunicorn{Threads: 4, GracefulTimeoutSeconds: 60, MaxRequests: 1000},
	TerminationGracePeriodSeconds: 90,
}

func TestWeb(t *testing.T) {
	for name, props := range map[string]django.WebProps{
		"minimal":                         {Image: "shop:1"},
		"full":                            full,
		"https":                           {Image: "shop:1", Hosts: []string{"www.example.com"}, HTTPS: true},
		"subdomains":                      {Image: "shop:1", Hosts: []string{".example.com"}},
		"floating image is always pulled": {Image: "shop"},
		"stopped":                         {Image: "shop:1", Replicas: new(0)},
	} {
		t.Run(name, func(t *testing.T) {
			cdktest.Golden(t, "web/"+name, func(chart cdk8s.Chart) { web(chart, props) })
		})
	}
}

func TestWebWithDatabases(t *testing.T) {
	cdktest.Golden(t, "web/database in the cluster with generated credentials", func(chart cdk8s.Chart) {
		env := secret.New(chart, "secret", secret.Props{
			Source: secret.Generated(secret.GeneratedProps{Image: "shop:1", Keys: []string{"JWT_SIGNING_KEY"}}),
		})
		web(chart, django.WebProps{
			Image:    "shop:1",
			Database: postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env}),
		})
	})
	cdktest.Golden(t, "web/database elsewhere with keys of its own", func(chart cdk8s.Chart) {
		managed := secret.New(chart, "managed", secret.Props{Name: "managed-db", Source: secret.Existing("username", "password")})
		web(chart, django.WebProps{
			Image:  "shop:1",
			Secret: environment(chart, "shop-env"),
			Database: postgres.Connection{
				Host: "db.example.com", Port: 6432, Name: "shop",
				Secret: managed, UserKey: "username", PasswordKey: "password",
			},
		})
	})
}

func TestEveryFieldReachesTheManifest(t *testing.T) {
	other := full
	aside := cdk8s.NewChart(cdk8s.NewApp(nil), new("aside"), nil)
	other.Secret = environment(aside, "other-env")
	other.Database = postgres.Connection{Host: "other.example.com", Secret: environment(aside, "other-db")}
	cdktest.EveryField(t, django.WebProps{Image: "shop:1"}, other, func(chart cdk8s.Chart, props django.WebProps) {
		if props.Secret != nil {
			props.Secret = environment(chart, props.Secret.Name())
		}
		if props.Database != nil {
			connection := props.Database.Connection()
			connection.Secret = environment(chart, connection.Secret.Name())
			props.Database = connection
		}
		web(chart, props)
	})
}

// The probes must look like a visitor: the same host that Django allows, and
// the scheme that it insists on.
func TestProbesUseAnAllowedHost(t *testing.T) {
	for name, props := range map[string]django.WebProps{
		"no host":    {Image: "shop:1"},
		"one host":   {Image: "shop:1", Hosts: []string{"www.example.com"}},
		"subdomains": {Image: "shop:1", Hosts: []string{".example.com"}, HTTPS: true},
	} {
		t.Run(name, func(t *testing.T) {
			got := cdktest.Render(t, func(chart cdk8s.Chart) { web(chart, props) })
			_, hosts, _ := strings.Cut(got, "name: ALLOWED_HOSTS\n              value: ")
			first := strings.TrimPrefix(hosts[:strings.IndexAny(hosts, ",\n")], ".")
			if n := strings.Count(got, "- name: Host\n                  value: "+first+"\n"); n != 3 {
				t.Errorf("%d of 3 probes name %q, the first of ALLOWED_HOSTS\n%s", n, first, got)
			}
			want := 0
			if props.HTTPS {
				want = 3
			}
			if n := strings.Count(got, "- name: X-Forwarded-Proto\n                  value: https\n"); n != want {
				t.Errorf("%d probes say X-Forwarded-Proto: https, want %d", n, want)
			}
		})
	}
}

func TestDatabaseURLHoldsNoCredential(t *testing.T) {
	got := cdktest.Render(t, func(chart cdk8s.Chart) { web(chart, django.WebProps{Image: "shop:1"}) })
	const want = "value: postgres://$(POSTGRES_HOST):$(POSTGRES_PORT)/$(POSTGRES_DB)\n"
	if !strings.Contains(got, want) {
		t.Errorf("the manifest lacks %q", want)
	}
	// Kubernetes expands only what stands earlier in the list.
	if strings.Index(got, "- name: POSTGRES_DB\n") > strings.Index(got, "- name: DATABASE_URL\n") {
		t.Error("POSTGRES_DB comes after DATABASE_URL, which uses it")
	}
}

func TestHostsAreACopy(t *testing.T) {
	cdktest.Render(t, func(chart cdk8s.Chart) {
		site := django.NewWeb(chart, "web", django.WebProps{
			Image: "shop:1", Hosts: []string{"www.example.com"},
			Database: postgres.Connection{Host: "db.example.com", Secret: environment(chart, "env")},
		})
		site.Hosts()[0] = "changed"
		if got := site.Hosts()[0]; got != "www.example.com" {
			t.Errorf("Hosts()[0] = %q after a caller changed its copy", got)
		}
	})
}

// A chart without a namespace is applied into whichever one kubectl is set to.
func TestChartWithoutNamespace(t *testing.T) {
	problems := cdktest.AppProblems(t, func(app cdk8s.App) {
		chart := cdk8s.NewChart(app, new("shop"), nil)
		env := environment(chart, "env")
		db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
		if got := db.Connection().Host; got != "postgres" {
			t.Errorf("Host = %q, want the short name of the Service", got)
		}
		web(chart, django.WebProps{Image: "shop:1", Database: db})
	})
	if problems != nil {
		t.Error(problems)
	}
}

func TestPartOfAChartWithoutNamespaceIsItsID(t *testing.T) {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), nil)
	web(chart, django.WebProps{Image: "shop:1"})
	if got := *cdk8s.Yaml_Stringify(*cdk8s.Testing_Synth(chart)...); strings.Count(got, "app.kubernetes.io/part-of: shop\n") != 3 {
		t.Errorf("the objects and pods are not part of shop:\n%s", got)
	}
}

// An object's name and selector say what it is on the cluster, wherever its
// construct stands.
func TestMovingAConstructChangesNothing(t *testing.T) {
	props := django.WebProps{Image: "shop:1"}
	before := cdktest.Render(t, func(chart cdk8s.Chart) {
		props.Database = postgres.Connection{Host: "db.example.com", Secret: environment(chart, "env")}
		django.NewWeb(chart, "web", props)
	})
	after := cdktest.Render(t, func(chart cdk8s.Chart) {
		props.Database = postgres.Connection{Host: "db.example.com", Secret: environment(chart, "elsewhere")}
		props.Database = postgres.Connection{Host: "db.example.com", Secret: environment(chart, "env")}
		parent := django.NewWeb(chart, "parent", django.WebProps{Name: "parent", Image: "shop:1", Database: props.Database})
		django.NewWeb(parent, "another-id", props)
	})
	if !strings.Contains(after, before) {
		t.Errorf("the manifest was\n%s\nand is, within that of two servers,\n%s", before, after)
	}
}

func ExampleNewWeb() {
	app := cdk8s.NewApp(nil)
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	web := django.NewWeb(chart, "web", django.WebProps{
		Image:    "example/shop:1.2.3",
		Hosts:    []string{"shop.example.com"},
		HTTPS:    true,
		Replicas: new(3),
		Database: postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env}),
	})
	fmt.Println(*web.Service().Name(), *web.Service().Port())
	// Output: django 8000
}
