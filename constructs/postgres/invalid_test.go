package postgres_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
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
		`test/database: Flows[beat].To.Connections: -1: must not be negative`,
	},
	"budget: line break": {
		withParameters(nil, client{Name: "beat", Connections: 1, Formula: "1\n2"}),
		`test/database: Flows[beat].To.Formula: "1\n2": must not contain a line break`,
	},
	"budget: line break in a name": {
		withParameters(nil, client{Name: "be\nat", Connections: 1}),
		`test/database: Flows.Name: "be\nat": must not contain a line break`,
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
	"priority class: spaces":   {withDatabase(postgres.DatabaseProps{Pod: pod.Template{PriorityClassName: "very high"}}), `test/database: Pod.PriorityClassName: "very high": must be 1 to 253 lower-case`},
	"priority class: capitals": {withDatabase(postgres.DatabaseProps{Pod: pod.Template{PriorityClassName: "High"}}), `test/database: Pod.PriorityClassName: "High": must be 1 to 253 lower-case`},
	"parameter: unknown": {
		withParameters(map[string]string{"max_conections": "200"}),
		`test/database: Parameters[max_conections]: "max_conections": must be a setting that PostgreSQL 17 takes at its ` +
			`start, or one of an extension, with a dot in its name`,
	},
	"parameter: fixed when the server was built": {
		withParameters(map[string]string{"block_size": "8192"}),
		`test/database: Parameters[block_size]: "block_size": must be a setting that PostgreSQL 17 takes`,
	},
	"parameter: of a newer version": {
		withParameters(map[string]string{"IO_Method": "worker"}),
		`Parameters[IO_Method]: "worker": must not be given: PostgreSQL 17 does not know it, 18 is the first that does`,
	},
	"parameter: of an older version": {
		withParameters(map[string]string{"promote_trigger_file": "promote"}),
		`"promote": must not be given: PostgreSQL 17 does not know it, 15 is the last that does`,
	},
	"parameter: gone before a version that is not known here": {
		withDatabase(postgres.DatabaseProps{
			Image: "example/db:next", Major: 21, Parameters: map[string]string{"db_user_namespace": "on"},
		}),
		`"on": must not be given: PostgreSQL 21 does not know it, 16 is the last that does`,
	},
	"memory: unit of Kubernetes": {
		withParameters(map[string]string{"shared_buffers": "256Mi"}),
		`test/database: Parameters[shared_buffers]: "256Mi": must be an amount of memory such as 64MB, in B, kB, MB, GB or TB`,
	},
	"memory: unit in lower case": {
		withParameters(map[string]string{"work_mem": "8mb"}),
		`test/database: Parameters[work_mem]: "8mb": must be an amount of memory`,
	},
	"memory: negative": {
		withParameters(map[string]string{"work_mem": "-1"}),
		`test/database: Parameters[work_mem]: "-1": must be an amount of memory`,
	},
	"memory: as much as there is": {
		withParameters(map[string]string{"Shared_Buffers": "1GB"}),
		`test/database: Parameters[Shared_Buffers]: "1GB": must be below the memory limit 1Gi`,
	},
	"memory: more pages than there are": {
		withParameters(map[string]string{"shared_buffers": "131072"}),
		`test/database: Parameters[shared_buffers]: "131072": must be below the memory limit 1Gi`,
	},
	"image: Bitnami without a major version": {
		withDatabase(postgres.DatabaseProps{Image: "docker.io/bitnamilegacy/postgresql:latest"}),
		`Image: "docker.io/bitnamilegacy/postgresql:latest": must be the official image or one built on it`,
	},
	"image: Bitnami, mistyped": {
		withDatabase(postgres.DatabaseProps{Image: "bitnami/postgresql:"}),
		`test/database: Image: "bitnami/postgresql:": must be an image reference`,
	},
	"major: neither known nor that of the tag": {
		withDatabase(postgres.DatabaseProps{
			Image: "postgres:17", Major: 9, Parameters: map[string]string{"archive_library": "basic_archive"},
		}),
		`test/database: Major: 9: must be between 14 and 99`,
	},
	"secret: a zero value": {
		func(chart cdk8s.Chart) {
			postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: &secret.Secret{}})
		},
		`test/database: Secret: "": must be made by secret.New: the Secret that holds the credentials`,
	},
	"exporter: its container's name": {
		withDatabase(postgres.DatabaseProps{
			Exporter: postgres.Exporter{Image: exporter},
			Pod:      pod.Template{InitContainers: []corev1.Container{sidecar("exporter")}},
		}),
		`test/database: Pod.InitContainers[0].Name: "exporter": must be another name: the construct has a container of that name`,
	},
}

func sidecar(name string) corev1.Container {
	return corev1.Container{Name: name, Image: "sidecar:1", Resources: corev1.ResourceRequirements{
		Requests: corev1.ResourceList{"cpu": resource.MustParse("10m"), "memory": resource.MustParse("16Mi")},
		Limits:   corev1.ResourceList{"cpu": resource.MustParse("10m"), "memory": resource.MustParse("16Mi")},
	}}
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
