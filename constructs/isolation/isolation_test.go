package isolation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/internal/labels"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

// workload is a construct of an importing project.
type workload struct {
	constructs.Construct

	flows []network.Flow
	read  int
}

func (w *workload) Name() string { return w.flows[0].Name }

func (w *workload) Flows() []network.Flow {
	w.read++
	return w.flows
}

// newWorkload adds a workload that is called like its construct, and connects
// to the given servers.
func newWorkload(scope constructs.Construct, name string, to ...network.Endpoint) {
	newFlows(scope, name, network.Flow{Name: name, Pods: labels.Selector(name), To: to})
}

// newWeb adds a workload that visitors and Prometheus connect to.
func newWeb(scope constructs.Construct, to ...network.Endpoint) *workload {
	return newFlows(scope, "django", network.Flow{
		Name: "django", Pods: labels.Selector("django"), HTTP: 8000, Metrics: 9090, To: to,
	})
}

func newFlows(scope constructs.Construct, id string, flows ...network.Flow) *workload {
	w := &workload{flows: flows}
	constructs.NewConstruct_Override(w, scope, &id)
	return w
}

func newChart(scope constructs.Construct, namespace string) cdk8s.Chart {
	return cdk8s.NewChart(scope, &namespace, &cdk8s.ChartProps{Namespace: &namespace})
}

// server is the workload called name as its clients know it.
func server(namespace, name string, port int) network.Endpoint {
	return host(strings.Join([]string{name, namespace, "svc"}, "."), port)
}

func host(name string, port int) network.Endpoint {
	return network.Endpoint{Host: name, Port: port}
}

