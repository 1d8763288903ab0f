package network_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/synth"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

// reports is a construct of an importing project, whose objects are left out.
type reports struct {
	constructs.Construct

	database postgres.Connector
}

func newReports(scope constructs.Construct, id string, database postgres.Connector) {
	constructs.NewConstruct_Override(&reports{database: database}, scope, &id)
}

// Flows implements network.Source.
func (r *reports) Flows() []network.Flow {
	server := r.database.Connection().Endpoint()
	server.Connections, server.Formula = 96, "(5+1 pods) x 16 processes"
	return []network.Flow{{
		Name: "reports", Pods: map[string]string{"app": "reports"}, HTTP: 8080, To: []network.Endpoint{server},
	}}
}

func newDatabase(chart cdk8s.Chart) *postgres.Database {
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"),
	})
	return postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
}

// The connection budget of a database counts every construct that declares its
// connections.
func ExampleSource() {
	_, err := synth.Render(os.TempDir(), synth.Environment{Build: func(app cdk8s.App) {
		chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
		newReports(chart, "reports", newDatabase(chart))
	}})
	fmt.Println(err)
	// Output:
	// shop/database: Parameters[max_connections]: 100: must be at least 106: reports [(5+1 pods) x 16 processes = 96] + reserve [3 superuser_reserved_connections + 7 for the probe, the exporter and psql = 10]
}

// An isolation has a policy for every workload that the app declares.
func ExampleSource_isolation() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	closed := isolation.New(chart, "isolation", isolation.Props{})
	newReports(chart, "reports", newDatabase(chart))
	fmt.Println(closed.Workloads())
	// Output: [postgres reports]
}

func ExampleServiceOf() {
	for _, host := range []string{"postgres.shop.svc", "postgres.shop.svc.cluster.local", "postgres", "db.example.com"} {
		name, namespace, certain := network.ServiceOf(host)
		fmt.Printf("%q %q %v\n", name, namespace, certain)
	}
	// Output:
	// "postgres" "shop" true
	// "postgres" "shop" true
	// "postgres" "" false
	// "" "" false
}
