package django_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

func environment(chart cdk8s.Chart, name string) *secret.Secret {
	return holding(chart, name, "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY", "STRIPE_API_KEY")
}

// holding returns an existing Secret with the given keys, which renders as
// nothing.
func holding(chart cdk8s.Chart, name string, keys ...string) *secret.Secret {
	return secret.New(chart, name, secret.Props{Name: name, Source: secret.Existing(keys...)})
}

// web adds a Web of the image shop:1 whose database is a server elsewhere, unless
// props name others.
func web(chart cdk8s.Chart, props django.WebProps) {
	props.Project.Image = cmp.Or(props.Project.Image, "shop:1")
	if props.Project.Database == nil {
		props.Project.Database = postgres.Connection{Host: "db.example.com", Secret: environment(chart, "django-env-secret")}
	}
	django.NewWeb(chart, "web", props)
}

var full = django.WebProps{
	Project: django.Project{
		Name:       "shop",
		Image:      "example/shop:2",
		Hosts:      []string{"www.example.com", ".shop.example.com"},
		HTTPS:      true,
		SecretKeys: []string{"SECRET_KEY", "STRIPE_API_KEY"},
		Env:        map[string]string{"DJANGO_SETTINGS_MODULE": "shop.settings", "GUNICORN_CMD_ARGS": "--access-logfile=-"},
		RunAsUser:  10001,
		Volumes: []pod.Volume{
			{MountPath: "/app/media", Claim: "media", External: true},
			{MountPath: "/app/fonts", Claim: "fonts", External: true, ReadOnly: true},
			{MountPath: "/app/cache", EmptyDir: "1Gi"},
			{MountPath: "/app/empty", EmptyDir: "1Mi", ReadOnly: true},
			{MountPath: "/etc/shop", ConfigMap: "shop", External: true},
			{MountPath: "/etc/tls", Secret: "shop-tls", External: true, ReadOnly: true},
		},
		ImagePullSecrets:  []string{"registry"},
		WaitForMigrations: true,
	},
	Command:  []string{"gunicorn"},
	Args:     []string{"shop.wsgi", "--preload"},
	Port:     9000,
	Replicas: new(3),
	Resources: pod.Resources{
		Requests: pod.Quantities{CPU: "100m", Memory: "256Mi"},
		Limits:   pod.Quantities{CPU: "2", Memory: "2Gi"},
	},
	HealthPath:                    "/accounts/login/?next=/",
	LivenessPath:                  "/healthz",
	PreStopSeconds:                15,
	Gunicorn:                      django.Gunicorn{Threads: 4, GracefulTimeoutSeconds: 60, MaxRequests: 1000},
	TerminationGracePeriodSeconds: 90,
	Pod:                           pod.Template{PriorityClassName: "storefront"},
	DeployCheck:                   django.CheckWarning,
	StaticRoot:                    "/app/static",
	Metrics:                       django.Metrics{Path: "/internal/metrics", Port: 9100},
}

// complete returns props with the fields that take constructs, which belong to
// one chart.
func complete(chart cdk8s.Chart, props django.WebProps) django.WebProps {
	props.Project.Secret = environment(chart, "shop-env")
	props.Project.Database = postgres.Connection{
		Host: "db.example.com", Secret: environment(chart, "shop-db"),
		TLS: postgres.TLS{CAConfigMap: "database-ca", CAKey: "root.pem", ClientSecret: "shop-client"},
	}
	props.Project.Broker = broker.Connection{
		URL: "redis://:$(REDIS_PASSWORD)@redis.example.com:6379/0", PasswordKey: "REDIS_PASSWORD", Port: 6379,
		Secret: holding(chart, "shop-broker", "REDIS_PASSWORD"),
	}
	props.Project.Media = django.ObjectStore{
		Bucket: "shop-media", Endpoint: "https://s3.example.com:9000", Region: "eu-central-1",
		Secret:         holding(chart, "shop-media", "id", "key"),
		AccessKeyIDKey: "id", SecretAccessKeyKey: "key",
	}
	return props
}

