package route_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/route"
)

func withIngress(props route.IngressProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		props.Web = site(chart, "shop", true, "shop.example.com")
		_ = *route.NewIngress(chart, "ingress", props).Object().Name()
	}
}

func withAnnotation(key, value string) cdktest.Build {
	return withIngress(route.IngressProps{Annotations: map[string]string{key: value}})
}

func withHTTPRoute(props route.HTTPRouteProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		props.Web = site(chart, "shop", true, "shop.example.com")
		if props.Name != "" {
			props.Gateways = []route.Gateway{{Name: "public"}}
		}
		_ = *route.NewHTTPRoute(chart, "route", props).Object().Name()
	}
}

func withGateways(gateways ...route.Gateway) cdktest.Build {
	return withHTTPRoute(route.HTTPRouteProps{Gateways: gateways})
}

func ingressTo(hosts ...string) cdktest.Build {
	return func(chart cdk8s.Chart) {
		route.NewIngress(chart, "ingress", route.IngressProps{Web: site(chart, "shop", true, hosts...)})
	}
}

func routeTo(hosts ...string) cdktest.Build {
	return func(chart cdk8s.Chart) {
		route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{
			Web: site(chart, "shop", false, hosts...), Gateways: []route.Gateway{{Name: "public"}},
		})
	}
}

func plain(props route.IngressProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		props.Web = site(chart, "shop", false, "shop.example.com")
		route.NewIngress(chart, "ingress", props)
	}
}

func numbered(n int) []string {
	var hosts []string
	for i := range n {
		hosts = append(hosts, fmt.Sprintf("shop-%d.example.com", i))
	}
	return hosts
}

