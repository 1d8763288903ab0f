// Package django holds the constructs that run a Django project. A [Web] serves
// it; its other processes are made from the Web: a [Migration], a [Worker], a
// [Beat], a [Command]. Uploaded files go to a [MediaClaim] or an [ObjectStore].
package django

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	kplus "github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"

	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/declare"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/podspec"
	"example.com/django-cdk8s/internal/rule"
)

// portName names the port in the Deployment and the Service.
const portName = "http"

// Web serves a Django project over HTTP: a Deployment, and a Service in front
// of it. The other processes of the project, such as [Worker], are made from
// it: they run its image with its environment.
type Web struct {
	constructs.Construct

	props   WebProps
	service kplus.Service
}

// NewWeb adds a [Web] called id to scope. Invalid props fail synthesis with the
// construct's path.
func NewWeb(scope constructs.Construct, id string, props WebProps) *Web {
	w := &Web{}
	bind.Init(w, scope, id)
	bind.Validate(w, props.Validate)

	w.props = props.withDefaults()
	if props.Metrics.wrong() {
		// What asks for them must not report them again.
		w.props.Metrics = Metrics{Port: w.props.Port, Path: "/"}
	}
	bind.Validate(w, w.validateSecrets)
	bind.Validate(w, w.validateMedia)
	newDeployment(w)
	newScaling(w.scaled())
	// Wrong numbers, which are reported themselves, do not count.
	if props.Validate() == nil {
		w.addOwnClient()
	}
	w.service = bind.NewService(w, w.props.Name, labels.Web, w.ports()...)
	return w
}

// Service returns the Service in front of the server.
func (w *Web) Service() kplus.Service { return w.service }

// Hosts returns the public host names of the site, for the route that leads to
// it.
func (w *Web) Hosts() []string { return slices.Clone(w.props.Hosts) }

// HTTPS reports whether visitors use https.
func (w *Web) HTTPS() bool { return w.props.HTTPS }

// Metrics returns where Prometheus finds the metrics, or 0 and "".
func (w *Web) Metrics() (port int, path string) { return w.props.Metrics.Port, w.props.Metrics.Path }

// validateSecrets reports each Secret that is out of the pods' reach, once.
func (w *Web) validateSecrets() error {
	type use struct {
		field  string
		secret *secret.Secret
	}
	connection, _ := w.props.connection()
	uses := []use{{"Database.Secret", connection.Secret}, {"Secret", w.props.Secret}}
	if !rule.IsNil(w.props.Broker) {
		uses = append(uses, use{"Broker.Secret", w.props.Broker.Broker().Secret})
	}
	if store, ok := w.props.Media.(ObjectStore); ok {
		uses = append(uses, use{"Media.Secret", store.Secret})
	}
	var errs []error
	seen := map[*secret.Secret]bool{}
	for _, u := range uses {
		if !seen[u.secret] {
			seen[u.secret] = true
			errs = append(errs, u.secret.ReadableFrom(bind.Namespace(w), u.field))
		}
	}
	return errors.Join(errs...)
}

// validateMedia reports a claim that is out of the pods' reach.
func (w *Web) validateMedia() error {
	claim, ok := w.props.Media.(*MediaClaim)
	if !ok || claim == nil {
		return nil
	}
	var e rule.Errors
	if own, other := bind.Namespace(w), bind.Namespace(claim); own != "" && other != "" && own != other {
		e.Add("Media", claim.Name(), fmt.Sprintf("is in namespace %q, and pods of namespace %q cannot mount it", other, own))
	}
	return e.Err()
}

// Name returns the name of the Deployment and of the Service.
func (w *Web) Name() string { return w.props.Name }

// Selector returns the labels by which a NetworkPolicy or the like finds the
// pods.
func (w *Web) Selector() map[string]string { return labels.Selector(w.props.Name) }

// Externals implements the declaration of volumes and Secrets that come from
// elsewhere.
func (w *Web) Externals() []declare.Object {
	return w.projectExternals(bind.Namespace(w))
}

func (w *Web) labels() *map[string]*string {
	return bind.Map(labels.Object(w.props.Name, labels.Web, bind.PartOf(w)))
}

// Traffic implements the declaration of what the pods serve and connect to.
func (w *Web) Traffic() []declare.Traffic {
	traffic := w.traffic(w)
	traffic[0].HTTP, traffic[0].Metrics = w.props.Port, w.props.Metrics.Port
	return traffic
}

// addOwnClient counts one connection for each thread of each pod, in an update
// at its largest.
func (w *Web) addOwnClient() {
	pods, surge := w.props.maxReplicas(), 1
	if w.props.oneNode() {
		surge = 0
	}
	g := w.props.Gunicorn
	w.addClient(w.props.Name, (pods+surge)*g.Workers*g.Threads,
		fmt.Sprintf("(%d+%d pods) x %d workers x %d threads", pods, surge, g.Workers, g.Threads))
}

func newDeployment(w *Web) {
	props := w.props
	strategy := oneMore()
	if props.oneNode() {
		strategy = oneAtATime()
	}
	k8s.NewKubeDeployment(w, new("Deployment"), &k8s.KubeDeploymentProps{
		Metadata: &k8s.ObjectMeta{Name: &props.Name, Labels: w.labels()},
		Spec: &k8s.DeploymentSpec{
			Replicas: props.Autoscaling.replicas(props.Replicas),
			Strategy: strategy,
			Selector: &k8s.LabelSelector{MatchLabels: bind.Map(labels.Selector(props.Name))},
			Template: &k8s.PodTemplateSpec{
				Metadata: &k8s.ObjectMeta{Labels: w.labels(), Annotations: podspec.Scrape(w.Metrics())},
				Spec:     newPod(w),
			},
		},
	})
}

