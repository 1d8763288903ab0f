package postgres

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
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
	Requests: pod.Quantities{CPU: "10m", Memory: "32Mi"},
	Limits:   pod.Quantities{CPU: "200m", Memory: "128Mi"},
}

// Exporter configures postgres_exporter beside the server, for Prometheus. The
// zero value runs none.
//
// It has no probe: an exporter that hangs does not make the pod unready. One that
// does not run does: a pod is ready only while all its containers run, and the
// Service leaves out a pod that is not ready.
type Exporter struct {
	// Image is the image of the exporter, such as
	// quay.io/prometheuscommunity/postgres-exporter:v0.17.1.
	//
	// Default: none, and no metrics.
	Image string

	// Resources are the requests and limits of the exporter.
	//
	// Default: [DefaultExporterResources].
	Resources pod.Resources
}

// Validate reports every invalid field.
func (x Exporter) Validate() field.ErrorList {
	var e rule.Errors
	if x == (Exporter{}) {
		return nil
	}
	e.Image("Image", x.Image)
	e.Join("Resources", x.Resources.Validate())
	return e.Err()
}

// Metrics returns the TCP port and the path of the metrics, or 0 and "" without
// an exporter.
func (d *Database) Metrics() (port int, path string) {
	if d.get().props.Exporter.Image == "" {
		return 0, ""
	}
	return MetricsPort, MetricsPath
}

// PortName returns the name that the Service has for port, or "".
func (d *Database) PortName(port int) string { return kube.PortName(d.ports(), port) }

func (d *Database) ports() []kube.Port {
	ports := []kube.Port{{Name: portName, Number: DefaultPort}}
	if port, _ := d.Metrics(); port != 0 {
		ports = append(ports, kube.Port{Name: labels.MetricsPort, Number: port})
	}
	return ports
}

func (r resolved) exporter() corev1.Container {
	return corev1.Container{
		Name:            exporterName,
		Image:           r.Exporter.Image,
		Env:             r.exporterEnv(),
		Ports:           kube.ContainerPorts(kube.Port{Name: labels.MetricsPort, Number: MetricsPort}),
		Resources:       kube.Resources(r.Exporter.Resources),
		SecurityContext: &corev1.SecurityContext{RunAsUser: new(int64(nobody)), RunAsGroup: new(int64(nobody))},
	}
}

// nobody is the user of the exporter's image. The pod's user owns the data, which
// the exporter does not need, and its port asks for no password.
const nobody = 65534

// exporterEnv names the server's database as the exporter reads it. User and
// password are apart, because the exporter encodes them for the URL.
func (r resolved) exporterEnv() []corev1.EnvVar {
	var env kube.Env
	name := r.Secret.Name()
	env.FromSecret(secret.DatabaseKey, name, secret.DatabaseKey)
	env.FromSecret("DATA_SOURCE_USER", name, secret.UserKey)
	env.FromSecret("DATA_SOURCE_PASS", name, secret.PasswordKey)
	env.Set("DATA_SOURCE_URI", fmt.Sprintf("127.0.0.1:%d/$(%s)?sslmode=disable", DefaultPort, secret.DatabaseKey))
	return env.Vars
}
