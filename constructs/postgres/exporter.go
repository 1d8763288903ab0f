package postgres

import (
	"fmt"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"

	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/podspec"
	"example.com/django-cdk8s/internal/rule"
)

// Where postgres_exporter answers Prometheus.
const (
	// MetricsPort is its TCP port.
	MetricsPort = 9187

	// MetricsPath is the path of the request.
	MetricsPath = "/metrics"
)

// DefaultExporterResources are the resources of the exporter.
var DefaultExporterResources = pod.Resources{
	Requests: pod.Amounts{CPU: "10m", Memory: "32Mi"},
	Limits:   pod.Amounts{CPU: "200m", Memory: "128Mi"},
}

// Exporter configures postgres_exporter, which runs beside the server and
// tells Prometheus about it. The zero value runs none.
//
// It has no probe, so that one that hangs takes nothing away from the server.
// One that does not run at all does: Kubernetes calls a pod ready only while
// all its containers run, and the Service leaves out a pod that is not ready.
type Exporter struct {
	// Image is the image of the exporter, such as
	// quay.io/prometheuscommunity/postgres-exporter:v0.17.1.
	//
	// Default: none, and no metrics.
	Image string

	// Resources says how much CPU and memory the exporter gets.
	//
	// Default: [DefaultExporterResources].
	Resources pod.Resources
}

// Validate reports every invalid field.
func (x Exporter) Validate() error {
	var e rule.Errors
	if x == (Exporter{}) {
		return nil
	}
	e.Image("Image", x.Image)
	e.Join("Resources", x.Resources.Validate())
	return e.Err()
}

// Metrics returns where Prometheus asks for metrics, or 0 and "" where there is
// no exporter.
func (d *Database) Metrics() (port int, path string) {
	if d.props.Exporter.Image == "" {
		return 0, ""
	}
	return MetricsPort, MetricsPath
}

func (d *Database) ports() []bind.Port {
	ports := []bind.Port{{Name: portName, Number: DefaultPort}}
	if port, _ := d.Metrics(); port != 0 {
		ports = append(ports, bind.Port{Name: labels.MetricsPort, Number: port})
	}
	return ports
}

func newExporter(d *Database) k8s.Container {
	props := d.props.Exporter
	return k8s.Container{
		Name:            new("exporter"),
		Image:           &props.Image,
		ImagePullPolicy: podspec.PullPolicy(props.Image),
		Env:             d.exporterEnv(),
		Ports:           bind.List(k8s.ContainerPort{Name: new(labels.MetricsPort), ContainerPort: jsii.Number(MetricsPort)}),
		Resources:       podspec.Resources(props.Resources.WithDefaults(DefaultExporterResources)),
		SecurityContext: exporterSecurityContext(),
	}
}

// exporterEnv names the server's database as the exporter reads it. User and
// password are apart, because the exporter encodes them for the URL.
func (d *Database) exporterEnv() *[]*k8s.EnvVar {
	var env podspec.Env
	name := d.props.Secret.Name()
	env.FromSecret(secret.DatabaseKey, name, secret.DatabaseKey)
	env.FromSecret("DATA_SOURCE_USER", name, secret.UserKey)
	env.FromSecret("DATA_SOURCE_PASS", name, secret.PasswordKey)
	env.Set("DATA_SOURCE_URI", fmt.Sprintf("127.0.0.1:%d/$(%s)?sslmode=disable", DefaultPort, secret.DatabaseKey))
	return env.List()
}

// nobody is the user of the exporter's image. The pod's user, which would serve
// as well, owns the data, and the exporter answers anybody.
const nobody = 65534

func exporterSecurityContext() *k8s.SecurityContext {
	context := podspec.ContainerSecurityContext()
	context.RunAsUser = jsii.Number(nobody)
	context.RunAsGroup = jsii.Number(nobody)
	return context
}