var apiServer = network.Endpoint{APIServer: true}

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
		IngressFrom: append(ingress, isolation.Peer{CIDR: "10.250.0.0/24"}),
		MetricsFrom: []isolation.Peer{{Namespace: "monitoring"}},
		APIServer:   []string{"10.250.0.1/32", "2001:db8::1/128"},
		Egress: []isolation.Egress{
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
			newWorkload(chart, "nearest", network.Endpoint{Pods: labels.Selector("postgres"), Port: 5432})
			isolation.New(chart, "isolation", isolation.Props{})
		},
		"egress to workloads of the app": func(chart cdk8s.Chart) {
			web := newWeb(chart)
			newFlows(chart, "api", network.Flow{Name: "api", Pods: labels.Selector("api"), HTTP: 8001})
			newWorkload(chart, "closed")
			shop := newChart(chart, "shop")
			newWorkload(shop, "search")
			newWorkload(shop, "closed")
			peer := func(namespace, name string) isolation.Peer {
				return isolation.Peer{Namespace: namespace, Pods: labels.Selector(name)}
			}
			isolation.New(chart, "isolation", isolation.Props{Egress: []isolation.Egress{
				{From: web, To: peer("test", "api"), Ports: []int{8001, 8002}},
				{From: web, To: peer("shop", "search"), Ports: []int{9200}},
				// Pods without labels, and pods that no construct declares, open
				// the side of the client alone.
				{From: web, To: isolation.Peer{Namespace: "shop"}, Ports: []int{9300}},
				{From: web, To: peer("test", "elsewhere"), Ports: []int{9400}},
			}})
			isolation.New(shop, "isolation", isolation.Props{})
		},
		"one workload of two constructs": func(chart cdk8s.Chart) {
			newWorkload(chart, "postgres")
			newWeb(chart, server("test", "postgres", 5432))
			newFlows(chart, "media", network.Flow{
				Name: "django", Pods: labels.Selector("django"), To: []network.Endpoint{host("s3.example.com", 443)},
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
	newWorkload(chart, "django", network.Endpoint{Pods: labels.Selector("postgres"), Host: "postgres", Port: 5432})
	isolation.New(chart, "isolation", isolation.Props{})
	if got := *cdk8s.Yaml_Stringify(*cdk8s.Testing_Synth(chart)...); strings.Count(got, "namespaceSelector") != 1 {
		t.Errorf("want no namespace but that of DNS:\n%s", got)
	}
}

func TestEveryFieldReachesTheManifest(t *testing.T) {
	cdktest.EveryField(t, isolation.Props{}, full(nil), func(chart cdk8s.Chart, props isolation.Props) {
		web := newShop(chart)
		for i := range props.Egress {
			props.Egress[i].From = web
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
		egress := []isolation.Egress{{From: newShop(chart), Ports: []int{443}}}
		isolation.New(chart, "isolation", isolation.Props{Egress: egress})
		if egress[0].To.CIDR != "" {
			t.Errorf("To = %q", egress[0].To)
		}
	})
}

func TestWorkloads(t *testing.T) {
	cdktest.Render(t, func(chart cdk8s.Chart) {
		i := isolation.New(chart, "isolation", isolation.Props{})
		newShop(chart)
		want := []string{"django", "django-env-secret-generate", "postgres", "valkey", "worker"}
		if got := i.Workloads(); !slices.Equal(got, want) {
			t.Errorf("Workloads() = %q, want %q", got, want)
		}
	})
	if got := (*isolation.Isolation)(nil).Workloads(); got != nil {
		t.Errorf("Workloads() of nil = %q", got)
	}
}

// deployment is a construct of an importing project with a Deployment of its
// own, made with plain cdk8s.
type deployment struct {
	constructs.Construct

	flow network.Flow
}

// Flows implements network.Source.
func (d *deployment) Flows() []network.Flow { return []network.Flow{d.flow} }

func newDeployment(scope constructs.Construct, port float64, flow network.Flow) {
	name := flow.Name
	flow.Pods = map[string]string{"app": name}
	d := &deployment{flow: flow}
	constructs.NewConstruct_Override(d, scope, &name)
	app := &map[string]*string{"app": &name}
	amounts := &map[string]k8s.Quantity{
		"cpu": k8s.Quantity_FromString(new("1")), "memory": k8s.Quantity_FromString(new("1Gi")),
	}
	k8s.NewKubeDeployment(d, new("Deployment"), &k8s.KubeDeploymentProps{
		Metadata: &k8s.ObjectMeta{Name: &name},
		Spec: &k8s.DeploymentSpec{Selector: &k8s.LabelSelector{MatchLabels: app}, Template: &k8s.PodTemplateSpec{
			Metadata: &k8s.ObjectMeta{Labels: app},
			Spec: &k8s.PodSpec{Containers: &[]*k8s.Container{{
				Name: &name, Image: new("shop:1"), Ports: &[]*k8s.ContainerPort{{ContainerPort: &port}},
				Resources: &k8s.ResourceRequirements{Requests: amounts, Limits: amounts},
			}}},
		}},
	})
}

func TestAnImportingProjectTakesPart(t *testing.T) {
	cdktest.Golden(t, "isolation/deployments of an importing project", func(chart cdk8s.Chart) {
		isolation.New(chart, "isolation", isolation.Props{IngressFrom: ingress})
		newDeployment(chart, 5432, network.Flow{Name: "postgres"})
		newDeployment(chart, 8080, network.Flow{
			Name: "reports", HTTP: 8080, To: []network.Endpoint{host("postgres", 5432)},
		})
		newDeployment(chart, 9000, network.Flow{
			Name: "worker", Metrics: 9000, To: []network.Endpoint{host("reports", 8080), host("postgres.test.svc", 5432)},
		})
	})
}

// What is added, or changed, after the Isolation takes part as well.
func TestTheIsolationMayComeFirst(t *testing.T) {
	render := func(first bool) string {
		return cdktest.Render(t, func(chart cdk8s.Chart) {
			inside := newChart(chart, "inside")
			if first {
				isolation.New(inside, "isolation", isolation.Props{})
			}
			newShop(inside).flows[0].To = []network.Endpoint{host("mail.example.com", 587)}
			newWorkload(newChart(chart, "elsewhere"), "report", server("inside", "postgres", 5432))
			if !first {
				isolation.New(inside, "isolation", isolation.Props{})
			}
		})
	}
	if first, last := render(true), render(false); first != last || !strings.Contains(first, "port: 587") {
		t.Errorf("added first:\n%s\nadded last:\n%s", first, last)
	}
}

// Plain cdk8s completes the tree once for each chart, and again when it is
// rendered again.
func TestPlainSynthesisMayBeRepeated(t *testing.T) {
	app := cdk8s.NewApp(nil)
	chart := newChart(app, "test")
	isolation.New(chart, "isolation", isolation.Props{})
	newWorkload(chart, "postgres")
	newWeb(chart, server("test", "postgres", 5432))
	newChart(app, "other")
	render := func() string { return *cdk8s.Yaml_Stringify(*cdk8s.Testing_Synth(chart)...) }
	once := render()
	if again := render(); once != again || strings.Count(once, "kind: NetworkPolicy") != 4 {
		t.Errorf("once:\n%s\nagain:\n%s", once, again)
	}
	newWorkload(chart, "worker", server("test", "postgres", 5432))
	if got := render(); strings.Count(got, "app: worker") != 3 || strings.Count(got, "kind: NetworkPolicy") != 5 {
		t.Errorf("with a worker:\n%s", got)
	}
}

// A platform of many tenants is read once.
func TestFlowsAreReadOnce(t *testing.T) {
	var all []*workload
	problems := cdktest.ProblemsApp(t, func(app cdk8s.App) {
		for i := range 5 {
			chart := newChart(app, fmt.Sprintf("tenant-%d", i))
			isolation.New(chart, "isolation", isolation.Props{})
			all = append(all, newWeb(chart))
		}
	})
	if problems != nil {
		t.Fatal(problems)
	}
	for i, w := range all {
		if w.read != 1 {
			t.Errorf("the flows of tenant %d were read %d times", i, w.read)
		}
	}
}

// A workload keeps its clients whatever form of the name they use.
func TestNamesOfAService(t *testing.T) {
	for _, name := range []string{
		"postgres", "postgres.test", "postgres.test.svc", "postgres.test.svc.cluster.local", "postgres.test.svc.any.domain",
		"postgres.test.svc.cluster.local.",
	} {
		got := cdktest.Render(t, func(chart cdk8s.Chart) {
			newWorkload(chart, "postgres")
			newWorkload(chart, "web", host(name, 5432))
			isolation.New(chart, "isolation", isolation.Props{})
		})
		if strings.Contains(got, "cidr") || strings.Count(got, "port: 5432") != 2 {
			t.Errorf("%s:\n%s", name, got)
		}
	}
}

// Some of the pods of a server, such as the primary of a cluster, are reached by
// more labels than those of its policy.
func TestSomePodsOfAServer(t *testing.T) {
	primary := labels.Selector("postgres")
	primary["role"] = "primary"
	for name, build := range map[string]func(chart cdk8s.Chart) isolation.Props{
		"endpoint": func(chart cdk8s.Chart) isolation.Props {
			newWeb(chart, network.Endpoint{Pods: primary, Port: 5432})
			return isolation.Props{}
		},
		"egress": func(chart cdk8s.Chart) isolation.Props {
			to := isolation.Peer{Namespace: "test", Pods: primary}
			return isolation.Props{Egress: []isolation.Egress{{From: newWeb(chart), To: to, Ports: []int{5432}}}}
		},
	} {
		got := cdktest.Render(t, func(chart cdk8s.Chart) {
			newWorkload(chart, "postgres")
			isolation.New(chart, "isolation", build(chart))
		})
		if strings.Count(got, "port: 5432") != 2 || strings.Count(got, "role: primary") != 1 {
			t.Errorf("%s: not one rule on each side:\n%s", name, got)
		}
	}
}

func ExampleNew() {
	app := cdk8s.NewApp(nil)
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	newWorkload(chart, "postgres")
	web := newWeb(chart, server("shop", "postgres", 5432))
	isolation.New(chart, "isolation", isolation.Props{
		IngressFrom: []isolation.Peer{{Namespace: "ingress-nginx"}},
		Egress:      []isolation.Egress{{From: web, Ports: []int{443}}},
	})
	// default-deny and allow-dns come first.
	fmt.Println(*cdk8s.Yaml_Stringify((*cdk8s.Testing_Synth(chart))[2]))
	// Output:
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
