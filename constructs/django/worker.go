package django

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/clone"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// Defaults of [WorkerProps].
const (
	// DefaultWorkerTerminationGracePeriodSeconds is the time for running tasks
	// to end when a worker is to stop.
	DefaultWorkerTerminationGracePeriodSeconds = 300

	// DefaultWorkerMinReadySeconds is the time within which a worker that cannot
	// load its tasks ends. The readiness probe asks for the database alone.
	DefaultWorkerMinReadySeconds = 30

	// DefaultLogLevel is the level of Celery's log.
	DefaultLogLevel = "INFO"

	// workerStopSeconds is what a worker needs to stop once its tasks have
	// ended.
	workerStopSeconds = 30
)

// WorkerProps configures [NewWorker]. Project and App are required; the zero
// value of every other field means its default.
type WorkerProps struct {
	// Project is the Django project whose tasks run. It must have a Broker.
	//
	// Required.
	Project Project

	// App is the Python module of the Celery application, as "celery --app"
	// takes it.
	//
	// Required.
	App string

	// Name is the name of the Deployment. Workers of different queues need
	// different names.
	//
	// Default: the project's name and "-worker".
	Name string

	// Env are further environment variables of the worker, which win over those
	// of the project.
	//
	// Default: none.
	Env map[string]string

	// Queues are the queues that the worker consumes.
	//
	// Default: that of the application, "celery" unless its settings name
	// another.
	Queues []string

	// Concurrency is the number of tasks that each pod runs at a time.
	//
	// Default: the CPU limit in whole cores, rounded up. Celery's own default
	// counts the cores of the node.
	Concurrency int

	// Pool is the implementation of the pool of tasks: prefork, solo, threads,
	// gevent or eventlet.
	//
	// Default: none; prefork.
	Pool string

	// MaxTasksPerChild is the number of tasks after which a process of the pool
	// is replaced, which bounds what leaks.
	//
	// Default: 0, no limit.
	MaxTasksPerChild int

	// LogLevel is the level of the log: DEBUG, INFO, WARNING, ERROR or CRITICAL.
	//
	// Default: [DefaultLogLevel].
	LogLevel string

	// Args are further arguments of "celery worker".
	//
	// Default: none.
	Args []string

	// Replicas is the number of pods; a pointer to zero stops the workers.
	//
	// Default: [DefaultReplicas].
	Replicas *int

	// Autoscaling sets the number of pods by their load, in place of Replicas.
	//
	// Default: off.
	Autoscaling pod.Autoscaling

	// Rollout are the numbers of an update.
	//
	// Default: MinReadySeconds is [DefaultWorkerMinReadySeconds].
	Rollout pod.Rollout

	// Resources are the requests and limits of each pod.
	//
	// Default: [DefaultResources].
	Resources pod.Resources

	// TimeLimitSeconds is the time after which a task is killed. It becomes
	// Celery's --time-limit, which a task's own time_limit overrides.
	//
	// Default: none; that of the settings.
	TimeLimitSeconds int

	// TerminationGracePeriodSeconds is the time from deletion to SIGKILL: at least
	// 30 seconds more than TimeLimitSeconds, at most two days. The worker takes no
	// new task then. A task that is killed runs again where task_acks_late is set.
	//
	// Default: [DefaultWorkerTerminationGracePeriodSeconds], or 30 seconds more
	// than TimeLimitSeconds where that is given.
	TerminationGracePeriodSeconds int

	// Pod are further settings of the pods.
	//
	// Default: none.
	Pod pod.Template
}

// Validate reports every invalid field.
func (p WorkerProps) Validate() field.ErrorList {
	_, _, problems := p.resolve("")
	return problems
}

// resolve fills in the defaults and reports every invalid field.
func (p WorkerProps) resolve(namespace string) (WorkerProps, process, field.ErrorList) {
	var e rule.Errors
	given := p
	p.Name = cmp.Or(p.Name, cmp.Or(p.Project.Name, DefaultName)+"-worker")
	p.Resources = p.Resources.WithDefaults(DefaultResources)
	p.Concurrency = cmp.Or(p.Concurrency, int(cores(p.Resources.Limits.CPU)))
	p.LogLevel = cmp.Or(p.LogLevel, DefaultLogLevel)
	p.Rollout = p.Rollout.WithDefaults()
	p.Rollout.MinReadySeconds = cmp.Or(p.Rollout.MinReadySeconds, DefaultWorkerMinReadySeconds)
	p.resolveShutdown(&e)
	p.Project.validateName(&e, given.Name, p.Name, maxLabel, "")
	process := resolveProcess(&e, namespace, p.Project, process{
		name: p.Name, part: labels.Worker, env: p.Env, resources: p.Resources, template: p.Pod,
	}, "worker", "wait-for-migrations")
	process.validateVolumes(&e, map[string]string{kube.TmpPath: "a writable directory"}, "")
	validateCelery(&e, p.Project, p.App)
	p.validateArguments(&e)
	p.Replicas, p.Autoscaling = resolveScale(&e, given.Replicas, given.Autoscaling)
	e.Join("Rollout", p.Rollout.Validate())
	e.Join("Resources", given.Resources.Validate())
	return p, process, e.Err()
}

