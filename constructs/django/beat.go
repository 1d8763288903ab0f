package django

import (
	"cmp"
	"fmt"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"

	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/declare"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/podspec"
	"example.com/django-cdk8s/internal/rule"
)

// DefaultBeatResources are the resources of a process that loads the project
// and sends a message now and then.
var DefaultBeatResources = pod.Resources{
	Requests: pod.Amounts{CPU: "50m", Memory: "128Mi"},
	Limits:   pod.Amounts{CPU: "500m", Memory: "512Mi"},
}

// BeatProps configures [NewBeat]. Web and App are required; the zero value of
// every other field means its default.
//
// The number of replicas and the update strategy are not among them: two beats
// send every message twice.
type BeatProps struct {
	// Web is the site whose project is run, with the image and the environment
	// of the site. It must have a Broker.
	//
	// Required.
	Web *Web

	// App is the module of the project that holds its Celery application, as
	// "celery --app" takes it.
	//
	// Required.
	App string

	// Name names the Deployment.
	//
	// Default: the site's name and "-beat".
	Name string

	// Scheduler is the class that holds the schedule, such as
	// django_celery_beat.schedulers:DatabaseScheduler. Celery's own keeps in a
	// file when each task was last sent; the file is lost with the pod, after
	// which a task that is due every hour is due in an hour, and one that was
	// due at a time in between is not sent.
	//
	// Default: Celery's own.
	Scheduler string

	// PriorityClassName is the name of a PriorityClass of the cluster, which
	// says whose pods stay when a node is full.
	//
	// Default: the cluster's default class.
	PriorityClassName string

	// Resources says how much CPU and memory the pod gets.
	//
	// Default: [DefaultBeatResources].
	Resources pod.Resources
}

// Validate reports every invalid field.
func (p BeatProps) Validate() error {
	given := p
	p = p.withDefaults()
	var e rule.Errors
	validateCelery(&e, p.Web, p.App)
	p.Web.validateName(&e, given.Name, p.Name, maxLabel, "")
	if p.Scheduler != "" {
		e.PythonName("Scheduler", p.Scheduler)
	}
	if p.PriorityClassName != "" {
		e.Name("PriorityClassName", p.PriorityClassName)
	}
	e.Join("Resources", given.Resources.Validate())
	return e.Err()
}

func (p BeatProps) withDefaults() BeatProps {
	p.Name = cmp.Or(p.Name, p.Web.related("beat"))
	p.Resources = p.Resources.WithDefaults(DefaultBeatResources)
	return p
}

// Beat sends the project's periodic Celery tasks when they are due: a
// Deployment of one pod, whose old pod goes before the new one starts. That
// alone does not keep it to one: a Deployment that loses its pod makes the next
// one while the old one still runs. So the process holds an advisory lock of
// the project's database, and a second one waits.
//
// Where the site's pods wait for migrations, the new pod does, too, and nothing
// is sent meanwhile: a worker of the release before would drop what it does not
// know.
type Beat struct {
	constructs.Construct

	props BeatProps
}

// NewBeat adds a [Beat] called id to scope. Invalid props fail synthesis with
// the construct's path.
func NewBeat(scope constructs.Construct, id string, props BeatProps) *Beat {
	b := &Beat{}
	bind.Init(b, scope, id)
	bind.Validate(b, props.Validate)

	b.props = props.withDefaults()
	if props.Web == nil {
		return b
	}
	bind.Validate(b, func() error { return props.Web.reachableFrom(b) })
	bind.Validate(b, b.validateAlone)
	newBeatDeployment(b)
	// The lock, the schedule, and the same of a second one that waits.
	props.Web.addClient(b.props.Name, 4, "(1+1 pods) x (a lock and a schedule)")
	return b
}

// validateAlone reports a beat that would wait forever for the lock that an
// earlier one of the app holds.
func (b *Beat) validateAlone() error {
	var e rule.Errors
	for _, c := range *b.Node().Root().Node().FindAll(constructs.ConstructOrder_PREORDER) {
		other, ok := c.(*Beat)
		if other == b {
			break
		}
		if ok && other.lock() == b.lock() && b.lock() != (lock{}) {
			e.Add("App", b.props.App, fmt.Sprintf("is also that of %s, on the same database: of the two, one sends and the other waits for its lock; leave one of them out", *other.Node().Path()))
			break
		}
	}
	return e.Err()
}

// lock is what an advisory lock belongs to: the database as far as a Connection
// tells, and the lock's name.
type lock struct {
	host, name, secret, key, app string
	port                         int
}

// lock returns the zero value for a beat without a database, which the site
// reports.
func (b *Beat) lock() lock {
	if b.props.Web == nil {
		return lock{}
	}
	c, ok := b.props.Web.props.connection()
	if !ok {
		return lock{}
	}
	l := lock{host: c.Host, port: c.Port, name: c.Name, app: b.props.App}
	if c.Name == "" && c.Secret != nil {
		l.secret, l.key = bind.Namespace(c.Secret)+"/"+c.Secret.Name(), c.NameKey
	}
	return l
}

// Name returns the name of the Deployment.
func (b *Beat) Name() string { return b.props.Name }

// Selector returns the labels by which a NetworkPolicy or the like finds the
// pod.
func (b *Beat) Selector() map[string]string { return labels.Selector(b.props.Name) }

// Externals implements the declaration of volumes and Secrets that come from
// elsewhere.
func (b *Beat) Externals() []declare.Object { return b.props.Web.projectExternals(bind.Namespace(b)) }

// Traffic implements the declaration of what the pod connects to.
func (b *Beat) Traffic() []declare.Traffic { return b.props.Web.traffic(b) }

func newBeatDeployment(b *Beat) {
	props := b.props
	objectLabels := bind.Map(labels.Object(props.Name, labels.Beat, bind.PartOf(b)))
	k8s.NewKubeDeployment(b, new("Deployment"), &k8s.KubeDeploymentProps{
		Metadata: &k8s.ObjectMeta{Name: &props.Name, Labels: objectLabels},
		Spec: &k8s.DeploymentSpec{
			Replicas: jsii.Number(1),
			Strategy: oneAtATime(),
			Selector: &k8s.LabelSelector{MatchLabels: bind.Map(b.Selector())},
			Template: &k8s.PodTemplateSpec{
				Metadata: &k8s.ObjectMeta{Labels: objectLabels},
				Spec:     beatPod(b),
			},
		},
	})
}

func beatPod(b *Beat) *k8s.PodSpec {
	props := b.props
	mounts := props.Web.projectMounts()
	// Of two beats of one project, even with different names, one waits.
	command := exclusive("celery-beat:"+props.App, props.command()...)
	spec := props.Web.podSpec(mounts, props.Web.process("beat", command, props.Resources, mounts))
	spec.InitContainers = bind.List(props.Web.waitForMigrations(props.Resources, mounts)...)
	spec.PriorityClassName = bind.Optional(props.PriorityClassName)
	return spec
}

func (p BeatProps) command() []string {
	// The directory of the project is not writable.
	command := append(celery(p.App), "beat", "--pidfile=", "--schedule="+podspec.TmpPath+"/celerybeat-schedule")
	if p.Scheduler != "" {
		command = append(command, "--scheduler="+p.Scheduler)
	}
	return append(command, "--loglevel=INFO")
}
