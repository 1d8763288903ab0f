package postgres_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

// credentials adds a Secret with all that a database asks for.
func credentials(chart cdk8s.Chart) *secret.Secret {
	return secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"),
	})
}

func database(chart cdk8s.Chart, props postgres.DatabaseProps) {
	props.Secret = credentials(chart)
	postgres.NewDatabase(chart, "database", props)
}

func TestDatabase(t *testing.T) {
	for name, props := range map[string]postgres.DatabaseProps{
		"minimal":                         {},
		"full":                            full,
		"alpine image runs as its user":   {Image: "postgres:16-alpine3.20"},
		"postgres 18 mounts higher":       {Image: "postgres:18"},
		"image by digest with its major":  {Image: "postgres@sha256:" + strings.Repeat("a", 64), Major: 17},
		"floating image is always pulled": {Image: "registry.example.com/postgres:latest", Major: 16},
		"exporter":                        {Exporter: postgres.Exporter{Image: exporter}},
		"small limit lowers the rest":     {Resources: pod.Resources{Limits: pod.Quantities{CPU: "250m", Memory: "256Mi"}}},
	} {
		t.Run(name, func(t *testing.T) {
			cdktest.Golden(t, "database/"+name, func(chart cdk8s.Chart) { database(chart, props) })
		})
	}
}

const exporter = "quay.io/prometheuscommunity/postgres-exporter:v0.17.1"

var full = postgres.DatabaseProps{
	Name:         "orders",
	Image:        "registry.example.com/orders-db:17.2",
	Major:        18,
	Storage:      "1536Mi",
	StorageClass: "fast",
	ClaimName:    "shop-data",
	Resources: pod.Resources{
		Requests: pod.Quantities{CPU: "1", Memory: "2Gi"},
		Limits:   pod.Quantities{CPU: "2", Memory: "4Gi"},
	},
	SharedMemory: "384Mi",
	Parameters:   map[string]string{"max_connections": "200", "auto_explain.log_min_duration": "1s"},
	Exporter: postgres.Exporter{
		Image: exporter,
		Resources: pod.Resources{
			Requests: pod.Quantities{CPU: "20m", Memory: "48Mi"},
			Limits:   pod.Quantities{CPU: "100m", Memory: "96Mi"},
		},
	},
	Pod:       pod.Template{PriorityClassName: "business-critical"},
	Service:   pod.Service{Annotations: map[string]string{"example.com/team": "shop"}},
	RunAsUser: 1234,

	ImagePullSecrets: []string{"registry", "mirror"},
}

func TestEveryFieldReachesTheManifest(t *testing.T) {
	other := full
	other.Secret = secret.New(cdk8s.NewChart(cdk8s.NewApp(nil), new("aside"), nil), "secret", secret.Props{
		Name:   "orders-env",
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"),
	})
	minimal := postgres.DatabaseProps{Image: "example/database:17"}
	cdktest.EveryField(t, minimal, other, func(chart cdk8s.Chart, props postgres.DatabaseProps) {
		if props.Secret == nil {
			props.Secret = credentials(chart)
		} else {
			props.Secret = secret.New(chart, "other", secret.Props{Name: props.Secret.Name(), Source: secret.Existing(props.Secret.Keys()...)})
		}
		postgres.NewDatabase(chart, "database", props)
	})
}

