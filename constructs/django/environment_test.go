package django_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	appsv1 "k8s.io/api/apps/v1"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
)

func withEnv(env map[string]string) cdktest.Build { return withWeb(django.WebProps{Env: env}) }

func withProjectEnv(env map[string]string) cdktest.Build {
	return withProject(django.Project{Env: env})
}

// onBoth builds a server with variables of the project and of its own.
func onBoth(shared, own map[string]string) cdktest.Build {
	return withWeb(django.WebProps{Project: django.Project{Env: shared}, Env: own})
}

// onGenerated builds a server with a Secret whose keys the cluster generates.
func onGenerated(p django.Project, keys ...string) cdktest.Build {
	return func(chart cdk8s.Chart) {
		source := secret.Generated(secret.GeneratedProps{Image: "shop:1", Keys: keys})
		env := secret.New(chart, "secret", secret.Props{Source: source})
		p := p
		p.Database = postgres.Connection{Host: "db.example.com", Secret: env}
		withProject(p)(chart)
	}
}

var wrongEnvironments = map[string]mistake{
	"unknown": {
		withEnv(map[string]string{"A": "$(Z)"}),
		`test/web: Env[A]: "...": contains $(Z), which no variable is called; write $$(Z) for the text itself`,
	},
	"unknown of the project": {
		withProjectEnv(map[string]string{"A": "http://$(Z)/"}),
		`test/web: Project.Env[A]: "...": contains $(Z), which no variable is called`,
	},
	"unknown behind an escape": {
		withEnv(map[string]string{"A": "$$$(Z)"}),
		`test/web: Env[A]: "...": contains $(Z), which no variable is called`,
	},
	"unknown in lower case": {
		withEnv(map[string]string{"A": "$(postgres_host)"}),
		`test/web: Env[A]: "...": contains $(postgres_host), which`,
	},
	"unknown with a dot": {
		withEnv(map[string]string{"A": "$(api.key)"}), `test/web: Env[A]: "...": contains $(api.key), which`,
	},
	"unknown among known": {
		withEnv(map[string]string{"A": "$(PORT)$(B)$(Z)", "B": "b"}), `test/web: Env[A]: "...": contains $(Z), which`,
	},
	"unknown twice": {
		withEnv(map[string]string{"A": "$(Z) $(Z)"}), `test/web: Env[A]: "...": contains $(Z), which`,
	},
	"unknown to another process of the project": {
		func(chart cdk8s.Chart) {
			p := jobProject(chart, func(p *django.Project) { p.Env = map[string]string{"A": "$(B)"} })
			django.NewWeb(chart, "web", django.WebProps{Project: p, Env: map[string]string{"B": "b"}})
			django.NewWorker(chart, "worker", django.WorkerProps{Project: p, App: "shop"})
		},
		`test/worker: Project.Env[A]: "...": contains $(B), which no variable is called`,
	},
	"port of no server": {
		wrongWorker(django.WorkerProps{Env: map[string]string{"A": "$(PORT)"}}),
		`test/worker: Env[A]: "...": contains $(PORT), which no variable is called`,
	},
	"address of a pod without metrics": {
		withEnv(map[string]string{"A": "$(POD_IP)"}),
		`test/web: Env[A]: "...": contains $(POD_IP), which no variable is called`,
	},
	"static files that the image has": {
		withEnv(map[string]string{"A": "$(STATIC_ROOT)"}),
		`test/web: Env[A]: "...": contains $(STATIC_ROOT), which no variable is called`,
	},
	"unknown to a worker": {
		wrongWorker(django.WorkerProps{Env: map[string]string{"A": "$(Z)"}}),
		`test/worker: Env[A]: "...": contains $(Z), which`,
	},
	"unknown to beat": {
		wrongBeat(django.BeatProps{Env: map[string]string{"A": "$(Z)"}}),
		`test/beat: Env[A]: "...": contains $(Z), which`,
	},
	"unknown to a migration": {
		wrongMigration(django.MigrationProps{Env: map[string]string{"A": "$(Z)"}}),
		`test/migration: Env[A]: "...": contains $(Z), which`,
	},
	"unknown to a command": {
		wrongCommand(func(p *django.ScheduledCommandProps) { p.Env = map[string]string{"A": "$(Z)"} }),
		`test/command: Env[A]: "...": contains $(Z), which`,
	},
	"unknown to a process": {
		wrongProcess(func(p *django.ProcessProps) { p.Env = map[string]string{"A": "$(Z)"} }),
		`test/process: Env[A]: "...": contains $(Z), which`,
	},
	"itself": {withEnv(map[string]string{"A": "a:$(A)"}), `test/web: Env[A]: "...": refers to itself`},
	"one another": {
		withEnv(map[string]string{"A": "$(B)", "B": "$(A)"}),
		`test/web: Env[A]: "...": refers to itself through other variables`,
	},
	"three in a circle": {
		withProjectEnv(map[string]string{"C": "$(A)", "B": "$(C)", "A": "$(B)"}),
		`test/web: Project.Env[A]: "...": refers to itself through other variables`,
	},
	"circle aside": {
		withEnv(map[string]string{"A": "$(B)", "B": "$(C)", "C": "$(B)"}), `test/web: Env[B]: "...": refers to itself`,
	},
	"value of the project": {
		onBoth(map[string]string{"A": "a"}, map[string]string{"A": "$(A):b"}),
		`test/web: Env[A]: "...": refers to itself`,
	},
	"circle through the project": {
		onBoth(map[string]string{"A": "a", "B": "$(A)"}, map[string]string{"A": "$(B)"}),
		`test/web: Env[A]: "...": refers to itself through other variables`,
	},
	"no name": {withEnv(map[string]string{"": "a"}), `test/web: Env[]: "": must be 1 to 253 letters`},
	"name with a dash": {
		withEnv(map[string]string{"A-B": "a"}), `test/web: Env[A-B]: "A-B": must be 1 to 253 letters`,
	},
	"name of a digit": {
		withEnv(map[string]string{"1A": "a"}), `test/web: Env[1A]: "1A": must be 1 to 253 letters`,
	},
	"name with a sign": {
		withEnv(map[string]string{"A=B": "a"}), `test/web: Env[A=B]: "A=B": must be 1 to 253 letters`,
	},
	"name with a dot": {
		wrongWorker(django.WorkerProps{Env: map[string]string{"a.b": "a"}}),
		`test/worker: Env[a.b]: "a.b": must be 1 to 253 letters`,
	},
	"hosts": {
		withEnv(map[string]string{"ALLOWED_HOSTS": "*"}),
		`test/web: Env[ALLOWED_HOSTS]: "...": is managed; set Hosts instead`,
	},
	"database of a worker": {
		wrongWorker(django.WorkerProps{Env: map[string]string{"PGPASSWORD": "a"}}),
		`test/worker: Env[PGPASSWORD]: "...": is managed; set Database instead`,
	},
	"broker of beat": {
		wrongBeat(django.BeatProps{Env: map[string]string{"CELERY_BROKER_URL": "a"}}),
		`test/beat: Env[CELERY_BROKER_URL]: "...": is managed; set Broker instead`,
	},
	"static files": {
		withWeb(django.WebProps{StaticRoot: "/srv", Env: map[string]string{"STATIC_ROOT": "/a"}}),
		`test/web: Env[STATIC_ROOT]: "...": is managed; set StaticRoot instead`,
	},
	"address": {
		withWeb(django.WebProps{Metrics: django.Metrics{Path: "/metrics"}, Env: map[string]string{"POD_IP": "a"}}),
		`test/web: Env[POD_IP]: "...": is managed; set Metrics instead`,
	},
	"address of the broker's password": {
		withBroker(func(c *broker.Connection) { c.URL, c.PasswordKey = "redis://:$(POD_IP)@redis", "POD_IP" },
			func(props *django.WebProps) { props.Metrics.Path = "/metrics" }),
		`test/web: Project.Broker.PasswordKey: "POD_IP": must be another key: the variable of that name is set`,
	},
	"gunicorn's workers": {
		withEnv(map[string]string{"GUNICORN_CMD_ARGS": "-w 9"}),
		`test/web: Env[GUNICORN_CMD_ARGS]: "-w": is managed; set Port and Gunicorn instead`,
	},
	// Found in a review: argparse takes any prefix of a flag.
	"abbreviated flag": {
		withArgs("--bin=127.0.0.1:9"),
		`test/web: Project.Env[GUNICORN_CMD_ARGS]: "--bin": is managed; set Port and Gunicorn instead`,
	},
	"abbreviated worker": {
		withEnv(map[string]string{"GUNICORN_CMD_ARGS": "--preload --work 9"}),
		`test/web: Env[GUNICORN_CMD_ARGS]: "--work": is managed`,
	},
	// Found in a review: Linux counts the name, too.
	"value just too long": {
		withEnv(map[string]string{"A": strings.Repeat("a", 131_070)}),
		`test/web: Env[A]: "...": must be at most 128 KiB together with its name`,
	},
	"value as long as both": {
		withEnv(map[string]string{"A": strings.Repeat("a", 131_071)}),
		`test/web: Env[A]: "...": must be at most 128 KiB together with its name`,
	},
	"value too long": {
		withEnv(map[string]string{"A": strings.Repeat("a", 131_072)}),
		`test/web: Env[A]: "...": must be at most 128 KiB, the longest text`,
	},
	// Found in a review: the same name twice, or a key that nothing reads.
	"generated key": {
		onGenerated(django.Project{Env: map[string]string{"FEATURES": "dev"}}, "FEATURES"),
		`test/web: Project.Env[FEATURES]: "...": is managed; set Secret instead`,
	},
	"key that is generated anyway": {
		onGenerated(django.Project{
			SecretKeys: []string{"FEATURES"}, Env: map[string]string{"SECRET_KEY": "a"},
		}, "FEATURES"),
		`test/web: Project.Env[SECRET_KEY]: "...": is managed; set Secret instead`,
	},
	"key of another field": {
		func(chart cdk8s.Chart) {
			env := holding(chart, "env", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY",
				"DATABASE_URL")
			withProject(django.Project{
				Database:   postgres.Connection{Host: "db.example.com", Secret: env},
				SecretKeys: []string{"SECRET_KEY", "DATABASE_URL"},
			})(chart)
		},
		`test/web: Project.SecretKeys[1]: "DATABASE_URL": must not be given: the variable of that name is set`,
	},
	"key of the broker": {
		withBroker(right, func(props *django.WebProps) { props.Project.SecretKeys = []string{"REDIS_PASSWORD"} }),
		`test/web: Project.SecretKeys[0]: "REDIS_PASSWORD": must not be given: the variable of that name is set`,
	},
}

