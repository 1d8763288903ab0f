package isolation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/declare"
	"example.com/django-cdk8s/internal/labels"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

// workload stands for a construct that uses the network.
type workload struct {
	constructs.Construct

	traffic []declare.Traffic
}

func (w *workload) Name() string               { return w.traffic[0].Name }
func (w *workload) Traffic() []declare.Traffic { return w.traffic }

// newWorkload adds a workload that is called like its construct, and connects
// to the given servers.
func newWorkload(scope constructs.Construct, name string, to ...declare.Destination) {
	newTalker(scope, name, declare.Traffic{Name: name, Pods: labels.Selector(name), To: to})
}

// newWeb adds a workload that visitors and Prometheus connect to.
func newWeb(scope constructs.Construct, to ...declare.Destination) *workload {
	return newTalker(scope, "django", declare.Traffic{
		Name: "django", Pods: labels.Selector("django"), HTTP: 8000, Metrics: 9090, To: to,
	})
}

func newTalker(scope constructs.Construct, id string, traffic ...declare.Traffic) *workload {
	w := &workload{traffic: traffic}
	bind.Init(w, scope, id)
	return w
}

func newChart(scope constructs.Construct, namespace string) cdk8s.Chart {
	return cdk8s.NewChart(scope, &namespace, &cdk8s.ChartProps{Namespace: &namespace})
}

// server is the destination of those who connect to the workload called name.
func server(namespace, name string, port int) declare.Destination {
	return declare.Destination{
		Pods: labels.Selector(name), Namespace: namespace,
		Host: strings.Join([]string{name, namespace, "svc", "cluster.local"}, "."), Port: port,
	}
}

func host(name string, port int) declare.Destination {
	return declare.Destination{Host: name, Port: port}
}

var apiServer = declare.Destination{APIServer: true}

// newShop adds a web, a worker, their servers, and a Job that uses the API.
func newShop(chart cdk8s.Chart) (web *workload) {
	newWorkload(chart, "django-env-secret-generate", apiServer)
	newWorkload(chart, "postgres")
	newWorkload(chart, "valkey")
	web = newWeb(chart, server("test", "postgres", 5432), server("test", "valkey", 6379))
	newWorkload(chart, "worker", server("test", "postgres", 5432), server("test", "valkey", 6379))
	return web
}

var ingress = []isolation.Peer{{Namespace: "ingress-nginx", Pods: map[string]string{"app.kubernetes.io/name": "ingress-nginx"}}}

func full(web isolation.Workload) isolation.Props {
	return isolation.Props{
		Ingress:    append(ingress, isolation.Peer{CIDR: "10.250.0.0/24"}),
		Monitoring: []isolation.Peer{{Namespace: "monitoring"}},
		APIServer:  []string{"10.250.0.1/32", "2001:db8::1/128"},
		Outside: []isolation.Outside{
			{From: web, Ports: []int{443, 587}},
			{From: web, To: isolation.Peer{CIDR: "203.0.113.0/24"}, Ports: []int{8443}},
			{From: web, To: isolation.Peer{Namespace: "minio", Pods: map[string]string{"app": "minio"}}, Ports: []int{9000}},
		},
		DNS:     []isolation.Peer{isolation.DefaultDNS, {CIDR: "169.254.20.10/32"}},
		DNSPort: 5353,
	}
}

func TestIsolation(t *testing.T) {
	for name, build := range map[string]cdktest.Build{
		"minimal": func(chart cdk8s.Chart) {
			newWorkload(chart, "postgres")
			newWeb(chart, server("test", "postgres", 5432))
			isolation.New(chart, "isolation", isolation.Props{})
		},
		"full": func(chart cdk8s.Chart) { isolation.New(chart, "isolation", full(newShop(chart))) },
		"servers outside": func(chart cdk8s.Chart) {
			newWorkload(chart, "idle")
			newWeb(chart,
				host("192.0.2.7", 5432), host("db.example.com", 5433), host("", 5671),
				host("pg-rw.data.svc", 5434), host("pg-0.pg.data.svc.cluster.local", 5435), host("redis.test.svc", 6379))
			isolation.New(chart, "isolation", isolation.Props{})
		},
		"clients of another namespace": func(chart cdk8s.Chart) {
			newWorkload(chart, "postgres")
			shop := newChart(chart, "shop")
			newWeb(shop, server("test", "postgres", 5432))
			// What this one connects to besides is not the business of test.
			newWorkload(shop, "worker", host("postgres.test.svc.cluster.local", 5432), host("mail.example.com", 25))
			newWorkload(shop, "postgres")
			newWorkload(shop, "stranger", host("db.example.com", 5432), host("postgres", 5432))
			// Servers of one name in two namespaces are two servers.
			newWorkload(chart, "export", server("shop", "postgres", 5432))
			isolation.New(chart, "isolation", isolation.Props{})
			isolation.New(shop, "isolation", isolation.Props{})
		},
		"server by the name of its service": func(chart cdk8s.Chart) {
			newWorkload(chart, "postgres")
			newWorkload(chart, "near", host("postgres", 5432))
			newWorkload(chart, "nearer", host("postgres.test", 5432))
			newWorkload(chart, "nearest", declare.Destination{Pods: labels.Selector("postgres"), Port: 5432})
			isolation.New(chart, "isolation", isolation.Props{})
		},
		"one workload of two constructs": func(chart cdk8s.Chart) {
			newWorkload(chart, "postgres")
			newWeb(chart, server("test", "postgres", 5432))
			newTalker(chart, "media", declare.Traffic{
				Name: "django", Pods: labels.Selector("django"), To: []declare.Destination{host("s3.example.com", 443)},
			})
			isolation.New(chart, "isolation", isolation.Props{})
		},
	} {
		t.Run(name, func(t *testing.T) { cdktest.Golden(t, "isolation/"+name, build) })
	}
}

