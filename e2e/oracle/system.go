package oracle

import (
	"cmp"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"

	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/monitoring"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/route"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/stack"
	"example.com/django-cdk8s/constructs/valkey"
)

// system is what one draw holds: props as plain values, without any construct.
// Those that a field refers to are stand-ins, which are replaced when the
// system is built.
type system struct {
	id string

	// wild is whether some of the props are to break a rule.
	wild bool

	// scoped is whether the chart has a namespace.
	scoped    bool
	namespace namespace.Props
	secret    credentials

	// database, rotation, server and claim are made when the project refers to
	// them.
	database postgres.DatabaseProps
	rotation postgres.RotationProps
	server   valkey.ServerProps
	claim    django.MediaClaimProps
	project  django.Project

	// The rest is nil where it is not part of the system. A stack is all of
	// it, besides what its project refers to.
	stack     *stack.Props
	web       *django.WebProps
	worker    *django.WorkerProps
	beat      *django.BeatProps
	migration *django.MigrationProps
	command   *django.ScheduledCommandProps
	process   *django.ProcessProps
	ingress   *route.IngressProps
	httpRoute *route.HTTPRouteProps
	monitor   *monitoring.ServiceMonitorProps
	isolation *isolation.Props
	backups   *postgres.BackupClaimProps
	backup    *postgres.BackupProps
	restore   *postgres.RestoreProps
	drill     *postgres.RestoreDrillProps
	rules     *monitoring.PrometheusRuleProps
	delivery  delivery
}

// Stand-ins for constructs.
var (
	aSecret   = new(secret.Secret)
	aDatabase = (*postgres.Database)(nil)
	aServer   = (*valkey.Server)(nil)
	aClaim    = (*django.MediaClaim)(nil)
	aWeb      = (*django.Web)(nil)
	aProcess  = (*django.Process)(nil)
	aCommand  = (*django.ScheduledCommand)(nil)
	aRotation = (*postgres.Rotation)(nil)
	aBackups  = (*postgres.BackupClaim)(nil)
	aBackup   = (*postgres.Backup)(nil)
	aRestore  = new(postgres.Restore)
	aDrill    = (*postgres.RestoreDrill)(nil)
)

// drawStandIn draws a Secret that is required.
func drawStandIn(d drawer) *secret.Secret {
	if d.chance("Secret", d.wild) {
		return nil
	}
	return aSecret
}

// parts are what a draw may be about.
var parts = []string{
	"namespace", "secret", "database", "server", "claim", "project", "web", "worker", "beat", "migration", "command",
	"process", "ingress", "httpRoute", "monitor", "isolation", "connection", "rotation", "backups", "backup", "restore",
	"drill", "rules", "application", "appProject", "applicationSet", "gitRepository", "kustomization",
}

// draw draws a system that is about one part: many of its fields are set, and
// in every other draw some of them wildly. The other parts are there where it
// needs them, and now and then without need, with few fields set.
func draw(t *rapid.T) system {
	subject := parts[dice.Draw(t, "part")%len(parts)]
	wild := 0
	if rapid.Bool().Draw(t, "wild") {
		wild = 4
	}
	of := func(part string) drawer {
		if part == subject {
			return drawer{t, part + ".", 56, wild}
		}
		return drawer{t, part + ".", 4, 0}
	}
	with := func(part string, needed ...string) bool {
		return part == subject || slices.Contains(needed, subject) || of(part).chance("part", 8)
	}
	s := system{
		id: "app", wild: wild > 0, scoped: !of("").chance("unscoped", 24), namespace: drawNamespace(of("namespace")),
		database: drawDatabase(of("database")), server: drawServer(of("server")), claim: drawClaim(of("claim")),
		project: drawProject(of("project")),
	}
	if wild > 0 {
		s.id = required(drawer{t, "", 0, wild}, "id", label, anything)
	}
	if drawn := drawWeb(of("web")); with("web", "ingress", "httpRoute", "monitor", "isolation", "claim", "project",
		"connection") {
		s.web = &drawn
	}
	if drawn := drawWorker(of("worker")); with("worker") {
		s.worker = &drawn
	}
	if drawn := drawBeat(of("beat")); with("beat") {
		s.beat = &drawn
	}
	if drawn := drawMigration(of("migration")); with("migration", "restore") {
		s.migration = &drawn
	}
	if drawn := drawCommand(of("command")); with("command") {
		s.command = &drawn
	}
	if drawn := drawProcess(of("process")); with("process", "ingress", "httpRoute") {
		s.process = &drawn
	}
	if drawn := drawIngress(of("ingress")); s.web != nil && with("ingress") {
		s.ingress = &drawn
	}
	if drawn := drawHTTPRoute(of("httpRoute")); s.web != nil && with("httpRoute") {
		s.httpRoute = &drawn
	}
	if drawn := drawMonitor(of("monitor"), aWeb, aDatabase); s.web != nil && with("monitor") {
		s.monitor = &drawn
	}
	if drawn := drawIsolation(of("isolation")); s.web != nil && with("isolation") {
		s.isolation = &drawn
	}
	s.drawData(of, with)
	s.drawDelivery(of, with)
	s.fit(of, subject)
	s.share()
	s.secret = drawSecret(of("secret"), s.passwordKeys()...)
	inStack := []string{"namespace", "secret", "database", "claim", "project", "web", "restore"}
	if slices.Contains(inStack, subject) && of("").chance("stack", 32) {
		s.becomeStack()
	}
	s.leaveOut()
	return s
}