// A variable comes behind those that it refers to, and each comes once.
func TestVariablesThatReferToOthers(t *testing.T) {
	props := django.WebProps{
		Project: django.Project{Env: map[string]string{
			"A": "$(Z)/a", "LANG": "C", "Z": "$(Y)", "URL": "https://$(STRIPE_API_KEY)@example.com:$(PORT)",
			"TEXT": "$$(NOPE)",
		}},
		Env: map[string]string{"LANG": "C.UTF-8", "Y": "$(TOKEN)", "Z": "$(Y)z"},
		Pod: pod.Template{EnvKeys: map[string]pod.EnvKey{"TOKEN": {Secret: "token", Key: "token", External: true}}},
	}
	props.Project.Env["Y"] = "y"
	spec := one[*appsv1.Deployment](t, onOutside(props)).Spec.Template.Spec
	var names []string
	for _, v := range spec.Containers[0].Env {
		names = append(names, v.Name)
	}
	want := []string{"TOKEN", "Y", "Z", "A", "LANG", "TEXT", "URL", "GUNICORN_CMD_ARGS"}
	if got := names[len(names)-len(want):]; !slices.Equal(got, want) {
		t.Errorf("the last variables are %q", got)
	}
	slices.Sort(names)
	if once := slices.Compact(slices.Clone(names)); !slices.Equal(once, names) {
		t.Errorf("some of %q come twice", names)
	}
}

