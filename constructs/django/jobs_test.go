package django_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	kplus "github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/manifest"
)

// jobSecret is the Secret of the projects below.
func jobSecret(chart cdk8s.Chart) *secret.Secret {
	return secret.New(chart, "secret", secret.Props{Source: secret.Existing(
		"POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY", "CELERY_BROKER_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
	)})
}

// jobProject returns the project of the jobs below.
func jobProject(chart cdk8s.Chart, change func(p *django.Project)) django.Project {
	env := jobSecret(chart)
	project := django.Project{
		Image:    "shop:1",
		Database: postgres.Connection{Host: "db.example.com", Secret: env},
		Broker:   broker.Connection{Secret: env},
	}
	if change != nil {
		change(&project)
	}
	return project
}

// Changes of a project that its processes must follow.
var (
	waiting = func(p *django.Project) { p.WaitForMigrations = true }

	storing = func(p *django.Project) {
		p.WaitForMigrations = true
		p.Media = django.ObjectStore{
			Bucket: "shop-media", Endpoint: "https://s3.example.com:9000", Region: "eu-central-1",
			Secret: p.Database.Connection().Secret,
		}
	}

	// elaborate has what only some of the pods take over.
	elaborate = func(p *django.Project) {
		p.Name = "shop"
		p.Image = "example/shop:2"
		p.RunAsUser = 10001
		p.WaitForMigrations = true
		p.Env = map[string]string{"DJANGO_SETTINGS_MODULE": "shop.settings", "GUNICORN_CMD_ARGS": "--access-logfile=-"}
		p.ImagePullSecrets = []string{"registry"}
		p.Volumes = []pod.Volume{
			{MountPath: "/etc/shop", ConfigMap: "shop", External: true},
			{MountPath: "/app/private", Claim: "private", External: true},
		}
	}
)

// shared gives the project a claim that pods of several nodes can mount.
func shared(chart cdk8s.Chart) func(p *django.Project) {
	claim := django.NewMediaClaim(chart, "media", django.MediaClaimProps{AccessMode: django.ReadWriteMany, StorageClass: "nfs"})
	return func(p *django.Project) {
		p.WaitForMigrations = true
		p.Media = claim
	}
}

var smallResources = pod.Resources{
	Requests: pod.Quantities{CPU: "100m", Memory: "128Mi"},
	Limits:   pod.Quantities{CPU: "1500m", Memory: "256Mi"},
}

// workloads returns the typed objects of kind T in what build renders to.
func workloads[T any](t *testing.T, build cdktest.Build) []T {
	t.Helper()
	objects, err := manifest.Parse("rendered", []byte(cdktest.Render(t, build)))
	if err != nil {
		t.Fatal(err)
	}
	var found []T
	for _, object := range objects {
		if one, ok := object.Content.(T); ok {
			found = append(found, one)
		}
	}
	return found
}

// one returns the one object of kind T.
func one[T any](t *testing.T, build cdktest.Build) T {
	t.Helper()
	found := workloads[T](t, build)
	if len(found) != 1 {
		t.Fatalf("%d objects of %T, want 1", len(found), *new(T))
	}
	return found[0]
}

func buildMigration(props django.MigrationProps, change func(p *django.Project)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		props.Project = jobProject(chart, change)
		django.NewMigration(chart, "migration", props)
	}
}

func buildWorker(props django.WorkerProps, change func(p *django.Project)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		props.App = "shop"
		props.Project = jobProject(chart, change)
		django.NewWorker(chart, "worker", props)
	}
}

func buildBeat(props django.BeatProps, change func(p *django.Project)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		props.App = "shop"
		props.Project = jobProject(chart, change)
		django.NewBeat(chart, "beat", props)
	}
}

func buildCommand(props django.ScheduledCommandProps, change func(p *django.Project)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		props.NameSuffix, props.Args, props.Schedule = "clearsessions", []string{"clearsessions"}, "30 4 * * *"
		props.Project = jobProject(chart, change)
		django.NewScheduledCommand(chart, "command", props)
	}
}

