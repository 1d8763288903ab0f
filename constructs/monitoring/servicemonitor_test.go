package monitoring_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/monitoring"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

// server is a Target of the smallest kind: a pod and its Service.
type server struct {
	constructs.Construct

	name, path string
	metrics    int
	ports      []kube.Port
}

func (s *server) Name() string                { return s.name }
func (s *server) Selector() map[string]string { return labels.Selector(s.name) }
func (s *server) Metrics() (int, string)      { return s.metrics, s.path }
func (s *server) PortName(port int) string    { return kube.PortName(s.ports, port) }

// newServer adds a server of requests on port 8000, and of metrics on the given
// port, under path.
func newServer(scope constructs.Construct, name string, metrics int, path string) *server {
	ports := []kube.Port{{Name: "http", Number: 8000}}
	if metrics != 0 && metrics != 8000 {
		ports = append(ports, kube.Port{Name: labels.MetricsPort, Number: metrics})
	}
	return newServerOf(scope, name, metrics, path, ports...)
}

func newServerOf(scope constructs.Construct, name string, metrics int, path string, ports ...kube.Port) *server {
	s := &server{name: name, path: path, metrics: metrics, ports: ports}
	n := construct.Init(s, scope, name)
	amounts := pod.Quantities{CPU: "1", Memory: "1Gi"}
	object.New(s, "Pod", name, func() *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels.Selector(name)},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{
				Name: "server", Image: "server:1", Ports: kube.ContainerPorts(unnamed(ports)...),
				Resources: kube.Resources(pod.Resources{Requests: amounts, Limits: amounts}),
			}}},
		}
	})
	kube.NewService(n, name, labels.Web, pod.Service{}, ports...)
	return s
}

func unnamed(ports []kube.Port) []kube.Port {
	var all []kube.Port
	for _, port := range ports {
		all = append(all, kube.Port{Number: port.Number})
	}
	return all
}

func TestServiceMonitor(t *testing.T) {
	for name, tc := range map[string]struct {
		port  int
		path  string
		props monitoring.ServiceMonitorProps
	}{
		"minimal":                    {9000, "/metrics", monitoring.ServiceMonitorProps{}},
		"metrics among the pages":    {8000, "/internal/metrics/", monitoring.ServiceMonitorProps{}},
		"interval below the timeout": {9000, "/metrics", monitoring.ServiceMonitorProps{IntervalSeconds: 5}},
		"full": {9000, "/metrics", monitoring.ServiceMonitorProps{
			Name: "site", IntervalSeconds: 60, ScrapeTimeoutSeconds: 60, Labels: map[string]string{"release": "prometheus"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			cdktest.Golden(t, "servicemonitor/"+name, func(chart cdk8s.Chart) {
				props := tc.props
				props.Target = newServer(chart, "shop", tc.port, tc.path)
				monitoring.NewServiceMonitor(chart, "monitor", props)
			})
		})
	}
}

func TestEveryFieldReachesTheManifest(t *testing.T) {
	full := monitoring.ServiceMonitorProps{
		Target: &server{name: "blog"}, Name: "site", IntervalSeconds: 60, ScrapeTimeoutSeconds: 20,
		Labels: map[string]string{"release": "prometheus"},
	}
	cdktest.EveryField(t, monitoring.ServiceMonitorProps{Target: &server{name: "shop"}}, full,
		func(chart cdk8s.Chart, props monitoring.ServiceMonitorProps) {
			props.Target = newServer(chart, props.Target.Name(), 9000, "/metrics")
			monitoring.NewServiceMonitor(chart, "monitor", props)
		})
}

// A ServiceMonitor may stand where Prometheus is; it looks where the Service
// is.
func TestTargetInAnotherNamespace(t *testing.T) {
	got := cdktest.Render(t, func(chart cdk8s.Chart) {
		elsewhere := cdk8s.NewChart(chart, new("monitoring"), &cdk8s.ChartProps{Namespace: new("monitoring")})
		target := newServer(chart, "shop", 9000, "/metrics")
		monitoring.NewServiceMonitor(elsewhere, "monitor", monitoring.ServiceMonitorProps{Target: target})
	})
	if !strings.Contains(got, "  name: shop\n  namespace: monitoring\n") || !strings.Contains(got, "    matchNames:\n      - test\n") {
		t.Errorf("the ServiceMonitor of namespace monitoring does not select in namespace test:\n%s", got)
	}
}

func TestChartWithoutNamespace(t *testing.T) {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), nil)
	target := newServer(chart, "shop", 9000, "/metrics")
	m := monitoring.NewServiceMonitor(chart, "monitor", monitoring.ServiceMonitorProps{Target: target})
	if got := *cdk8s.Yaml_Stringify(m.Object().ToJson()); strings.Contains(got, "namespace") {
		t.Errorf("the ServiceMonitor names a namespace that nobody gave:\n%s", got)
	}
}

// Whoever has one by mistake gets no panic out of it.
func TestNilServiceMonitor(t *testing.T) {
	var m *monitoring.ServiceMonitor
	if m.Name() != "" || m.Object() != nil {
		t.Errorf("Name() = %q, Object() = %v", m.Name(), m.Object())
	}
}

func ExampleNewServiceMonitor() {
	app := cdk8s.NewApp(nil)
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	var target monitoring.Target = newServer(chart, "django", 9000, "/metrics")
	m := monitoring.NewServiceMonitor(chart, "monitor", monitoring.ServiceMonitorProps{
		Target: target,
		Labels: map[string]string{"release": "prometheus"},
	})
	fmt.Println(*cdk8s.Yaml_Stringify(m.Object().ToJson()))
	// Output:
	// apiVersion: monitoring.coreos.com/v1
	// kind: ServiceMonitor
	// metadata:
	//   labels:
	//     app: django
	//     app.kubernetes.io/component: monitoring
	//     app.kubernetes.io/instance: django
	//     app.kubernetes.io/managed-by: cdk8s
	//     app.kubernetes.io/name: prometheus
	//     app.kubernetes.io/part-of: shop
	//     release: prometheus
	//   name: django
	//   namespace: shop
	// spec:
	//   endpoints:
	//     - interval: 30s
	//       path: /metrics
	//       port: metrics
	//       scrapeTimeout: 10s
	//   namespaceSelector:
	//     matchNames:
	//       - shop
	//   selector:
	//     matchLabels:
	//       app: django
}
