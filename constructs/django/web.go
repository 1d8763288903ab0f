// Package django holds the constructs that run the processes of a Django
// [Project]: a [Web] serves it, a [Migration] migrates its database, a [Worker]
// and a [Beat] run its Celery tasks, a [ScheduledCommand] its management
// commands, and a [Process] whatever else. Each stands alone; uploaded files go
// to a [MediaClaim] or an [ObjectStore].
package django

import (
	"fmt"
	"slices"

	"github.com/aws/constructs-go/constructs/v10"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/clone"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/host"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
)

// portName names the port in the Deployment and the Service.
const portName = "http"

// Web serves a Django project over HTTP: a Deployment, and a Service in front
// of it.
type Web struct {
	constructs.Construct

	process    process
	props      WebProps
	deployment *object.Object[*appsv1.Deployment]
	service    *object.Object[*corev1.Service]
}

// NewWeb adds a [Web] called id to scope. Invalid props fail synthesis with the
// construct's path.
func NewWeb(scope constructs.Construct, id string, props WebProps) *Web {
	props = clone.Of(props)
	w := &Web{}
	n := construct.Init(w, scope, id)
	resolved, process, problems := props.resolve(n.Namespace())
	n.Report(problems)
	process.node = n
	w.props, w.process = resolved, process

	w.deployment = kube.NewDeployment(n, w.Name(), labels.Web, props.Pod, w.spec)
	kube.NewScaling(n, w.scale())
	w.service = kube.NewService(n, w.Name(), labels.Web, props.Service, w.ports()...)
	kube.NewServiceAccount(n, w.Name(), labels.Web, props.Pod)
	n.Check(w.process.checkMigrated)
	return w
}

// Name returns the name of the Deployment and of the Service.
func (w *Web) Name() string { return w.process.name }

// Port returns the TCP port of the server and of its Service.
func (w *Web) Port() int { return w.props.Port }

// Hosts returns the public host names of the site, for the route to it.
func (w *Web) Hosts() []string { return slices.Clone(w.props.Hosts) }

// HTTPS reports whether visitors use https.
func (w *Web) HTTPS() bool { return w.process.HTTPS }

// Selector returns the labels that select the pods.
func (w *Web) Selector() map[string]string { return labels.Selector(w.Name()) }

// Metrics returns the TCP port and the path of the metrics, or 0 and "".
func (w *Web) Metrics() (port int, path string) { return w.props.Metrics.Port, w.props.Metrics.Path }

// PortName returns the name that the Service has for port, or "".
func (w *Web) PortName(port int) string { return kube.PortName(w.ports(), port) }

// Deployment returns the Deployment of the server.
func (w *Web) Deployment() *object.Object[*appsv1.Deployment] { return w.deployment }

// Service returns the Service in front of the server.
func (w *Web) Service() *object.Object[*corev1.Service] { return w.service }

// ExternalReferences lists objects that the construct references and does not
// create.
func (w *Web) ExternalReferences() []network.Object { return w.process.references() }

// Flows implements [network.Source]. Each thread of each pod holds one
// connection to the database. The further pods of an update count, too.
func (w *Web) Flows() []network.Flow {
	pods, surge, g := w.scale().Max(), w.surge(), w.props.Gunicorn
	flow := w.process.flow((pods+surge)*g.Workers*g.Threads,
		fmt.Sprintf("(%d+%d pods) x %d workers x %d threads", pods, surge, g.Workers, g.Threads))
	flow.HTTP, flow.Metrics = w.props.Port, w.props.Metrics.Port
	return []network.Flow{flow}
}

// surge is the number of pods besides the replicas in an update.
func (w *Web) surge() int {
	if w.process.oneNode() {
		return 0
	}
	return w.props.Rollout.MaxSurge
}

func (w *Web) scale() kube.Scale {
	return kube.Scale{Name: w.Name(), Part: labels.Web, Autoscaling: w.props.Autoscaling, Replicas: *w.props.Replicas}
}