// becomeStack makes a stack of the system, without what a stack does not have.
func (s *system) becomeStack() {
	if s.rotates() || s.restore != nil && !s.wild {
		s.project.Database = aDatabase
	}
	if s.restore != nil {
		s.project.WaitForMigrations = true
	}
	s.share()
	props := stack.Props{
		Namespace: s.namespace, Secret: s.secret.Props, Database: s.database, Web: django.WebProps{Project: s.project},
	}
	if s.web != nil {
		props.Web = *s.web
	}
	if _, elsewhere := s.project.Database.(postgres.Connection); elsewhere && !s.wild {
		props.Database = postgres.DatabaseProps{}
	}
	if s.project.Secret != nil && !s.wild {
		props.Secret = secret.Props{}
	}
	if s.restore != nil {
		props.Restore = *s.restore
		props.Restore.Database = nil // It is that of the stack.
		s.restore = &props.Restore
	}
	*s = system{
		id: s.id, wild: s.wild, stack: &props, backups: s.backups, restore: s.restore,
		secret: s.secret, web: &props.Web, project: s.project,
		namespace: s.namespace, database: s.database, server: s.server, claim: s.claim,
	}
}

// leaveOut empties what the project does not refer to.
func (s *system) leaveOut() {
	if !s.serves() {
		s.database = postgres.DatabaseProps{}
	}
	if !s.rotates() {
		s.rotation = postgres.RotationProps{}
	}
	if s.project.Broker != broker.Connector(aServer) {
		s.server = valkey.ServerProps{}
	}
	if s.project.Media != django.Media(aClaim) {
		s.claim = django.MediaClaimProps{}
	}
	if !s.scoped && s.stack == nil {
		s.namespace = namespace.Props{}
	}
}

// share gives every process the project.
func (s *system) share() {
	if s.web != nil {
		s.web.Project = s.project
	}
	if s.worker != nil {
		s.worker.Project = s.project
	}
	if s.beat != nil {
		s.beat.Project = s.project
	}
	if s.migration != nil {
		s.migration.Project = s.project
	}
	if s.command != nil {
		s.command.Project = s.project
	}
	if s.process != nil {
		s.process.Project = s.project
	}
	if s.backup != nil && s.backup.Database != nil {
		s.backup.Database = s.project.Database
	}
	if s.restore != nil && s.restore.Database != nil {
		s.restore.Database = s.project.Database
	}
	if s.drill != nil && s.drill.Check != nil {
		s.drill.Check = s.project
	}
}

// passwordKeys are the keys that the system's Secret must hold for its broker.
func (s system) passwordKeys() []string {
	if s.project.Broker != broker.Connector(aServer) {
		return nil
	}
	if s.server.PasswordKey != "" {
		return []string{s.server.PasswordKey}
	}
	return []string{valkey.PasswordKey}
}