func (w *Web) scaled() scaled {
	return scaled{scope: w, name: w.props.Name, part: labels.Web, autoscaling: w.props.Autoscaling, replicas: w.props.Replicas}
}

func newPod(w *Web) *k8s.PodSpec {
	mounts := w.projectMounts()
	for i, v := range w.props.Volumes {
		if kind, _ := v.Source(); kind == claimKind {
			mounts.Volume(podspec.VolumeName(i), v)
		}
	}
	if claim, ok := w.props.Media.(*MediaClaim); ok && w.props.oneNode() {
		mounts.Volume("media", pod.Volume{MountPath: claim.props.MountPath, Claim: claim.props.Name})
	}
	init := initContainers(w, mounts)
	if w.props.StaticRoot != "" {
		mounts.Volume("static", pod.Volume{MountPath: w.props.StaticRoot, EmptyDir: staticSize, ReadOnly: true})
	}
	mounts.Memory("gunicorn", heartbeatPath, "1Mi")
	spec := w.podSpec(mounts, newContainer(w, mounts))
	spec.InitContainers = bind.List(init...)
	spec.TerminationGracePeriodSeconds = jsii.Number(w.props.TerminationGracePeriodSeconds)
	spec.TopologySpreadConstraints = w.scaled().spread()
	spec.PriorityClassName = bind.Optional(w.props.PriorityClassName)
	return spec
}

// initContainers run before the server, one after the other: what is cheap and
// may fail comes first, and the wait comes last.
func initContainers(w *Web, mounts podspec.Mounts) []k8s.Container {
	var containers []k8s.Container
	manage := func(name string, mounts podspec.Mounts, args ...string) {
		containers = append(containers, w.process(name, jsii.Strings(append([]string{"python3", "manage.py"}, args...)...), w.props.Resources, mounts))
	}
	if w.props.DeployCheck != "" {
		manage("check", mounts, "check", "--deploy", "--fail-level="+string(w.props.DeployCheck))
	}
	if w.props.StaticRoot != "" {
		writable := mounts.Clone()
		writable.Volume("static", pod.Volume{MountPath: w.props.StaticRoot, EmptyDir: staticSize})
		manage("collectstatic", writable, "collectstatic", "--noinput")
	}
	return append(containers, w.waitForMigrations(w.props.Resources, mounts)...)
}

// staticSize bounds what collectstatic may write.
const staticSize = "1Gi"

func newContainer(w *Web, mounts podspec.Mounts) k8s.Container {
	props := w.props
	container := w.process("django", bind.Strings(props.Command), props.Resources, mounts)
	container.Args = bind.Strings(props.Args)
	container.Env = w.serverEnv()
	var ports []k8s.ContainerPort
	for _, port := range w.ports() {
		ports = append(ports, k8s.ContainerPort{Name: &port.Name, ContainerPort: jsii.Number(port.Number)})
	}
	container.Ports = bind.List(ports...)
	// Five minutes for imports and a cold disk.
	container.StartupProbe = w.probe(probe{path: props.HealthPath, period: 5, timeout: 5, failures: 60})
	container.ReadinessProbe = w.probe(probe{path: props.HealthPath, period: 10, timeout: 5, failures: 3})
	// Gentler than readiness: a busy pod is taken out of the Service after half
	// a minute, and restarted only after two.
	container.LivenessProbe = w.probe(probe{path: props.LivenessPath, period: 20, timeout: 10, failures: 6})
	container.Lifecycle = &k8s.Lifecycle{PreStop: &k8s.LifecycleHandler{
		Exec: &k8s.ExecAction{Command: jsii.Strings("sleep", fmt.Sprint(props.PreStopSeconds))},
	}}
	return container
}

// ports are those of the pods and of the Service.
func (w *Web) ports() []bind.Port {
	ports := []bind.Port{{Name: portName, Number: w.props.Port}}
	if own := w.props.Metrics.Port; w.props.Metrics.on() && own != w.props.Port {
		ports = append(ports, bind.Port{Name: labels.MetricsPort, Number: own})
	}
	return ports
}

func fromSecret(s *secret.Secret) *[]*k8s.EnvFromSource {
	if s == nil {
		return nil
	}
	return bind.List(k8s.EnvFromSource{SecretRef: &k8s.SecretEnvSource{Name: new(s.Name())}})
}

// probe is one HTTP probe; times are in seconds.
type probe struct {
	path                      string
	period, timeout, failures int
}

// probe asks like a visitor would. Without the Host header Django answers 400,
// because the kubelet names the pod's address; without X-Forwarded-Proto a site
// that redirects to https answers 301, which passes and proves nothing.
func (w *Web) probe(p probe) *k8s.Probe {
	headers := []k8s.HttpHeader{{Name: new("Host"), Value: new(strings.TrimPrefix(w.allowedHosts()[0], "."))}}
	if w.props.HTTPS {
		headers = append(headers, k8s.HttpHeader{Name: new("X-Forwarded-Proto"), Value: new("https")})
	}
	return &k8s.Probe{
		HttpGet: &k8s.HttpGetAction{
			Path:        &p.path,
			Port:        k8s.IntOrString_FromString(new(portName)),
			HttpHeaders: bind.List(headers...),
		},
		PeriodSeconds:    jsii.Number(p.period),
		TimeoutSeconds:   jsii.Number(p.timeout),
		FailureThreshold: jsii.Number(p.failures),
	}
}
