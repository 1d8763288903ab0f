package postgres_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
)

func withDatabase(props postgres.DatabaseProps, clients ...client) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		props.Secret = credentials(chart)
		db := postgres.NewDatabase(chart, "database", props)
		newClients(chart, db.Connection(), clients...)
	}
}

// client is a workload that opens connections.
type client struct {
	Name, Formula string
	Connections   int
}

// workload is a construct of an importing project that takes part in the budget.
type workload struct {
	constructs.Construct

	flow network.Flow
}

func (w *workload) Flows() []network.Flow { return []network.Flow{w.flow} }

// newClients adds workloads that connect to the server of connection.
func newClients(chart cdk8s.Chart, connection postgres.Connection, clients ...client) {
	for i, c := range clients {
		to := connection.Endpoint()
		to.Connections, to.Formula = c.Connections, c.Formula
		w := &workload{flow: network.Flow{Name: c.Name, Pods: map[string]string{"app": c.Name}, To: []network.Endpoint{to}}}
		constructs.NewConstruct_Override(w, chart, new(fmt.Sprintf("client-%d", i)))
	}
}

func withParameters(parameters map[string]string, clients ...client) cdktest.Build {
	return withDatabase(postgres.DatabaseProps{Image: "postgres:17", Parameters: parameters}, clients...)
}

func withExporter(x postgres.Exporter) cdktest.Build {
	return withDatabase(postgres.DatabaseProps{Exporter: x})
}

var (
	site   = client{Name: "django", Connections: 42, Formula: "(6+1 pods) x 3 workers x 2 threads"}
	worker = client{Name: "django-worker", Connections: 60, Formula: "15 pods x 4 processes"}
)

// endless is as much as pods, workers and threads can come to.
var endless = client{Name: "django", Connections: math.MaxInt, Formula: "too many"}

