package django_test

import (
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

// siteIn returns a site in the chart, whose mistakes are reported, too.
func siteIn(chart cdk8s.Chart, props django.WebProps) *django.Web {
	env := jobSecret(chart)
	if props.Image == "" {
		props.Image = "shop:1"
	}
	props.Database = postgres.Connection{Host: "db.example.com", Secret: env}
	props.WaitForMigrations = true
	props.Broker = broker.Connection{Secret: env, Port: 5672}
	return django.NewWeb(chart, "web", props)
}

func wrongMigration(props django.MigrationProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		props.Web = siteIn(chart, django.WebProps{})
		django.NewMigration(chart, "migration", props)
	}
}

func wrongWorker(props django.WorkerProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		if props.App == "" {
			props.App = "shop"
		}
		props.Web = siteIn(chart, django.WebProps{})
		django.NewWorker(chart, "worker", props)
	}
}

func wrongBeat(props django.BeatProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		if props.App == "" {
			props.App = "shop"
		}
		props.Web = siteIn(chart, django.WebProps{})
		django.NewBeat(chart, "beat", props)
	}
}

// wrongCommand changes one field of a valid command.
func wrongCommand(change func(p *django.CommandProps)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := django.CommandProps{
			Web: siteIn(chart, django.WebProps{}), Name: "clearsessions", Args: []string{"clearsessions"}, Schedule: "30 4 * * *",
		}
		change(&props)
		django.NewCommand(chart, "command", props)
	}
}

// wrongSite builds everything that can be made from a site on one that is wrong.
func wrongSite(props django.WebProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		site := siteIn(chart, props)
		django.NewMigration(chart, "migration", django.MigrationProps{Web: site, Name: "migrate"})
		django.NewWorker(chart, "worker", django.WorkerProps{Web: site, App: "shop", Name: "worker"})
		django.NewBeat(chart, "beat", django.BeatProps{Web: site, App: "shop", Name: "beat"})
		command := django.NewCommand(chart, "command", django.CommandProps{Web: site, Name: "c", Args: []string{"c"}, Schedule: "@daily"})
		_ = command.Traffic()
	}
}

// wrongNamed builds what takes its name, or anything else, from a site that is
// wrong.
func wrongNamed(props django.WebProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		if store, ok := props.Media.(django.ObjectStore); ok {
			store.Secret = secret.New(chart, "store", secret.Props{
				Name: "store", Source: secret.Existing(django.AccessKeyIDKey, django.SecretAccessKeyKey),
			})
			props.Media = store
		}
		props.Hosts = []string{"shop.example.com"}
		site := siteIn(chart, props)
		django.NewMigration(chart, "migration", django.MigrationProps{Web: site})
		django.NewWorker(chart, "worker", django.WorkerProps{Web: site, App: "shop"})
		django.NewBeat(chart, "beat", django.BeatProps{Web: site, App: "shop"})
		django.NewCommand(chart, "command", django.CommandProps{Web: site, Name: "c", Args: []string{"c"}, Schedule: "@daily"})
		route.NewIngress(chart, "ingress", route.IngressProps{Web: site})
		route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{Web: site, Gateways: []route.Gateway{{Name: "public"}}})
		if port, _ := site.Metrics(); port != 0 {
			monitoring.NewServiceMonitor(chart, "monitor", monitoring.ServiceMonitorProps{Target: site})
		}
		isolation.New(chart, "isolation", isolation.Props{
			Ingress: []isolation.Peer{{Namespace: "ingress"}}, Monitoring: []isolation.Peer{{Namespace: "monitoring"}},
		})
	}
}

// plainSite has neither a broker nor pods that wait.
func plainSite(chart cdk8s.Chart) *django.Web {
	return django.NewWeb(chart, "web", django.WebProps{
		Image: "shop:1", Database: postgres.Connection{Host: "db.example.com", Secret: jobSecret(chart)},
	})
}

