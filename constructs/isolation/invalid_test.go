package isolation_test

import (
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/internal/declare"
	"example.com/django-cdk8s/internal/labels"
)

func with(props isolation.Props) cdktest.Build {
	return func(chart cdk8s.Chart) {
		newShop(chart)
		isolation.New(chart, "isolation", props)
	}
}

func withOutside(change func(o *isolation.Outside)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		outside := isolation.Outside{From: newShop(chart), Ports: []int{443}}
		change(&outside)
		isolation.New(chart, "isolation", isolation.Props{Outside: []isolation.Outside{outside}})
	}
}

func withIngress(peers ...isolation.Peer) cdktest.Build { return with(isolation.Props{Ingress: peers}) }

// named is a workload that is not of the app.
type named string

func (n named) Name() string { return string(n) }

// wrong are one mistake each, with the one line that it must give.
var wrong = map[string]struct {
	build cdktest.Build
	line  string
}{
	"peer of nobody":         {withIngress(isolation.Peer{}), `test/isolation: Ingress[0].Namespace: "": must be 1 to 63 lower-case`},
	"peer of any namespace":  {withIngress(isolation.Peer{Pods: map[string]string{"app": "a"}}), `test/isolation: Ingress[0].Namespace: "": must be 1 to 63 lower-case`},
	"long namespace":         {withIngress(isolation.Peer{Namespace: strings.Repeat("a", 64)}), `must be 1 to 63 lower-case`},
	"namespace with a dot":   {with(isolation.Props{Monitoring: []isolation.Peer{{Namespace: "a.b"}}}), `test/isolation: Monitoring[0].Namespace: "a.b": must be 1 to 63 lower-case`},
	"namespace of digits":    {withIngress(isolation.Peer{Namespace: "0o17"}), `test/isolation: Ingress[0].Namespace: "0o17": must be written in another way`},
	"label key":              {withIngress(isolation.Peer{Namespace: "a", Pods: map[string]string{"a b": "c"}}), `test/isolation: Ingress[0].Pods[a b]: "c": has a key that is no label key`},
	"label value":            {with(isolation.Props{DNS: []isolation.Peer{{Namespace: "a", Pods: map[string]string{"a": strings.Repeat("b", 64)}}}}), `test/isolation: DNS[0].Pods[a]: "` + strings.Repeat("b", 64) + `": must be at most 63`},
	"addresses and pods":     {withIngress(isolation.Peer{CIDR: "10.0.0.0/8", Namespace: "a"}), `test/isolation: Ingress[0].CIDR: "10.0.0.0/8": must not be given together with Namespace or Pods`},
	"peer twice":             {withIngress(ingress[0], ingress[0]), `test/isolation: Ingress: "ingress-nginx app.kubernetes.io/name=ingress-nginx": is listed twice`},
	"address without length": {withIngress(isolation.Peer{CIDR: "10.0.0.1"}), `test/isolation: Ingress[0].CIDR: "10.0.0.1": must be a range of addresses`},
	"address in a range":     {with(isolation.Props{APIServer: []string{"10.0.0.0/8", "10.0.0.1/8"}}), `test/isolation: APIServer[1]: "10.0.0.1/8": must be a range of addresses that starts at its first`},
	"host as an address":     {with(isolation.Props{APIServer: []string{"kubernetes.default.svc"}}), `test/isolation: APIServer[0]: "kubernetes.default.svc": must be a range of addresses`},
	"mapped address":         {with(isolation.Props{APIServer: []string{"::ffff:10.0.0.1/128"}}), `test/isolation: APIServer[0]: "::ffff:10.0.0.1/128": must be a range of addresses`},
	"long IPv6":              {with(isolation.Props{APIServer: []string{"2001:0db8::/32"}}), `test/isolation: APIServer[0]: "2001:0db8::/32": must be a range of addresses`},
	"API server twice":       {with(isolation.Props{APIServer: []string{"10.0.0.0/8", "10.0.0.0/8"}}), `test/isolation: APIServer: "10.0.0.0/8": is listed twice`},
	"DNS port":               {with(isolation.Props{DNSPort: 70000}), `test/isolation: DNSPort: 70000: must be between 1 and 65535`},

	"outside: the second without ports": {
		func(chart cdk8s.Chart) {
			web := newShop(chart)
			isolation.New(chart, "isolation", isolation.Props{Outside: []isolation.Outside{{From: web, Ports: []int{443}}, {From: web}}})
		},
		`test/isolation: Outside[1].Ports: "": is required`,
	},
	"outside: no workload":   {withOutside(func(o *isolation.Outside) { o.From = nil }), `test/isolation: Outside[0].From: "": is required`},
	"outside: nil workload":  {withOutside(func(o *isolation.Outside) { o.From = (*workload)(nil) }), `test/isolation: Outside[0].From: "": is required`},
	"outside: unknown":       {withOutside(func(o *isolation.Outside) { o.From = named("cron") }), `test/isolation: Outside[0].From: "cron": is no workload of namespace "test" that uses the network; those are django, django-env-secret-generate, postgres, valkey, worker`},
	"outside: address":       {withOutside(func(o *isolation.Outside) { o.To.CIDR = "203.0.113.7" }), `test/isolation: Outside[0].To.CIDR: "203.0.113.7": must be a range of addresses`},
	"outside: namespace":     {withOutside(func(o *isolation.Outside) { o.To.Namespace = "MinIO" }), `test/isolation: Outside[0].To.Namespace: "MinIO": must be 1 to 63 lower-case`},
	"outside: no ports":      {withOutside(func(o *isolation.Outside) { o.Ports = nil }), `test/isolation: Outside[0].Ports: "": is required`},
	"outside: port":          {withOutside(func(o *isolation.Outside) { o.Ports = []int{443, 0} }), `test/isolation: Outside[0].Ports[1]: 0: must be between 1 and 65535`},
	"outside: port too high": {withOutside(func(o *isolation.Outside) { o.Ports = []int{65536} }), `test/isolation: Outside[0].Ports[0]: 65536: must be between 1 and 65535`},
	"outside: port twice":    {withOutside(func(o *isolation.Outside) { o.Ports = []int{443, 443} }), `test/isolation: Outside[0].Ports: "443": is listed twice`},
	"outside: twice": {
		func(chart cdk8s.Chart) {
			one := isolation.Outside{From: newShop(chart), Ports: []int{443}}
			other := isolation.Outside{From: one.From, To: isolation.Peer{CIDR: isolation.AnyIPv4}, Ports: []int{587}}
			isolation.New(chart, "isolation", isolation.Props{Outside: []isolation.Outside{one, other}})
		},
		`test/isolation: Outside: "django to 0.0.0.0/0": is listed twice`,
	},
	"outside: workload of another namespace": {
		func(chart cdk8s.Chart) {
			newShop(chart)
			elsewhere := newWeb(newChart(chart, "elsewhere"))
			isolation.New(chart, "isolation", isolation.Props{Outside: []isolation.Outside{{From: elsewhere, Ports: []int{443}}}})
		},
		`test/isolation: Outside[0].From: "django": is no workload of namespace "test"`,
	},

	"nothing to isolate": {
		func(chart cdk8s.Chart) {
			newShop(newChart(chart, "elsewhere"))
			isolation.New(newChart(chart, "empty"), "isolation", isolation.Props{})
		},
		`test/empty/isolation: scope: "empty": must be a namespace with workloads: nothing in it uses the network`,
	},
	"unknown port": {
		func(chart cdk8s.Chart) {
			newWorkload(chart, "worker", declare.Destination{})
			newTalker(chart, "beat",
				declare.Traffic{Name: "beat", Pods: labels.Selector("beat"), To: []declare.Destination{host("broker.example.com", 0)}},
				declare.Traffic{Name: "flower", Pods: labels.Selector("flower"), To: []declare.Destination{host("broker.example.com", 0)}})
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
			newTalker(chart, "job", declare.Traffic{Name: "django", Pods: labels.Selector("django-job")})
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

	"added too early": {
		func(chart cdk8s.Chart) {
			isolation.New(chart, "isolation", isolation.Props{})
			newShop(chart)
		},
		`test/isolation: order: "test/django-env-secret-generate, test/postgres, test/valkey, test/django, test/worker": must come first: add the Isolation after all that uses the network`,
	},
	"one added later": {
		func(chart cdk8s.Chart) {
			newShop(chart)
			isolation.New(chart, "isolation", isolation.Props{})
			newWorkload(chart, "beat", server("test", "valkey", 6379))
		},
		`test/isolation: order: "test/beat": must come first`,
	},
	"one changed later": {
		func(chart cdk8s.Chart) {
			web := newShop(chart)
			isolation.New(chart, "isolation", isolation.Props{})
			web.traffic[0].To = append(web.traffic[0].To, host("mail.example.com", 587))
		},
		`test/isolation: order: "test/django": must come first`,
	},
	"client elsewhere added later": {
		func(chart cdk8s.Chart) {
			newShop(chart)
			isolation.New(chart, "isolation", isolation.Props{})
			elsewhere := newChart(chart, "elsewhere")
			newWorkload(elsewhere, "report", server("test", "postgres", 5432))
			newWorkload(elsewhere, "stranger", server("elsewhere", "postgres", 5432))
		},
		`test/isolation: order: "test/elsewhere/report": must come first`,
	},
	"outside of one added later": {
		func(chart cdk8s.Chart) {
			newShop(chart)
			isolation.New(chart, "isolation", isolation.Props{Outside: []isolation.Outside{{From: named("beat"), Ports: []int{443}}}})
			newWorkload(chart, "beat")
		},
		`test/isolation: order: "test/beat": must come first`,
	},
	"two isolations of a namespace": {
		func(chart cdk8s.Chart) {
			newShop(chart)
			isolation.New(chart, "isolation", isolation.Props{})
			isolation.New(chart, "another", isolation.Props{})
		},
		`test/another: scope: "test": is the namespace of test/isolation; one Isolation closes it`,
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