// onOutside builds a server alone.
func onOutside(props django.WebProps) cdktest.Build {
	return func(chart cdk8s.Chart) { web(chart, props) }
}

// TestVariablesOfTheProjectUseThoseOfTheProcess has references to variables that
// only the process has.
func TestVariablesOfTheProjectUseThoseOfTheProcess(t *testing.T) {
	cdktest.Render(t, withWeb(django.WebProps{
		Project: django.Project{Env: map[string]string{"A": "$(B) $(TOKEN) $(PORT) $(STATIC_ROOT) $(POD_IP)"}},
		Env:     map[string]string{"B": "b"}, StaticRoot: "/app/static", Metrics: django.Metrics{Path: "/metrics"},
		Pod: pod.Template{EnvKeys: map[string]pod.EnvKey{"TOKEN": {Secret: "token", Key: "token", External: true}}},
	}))
}

// A ConfigMap whose keys are not known may hold any variable.
func TestVariablesOfAConfigMap(t *testing.T) {
	cdktest.Render(t, withWeb(django.WebProps{
		Env: map[string]string{"A": "$(FROM_THE_MAP)"},
		Pod: pod.Template{EnvFrom: []pod.EnvSource{{ConfigMap: "settings", External: true}}},
	}))
}

// The project's flags of gunicorn are for its sites; another server has its own.
func TestFlagsOfGunicorn(t *testing.T) {
	flags := func(build cdktest.Build) string {
		for _, v := range one[*appsv1.Deployment](t, build).Spec.Template.Spec.Containers[0].Env {
			if v.Name == "GUNICORN_CMD_ARGS" {
				return v.Value
			}
		}
		return ""
	}
	props := django.ProcessProps{NameSuffix: "channels", Command: []string{"gunicorn"}, Port: 8001}
	if got := flags(buildProcess(props, elaborate)); got != "" {
		t.Errorf("a process gets %q of the project", got)
	}
	props.Env = map[string]string{"GUNICORN_CMD_ARGS": "--bind=0.0.0.0:8001"}
	if got := flags(buildProcess(props, elaborate)); got != "--bind=0.0.0.0:8001" {
		t.Errorf("a process gets %q instead of its own", got)
	}
	site := django.WebProps{Env: map[string]string{"GUNICORN_CMD_ARGS": "--preload"}}
	site.Project.Env = map[string]string{"GUNICORN_CMD_ARGS": "--access-logfile=-"}
	if got := flags(onOutside(site)); !strings.HasPrefix(got, "--preload --workers=") {
		t.Errorf("a site gets %q", got)
	}
}

func TestWrongEnvironments(t *testing.T) { checkMistakes(t, wrongEnvironments) }
