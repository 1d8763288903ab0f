// Package uses holds the smallest use of each construct, as docs/reference shows
// it with the manifest that it renders to.
package uses

import (
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/argocd"
	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/flux"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/monitoring"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/route"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/stack"
	"example.com/django-cdk8s/constructs/valkey"
)

// Use adds a construct, and what it needs, to an app, and returns the construct.
type Use func(app cdk8s.App) constructs.IConstruct

// All are the uses, by the package and the name of the construct's type. The body
// of the function is the text of the page.
var All = map[string]Use{
	"argocd.AppProject":         argocdAppProject,
	"argocd.Application":        argocdApplication,
	"argocd.ApplicationSet":     argocdApplicationSet,
	"django.Beat":               djangoBeat,
	"django.MediaClaim":         djangoMediaClaim,
	"django.Migration":          djangoMigration,
	"django.Process":            djangoProcess,
	"django.ScheduledCommand":   djangoScheduledCommand,
	"django.Web":                djangoWeb,
	"django.Worker":             djangoWorker,
	"flux.GitRepository":        fluxGitRepository,
	"flux.Kustomization":        fluxKustomization,
	"isolation.Isolation":       isolationIsolation,
	"monitoring.PrometheusRule": monitoringPrometheusRule,
	"monitoring.ServiceMonitor": monitoringServiceMonitor,
	"namespace.Namespace":       namespaceNamespace,
	"postgres.Backup":           postgresBackup,
	"postgres.BackupClaim":      postgresBackupClaim,
	"postgres.Cluster":          postgresCluster,
	"postgres.Database":         postgresDatabase,
	"postgres.Restore":          postgresRestore,
	"postgres.RestoreDrill":     postgresRestoreDrill,
	"postgres.Rotation":         postgresRotation,
	"route.HTTPRoute":           routeHTTPRoute,
	"route.Ingress":             routeIngress,
	"secret.Secret":             secretSecret,
	"stack.Stack":               stackStack,
	"valkey.Server":             valkeyServer,
}

func stackStack(app cdk8s.App) constructs.IConstruct {
	return stack.New(app, "shop", stack.Props{
		Web: django.WebProps{Project: django.Project{Image: "example/shop:1.2.3"}},
	})
}

func namespaceNamespace(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	return namespace.New(chart, "namespace", namespace.Props{})
}

func secretSecret(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	return secret.New(chart, "secret", secret.Props{
		Source: secret.Generated(secret.GeneratedProps{Image: "example/shop:1.2.3"}),
	})
}

func postgresDatabase(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"),
	})
	return postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
}

func postgresCluster(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	return postgres.NewCluster(chart, "database", postgres.ClusterProps{})
}

func postgresRotation(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"),
	})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
	return postgres.NewRotation(chart, "rotation", postgres.RotationProps{Database: db, Image: "example/shop:1.2.3"})
}

func postgresBackupClaim(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	return postgres.NewBackupClaim(chart, "backups", postgres.BackupClaimProps{})
}

func postgresBackup(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"),
	})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
	claim := postgres.NewBackupClaim(chart, "backups", postgres.BackupClaimProps{})
	return postgres.NewBackup(chart, "backup", postgres.BackupProps{
		Database: db, Store: postgres.Store{Claim: claim.Name()},
	})
}

func postgresRestore(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"),
	})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env, ClaimName: "postgres-2"})
	claim := postgres.NewBackupClaim(chart, "backups", postgres.BackupClaimProps{})
	return postgres.NewRestore(chart, "restore", postgres.RestoreProps{
		Database: db, Store: postgres.Store{Claim: claim.Name()},
	})
}

func postgresRestoreDrill(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
	claim := postgres.NewBackupClaim(chart, "backups", postgres.BackupClaimProps{})
	return postgres.NewRestoreDrill(chart, "drill", postgres.RestoreDrillProps{
		Store: postgres.Store{Claim: claim.Name()},
		Check: django.Project{Image: "example/shop:1.2.3", Database: db},
	})
}

func djangoWeb(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
	project := django.Project{Image: "example/shop:1.2.3", Database: db}
	return django.NewWeb(chart, "web", django.WebProps{Project: project})
}

func djangoMigration(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
	project := django.Project{Image: "example/shop:1.2.3", Database: db, WaitForMigrations: true}
	return django.NewMigration(chart, "migration", django.MigrationProps{Project: project})
}

func djangoWorker(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{Source: secret.Existing(
		"POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY", "CELERY_BROKER_URL",
	)})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
	project := django.Project{Image: "example/shop:1.2.3", Database: db, Broker: broker.Connection{Secret: env}}
	return django.NewWorker(chart, "worker", django.WorkerProps{Project: project, App: "shop"})
}