// The facts that follow from an image's tag; the layout of the official image.
func TestImageLayout(t *testing.T) {
	for image, want := range map[string]struct {
		mount, data string
		user        int
	}{
		"postgres:15":                                   {"/var/lib/postgresql/data", "/var/lib/postgresql/data/pgdata", 999},
		"postgres:15.18-bookworm":                       {"/var/lib/postgresql/data", "/var/lib/postgresql/data/pgdata", 999},
		"postgres:17-alpine":                            {"/var/lib/postgresql/data", "/var/lib/postgresql/data/pgdata", 70},
		"postgres:18":                                   {"/var/lib/postgresql", "/var/lib/postgresql/18/docker", 999},
		"postgres:18.1-alpine3.22":                      {"/var/lib/postgresql", "/var/lib/postgresql/18/docker", 70},
		"registry.example.com:5000/postgres:16":         {"/var/lib/postgresql/data", "/var/lib/postgresql/data/pgdata", 999},
		"postgis/postgis:17-3.5":                        {"/var/lib/postgresql/data", "/var/lib/postgresql/data/pgdata", 999},
		"postgis/postgis:18-3.6-alpine":                 {"/var/lib/postgresql", "/var/lib/postgresql/18/docker", 70},
		"pgvector/pgvector:pg18":                        {"/var/lib/postgresql", "/var/lib/postgresql/18/docker", 999},
		"timescale/timescaledb:2.17-pg17":               {"/var/lib/postgresql/data", "/var/lib/postgresql/data/pgdata", 999},
		"postgres:17@sha256:" + strings.Repeat("0", 64): {"/var/lib/postgresql/data", "/var/lib/postgresql/data/pgdata", 999},
	} {
		t.Run(image, func(t *testing.T) {
			got := cdktest.Render(t, func(chart cdk8s.Chart) { database(chart, postgres.DatabaseProps{Image: image}) })
			for _, line := range []string{
				"- mountPath: " + want.mount + "\n              name: data\n",
				"- name: PGDATA\n              value: " + want.data + "\n",
				fmt.Sprintf("runAsUser: %d\n", want.user),
				fmt.Sprintf("fsGroup: %d\n", want.user),
			} {
				if !strings.Contains(got, line) {
					t.Errorf("the manifest lacks %q", line)
				}
			}
		})
	}
}

// Two servers on one volume corrupt it; no props may lead there.
func TestThereIsOneWriter(t *testing.T) {
	got := cdktest.Render(t, func(chart cdk8s.Chart) { database(chart, full) })
	for _, line := range []string{"  replicas: 1\n", "  strategy:\n    type: Recreate\n", "    - ReadWriteOnce\n"} {
		if !strings.Contains(got, line) {
			t.Errorf("the manifest lacks %q", line)
		}
	}
}

func ExampleNewDatabase() {
	app := cdk8s.NewApp(nil)
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"),
	})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{
		Image:   "postgres:17-bookworm",
		Storage: "20Gi",
		Secret:  env,
	})
	fmt.Println(db.Connection().Host, db.Connection().Port)
	// Output: postgres.shop.svc 5432
}

func ExampleConnection() {
	app := cdk8s.NewApp(nil)
	chart := cdk8s.NewChart(app, new("shop"), nil)
	managed := postgres.Connection{
		Host:        "db.example.com",
		Name:        "shop",
		Secret:      secret.New(chart, "secret", secret.Props{Name: "managed-db", Source: secret.Existing("username", "password")}),
		UserKey:     "username",
		PasswordKey: "password",
	}
	fmt.Println(len(managed.Validate()))
	managed.PasswordKey = "pass"
	for _, problem := range managed.Validate() {
		fmt.Println(problem.Field, problem.BadValue, problem.Detail)
	}
	// Output:
	// 0
	// PasswordKey pass is not a key of Secret "managed-db", which holds password, username
}

// What somebody makes without NewDatabase has nothing to say, and says it.
func TestMethodsOfNoDatabase(t *testing.T) {
	for name, db := range map[string]*postgres.Database{"nil": nil, "zero value": {}} {
		port, _ := db.Metrics()
		if db.Name() != "" || port != 0 || db.MaxConnections() != postgres.DefaultMaxConnections || db.Flows() != nil ||
			db.ExternalReferences() != nil || db.Connection() != (postgres.Connection{}).WithDefaults() {
			t.Errorf("%s: %+v", name, db)
		}
		_, _, _, _, _ = db.Claim(), db.Deployment(), db.Service(), db.Selector(), db.PortName(postgres.DefaultPort)
	}
}

// Names and amounts that the server takes.
func TestParameters(t *testing.T) {
	for name, props := range map[string]postgres.DatabaseProps{
		"any case":           {Parameters: map[string]string{"TimeZone": "UTC", "WORK_MEM": "16MB", "shared_buffers": "25600"}},
		"of an extension":    {Parameters: map[string]string{"pg_stat_statements.max": "5000"}},
		"follows":            {Parameters: map[string]string{"wal_buffers": "-1", "autovacuum_work_mem": "-1"}},
		"old name":           {Parameters: map[string]string{"sort_mem": "8MB"}},
		"of a version":       {Image: "postgres:18", Parameters: map[string]string{"io_method": "worker"}},
		"of a version ahead": {Image: "a/db:x", Major: 19, Parameters: map[string]string{"something_new": "on"}},
	} {
		props.Secret = secret.New(cdk8s.NewChart(cdk8s.NewApp(nil), new("aside"), nil), "secret", secret.Props{
			Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"),
		})
		if problems := props.Validate(); len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}
