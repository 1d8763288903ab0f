// Package monitoring holds what the Prometheus Operator is told: the servers with
// metrics, and the alerts for data.
package monitoring

import (
	"cmp"
	"fmt"
	"maps"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	"k8s.io/apimachinery/pkg/util/validation/field"

	prometheus "example.com/django-cdk8s/imports/djangocdk8s_monitoringcoreoscom"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/clone"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// Defaults of [ServiceMonitorProps].
const (
	// DefaultIntervalSeconds is the time between two scrapes.
	DefaultIntervalSeconds = 30

	// DefaultScrapeTimeoutSeconds is the time limit of a scrape.
	DefaultScrapeTimeoutSeconds = 10
)

// Target is a server with metrics, such as a *django.Web or a
// *postgres.Database. A construct of an importing project is a Target when it
// has these methods; its namespace is that of its chart.
type Target interface {
	// Name returns the name of the server.
	Name() string

	// Selector returns the labels that select the Service.
	Selector() map[string]string

	// Metrics returns the TCP port and the path of the metrics, or 0 and "".
	Metrics() (port int, path string)

	// PortName returns the name that the Service has for port, or "".
	PortName(port int) string
}

// ServiceMonitorProps configures [NewServiceMonitor]. Only Target is required;
// the zero value of every other field means its default.
type ServiceMonitorProps struct {
	// Target is the server with the metrics. It may be in another namespace, if
	// Prometheus may look there.
	//
	// Required.
	Target Target

	// Name is the ServiceMonitor's name.
	//
	// Default: the name of Target.
	Name string

	// IntervalSeconds is the time between two scrapes.
	//
	// Default: [DefaultIntervalSeconds].
	IntervalSeconds int

	// ScrapeTimeoutSeconds is the time limit of a scrape, at most the interval.
	//
	// Default: [DefaultScrapeTimeoutSeconds], or the interval where that is
	// shorter.
	ScrapeTimeoutSeconds int

	// Labels are further labels. The serviceMonitorSelector of
	// kube-prometheus-stack selects release: RELEASE.
	//
	// Default: none.
	Labels map[string]string
}

// Validate reports every invalid field.
func (p ServiceMonitorProps) Validate() field.ErrorList {
	_, problems := p.resolve()
	return problems
}

// serviceMonitor is ServiceMonitorProps with its defaults.
type serviceMonitor struct {
	ServiceMonitorProps

	// portName, path and selector are those of the metrics of Target, and
	// namespace is its namespace.
	portName, path, namespace string
	selector                  map[string]string
}

// resolve fills in the defaults and reports every invalid field.
func (p ServiceMonitorProps) resolve() (serviceMonitor, field.ErrorList) {
	const day = 24 * 60 * 60
	var e rule.Errors
	if p.Name != "" {
		e.Label("Name", p.Name)
	}
	p.IntervalSeconds = cmp.Or(p.IntervalSeconds, DefaultIntervalSeconds)
	e.Range("IntervalSeconds", p.IntervalSeconds, 1, day)
	if p.ScrapeTimeoutSeconds != 0 {
		e.Range("ScrapeTimeoutSeconds", p.ScrapeTimeoutSeconds, 1, day)
		if p.ScrapeTimeoutSeconds > p.IntervalSeconds && p.IntervalSeconds > 0 {
			e.Add("ScrapeTimeoutSeconds", p.ScrapeTimeoutSeconds,
				fmt.Sprintf("must not be above IntervalSeconds, %d", p.IntervalSeconds))
		}
	}
	p.ScrapeTimeoutSeconds = cmp.Or(p.ScrapeTimeoutSeconds, min(DefaultScrapeTimeoutSeconds, p.IntervalSeconds))
	e.Labels("Labels", p.Labels)
	r := serviceMonitor{ServiceMonitorProps: p}
	r.resolveTarget(&e)
	return r, e.Err()
}

func (r *serviceMonitor) resolveTarget(e *rule.Errors) {
	if construct.IsNil(r.Target) || r.Target.Name() == "" {
		e.Add("Target", "", "is required: the server with the metrics, such as a *django.Web or a *postgres.Database")
		return
	}
	port, path := r.Target.Metrics()
	r.Name = cmp.Or(r.Name, r.Target.Name())
	r.path, r.portName = path, r.Target.PortName(port)
	r.selector, r.namespace = maps.Clone(r.Target.Selector()), construct.NamespaceOf(r.Target)
	switch {
	case port == 0:
		e.Add("Target", r.Target.Name(),
			"has no metrics: set Metrics of the django.Web, or Exporter of the postgres.Database")
		return
	case port < 1 || port > 65535:
		e.Port("Target.Metrics.Port", port)
	case r.portName == "":
		e.Add("Target.Metrics.Port", port, "must be a port of the Service "+r.Target.Name()+", with a name")
	}
	e.URLPath("Target.Metrics.Path", path)
}

// ServiceMonitor adds a [Target] to those that the Prometheus Operator's
// Prometheus scrapes.
type ServiceMonitor struct {
	constructs.Construct

	node   *construct.Node
	props  serviceMonitor
	object prometheus.ServiceMonitor
}

// NewServiceMonitor adds a [ServiceMonitor] called id to scope. Invalid props
// fail synthesis with the construct's path.
func NewServiceMonitor(scope constructs.Construct, id string, props ServiceMonitorProps) *ServiceMonitor {
	props = clone.Of(props)
	m := &ServiceMonitor{}
	m.node = construct.Init(m, scope, id)
	resolved, problems := props.resolve()
	m.node.Report(problems)

	m.props = resolved
	m.object = newServiceMonitor(m)
	return m
}

// Name returns the ServiceMonitor's name.
func (m *ServiceMonitor) Name() string {
	if m == nil {
		return ""
	}
	return m.props.Name
}

// Object returns the ServiceMonitor object.
func (m *ServiceMonitor) Object() prometheus.ServiceMonitor {
	if m == nil {
		return nil
	}
	return m.object
}

func newServiceMonitor(m *ServiceMonitor) prometheus.ServiceMonitor {
	l := labels.Object(m.props.Name, labels.Monitoring, m.node.PartOf())
	maps.Copy(l, m.props.Labels)
	spec := &prometheus.ServiceMonitorSpec{
		Selector: &prometheus.ServiceMonitorSpecSelector{MatchLabels: bind.Map(m.props.selector)},
		Endpoints: bind.List(prometheus.ServiceMonitorSpecEndpoints{
			Port:          &m.props.portName,
			Path:          &m.props.path,
			Interval:      new(fmt.Sprintf("%ds", m.props.IntervalSeconds)),
			ScrapeTimeout: new(fmt.Sprintf("%ds", m.props.ScrapeTimeoutSeconds)),
		}),
	}
	if m.props.namespace != "" {
		spec.NamespaceSelector = &prometheus.ServiceMonitorSpecNamespaceSelector{
			MatchNames: bind.List(m.props.namespace),
		}
	}
	return prometheus.NewServiceMonitor(m, new("ServiceMonitor"), &prometheus.ServiceMonitorProps{
		Metadata: &cdk8s.ApiObjectMetadata{Name: &m.props.Name, Labels: bind.Map(l)},
		Spec:     spec,
	})
}
