package django

import (
	"cmp"

	"example.com/django-cdk8s/internal/rule"
)

// CheckLevel is the level of a finding of Django's system checks; see
// https://docs.djangoproject.com/en/stable/ref/checks/#checkmessage.
type CheckLevel string

// The levels, from the lowest.
const (
	CheckDebug    CheckLevel = "DEBUG"
	CheckInfo     CheckLevel = "INFO"
	CheckWarning  CheckLevel = "WARNING"
	CheckError    CheckLevel = "ERROR"
	CheckCritical CheckLevel = "CRITICAL"
)

func (l CheckLevel) validate(e *rule.Errors) {
	if l != "" {
		e.OneOf("DeployCheck", string(l), string(CheckDebug), string(CheckInfo), string(CheckWarning), string(CheckError), string(CheckCritical))
	}
}

// Metrics says where Prometheus finds the metrics of a project, such as those
// of django-prometheus. The pods say so by annotations, too, for a Prometheus
// without an operator.
//
// Prometheus asks each pod by its address, so that ALLOWED_HOSTS gets
// $(POD_IP), and SECURE_REDIRECT_EXEMPT, with HTTPS, the path.
type Metrics struct {
	// Path is the URL path of the metrics.
	//
	// Default: none, no metrics.
	Path string

	// Port is the TCP port of the metrics.
	//
	// Default: the port of the server.
	Port int
}

func (m Metrics) on() bool { return m.Path != "" }

func (m Metrics) withDefaults(port int) Metrics {
	if m.on() {
		m.Port = cmp.Or(m.Port, port)
	}
	return m
}

func (m Metrics) validate(e *rule.Errors, port int) {
	if m == (Metrics{}) {
		return
	}
	if !m.on() {
		e.Add("Metrics.Path", m.Path, "is required with Metrics.Port")
		return
	}
	e.URLPath("Metrics.Path", m.Path)
	e.Port("Metrics.Port", m.withDefaults(port).Port)
}