// wrong are one mistake each, with the one line that it must give: construct
// path, field, value, and enough of the rule to tell it from others.
var wrong = map[string]struct {
	build cdktest.Build
	line  string
}{
	"ingress: no web": {
		func(chart cdk8s.Chart) { route.NewIngress(chart, "ingress", route.IngressProps{}) },
		`test/ingress: Web: "": is required`,
	},
	"ingress: no hosts":               {ingressTo(), `test/ingress: Web: "shop": must have Hosts, the names under which it is visited`},
	"ingress: address":                {ingressTo("10.0.0.1"), `test/ingress: Web.Hosts[0]: "10.0.0.1": must be a name in the DNS`},
	"ingress: hosts below an address": {ingressTo("a.example.com", ".10.0.0.1"), `test/ingress: Web.Hosts[1]: ".10.0.0.1": must be a name in the DNS`},
	"ingress: no room for a star":     {ingressTo("." + strings.Repeat("a.", 125) + "aa"), `must be at most 251 characters after its dot`},
	"ingress: host of the web":        {ingressTo("*"), `test/shop: Hosts[0]: "*": would turn Django's check`},
	"ingress: host twice":             {ingressTo("a.example.com", "a.example.com"), `test/shop: Hosts: "a.example.com": is listed twice`},
	"ingress: name":                   {withIngress(route.IngressProps{Name: "Shop"}), `test/ingress: Name: "Shop": must be 1 to 63 lower-case`},
	"ingress: class":                  {withIngress(route.IngressProps{ClassName: "nginx public"}), `test/ingress: ClassName: "nginx public": must be 1 to 253 lower-case`},
	"ingress: TLS Secret":             {withIngress(route.IngressProps{TLSSecret: "shop_tls"}), `test/ingress: TLSSecret: "shop_tls": must be 1 to 253 lower-case`},
	"ingress: cluster issuer":         {withIngress(route.IngressProps{ClusterIssuer: "Let's Encrypt"}), `test/ingress: ClusterIssuer: "Let's Encrypt": must be 1 to 253`},
	"ingress: issuer":                 {withIngress(route.IngressProps{Issuer: "CA"}), `test/ingress: Issuer: "CA": must be 1 to 253`},
	"ingress: Secret and issuer":      {withIngress(route.IngressProps{TLSSecret: "tls", Issuer: "ca"}), `test/ingress: TLSSecret: "tls": must be the only one of TLSSecret, ClusterIssuer and Issuer`},
	"ingress: two issuers":            {withIngress(route.IngressProps{ClusterIssuer: "a", Issuer: "b"}), `test/ingress: ClusterIssuer: "a": must be the only one`},
	"ingress: TLS without HTTPS":      {plain(route.IngressProps{TLSSecret: "tls"}), `test/ingress: TLSSecret: "tls": needs HTTPS in the props of Web`},
	"ingress: issuer without HTTPS":   {plain(route.IngressProps{Issuer: "ca"}), `test/ingress: Issuer: "ca": needs HTTPS in the props of Web`},
	"ingress: annotation key":         {withAnnotation("proxy body size", "1"), `test/ingress: Annotations[proxy body size]: "proxy body size": has a key that is no annotation key`},
	"ingress: annotation of Issuer":   {withAnnotation("cert-manager.io/issuer", "ca"), `test/ingress: Annotations[cert-manager.io/issuer]: "ca": must not be given: it is set from Issuer`},
	"ingress: annotation of a class":  {withAnnotation("kubernetes.io/ingress.class", "nginx"), `"nginx": must not be given: it is set from ClassName`},
	"ingress: annotation control":     {withAnnotation("example.com/a", "\x00"), `test/ingress: Annotations[example.com/a]: "...": must be UTF-8 text`},
	"ingress: annotations too long": {
		withIngress(route.IngressProps{Annotations: map[string]string{
			"a": strings.Repeat("a", 100<<10), "b": strings.Repeat("b", 100<<10), "c": strings.Repeat("c", 100<<10),
		}}),
		`test/ingress: Annotations: "...": must be at most 256 KiB together`,
	},
	"ingress: another namespace": {
		func(chart cdk8s.Chart) {
			elsewhere := cdk8s.NewChart(chart, new("elsewhere"), &cdk8s.ChartProps{Namespace: new("elsewhere")})
			route.NewIngress(elsewhere, "ingress", route.IngressProps{Web: site(chart, "shop", false, "shop.example.com")})
		},
		`test/elsewhere/ingress: Web: "shop": is in namespace "test", and an Ingress of namespace "elsewhere" cannot lead there`,
	},
	"ingress: twice": {
		func(chart cdk8s.Chart) {
			web := site(chart, "shop", false, "shop.example.com")
			route.NewIngress(chart, "a", route.IngressProps{Web: web})
			route.NewIngress(chart, "b", route.IngressProps{Web: web})
		},
		`test/b/Ingress: metadata.name: "shop": Ingress test/shop is also made by test/a/Ingress`,
	},

	"route: no web": {
		func(chart cdk8s.Chart) {
			route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{Gateways: []route.Gateway{{Name: "public"}}})
		},
		`test/route: Web: "": is required`,
	},
	"route: no hosts":         {routeTo(), `test/route: Web: "shop": must have Hosts`},
	"route: address":          {routeTo("192.0.2.7"), `test/route: Web.Hosts[0]: "192.0.2.7": must be a name in the DNS`},
	"route: too many hosts":   {routeTo(numbered(17)...), `test/route: Web: "shop": must have at most 16 host names, and has 17`},
	"route: too many domains": {routeTo(append(numbered(15), ".example.net")...), `must have at most 16 host names, and has 17: one with a leading dot counts twice`},
	"route: name":             {withHTTPRoute(route.HTTPRouteProps{Name: "a.b"}), `test/route: Name: "a.b": must be 1 to 63 lower-case`},
	"route: no gateway":       {withGateways(), `test/route: Gateways: 0: must be 1 to 32`},
	"route: too many gateways": {
		func(chart cdk8s.Chart) {
			var gateways []route.Gateway
			for _, name := range numbered(33) {
				gateways = append(gateways, route.Gateway{Name: name})
			}
			withGateways(gateways...)(chart)
		},
		`test/route: Gateways: 33: must be 1 to 32`,
	},
	"route: gateway name": {withGateways(route.Gateway{Namespace: "gateways"}), `test/route: Gateways[0].Name: "": must be 1 to 253`},
	"route: gateway namespace": {
		withGateways(route.Gateway{Name: "a"}, route.Gateway{Name: "b", Namespace: "b.c"}),
		`test/route: Gateways[1].Namespace: "b.c": must be 1 to 63 lower-case letters`,
	},
	"route: section": {withGateways(route.Gateway{Name: "a", SectionName: "HTTPS"}), `test/route: Gateways[0].SectionName: "HTTPS": must be 1 to 253`},
	"route: gateway twice": {
		withGateways(route.Gateway{Name: "a", SectionName: "https"}, route.Gateway{Name: "a", SectionName: "https"}),
		`test/route: Gateways[1]: "a": is listed twice`,
	},
	"route: gateway and its section": {
		withGateways(route.Gateway{Name: "a", SectionName: "https"}, route.Gateway{Name: "b"}, route.Gateway{Name: "a"}),
		`test/route: Gateways[2]: "a": is listed twice; each time it must have another SectionName`,
	},
	"route: another namespace": {
		func(chart cdk8s.Chart) {
			elsewhere := cdk8s.NewChart(chart, new("elsewhere"), &cdk8s.ChartProps{Namespace: new("elsewhere")})
			route.NewHTTPRoute(elsewhere, "route", route.HTTPRouteProps{
				Web: site(chart, "shop", false, "shop.example.com"), Gateways: []route.Gateway{{Name: "public"}},
			})
		},
		`test/elsewhere/route: Web: "shop": is in namespace "test", and an HTTPRoute of namespace "elsewhere" cannot lead there`,
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
