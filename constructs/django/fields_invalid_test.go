package django_test

import (
	"math"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/valkey"
)

func withImage(image string) cdktest.Build {
	return func(chart cdk8s.Chart) { web(chart, django.WebProps{Project: django.Project{Image: image}}) }
}

func withSchedule(schedule string) cdktest.Build {
	return wrongCommand(func(p *django.ScheduledCommandProps) { p.Schedule = schedule })
}

func withPort(port int) cdktest.Build { return withWeb(django.WebProps{Port: port}) }

var wrongFields = map[string]mistake{
	"requests": {
		withGunicorn(django.Gunicorn{MaxRequests: math.MaxInt}),
		`test/web: Gunicorn.MaxRequests: 9223372036854775807: must be between 0 and 1000000000`,
	},
	"jitter of nothing": {
		withGunicorn(django.Gunicorn{MaxRequestsJitter: math.MaxInt}),
		`test/web: Gunicorn.MaxRequestsJitter: 9223372036854775807: has no effect without MaxRequests`,
	},
	"secret key": {
		withProject(django.Project{SecretKeys: []string{"API-KEY"}}),
		`test/web: Project.SecretKeys[0]: "API-KEY": must be 1 to 253 letters, digits and '_'`,
	},
	"time limit above grace": {
		wrongWorker(django.WorkerProps{TimeLimitSeconds: math.MaxInt32, TerminationGracePeriodSeconds: 60}),
		`test/worker: TimeLimitSeconds: 2147483647: must be between 0 and 86400`,
	},
	"image: upper case": {withImage("Shop:1"), `test/web: Project.Image: "Shop:1": must be an image reference`},
	"image: two tags":   {withImage("shop:1:2"), `test/web: Project.Image: "shop:1:2": must be an image reference`},
	"image: no name":    {withImage(":1"), `test/web: Project.Image: ":1": must be an image reference`},
	"image: a number":   {withImage("1e_1"), `test/web: Project.Image: "1e_1": must not look like a number`},
	"image: short digest": {
		withImage("shop@sha256:abc"), `test/web: Project.Image: "shop@sha256:abc": must be an image reference`,
	},
	"image: scheme": {
		withImage("docker://shop:1"), `test/web: Project.Image: "docker://shop:1": must be an image reference`,
	},
	"image: blank": {withImage("shop:1 "), `test/web: Project.Image: "shop:1 ": must be an image reference`},
	"image: variable": {
		withImage("shop:$TAG"), `test/web: Project.Image: "shop:$TAG": must be an image reference`,
	},
	"image: line break": {withImage("shop:1\n"), `test/web: Project.Image: "shop:1\n": must be an image reference`},
	"command: nothing": {
		withWeb(django.WebProps{Command: []string{""}}), `test/web: Command[0]: "": must be a program`,
	},
	"command: blank": {
		withWeb(django.WebProps{Command: []string{" ", "a"}}), `test/web: Command[0]: " ": must be a program`,
	},
	"port: 80":    {withPort(80), `test/web: Port: 80: must be between 1024 and 65535`},
	"port: 443":   {withPort(443), `test/web: Port: 443: must be between 1024 and 65535`},
	"port: 1023":  {withPort(1023), `test/web: Port: 1023: must be between 1024 and 65535`},
	"port: 65536": {withPort(65536), `test/web: Port: 65536: must be between 1024 and 65535`},
	"name: of a site": {
		withWeb(django.WebProps{Name: "My_Shop"}), `test/web: Name: "My_Shop": must be 1 to 63 lower-case`,
	},
	"name: long": {
		withWeb(django.WebProps{Name: long}), `test/web: Name: "` + long + `": must be at most 63 characters`,
	},
	"hosts: of a site": {
		withWeb(django.WebProps{Hosts: []string{"*"}}),
		`test/web: Hosts[0]: "*": would turn Django's check of the Host header off`,
	},
	"hosts: twice": {
		withWeb(django.WebProps{Hosts: []string{"a.example.com", "a.example.com"}}),
		`test/web: Hosts: "a.example.com": is listed twice`,
	},
	"pool": {
		wrongWorker(django.WorkerProps{Pool: "fork"}),
		`test/worker: Pool: "fork": must be one of prefork, solo, threads, gevent, eventlet`,
	},
	"tasks per child": {
		wrongWorker(django.WorkerProps{MaxTasksPerChild: -1}),
		`test/worker: MaxTasksPerChild: -1: must be between 0 and 1000000000`,
	},
	"log level": {
		wrongWorker(django.WorkerProps{LogLevel: "info"}),
		`test/worker: LogLevel: "info": must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL`,
	},
	"log level of beat": {
		wrongBeat(django.BeatProps{LogLevel: "TRACE"}), `test/beat: LogLevel: "TRACE": must be one of DEBUG, INFO`,
	},
	"arguments": {
		wrongWorker(django.WorkerProps{Args: []string{"--a", "\x00"}}),
		`test/worker: Args[1]: "...": must be UTF-8 text`,
	},
	"schedule: Sunday": {
		withSchedule("0 4 * * 7"),
		`test/command: Schedule: "0 4 * * 7": must have a day of the week between 0 and 6: Sunday is 0`,
	},
	"schedule: to Sunday": {
		withSchedule("0 4 * * 1-7"),
		`test/command: Schedule: "0 4 * * 1-7": must have a day of the week between 0 and 6`,
	},
	"schedule: long step": {
		withSchedule("*/100 * * * *"), `test/command: Schedule: "*/100 * * * *": must have steps below 60 in field 1`,
	},
	"schedule: an hour": {
		withSchedule("*/60 * * * *"), `test/command: Schedule: "*/60 * * * *": must have steps below 60 in field 1`,
	},
	"schedule: a day": {
		withSchedule("0 */24 * * *"), `test/command: Schedule: "0 */24 * * *": must have steps below 24 in field 2`,
	},
	"schedule: a second": {
		withSchedule("@every 1s"), `test/command: Schedule: "@every 1s": must be at least a minute`,
	},
	"schedule: the past": {
		withSchedule("@every -1h"), `test/command: Schedule: "@every -1h": must be at least a minute`,
	},
	"schedule: no time": {
		withSchedule("@every day"), `test/command: Schedule: "@every day": must be at least a minute`,
	},
	"schedule: at boot": {
		withSchedule("@reboot"), `test/command: Schedule: "@reboot": must be the five fields of cron`,
	},
	"schedule: two lines": {
		withSchedule("0 4 * * *\n"), `test/command: Schedule: "0 4 * * *\n": must be the five fields of cron`,
	},
	"schedule: time zone": {
		withSchedule("CRON_TZ=UTC 0 4 * * *"),
		`test/command: Schedule: "CRON_TZ=UTC 0 4 * * *": must not name a time zone`,
	},
	"schedule: 31 April": {withSchedule("0 0 31 4 *"), `test/command: Schedule: "0 0 31 4 *": never runs: no date matches these fields`},
	"schedule: four": {
		withSchedule("0 4 * *"), `test/command: Schedule: "0 4 * *": must be the five fields of cron`,
	},
	"schedule: minute 60": {
		withSchedule("60 4 * * *"), `test/command: Schedule: "60 4 * * *": must be the five fields of cron`,
	},
	"zero: Secret": {
		withProject(django.Project{Secret: &secret.Secret{}}),
		`test/web: Project.Secret: "": must be made by secret.New`,
	},
	"zero: Database": {
		withProject(django.Project{Database: &postgres.Database{}}),
		`test/web: Project.Database: "": must be made by postgres.NewDatabase`,
	},
	"zero: MediaClaim": {
		withProject(django.Project{Media: &django.MediaClaim{}}),
		`test/web: Project.Media: "": must be made by NewMediaClaim`,
	},
	"zero: Server": {
		withProject(django.Project{Broker: &valkey.Server{}}),
		`test/web: Project.Broker: "": must be made by valkey.NewServer`,
	},
	"zero: Connection": {
		withProject(django.Project{Broker: &broker.Connection{}}), `test/web: Project.Broker.Secret: "": is required`,
	},
	"zero: store's Secret": {
		withStore(func(s *django.ObjectStore) { s.Secret = &secret.Secret{} }),
		`test/web: Project.Media.Secret: "": must be made by secret.New`,
	},
	"zero: broker's Secret": {
		withBroker(func(c *broker.Connection) { c.Secret = &secret.Secret{} }),
		`test/web: Project.Broker.Secret: "": must be made by secret.New`,
	},
	"zero: database's Secret": {
		withProject(django.Project{Database: postgres.Connection{Host: "db.example.com", Secret: &secret.Secret{}}}),
		`test/web: Project.Database.Secret: "": must be made by secret.New`,
	},
	"nil: Database": {
		func(chart cdk8s.Chart) { wrongDatabase(chart, (*postgres.Database)(nil)) },
		`test/web: Project.Database: "": is required`,
	},
	"nil: Connection": {
		func(chart cdk8s.Chart) { wrongDatabase(chart, (*postgres.Connection)(nil)) },
		`test/web: Project.Database: "": is required`,
	},
	"nil: Server": {
		withProject(django.Project{Broker: (*valkey.Server)(nil)}), `test/web: Project.Broker: "": must not be nil`,
	},
	"nil: broker": {
		withProject(django.Project{Broker: (*broker.Connection)(nil)}), `test/web: Project.Broker: "": must not be nil`,
	},
	"nil: MediaClaim": {
		withProject(django.Project{Media: (*django.MediaClaim)(nil)}), `test/web: Project.Media: "": must not be nil`,
	},
	"zero: database of a worker": {
		func(chart cdk8s.Chart) {
			project := projectIn(chart, django.Project{})
			project.Database = &postgres.Database{}
			django.NewWorker(chart, "worker", django.WorkerProps{Project: project, App: "shop"})
		},
		`test/worker: Project.Database: "": must be made by postgres.NewDatabase`,
	},
	"zero: broker of a worker": {
		func(chart cdk8s.Chart) {
			project := projectIn(chart, django.Project{})
			project.Broker = &valkey.Server{}
			django.NewWorker(chart, "worker", django.WorkerProps{Project: project, App: "shop"})
		},
		`test/worker: Project.Broker: "": must be made by valkey.NewServer`,
	},
	"nil: broker of beat": {
		func(chart cdk8s.Chart) {
			project := projectIn(chart, django.Project{})
			project.Broker = (*valkey.Server)(nil)
			django.NewBeat(chart, "beat", django.BeatProps{Project: project, App: "shop"})
		},
		`test/beat: Project.Broker: "": must not be nil`,
	},
	"nobody migrates": {
		withProject(django.Project{WaitForMigrations: true}),
		`test/web: Project.WaitForMigrations: true: needs a django.Migration of this database in the app`,
	},
}

// wrongDatabase adds a Web on a database that is none.
func wrongDatabase(chart cdk8s.Chart, database postgres.Connector) {
	django.NewWeb(chart, "web", django.WebProps{Project: django.Project{Image: "shop:1", Database: database}})
}

func TestWrongFields(t *testing.T) { checkMistakes(t, wrongFields) }