// fit makes what was drawn fit together, as far as no rule is to be broken.
func (s *system) fit(of func(part string) drawer, subject string) {
	tame := func(part string) bool { return of(part).tame() }
	p := &s.project
	switch subject {
	case "database":
		p.Database = aDatabase
	case "connection":
		p.Database = drawConnection(of("connection"))
	case "rotation":
		p.Database = aRotation
	case "restore":
		s.migration.Restore = aRestore
	case "server":
		p.Broker = aServer
	case "claim":
		p.Media = aClaim
	}
	s.fitMonitor(tame)
	if tame("project") {
		if s.worker != nil || s.beat != nil {
			p.Broker = orServer(p.Broker)
		}
		if s.serves() || s.migration != nil {
			p.WaitForMigrations = s.migration != nil
		}
		if s.ingress != nil || s.httpRoute != nil {
			p.Hosts = rapid.SliceOfNDistinct(host, 1, 3, rapid.ID[string]).Draw(of("").T, "Hosts")
		}
	}
	if tame("database") {
		s.database.Parameters = maps.Clone(s.database.Parameters)
		if s.database.Parameters == nil {
			s.database.Parameters = map[string]string{}
		}
		s.database.Parameters["max_connections"] = plenty
	}
	s.fitData(tame)
	if tame("claim") && s.claim.AccessMode == "" && subject != "claim" {
		s.claim.AccessMode = django.ReadWriteMany
	}
	if tame("web") && s.web != nil && p.Media == django.Media(aClaim) && s.claim.AccessMode != django.ReadWriteMany {
		s.web.Replicas, s.web.Autoscaling = nil, pod.Autoscaling{}
	}
	s.fitRoutes(tame)
	s.fitIsolation(tame)
}

func orServer(c broker.Connector) broker.Connector {
	if c == nil {
		return aServer
	}
	return c
}

func (s *system) fitRoutes(tame func(part string) bool) {
	if s.ingress != nil && tame("project") && s.ingress.TLSSecret+s.ingress.ClusterIssuer+s.ingress.Issuer != "" {
		s.project.HTTPS = true
	}
	var paths []route.Path
	if s.ingress != nil {
		paths = append(paths, s.ingress.Paths...)
	}
	if s.httpRoute != nil {
		paths = append(paths, s.httpRoute.Paths...)
	}
	if !slices.ContainsFunc(paths, func(p route.Path) bool { return p.Backend != nil }) {
		return
	}
	if s.process == nil {
		s.process = &django.ProcessProps{NameSuffix: "other", Command: []string{"serve"}}
	}
	if tame("process") && s.process.Port == 0 {
		s.process.Port = 9000
	}
}

func (s *system) fitMonitor(tame func(part string) bool) {
	if s.monitor == nil {
		return
	}
	switch s.monitor.Target {
	case monitoring.Target(aWeb):
		if tame("web") && s.web.Metrics.Path == "" {
			s.web.Metrics.Path = "/metrics"
		}
	case monitoring.Target(aDatabase):
		if tame("project") && !s.serves() {
			s.project.Database = aDatabase
		}
		if tame("database") && s.database.Exporter.Image == "" {
			s.database.Exporter.Image = "exporter:1"
		}
	}
}

func (s *system) fitIsolation(tame func(part string) bool) {
	if s.isolation == nil {
		return
	}
	if c, elsewhere := s.project.Broker.(broker.Connection); elsewhere && tame("project") {
		c.Port = 6379
		s.project.Broker = c
	}
	if tame("isolation") && (s.ingress != nil || s.httpRoute != nil) && s.isolation.IngressFrom == nil {
		s.isolation.IngressFrom = []isolation.Peer{{Namespace: "proxies"}}
	}
}

// level is the Pod Security Standard that the pods of the system meet: the
// strictest, unless a further container asks for more.
func (s system) level() namespace.Level {
	var templates []pod.Template
	for _, part := range s.given() {
		templates = append(templates, part.template)
	}
	own := func(c corev1.Container) bool { return c.SecurityContext != nil }
	for _, t := range append(templates, s.secret.generated.Pod) {
		if !slices.ContainsFunc(slices.Concat(t.InitContainers, t.Containers), own) {
			continue
		}
		if !s.scoped && s.stack == nil {
			return namespace.Privileged // Nothing tells.
		}
		return cmp.Or(s.namespace.Enforce, namespace.Restricted)
	}
	return namespace.Restricted
}
