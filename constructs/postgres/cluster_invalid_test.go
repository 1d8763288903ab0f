package postgres_test

import (
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
)

func withCluster(props postgres.ClusterProps) cdktest.Build {
	return func(chart cdk8s.Chart) { project(chart, newCluster(chart, props)) }
}

func withBackup(change func(b *postgres.ClusterBackup)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		b := backup
		b.Secret = aStore(chart)
		change(&b)
		postgres.NewCluster(chart, "cluster", postgres.ClusterProps{Backup: b})
	}
}

// withIsolated is a cluster whose traffic is read, too.
func withIsolated(props postgres.ClusterProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		project(chart, newCluster(chart, props))
		isolation.New(chart, "isolation", isolation.Props{})
	}
}

// withImport is an isolated cluster that imports from another server.
func withImport(from postgres.Connection) cdktest.Build {
	from.PasswordKey = "key"
	return withIsolated(postgres.ClusterProps{Import: postgres.Import{From: from}})
}

func withPoolerSetting(name, value string) cdktest.Build {
	return withPooler(postgres.Pooler{Mode: postgres.PoolSession, Parameters: map[string]string{name: value}})
}

func withPooler(p postgres.Pooler) cdktest.Build {
	return withCluster(postgres.ClusterProps{Pooler: p})
}

func withSetting(name, value string) cdktest.Build {
	return withCluster(postgres.ClusterProps{Parameters: map[string]string{name: value}})
}

// withPooled is a project of a pooler that somebody else runs.
func withPooled(change func(c *postgres.Connection)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		c := postgres.Connection{
			Host: "pooler.example.com", PoolMode: postgres.PoolTransaction, ServerHost: "db.example.com",
			Secret: secret.New(chart, "db", secret.Props{
				Name: "db", Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"),
			}),
		}
		change(&c)
		project(chart, c)
	}
}