var (
	background    = pod.Template{PriorityClassName: "background"}
	ownEnv        = map[string]string{"LANG": "C.UTF-8"}
	fullMigration = django.MigrationProps{
		Name: "schema", Resources: smallResources, HistoryLimit: new(0), BackoffLimit: new(0), ActiveDeadlineSeconds: 7200,
		Pod: pod.Template{PriorityClassName: "site"},
	}
	fullWorker = django.WorkerProps{
		App: "shop.celery:app", Name: "mailer", Queues: []string{"mail", "reports.weekly"}, Concurrency: 4, Replicas: new(3),
		Autoscaling: pod.Autoscaling{MaxReplicas: 5},
		Pod:         background, Resources: smallResources, TimeLimitSeconds: 600, TerminationGracePeriodSeconds: 900,
	}
	fullBeat = django.BeatProps{
		App: "shop.celery:app", Name: "clock", Scheduler: "django_celery_beat.schedulers:DatabaseScheduler",
		Pod: background, Resources: smallResources,
	}
	fullCommand = django.ScheduledCommandProps{
		NameSuffix: "reports", Args: []string{"send_reports", "--since=1 day"}, Schedule: "@weekly",
		TimeZone: "Europe/Vienna", Suspend: true, ConcurrencyPolicy: django.ReplaceConcurrent,
		StartingDeadlineSeconds: 60, ActiveDeadlineSeconds: 600, BackoffLimit: 2, HistoryLimit: new(1),
		Resources: smallResources,
	}
)

var (
	minimalProcess = django.ProcessProps{NameSuffix: "consumer", Command: []string{"python3", "consume.py"}}
	minimalServer  = django.ProcessProps{NameSuffix: "channels", Command: []string{"daphne"}, Port: 8001}
)

// fullProcess is a server for websockets.
var fullProcess = django.ProcessProps{
	NameSuffix: "channels", Env: ownEnv,
	Command: []string{"daphne", "--bind=0.0.0.0", "--port=8001", "shop.asgi:application"},
	Port:    8001, Connections: 20, Replicas: new(3),
	Rollout:   pod.Rollout{MaxSurge: 2, MinReadySeconds: 5, ProgressDeadlineSeconds: 300},
	Resources: smallResources, TerminationGracePeriodSeconds: 120,
	Service: pod.Service{SessionAffinity: corev1.ServiceAffinityClientIP}, Pod: background,
}

func buildProcess(props django.ProcessProps, change func(p *django.Project)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		props.Project = jobProject(chart, change)
		django.NewProcess(chart, "process", props)
	}
}

// showConnections writes what the budget of a database counts into a manifest.
func showConnections(chart cdk8s.Chart, source network.Source) {
	kplus.NewConfigMap(chart, new("connections"), &kplus.ConfigMapProps{
		Data: &map[string]*string{"connections": new(fmt.Sprint(source.Flows()[0].To[0].Connections))},
	})
}

func TestJobs(t *testing.T) {
	several := fullWorker
	several.Autoscaling = pod.Autoscaling{}
	for name, build := range map[string]cdktest.Build{
		"migration/minimal":      buildMigration(django.MigrationProps{}, waiting),
		"migration/full":         buildMigration(fullMigration, elaborate),
		"migration/object store": buildMigration(django.MigrationProps{}, storing),
		"migration/shared media": func(chart cdk8s.Chart) { buildMigration(django.MigrationProps{}, shared(chart))(chart) },

		"worker/minimal":               buildWorker(django.WorkerProps{}, nil),
		"worker/full":                  buildWorker(several, elaborate),
		"worker/autoscaling":           buildWorker(django.WorkerProps{Autoscaling: pod.Autoscaling{MinReplicas: 1, MaxReplicas: 4, CPUPercent: 60}}, nil),
		"worker/queues and time limit": buildWorker(django.WorkerProps{Name: "mailer", Queues: []string{"mail", "bulk"}, TimeLimitSeconds: 1800}, nil),
		"worker/several pods":          buildWorker(django.WorkerProps{Replicas: new(2)}, nil),
		"worker/stopped":               buildWorker(django.WorkerProps{Replicas: new(0)}, nil),
		"worker/waits for migrations":  buildWorker(django.WorkerProps{}, waiting),
		"worker/object store":          buildWorker(django.WorkerProps{}, storing),
		"worker/shared media":          func(chart cdk8s.Chart) { buildWorker(django.WorkerProps{}, shared(chart))(chart) },

		"beat/minimal":   buildBeat(django.BeatProps{}, nil),
		"beat/full":      buildBeat(fullBeat, elaborate),
		"beat/scheduler": buildBeat(django.BeatProps{Scheduler: "shop.schedule.Scheduler"}, waiting),

		"command/minimal":              buildCommand(django.ScheduledCommandProps{}, nil),
		"command/full":                 buildCommand(fullCommand, elaborate),
		"process/minimal":              buildProcess(minimalProcess, nil),
		"process/full":                 buildProcess(fullProcess, elaborate),
		"process/waits for migrations": buildProcess(minimalServer, storing),

		"command/suspended in a time zone": buildCommand(django.ScheduledCommandProps{Suspend: true, TimeZone: "America/New_York"}, waiting),
	} {
		t.Run(name, func(t *testing.T) { cdktest.Golden(t, name, build) })
	}
}

