// Command production renders what a team would put in front of users: Django
// that migrates, scales and is watched, with workers, a schedule, media and
// backups that are tried every week, behind an Ingress and a Gateway, in a
// namespace where nobody talks to anybody without a reason.
//
// Others make the Secrets media-store and backup-keys, with the keys of the
// object stores and the password of the backups, and the Gateway public in the
// namespace gateway. The cluster has the HTTPRoute of the Gateway API, the
// Prometheus Operator (namespace monitoring) and kube-state-metrics,
// ingress-nginx (ingress-nginx), cert-manager, metrics-server.
package main

import (
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/monitoring"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/route"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/valkey"
	"example.com/django-cdk8s/synth"
)

const (
	image    = "registry.example.com/guestbook:1.0.0"
	exporter = "quay.io/prometheuscommunity/postgres-exporter:v0.17.1"
)

var small = pod.Resources{Requests: pod.Quantities{CPU: "100m", Memory: "256Mi"}}

func main() { synth.Main(build) }

func build(app cdk8s.App) {
	chart := cdk8s.NewChart(app, new("guestbook"), &cdk8s.ChartProps{Namespace: new("guestbook")})
	namespace.New(chart, "namespace", namespace.Props{})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Generated(secret.GeneratedProps{Image: image, Keys: []string{valkey.PasswordKey}}),
	})
	store := secret.New(chart, "store", secret.Props{
		Name: "media-store", Source: secret.Existing(django.AccessKeyIDKey, django.SecretAccessKeyKey),
	})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{
		Secret: env, Resources: small, Exporter: postgres.Exporter{Image: exporter},
	})
	guestbook := django.Project{
		Image: image, Hosts: []string{"guestbook.example.com"}, HTTPS: true, WaitForMigrations: true, Database: db,
		Broker: valkey.NewServer(chart, "broker", valkey.ServerProps{Secret: env}),
		Media:  django.ObjectStore{Bucket: "guestbook", Endpoint: "https://s3.example.com", Secret: store},
	}
	web := django.NewWeb(chart, "web", django.WebProps{
		Project: guestbook, Resources: small, Autoscaling: pod.Autoscaling{MaxReplicas: 4},
		Gunicorn:    django.Gunicorn{Workers: 2, Threads: 4, MaxRequests: 10000},
		DeployCheck: django.CheckWarning, StaticRoot: "/app/static",
		Metrics: django.Metrics{Path: "/metrics"}, LivenessPath: "/healthz",
	})
	django.NewMigration(chart, "migration", django.MigrationProps{Project: guestbook, Resources: small})
	django.NewWorker(chart, "worker", django.WorkerProps{
		Project: guestbook, App: "guestbook", Resources: small, TimeLimitSeconds: 120,
	})
	django.NewBeat(chart, "beat", django.BeatProps{Project: guestbook, App: "guestbook"})
	django.NewScheduledCommand(chart, "prune", django.ScheduledCommandProps{
		Project: guestbook, NameSuffix: "prune", Args: []string{"prune_entries", "--keep=1000"}, Schedule: "@daily",
	})
	route.NewIngress(chart, "ingress", route.IngressProps{Site: web, ClassName: "nginx", ClusterIssuer: "letsencrypt"})
	route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{
		Site: web, Gateways: []route.Gateway{{Name: "public", Namespace: "gateway"}},
	})
	monitoring.NewServiceMonitor(chart, "monitor", monitoring.ServiceMonitorProps{Target: web})
	monitoring.NewServiceMonitor(chart, "database-monitor", monitoring.ServiceMonitorProps{Target: db})
	newBackups(chart, db, guestbook)
	isolation.New(chart, "isolation", isolation.Props{
		IngressFrom: []isolation.Peer{{Namespace: "ingress-nginx"}, {Namespace: "gateway"}},
		MetricsFrom: []isolation.Peer{{Namespace: "monitoring"}},
	})
}

// newBackups adds the backups, their proof, and the alerts for both.
func newBackups(chart cdk8s.Chart, db *postgres.Database, guestbook django.Project) {
	keys := secret.New(chart, "backup-keys", secret.Props{Name: "backup-keys", Source: secret.Existing(
		postgres.AccessKeyIDKey, postgres.SecretAccessKeyKey, postgres.DefaultEncryptionPasswordKey,
	)})
	backups := postgres.Store{
		Bucket: postgres.ObjectStore{Bucket: "guestbook-backups", Endpoint: "https://s3.example.com", Secret: keys},
		Path:   "production", Encryption: postgres.Encryption{Secret: keys},
	}
	backup := postgres.NewBackup(chart, "backup", postgres.BackupProps{
		Database: db, Store: backups, Credentials: db.Connection().Secret,
	})
	drill := postgres.NewRestoreDrill(chart, "drill", postgres.RestoreDrillProps{Store: backups, Check: guestbook})
	monitoring.NewPrometheusRule(chart, "alerts", monitoring.PrometheusRuleProps{
		CronJobs: []monitoring.CronJob{{Target: backup}, {Target: drill, MaxAgeHours: 8 * 24}},
		Claims:   []monitoring.Claim{{Target: db}},
	})
}