func TestWeb(t *testing.T) {
	for name, props := range map[string]django.WebProps{
		"minimal":                         {},
		"https":                           {Project: django.Project{Hosts: []string{"www.example.com"}, HTTPS: true}},
		"subdomains":                      {Project: django.Project{Hosts: []string{".example.com"}}},
		"floating image is always pulled": {Project: django.Project{Image: "shop"}},
		"stopped":                         {Replicas: new(0)},
	} {
		t.Run(name, func(t *testing.T) {
			cdktest.Golden(t, "web/"+name, func(chart cdk8s.Chart) { web(chart, props) })
		})
	}
}

func TestWebWithEveryField(t *testing.T) {
	cdktest.Golden(t, "web/full", func(chart cdk8s.Chart) { web(chart, complete(chart, full)) })
}

func TestWebScales(t *testing.T) {
	for name, props := range map[string]django.WebProps{
		"two replicas":                      {Replicas: new(2)},
		"autoscaling":                       {Autoscaling: pod.Autoscaling{MaxReplicas: 10}},
		"autoscaling from one replica":      {Autoscaling: pod.Autoscaling{MinReplicas: 1, MaxReplicas: 4, CPUPercent: 60}},
		"autoscaling within one replica":    {Autoscaling: pod.Autoscaling{MaxReplicas: 1}},
		"priority class":                    {Pod: pod.Template{PriorityClassName: "storefront"}},
		"gunicorn settings":                 {Gunicorn: allOfGunicorn},
		"gunicorn by the resources":         {Resources: pod.Resources{Limits: pod.Quantities{CPU: "4", Memory: "2Gi"}}},
		"gunicorn with arguments of a user": {Project: django.Project{Env: map[string]string{"GUNICORN_CMD_ARGS": "--access-logfile=-"}}},
	} {
		t.Run(name, func(t *testing.T) {
			cdktest.Golden(t, "web/"+name, func(chart cdk8s.Chart) { web(chart, props) })
		})
	}
}

var allOfGunicorn = django.Gunicorn{
	Workers: 2, Threads: 8, TimeoutSeconds: 120, GracefulTimeoutSeconds: 90, MaxRequests: 1000, MaxRequestsJitter: 50,
}

func TestWebStarts(t *testing.T) {
	for name, props := range map[string]django.WebProps{
		"waits for migrations": {Project: django.Project{WaitForMigrations: true}},
		"deploy check":         {DeployCheck: django.CheckError},
		"static files":         {StaticRoot: "/app/staticfiles"},
		"every start":          {Project: django.Project{WaitForMigrations: true}, DeployCheck: django.CheckWarning, StaticRoot: "/app/staticfiles"},
		"claims are mounted by the server alone": {Project: django.Project{
			WaitForMigrations: true, Volumes: []pod.Volume{
				{MountPath: "/data", Claim: "data", External: true},
				{MountPath: "/etc/shop", ConfigMap: "shop", External: true},
			},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			cdktest.Golden(t, "web/"+name, func(chart cdk8s.Chart) { web(chart, props) })
		})
	}
}

func TestWebIsObserved(t *testing.T) {
	for name, props := range map[string]django.WebProps{
		"metrics on the same port":  {Project: django.Project{Hosts: []string{"www.example.com"}, HTTPS: true}, Metrics: django.Metrics{Path: "/internal/metrics.txt"}},
		"metrics on another port":   {Project: django.Project{HTTPS: true}, Metrics: django.Metrics{Path: "/metrics", Port: 9100}},
		"https settings overridden": {Project: django.Project{HTTPS: true, Env: map[string]string{"SECURE_SSL_REDIRECT": "false", "CSRF_COOKIE_SECURE": "false"}}},
	} {
		t.Run(name, func(t *testing.T) {
			cdktest.Golden(t, "web/"+name, func(chart cdk8s.Chart) { web(chart, props) })
		})
	}
}

