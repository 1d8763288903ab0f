package postgres_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
)

// A budget that is used up to the last connection is one that works.
func TestBudgetsThatFit(t *testing.T) {
	for name, build := range map[string]cdktest.Build{
		"default limit":         withParameters(nil, site, client{Name: "worker", Connections: 48}),
		"given limit":           withParameters(map[string]string{"max_connections": "112"}, site, worker),
		"every reserve":         withParameters(map[string]string{"max_connections": "61", "reserved_connections": "9"}, site),
		"no superuser":          withParameters(map[string]string{"max_connections": "49", "superuser_reserved_connections": "0"}, site),
		"as many as PostgreSQL": withParameters(map[string]string{"max_connections": "262143"}, client{Connections: 262133}),
		"stopped client":        withParameters(map[string]string{"max_connections": "10"}, client{Name: "django"}),
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
		"as it is":       {func(*postgres.Connection) {}, true, "postgres.test.svc", 5432},
		"other database": {func(c *postgres.Connection) { c.Name, c.Port = "reports", 0 }, true, "postgres.test.svc", 5432},
		"short name":     {func(c *postgres.Connection) { c.Host = "postgres" }, true, "postgres", 5432},
		"whole name":     {func(c *postgres.Connection) { c.Host += ".example.org" }, true, "postgres.test.svc.example.org", 5432},
		"pooler":         {func(c *postgres.Connection) { c.Host = "pooler" }, false, "pooler", 5432},
		"other port":     {func(c *postgres.Connection) { c.Port = 6432 }, false, "postgres.test.svc", 6432},
	} {
		t.Run(name, func(t *testing.T) {
			problems := cdktest.Problems(t, func(chart cdk8s.Chart) {
				connection := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: credentials(chart)}).Connection()
				tc.change(&connection)
				newClients(chart, connection, client{Name: "django", Connections: 91})
				if got := connection.Endpoint(); got.Host != tc.host || got.Port != tc.port {
					t.Errorf("Endpoint() = %+v, want host %q, port %d", got, tc.host, tc.port)
				}
			})
			if refused := len(problems) == 1; refused != tc.own {
				t.Errorf("counted as a client of the database: %v, want %v", refused, tc.own)
			}
		})
	}
}

// reader counts how often it is asked for its flows.
type reader struct {
	constructs.Construct

	asked int
}

func (r *reader) Flows() []network.Flow { r.asked++; return nil }

// With many databases in one app, the sum of each must not ask every construct
// again.
func TestFlowsAreReadOnceForAllDatabases(t *testing.T) {
	asked := map[int]int{}
	for _, databases := range []int{1, 20} {
		r := &reader{}
		cdktest.Problems(t, func(chart cdk8s.Chart) {
			constructs.NewConstruct_Override(r, chart, new("reader"))
			env := credentials(chart)
			for i := range databases {
				name := fmt.Sprintf("database-%d", i)
				postgres.NewDatabase(chart, name, postgres.DatabaseProps{Name: name, Secret: env})
			}
		})
		asked[databases] = r.asked
	}
	if asked[1] != asked[20] || asked[1] == 0 {
		t.Errorf("asked %d times with one database, %d times with 20", asked[1], asked[20])
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
		shop := django.Project{
			Image:    "example/shop:1.2.3",
			Database: postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env}),
			Broker:   broker.Connection{Secret: env},
		}
		django.NewWeb(chart, "web", django.WebProps{
			Project:     shop,
			Gunicorn:    django.Gunicorn{Workers: 3, Threads: 2},
			Autoscaling: pod.Autoscaling{MaxReplicas: 6},
		})
		django.NewWorker(chart, "worker", django.WorkerProps{Project: shop, App: "shop", Concurrency: 3, Replicas: new(12)})
	})
	_, line, _ := strings.Cut(strings.Join(got, ""), ": ")
	if !strings.Contains(strings.Join(strings.Fields(string(docs)), " "), "database: "+line) || line == "" {
		t.Errorf("docs/database.md lacks\n%s", line)
	}
}