func memory(limit string) pod.Resources { return pod.Resources{Limits: pod.Amounts{Memory: limit}} }

var long = strings.Repeat("a", 64)

// wrongJobs are one mistake each, with the start of the one line that it must
// give: construct path, field, value, and enough of the rule to tell it from
// others.
var wrongJobs = map[string]struct {
	build cdktest.Build
	line  string
}{
	"migration: no site": {
		func(chart cdk8s.Chart) {
			m := django.NewMigration(chart, "migration", django.MigrationProps{})
			_, _, _ = m.Externals(), m.Traffic(), m.Selector()
		},
		`test/migration: Web: "": is required: the site whose database is migrated`,
	},
	"migration: site that does not wait": {
		func(chart cdk8s.Chart) {
			django.NewMigration(chart, "migration", django.MigrationProps{Web: plainSite(chart)})
		},
		`test/migration: Web: "django": must have WaitForMigrations, or its pods serve before the migration ends`,
	},
	"migration: site of another namespace": {
		func(chart cdk8s.Chart) {
			django.NewMigration(elsewhere(chart), "migration", django.MigrationProps{Web: siteIn(chart, django.WebProps{})})
		},
		`elsewhere/migration: Web: "django": is in namespace "test", and must be in the same one, "elsewhere"`,
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

	"worker: no site": {
		func(chart cdk8s.Chart) {
			w := django.NewWorker(chart, "worker", django.WorkerProps{App: "shop"})
			_, _, _ = w.Externals(), w.Traffic(), w.Selector()
		},
		`test/worker: Web: "": is required: the site whose project is run`,
	},
	"worker: site without a broker": {
		func(chart cdk8s.Chart) {
			django.NewWorker(chart, "worker", django.WorkerProps{Web: plainSite(chart), App: "shop"})
		},
		`test/worker: Web: "django": must have a Broker`,
	},
	"worker: site of another namespace": {
		func(chart cdk8s.Chart) {
			django.NewWorker(elsewhere(chart), "worker", django.WorkerProps{Web: siteIn(chart, django.WebProps{}), App: "shop"})
		},
		`elsewhere/worker: Web: "django": is in namespace "test", and must be in the same one`,
	},
	"worker: no app": {
		func(chart cdk8s.Chart) {
			django.NewWorker(chart, "worker", django.WorkerProps{Web: siteIn(chart, django.WebProps{})})
		},
		`test/worker: App: "": must be the name of a Python module`,
	},
	"worker: name of the site": {wrongWorker(django.WorkerProps{Name: "django"}), `test/worker/Deployment: metadata.name: "django": Deployment test/django is also made by test/web/Deployment`},
	"worker: app as a path":    {wrongWorker(django.WorkerProps{App: "shop/celery.py"}), `test/worker: App: "shop/celery.py": must be the name of a Python module`},
	"worker: app as options":   {wrongWorker(django.WorkerProps{App: "shop --beat"}), `test/worker: App: "shop --beat": must be the name of a Python module`},
	"worker: name":             {wrongWorker(django.WorkerProps{Name: "shop_worker"}), `test/worker: Name: "shop_worker": must be 1 to 63 lower-case`},
	"worker: long name":        {wrongWorker(django.WorkerProps{Name: long}), `test/worker: Name: "` + long + `": must be 1 to 63 lower-case`},
	"worker: two queues":       {wrongWorker(django.WorkerProps{Queues: []string{"mail,bulk"}}), `test/worker: Queues[0]: "mail,bulk": must be 1 to 255 letters`},
	"worker: queue of nothing": {wrongWorker(django.WorkerProps{Queues: []string{"mail", ""}}), `test/worker: Queues[1]: "": must be 1 to 255 letters`},
	"worker: queue twice":      {wrongWorker(django.WorkerProps{Queues: []string{"mail", "mail"}}), `test/worker: Queues: "mail": is listed twice`},
	"worker: concurrency":      {wrongWorker(django.WorkerProps{Concurrency: -1}), `test/worker: Concurrency: -1: must be between 1 and 1000`},
	"worker: replicas":         {wrongWorker(django.WorkerProps{Replicas: new(-1)}), `test/worker: Replicas: -1: must be between 0 and`},
	"worker: both scalings": {
		wrongWorker(django.WorkerProps{Replicas: new(2), Autoscaling: django.Autoscaling{MaxReplicas: 4}}),
		`test/worker: Replicas: 2: must not be given with Autoscaling`,
	},
	"worker: least above most":    {wrongWorker(django.WorkerProps{Autoscaling: django.Autoscaling{MinReplicas: 2, MaxReplicas: 1}}), `test/worker: Autoscaling.MinReplicas: 2: must not be above MaxReplicas, 1`},
	"worker: priority":            {wrongWorker(django.WorkerProps{PriorityClassName: "Low"}), `test/worker: PriorityClassName: "Low": must be 1 to 253 lower-case`},
	"worker: memory":              {wrongWorker(django.WorkerProps{Resources: memory("512")}), `test/worker: Resources.Limits.Memory: "512": must be at least 1Mi`},
	"worker: negative time limit": {wrongWorker(django.WorkerProps{TimeLimitSeconds: -1}), `test/worker: TimeLimitSeconds: -1: must be between 0 and 86400`},
	"worker: endless time limit":  {wrongWorker(django.WorkerProps{TimeLimitSeconds: math.MaxInt}), `test/worker: TimeLimitSeconds: 9223372036854775807: must be between 0 and 86400`},
	"worker: no grace":            {wrongWorker(django.WorkerProps{TerminationGracePeriodSeconds: -1}), `test/worker: TerminationGracePeriodSeconds: -1: must be at least TimeLimitSeconds and 30 seconds to stop = 30`},
	"worker: endless grace":       {wrongWorker(django.WorkerProps{TerminationGracePeriodSeconds: 172801}), `test/worker: TerminationGracePeriodSeconds: 172801: must be at most two days`},
	"worker: grace below the time limit": {
		wrongWorker(django.WorkerProps{TimeLimitSeconds: 600, TerminationGracePeriodSeconds: 600}),
		`test/worker: TerminationGracePeriodSeconds: 600: must be at least TimeLimitSeconds and 30 seconds to stop = 630, or tasks are cut off`,
	},

	"beat: no site": {
		func(chart cdk8s.Chart) {
			b := django.NewBeat(chart, "beat", django.BeatProps{App: "shop"})
			_, _, _ = b.Externals(), b.Traffic(), b.Selector()
		},
		`test/beat: Web: "": is required: the site whose project is run`,
	},
	"beat: site without a broker": {
		func(chart cdk8s.Chart) {
			django.NewBeat(chart, "beat", django.BeatProps{Web: plainSite(chart), App: "shop"})
		},
		`test/beat: Web: "django": must have a Broker`,
	},
	"beat: site of another namespace": {
		func(chart cdk8s.Chart) {
			django.NewBeat(elsewhere(chart), "beat", django.BeatProps{Web: siteIn(chart, django.WebProps{}), App: "shop"})
		},
		`elsewhere/beat: Web: "django": is in namespace "test", and must be in the same one`,
	},
	"beat: no app": {
		func(chart cdk8s.Chart) {
			django.NewBeat(chart, "beat", django.BeatProps{Web: siteIn(chart, django.WebProps{})})
		},
		`test/beat: App: "": must be the name of a Python module`,
	},
	"beat: app":       {wrongBeat(django.BeatProps{App: "shop:"}), `test/beat: App: "shop:": must be the name of a Python module`},
	"beat: name":      {wrongBeat(django.BeatProps{Name: "beat-"}), `test/beat: Name: "beat-": must be 1 to 63 lower-case`},
	"beat: scheduler": {wrongBeat(django.BeatProps{Scheduler: "the database"}), `test/beat: Scheduler: "the database": must be the name of a Python module`},
	"beat: priority":  {wrongBeat(django.BeatProps{PriorityClassName: "low priority"}), `test/beat: PriorityClassName: "low priority": must be 1 to 253 lower-case`},
	"beat: request above limit": {
		wrongBeat(django.BeatProps{Resources: pod.Resources{Requests: pod.Amounts{Memory: "1Gi"}, Limits: pod.Amounts{Memory: "512Mi"}}}),
		`test/beat: Resources.Requests.Memory: "1Gi": must not be above`,
	},
	"beat: cpu": {wrongBeat(django.BeatProps{Resources: pod.Resources{Limits: pod.Amounts{CPU: "half"}}}), `test/beat: Resources.Limits.CPU: "half": must be a positive Kubernetes quantity`},

	"command: no site": {
		func(chart cdk8s.Chart) {
			c := django.NewCommand(chart, "command", django.CommandProps{Name: "a", Args: []string{"a"}, Schedule: "@daily"})
			_, _, _, _ = c.Externals(), c.Traffic(), c.Selector(), c.Name()
		},
		`test/command: Web: "": is required: the site whose project the command belongs to`,
	},
	"command: site of another namespace": {
		func(chart cdk8s.Chart) {
			django.NewCommand(elsewhere(chart), "command", django.CommandProps{
				Web: siteIn(chart, django.WebProps{}), Name: "a", Args: []string{"a"}, Schedule: "@daily",
			})
		},
		`elsewhere/command: Web: "django": is in namespace "test", and must be in the same one`,
	},
	"command: no name":          {wrongCommand(func(p *django.CommandProps) { p.Name = "" }), `test/command: Name: "": is required`},
	"command: name":             {wrongCommand(func(p *django.CommandProps) { p.Name = "clear_sessions" }), `test/command: Name: "clear_sessions": must be 1 to 63 lower-case`},
	"command: long name":        {wrongCommand(func(p *django.CommandProps) { p.Name = long[:46] }), `test/command: Name: "` + long[:46] + `": must be shorter: with the site's name, django-` + long[:46] + ` is above 52 characters`},
	"command: no args":          {wrongCommand(func(p *django.CommandProps) { p.Args = nil }), `test/command: Args: "": is required`},
	"command: args with NUL":    {wrongCommand(func(p *django.CommandProps) { p.Args = []string{"a", "\x00"} }), `test/command: Args[1]: "...": must be UTF-8 text`},
	"command: no schedule":      {wrongCommand(func(p *django.CommandProps) { p.Schedule = "" }), `test/command: Schedule: "": must be the five fields of cron`},
	"command: schedule":         {wrongCommand(func(p *django.CommandProps) { p.Schedule = "every day" }), `test/command: Schedule: "every day": must be the five fields of cron`},
	"command: six fields":       {wrongCommand(func(p *django.CommandProps) { p.Schedule = "0 30 4 * * *" }), `test/command: Schedule: "0 30 4 * * *": must be the five fields of cron`},
	"command: hour 24":          {wrongCommand(func(p *django.CommandProps) { p.Schedule = "0 24 * * *" }), `test/command: Schedule: "0 24 * * *": must be the five fields of cron`},
	"command: zone in schedule": {wrongCommand(func(p *django.CommandProps) { p.Schedule = "TZ=UTC 0 4 * * *" }), `test/command: Schedule: "TZ=UTC 0 4 * * *": must not name a time zone`},
	"command: 30 February":      {wrongCommand(func(p *django.CommandProps) { p.Schedule = "0 0 30 2 *" }), `test/command: Schedule: "0 0 30 2 *": is never due`},
	"command: time zone":        {wrongCommand(func(p *django.CommandProps) { p.TimeZone = "Vienna" }), `test/command: TimeZone: "Vienna": must be the name of a time zone`},
	"command: local time zone":  {wrongCommand(func(p *django.CommandProps) { p.TimeZone = "Local" }), `test/command: TimeZone: "Local": must be the name of a time zone`},
	"command: concurrency":      {wrongCommand(func(p *django.CommandProps) { p.ConcurrencyPolicy = "forbid" }), `test/command: ConcurrencyPolicy: "forbid": must be one of Forbid, Replace, Allow`},
	"command: late start":       {wrongCommand(func(p *django.CommandProps) { p.StartingDeadlineSeconds = 9 }), `test/command: StartingDeadlineSeconds: 9: must be between 10 and 604800`},
	"command: no time":          {wrongCommand(func(p *django.CommandProps) { p.ActiveDeadlineSeconds = -1 }), `test/command: ActiveDeadlineSeconds: -1: must be between 1 and 2147483647`},
	"command: tries":            {wrongCommand(func(p *django.CommandProps) { p.BackoffLimit = -1 }), `test/command: BackoffLimit: -1: must be between 0 and 1000`},
	"command: history":          {wrongCommand(func(p *django.CommandProps) { p.HistoryLimit = new(-1) }), `test/command: HistoryLimit: -1: must be between 0 and 1000`},
	"command: memory":           {wrongCommand(func(p *django.CommandProps) { p.Resources = memory("-1Gi") }), `test/command: Resources.Limits.Memory: "-1Gi": must be a positive Kubernetes quantity`},
	"command: same name as another": {
		func(chart cdk8s.Chart) {
			props := django.CommandProps{Web: siteIn(chart, django.WebProps{}), Name: "a", Args: []string{"a"}, Schedule: "@daily"}
			django.NewCommand(chart, "a", props)
			django.NewCommand(chart, "b", props)
		},
		`test/b/CronJob: metadata.name: "django-a": CronJob test/django-a is also made by test/a/CronJob`,
	},

	"migration: site with a long name": {
		func(chart cdk8s.Chart) {
			django.NewMigration(chart, "migration", django.MigrationProps{Web: siteIn(chart, django.WebProps{Name: long[:47]})})
		},
		`test/migration: Name: "` + long[:47] + `-migrate": is the default, made of the site's name, and must be at most 54 characters, because the Jobs' names are made of it: give another Name`,
	},
	"worker: site with a long name": {
		func(chart cdk8s.Chart) {
			django.NewWorker(chart, "worker", django.WorkerProps{Web: siteIn(chart, django.WebProps{Name: long[:57]}), App: "shop"})
		},
		`test/worker: Name: "` + long[:57] + `-worker": is the default, made of the site's name, and must be at most 63 characters: give another Name`,
	},
	"beat: site with a long name": {
		func(chart cdk8s.Chart) {
			django.NewBeat(chart, "beat", django.BeatProps{Web: siteIn(chart, django.WebProps{Name: long[:59]}), App: "shop"})
		},
		`test/beat: Name: "` + long[:59] + `-beat": is the default, made of the site's name, and must be at most 63 characters: give another Name`,
	},
	"beat: a second one of the project": {
		func(chart cdk8s.Chart) {
			site := siteIn(chart, django.WebProps{})
			django.NewBeat(chart, "a", django.BeatProps{Web: site, App: "shop"})
			django.NewBeat(chart, "b", django.BeatProps{Web: site, App: "shop", Name: "b"})
			django.NewBeat(chart, "c", django.BeatProps{Web: site, App: "office", Name: "c"})
		},
		`test/b: App: "shop": is also that of test/a, on the same database`,
	},
	"command: site with a long name": {
		func(chart cdk8s.Chart) {
			django.NewCommand(chart, "command", django.CommandProps{
				Web: siteIn(chart, django.WebProps{Name: long[:51]}), Name: "c", Args: []string{"c"}, Schedule: "@daily",
			})
		},
		`test/command: Web: "` + long[:51] + `": must have a Name of at most 50 characters`,
	},
	"command: site with a name of 50": {
		func(chart cdk8s.Chart) {
			django.NewCommand(chart, "command", django.CommandProps{
				Web: siteIn(chart, django.WebProps{Name: long[:50]}), Name: "ab", Args: []string{"c"}, Schedule: "@daily",
			})
		},
		`test/command: Name: "ab": must be shorter`,
	},

	"site: name":                   {wrongNamed(django.WebProps{Name: "My_Shop"}), `test/web: Name: "My_Shop": must be 1 to 63 lower-case`},
	"site: long name":              {wrongNamed(django.WebProps{Name: long}), `test/web: Name: "` + long + `": must be 1 to 63 lower-case`},
	"site: metrics without a path": {wrongNamed(django.WebProps{Metrics: django.Metrics{Port: 9000}}), `test/web: Metrics.Path: "": is required with Metrics.Port`},
	"site: metrics on no port":     {wrongNamed(django.WebProps{Metrics: django.Metrics{Port: -1, Path: "/metrics"}}), `test/web: Metrics.Port: -1: must be between 1 and 65535`},
	"site: metrics on no path":     {wrongNamed(django.WebProps{Metrics: django.Metrics{Path: "metrics"}}), `test/web: Metrics.Path: "metrics": must be a URL path`},
	"site: port":                   {wrongNamed(django.WebProps{Port: -1, Metrics: django.Metrics{Path: "/metrics"}}), `test/web: Port: -1: must be between 1 and 65535`},
	"site: endpoint":               {wrongNamed(django.WebProps{Media: django.ObjectStore{Bucket: "shop", Endpoint: "minio:9000"}}), `test/web: Media.Endpoint: "minio:9000": must be a URL such as`},
	"site: image":                  {wrongSite(django.WebProps{Image: "Shop:1"}), `test/web: Image: "Shop:1": must be an image reference`},
	"site: user":                   {wrongSite(django.WebProps{RunAsUser: -1}), `test/web: RunAsUser: -1: must be between 1 and`},
	"site: cpu":                    {wrongSite(django.WebProps{Resources: pod.Resources{Limits: pod.Amounts{CPU: "one"}}}), `test/web: Resources.Limits.CPU: "one": must be a positive Kubernetes quantity`},
	"site: volume":                 {wrongSite(django.WebProps{Volumes: []pod.Volume{{MountPath: "/a"}}}), `test/web: Volumes[0].MountPath: "/a": must be given exactly one of`},
	"site: no media":               {wrongSite(django.WebProps{Media: (*django.MediaClaim)(nil)}), `test/web: Media: "": must not be nil`},
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

// A site without a database, or with a nil broker, is reported, and what is made
// from it neither panics nor reports the same again.
func TestJobsOfASiteOfNothing(t *testing.T) {
	for name, tc := range map[string]struct {
		props django.WebProps
		lines []string
	}{
		"nothing": {
			django.WebProps{},
			[]string{"test/web: Image: ", "test/web: Database: ", "test/migration: Web: ", "test/worker: Web: ", "test/beat: Web: "},
		},
		"nil broker": {
			django.WebProps{Image: "shop:1", Broker: (*broker.Connection)(nil)},
			[]string{"test/web: Database: ", "test/web: Broker: ", "test/migration: Web: "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := cdktest.Problems(t, func(chart cdk8s.Chart) {
				site := django.NewWeb(chart, "web", tc.props)
				django.NewMigration(chart, "migration", django.MigrationProps{Web: site})
				django.NewWorker(chart, "worker", django.WorkerProps{Web: site, App: "shop"})
				django.NewBeat(chart, "beat", django.BeatProps{Web: site, App: "shop"})
				command := django.NewCommand(chart, "command", django.CommandProps{Web: site, Name: "c", Args: []string{"c"}, Schedule: "@daily"})
				_ = command.Traffic()
			})
			if !slices.EqualFunc(got, tc.lines, strings.HasPrefix) {
				t.Errorf("problems:\n%s\nwant lines that start with\n%s", strings.Join(got, "\n"), strings.Join(tc.lines, "\n"))
			}
		})
	}
}