func TestWebWithMedia(t *testing.T) {
	for name, tc := range map[string]struct {
		props django.WebProps
		claim django.MediaClaimProps
	}{
		"media on a claim of one node":      {django.WebProps{Project: django.Project{WaitForMigrations: true}}, django.MediaClaimProps{}},
		"media on a claim of several nodes": {django.WebProps{Project: django.Project{WaitForMigrations: true}, Replicas: new(3)}, django.MediaClaimProps{AccessMode: django.ReadWriteMany}},
	} {
		t.Run(name, func(t *testing.T) {
			cdktest.Golden(t, "web/"+name, func(chart cdk8s.Chart) {
				tc.props.Project.Media = django.NewMediaClaim(chart, "media", tc.claim)
				web(chart, tc.props)
			})
		})
	}
	cdktest.Golden(t, "web/media in an object store", func(chart cdk8s.Chart) {
		web(chart, django.WebProps{
			Project: django.Project{Media: django.ObjectStore{
				Bucket: "shop-media", Secret: holding(chart, "media", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
			}},
			Replicas: new(2),
		})
	})
}

// A pointer to an ObjectStore is one, too.
func TestObjectStoreByPointer(t *testing.T) {
	render := func(media func(store django.ObjectStore) django.Media) string {
		return cdktest.Render(t, func(chart cdk8s.Chart) {
			env := holding(chart, "media", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
			web(chart, django.WebProps{Project: django.Project{Media: media(django.ObjectStore{Bucket: "shop-media", Secret: env})}})
		})
	}
	byValue := render(func(store django.ObjectStore) django.Media { return store })
	if byPointer := render(func(store django.ObjectStore) django.Media { return &store }); byPointer != byValue {
		t.Errorf("by value:\n%s\nby pointer:\n%s", byValue, byPointer)
	}
}

func TestWebWithBrokers(t *testing.T) {
	cdktest.Golden(t, "web/broker elsewhere by its URL", func(chart cdk8s.Chart) {
		web(chart, django.WebProps{
			Project: django.Project{Broker: broker.Connection{
				URLKey: "BROKER", Secret: holding(chart, "rabbitmq", "BROKER"),
			}},
		})
	})
	cdktest.Golden(t, "web/broker elsewhere by its password", func(chart cdk8s.Chart) {
		web(chart, django.WebProps{
			Project: django.Project{Broker: broker.Connection{
				URL: "redis://:$(REDIS_PASSWORD)@redis.example.com:6379/0", PasswordKey: "REDIS_PASSWORD",
				Secret: holding(chart, "redis", "REDIS_PASSWORD"),
			}},
		})
	})
}

func TestMediaClaim(t *testing.T) {
	for name, props := range map[string]django.MediaClaimProps{
		"minimal": {},
		"full":    fullClaim,
	} {
		t.Run(name, func(t *testing.T) {
			cdktest.Golden(t, "mediaclaim/"+name, func(chart cdk8s.Chart) { django.NewMediaClaim(chart, "media", props) })
		})
	}
}

var fullClaim = django.MediaClaimProps{
	Name: "uploads", AccessMode: django.ReadWriteMany, Storage: "100Gi", StorageClass: "nfs", MountPath: "/app/uploads",
}

func TestEveryFieldOfMediaClaimReachesTheManifest(t *testing.T) {
	cdktest.EveryField(t, django.MediaClaimProps{}, fullClaim, func(chart cdk8s.Chart, props django.MediaClaimProps) {
		web(chart, django.WebProps{Project: django.Project{Media: django.NewMediaClaim(chart, "media", props)}})
	})
}

func TestEveryFieldOfObjectStoreReachesTheManifest(t *testing.T) {
	secretOf := func(chart cdk8s.Chart, name string) *secret.Secret {
		return holding(chart, name, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "id", "key")
	}
	aside := cdk8s.NewChart(cdk8s.NewApp(nil), new("aside"), nil)
	other := django.ObjectStore{
		Bucket: "other-media", Endpoint: "https://s3.example.com", Region: "eu-central-1",
		Secret: secretOf(aside, "other"), AccessKeyIDKey: "id", SecretAccessKeyKey: "key",
	}
	cdktest.EveryField(t, django.ObjectStore{Bucket: "shop-media"}, other, func(chart cdk8s.Chart, store django.ObjectStore) {
		name := "media"
		if store.Secret != nil {
			name = store.Secret.Name()
		}
		store.Secret = secretOf(chart, name)
		web(chart, django.WebProps{Project: django.Project{Media: store}})
	})
}

func TestEveryFieldOfGunicornReachesTheManifest(t *testing.T) {
	minimal := django.Gunicorn{MaxRequests: 900}
	cdktest.EveryField(t, minimal, allOfGunicorn, func(chart cdk8s.Chart, g django.Gunicorn) {
		web(chart, django.WebProps{Gunicorn: g})
	})
}

func TestEveryFieldOfAutoscalingReachesTheManifest(t *testing.T) {
	cdktest.EveryField(t, pod.Autoscaling{MaxReplicas: 5}, pod.Autoscaling{MinReplicas: 3, MaxReplicas: 9, CPUPercent: 50},
		func(chart cdk8s.Chart, a pod.Autoscaling) {
			web(chart, django.WebProps{Autoscaling: a})
		})
}

func TestWebWithDatabases(t *testing.T) {
	cdktest.Golden(t, "web/database in the cluster with generated credentials", func(chart cdk8s.Chart) {
		env := secret.New(chart, "secret", secret.Props{
			Source: secret.Generated(secret.GeneratedProps{Image: "shop:1", Keys: []string{"JWT_SIGNING_KEY"}}),
		})
		web(chart, django.WebProps{
			Project: django.Project{Database: postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})},
		})
	})
	cdktest.Golden(t, "web/database elsewhere with keys of its own", func(chart cdk8s.Chart) {
		managed := secret.New(chart, "managed", secret.Props{Name: "managed-db", Source: secret.Existing("username", "password")})
		web(chart, django.WebProps{
			Project: django.Project{
				Secret: environment(chart, "shop-env"),
				Database: postgres.Connection{
					Host: "db.example.com", Port: 6432, Name: "shop",
					Secret: managed, UserKey: "username", PasswordKey: "password",
				},
			},
		})
	})
}

