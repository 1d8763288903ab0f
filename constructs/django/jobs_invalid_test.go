package django_test

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/monitoring"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/route"
	"example.com/django-cdk8s/constructs/secret"
)

// projectIn returns p with what it lacks, so that it is right but for what p
// says.
func projectIn(chart cdk8s.Chart, p django.Project) django.Project {
	env := jobSecret(chart)
	p.Image = cmp.Or(p.Image, "shop:1")
	p.Database = postgres.Connection{Host: "db.example.com", Secret: env}
	p.WaitForMigrations = true
	p.Broker = broker.Connection{Secret: env, Port: 5672}
	return p
}

// lacking returns a project that is right but for what take takes from it.
func lacking(chart cdk8s.Chart, take func(p *django.Project)) django.Project {
	p := projectIn(chart, django.Project{})
	take(&p)
	return p
}

func noImage(p *django.Project)    { p.Image = "" }
func noDatabase(p *django.Project) { p.Database = nil }

func wrongMigration(props django.MigrationProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		props.Project = projectIn(chart, django.Project{})
		django.NewMigration(chart, "migration", props)
	}
}

func wrongWorker(props django.WorkerProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		if props.App == "" {
			props.App = "shop"
		}
		props.Project = projectIn(chart, django.Project{})
		django.NewWorker(chart, "worker", props)
	}
}

func wrongBeat(props django.BeatProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		if props.App == "" {
			props.App = "shop"
		}
		props.Project = projectIn(chart, django.Project{})
		django.NewBeat(chart, "beat", props)
	}
}

// wrongCommand changes one field of a valid command.
func wrongCommand(change func(p *django.ScheduledCommandProps)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := django.ScheduledCommandProps{
			Project: projectIn(chart, django.Project{}), NameSuffix: "clearsessions", Args: []string{"clearsessions"},
			Schedule: "30 4 * * *",
		}
		change(&props)
		django.NewScheduledCommand(chart, "command", props)
	}
}

// wrongSite builds every process of a project that is wrong.
func wrongSite(props django.WebProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		props.Project = projectIn(chart, props.Project)
		project := props.Project
		django.NewWeb(chart, "web", props)
		django.NewMigration(chart, "migration", django.MigrationProps{Project: project, Name: "migrate"})
		django.NewWorker(chart, "worker", django.WorkerProps{Project: project, App: "shop", Name: "worker"})
		django.NewBeat(chart, "beat", django.BeatProps{Project: project, App: "shop", Name: "beat"})
		command := django.NewScheduledCommand(chart, "command", django.ScheduledCommandProps{
			Project: project, NameSuffix: "c", Args: []string{"c"}, Schedule: "@daily",
		})
		process := django.NewProcess(chart, "process", django.ProcessProps{
			Project: project, NameSuffix: "p", Command: []string{"p"},
		})
		_, _ = command.Flows(), process.Flows()
	}
}

// wrongNamed builds what takes its name, or anything else, from a project or a
// site that is wrong.
func wrongNamed(props django.WebProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		if store, ok := props.Project.Media.(django.ObjectStore); ok {
			store.Secret = secret.New(chart, "store", secret.Props{
				Name: "store", Source: secret.Existing(django.AccessKeyIDKey, django.SecretAccessKeyKey),
			})
			props.Project.Media = store
		}
		props.Project.Hosts = []string{"shop.example.com"}
		props.Project = projectIn(chart, props.Project)
		project := props.Project
		site := django.NewWeb(chart, "web", props)
		django.NewMigration(chart, "migration", django.MigrationProps{Project: project})
		django.NewWorker(chart, "worker", django.WorkerProps{Project: project, App: "shop"})
		django.NewBeat(chart, "beat", django.BeatProps{Project: project, App: "shop"})
		django.NewScheduledCommand(chart, "command", django.ScheduledCommandProps{
			Project: project, NameSuffix: "c", Args: []string{"c"}, Schedule: "@daily",
		})
		django.NewProcess(chart, "process", django.ProcessProps{
			Project: project, NameSuffix: "p", Command: []string{"p"},
		})
		route.NewIngress(chart, "ingress", route.IngressProps{Site: site})
		route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{Site: site, Gateways: []route.Gateway{{Name: "public"}}})
		if port, _ := site.Metrics(); port != 0 {
			monitoring.NewServiceMonitor(chart, "monitor", monitoring.ServiceMonitorProps{Target: site})
		}
		isolation.New(chart, "isolation", isolation.Props{
			IngressFrom: []isolation.Peer{{Namespace: "ingress"}},
			MetricsFrom: []isolation.Peer{{Namespace: "monitoring"}},
		})
	}
}

