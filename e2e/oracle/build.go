package oracle

import (
	"cmp"
	"slices"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/monitoring"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/route"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/stack"
	"example.com/django-cdk8s/constructs/valkey"
)

// builder makes the constructs of a system.
type builder struct {
	drawn system

	chart    cdk8s.Chart
	secret   *secret.Secret
	database *postgres.Database
	rotation *postgres.Rotation
	server   *valkey.Server
	media    *django.MediaClaim
	web      *django.Web
	process  *django.Process
	command  *django.ScheduledCommand
	backups  *postgres.BackupClaim
	backup   *postgres.Backup
	restore  *postgres.Restore
	drill    *postgres.RestoreDrill
}

// build adds the system to an app.
func (s system) build(app cdk8s.App) {
	options := &cdk8s.ChartProps{DisableResourceNameHashes: new(true)}
	if s.scoped || s.stack != nil {
		options.Namespace = new(cmp.Or(s.namespace.Name, namespace.DefaultName))
	}
	b := &builder{drawn: s, chart: cdk8s.NewChart(app, new("system"), options)}
	if s.stack != nil {
		b.buildStack(app, *s.stack)
		return
	}
	if s.scoped {
		namespace.New(b.chart, "namespace", s.namespace)
	}
	b.secret = secret.New(b.chart, "secret", s.secret.Props)
	project := b.wire(s.project)
	b.buildData(project)
	b.buildParts(project)
	s.delivery.build(b.chart)
}

// buildStack makes a stack, and in another chart what it refers to.
func (b *builder) buildStack(app cdk8s.App, props stack.Props) {
	b.secret = b.existing("elsewhere", append(b.drawn.passwordKeys(), credentialKeys...)...)
	props.Database.Secret = b.secretOf(props.Database.Secret)
	if _, made := props.Web.Project.Database.(*postgres.Database); made {
		props.Web.Project.Database = nil // The stack makes it.
	}
	props.Web.Project = b.wire(props.Web.Project)
	b.buildBackupClaim()
	props.Restore = b.wireRestore(props.Restore, nil)
	stack.New(app, b.drawn.id, props)
}

// existing makes a Secret that somebody else holds.
func (b *builder) existing(name string, keys ...string) *secret.Secret {
	return secret.New(b.chart, name, secret.Props{Name: name, Source: secret.Existing(keys...)})
}

// secretOf returns the system's Secret where there is a stand-in.
func (b *builder) secretOf(standIn *secret.Secret) *secret.Secret {
	if standIn == nil {
		return nil
	}
	return b.secret
}

// wire replaces the stand-ins of a project.
func (b *builder) wire(p django.Project) django.Project {
	switch c := p.Database.(type) {
	case *postgres.Database:
		b.buildDatabase()
		p.Database = b.database
	case *postgres.Rotation:
		b.buildDatabase()
		props := b.drawn.rotation
		if props.Database != nil {
			props.Database = b.database
		}
		b.rotation = postgres.NewRotation(b.chart, "rotation", props)
		p.Database = b.rotation
	case postgres.Connection:
		c.Secret = b.secretOf(c.Secret)
		p.Database = c
	}
	switch c := p.Broker.(type) {
	case *valkey.Server:
		props := b.drawn.server
		props.Secret = b.secretOf(props.Secret)
		b.server = valkey.NewServer(b.chart, "server", props)
		p.Broker = b.server
	case broker.Connection:
		c.Secret = b.existing("broker", cmp.Or(c.PasswordKey, c.URLKey, broker.URLVariable))
		p.Broker = c
	}
	switch m := p.Media.(type) {
	case *django.MediaClaim:
		b.media = django.NewMediaClaim(b.chart, "claim", b.drawn.claim)
		p.Media = b.media
	case django.ObjectStore:
		m.Secret = b.existing("store", cmp.Or(m.AccessKeyIDKey, django.AccessKeyIDKey),
			cmp.Or(m.SecretAccessKeyKey, django.SecretAccessKeyKey))
		p.Media = m
	}
	if p.Secret != nil {
		p.Secret = b.existing("settings", secret.DjangoSecretKey)
	}
	return p
}

func (b *builder) buildDatabase() {
	props := b.drawn.database
	props.Secret = b.secretOf(props.Secret)
	b.database = postgres.NewDatabase(b.chart, "database", props)
}

func (b *builder) buildBackupClaim() {
	if b.drawn.backups != nil {
		b.backups = postgres.NewBackupClaim(b.chart, "backups", *b.drawn.backups)
	}
}

// buildData makes what keeps the data of a project.
func (b *builder) buildData(project django.Project) {
	s := b.drawn
	b.buildBackupClaim()
	if s.backup != nil {
		props := *s.backup
		if props.Database != nil {
			props.Database = project.Database
		}
		props.Store = b.wireStore("backup", props.Store)
		props.MediaClaim = b.mediaClaim(props.MediaClaim)
		props.Credentials = b.secretOf(props.Credentials)
		b.backup = postgres.NewBackup(b.chart, "backup", props)
	}
	if s.restore != nil {
		b.restore = postgres.NewRestore(b.chart, "restore", b.wireRestore(*s.restore, project.Database))
	}
	if s.drill != nil {
		props := *s.drill
		if props.Check != nil {
			props.Check = project
		}
		props.Store = b.wireStore("drill", props.Store)
		b.drill = postgres.NewRestoreDrill(b.chart, "drill", props)
	}
}