func djangoBeat(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{Source: secret.Existing(
		"POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY", "CELERY_BROKER_URL",
	)})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
	project := django.Project{Image: "example/shop:1.2.3", Database: db, Broker: broker.Connection{Secret: env}}
	return django.NewBeat(chart, "beat", django.BeatProps{Project: project, App: "shop"})
}

func djangoScheduledCommand(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
	return django.NewScheduledCommand(chart, "clearsessions", django.ScheduledCommandProps{
		Project:    django.Project{Image: "example/shop:1.2.3", Database: db},
		NameSuffix: "clearsessions", Args: []string{"clearsessions"}, Schedule: "@daily",
	})
}

func djangoProcess(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
	return django.NewProcess(chart, "consumer", django.ProcessProps{
		Project:    django.Project{Image: "example/shop:1.2.3", Database: db},
		NameSuffix: "consumer", Command: []string{"python3", "manage.py", "consume"},
	})
}

func djangoMediaClaim(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	return django.NewMediaClaim(chart, "media", django.MediaClaimProps{})
}

func valkeyServer(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{Source: secret.Existing(valkey.PasswordKey)})
	return valkey.NewServer(chart, "broker", valkey.ServerProps{Secret: env})
}

func routeIngress(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
	web := django.NewWeb(chart, "web", django.WebProps{Project: django.Project{
		Image: "example/shop:1.2.3", Database: db, Hosts: []string{"shop.example.com"},
	}})
	return route.NewIngress(chart, "ingress", route.IngressProps{Site: web})
}

func routeHTTPRoute(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
	web := django.NewWeb(chart, "web", django.WebProps{Project: django.Project{
		Image: "example/shop:1.2.3", Database: db, Hosts: []string{"shop.example.com"},
	}})
	return route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{
		Site: web, Gateways: []route.Gateway{{Name: "public"}},
	})
}

func monitoringServiceMonitor(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"),
	})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{
		Secret:   env,
		Exporter: postgres.Exporter{Image: "quay.io/prometheuscommunity/postgres-exporter:v0.17.1"},
	})
	return monitoring.NewServiceMonitor(chart, "monitor", monitoring.ServiceMonitorProps{Target: db})
}

func monitoringPrometheusRule(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"),
	})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
	return monitoring.NewPrometheusRule(chart, "alerts", monitoring.PrometheusRuleProps{
		Claims: []monitoring.Claim{{Target: db}},
	})
}

func isolationIsolation(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
	project := django.Project{Image: "example/shop:1.2.3", Database: db, Hosts: []string{"shop.example.com"}}
	django.NewWeb(chart, "web", django.WebProps{Project: project})
	return isolation.New(chart, "isolation", isolation.Props{
		IngressFrom: []isolation.Peer{{Namespace: "ingress-nginx"}},
	})
}

func argocdApplication(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("argocd"), &cdk8s.ChartProps{Namespace: new("argocd")})
	return argocd.NewApplication(chart, "production", argocd.ApplicationProps{
		Name: "shop", Repository: "https://git.example.com/team/shop.git", Path: "dist/production",
	})
}

func argocdAppProject(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("argocd"), &cdk8s.ChartProps{Namespace: new("argocd")})
	return argocd.NewAppProject(chart, "project", argocd.AppProjectProps{
		Name: "shop", Repositories: []string{"https://git.example.com/team/shop.git"},
		Destinations: []argocd.Destination{{Namespace: "shop-*"}},
	})
}

func argocdApplicationSet(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("argocd"), &cdk8s.ChartProps{Namespace: new("argocd")})
	return argocd.NewApplicationSet(chart, "places", argocd.ApplicationSetProps{
		Name: "shop", Environments: []argocd.Environment{{Name: "staging"}, {Name: "production"}},
		Application: argocd.ApplicationProps{Repository: "https://git.example.com/team/shop.git", Path: "dist"},
	})
}

func fluxGitRepository(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("flux"), &cdk8s.ChartProps{Namespace: new("flux-system")})
	return flux.NewGitRepository(chart, "repository", flux.GitRepositoryProps{
		Name: "shop", URL: "https://git.example.com/team/shop.git",
	})
}

func fluxKustomization(app cdk8s.App) constructs.IConstruct {
	chart := cdk8s.NewChart(app, new("flux"), &cdk8s.ChartProps{Namespace: new("flux-system")})
	source := flux.NewGitRepository(chart, "repository", flux.GitRepositoryProps{
		Name: "shop", URL: "https://git.example.com/team/shop.git",
	})
	return flux.NewKustomization(chart, "production", flux.KustomizationProps{
		Name: "shop-production", Source: source, Path: "dist/production",
	})
}