// wrongClusters are one mistake each, with the one line that it must give.
var wrongClusters = map[string]struct {
	build cdktest.Build
	line  string
}{
	"name: longer than the operator takes": {
		withCluster(postgres.ClusterProps{Name: strings.Repeat("d", 51)}),
		`test/cluster: Name: "` + strings.Repeat("d", 51) + `": must be at most 50 characters`,
	},
	"name: upper case": {
		withCluster(postgres.ClusterProps{Name: "Orders"}), `test/cluster: Name: "Orders": must be 1 to 63 lower-case letters`,
	},
	"name: of what is isolated":      {withIsolated(postgres.ClusterProps{Name: "Orders"}), `test/cluster: Name: "Orders": must be 1 to 63`},
	"operator: of what is isolated":  {withIsolated(postgres.ClusterProps{OperatorNamespace: "CNPG"}), `test/cluster: OperatorNamespace: "CNPG": must be 1 to 63`},
	"image: a number":                {withCluster(postgres.ClusterProps{Image: "17"}), `test/cluster: Image: "17": must not look like a number`},
	"import: port":                   {withImport(postgres.Connection{Host: "old.example.com", Port: -1}), `test/cluster: Import.From.Port: -1: must be between 1 and 65535`},
	"import: no address":             {withImport(postgres.Connection{Host: "999.1.1.1"}), `test/cluster: Import.From.Host: "999.1.1.1": must be a host name or an IPv4 address, and is neither`},
	"locale: option":                 {withCluster(postgres.ClusterProps{Locale: "--flag"}), `test/cluster: Locale: "--flag": must be the name of a locale`},
	"locale: command":                {withCluster(postgres.ClusterProps{Locale: "C;id"}), `test/cluster: Locale: "C;id": must be the name of a locale`},
	"memory: below the least":        {withSetting("work_mem", "32kB"), `test/cluster: Parameters[work_mem]: "32kB": must be at least 64kB`},
	"memory: none":                   {withSetting("shared_buffers", "0"), `test/cluster: Parameters[shared_buffers]: "0": must be at least 128kB`},
	"memory: few pages":              {withSetting("temp_buffers", "99"), `test/cluster: Parameters[temp_buffers]: "99": must be at least 800kB`},
	"pooler: fewer pods than none":   {withPooler(postgres.Pooler{Mode: postgres.PoolSession, Instances: -1}), `test/cluster: Pooler.Instances: -1: must be between 1 and 100`},
	"pooler: more than PostgreSQL":   {withPooler(postgres.Pooler{Mode: postgres.PoolSession, PoolSize: 1 << 31}), `test/cluster: Pooler.PoolSize: 2147483648: must be between 1 and 262143`},
	"pooler: fewer clients than one": {withPooler(postgres.Pooler{Mode: postgres.PoolSession, MaxClients: -1}), `test/cluster: Pooler.MaxClients: -1: must be between 1 and 100000`},
	"pooler: a time with its unit":   {withPoolerSetting("query_wait_timeout", "10s"), `test/cluster: Pooler.Parameters[query_wait_timeout]: "10s": must be a number, without a unit`},
	"pooler: two lines":              {withPoolerSetting("auth_type", "md5\nadmin_users=all"), `test/cluster: Pooler.Parameters[auth_type]: "md5\nadmin_users=all": must be one line`},
	"image: moving tag": {
		withCluster(postgres.ClusterProps{Image: "ghcr.io/cloudnative-pg/postgresql:latest"}),
		`postgresql:latest": must have a tag that starts with its PostgreSQL version`,
	},
	"image: digest alone": {
		withCluster(postgres.ClusterProps{Image: "example/db@sha256:" + strings.Repeat("a", 64)}),
		`must have a tag that starts with its PostgreSQL version (14 or later), by which the operator knows an upgrade`,
	},
	"image: major version behind a prefix": {
		withCluster(postgres.ClusterProps{Image: "pgvector/pgvector:pg17"}), `must have a tag that starts with`,
	},
	"instances: negative": {
		withCluster(postgres.ClusterProps{Instances: -1}), `test/cluster: Instances: -1: must be between 1 and 100`,
	},
	"durability: without a standby": {
		withCluster(postgres.ClusterProps{Instances: 1, Durability: postgres.DurabilityRequired}),
		`Durability: "required": must not be given with one instance`,
	},
	"durability: unknown": {
		withCluster(postgres.ClusterProps{Durability: "strict"}), `test/cluster: Durability: "strict": must be`,
	},
	"storage: no unit of Kubernetes": {
		withCluster(postgres.ClusterProps{Storage: "50GB"}), `test/cluster: Storage: "50GB": must be`,
	},
	"storage of the log: negative": {
		withCluster(postgres.ClusterProps{WALStorage: "-1Gi"}), `test/cluster: WALStorage: "-1Gi": must be`,
	},
	"anti-affinity: unknown": {
		withCluster(postgres.ClusterProps{AntiAffinity: postgres.AntiAffinity{Nodes: "never"}}),
		`test/cluster: AntiAffinity.Nodes: "never": must be`,
	},
	"node selector: no label": {
		withCluster(postgres.ClusterProps{NodeSelector: map[string]string{"disk!": "local"}}), `NodeSelector`,
	},
	"parameter: the operator's": {
		withSetting("archive_command", "/bin/true"),
		`test/cluster: Parameters[archive_command]: "/bin/true": must not be given: it is the operator's own`,
	},
	"parameter: the operator's, in another case": {
		withSetting("SSL", "off"), `test/cluster: Parameters[SSL]: "off": must not be given: it is the operator's own`,
	},
	"parameter: unknown": {
		withSetting("max_conections", "200"), `test/cluster: Parameters[max_conections]: "max_conections": must be a setting`,
	},
	"parameter: above the memory limit": {
		withSetting("shared_buffers", "2GB"), `test/cluster: Parameters[shared_buffers]: "2GB": must be below the memory limit 1Gi`,
	},
	"parameter above the memory request": {
		withSetting("Shared_Buffers", "768MB"),
		`test/cluster: Parameters[Shared_Buffers]: "768MB": must not be above the memory request 512Mi: the operator refuses it`,
	},
	"budget: of the project": {
		withSetting("max_connections", "12"),
		`test/cluster: Parameters[max_connections]: 12: must be at least`,
	},
	"budget: of the pooler's connections": {
		withPooler(postgres.Pooler{Mode: postgres.PoolTransaction, PoolSize: 40}),
		`postgres-pooler [(2+1 pods) x (40 connections + 1 for passwords) = 123] + django-migrate [`,
	},
	"budget: of the pooler's clients": {
		withPooler(postgres.Pooler{Mode: postgres.PoolTransaction, MaxClients: 3}),
		`test/cluster: Pooler.MaxClients: 3: must be at least`,
	},
	"database: the operator's": {
		withCluster(postgres.ClusterProps{Database: "postgres"}), `Database: "postgres": must be another`,
	},
	"owner: the operator's": {
		withCluster(postgres.ClusterProps{Owner: "streaming_replica"}), `Owner: "streaming_replica": must be another`,
	},
	"locale: two words": {
		withCluster(postgres.ClusterProps{Locale: "en US"}), `test/cluster: Locale: "en US": must be the name of a locale`,
	},
	"import: from nowhere": {
		withCluster(postgres.ClusterProps{Import: postgres.Import{User: "reader"}}), `test/cluster: Import.From: "": is required`,
	},
	"import: from no construct": {
		withCluster(postgres.ClusterProps{Import: postgres.Import{From: &postgres.Database{}}}),
		`test/cluster: Import.From: "": must be made by postgres.NewDatabase`,
	},
	"backup: without the plugin": {
		withBackup(func(b *postgres.ClusterBackup) { b.PluginInstalled = false }),
		`Backup.PluginInstalled: false: must be true, once the cluster has the Barman Cloud plugin and cert-manager: ` +
			`without them the operator reports a healthy cluster and archives nothing`,
	},
	"backup: no place": {
		withBackup(func(b *postgres.ClusterBackup) { b.Destination = "backups/shop" }),
		`Backup.Destination: "backups/shop": must be s3://BUCKET or s3://BUCKET/PATH`,
	},
	"backup: schedule of a CronJob": {
		withBackup(func(b *postgres.ClusterBackup) { b.Schedule = "30 4 * * *" }),
		`Backup.Schedule: "30 4 * * *": must be six fields, a second first`,
	},
	"backup: every second": {
		withBackup(func(b *postgres.ClusterBackup) { b.Schedule = "* 30 4 * * *" }), `must be six fields, a second first`,
	},
	"backup: 25 o'clock": {
		withBackup(func(b *postgres.ClusterBackup) { b.Schedule = "0 0 25 * * *" }), `Backup.Schedule: "0 0 25 * * *": must be`,
	},
	"backup: key that the Secret lacks": {
		withBackup(func(b *postgres.ClusterBackup) { b.SecretAccessKeyKey = "secret" }), `Backup.SecretAccessKeyKey: "secret": is not a key of Secret`,
	},
	"backup: no Secret": {
		withBackup(func(b *postgres.ClusterBackup) { b.Secret = nil }), `Backup.Secret: "": is required`,
	},
	"backup: key in the URL": {
		withBackup(func(b *postgres.ClusterBackup) { b.Endpoint = "https://id:key@s3.example.com" }),
		`must be a URL without a path or credentials`,
	},
	"backup: kept for no day": {
		withBackup(func(b *postgres.ClusterBackup) { b.RetentionDays = -1 }), `Backup.RetentionDays: -1: must be between`,
	},
	"pooler: without a mode": {
		withPooler(postgres.Pooler{Instances: 2}), `test/cluster: Pooler.Mode: "": is required: transaction or session`,
	},
	"pooler: statement mode, in which Django has no transactions": {
		withPooler(postgres.Pooler{Mode: "statement"}), `test/cluster: Pooler.Mode: "statement": must be`,
	},
	"pooler: setting that has a field": {
		withPooler(postgres.Pooler{
			Mode: postgres.PoolTransaction, Parameters: map[string]string{"default_pool_size": "90"},
		}),
		`Pooler.Parameters[default_pool_size]: "90": must not be given: set Pooler.PoolSize instead`,
	},
	"pooler: setting that the operator refuses": {
		withPooler(postgres.Pooler{Mode: postgres.PoolTransaction, Parameters: map[string]string{"auth_file": "/etc/x"}}),
		`Pooler.Parameters[auth_file]: "/etc/x": must not be given: the operator takes no such setting`,
	},
	"pooler: request above the limit": {
		withPooler(postgres.Pooler{Mode: postgres.PoolSession, Resources: pod.Resources{
			Requests: pod.Quantities{CPU: "2"}, Limits: pod.Quantities{CPU: "1"},
		}}),
		`test/cluster: Pooler.Resources.Requests.CPU: "2": must not be above its limit 1`,
	},
	"labels of no PodMonitor": {
		withCluster(postgres.ClusterProps{PodMonitorLabels: map[string]string{"release": "a"}}),
		`PodMonitorLabels: "release": must not be given without PodMonitor`,
	},
	"operator: no namespace": {
		withCluster(postgres.ClusterProps{OperatorNamespace: "cnpg_system"}), `OperatorNamespace: "cnpg_system": must be`,
	},
	"user: root": {
		withCluster(postgres.ClusterProps{RunAsUser: -1}), `test/cluster: RunAsUser: -1: must be between 1`,
	},
	"project: a cluster that is none": {
		func(chart cdk8s.Chart) { project(chart, &postgres.Cluster{}) },
		`Database: "": must be made by postgres.NewCluster`,
	},
	"project: SECRET_KEY is not in the operator's Secret": {
		func(chart cdk8s.Chart) {
			p := django.Project{Image: "shop:1", Database: newCluster(chart, postgres.ClusterProps{})}
			django.NewWeb(chart, "web", django.WebProps{Project: p})
		},
		`"SECRET_KEY": is not a key of Secret "postgres-app"`,
	},
	"project: a setting that follows from the pooler": {
		func(chart cdk8s.Chart) {
			db := newCluster(chart, postgres.ClusterProps{Pooler: postgres.Pooler{Mode: postgres.PoolSession}})
			env := secret.New(chart, "env", secret.Props{Source: secret.Existing("SECRET_KEY")})
			django.NewWeb(chart, "web", django.WebProps{Project: django.Project{
				Image: "shop:1", Database: db, Secret: env, Env: map[string]string{"CONN_MAX_AGE": "60"},
			}})
		},
		`Project.Env[CONN_MAX_AGE]: "...": is managed; set Database instead`,
	},
	"connection: pooler without its server": {
		withPooled(func(c *postgres.Connection) { c.ServerHost = "" }),
		`Database.ServerHost: "": is required with PoolMode: migrations and beat hold advisory locks`,
	},
	"connection: server without a pooler": {
		withPooled(func(c *postgres.Connection) { c.PoolMode = "" }),
		`Database.ServerHost: "db.example.com": must not be given without PoolMode`,
	},
	"connection: unknown mode": {
		withPooled(func(c *postgres.Connection) { c.PoolMode = "statement" }), `Database.PoolMode: "statement": must be`,
	},
	"connection: server with a port": {
		withPooled(func(c *postgres.Connection) { c.ServerHost = "db.example.com:5432" }),
		`Database.ServerHost: "db.example.com:5432": must be a lower-case host name`,
	},
}

func TestWrongClusters(t *testing.T) {
	for name, tc := range wrongClusters {
		t.Run(name, func(t *testing.T) {
			got := cdktest.Problems(t, tc.build)
			if len(got) != 1 || !strings.Contains(got[0], tc.line) || strings.Contains(got[0], "\n") {
				t.Errorf("problems:\n%s\nwant one line with\n%s", strings.Join(got, "\n"), tc.line)
			}
		})
	}
}