func TestEveryFieldOfTheJobs(t *testing.T) {
	other := django.Project{Name: "other"}
	project := func(chart cdk8s.Chart, given django.Project) django.Project {
		return jobProject(chart, func(p *django.Project) { p.WaitForMigrations, p.Name = true, given.Name })
	}
	t.Run("migration", func(t *testing.T) {
		full := fullMigration
		full.Project, full.Env, full.Restore = other, ownEnv, &postgres.Restore{}
		cdktest.EveryField(t, django.MigrationProps{}, full, func(chart cdk8s.Chart, props django.MigrationProps) {
			props.Project = project(chart, props.Project)
			restore := postgres.NewRestore(chart, "restore", postgres.RestoreProps{
				Database: props.Project.Database, Image: "postgres:17", Store: postgres.Store{Claim: "backups", External: true},
			})
			if props.Restore != nil {
				props.Restore = restore
			}
			django.NewMigration(chart, "migration", props)
		})
	})
	t.Run("worker", func(t *testing.T) {
		full := fullWorker
		full.Project, full.Env, full.Pool, full.MaxTasksPerChild = other, ownEnv, "threads", 100
		full.LogLevel, full.Args, full.Rollout = "DEBUG", []string{"--without-gossip"}, pod.Rollout{MinReadySeconds: 5}
		cdktest.EveryField(t, django.WorkerProps{App: "shop"}, full, func(chart cdk8s.Chart, props django.WorkerProps) {
			props.Project = project(chart, props.Project)
			django.NewWorker(chart, "worker", props)
		})
	})
	t.Run("beat", func(t *testing.T) {
		full := fullBeat
		full.Project, full.Env, full.LogLevel = other, ownEnv, "DEBUG"
		cdktest.EveryField(t, django.BeatProps{App: "shop"}, full, func(chart cdk8s.Chart, props django.BeatProps) {
			props.Project = project(chart, props.Project)
			django.NewBeat(chart, "beat", props)
		})
	})
	t.Run("command", func(t *testing.T) {
		full := fullCommand
		full.Project, full.Env, full.Pod = other, ownEnv, background
		minimal := django.ScheduledCommandProps{
			NameSuffix: "clearsessions", Args: []string{"clearsessions"}, Schedule: "@daily",
		}
		cdktest.EveryField(t, minimal, full, func(chart cdk8s.Chart, props django.ScheduledCommandProps) {
			props.Project = project(chart, props.Project)
			django.NewScheduledCommand(chart, "command", props)
		})
	})
	t.Run("process", func(t *testing.T) {
		full := fullProcess
		full.Project, full.Autoscaling = other, pod.Autoscaling{MaxReplicas: 5}
		minimal := minimalProcess
		minimal.Port = 9000
		cdktest.EveryField(t, minimal, full, func(chart cdk8s.Chart, props django.ProcessProps) {
			props.Project = project(chart, props.Project)
			process := django.NewProcess(chart, "process", props)
			// The number of connections is in no manifest of the process.
			showConnections(chart, process)
		})
	})
}

