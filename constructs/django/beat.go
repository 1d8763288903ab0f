package django

import (
	"cmp"
	"fmt"

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
	"example.com/django-cdk8s/internal/script"
)

// DefaultBeatResources are the resources of a process that loads the project
// and sends a message now and then.
var DefaultBeatResources = pod.Resources{
	Requests: pod.Quantities{CPU: "50m", Memory: "128Mi"},
	Limits:   pod.Quantities{CPU: "500m", Memory: "512Mi"},
}

// BeatProps configures [NewBeat]. Project and App are required; the zero value
// of every other field means its default.
//
// The number of replicas and the update strategy are not among them: two beats
// send every message twice.
type BeatProps struct {
	// Project is the Django project whose tasks are sent. It must have a Broker.
	//
	// Required.
	Project Project

	// App is the Python module of the Celery application, as "celery --app"
	// takes it.
	//
	// Required.
	App string

	// Name is the name of the Deployment.
	//
	// Default: the project's name and "-beat".
	Name string

	// Env are further environment variables of beat, which win over those of
	// the project.
	//
	// Default: none.
	Env map[string]string

	// Scheduler is the class of the schedule, such as
	// django_celery_beat.schedulers:DatabaseScheduler. Celery's own keeps the
	// last run of each task in a file; the file is lost with the pod, after
	// which a task that is due every hour is due in an hour, and one that was
	// due at a time in between is not sent.
	//
	// Default: Celery's own.
	Scheduler string

	// LogLevel is the level of the log: DEBUG, INFO, WARNING, ERROR or CRITICAL.
	//
	// Default: [DefaultLogLevel].
	LogLevel string

	// Resources are the requests and limits of the pod.
	//
	// Default: [DefaultBeatResources].
	Resources pod.Resources

	// Pod are further settings of the pod.
	//
	// Default: none.
	Pod pod.Template
}

// Validate reports every invalid field.
func (p BeatProps) Validate() field.ErrorList {
	_, _, problems := p.resolve("")
	return problems
}

// resolve fills in the defaults and reports every invalid field.
func (p BeatProps) resolve(namespace string) (BeatProps, process, field.ErrorList) {
	var e rule.Errors
	given := p
	p.Name = cmp.Or(p.Name, cmp.Or(p.Project.Name, DefaultName)+"-beat")
	p.LogLevel = cmp.Or(p.LogLevel, DefaultLogLevel)
	p.Resources = p.Resources.WithDefaults(DefaultBeatResources)
	p.Project.validateName(&e, given.Name, p.Name, maxLabel, "")
	process := resolveProcess(&e, namespace, p.Project, process{
		name: p.Name, part: labels.Beat, env: p.Env, resources: p.Resources, template: p.Pod,
	}, "beat", "wait-for-migrations")
	process.validateVolumes(&e, map[string]string{kube.TmpPath: "a writable directory"}, "")
	validateCelery(&e, p.Project, p.App)
	if p.Scheduler != "" {
		e.PythonName("Scheduler", p.Scheduler)
	}
	e.OneOf("LogLevel", p.LogLevel, "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
	e.Join("Resources", given.Resources.Validate())
	return p, process, e.Err()
}

// Beat sends the project's periodic Celery tasks: a Deployment of one pod, whose
// old pod goes before the new one starts. That alone does not keep it to one: a
// Deployment that loses its pod makes the next one while the old one still
// runs. So the process holds an advisory lock of the project's database, and a
// second one waits.
//
// It is ready while the database lets it log in, as a [Worker] is.
//
// Nothing is sent while a new pod waits for migrations: a worker of the release
// before would drop what it does not know.
type Beat struct {
	constructs.Construct

	process    process
	props      BeatProps
	deployment *object.Object[*appsv1.Deployment]
}

// NewBeat adds a [Beat] called id to scope. Invalid props fail synthesis with
// the construct's path.
func NewBeat(scope constructs.Construct, id string, props BeatProps) *Beat {
	props = clone.Of(props)
	b := &Beat{}
	n := construct.Init(b, scope, id)
	resolved, process, problems := props.resolve(n.Namespace())
	n.Report(problems)
	process.node = n
	b.props, b.process = resolved, process

	b.deployment = kube.NewDeployment(n, b.Name(), labels.Beat, props.Pod, b.spec)
	kube.NewServiceAccount(n, b.Name(), labels.Beat, props.Pod)
	n.Check(b.process.checkMigrated)
	n.Check(b.checkAlone)
	return b
}

// checkAlone reports a beat that would wait for ever for the lock that an
// earlier one of the app holds.
func (b *Beat) checkAlone() field.ErrorList {
	var e rule.Errors
	own := b.lock()
	for _, c := range b.process.node.App().All() {
		other, ok := c.(*Beat)
		if !ok {
			continue
		}
		if other == b {
			break
		}
		if own.host != "" && other.lock() == own {
			e.Add("App", b.props.App, fmt.Sprintf("is also that of %s, on the same database: "+
				"of the two, one sends and the other waits for its lock; leave one of them out", other.process.node.Path()))
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

// lock returns the zero value for a beat without a database.
func (b *Beat) lock() lock {
	c := b.process.connection
	l := lock{host: c.Host, port: c.Port, name: c.Name, app: b.props.App}
	if c.Name == "" && c.Secret != nil {
		l.secret, l.key = construct.NamespaceOf(c.Secret)+"/"+c.Secret.Name(), c.NameKey
	}
	return l
}

// Name returns the name of the Deployment.
func (b *Beat) Name() string { return b.process.name }

// Selector returns the labels that select the pod.
func (b *Beat) Selector() map[string]string { return labels.Selector(b.Name()) }

// Deployment returns the Deployment of beat.
func (b *Beat) Deployment() *object.Object[*appsv1.Deployment] { return b.deployment }

// ExternalReferences lists objects that the construct references and does not
// create.
func (b *Beat) ExternalReferences() []network.Object { return b.process.references() }

// Flows implements [network.Source]. A beat holds a connection for the lock, one
// for the schedule and one for the probe, and so does a second one that waits.
func (b *Beat) Flows() []network.Flow {
	return []network.Flow{b.process.flow(6, "(1+1 pods) x (a lock, a schedule and a probe)")}
}

func (b *Beat) spec() appsv1.DeploymentSpec {
	mounts := b.process.mounts()
	// Of two beats of one project, even with different names, one waits.
	command := script.WithAdvisoryLock("celery-beat:"+b.props.App, 0, b.props.command()...)
	beat := b.process.container("beat", command, mounts)
	beat.ReadinessProbe = logsIn()
	return appsv1.DeploymentSpec{
		Replicas: new(int32(1)),
		Strategy: kube.Recreate(),
		Template: b.process.pod(mounts, beat, b.process.waitForMigrations(mounts)...).Build(),
	}
}

func (p BeatProps) command() []string {
	// The directory of the project is not writable.
	command := append(celery(p.App), "beat", "--pidfile=", "--schedule="+kube.TmpPath+"/celerybeat-schedule")
	if p.Scheduler != "" {
		command = append(command, "--scheduler="+p.Scheduler)
	}
	return append(command, "--loglevel="+p.LogLevel)
}
