package django

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"

	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/declare"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// Defaults of [WorkerProps].
const (
	// DefaultWorkerGraceSeconds is how long running tasks have when a worker is
	// to stop.
	DefaultWorkerGraceSeconds = 300

	// workerStopSeconds is what a worker needs to stop once its tasks have
	// ended.
	workerStopSeconds = 30
)

// WorkerProps configures [NewWorker]. Web and App are required; the zero value
// of every other field means its default.
type WorkerProps struct {
	// Web is the site whose project the worker runs, with the image and the
	// environment of the site. It must have a Broker.
	//
	// Required.
	Web *Web

	// App is the module of the project that holds its Celery application, as
	// "celery --app" takes it.
	//
	// Required.
	App string

	// Name names the Deployment. Workers of different queues need different
	// names.
	//
	// Default: the site's name and "-worker".
	Name string

	// Queues are the queues that the worker takes tasks from.
	//
	// Default: the application's own, which is "celery" unless its settings say
	// otherwise.
	Queues []string

	// Concurrency is the number of tasks that each pod runs at a time, in a
	// process each.
	//
	// Default: the CPU limit in whole cores, rounded up. Celery's own default
	// counts the cores of the node.
	Concurrency int

	// Replicas is the number of pods; a pointer to zero stops the workers.
	//
	// Default: [DefaultReplicas].
	Replicas *int

	// Autoscaling makes the number of pods follow the load, in place of
	// Replicas.
	//
	// Default: off.
	Autoscaling Autoscaling

	// PriorityClassName is the name of a PriorityClass of the cluster, which
	// says whose pods stay when a node is full.
	//
	// Default: the cluster's default class.
	PriorityClassName string

	// Resources says how much CPU and memory each pod gets.
	//
	// Default: [DefaultResources].
	Resources pod.Resources

	// TimeLimitSeconds is after how long a task is killed. It becomes Celery's
	// --time-limit, which a task's own time_limit overrides.
	//
	// Default: none; what the settings say.
	TimeLimitSeconds int

	// TerminationGracePeriodSeconds is how long running tasks have when a pod
	// is to stop: the worker takes no new task then, and is killed at the end.
	// What becomes of a task that is killed is up to task_acks_late.
	//
	// Default: [DefaultWorkerGraceSeconds], or, with TimeLimitSeconds, half a
	// minute more than that.
	TerminationGracePeriodSeconds int
}

// Validate reports every invalid field.
func (p WorkerProps) Validate() error {
	given := p
	p = p.withDefaults()
	var e rule.Errors
	validateCelery(&e, p.Web, p.App)
	p.Web.validateName(&e, given.Name, p.Name, maxLabel, "")
	for i, queue := range p.Queues {
		e.Queue(rule.Item("Queues", i), queue)
	}
	e.Unique("Queues", p.Queues)
	e.Range("Concurrency", p.Concurrency, 1, 1000)
	p.Autoscaling.validate(&e, given.Replicas)
	if p.PriorityClassName != "" {
		e.Name("PriorityClassName", p.PriorityClassName)
	}
	e.Join("Resources", given.Resources.Validate())
	e.Range("TimeLimitSeconds", p.TimeLimitSeconds, 0, day)
	given.validateShutdown(&e)
	return e.Err()
}

// validateShutdown checks a grace period that is given; the default follows from
// the time limit.
func (p WorkerProps) validateShutdown(e *rule.Errors) {
	least := p.TimeLimitSeconds + workerStopSeconds
	switch {
	case p.TerminationGracePeriodSeconds == 0:
	case p.TerminationGracePeriodSeconds < least:
		e.Add("TerminationGracePeriodSeconds", p.TerminationGracePeriodSeconds, fmt.Sprintf(
			"must be at least TimeLimitSeconds and %d seconds to stop = %d, or tasks are cut off", workerStopSeconds, least))
	case p.TerminationGracePeriodSeconds > 2*day:
		e.Add("TerminationGracePeriodSeconds", p.TerminationGracePeriodSeconds, "must be at most two days")
	}
}

// validateCelery checks what every process of Celery needs.
func validateCelery(e *rule.Errors, web *Web, app string) {
	if web == nil {
		e.Add("Web", "", "is required: the site whose project is run")
	} else if web.props.Broker == nil {
		// A nil pointer the site reports itself.
		e.Add("Web", web.Name(), "must have a Broker, which Celery's messages go through")
	}
	e.PythonName("App", app)
}

func (p WorkerProps) withDefaults() WorkerProps {
	p.Name = cmp.Or(p.Name, p.Web.related("worker"))
	p.Resources = p.Resources.WithDefaults(DefaultResources)
	p.Concurrency = cmp.Or(p.Concurrency, int(cores(p.Resources.Limits.CPU)))
	p.Autoscaling = p.Autoscaling.withDefaults()
	if p.Replicas == nil {
		p.Replicas = new(DefaultReplicas)
	}
	if p.TerminationGracePeriodSeconds == 0 {
		p.TerminationGracePeriodSeconds = DefaultWorkerGraceSeconds
		if p.TimeLimitSeconds > 0 {
			p.TerminationGracePeriodSeconds = p.TimeLimitSeconds + workerStopSeconds
		}
	}
	return p
}