// wrong are one mistake each, with the one line that it must give.
var wrong = map[string]struct {
	build cdktest.Build
	line  string
}{
	"longer name than a label": {
		withDatabase(postgres.DatabaseProps{Name: strings.Repeat("d", 64)}),
		`must be at most 59 characters, because the claim's name is made of it`,
	},
	"budget: one client": {
		withParameters(nil, client{Name: "django", Connections: 91}),
		`test/database: Parameters[max_connections]: 100: must be at least 101: django [91] + reserve [3 superuser_reserved_connections + 7 for the probe, the exporter and psql = 10]`,
	},
	"budget: two clients": {
		withParameters(nil, site, worker),
		`test/database: Parameters[max_connections]: 100: must be at least 112: django [(6+1 pods) x 3 workers x 2 threads = 42] + django-worker [15 pods x 4 processes = 60] + reserve [`,
	},
	"budget: given limit in capitals": {
		withParameters(map[string]string{"MAX_Connections": "51"}, site),
		`test/database: Parameters[MAX_Connections]: 51: must be at least 52: django [`,
	},
	"budget: larger reserve": {
		withParameters(map[string]string{"superuser_reserved_connections": "50", "RESERVED_CONNECTIONS": "2"}, site),
		`Parameters[max_connections]: 100: must be at least 101: django [(6+1 pods) x 3 workers x 2 threads = 42] + reserve [50 superuser_reserved_connections + 2 reserved_connections + 7 for the probe`,
	},
	"budget: no superuser": {
		withParameters(map[string]string{"superuser_reserved_connections": "0", "max_connections": "48"}, site),
		`Parameters[max_connections]: 48: must be at least 49: django [(6+1 pods) x 3 workers x 2 threads = 42] + reserve [7 for the probe, the exporter and psql = 7]`,
	},
	"budget: nothing left for the reserve": {
		withParameters(map[string]string{"max_connections": "9"}),
		`test/database: Parameters[max_connections]: 9: must be at least 10: reserve [3 superuser_reserved_connections + 7`,
	},
	"budget: more than PostgreSQL takes": {
		withParameters(nil, client{Name: "django", Connections: math.MaxInt32 * 6, Formula: "2147483647 pods x 6 threads"}),
		`Parameters[max_connections]: 100: must be at least 12884901892, and PostgreSQL takes at most 262143, so the clients must open fewer: django [2147483647 pods x 6 threads = 12884901882] + `,
	},
	"budget: more than a number holds": {
		withParameters(nil, endless, site, endless),
		`Parameters[max_connections]: 100: must be at least 9223372036854775807, and PostgreSQL takes at most 262143`,
	},
	"budget: negative client": {
		withParameters(nil, site, client{Name: "beat", Connections: -1}),
		`test/database: Flow[beat].Connections: -1: must not be negative`,
	},
	"budget: line break": {
		withParameters(nil, client{Name: "beat", Connections: 1, Formula: "1\n2"}),
		`test/database: Flow[beat]: "1\n2": must not contain a line break`,
	},
	"budget: client of another chart": {
		func(chart cdk8s.Chart) {
			db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: credentials(chart)})
			elsewhere := cdk8s.NewChart(chart, new("elsewhere"), &cdk8s.ChartProps{Namespace: new("elsewhere")})
			connection := db.Connection()
			connection.Secret = credentials(elsewhere)
			newClients(elsewhere, connection, client{Name: "reports", Connections: 95})
		},
		`test/database: Parameters[max_connections]: 100: must be at least 105: reports [95] + reserve [`,
	},
	"limit: a word":             {withParameters(map[string]string{"max_connections": "lots"}, site), `test/database: Parameters[max_connections]: "lots": must be a whole number between 1 and 262143`},
	"limit: empty":              {withParameters(map[string]string{"max_connections": ""}), `test/database: Parameters[max_connections]: "": must be a whole number`},
	"limit: a control":          {withParameters(map[string]string{"max_connections": "1\x00"}), `test/database: Parameters[max_connections]: "1\x00": must be a whole number`},
	"limit: zero":               {withParameters(map[string]string{"max_connections": "0"}), `test/database: Parameters[max_connections]: "0": must be a whole number between 1 and 262143`},
	"limit: negative":           {withParameters(map[string]string{"max_connections": "-5"}), `test/database: Parameters[max_connections]: "-5": must be a whole number between 1`},
	"limit: octal":              {withParameters(map[string]string{"max_connections": "0200"}), `test/database: Parameters[max_connections]: "0200": must be a whole number between 1 and 262143, without leading zeros`},
	"limit: too high":           {withParameters(map[string]string{"MAX_CONNECTIONS": "262144"}), `test/database: Parameters[MAX_CONNECTIONS]: "262144": must be a whole number between 1 and 262143`},
	"limit: a word in reserve":  {withParameters(map[string]string{"max_connections": "lots", "superuser_reserved_connections": "100"}), `test/database: Parameters[max_connections]: "lots": must be a whole number`},
	"limit: an exponent":        {withParameters(map[string]string{"max_connections": "1e2"}), `test/database: Parameters[max_connections]: "1e2": must be a whole number`},
	"reserve: negative":         {withParameters(map[string]string{"superuser_reserved_connections": "-1"}), `test/database: Parameters[superuser_reserved_connections]: "-1": must be a whole number between 0 and 262143`},
	"reserve: a word":           {withParameters(map[string]string{"reserved_connections": "few"}), `test/database: Parameters[reserved_connections]: "few": must be a whole number between 0 and 262143`},
	"reserve: as many as there": {withParameters(map[string]string{"max_connections": "3"}), `test/database: Parameters[max_connections]: 3: must be above superuser_reserved_connections + reserved_connections = 3 + 0 = 3, or the server does not start`},
	"reserve: more than there": {
		withParameters(map[string]string{"superuser_reserved_connections": "60", "reserved_connections": "60"}, site),
		`test/database: Parameters[max_connections]: 100: must be above superuser_reserved_connections + reserved_connections = 60 + 60 = 120`,
	},
	"reserve: before PostgreSQL 16": {
		withDatabase(postgres.DatabaseProps{Parameters: map[string]string{"reserved_connections": "5"}}),
		`test/database: Parameters[reserved_connections]: "5": must not be given: PostgreSQL 15 does not know it, 16 is the first that does`,
	},
	"exporter: image":          {withExporter(postgres.Exporter{Image: "Exporter:1"}), `test/database: Exporter.Image: "Exporter:1": must be an image reference`},
	"exporter: tag":            {withExporter(postgres.Exporter{Image: "exporter:"}), `test/database: Exporter.Image: "exporter:": must be an image reference`},
	"exporter: URL":            {withExporter(postgres.Exporter{Image: "https://quay.io/exporter"}), `test/database: Exporter.Image: "https://quay.io/exporter": must be an image reference`},
	"exporter: no image":       {withExporter(postgres.Exporter{Resources: pod.Resources{Limits: pod.Quantities{CPU: "1"}}}), `test/database: Exporter.Image: "": is required: the container image`},
	"exporter: cpu":            {withExporter(postgres.Exporter{Image: exporter, Resources: pod.Resources{Limits: pod.Quantities{CPU: "fast"}}}), `test/database: Exporter.Resources.Limits.CPU: "fast": must be a positive Kubernetes quantity`},
	"exporter: memory":         {withExporter(postgres.Exporter{Image: exporter, Resources: pod.Resources{Requests: pod.Quantities{Memory: "64m"}}}), `test/database: Exporter.Resources.Requests.Memory: "64m": must be a whole number of bytes`},
	"exporter: above limit":    {withExporter(postgres.Exporter{Image: exporter, Resources: pod.Resources{Requests: pod.Quantities{CPU: "2"}, Limits: pod.Quantities{CPU: "1"}}}), `test/database: Exporter.Resources.Requests.CPU: "2": must not be above its limit 1`},
	"image: Bitnami":           {withDatabase(postgres.DatabaseProps{Image: "bitnami/postgresql:17"}), `test/database: Image: "bitnami/postgresql:17": must be the official image or one built on it`},
	"service: type":            {withDatabase(postgres.DatabaseProps{Service: pod.Service{Type: "ExternalName"}}), `test/database: Service.Type: "ExternalName": must be one of`},
	"volume: of the server":    {withDatabase(postgres.DatabaseProps{Pod: pod.Template{Volumes: []pod.Volume{{MountPath: "/tmp", EmptyDir: "1Mi"}}}}), `test/database: Pod.Volumes[0].MountPath: "/tmp": must be another path`},
	"container: of the server": {withDatabase(postgres.DatabaseProps{Pod: pod.Template{Containers: []corev1.Container{{Name: "postgres", Image: "a:1"}}}}), `test/database: Pod.Containers[0].Name: "postgres": must be another`},
	"priority class: spaces":   {withDatabase(postgres.DatabaseProps{Pod: pod.Template{PriorityClassName: "very high"}}), `test/database: Pod.PriorityClassName: "very high": must be 1 to 253 lower-case`},
	"priority class: capitals": {withDatabase(postgres.DatabaseProps{Pod: pod.Template{PriorityClassName: "High"}}), `test/database: Pod.PriorityClassName: "High": must be 1 to 253 lower-case`},
}

func TestWrongValues(t *testing.T) {
	for name, tc := range wrong {
		t.Run(name, func(t *testing.T) {
			got := cdktest.Problems(t, tc.build)
			if len(got) != 1 || !strings.Contains(got[0], tc.line) || strings.Contains(got[0], "\n") {
				t.Errorf("problems:\n%s\nwant one line with\n%s", strings.Join(got, "\n"), tc.line)
			}
		})
	}
}
