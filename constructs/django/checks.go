package django

import (
	"cmp"
	"strings"

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
		e.OneOf("DeployCheck", string(l), string(CheckDebug), string(CheckInfo), string(CheckWarning),
			string(CheckError), string(CheckCritical))
	}
}

// Metrics says where Prometheus finds the metrics of a project, such as those
// of django-prometheus. The pods say so by annotations, too, for a Prometheus
// without an operator.
//
// Prometheus asks each pod by its address, over http. Where the server itself
// answers, ALLOWED_HOSTS therefore gets $(POD_IP) and, with HTTPS,
// SECURE_REDIRECT_EXEMPT the path.
type Metrics struct {
	// Path is the URL path of the metrics, without a query, which Prometheus
	// would encode.
	//
	// Default: none, no metrics.
	Path string

	// Port is the TCP port of the metrics, at least 1024.
	//
	// Default: the port of the server.
	Port int
}

func (m Metrics) on() bool { return m.Path != "" }

// onPort reports whether the metrics are on the given port.
func (m Metrics) onPort(port int) bool { return m.on() && m.Port == port }

func (m Metrics) withDefaults(port int) Metrics {
	if m.on() {
		m.Port = cmp.Or(m.Port, port)
	}
	return m
}

// validate checks m as it was given: a default port is that of the server,
// which reports itself.
func (m Metrics) validate(e *rule.Errors) {
	switch {
	case m.on() && strings.ContainsAny(m.Path, "?%,"):
		e.Add("Metrics.Path", m.Path, "must be a URL path without '?', '%' or ','")
	case m.on():
		e.URLPath("Metrics.Path", m.Path)
	case m.Port != 0:
		e.Add("Metrics.Path", m.Path, "is required with Metrics.Port")
		return
	}
	if m.Port != 0 {
		e.Range("Metrics.Port", m.Port, 1024, 65535)
	}
}