func (p WorkerProps) validateArguments(e *rule.Errors) {
	for i, queue := range p.Queues {
		e.Queue(rule.Item("Queues", i), queue)
	}
	e.Unique("Queues", p.Queues)
	e.Range("Concurrency", p.Concurrency, 1, 1000)
	if p.Pool != "" {
		e.OneOf("Pool", p.Pool, "prefork", "solo", "threads", "gevent", "eventlet")
	}
	e.Range("MaxTasksPerChild", p.MaxTasksPerChild, 0, 1_000_000_000)
	e.OneOf("LogLevel", p.LogLevel, "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
	validateWords(e, "Args", p.Args)
	e.Range("TimeLimitSeconds", p.TimeLimitSeconds, 0, day)
}

// resolveShutdown checks a grace period that is given; the default follows from
// the time limit.
func (p *WorkerProps) resolveShutdown(e *rule.Errors) {
	if p.TimeLimitSeconds < 0 || p.TimeLimitSeconds > day {
		return // It is reported itself, and the sum means nothing.
	}
	least := p.TimeLimitSeconds + workerStopSeconds
	switch given := p.TerminationGracePeriodSeconds; {
	case given == 0 && p.TimeLimitSeconds > 0:
		p.TerminationGracePeriodSeconds = least
	case given == 0:
		p.TerminationGracePeriodSeconds = DefaultWorkerTerminationGracePeriodSeconds
	case given < least:
		e.Add("TerminationGracePeriodSeconds", given, fmt.Sprintf(
			"must be at least TimeLimitSeconds and %d seconds to stop = %d, or tasks are cut off", workerStopSeconds, least))
	case given > 2*day:
		e.Add("TerminationGracePeriodSeconds", given, "must be at most two days")
	}
}

// validateCelery checks what every process of Celery needs.
func validateCelery(e *rule.Errors, p Project, app string) {
	if p.Broker == nil {
		e.Add("Project.Broker", "", "is required: the broker of Celery's messages")
	}
	e.PythonName("App", app)
}

// Worker runs the project's Celery tasks: a Deployment. A pod that is to stop
// finishes its tasks and takes no new ones, Celery's warm shutdown.
//
// A worker is ready while the database lets it log in: twice a minute a new
// session begins and ends, which costs about a hundredth of a core. With a wrong
// password it would take tasks and lose them.
//
// There is no liveness probe. Celery's own check, "celery inspect ping", starts
// Python and loads the project each time, for seconds of CPU, and its answer
// comes through the broker: an outage there would restart every worker.
type Worker struct {
	constructs.Construct

	process    process
	props      WorkerProps
	deployment *object.Object[*appsv1.Deployment]
}

// NewWorker adds a [Worker] called id to scope. Invalid props fail synthesis
// with the construct's path.
func NewWorker(scope constructs.Construct, id string, props WorkerProps) *Worker {
	props = clone.Of(props)
	w := &Worker{}
	n := construct.Init(w, scope, id)
	resolved, process, problems := props.resolve(n.Namespace())
	n.Report(problems)
	process.node = n
	w.props, w.process = resolved, process

	w.deployment = kube.NewDeployment(n, w.Name(), labels.Worker, props.Pod, w.spec)
	kube.NewScaling(n, w.scale())
	kube.NewServiceAccount(n, w.Name(), labels.Worker, props.Pod)
	n.Check(w.process.checkMigrated)
	return w
}

// Name returns the name of the Deployment.
func (w *Worker) Name() string { return w.process.name }

// Selector returns the labels that select the pods.
func (w *Worker) Selector() map[string]string { return labels.Selector(w.Name()) }

// Deployment returns the Deployment of the worker.
func (w *Worker) Deployment() *object.Object[*appsv1.Deployment] { return w.deployment }

// ExternalReferences lists objects that the construct references and does not
// create.
func (w *Worker) ExternalReferences() []network.Object { return w.process.references() }

// Flows implements [network.Source]. Each process of each pod holds one
// connection to the database: those that run tasks, and the one that starts
// them. So does the probe.
func (w *Worker) Flows() []network.Flow {
	pods, surge := w.scale().Max(), w.props.Rollout.MaxSurge
	return []network.Flow{w.process.flow((pods+surge)*(w.props.Concurrency+2),
		fmt.Sprintf("(%d+%d pods) x (%d+1 processes and a probe)", pods, surge, w.props.Concurrency))}
}

func (w *Worker) scale() kube.Scale {
	return kube.Scale{Name: w.Name(), Part: labels.Worker, Autoscaling: w.props.Autoscaling, Replicas: *w.props.Replicas}
}

func (w *Worker) spec() appsv1.DeploymentSpec {
	mounts := w.process.mounts()
	worker := w.process.container("worker", w.props.command(), mounts)
	worker.ReadinessProbe = logsIn()
	p := w.process.pod(mounts, worker, w.process.waitForMigrations(mounts)...)
	p.Spec.TerminationGracePeriodSeconds = new(int64(w.props.TerminationGracePeriodSeconds))
	p.Spec.TopologySpreadConstraints = w.scale().Spread()
	spec := kube.DeploymentSpec(w.props.Rollout)
	spec.Replicas = w.scale().DeploymentReplicas()
	spec.Template = p.Build()
	return spec
}

// command starts the worker as process 1 of its container, without a shell that
// would keep the signal to stop from it.
func (p WorkerProps) command() []string {
	command := append(celery(p.App), "worker", fmt.Sprintf("--concurrency=%d", p.Concurrency))
	if p.Pool != "" {
		command = append(command, "--pool="+p.Pool)
	}
	if len(p.Queues) > 0 {
		command = append(command, "--queues="+strings.Join(p.Queues, ","))
	}
	if p.TimeLimitSeconds > 0 {
		command = append(command, fmt.Sprintf("--time-limit=%d", p.TimeLimitSeconds))
	}
	if p.MaxTasksPerChild > 0 {
		command = append(command, fmt.Sprintf("--max-tasks-per-child=%d", p.MaxTasksPerChild))
	}
	return append(append(command, "--loglevel="+p.LogLevel), p.Args...)
}

func celery(app string) []string { return []string{"python3", "-m", "celery", "--app=" + app} }
