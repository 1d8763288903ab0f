// Package monitoring holds the construct by which Prometheus learns what to
// ask for metrics.
package monitoring

import (
	"cmp"
	"fmt"
	"maps"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	kplus "github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2"

	prometheus "example.com/django-cdk8s/imports/djangocdk8s_monitoringcoreoscom"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// Defaults of [ServiceMonitorProps].
const (
	// DefaultIntervalSeconds is how often Prometheus asks.
	DefaultIntervalSeconds = 30

	// DefaultScrapeTimeoutSeconds is how long it waits for the answer.
	DefaultScrapeTimeoutSeconds = 10
)

// Target is a server with metrics: a django.Web or a postgres.Database.
type Target interface {
	// Name returns the name of the server.
	Name() string

	// Selector returns the labels by which the Service is found.
	Selector() map[string]string

	// Service returns the Service in front of the server, which has the port of
	// the metrics.
	Service() kplus.Service

	// Metrics returns the TCP port of the metrics, or 0 for none, and the path
	// that they are under.
	Metrics() (port int, path string)
}

// ServiceMonitorProps configures [NewServiceMonitor]. Only Target is required;
// the zero value of every other field means its default.
type ServiceMonitorProps struct {
	// Target is the server to ask. It may be in another namespace, if
	// Prometheus may look there.
	//
	// Required.
	Target Target

	// Name is the ServiceMonitor's name.
	//
	// Default: the name of Target.
	Name string

	// IntervalSeconds is how often Prometheus asks.
	//
	// Default: [DefaultIntervalSeconds].
	IntervalSeconds int

	// ScrapeTimeoutSeconds is how long Prometheus waits for the answer, at most
	// the interval.
	//
	// Default: [DefaultScrapeTimeoutSeconds], or the interval where that is
	// shorter.
	ScrapeTimeoutSeconds int

	// Labels are further labels, by which a Prometheus finds its
	// ServiceMonitors: the serviceMonitorSelector of kube-prometheus-stack asks
	// for release: RELEASE.
	//
	// Default: none.
	Labels map[string]string
}

// Validate reports every invalid field.
func (p ServiceMonitorProps) Validate() error {
	const day = 24 * 60 * 60
	given := p
	p = p.withDefaults()
	var e rule.Errors
	p.validateTarget(&e)
	if given.Name != "" {
		e.Label("Name", p.Name)
	}
	e.Range("IntervalSeconds", p.IntervalSeconds, 1, day)
	if given.ScrapeTimeoutSeconds != 0 {
		e.Range("ScrapeTimeoutSeconds", p.ScrapeTimeoutSeconds, 1, day)
		if p.ScrapeTimeoutSeconds > p.IntervalSeconds && p.IntervalSeconds > 0 {
			e.Add("ScrapeTimeoutSeconds", p.ScrapeTimeoutSeconds, fmt.Sprintf("must not be above IntervalSeconds, %d", p.IntervalSeconds))
		}
	}
	e.Labels("Labels", p.Labels)
	return e.Err()
}

func (p ServiceMonitorProps) validateTarget(e *rule.Errors) {
	if p.Target == nil {
		e.Add("Target", "", "is required: the django.Web or postgres.Database whose metrics are wanted")
		return
	}
	port, path := p.Target.Metrics()
	if port == 0 {
		e.Add("Target", p.Target.Name(), "has no metrics: its props must turn them on with Metrics")
		return
	}
	e.URLPath("Target.Metrics", path)
}

func (p ServiceMonitorProps) withDefaults() ServiceMonitorProps {
	if rule.IsNil(p.Target) {
		p.Target = nil
	}
	if p.Target != nil {
		p.Name = cmp.Or(p.Name, p.Target.Name())
	}
	p.IntervalSeconds = cmp.Or(p.IntervalSeconds, DefaultIntervalSeconds)
	p.ScrapeTimeoutSeconds = cmp.Or(p.ScrapeTimeoutSeconds, min(DefaultScrapeTimeoutSeconds, p.IntervalSeconds))
	return p
}

// ServiceMonitor makes the Prometheus of the Prometheus Operator ask a
// [Target] for its metrics.
type ServiceMonitor struct {
	constructs.Construct

	props  ServiceMonitorProps
	object prometheus.ServiceMonitor
}

// NewServiceMonitor adds a [ServiceMonitor] called id to scope. Invalid props
// fail synthesis with the construct's path.
func NewServiceMonitor(scope constructs.Construct, id string, props ServiceMonitorProps) *ServiceMonitor {
	m := &ServiceMonitor{}
	bind.Init(m, scope, id)
	bind.Validate(m, props.Validate)

	m.props = props.withDefaults()
	bind.Validate(m, m.validatePort)
	m.object = newServiceMonitor(m)
	return m
}

// Name returns the ServiceMonitor's name.
func (m *ServiceMonitor) Name() string { return m.props.Name }

// Object returns the ServiceMonitor for use with other cdk8s constructs.
func (m *ServiceMonitor) Object() prometheus.ServiceMonitor { return m.object }

// validatePort reports metrics that the Service does not lead to.
func (m *ServiceMonitor) validatePort() error {
	var e rule.Errors
	if m.props.Target == nil {
		return nil
	}
	if port, _ := m.props.Target.Metrics(); port != 0 && m.portName() == "" {
		e.Add("Target.Metrics", port, "must be a port of the Service "+m.props.Target.Name()+", with a name")
	}
	return e.Err()
}

// portName returns the name that the Service of the target has for the port of
// the metrics; "" when it has none.
func (m *ServiceMonitor) portName() string {
	wanted, _ := m.props.Target.Metrics()
	for _, port := range *m.props.Target.Service().Ports() {
		if int(*port.Port) == wanted && port.Name != nil {
			return *port.Name
		}
	}
	return ""
}

func newServiceMonitor(m *ServiceMonitor) prometheus.ServiceMonitor {
	l := labels.Object(m.props.Name, labels.Monitoring, bind.PartOf(m))
	maps.Copy(l, m.props.Labels)
	return prometheus.NewServiceMonitor(m, new("ServiceMonitor"), &prometheus.ServiceMonitorProps{
		Metadata: &cdk8s.ApiObjectMetadata{Name: &m.props.Name, Labels: bind.Map(l)},
		Spec:     m.spec(),
	})
}

func (m *ServiceMonitor) spec() *prometheus.ServiceMonitorSpec {
	spec := &prometheus.ServiceMonitorSpec{
		Endpoints: &[]*prometheus.ServiceMonitorSpecEndpoints{},
		Selector:  &prometheus.ServiceMonitorSpecSelector{},
	}
	// Validate reports the target that is missing.
	if m.props.Target == nil {
		return spec
	}
	_, path := m.props.Target.Metrics()
	spec.Selector.MatchLabels = bind.Map(m.props.Target.Selector())
	spec.Endpoints = bind.List(prometheus.ServiceMonitorSpecEndpoints{
		Port:          new(m.portName()),
		Path:          &path,
		Interval:      new(fmt.Sprintf("%ds", m.props.IntervalSeconds)),
		ScrapeTimeout: new(fmt.Sprintf("%ds", m.props.ScrapeTimeoutSeconds)),
	})
	if ns := bind.Namespace(m.props.Target.Service()); ns != "" {
		spec.NamespaceSelector = &prometheus.ServiceMonitorSpecNamespaceSelector{MatchNames: bind.Strings([]string{ns})}
	}
	return spec
}