func TestEveryFieldReachesTheManifest(t *testing.T) {
	aside := cdk8s.NewChart(cdk8s.NewApp(nil), new("aside"), nil)
	other := complete(aside, full)
	other.Project.Database = postgres.Connection{Host: "other.example.com", Secret: environment(aside, "other-db")}
	t.Run("project", func(t *testing.T) {
		minimal := django.Project{Image: "shop:1"}
		cdktest.EveryField(t, minimal, other.Project, func(chart cdk8s.Chart, p django.Project) {
			web(chart, django.WebProps{Project: adopted(chart, p)})
		})
	})
	other.Name, other.Hosts, other.Env = "blog", []string{"blog.example.com"}, map[string]string{"SITE": "blog"}
	other.Autoscaling = pod.Autoscaling{MaxReplicas: 9}
	other.Rollout = pod.Rollout{MaxSurge: 2}
	other.Probes = django.Probes{Startup: django.Probe{FailureThreshold: 120}}
	other.Service = pod.Service{Type: "NodePort"}
	cdktest.EveryField(t, django.WebProps{}, other, func(chart cdk8s.Chart, props django.WebProps) {
		props.Project = adopted(chart, props.Project)
		web(chart, props)
	})
}

// adopted returns p with Secrets of chart in place of those of another.
func adopted(chart cdk8s.Chart, p django.Project) django.Project {
	if p.Secret != nil {
		p.Secret = environment(chart, p.Secret.Name())
	}
	if p.Database != nil {
		connection := p.Database.Connection()
		connection.Secret = environment(chart, connection.Secret.Name())
		p.Database = connection
	}
	if connection, ok := p.Broker.(broker.Connection); ok {
		connection.Secret = holding(chart, "shop-broker", connection.Secret.Keys()...)
		p.Broker = connection
	}
	if store, ok := p.Media.(django.ObjectStore); ok {
		store.Secret = holding(chart, "shop-media", store.Secret.Keys()...)
		p.Media = store
	}
	return p
}

// Two sites of one project run one image on one database, which one migration
// changes. They differ in name, hosts and settings.
func TestTwoSitesOfOneProject(t *testing.T) {
	cdktest.Golden(t, "web/two sites of one project with one migration", func(chart cdk8s.Chart) {
		env := environment(chart, "django-env-secret")
		project := django.Project{
			Image:             "shop:1",
			Hosts:             []string{"shop.example.com"},
			HTTPS:             true,
			Database:          postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env}),
			Env:               map[string]string{"DJANGO_SETTINGS_MODULE": "shop.settings"},
			WaitForMigrations: true,
		}
		django.NewWeb(chart, "shop", django.WebProps{Project: project, StaticRoot: "/app/static"})
		django.NewWeb(chart, "admin", django.WebProps{
			Project: project, Name: "django-admin", Hosts: []string{"admin.example.com"},
			Env: map[string]string{"DJANGO_SETTINGS_MODULE": "shop.settings.admin"}, Port: 8080,
		})
		django.NewMigration(chart, "migration", django.MigrationProps{Project: project})
	})
}