// Worker runs the project's Celery tasks: a Deployment. A pod that is to stop
// finishes its tasks and takes no new ones; Celery calls that a warm shutdown.
// Where the site's pods wait for migrations, a worker's do, too.
//
// There is no liveness probe. Celery's own check, "celery inspect ping", starts
// Python and loads the project each time, for seconds of CPU, and its answer
// comes through the broker: an outage there would restart every worker.
type Worker struct {
	constructs.Construct

	props WorkerProps
}

// NewWorker adds a [Worker] called id to scope. Invalid props fail synthesis
// with the construct's path.
func NewWorker(scope constructs.Construct, id string, props WorkerProps) *Worker {
	w := &Worker{}
	bind.Init(w, scope, id)
	bind.Validate(w, props.Validate)

	w.props = props.withDefaults()
	if props.Web == nil {
		return w
	}
	bind.Validate(w, func() error { return props.Web.reachableFrom(w) })
	newWorkerDeployment(w)
	newScaling(w.scaled())
	// Wrong numbers, which are reported themselves, do not count.
	if props.Validate() == nil {
		w.addClient()
	}
	return w
}

// Name returns the name of the Deployment.
func (w *Worker) Name() string { return w.props.Name }

// Selector returns the labels by which a NetworkPolicy or the like finds the
// pods.
func (w *Worker) Selector() map[string]string { return labels.Selector(w.props.Name) }

// Externals implements the declaration of volumes and Secrets that come from
// elsewhere.
func (w *Worker) Externals() []declare.Object { return w.props.Web.projectExternals(bind.Namespace(w)) }

// Traffic implements the declaration of what the pods connect to.
func (w *Worker) Traffic() []declare.Traffic { return w.props.Web.traffic(w) }

func (w *Worker) scaled() scaled {
	return scaled{scope: w, name: w.props.Name, part: labels.Worker, autoscaling: w.props.Autoscaling, replicas: w.props.Replicas}
}

// addClient counts one connection for each process of each pod: those that run
// tasks, and the one that starts them.
func (w *Worker) addClient() {
	pods := w.props.Autoscaling.max(w.props.Replicas)
	w.props.Web.addClient(w.props.Name, (pods+1)*(w.props.Concurrency+1),
		fmt.Sprintf("(%d+1 pods) x (%d+1 processes)", pods, w.props.Concurrency))
}

func newWorkerDeployment(w *Worker) {
	props := w.props
	metadata := w.scaled().metadata()
	k8s.NewKubeDeployment(w, new("Deployment"), &k8s.KubeDeploymentProps{
		Metadata: metadata,
		Spec: &k8s.DeploymentSpec{
			Replicas: props.Autoscaling.replicas(props.Replicas),
			Strategy: oneMore(),
			// Nothing tells when a worker is ready. One that cannot load its
			// tasks ends within these seconds, before the next one is replaced.
			MinReadySeconds: jsii.Number(30),
			Selector:        &k8s.LabelSelector{MatchLabels: bind.Map(w.Selector())},
			Template: &k8s.PodTemplateSpec{
				Metadata: &k8s.ObjectMeta{Labels: metadata.Labels},
				Spec:     workerPod(w),
			},
		},
	})
}

func workerPod(w *Worker) *k8s.PodSpec {
	props := w.props
	mounts := props.Web.projectMounts()
	spec := props.Web.podSpec(mounts, props.Web.process("worker", jsii.Strings(props.command()...), props.Resources, mounts))
	spec.InitContainers = bind.List(props.Web.waitForMigrations(props.Resources, mounts)...)
	spec.TerminationGracePeriodSeconds = jsii.Number(props.TerminationGracePeriodSeconds)
	spec.TopologySpreadConstraints = w.scaled().spread()
	spec.PriorityClassName = bind.Optional(props.PriorityClassName)
	return spec
}

// command starts the worker as process 1 of its container, without a shell that
// would keep the signal to stop from it.
func (p WorkerProps) command() []string {
	command := append(celery(p.App), "worker", fmt.Sprintf("--concurrency=%d", p.Concurrency))
	if len(p.Queues) > 0 {
		command = append(command, "--queues="+strings.Join(p.Queues, ","))
	}
	if p.TimeLimitSeconds > 0 {
		command = append(command, fmt.Sprintf("--time-limit=%d", p.TimeLimitSeconds))
	}
	return append(command, "--loglevel=INFO")
}

func celery(app string) []string { return []string{"python3", "-m", "celery", "--app=" + app} }
