package monitoring_test

import (
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/monitoring"
	"example.com/django-cdk8s/internal/kube"
)

func withMonitor(props monitoring.ServiceMonitorProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		props.Target = newServer(chart, "shop", 9000, "/metrics")
		_ = *monitoring.NewServiceMonitor(chart, "monitor", props).Object().Name()
	}
}

func withTarget(target func(chart cdk8s.Chart) monitoring.Target) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := monitoring.ServiceMonitorProps{Name: "shop", Target: target(chart)}
		_ = *monitoring.NewServiceMonitor(chart, "monitor", props).Object().Name()
	}
}

// wrong are one mistake each, with the one line that it must give: construct
// path, field, value, and enough of the rule to tell it from others.
var wrong = map[string]struct {
	build cdktest.Build
	line  string
}{
	"no target": {
		withTarget(func(cdk8s.Chart) monitoring.Target { return nil }),
		`test/monitor: Target: "": is required`,
	},
	"no target and no name": {
		func(chart cdk8s.Chart) {
			monitoring.NewServiceMonitor(chart, "monitor", monitoring.ServiceMonitorProps{})
		},
		`test/monitor: Target: "": is required`,
	},
	"nil target": {
		withTarget(func(cdk8s.Chart) monitoring.Target { return (*server)(nil) }),
		`test/monitor: Target: "": is required`,
	},
	"target that New has not made": {
		withTarget(func(cdk8s.Chart) monitoring.Target { return &server{} }),
		`test/monitor: Target: "": is required`,
	},
	"port": {
		withTarget(func(chart cdk8s.Chart) monitoring.Target {
			s := newServer(chart, "shop", 0, "")
			s.metrics, s.path = 70000, "/metrics"
			return s
		}),
		`test/monitor: Target.Metrics.Port: 70000: must be between 1 and 65535`,
	},
	"no metrics": {
		withTarget(func(chart cdk8s.Chart) monitoring.Target { return newServer(chart, "shop", 0, "") }),
		`test/monitor: Target: "shop": has no metrics: set Metrics of the django.Web, or Exporter of the postgres.Database`,
	},
	"path": {
		withTarget(func(chart cdk8s.Chart) monitoring.Target { return newServer(chart, "shop", 9000, "metrics") }),
		`test/monitor: Target.Metrics.Path: "metrics": must be a URL path`,
	},
	"port that the Service lacks": {
		withTarget(func(chart cdk8s.Chart) monitoring.Target {
			return newServerOf(chart, "shop", 9000, "/metrics", kube.Port{Name: "http", Number: 8000})
		}),
		`test/monitor: Target.Metrics.Port: 9000: must be a port of the Service shop, with a name`,
	},
	"name":                        {withMonitor(monitoring.ServiceMonitorProps{Name: "Site"}), `test/monitor: Name: "Site": must be 1 to 63 lower-case`},
	"negative interval":           {withMonitor(monitoring.ServiceMonitorProps{IntervalSeconds: -1}), `test/monitor: IntervalSeconds: -1: must be between 1 and 86400`},
	"interval of days":            {withMonitor(monitoring.ServiceMonitorProps{IntervalSeconds: 86401}), `test/monitor: IntervalSeconds: 86401: must be between 1 and 86400`},
	"negative timeout":            {withMonitor(monitoring.ServiceMonitorProps{ScrapeTimeoutSeconds: -5}), `test/monitor: ScrapeTimeoutSeconds: -5: must be between 1 and 86400`},
	"timeout above the default":   {withMonitor(monitoring.ServiceMonitorProps{ScrapeTimeoutSeconds: 31}), `test/monitor: ScrapeTimeoutSeconds: 31: must not be above IntervalSeconds, 30`},
	"timeout above the interval":  {withMonitor(monitoring.ServiceMonitorProps{IntervalSeconds: 5, ScrapeTimeoutSeconds: 6}), `test/monitor: ScrapeTimeoutSeconds: 6: must not be above IntervalSeconds, 5`},
	"timeout of a wrong interval": {withMonitor(monitoring.ServiceMonitorProps{IntervalSeconds: -5, ScrapeTimeoutSeconds: 6}), `test/monitor: IntervalSeconds: -5: must be between`},
	"label key":                   {withMonitor(monitoring.ServiceMonitorProps{Labels: map[string]string{"a b": "c"}}), `test/monitor: Labels[a b]: "c": has a key that is no label key`},
	"label value":                 {withMonitor(monitoring.ServiceMonitorProps{Labels: map[string]string{"release": "my prometheus"}}), `test/monitor: Labels[release]: "my prometheus": must be at most 63`},
	"twice": {
		func(chart cdk8s.Chart) {
			target := newServer(chart, "shop", 9000, "/metrics")
			monitoring.NewServiceMonitor(chart, "a", monitoring.ServiceMonitorProps{Target: target})
			monitoring.NewServiceMonitor(chart, "b", monitoring.ServiceMonitorProps{Target: target})
		},
		`test/b/ServiceMonitor: metadata.name: "shop": ServiceMonitor test/shop is also made by`,
	},
}

func TestWrongValues(t *testing.T) {
	for name, tc := range wrong {
		t.Run(name, func(t *testing.T) {
			got := cdktest.Problems(t, tc.build)
			if len(got) != 1 || !strings.Contains(got[0], tc.line) || strings.Contains(got[0], "\n") {
				t.Errorf("problems:\n%s\nwant one line with\n%s", strings.Join(got, "\n"), tc.line)
			}
		})
	}
}