// plainProject has neither a broker nor pods that wait.
func plainProject(chart cdk8s.Chart) django.Project {
	database := postgres.Connection{Host: "db.example.com", Secret: jobSecret(chart)}
	return django.Project{Image: "shop:1", Database: database}
}

func memory(limit string) pod.Resources { return pod.Resources{Limits: pod.Quantities{Memory: limit}} }

var long = strings.Repeat("a", 64)

// wrongJobs are one mistake each, with the start of the one line that it must
// give: construct path, field, value, and enough of the rule to tell it from
// others.
var wrongJobs = map[string]struct {
	build cdktest.Build
	line  string
}{
	"migration: no database": {
		func(chart cdk8s.Chart) {
			m := django.NewMigration(chart, "migration", django.MigrationProps{Project: lacking(chart, noDatabase)})
			_, _, _ = m.ExternalReferences(), m.Flows(), m.Selector()
		},
		`test/migration: Project.Database: "": is required: a postgres.Database, or a postgres.Connection`,
	},
	"migration: project that does not wait": {
		func(chart cdk8s.Chart) {
			django.NewMigration(chart, "migration", django.MigrationProps{Project: plainProject(chart)})
		},
		`test/migration: Project.WaitForMigrations: false: must be true, or the pods serve before the migration ends`,
	},
	"migration: project of another namespace": {
		func(chart cdk8s.Chart) {
			django.NewMigration(elsewhere(chart), "migration", django.MigrationProps{Project: projectIn(chart, django.Project{})})
		},
		`elsewhere/migration: Project.Database.Secret: "django-env-secret": is in namespace "test", and pods of namespace "elsewhere" cannot read it`,
	},
	"migration: name":            {wrongMigration(django.MigrationProps{Name: "Migrate"}), `test/migration: Name: "Migrate": must be 1 to 63 lower-case`},
	"migration: name of digits":  {wrongMigration(django.MigrationProps{Name: "1st"}), `test/migration: Name: "1st": must be 1 to 63 lower-case`},
	"migration: long name":       {wrongMigration(django.MigrationProps{Name: long[:55]}), `test/migration: Name: "` + long[:55] + `": must be at most 54 characters`},
	"migration: longer name":     {wrongMigration(django.MigrationProps{Name: long}), `test/migration: Name: "` + long + `": must be at most 54 characters`},
	"migration: name of a label": {wrongMigration(django.MigrationProps{Name: "a.b"}), `test/migration: Name: "a.b": must be 1 to 63 lower-case`},
	"migration: memory":          {wrongMigration(django.MigrationProps{Resources: memory("1G i")}), `test/migration: Resources.Limits.Memory: "1G i": must be a positive Kubernetes quantity`},
	"migration: history":         {wrongMigration(django.MigrationProps{HistoryLimit: new(-1)}), `test/migration: HistoryLimit: -1: must be between 0 and 1000`},
	"migration: tries":           {wrongMigration(django.MigrationProps{BackoffLimit: new(-1)}), `test/migration: BackoffLimit: -1: must be between 0 and 1000`},
	"migration: no time":         {wrongMigration(django.MigrationProps{ActiveDeadlineSeconds: -1}), `test/migration: ActiveDeadlineSeconds: -1: must be between 1 and 2147483647`},
	"migration: endless":         {wrongMigration(django.MigrationProps{ActiveDeadlineSeconds: math.MaxInt32 + 1}), `test/migration: ActiveDeadlineSeconds: 2147483648: must be between 1 and 2147483647`},

	"worker: no image": {
		func(chart cdk8s.Chart) {
			w := django.NewWorker(chart, "worker", django.WorkerProps{Project: lacking(chart, noImage), App: "shop"})
			_, _, _ = w.ExternalReferences(), w.Flows(), w.Selector()
		},
		`test/worker: Project.Image: "": is required: the container image`,
	},
	"worker: project without a broker": {
		func(chart cdk8s.Chart) {
			django.NewWorker(chart, "worker", django.WorkerProps{Project: plainProject(chart), App: "shop"})
		},
		`test/worker: Project.Broker: "": is required: the broker of Celery's messages`,
	},
	"worker: project of another namespace": {
		func(chart cdk8s.Chart) {
			django.NewWorker(elsewhere(chart), "worker", django.WorkerProps{Project: projectIn(chart, django.Project{}), App: "shop"})
		},
		`elsewhere/worker: Project.Database.Secret: "django-env-secret": is in namespace "test", and pods of namespace "elsewhere" cannot read it`,
	},
	"worker: no app": {
		func(chart cdk8s.Chart) {
			django.NewWorker(chart, "worker", django.WorkerProps{Project: projectIn(chart, django.Project{})})
		},
		`test/worker: App: "": must be the name of a Python module`,
	},
	"worker: name of the site": {
		func(chart cdk8s.Chart) {
			project := projectIn(chart, django.Project{})
			django.NewWeb(chart, "web", django.WebProps{Project: project})
			django.NewWorker(chart, "worker", django.WorkerProps{Project: project, App: "shop", Name: "django"})
		},
		`test/worker/Deployment: metadata.name: "django": Deployment test/django is also made by test/web/Deployment`,
	},
	"worker: app as a path":    {wrongWorker(django.WorkerProps{App: "shop/celery.py"}), `test/worker: App: "shop/celery.py": must be the name of a Python module`},
	"worker: app as options":   {wrongWorker(django.WorkerProps{App: "shop --beat"}), `test/worker: App: "shop --beat": must be the name of a Python module`},
	"worker: name":             {wrongWorker(django.WorkerProps{Name: "shop_worker"}), `test/worker: Name: "shop_worker": must be 1 to 63 lower-case`},
	"worker: long name":        {wrongWorker(django.WorkerProps{Name: long}), `test/worker: Name: "` + long + `": must be at most 63 characters`},
	"worker: two queues":       {wrongWorker(django.WorkerProps{Queues: []string{"mail,bulk"}}), `test/worker: Queues[0]: "mail,bulk": must be 1 to 255 letters`},
	"worker: queue of nothing": {wrongWorker(django.WorkerProps{Queues: []string{"mail", ""}}), `test/worker: Queues[1]: "": must be 1 to 255 letters`},
	"worker: queue twice":      {wrongWorker(django.WorkerProps{Queues: []string{"mail", "mail"}}), `test/worker: Queues: "mail": is listed twice`},
	"worker: concurrency":      {wrongWorker(django.WorkerProps{Concurrency: -1}), `test/worker: Concurrency: -1: must be between 1 and 1000`},
	"worker: replicas":         {wrongWorker(django.WorkerProps{Replicas: new(-1)}), `test/worker: Replicas: -1: must be between 0 and`},
	"worker: both scalings": {
		wrongWorker(django.WorkerProps{Replicas: new(2), Autoscaling: pod.Autoscaling{MaxReplicas: 4}}),
		`test/worker: Replicas: 2: must not be given with Autoscaling`,
	},
	"worker: least above most":    {wrongWorker(django.WorkerProps{Autoscaling: pod.Autoscaling{MinReplicas: 2, MaxReplicas: 1}}), `test/worker: Autoscaling.MinReplicas: 2: must not be above MaxReplicas, 1`},
	"worker: priority":            {wrongWorker(django.WorkerProps{Pod: pod.Template{PriorityClassName: "Low"}}), `test/worker: Pod.PriorityClassName: "Low": must be 1 to 253 lower-case`},
	"worker: memory":              {wrongWorker(django.WorkerProps{Resources: memory("512")}), `test/worker: Resources.Limits.Memory: "512": must be at least 1Mi`},
	"worker: negative time limit": {wrongWorker(django.WorkerProps{TimeLimitSeconds: -1}), `test/worker: TimeLimitSeconds: -1: must be between 0 and 86400`},
	"worker: endless time limit":  {wrongWorker(django.WorkerProps{TimeLimitSeconds: math.MaxInt}), `test/worker: TimeLimitSeconds: 9223372036854775807: must be between 0 and 86400`},
	"worker: no grace":            {wrongWorker(django.WorkerProps{TerminationGracePeriodSeconds: -1}), `test/worker: TerminationGracePeriodSeconds: -1: must be at least TimeLimitSeconds and 30 seconds to stop = 30`},
	"worker: endless grace":       {wrongWorker(django.WorkerProps{TerminationGracePeriodSeconds: 172801}), `test/worker: TerminationGracePeriodSeconds: 172801: must be at most two days`},
	"worker: grace below the time limit": {
		wrongWorker(django.WorkerProps{TimeLimitSeconds: 600, TerminationGracePeriodSeconds: 600}),
		`test/worker: TerminationGracePeriodSeconds: 600: must be at least TimeLimitSeconds and 30 seconds to stop = 630, or tasks are cut off`,
	},

	"beat: no database": {
		func(chart cdk8s.Chart) {
			b := django.NewBeat(chart, "beat", django.BeatProps{Project: lacking(chart, noDatabase), App: "shop"})
			_, _, _ = b.ExternalReferences(), b.Flows(), b.Selector()
		},
		`test/beat: Project.Database: "": is required`,
	},
	"beat: project without a broker": {
		func(chart cdk8s.Chart) {
			django.NewBeat(chart, "beat", django.BeatProps{Project: plainProject(chart), App: "shop"})
		},
		`test/beat: Project.Broker: "": is required: the broker of Celery's messages`,
	},
	"beat: project of another namespace": {
		func(chart cdk8s.Chart) {
			django.NewBeat(elsewhere(chart), "beat", django.BeatProps{Project: projectIn(chart, django.Project{}), App: "shop"})
		},
		`elsewhere/beat: Project.Database.Secret: "django-env-secret": is in namespace "test", and pods of namespace "elsewhere" cannot read it`,
	},
	"beat: no app": {
		func(chart cdk8s.Chart) {
			django.NewBeat(chart, "beat", django.BeatProps{Project: projectIn(chart, django.Project{})})
		},
		`test/beat: App: "": must be the name of a Python module`,
	},
	"beat: app":       {wrongBeat(django.BeatProps{App: "shop:"}), `test/beat: App: "shop:": must be the name of a Python module`},
	"beat: name":      {wrongBeat(django.BeatProps{Name: "beat-"}), `test/beat: Name: "beat-": must be 1 to 63 lower-case`},
	"beat: scheduler": {wrongBeat(django.BeatProps{Scheduler: "the database"}), `test/beat: Scheduler: "the database": must be the name of a Python module`},
	"beat: priority":  {wrongBeat(django.BeatProps{Pod: pod.Template{PriorityClassName: "low priority"}}), `test/beat: Pod.PriorityClassName: "low priority": must be 1 to 253 lower-case`},
	"beat: request above limit": {
		wrongBeat(django.BeatProps{Resources: pod.Resources{Requests: pod.Quantities{Memory: "1Gi"}, Limits: pod.Quantities{Memory: "512Mi"}}}),
		`test/beat: Resources.Requests.Memory: "1Gi": must not be above`,
	},
	"beat: cpu": {wrongBeat(django.BeatProps{Resources: pod.Resources{Limits: pod.Quantities{CPU: "half"}}}), `test/beat: Resources.Limits.CPU: "half": must be a positive Kubernetes quantity`},

	"command: no image": {
		func(chart cdk8s.Chart) {
			c := django.NewScheduledCommand(chart, "command", django.ScheduledCommandProps{
				Project: lacking(chart, noImage), NameSuffix: "a", Args: []string{"a"}, Schedule: "@daily",
			})
			_, _, _, _ = c.ExternalReferences(), c.Flows(), c.Selector(), c.Name()
		},
		`test/command: Project.Image: "": is required`,
	},
	"command: project of another namespace": {
		func(chart cdk8s.Chart) {
			django.NewScheduledCommand(elsewhere(chart), "command", django.ScheduledCommandProps{
				Project: projectIn(chart, django.Project{}), NameSuffix: "a", Args: []string{"a"}, Schedule: "@daily",
			})
		},
		`elsewhere/command: Project.Database.Secret: "django-env-secret": is in namespace "test", and pods of namespace "elsewhere" cannot read it`,
	},
	"command: no name":          {wrongCommand(func(p *django.ScheduledCommandProps) { p.NameSuffix = "" }), `test/command: NameSuffix: "": is required`},
	"command: name":             {wrongCommand(func(p *django.ScheduledCommandProps) { p.NameSuffix = "clear_sessions" }), `test/command: NameSuffix: "clear_sessions": must be 1 to 63 lower-case`},
	"command: long name":        {wrongCommand(func(p *django.ScheduledCommandProps) { p.NameSuffix = long[:46] }), `test/command: NameSuffix: "` + long[:46] + `": must be shorter: with the project's name, django-` + long[:46] + ` is above 52 characters`},
	"command: no args":          {wrongCommand(func(p *django.ScheduledCommandProps) { p.Args = nil }), `test/command: Args: "": is required`},
	"command: args with NUL":    {wrongCommand(func(p *django.ScheduledCommandProps) { p.Args = []string{"a", "\x00"} }), `test/command: Args[1]: "...": must be UTF-8 text`},
	"command: no schedule":      {wrongCommand(func(p *django.ScheduledCommandProps) { p.Schedule = "" }), `test/command: Schedule: "": must be the five fields of cron`},
	"command: schedule":         {wrongCommand(func(p *django.ScheduledCommandProps) { p.Schedule = "every day" }), `test/command: Schedule: "every day": must be the five fields of cron`},
	"command: six fields":       {wrongCommand(func(p *django.ScheduledCommandProps) { p.Schedule = "0 30 4 * * *" }), `test/command: Schedule: "0 30 4 * * *": must be the five fields of cron`},
	"command: hour 24":          {wrongCommand(func(p *django.ScheduledCommandProps) { p.Schedule = "0 24 * * *" }), `test/command: Schedule: "0 24 * * *": must be the five fields of cron`},
	"command: zone in schedule": {wrongCommand(func(p *django.ScheduledCommandProps) { p.Schedule = "TZ=UTC 0 4 * * *" }), `test/command: Schedule: "TZ=UTC 0 4 * * *": must not name a time zone`},
	"command: 30 February":      {wrongCommand(func(p *django.ScheduledCommandProps) { p.Schedule = "0 0 30 2 *" }), `test/command: Schedule: "0 0 30 2 *": never runs: no date matches these fields`},
	"command: time zone":        {wrongCommand(func(p *django.ScheduledCommandProps) { p.TimeZone = "Vienna" }), `test/command: TimeZone: "Vienna": must be the name of a time zone`},
	"command: local time zone":  {wrongCommand(func(p *django.ScheduledCommandProps) { p.TimeZone = "Local" }), `test/command: TimeZone: "Local": must be the name of a time zone`},
	"command: concurrency":      {wrongCommand(func(p *django.ScheduledCommandProps) { p.ConcurrencyPolicy = "forbid" }), `test/command: ConcurrencyPolicy: "forbid": must be one of Forbid, Replace, Allow`},
	"command: late start":       {wrongCommand(func(p *django.ScheduledCommandProps) { p.StartingDeadlineSeconds = 9 }), `test/command: StartingDeadlineSeconds: 9: must be between 10 and 604800`},
	"command: no time":          {wrongCommand(func(p *django.ScheduledCommandProps) { p.ActiveDeadlineSeconds = -1 }), `test/command: ActiveDeadlineSeconds: -1: must be between 1 and 2147483647`},
	"command: tries":            {wrongCommand(func(p *django.ScheduledCommandProps) { p.BackoffLimit = -1 }), `test/command: BackoffLimit: -1: must be between 0 and 1000`},
	"command: history":          {wrongCommand(func(p *django.ScheduledCommandProps) { p.HistoryLimit = new(-1) }), `test/command: HistoryLimit: -1: must be between 0 and 1000`},
	"command: memory":           {wrongCommand(func(p *django.ScheduledCommandProps) { p.Resources = memory("-1Gi") }), `test/command: Resources.Limits.Memory: "-1Gi": must be a positive Kubernetes quantity`},
	"command: same name as another": {
		func(chart cdk8s.Chart) {
			props := django.ScheduledCommandProps{Project: projectIn(chart, django.Project{}), NameSuffix: "a", Args: []string{"a"}, Schedule: "@daily"}
			django.NewScheduledCommand(chart, "a", props)
			django.NewScheduledCommand(chart, "b", props)
		},
		`test/b/CronJob: metadata.name: "django-a": CronJob test/django-a is also made by test/a/CronJob`,
	},

	"migration: project with a long name": {
		func(chart cdk8s.Chart) {
			django.NewMigration(chart, "migration", django.MigrationProps{Project: projectIn(chart, django.Project{Name: long[:47]})})
		},
		`test/migration: Name: "` + long[:47] + `-migrate": is the default, made of the project's name, and must be at most 54 characters, because the Jobs' names are made of it: give another Name`,
	},
	"worker: project with a long name": {
		func(chart cdk8s.Chart) {
			django.NewWorker(chart, "worker", django.WorkerProps{Project: projectIn(chart, django.Project{Name: long[:57]}), App: "shop"})
		},
		`test/worker: Name: "` + long[:57] + `-worker": is the default, made of the project's name, and must be at most 63 characters: give another Name`,
	},
	"beat: project with a long name": {
		func(chart cdk8s.Chart) {
			django.NewBeat(chart, "beat", django.BeatProps{Project: projectIn(chart, django.Project{Name: long[:59]}), App: "shop"})
		},
		`test/beat: Name: "` + long[:59] + `-beat": is the default, made of the project's name, and must be at most 63 characters: give another Name`,
	},
	"beat: a second one of the project": {
		func(chart cdk8s.Chart) {
			project := projectIn(chart, django.Project{})
			django.NewBeat(chart, "a", django.BeatProps{Project: project, App: "shop"})
			django.NewBeat(chart, "b", django.BeatProps{Project: project, App: "shop", Name: "b"})
			django.NewBeat(chart, "c", django.BeatProps{Project: project, App: "office", Name: "c"})
		},
		`test/b: App: "shop": is also that of test/a, on the same database`,
	},
	"command: project with a long name": {
		func(chart cdk8s.Chart) {
			django.NewScheduledCommand(chart, "command", django.ScheduledCommandProps{
				Project: projectIn(chart, django.Project{Name: long[:51]}), NameSuffix: "c", Args: []string{"c"}, Schedule: "@daily",
			})
		},
		`test/command: Project.Name: "` + long[:51] + `": must be at most 50 characters: the CronJob's name, at most 52, starts with it and a dash`,
	},
	"command: project with a name of 50": {
		func(chart cdk8s.Chart) {
			django.NewScheduledCommand(chart, "command", django.ScheduledCommandProps{
				Project: projectIn(chart, django.Project{Name: long[:50]}), NameSuffix: "ab", Args: []string{"c"}, Schedule: "@daily",
			})
		},
		`test/command: NameSuffix: "ab": must be shorter`,
	},

	"site: name":                   {wrongNamed(django.WebProps{Project: django.Project{Name: "My_Shop"}}), `test/web: Project.Name: "My_Shop": must be 1 to 63 lower-case`},
	"site: long name":              {wrongNamed(django.WebProps{Project: django.Project{Name: long}}), `test/web: Project.Name: "` + long + `": must be 1 to 63 lower-case`},
	"site: metrics without a path": {wrongNamed(django.WebProps{Metrics: django.Metrics{Port: 9000}}), `test/web: Metrics.Path: "": is required with Metrics.Port`},
	"site: metrics on no port":     {wrongNamed(django.WebProps{Metrics: django.Metrics{Port: -1, Path: "/metrics"}}), `test/web: Metrics.Port: -1: must be between 1024 and 65535`},
	"site: metrics on no path":     {wrongNamed(django.WebProps{Metrics: django.Metrics{Path: "metrics"}}), `test/web: Metrics.Path: "metrics": must be a URL path`},
	"site: port":                   {wrongNamed(django.WebProps{Port: -1, Metrics: django.Metrics{Path: "/metrics"}}), `test/web: Port: -1: must be between 1024 and 65535`},
	"site: endpoint":               {wrongNamed(django.WebProps{Project: django.Project{Media: django.ObjectStore{Bucket: "shop", Endpoint: "minio:9000"}}}), `test/web: Project.Media.Endpoint: "minio:9000": must be a URL such as`},
	"site: image":                  {wrongSite(django.WebProps{Project: django.Project{Image: "Shop:1"}}), `test/web: Project.Image: "Shop:1": must be an image reference`},
	"site: user":                   {wrongSite(django.WebProps{Project: django.Project{RunAsUser: -1}}), `test/web: Project.RunAsUser: -1: must be between 1 and`},
	"site: cpu":                    {wrongSite(django.WebProps{Resources: pod.Resources{Limits: pod.Quantities{CPU: "one"}}}), `test/web: Resources.Limits.CPU: "one": must be a positive Kubernetes quantity`},
	"site: volume":                 {wrongSite(django.WebProps{Project: django.Project{Volumes: []pod.Volume{{MountPath: "/a"}}}}), `test/web: Project.Volumes[0].MountPath: "/a": needs exactly one of`},
	"site: no media":               {wrongSite(django.WebProps{Project: django.Project{Media: (*django.MediaClaim)(nil)}}), `test/web: Project.Media: "": must not be nil`},
}

