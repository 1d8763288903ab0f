package django

import (
	"cmp"
	"fmt"

	"github.com/aws/constructs-go/constructs/v10"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
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

// Defaults of [ProcessProps].
const (
	// DefaultConnections is the number of database connections of a pod.
	DefaultConnections = 10

	// DefaultProcessTerminationGracePeriodSeconds is the default of Kubernetes.
	DefaultProcessTerminationGracePeriodSeconds = 30
)

// ProcessProps configures [NewProcess]. Project, NameSuffix and Command are
// required; the zero value of every other field means its default.
type ProcessProps struct {
	// Project is the Django project of the process.
	//
	// Required.
	Project Project

	// NameSuffix is the name of the Deployment behind the project's name and a
	// dash: "channels" makes django-channels. Both have at most 63 characters.
	//
	// Required.
	NameSuffix string

	// Env are further environment variables, which win over those of the
	// project.
	//
	// Default: none.
	Env map[string]string

	// Command is the program and its arguments.
	//
	// Required.
	Command []string

	// Port is the TCP port of a server, at least 1024, and of its Service. The
	// server learns it from PORT. A pod is ready when it accepts connections, and
	// goes on answering for [DefaultPreStopSeconds] when it is to stop.
	//
	// Default: 0, no server and no Service.
	Port int

	// Connections is the highest number of database connections of a pod.
	//
	// Default: [DefaultConnections].
	Connections int

	// Replicas is the number of pods; a pointer to zero stops the process.
	//
	// Default: [DefaultReplicas].
	Replicas *int

	// Autoscaling sets the number of pods by their load, in place of Replicas.
	//
	// Default: off.
	Autoscaling pod.Autoscaling

	// Rollout are the numbers of an update.
	//
	// Default: each field's own.
	Rollout pod.Rollout

	// Resources are the requests and limits of each pod.
	//
	// Default: [DefaultResources].
	Resources pod.Resources

	// TerminationGracePeriodSeconds is the time from deletion to SIGKILL. With a
	// Port it must be above [DefaultPreStopSeconds].
	//
	// Default: [DefaultProcessTerminationGracePeriodSeconds].
	TerminationGracePeriodSeconds int

	// Service are settings of the Service.
	//
	// Default: each field's own.
	Service pod.Service

	// Pod are further settings of the pods.
	//
	// Default: none.
	Pod pod.Template
}

// Validate reports every invalid field.
func (p ProcessProps) Validate() field.ErrorList {
	_, _, problems := p.resolve("")
	return problems
}

// resolve fills in the defaults and reports every invalid field.
func (p ProcessProps) resolve(namespace string) (ProcessProps, process, field.ErrorList) {
	var e rule.Errors
	given := p
	p.Connections = cmp.Or(p.Connections, DefaultConnections)
	p.Rollout = p.Rollout.WithDefaults()
	p.Resources = p.Resources.WithDefaults(DefaultResources)
	p.TerminationGracePeriodSeconds = cmp.Or(p.TerminationGracePeriodSeconds, DefaultProcessTerminationGracePeriodSeconds)
	name := cmp.Or(p.Project.Name, DefaultName) + "-" + p.NameSuffix
	var server *site
	if p.Port != 0 {
		server = &site{name: name, hosts: p.Project.Hosts, port: p.Port}
	}
	process := resolveProcess(&e, namespace, p.Project, process{
		name: name, part: labels.Process, env: p.Env, resources: p.Resources, template: p.Pod, site: server,
	}, "process", "wait-for-migrations")
	process.validateVolumes(&e, map[string]string{kube.TmpPath: "a writable directory"}, "")
	p.Project.validateSuffix(&e, p.NameSuffix, "Deployment", maxLabel, "")
	if len(p.Command) == 0 {
		e.Add("Command", "", "is required: the program and its arguments")
	}
	validateWords(&e, "Command", p.Command)
	if p.Port != 0 {
		e.Range("Port", p.Port, 1024, 65535)
	} else if len(p.Service.Annotations) > 0 || p.Service.Type != "" || p.Service.SessionAffinity != "" {
		e.Add("Service", "...", "has no effect without Port")
	}
	e.Range("Connections", p.Connections, 1, 100_000)
	p.Replicas, p.Autoscaling = resolveScale(&e, given.Replicas, given.Autoscaling)
	e.Join("Rollout", p.Rollout.Validate())
	e.Join("Resources", given.Resources.Validate())
	least := 1
	if p.Port != 0 {
		least = DefaultPreStopSeconds + 1
	}
	e.Range("TerminationGracePeriodSeconds", p.TerminationGracePeriodSeconds, least, 2*day)
	e.Join("Service", p.Service.Validate())
	if p.Port != 0 && (p.Port < 1024 || p.Port > 65535) {
		p.Port = DefaultPort // What asks for the port must not report it again.
	}
	return p, process, e.Err()
}

// Process is any other process of a project, such as a server for websockets or
// a consumer of a queue: a Deployment and, with a port, a Service.
type Process struct {
	constructs.Construct

	process    process
	props      ProcessProps
	deployment *object.Object[*appsv1.Deployment]
	service    *object.Object[*corev1.Service]
}

// NewProcess adds a [Process] called id to scope. Invalid props fail synthesis
// with the construct's path.
func NewProcess(scope constructs.Construct, id string, props ProcessProps) *Process {
	props = clone.Of(props)
	p := &Process{}
	n := construct.Init(p, scope, id)
	resolved, process, problems := props.resolve(n.Namespace())
	n.Report(problems)
	process.node = n
	p.props, p.process = resolved, process

	p.deployment = kube.NewDeployment(n, p.Name(), labels.Process, props.Pod, p.spec)
	kube.NewScaling(n, p.scale())
	if props.Port != 0 {
		p.service = kube.NewService(n, p.Name(), labels.Process, props.Service, p.ports()...)
	}
	kube.NewServiceAccount(n, p.Name(), labels.Process, props.Pod)
	n.Check(p.process.checkMigrated)
	return p
}

// Name returns the name of the Deployment and of the Service.
func (p *Process) Name() string { return p.process.name }

// Port returns the TCP port of the server, or 0.
func (p *Process) Port() int { return p.props.Port }

// Selector returns the labels that select the pods.
func (p *Process) Selector() map[string]string { return labels.Selector(p.Name()) }

// Deployment returns the Deployment of the process.
func (p *Process) Deployment() *object.Object[*appsv1.Deployment] { return p.deployment }

// Service returns the Service of the process, or nil without a port.
func (p *Process) Service() *object.Object[*corev1.Service] { return p.service }

// ExternalReferences lists objects that the construct references and does not
// create.
func (p *Process) ExternalReferences() []network.Object { return p.process.references() }

// Flows implements [network.Source].
func (p *Process) Flows() []network.Flow {
	pods, surge := p.scale().Max(), p.props.Rollout.MaxSurge
	flow := p.process.flow((pods+surge)*p.props.Connections,
		fmt.Sprintf("(%d+%d pods) x %d", pods, surge, p.props.Connections))
	flow.HTTP = p.props.Port
	return []network.Flow{flow}
}

func (p *Process) scale() kube.Scale {
	return kube.Scale{Name: p.Name(), Part: labels.Process, Autoscaling: p.props.Autoscaling, Replicas: *p.props.Replicas}
}

func (p *Process) ports() []kube.Port {
	if p.props.Port == 0 {
		return nil
	}
	return []kube.Port{{Name: portName, Number: p.props.Port}}
}

func (p *Process) spec() appsv1.DeploymentSpec {
	mounts := p.process.mounts()
	c := p.process.container("process", p.props.Command, mounts)
	c.Ports = kube.ContainerPorts(p.ports()...)
	if p.props.Port != 0 {
		c.Lifecycle = preStop(DefaultPreStopSeconds)
		accepts := corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromString(portName)}}
		probes := Probes{}.withDefaults()
		c.StartupProbe, c.ReadinessProbe = probes.Startup.build(accepts), probes.Readiness.build(accepts)
		c.LivenessProbe = probes.Liveness.build(accepts)
	}
	pod := p.process.pod(mounts, c, p.process.waitForMigrations(mounts)...)
	pod.Spec.TerminationGracePeriodSeconds = new(int64(p.props.TerminationGracePeriodSeconds))
	pod.Spec.TopologySpreadConstraints = p.scale().Spread()
	spec := kube.DeploymentSpec(p.props.Rollout)
	spec.Replicas = p.scale().DeploymentReplicas()
	spec.Template = pod.Build()
	return spec
}