// A chart without a namespace is applied to one that nobody knows here.
func TestNoNamespace(t *testing.T) {
	app := cdk8s.NewApp(nil)
	chart := cdk8s.NewChart(app, new("test"), nil)
	newWorkload(chart, "postgres")
	newWorkload(chart, "django", declare.Destination{Pods: labels.Selector("postgres"), Host: "postgres", Port: 5432})
	isolation.New(chart, "isolation", isolation.Props{})
	if got := *cdk8s.Yaml_Stringify(*cdk8s.Testing_Synth(chart)...); strings.Count(got, "namespaceSelector") != 1 {
		t.Errorf("want no namespace but that of DNS:\n%s", got)
	}
}

func TestEveryFieldReachesTheManifest(t *testing.T) {
	cdktest.EveryField(t, isolation.Props{}, full(nil), func(chart cdk8s.Chart, props isolation.Props) {
		web := newShop(chart)
		for i := range props.Outside {
			props.Outside[i].From = web
		}
		isolation.New(chart, "isolation", props)
	})
}

// The order of the constructs, and where they stand, changes nothing.
func TestOrderOfWorkloadsChangesNothing(t *testing.T) {
	render := func(names ...string) string {
		return cdktest.Render(t, func(chart cdk8s.Chart) {
			scope := constructs.NewConstruct(chart, new("group"))
			for _, name := range names {
				if name == "postgres" {
					newWorkload(scope, name)
				} else {
					newWorkload(scope, name, server("test", "postgres", 5432), host(name+".example.com", 443))
				}
			}
			isolation.New(chart, "isolation", isolation.Props{})
		})
	}
	if a, b := render("postgres", "web", "worker"), render("worker", "web", "postgres"); a != b {
		t.Errorf("one order:\n%s\nanother:\n%s", a, b)
	}
}

// No rule is without peers or ports: it would be for everybody.
func TestNoRuleIsForEverybody(t *testing.T) {
	got := cdktest.Render(t, func(chart cdk8s.Chart) {
		newShop(chart)
		isolation.New(chart, "isolation", isolation.Props{})
	})
	if from, to, ports := strings.Count(got, "from:\n"), strings.Count(got, "to:\n"), strings.Count(got, "ports:\n"); from+to != ports || ports == 0 {
		t.Errorf("%d from, %d to, %d ports:\n%s", from, to, ports, got)
	}
}

func TestPropsAreNotChanged(t *testing.T) {
	cdktest.Render(t, func(chart cdk8s.Chart) {
		outside := []isolation.Outside{{From: newShop(chart), Ports: []int{443}}}
		isolation.New(chart, "isolation", isolation.Props{Outside: outside})
		if outside[0].To.CIDR != "" {
			t.Errorf("To = %q", outside[0].To)
		}
	})
}

func TestWorkloads(t *testing.T) {
	cdktest.Render(t, func(chart cdk8s.Chart) {
		newShop(chart)
		got := isolation.New(chart, "isolation", isolation.Props{}).Workloads()
		if want := []string{"django", "django-env-secret-generate", "postgres", "valkey", "worker"}; !slices.Equal(got, want) {
			t.Errorf("Workloads() = %q, want %q", got, want)
		}
	})
}

func ExampleNew() {
	app := cdk8s.NewApp(nil)
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	newWorkload(chart, "postgres")
	web := newWeb(chart, server("shop", "postgres", 5432))
	i := isolation.New(chart, "isolation", isolation.Props{
		Ingress: []isolation.Peer{{Namespace: "ingress-nginx"}},
		Outside: []isolation.Outside{{From: web, Ports: []int{443}}},
	})
	fmt.Println(i.Workloads())
	// default-deny and allow-dns come first.
	fmt.Println(*cdk8s.Yaml_Stringify((*cdk8s.Testing_Synth(chart))[2]))
	// Output:
	// [django postgres]
	// apiVersion: networking.k8s.io/v1
	// kind: NetworkPolicy
	// metadata:
	//   labels:
	//     app: django
	//     app.kubernetes.io/component: isolation
	//     app.kubernetes.io/instance: django
	//     app.kubernetes.io/managed-by: cdk8s
	//     app.kubernetes.io/name: kubernetes
	//     app.kubernetes.io/part-of: shop
	//   name: django
	//   namespace: shop
	// spec:
	//   egress:
	//     - ports:
	//         - port: 443
	//           protocol: TCP
	//       to:
	//         - ipBlock:
	//             cidr: 0.0.0.0/0
	//     - ports:
	//         - port: 5432
	//           protocol: TCP
	//       to:
	//         - podSelector:
	//             matchLabels:
	//               app: postgres
	//   ingress:
	//     - from:
	//         - namespaceSelector:
	//             matchLabels:
	//               kubernetes.io/metadata.name: ingress-nginx
	//       ports:
	//         - port: 8000
	//           protocol: TCP
	//   podSelector:
	//     matchLabels:
	//       app: django
	//   policyTypes:
	//     - Ingress
	//     - Egress
}