// A Job cannot be changed, and must not run again for nothing.
func TestMigrationJobNameFollowsItsContent(t *testing.T) {
	name := func(change func(p *django.Project)) string {
		return one[*batchv1.Job](t, buildMigration(django.MigrationProps{}, change)).Name
	}
	first := name(waiting)
	if again := name(waiting); again != first {
		t.Errorf("the Job was called %s and is called %s, although nothing has changed", first, again)
	}
	for what, change := range map[string]func(p *django.Project){
		"Image": func(p *django.Project) { p.WaitForMigrations, p.Image = true, "shop:2" },
		"Env":   func(p *django.Project) { p.WaitForMigrations, p.Env = true, map[string]string{"A": "b"} },
	} {
		if got := name(change); got == first {
			t.Errorf("another %s leaves the Job's name at %s", what, got)
		}
	}
	more := func(chart cdk8s.Chart) {
		project := jobProject(chart, waiting)
		django.NewMigration(chart, "migration", django.MigrationProps{Project: project})
		django.NewWeb(chart, "web", django.WebProps{Project: project, Replicas: new(5)})
	}
	if got := one[*batchv1.Job](t, more).Name; got != first {
		t.Errorf("another number of replicas makes the Job %s of %s", got, first)
	}
}

func TestLongestMigrationNameIsALabel(t *testing.T) {
	job := one[*batchv1.Job](t, buildMigration(django.MigrationProps{Name: strings.Repeat("m", 54)}, waiting))
	if len(job.Name) != 63 {
		t.Errorf("the Job's name has %d characters, want the 63 that its pods' label takes", len(job.Name))
	}
}

// The project's code must not see the token by which Jobs are deleted.
func TestNothingOfTheProjectMountsTheToken(t *testing.T) {
	spec := one[*batchv1.Job](t, buildMigration(django.MigrationProps{}, elaborate)).Spec.Template.Spec
	if mount := spec.AutomountServiceAccountToken; mount == nil || *mount {
		t.Error("every container gets the token by itself")
	}
	var with []string
	for _, container := range slices.Concat(spec.InitContainers, spec.Containers) {
		for _, mount := range container.VolumeMounts {
			if volume(spec, mount.Name).Name == "api" {
				with = append(with, container.Name)
			}
		}
		if container.Name == "migrate" {
			continue
		}
		for _, v := range container.Env {
			if strings.Contains(v.Name, "SECRET") || container.Name == "prune" || len(container.EnvFrom) > 0 {
				t.Errorf("container %s with the token has the project's credentials, too: %s", container.Name, v.Name)
			}
		}
	}
	if !slices.Equal(with, []string{"release", "prune"}) {
		t.Errorf("%q mount the token, want release and prune alone", with)
	}
}

func volume(spec corev1.PodSpec, name string) corev1.Volume {
	return spec.Volumes[slices.IndexFunc(spec.Volumes, func(v corev1.Volume) bool { return v.Name == name })]
}

// A shell as process 1 would keep the signal to stop to itself.
func TestNoShellBeforeWorkerAndBeat(t *testing.T) {
	for name, build := range map[string]cdktest.Build{"worker": buildWorker(fullWorkerWithoutReplicas(), nil), "beat": buildBeat(fullBeat, nil)} {
		spec := one[*appsv1.Deployment](t, build).Spec.Template.Spec
		if command := spec.Containers[0].Command; command[0] != "python3" || len(spec.Containers[0].Args) > 0 {
			t.Errorf("%s: the command is %q, want python3 first", name, command)
		}
	}
}

func fullWorkerWithoutReplicas() django.WorkerProps {
	props := fullWorker
	props.Replicas = nil
	return props
}

