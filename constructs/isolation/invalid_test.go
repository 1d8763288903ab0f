package isolation_test

import (
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/internal/labels"
)

func with(props isolation.Props) cdktest.Build {
	return func(chart cdk8s.Chart) {
		newShop(chart)
		isolation.New(chart, "isolation", props)
	}
}

func withEgress(change func(g *isolation.Egress)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		egress := isolation.Egress{From: newShop(chart), Ports: []int{443}}
		change(&egress)
		isolation.New(chart, "isolation", isolation.Props{Egress: []isolation.Egress{egress}})
	}
}

func withIngress(peers ...isolation.Peer) cdktest.Build {
	return with(isolation.Props{IngressFrom: peers})
}

// named is a workload that is not of the app.
type named string

func (n named) Name() string { return string(n) }

// wrong are one mistake each, with the one line that it must give.
var wrong = map[string]struct {
	build cdktest.Build
	line  string
}{
	"peer of nobody":         {withIngress(isolation.Peer{}), `test/isolation: IngressFrom[0].Namespace: "": must be 1 to 63 lower-case`},
	"peer of any namespace":  {withIngress(isolation.Peer{Pods: map[string]string{"app": "a"}}), `test/isolation: IngressFrom[0].Namespace: "": must be 1 to 63 lower-case`},
	"long namespace":         {withIngress(isolation.Peer{Namespace: strings.Repeat("a", 64)}), `must be 1 to 63 lower-case`},
	"namespace with a dot":   {with(isolation.Props{MetricsFrom: []isolation.Peer{{Namespace: "a.b"}}}), `test/isolation: MetricsFrom[0].Namespace: "a.b": must be 1 to 63 lower-case`},
	"namespace of digits":    {withIngress(isolation.Peer{Namespace: "0o17"}), `test/isolation: IngressFrom[0].Namespace: "0o17": would be parsed as a YAML number`},
	"label key":              {withIngress(isolation.Peer{Namespace: "a", Pods: map[string]string{"a b": "c"}}), `test/isolation: IngressFrom[0].Pods[a b]: "c": has a key that is no label key`},
	"label value":            {with(isolation.Props{DNS: []isolation.Peer{{Namespace: "a", Pods: map[string]string{"a": strings.Repeat("b", 64)}}}}), `test/isolation: DNS[0].Pods[a]: "` + strings.Repeat("b", 64) + `": must be at most 63`},
	"addresses and pods":     {withIngress(isolation.Peer{CIDR: "10.0.0.0/8", Namespace: "a"}), `test/isolation: IngressFrom[0].CIDR: "10.0.0.0/8": must not be given together with Namespace or Pods`},
	"peer twice":             {withIngress(ingress[0], ingress[0]), `test/isolation: IngressFrom: "ingress-nginx app.kubernetes.io/name=ingress-nginx": is listed twice`},
	"address without length": {withIngress(isolation.Peer{CIDR: "10.0.0.1"}), `test/isolation: IngressFrom[0].CIDR: "10.0.0.1": must be a range of addresses`},
	"address in a range":     {with(isolation.Props{APIServer: []string{"10.0.0.0/8", "10.0.0.1/8"}}), `test/isolation: APIServer[1]: "10.0.0.1/8": must be a range of addresses that starts at its first`},
	"host as an address":     {with(isolation.Props{APIServer: []string{"kubernetes.default.svc"}}), `test/isolation: APIServer[0]: "kubernetes.default.svc": must be a range of addresses`},
	"mapped address":         {with(isolation.Props{APIServer: []string{"::ffff:10.0.0.1/128"}}), `test/isolation: APIServer[0]: "::ffff:10.0.0.1/128": must be a range of addresses`},
	"long IPv6":              {with(isolation.Props{APIServer: []string{"2001:0db8::/32"}}), `test/isolation: APIServer[0]: "2001:0db8::/32": must be a range of addresses`},
	"API server twice":       {with(isolation.Props{APIServer: []string{"10.0.0.0/8", "10.0.0.0/8"}}), `test/isolation: APIServer: "10.0.0.0/8": is listed twice`},
	"DNS port":               {with(isolation.Props{DNSPort: 70000}), `test/isolation: DNSPort: 70000: must be between 1 and 65535`},

	"egress: the second without ports": {
		func(chart cdk8s.Chart) {
			web := newShop(chart)
			isolation.New(chart, "isolation", isolation.Props{Egress: []isolation.Egress{{From: web, Ports: []int{443}}, {From: web}}})
		},
		`test/isolation: Egress[1].Ports: "": is required`,
	},
	"egress: no workload":   {withEgress(func(g *isolation.Egress) { g.From = nil }), `test/isolation: Egress[0].From: "": is required`},
	"egress: nil workload":  {withEgress(func(g *isolation.Egress) { g.From = (*workload)(nil) }), `test/isolation: Egress[0].From: "": is required`},
	"egress: unknown":       {withEgress(func(g *isolation.Egress) { g.From = named("cron") }), `test/isolation: Egress[0].From: "cron": is no workload of namespace "test" that uses the network; those are django, django-env-secret-generate, postgres, valkey, worker`},
	"egress: address":       {withEgress(func(g *isolation.Egress) { g.To.CIDR = "203.0.113.7" }), `test/isolation: Egress[0].To.CIDR: "203.0.113.7": must be a range of addresses`},
	"egress: namespace":     {withEgress(func(g *isolation.Egress) { g.To.Namespace = "MinIO" }), `test/isolation: Egress[0].To.Namespace: "MinIO": must be 1 to 63 lower-case`},
	"egress: no ports":      {withEgress(func(g *isolation.Egress) { g.Ports = nil }), `test/isolation: Egress[0].Ports: "": is required`},
	"egress: port":          {withEgress(func(g *isolation.Egress) { g.Ports = []int{443, 0} }), `test/isolation: Egress[0].Ports[1]: 0: must be between 1 and 65535`},
	"egress: port too high": {withEgress(func(g *isolation.Egress) { g.Ports = []int{65536} }), `test/isolation: Egress[0].Ports[0]: 65536: must be between 1 and 65535`},
	"egress: port twice":    {withEgress(func(g *isolation.Egress) { g.Ports = []int{443, 443} }), `test/isolation: Egress[0].Ports: "443": is listed twice`},
	"egress: twice": {
		func(chart cdk8s.Chart) {
			one := isolation.Egress{From: newShop(chart), Ports: []int{443}}
			other := isolation.Egress{From: one.From, To: isolation.Peer{CIDR: isolation.AnyIPv4}, Ports: []int{587}}
			isolation.New(chart, "isolation", isolation.Props{Egress: []isolation.Egress{one, other}})
		},
		`test/isolation: Egress: "django to 0.0.0.0/0": is listed twice`,
	},
	"egress: workload of another namespace": {
		func(chart cdk8s.Chart) {
			newShop(chart)
			elsewhere := newWeb(newChart(chart, "elsewhere"))
			isolation.New(chart, "isolation", isolation.Props{Egress: []isolation.Egress{{From: elsewhere, Ports: []int{443}}}})
		},
		`test/isolation: Egress[0].From: "django": is no workload of namespace "test"`,
	},

	"nothing to isolate": {
		func(chart cdk8s.Chart) {
			newShop(newChart(chart, "elsewhere"))
			isolation.New(newChart(chart, "empty"), "isolation", isolation.Props{})
		},
		`test/empty/isolation: scope: "empty": has no workload that uses the network: give New the chart of the workloads`,
	},
	"unknown port": {
		func(chart cdk8s.Chart) {
			newWorkload(chart, "worker", network.Endpoint{})
			newFlows(chart, "beat",
				network.Flow{Name: "beat", Pods: labels.Selector("beat"), To: []network.Endpoint{host("broker.example.com", 0)}},
				network.Flow{Name: "flower", Pods: labels.Selector("flower"), To: []network.Endpoint{host("broker.example.com", 0)}})
			isolation.New(chart, "isolation", isolation.Props{})
		},
		`test/isolation: Port: 0: is not known for a server that test/worker, test/beat connects to; give the broker.Connection its Port`,
	},
	"workload called like a policy": {
		func(chart cdk8s.Chart) {
			newWorkload(chart, "allow-dns")
			isolation.New(chart, "isolation", isolation.Props{})
		},
		`test/isolation: Name: "allow-dns": of test/allow-dns is the name of another NetworkPolicy`,
	},
	"two workloads of one name": {
		func(chart cdk8s.Chart) {
			newWorkload(chart, "django")
			newFlows(chart, "job", network.Flow{Name: "django", Pods: labels.Selector("django-job")})
			isolation.New(chart, "isolation", isolation.Props{})
		},
		`test/isolation: Name: "django": of test/job is the name of another NetworkPolicy`,
	},
	"client of no namespace": {
		func(chart cdk8s.Chart) {
			newShop(chart)
			newWorkload(cdk8s.NewChart(chart, new("anywhere"), &cdk8s.ChartProps{Namespace: new("")}), "client", server("test", "postgres", 5432))
			isolation.New(chart, "isolation", isolation.Props{})
		},
		`test/isolation: Namespace: "": must be given to the chart of test/anywhere/client, whose pods connect to namespace "test"`,
	},

	"clients of no namespace": {
		func(chart cdk8s.Chart) {
			newShop(chart)
			anywhere := cdk8s.NewChart(chart, new("anywhere"), &cdk8s.ChartProps{Namespace: new("")})
			newWorkload(anywhere, "client", server("test", "postgres", 5432))
			newWorkload(anywhere, "report", server("test", "postgres", 5432))
			isolation.New(chart, "isolation", isolation.Props{})
		},
		`test/isolation: Namespace: "": must be given to the chart of test/anywhere/client, test/anywhere/report, whose pods connect to namespace "test"`,
	},

	"flow without a name": {
		func(chart cdk8s.Chart) {
			newFlows(newShop(chart), "reports", network.Flow{Pods: labels.Selector("reports"), HTTP: 80})
			isolation.New(chart, "isolation", isolation.Props{})
		},
		`test/isolation: Flows[test/django/reports].Name: "": must be 1 to 63 lower-case`,
	},
	"flow with a name that is none": {
		func(chart cdk8s.Chart) {
			newFlows(chart, "reports", network.Flow{Name: "DefaultDeny", Pods: labels.Selector("reports"), HTTP: 80})
			isolation.New(chart, "isolation", isolation.Props{})
		},
		`test/isolation: Flows[test/reports].Name: "DefaultDeny": must be 1 to 63 lower-case`,
	},
	"flow of all pods": {
		func(chart cdk8s.Chart) {
			newFlows(chart, "reports", network.Flow{Name: "reports", HTTP: 80})
			isolation.New(chart, "isolation", isolation.Props{})
		},
		`test/isolation: Flows[test/reports].Pods: "": is required: the labels that select the pods`,
	},
	"client of all pods": {
		func(chart cdk8s.Chart) {
			newShop(chart)
			newFlows(newChart(chart, "elsewhere"), "reports", network.Flow{
				Name: "reports", To: []network.Endpoint{server("test", "postgres", 5432)},
			})
			isolation.New(chart, "isolation", isolation.Props{})
		},
		`test/isolation: Flows[test/elsewhere/reports].Pods: "": is required`,
	},
	"flow: HTTP port": {
		func(chart cdk8s.Chart) {
			newFlows(chart, "reports", network.Flow{Name: "reports", Pods: labels.Selector("reports"), HTTP: 70000})
			isolation.New(chart, "isolation", isolation.Props{})
		},
		`test/isolation: Flows[test/reports].HTTP.Port: 70000: must be between 1 and 65535`,
	},
	"flow: metrics port": {
		func(chart cdk8s.Chart) {
			newFlows(chart, "reports", network.Flow{Name: "reports", Pods: labels.Selector("reports"), Metrics: -1})
			isolation.New(chart, "isolation", isolation.Props{})
		},
		`test/isolation: Flows[test/reports].Metrics.Port: -1: must be between 1 and 65535`,
	},
	"flow: port of a server": {
		func(chart cdk8s.Chart) {
			newWorkload(chart, "reports", host("db.example.com", 5432), host("mail.example.com", 65536))
			isolation.New(chart, "isolation", isolation.Props{})
		},
		`test/isolation: Flows[test/reports].To[1].Port: 65536: must be between 1 and 65535`,
	},
	"two isolations of a namespace": {
		func(chart cdk8s.Chart) {
			newShop(chart)
			isolation.New(chart, "isolation", isolation.Props{})
			isolation.New(chart, "another", isolation.Props{})
		},
		`test/another: scope: "test": already has the Isolation test/isolation: remove one of the two`,
	},
	"id used twice": {
		func(chart cdk8s.Chart) {
			newWorkload(chart, "isolation")
			isolation.New(chart, "isolation", isolation.Props{})
		},
		`test/isolation-2: id: "isolation": is used twice in this scope`,
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
