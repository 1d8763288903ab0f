// Package django holds the constructs that run a Django project.
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

	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/declare"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/podspec"
)

// portName names the port in the Deployment and the Service.
const portName = "http"

// Web serves a Django project over HTTP: a Deployment, and a Service in front
// of it.
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
	bind.Validate(w, w.validateSecrets)
	newDeployment(w)
	w.service = bind.NewService(w, w.props.Name, labels.Web, bind.Port{Name: portName, Number: w.props.Port})
	return w
}

// Service returns the Service in front of the server.
func (w *Web) Service() kplus.Service { return w.service }

// Hosts returns the public host names of the site, for the route that leads to
// it.
func (w *Web) Hosts() []string { return slices.Clone(w.props.Hosts) }

// HTTPS reports whether visitors use https.
func (w *Web) HTTPS() bool { return w.props.HTTPS }

// validateSecrets reports each Secret that is out of the pods' reach, once.
func (w *Web) validateSecrets() error {
	connection, _ := w.props.connection()
	err := connection.Secret.ReadableFrom(bind.Namespace(w), "Database.Secret")
	if w.props.Secret != connection.Secret {
		err = errors.Join(err, w.props.Secret.ReadableFrom(bind.Namespace(w), "Secret"))
	}
	return err
}

// Name returns the name of the Deployment and of the Service.
func (w *Web) Name() string { return w.props.Name }

// Selector returns the labels by which a NetworkPolicy or the like finds the
// pods.
func (w *Web) Selector() map[string]string { return labels.Selector(w.props.Name) }

// Externals implements the declaration of volumes and Secrets that come from
// elsewhere.
func (w *Web) Externals() []declare.Object {
	namespace := bind.Namespace(w)
	return append(podspec.Externals(namespace, w.props.Volumes), podspec.ExternalPullSecrets(namespace, w.props.ImagePullSecrets)...)
}

func (w *Web) labels() *map[string]*string {
	return bind.Map(labels.Object(w.props.Name, labels.Web, bind.PartOf(w)))
}

func newDeployment(w *Web) {
	k8s.NewKubeDeployment(w, new("Deployment"), &k8s.KubeDeploymentProps{
		Metadata: &k8s.ObjectMeta{Name: &w.props.Name, Labels: w.labels()},
		Spec: &k8s.DeploymentSpec{
			Replicas: jsii.Number(*w.props.Replicas),
			// A new pod is ready before an old one goes.
			Strategy: &k8s.DeploymentStrategy{
				Type: new("RollingUpdate"),
				RollingUpdate: &k8s.RollingUpdateDeployment{
					MaxSurge:       k8s.IntOrString_FromNumber(jsii.Number(1)),
					MaxUnavailable: k8s.IntOrString_FromNumber(jsii.Number(0)),
				},
			},
			Selector: &k8s.LabelSelector{MatchLabels: bind.Map(labels.Selector(w.props.Name))},
			Template: &k8s.PodTemplateSpec{
				Metadata: &k8s.ObjectMeta{Labels: w.labels()},
				Spec:     newPod(w),
			},
		},
	})
}

func newPod(w *Web) *k8s.PodSpec {
	var mounts podspec.Mounts
	mounts.EmptyDir("tmp", podspec.TmpPath, "")
	for i, v := range w.props.Volumes {
		mounts.Volume(podspec.VolumeName(i), v)
	}
	return &k8s.PodSpec{
		AutomountServiceAccountToken:  jsii.Bool(false),
		EnableServiceLinks:            jsii.Bool(false),
		ImagePullSecrets:              podspec.PullSecrets(w.props.ImagePullSecrets),
		SecurityContext:               podspec.SecurityContext(w.props.RunAsUser),
		TerminationGracePeriodSeconds: jsii.Number(w.props.TerminationGracePeriodSeconds),
		Containers:                    bind.List(newContainer(w, &mounts)),
		Volumes:                       mounts.Volumes(),
	}
}

func newContainer(w *Web, mounts *podspec.Mounts) k8s.Container {
	props := w.props
	return k8s.Container{
		Name:            new("django"),
		Image:           &props.Image,
		ImagePullPolicy: podspec.PullPolicy(props.Image),
		Command:         bind.Strings(props.Command),
		Args:            bind.Strings(props.Args),
		EnvFrom:         fromSecret(props.Secret),
		Env:             environment(w),
		Ports:           bind.List(k8s.ContainerPort{Name: new(portName), ContainerPort: jsii.Number(props.Port)}),
		Resources:       podspec.Resources(props.Resources),
		// Five minutes for imports and a cold disk.
		StartupProbe:   w.probe(probe{path: props.HealthPath, period: 5, timeout: 5, failures: 60}),
		ReadinessProbe: w.probe(probe{path: props.HealthPath, period: 10, timeout: 5, failures: 3}),
		// Gentler than readiness: a busy pod is taken out of the Service after
		// half a minute, and restarted only after two.
		LivenessProbe: w.probe(probe{path: props.LivenessPath, period: 20, timeout: 10, failures: 6}),
		Lifecycle: &k8s.Lifecycle{PreStop: &k8s.LifecycleHandler{
			Exec: &k8s.ExecAction{Command: jsii.Strings("sleep", fmt.Sprint(props.PreStopSeconds))},
		}},
		SecurityContext: podspec.ContainerSecurityContext(),
		VolumeMounts:    mounts.VolumeMounts(),
	}
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