func TestWrongJobs(t *testing.T) {
	for name, tc := range wrongJobs {
		t.Run(name, func(t *testing.T) {
			got := cdktest.Problems(t, tc.build)
			if len(got) != 1 || !strings.HasPrefix(got[0], tc.line) || strings.Contains(got[0], "\n") {
				t.Errorf("problems:\n%s\nwant one line that starts with\n%s", strings.Join(got, "\n"), tc.line)
			}
		})
	}
}

// What is wrong with a project is reported once, whatever is made of it, and
// nothing panics.
func TestProcessesOfAProjectOfNothing(t *testing.T) {
	const all = "(also test/migration, test/worker, test/beat, test/command, test/process)"
	for name, tc := range map[string]struct {
		project django.Project
		lines   []string
	}{
		"nothing": {
			django.Project{},
			[]string{
				`test/web: Project.Image: "": is required: * ` + all,
				`test/web: Project.Database: "": is required: * ` + all,
				`test/migration: Project.WaitForMigrations: false: must be true*`,
				`test/worker: Project.Broker: "": is required: * (also test/beat)`,
			},
		},
		"nil broker": {
			django.Project{Image: "shop:1", Broker: (*broker.Connection)(nil)},
			[]string{
				`test/web: Project.Database: "": is required: * ` + all,
				`test/web: Project.Broker: "": must not be nil: * ` + all,
				`test/migration: Project.WaitForMigrations: false: must be true*`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := cdktest.Problems(t, func(chart cdk8s.Chart) {
				django.NewWeb(chart, "web", django.WebProps{Project: tc.project})
				django.NewMigration(chart, "migration", django.MigrationProps{Project: tc.project})
				django.NewWorker(chart, "worker", django.WorkerProps{Project: tc.project, App: "shop"})
				django.NewBeat(chart, "beat", django.BeatProps{Project: tc.project, App: "shop"})
				command := django.NewScheduledCommand(chart, "command", django.ScheduledCommandProps{
					Project: tc.project, NameSuffix: "c", Args: []string{"c"}, Schedule: "@daily",
				})
				process := django.NewProcess(chart, "process", django.ProcessProps{
					Project: tc.project, NameSuffix: "p", Command: []string{"p"}, Port: 9000,
				})
				_, _ = command.Flows(), process.Flows()
			})
			if !slices.EqualFunc(got, tc.lines, around) {
				t.Errorf("problems:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.lines, "\n"))
			}
		})
	}
}

// around reports whether line begins and ends as want does before and behind
// its *.
func around(line, want string) bool {
	before, behind, _ := strings.Cut(want, "*")
	return strings.HasPrefix(line, before) && strings.HasSuffix(line, behind)
}
