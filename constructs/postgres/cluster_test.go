package postgres_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/cloudnativepg"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/definitions"
)

// aStore adds a Secret with the access key of an object store.
func aStore(chart cdk8s.Chart) *secret.Secret {
	return secret.New(chart, "store", secret.Props{
		Name: "store-key", Source: secret.Existing("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "id", "key"),
	})
}

// newCluster adds a cluster, and the Secrets that its props lack.
func newCluster(chart cdk8s.Chart, props postgres.ClusterProps) *postgres.Cluster {
	if c, ok := props.Import.From.(postgres.Connection); ok {
		c.Secret, c.UserKey, c.NameKey = secret.New(chart, "old", secret.Props{
			Name: "old", Source: secret.Existing("id", "key"),
		}), "id", "id"
		props.Import.From = c
	}
	if props.Backup != (postgres.ClusterBackup{}) && props.Backup.Secret == nil {
		props.Backup.Secret = aStore(chart)
	}
	return postgres.NewCluster(chart, "cluster", props)
}

var (
	backup = postgres.ClusterBackup{Destination: "s3://backups/shop", PluginInstalled: true}
	pooler = postgres.Pooler{Mode: postgres.PoolTransaction}
)

var fullCluster = postgres.ClusterProps{
	Name:         "orders",
	Image:        "registry.example.com/postgresql:17.2-system-bookworm",
	Instances:    2,
	Durability:   postgres.DurabilityRequired,
	Storage:      "50Gi",
	StorageClass: "fast",
	WALStorage:   "10Gi",
	Parameters:   map[string]string{"max_connections": "300", "work_mem": "8MB"},
	Resources: pod.Resources{
		Requests: pod.Quantities{CPU: "2", Memory: "4Gi"}, Limits: pod.Quantities{CPU: "2", Memory: "4Gi"},
	},
	AntiAffinity:      postgres.AntiAffinity{Nodes: postgres.AntiAffinityRequired, Zones: postgres.AntiAffinityRequired},
	NodeSelector:      map[string]string{"disk": "local"},
	Tolerations:       []corev1.Toleration{{Key: "database", Operator: corev1.TolerationOpExists, Effect: "NoSchedule"}},
	PriorityClassName: "business-critical",
	Database:          "shop",
	Owner:             "shop_owner",
	Locale:            "en_US.utf8",
	Import: postgres.Import{
		From: postgres.Connection{Host: "old.example.com", PasswordKey: "key"}, Database: "legacy", User: "reader",
	},
	Backup: postgres.ClusterBackup{
		Destination: "s3://backups/orders", PluginInstalled: true, Endpoint: "http://store.example.com:9000",
		AccessKeyIDKey: "id", SecretAccessKeyKey: "key", Schedule: "30 15 3 * * 0", RetentionDays: 7,
	},
	Pooler: postgres.Pooler{
		Mode: postgres.PoolSession, Instances: 3, PoolSize: 40, MaxClients: 500,
		Parameters: map[string]string{"query_wait_timeout": "30"}, Image: "registry.example.com/pgbouncer:1.24.1",
		Resources: pod.Resources{Limits: pod.Quantities{CPU: "500m", Memory: "256Mi"}},
	},
	PodMonitor:        true,
	PodMonitorLabels:  map[string]string{"release": "prometheus"},
	OperatorNamespace: "databases",
	ImagePullSecrets:  []string{"registry"},
	RunAsUser:         999,
}

func TestCluster(t *testing.T) {
	for name, props := range map[string]postgres.ClusterProps{
		"minimal":                              {},
		"full":                                 fullCluster,
		"two instances prefer a standby":       {Instances: 2},
		"one instance has no standby":          {Instances: 1},
		"no standby is waited for":             {Durability: postgres.DurabilityAsync},
		"backup to Amazon S3":                  {Backup: backup},
		"pooler lends for a transaction":       {Pooler: pooler},
		"monitored by the Prometheus operator": {PodMonitor: true},
	} {
		t.Run(name, func(t *testing.T) {
			cdktest.Golden(t, "cluster/"+name, func(chart cdk8s.Chart) { newCluster(chart, props) })
		})
	}
}

// project is one of every process that has to do with a pooler.
func project(chart cdk8s.Chart, db postgres.Connector) {
	env := secret.New(chart, "env", secret.Props{Source: secret.Existing("SECRET_KEY")})
	p := django.Project{Image: "shop:1", Database: db, Secret: env, WaitForMigrations: true}
	django.NewWeb(chart, "web", django.WebProps{Project: p})
	django.NewMigration(chart, "migration", django.MigrationProps{Project: p})
}

func TestProjectOfACluster(t *testing.T) {
	for name, props := range map[string]postgres.ClusterProps{
		"project connects to the primary":              {},
		"project of a pooler migrates at the primary":  {Pooler: pooler, Backup: backup},
		"project of a pooler that lends for a session": {Pooler: postgres.Pooler{Mode: postgres.PoolSession}},
	} {
		t.Run(name, func(t *testing.T) {
			cdktest.Golden(t, "cluster/"+name, func(chart cdk8s.Chart) {
				project(chart, newCluster(chart, props))
				isolation.New(chart, "isolation", isolation.Props{MetricsFrom: []isolation.Peer{{Namespace: "monitoring"}}})
			})
		})
	}
}

func TestEveryFieldOfAClusterReachesTheManifest(t *testing.T) {
	minimal := postgres.ClusterProps{}
	build := func(chart cdk8s.Chart, props postgres.ClusterProps) {
		if len(props.PodMonitorLabels) > 0 {
			props.PodMonitor = true
		}
		if props.Pooler.Mode != "" {
			props.Parameters = map[string]string{"max_connections": "300"} // More than the budget of either.
		}
		db := newCluster(chart, props)
		project(chart, db)
		isolation.New(chart, "isolation", isolation.Props{})
	}
	full := fullCluster
	full.Durability = postgres.DurabilityPreferred // With three instances.
	t.Run("ClusterProps", func(t *testing.T) { cdktest.EveryField(t, minimal, full, build) })
	cdktest.EveryField(t, pooler, fullCluster.Pooler, func(chart cdk8s.Chart, p postgres.Pooler) {
		build(chart, postgres.ClusterProps{Pooler: p})
	})
}

// The golden file "full" has every field of a backup, but for the Secret, which
// belongs to a chart.
func TestFullBackupHasEveryField(t *testing.T) {
	full := reflect.ValueOf(fullCluster.Backup)
	for i := range full.NumField() {
		if name := full.Type().Field(i).Name; full.Field(i).IsZero() && name != "Secret" {
			t.Errorf("%s is left at its default", name)
		}
	}
}

// The props that move a project from one server to the operator are those of its
// Database.
func TestOneValueMovesAProject(t *testing.T) {
	variables := func(build cdktest.Build) []string {
		var names []string
		for line := range strings.Lines(cdktest.Render(t, build)) {
			if name, ok := strings.CutPrefix(strings.TrimSpace(line), "- name: "); ok && name == strings.ToUpper(name) {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	before := variables(func(chart cdk8s.Chart) {
		project(chart, postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: credentials(chart)}))
	})
	after := variables(func(chart cdk8s.Chart) { project(chart, newCluster(chart, postgres.ClusterProps{})) })
	for _, name := range []string{"POSTGRES_HOST", "POSTGRES_USER", "POSTGRES_PASSWORD", "DATABASE_URL"} {
		if !slices.Contains(after, name) || !slices.Contains(before, name) {
			t.Errorf("%s: before %v, after %v", name, before, after)
		}
	}
}

// Advisory locks belong to a session, which a pooler does not keep: whoever holds
// one connects to the primary.
func TestLocksGoAroundThePooler(t *testing.T) {
	for _, mode := range []postgres.PoolMode{postgres.PoolTransaction, postgres.PoolSession} {
		chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
		db := postgres.NewCluster(chart, "cluster", postgres.ClusterProps{Pooler: postgres.Pooler{Mode: mode}})
		c := db.Connection()
		if c.Host != "postgres-pooler.shop.svc" || c.Direct().Host != "postgres-rw.shop.svc" || c.Direct().PoolMode != "" {
			t.Errorf("%s: %+v, direct %+v", mode, c, c.Direct())
		}
		if problems := c.Validate(); len(problems) > 0 {
			t.Errorf("%s: %v", mode, problems)
		}
	}
}

func TestChangeOfACluster(t *testing.T) {
	got := cdktest.Render(t, func(chart cdk8s.Chart) {
		db := newCluster(chart, postgres.ClusterProps{Pooler: pooler, Backup: backup, PodMonitor: true})
		db.Object().Change(func(c *cloudnativepg.Cluster) { c.Spec.FailoverDelay = 30 })
		db.Object().AddJsonPatch(cdk8s.JsonPatch_Add(new("/spec/enablePDB"), false)) //nolint:forbidigo // The type lacks the field.
		db.Pooler().Change(func(p *cloudnativepg.Pooler) { p.Spec.Template.Spec.PriorityClassName = "high" })
		db.ObjectStore().Change(func(s *cloudnativepg.ObjectStore) { s.Spec.Configuration.WAL.Compression = "zstd" })
		db.ScheduledBackup().Change(func(b *cloudnativepg.ScheduledBackup) { b.Spec.Suspend = new(true) })
		db.PodMonitor().Change(func(m *cloudnativepg.PodMonitor) { m.Spec.PodMetricsEndpoints[0].Port = "other" })
	})
	for _, line := range []string{
		"failoverDelay: 30", "enablePDB: false", "priorityClassName: high", "compression: zstd", "suspend: true", "port: other",
	} {
		if !strings.Contains(got, line) {
			t.Errorf("the manifest lacks %q", line)
		}
	}
	if _, wrong, err := definitions.Check(got, "cnpg.io"); err != nil || len(wrong) > 0 {
		t.Error(wrong)
	}
}

func ExampleNewCluster() {
	app := cdk8s.NewApp(nil)
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "env", secret.Props{Source: secret.Existing("SECRET_KEY")})
	db := postgres.NewCluster(chart, "database", postgres.ClusterProps{
		Storage: "20Gi",
		Pooler:  postgres.Pooler{Mode: postgres.PoolTransaction},
	})
	shop := django.Project{Image: "example/shop:1.2.3", Database: db, Secret: env}
	django.NewWeb(chart, "web", django.WebProps{Project: shop})

	fmt.Println(db.Connection().Host, db.Secret().Name())
	fmt.Println(db.Connection().Direct().Host)
	// Output:
	// postgres-pooler.shop.svc postgres-app
	// postgres-rw.shop.svc
}

// What somebody makes without NewCluster has nothing to say, and says it.
func TestMethodsOfNoCluster(t *testing.T) {
	for name, db := range map[string]*postgres.Cluster{"nil": nil, "zero value": {}} {
		if db.Name() != "" || db.MaxConnections() != postgres.DefaultMaxConnections || db.Flows() != nil ||
			db.ExternalReferences() != nil || !reflect.DeepEqual(db.Connection(), (postgres.Connection{}).WithDefaults()) {
			t.Errorf("%s: %+v", name, db)
		}
		_, _, _, _, _ = db.Object(), db.Pooler(), db.ObjectStore(), db.ScheduledBackup(), db.PodMonitor()
		_, _ = db.Selector(), db.Secret()
	}
}