// ports are those of the pods and of the Service.
func (w *Web) ports() []kube.Port {
	ports := []kube.Port{{Name: portName, Number: w.props.Port}}
	if own := w.props.Metrics.Port; w.props.Metrics.on() && own != w.props.Port {
		ports = append(ports, kube.Port{Name: labels.MetricsPort, Number: own})
	}
	return ports
}

func (w *Web) spec() appsv1.DeploymentSpec {
	spec := kube.DeploymentSpec(w.props.Rollout)
	if w.process.oneNode() {
		spec.Strategy = kube.Recreate()
	}
	spec.Replicas = w.scale().DeploymentReplicas()
	spec.Template = w.pod().Build()
	return spec
}

func (w *Web) pod() kube.Pod {
	mounts := w.process.mounts()
	mounts.Add("volume", w.process.Volumes, isClaim)
	if claim := w.process.claim(); claim != nil && w.process.oneNode() {
		mounts.Claim("media", claim.props.MountPath, claim.props.Name)
	}
	before := w.initContainers(mounts)
	if w.props.StaticRoot != "" {
		mounts.Volume("static", pod.Volume{MountPath: w.props.StaticRoot, EmptyDir: staticSize, ReadOnly: true})
	}
	mounts.Memory("gunicorn", heartbeatPath, "1Mi")
	p := w.process.pod(mounts, w.server(mounts), before...)
	p.Meta.Annotations = kube.Scrape(w.Metrics())
	p.Spec.TerminationGracePeriodSeconds = new(int64(w.props.TerminationGracePeriodSeconds))
	p.Spec.TopologySpreadConstraints = w.scale().Spread()
	return p
}

// initContainers run before the server, one after the other: what is cheap and
// may fail comes first, and the wait comes last.
func (w *Web) initContainers(mounts kube.Mounts) []corev1.Container {
	var containers []corev1.Container
	add := func(name string, mounts kube.Mounts, args ...string) {
		containers = append(containers, w.process.container(name, manage(args...), mounts))
	}
	if w.props.DeployCheck != "" {
		add("check", mounts, "check", "--deploy", "--fail-level="+string(w.props.DeployCheck))
	}
	if w.props.StaticRoot != "" {
		writable := mounts.Clone()
		writable.Volume("static", pod.Volume{MountPath: w.props.StaticRoot, EmptyDir: staticSize})
		add("collectstatic", writable, "collectstatic", "--noinput")
	}
	return append(containers, w.process.waitForMigrations(mounts)...)
}

// staticSize bounds what collectstatic may write.
const staticSize = "1Gi"

func (w *Web) server(mounts kube.Mounts) corev1.Container {
	props := w.props
	c := w.process.container("django", props.Command, mounts)
	c.Args = props.Args
	c.Env = w.process.serverVariables()
	c.Ports = kube.ContainerPorts(w.ports()...)
	c.StartupProbe = w.probe(props.HealthPath, props.Probes.Startup)
	c.ReadinessProbe = w.probe(props.HealthPath, props.Probes.Readiness)
	c.LivenessProbe = w.probe(props.LivenessPath, props.Probes.Liveness)
	c.Lifecycle = preStop(props.PreStopSeconds)
	return c
}

// preStop keeps a server answering for the given time.
func preStop(seconds int) *corev1.Lifecycle {
	return &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{
		Exec: &corev1.ExecAction{Command: []string{"sleep", fmt.Sprint(seconds)}},
	}}
}

// probe asks like a visitor would. Without the Host header Django answers 400,
// because the kubelet names the pod's address; without X-Forwarded-Proto a site
// that redirects to https answers 301, which passes and proves nothing.
func (w *Web) probe(path string, p Probe) *corev1.Probe {
	first := host.Host(w.process.allowedHosts(w.props.Hosts, w.Name(), nil)[0])
	headers := []corev1.HTTPHeader{{Name: "Host", Value: first.Name()}}
	if w.process.HTTPS {
		headers = append(headers, corev1.HTTPHeader{Name: "X-Forwarded-Proto", Value: "https"})
	}
	return p.build(corev1.ProbeHandler{
		HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromString(portName), HTTPHeaders: headers},
	})
}
