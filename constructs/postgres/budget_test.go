package postgres_test

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
)

// A budget that is used up to the last connection is one that works.
func TestBudgetsThatFit(t *testing.T) {
	for name, build := range map[string]cdktest.Build{
		"default limit":         withParameters(nil, site, postgres.Client{Name: "worker", Connections: 48}),
		"given limit":           withParameters(map[string]string{"max_connections": "112"}, site, worker),
		"every reserve":         withParameters(map[string]string{"max_connections": "61", "reserved_connections": "9"}, site),
		"no superuser":          withParameters(map[string]string{"max_connections": "49", "superuser_reserved_connections": "0"}, site),
		"as many as PostgreSQL": withParameters(map[string]string{"max_connections": "262143"}, postgres.Client{Connections: 262133}),
		"stopped client":        withParameters(map[string]string{"max_connections": "10"}, postgres.Client{Name: "django"}),
	} {
		t.Run(name, func(t *testing.T) {
			if problems := cdktest.Problems(t, build); problems != nil {
				t.Error(problems)
			}
		})
	}
}

func TestMaxConnections(t *testing.T) {
	for value, want := range map[string]int{"": 100, "200": 200, "lots": 100, "0": 100} {
		cdktest.Problems(t, func(chart cdk8s.Chart) {
			props := postgres.DatabaseProps{Secret: credentials(chart)}
			if value != "" {
				props.Parameters = map[string]string{"Max_Connections": value}
			}
			if got := postgres.NewDatabase(chart, "database", props).MaxConnections(); got != want {
				t.Errorf("max_connections %q: MaxConnections() = %d, want %d", value, got, want)
			}
		})
	}
}

// What a client is told leads back to the database, until it is changed to
// lead elsewhere.
func TestConnectionsLeadToTheirDatabase(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(c *postgres.Connection)
		own    bool
		host   string
		port   int
	}{
		"as it is":       {func(*postgres.Connection) {}, true, "", 5432},
		"other database": {func(c *postgres.Connection) { c.Name, c.Port = "reports", 0 }, true, "", 5432},
		"pooler":         {func(c *postgres.Connection) { c.Host = "pooler" }, false, "pooler", 5432},
		"other port":     {func(c *postgres.Connection) { c.Port = 6432 }, false, "postgres.test.svc.cluster.local", 6432},
	} {
		t.Run(name, func(t *testing.T) {
			problems := cdktest.Problems(t, func(chart cdk8s.Chart) {
				connection := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: credentials(chart)}).Connection()
				tc.change(&connection)
				connection.AddClient(postgres.Client{Name: "django", Connections: 91})
				got := connection.Destination()
				if got.Host != tc.host || got.Port != tc.port {
					t.Errorf("Destination() = %+v, want host %q, port %d", got, tc.host, tc.port)
				}
				pods, namespace := map[string]string(nil), ""
				if tc.own {
					pods, namespace = map[string]string{"app": "postgres"}, "test"
				}
				if !maps.Equal(got.Pods, pods) || got.Namespace != namespace {
					t.Errorf("Destination() = %+v, want pods %v in %q", got, pods, namespace)
				}
			})
			if refused := len(problems) == 1; refused != tc.own {
				t.Errorf("counted as a client of the database: %v, want %v", refused, tc.own)
			}
		})
	}
}

func TestConnectionElsewhere(t *testing.T) {
	connection := postgres.Connection{Host: "db.example.com"}
	connection.AddClient(postgres.Client{Name: "django", Connections: 1000})
	if got := connection.Destination(); got.Host != "db.example.com" || got.Port != 5432 || got.Pods != nil || got.Namespace != "" {
		t.Errorf("Destination() = %+v", got)
	}
}

// The line in the documentation is the one that synthesis reports.
func TestDocsShowTheSum(t *testing.T) {
	docs, err := os.ReadFile("../../docs/database.md")
	if err != nil {
		t.Fatal(err)
	}
	got := cdktest.Problems(t, func(chart cdk8s.Chart) {
		env := secret.New(chart, "secret", secret.Props{
			Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY", "CELERY_BROKER_URL"),
		})
		web := django.NewWeb(chart, "web", django.WebProps{
			Image:       "example/shop:1.2.3",
			Database:    postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env}),
			Broker:      broker.Connection{Secret: env},
			Gunicorn:    django.Gunicorn{Workers: 3, Threads: 2},
			Autoscaling: django.Autoscaling{MaxReplicas: 6},
		})
		django.NewWorker(chart, "worker", django.WorkerProps{Web: web, App: "shop", Concurrency: 3, Replicas: new(12)})
	})
	_, line, _ := strings.Cut(strings.Join(got, ""), ": ")
	if !strings.Contains(strings.Join(strings.Fields(string(docs)), " "), "database: "+line) || line == "" {
		t.Errorf("docs/database.md lacks\n%s", line)
	}
}

func ExampleDatabase_AddClient() {
	app := cdk8s.NewApp(nil)
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{
		Secret:     credentials(chart),
		Parameters: map[string]string{"max_connections": "50"},
	})
	db.AddClient(postgres.Client{Name: "reports", Connections: 48, Why: "4 pods x 12 threads"})
	for _, problem := range *db.Node().Validate() {
		fmt.Println(strings.Replace(*problem, " reserve", "\nreserve", 1))
	}
	// Output:
	// Parameters[max_connections]: 50: must be at least 58: reports [4 pods x 12 threads = 48] +
	// reserve [3 superuser_reserved_connections + 7 for the probe, the exporter and psql = 10]
}