// The probes must look like a visitor: the same host that Django allows, and
// the scheme that it insists on.
func TestProbesUseAnAllowedHost(t *testing.T) {
	for name, props := range map[string]django.WebProps{
		"no host":    {},
		"one host":   {Project: django.Project{Hosts: []string{"www.example.com"}}},
		"subdomains": {Project: django.Project{Hosts: []string{".example.com"}, HTTPS: true}},
	} {
		t.Run(name, func(t *testing.T) {
			got := cdktest.Render(t, func(chart cdk8s.Chart) { web(chart, props) })
			_, hosts, _ := strings.Cut(got, "name: ALLOWED_HOSTS\n              value: ")
			first := strings.TrimPrefix(hosts[:strings.IndexAny(hosts, ",\n")], ".")
			if n := strings.Count(got, "- name: Host\n                  value: "+first+"\n"); n != 3 {
				t.Errorf("%d of 3 probes name %q, the first of ALLOWED_HOSTS\n%s", n, first, got)
			}
			want := 0
			if props.Project.HTTPS {
				want = 3
			}
			if n := strings.Count(got, "- name: X-Forwarded-Proto\n                  value: https\n"); n != want {
				t.Errorf("%d probes say X-Forwarded-Proto: https, want %d", n, want)
			}
		})
	}
}

func TestDatabaseURLHoldsNoCredential(t *testing.T) {
	got := cdktest.Render(t, func(chart cdk8s.Chart) { web(chart, django.WebProps{}) })
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
			Project: django.Project{
				Image:    "shop:1",
				Hosts:    []string{"www.example.com"},
				Database: postgres.Connection{Host: "db.example.com", Secret: environment(chart, "env")},
			},
		})
		site.Hosts()[0] = "changed"
		if got := site.Hosts()[0]; got != "www.example.com" {
			t.Errorf("Hosts()[0] = %q after a caller changed its copy", got)
		}
	})
}

// A chart without a namespace is applied into whichever one kubectl is set to.
func TestChartWithoutNamespace(t *testing.T) {
	problems := cdktest.ProblemsApp(t, func(app cdk8s.App) {
		chart := cdk8s.NewChart(app, new("shop"), nil)
		env := environment(chart, "env")
		db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
		if got := db.Connection().Host; got != "postgres" {
			t.Errorf("Host = %q, want the short name of the Service", got)
		}
		web(chart, django.WebProps{Project: django.Project{Database: db}})
	})
	if problems != nil {
		t.Error(problems)
	}
}

func TestPartOfAChartWithoutNamespaceIsItsID(t *testing.T) {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), nil)
	web(chart, django.WebProps{})
	if got := *cdk8s.Yaml_Stringify(*cdk8s.Testing_Synth(chart)...); strings.Count(got, "app.kubernetes.io/part-of: shop\n") != 3 {
		t.Errorf("the objects and pods are not part of shop:\n%s", got)
	}
}

// An object's name and selector say what it is on the cluster, wherever its
// construct stands.
func TestMovingAConstructChangesNothing(t *testing.T) {
	props := django.WebProps{Project: django.Project{Image: "shop:1"}}
	before := cdktest.Render(t, func(chart cdk8s.Chart) {
		props.Project.Database = postgres.Connection{Host: "db.example.com", Secret: environment(chart, "env")}
		django.NewWeb(chart, "web", props)
	})
	after := cdktest.Render(t, func(chart cdk8s.Chart) {
		props.Project.Database = postgres.Connection{Host: "db.example.com", Secret: environment(chart, "elsewhere")}
		props.Project.Database = postgres.Connection{Host: "db.example.com", Secret: environment(chart, "env")}
		parent := django.NewWeb(chart, "parent", django.WebProps{Project: django.Project{Name: "parent", Image: "shop:1", Database: props.Project.Database}})
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
		Project: django.Project{
			Image:    "example/shop:1.2.3",
			Hosts:    []string{"shop.example.com"},
			HTTPS:    true,
			Database: postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env}),
		},
		Replicas: new(3),
	})
	fmt.Println(web.Name(), web.Port())
	// Output: django 8000
}