func (b *builder) wireRestore(p postgres.RestoreProps, database postgres.Connector) postgres.RestoreProps {
	if p.Database != nil {
		p.Database = database
	}
	p.Store = b.wireStore("restore", p.Store)
	p.MediaClaim = b.mediaClaim(p.MediaClaim)
	return p
}

// wireStore replaces the stand-ins of a store.
func (b *builder) wireStore(name string, s postgres.Store) postgres.Store {
	if s.Claim == aBackupClaim {
		s.Claim = b.backups.Name()
	}
	if s.Bucket.Secret != nil {
		s.Bucket.Secret = b.existing(name+"-store", cmp.Or(s.Bucket.AccessKeyIDKey, postgres.AccessKeyIDKey),
			cmp.Or(s.Bucket.SecretAccessKeyKey, postgres.SecretAccessKeyKey))
	}
	if x := &s.Encryption; x.Secret != nil {
		x.Secret = b.existing(name+"-password", cmp.Or(x.PasswordKey, postgres.DefaultEncryptionPasswordKey),
			cmp.Or(x.SaltKey, "SALT"))
	}
	return s
}

// mediaClaim returns the name of the claim of the project where there is a
// stand-in.
func (b *builder) mediaClaim(name string) string {
	switch {
	case name != aMediaClaim:
		return name
	case b.media == nil:
		return ""
	}
	return b.media.Name()
}

// buildParts makes the processes of a project, and what is around them.
func (b *builder) buildParts(project django.Project) {
	s := b.drawn
	if s.web != nil {
		props := *s.web
		props.Project = project
		b.web = django.NewWeb(b.chart, s.id, props)
	}
	if s.worker != nil {
		props := *s.worker
		props.Project = project
		django.NewWorker(b.chart, "worker", props)
	}
	if s.beat != nil {
		props := *s.beat
		props.Project = project
		django.NewBeat(b.chart, "beat", props)
	}
	if s.migration != nil {
		props := *s.migration
		props.Project = project
		if props.Restore != nil {
			props.Restore = b.restore
		}
		django.NewMigration(b.chart, "migration", props)
	}
	if s.command != nil {
		props := *s.command
		props.Project = project
		b.command = django.NewScheduledCommand(b.chart, "command", props)
	}
	if s.process != nil {
		props := *s.process
		props.Project = project
		b.process = django.NewProcess(b.chart, "process", props)
	}
	b.buildAround()
}

// buildAround makes what leads to the processes of a project.
func (b *builder) buildAround() {
	s := b.drawn
	if s.ingress != nil {
		props := *s.ingress
		props.Site, props.Paths = b.site(props.Site), b.paths(props.Paths)
		route.NewIngress(b.chart, "ingress", props)
	}
	if s.httpRoute != nil {
		props := *s.httpRoute
		props.Site, props.Paths = b.site(props.Site), b.paths(props.Paths)
		route.NewHTTPRoute(b.chart, "route", props)
	}
	if s.monitor != nil {
		props := *s.monitor
		switch props.Target.(type) {
		case *django.Web:
			props.Target = b.web
		case *postgres.Database:
			props.Target = b.database
		}
		monitoring.NewServiceMonitor(b.chart, "monitor", props)
	}
	if s.rules != nil {
		monitoring.NewPrometheusRule(b.chart, "rules", b.wireRules(*s.rules))
	}
	if s.isolation != nil {
		props := *s.isolation
		var egress []isolation.Egress
		for _, one := range props.Egress {
			if one.From != nil {
				one.From = b.web
			}
			egress = append(egress, one)
		}
		props.Egress = egress
		isolation.New(b.chart, "isolation", props)
	}
}

// wireRules replaces the stand-ins of what is watched.
func (b *builder) wireRules(p monitoring.PrometheusRuleProps) monitoring.PrometheusRuleProps {
	scheduled := map[monitoring.Scheduled]monitoring.Scheduled{
		aBackup: b.backup, aDrill: b.drill, aCommand: b.command, aRotation: b.rotation,
	}
	stored := map[monitoring.Stored]monitoring.Stored{
		aBackups: b.backups, aDatabase: b.database, aClaim: b.media, aServer: b.server,
	}
	p.CronJobs, p.Claims = slices.Clone(p.CronJobs), slices.Clone(p.Claims)
	for i := range p.CronJobs {
		p.CronJobs[i].Target = scheduled[p.CronJobs[i].Target]
	}
	for i := range p.Claims {
		p.Claims[i].Target = stored[p.Claims[i].Target]
	}
	return p
}

func (b *builder) site(standIn route.Site) route.Site {
	if standIn == nil {
		return nil
	}
	return b.web
}

func (b *builder) paths(drawn []route.Path) []route.Path {
	var paths []route.Path
	for _, path := range drawn {
		if path.Backend != nil {
			path.Backend = b.process
		}
		paths = append(paths, path)
	}
	return paths
}