func TestBeatIsAlwaysOne(t *testing.T) {
	for name, build := range map[string]cdktest.Build{
		"minimal": buildBeat(django.BeatProps{}, nil),
		"full":    buildBeat(fullBeat, elaborate),
	} {
		spec := one[*appsv1.Deployment](t, build).Spec
		if spec.Replicas == nil || *spec.Replicas != 1 || spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType {
			t.Errorf("%s: replicas %v, strategy %s, want 1 and Recreate", name, spec.Replicas, spec.Strategy.Type)
		}
		command := spec.Template.Spec.Containers[0].Command
		if lock := "celery-beat:shop"; len(command) < 4 || command[3] != lock {
			t.Errorf("%s: the command takes no lock called %s: %q", name, lock, command)
		}
	}
}

// A claim that one node holds is the server's alone, or the worker could not
// start.
func TestJobsDoNotMountWhatOneNodeHolds(t *testing.T) {
	for name, build := range map[string]cdktest.Build{
		"worker": buildWorker(django.WorkerProps{}, elaborate),
		"media": func(chart cdk8s.Chart) {
			claim := django.NewMediaClaim(chart, "media", django.MediaClaimProps{})
			buildWorker(django.WorkerProps{}, func(p *django.Project) { p.Media = claim })(chart)
		},
	} {
		for _, v := range one[*appsv1.Deployment](t, build).Spec.Template.Spec.Volumes {
			if v.PersistentVolumeClaim != nil {
				t.Errorf("%s: mounts claim %s", name, v.PersistentVolumeClaim.ClaimName)
			}
		}
	}
}

func TestWorkerGraceFollowsTheTimeLimit(t *testing.T) {
	for limit, want := range map[int]int64{0: django.DefaultWorkerTerminationGracePeriodSeconds, 10: 40, 3600: 3630} {
		spec := one[*appsv1.Deployment](t, buildWorker(django.WorkerProps{TimeLimitSeconds: limit}, nil)).Spec.Template.Spec
		if got := *spec.TerminationGracePeriodSeconds; got != want {
			t.Errorf("with a time limit of %d s, the grace period is %d s, want %d s", limit, got, want)
		}
	}
}

func exampleProject(chart cdk8s.Chart) django.Project {
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY", "CELERY_BROKER_URL"),
	})
	return django.Project{
		Image:             "example/shop:1.2.3",
		Database:          postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env}),
		Broker:            broker.Connection{Secret: env},
		WaitForMigrations: true,
	}
}

func ExampleNewMigration() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	migration := django.NewMigration(chart, "migration", django.MigrationProps{
		Project:               exampleProject(chart),
		ActiveDeadlineSeconds: 4 * 3600,
	})
	fmt.Println(migration.Name())
	// Output: django-migrate
}

func ExampleNewWorker() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	worker := django.NewWorker(chart, "mailer", django.WorkerProps{
		Project:          exampleProject(chart),
		App:              "shop",
		Name:             "mailer",
		Queues:           []string{"mail"},
		Autoscaling:      pod.Autoscaling{MaxReplicas: 6},
		TimeLimitSeconds: 120,
	})
	fmt.Println(worker.Name())
	// Output: mailer
}

func ExampleNewBeat() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	beat := django.NewBeat(chart, "beat", django.BeatProps{
		Project:   exampleProject(chart),
		App:       "shop",
		Scheduler: "django_celery_beat.schedulers:DatabaseScheduler",
	})
	fmt.Println(beat.Name())
	// Output: django-beat
}

func ExampleNewScheduledCommand() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	command := django.NewScheduledCommand(chart, "clearsessions", django.ScheduledCommandProps{
		Project:    exampleProject(chart),
		NameSuffix: "clearsessions",
		Args:       []string{"clearsessions"},
		Schedule:   "30 4 * * *",
		TimeZone:   "Europe/Vienna",
	})
	fmt.Println(command.Name())
	// Output: django-clearsessions
}

func ExampleNewProcess() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	channels := django.NewProcess(chart, "channels", django.ProcessProps{
		Project:    exampleProject(chart),
		NameSuffix: "channels",
		Command:    []string{"daphne", "--bind=0.0.0.0", "--port=8001", "shop.asgi:application"},
		Port:       8001,
	})
	fmt.Println(channels.Name(), channels.Port())
	// Output: django-channels 8001
}
