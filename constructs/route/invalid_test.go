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
		props.Site = newSite(chart, "shop", true, "shop.example.com")
		_ = *route.NewIngress(chart, "ingress", props).Object().Name()
	}
}

func withAnnotation(key, value string) cdktest.Build {
	return withIngress(route.IngressProps{Annotations: map[string]string{key: value}})
}

func withHTTPRoute(props route.HTTPRouteProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		props.Site = newSite(chart, "shop", true, "shop.example.com")
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
		route.NewIngress(chart, "ingress", route.IngressProps{Site: newSite(chart, "shop", true, hosts...)})
	}
}

func ingressOf(newSite func(chart cdk8s.Chart) route.Site) cdktest.Build {
	return func(chart cdk8s.Chart) {
		_ = route.NewIngress(chart, "ingress", route.IngressProps{Site: newSite(chart)}).Object().Content()
	}
}

func withPaths(paths ...route.Path) cdktest.Build {
	return withIngress(route.IngressProps{Paths: paths})
}

func routeTo(hosts ...string) cdktest.Build {
	return func(chart cdk8s.Chart) {
		route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{
			Site: newSite(chart, "shop", false, hosts...), Gateways: []route.Gateway{{Name: "public"}},
		})
	}
}

func plain(props route.IngressProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := props
		props.Site = newSite(chart, "shop", false, "shop.example.com")
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
	"ingress: no site": {
		func(chart cdk8s.Chart) { route.NewIngress(chart, "ingress", route.IngressProps{}) },
		`test/ingress: Site: "": is required`,
	},
	"ingress: nil site":  {ingressOf(func(cdk8s.Chart) route.Site { return (*site)(nil) }), `test/ingress: Site: "": is required`},
	"ingress: zero site": {ingressOf(func(cdk8s.Chart) route.Site { return &site{} }), `test/ingress: Site: "": is required`},
	"ingress: port": {ingressOf(func(chart cdk8s.Chart) route.Site {
		s := newSite(chart, "shop", false, "shop.example.com")
		s.port = 0
		return s
	}), `test/ingress: Site.Port: 0: must be between 1 and 65535`},
	"ingress: number as a host":       {ingressTo("999.1.1.1"), `test/ingress: Site.Hosts[0]: "999.1.1.1": must be a host name or an IPv4 address, and is neither`},
	"ingress: upper-case host":        {ingressTo("Shop.example.com"), `test/ingress: Site.Hosts[0]: "Shop.example.com": must be a lower-case host name`},
	"ingress: no hosts":               {ingressTo(), `test/ingress: Site: "shop": must have Hosts, its names outside the cluster`},
	"ingress: address":                {ingressTo("10.0.0.1"), `test/ingress: Site.Hosts[0]: "10.0.0.1": must be a name in the DNS`},
	"ingress: hosts below an address": {ingressTo("a.example.com", ".10.0.0.1"), `test/ingress: Site.Hosts[1]: ".10.0.0.1": must not start with a dot: an address has no subdomains`},
	"ingress: no room for a star":     {ingressTo("." + strings.Repeat("a.", 125) + "aa"), `must be at most 251 characters after its dot`},
	"ingress: host of the web":        {ingressTo("*"), `test/ingress: Site.Hosts[0]: "*": would turn Django's check`},
	"ingress: host twice":             {ingressTo("a.example.com", "a.example.com"), `test/ingress: Site.Hosts: "a.example.com": is listed twice`},
	"ingress: name":                   {withIngress(route.IngressProps{Name: "Shop"}), `test/ingress: Name: "Shop": must be 1 to 63 lower-case`},
	"ingress: class":                  {withIngress(route.IngressProps{ClassName: "nginx public"}), `test/ingress: ClassName: "nginx public": must be 1 to 253 lower-case`},
	"ingress: TLS Secret":             {withIngress(route.IngressProps{TLSSecret: "shop_tls"}), `test/ingress: TLSSecret: "shop_tls": must be 1 to 253 lower-case`},
	"ingress: cluster issuer":         {withIngress(route.IngressProps{ClusterIssuer: "Let's Encrypt"}), `test/ingress: ClusterIssuer: "Let's Encrypt": must be 1 to 253`},
	"ingress: issuer":                 {withIngress(route.IngressProps{Issuer: "CA"}), `test/ingress: Issuer: "CA": must be 1 to 253`},
	"ingress: Secret and issuer":      {withIngress(route.IngressProps{TLSSecret: "tls", Issuer: "ca"}), `test/ingress: TLSSecret: "tls": at most one of TLSSecret, ClusterIssuer and Issuer`},
	"ingress: two issuers":            {withIngress(route.IngressProps{ClusterIssuer: "a", Issuer: "b"}), `test/ingress: ClusterIssuer: "a": at most one of`},
	"ingress: TLS without HTTPS":      {plain(route.IngressProps{TLSSecret: "tls"}), `test/ingress: TLSSecret: "tls": needs a Site with HTTPS`},
	"ingress: issuer without HTTPS":   {plain(route.IngressProps{Issuer: "ca"}), `test/ingress: Issuer: "ca": needs a Site with HTTPS`},
	"ingress: annotation key":         {withAnnotation("proxy body size", "1"), `test/ingress: Annotations[proxy body size]: "proxy body size": has a key that is no annotation key`},
	"ingress: annotation of Issuer":   {withAnnotation("cert-manager.io/issuer", "ca"), `test/ingress: Annotations[cert-manager.io/issuer]: "ca": is managed; set Issuer instead`},
	"ingress: annotation of a class":  {withAnnotation("kubernetes.io/ingress.class", "nginx"), `"nginx": is managed; set ClassName instead`},
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
			route.NewIngress(elsewhere, "ingress", route.IngressProps{Site: newSite(chart, "shop", false, "shop.example.com")})
		},
		`test/elsewhere/ingress: Site: "shop": is in namespace "test", and an Ingress of namespace "elsewhere" cannot lead there`,
	},
	"ingress: twice": {
		func(chart cdk8s.Chart) {
			web := newSite(chart, "shop", false, "shop.example.com")
			route.NewIngress(chart, "a", route.IngressProps{Site: web})
			route.NewIngress(chart, "b", route.IngressProps{Site: web})
		},
		`test/b/Ingress: metadata.name: "shop": Ingress test/shop is also made by test/a/Ingress`,
	},

	"paths: none":          {withPaths(route.Path{}), `test/ingress: Paths[0].Prefix: "": must be a URL path that starts with one '/'`},
	"paths: relative":      {withPaths(route.Path{Prefix: "/"}, route.Path{Prefix: "ws/"}), `test/ingress: Paths[1].Prefix: "ws/": must be a URL path`},
	"paths: none and all":  {withPaths(route.Path{Prefix: "/"}, route.Path{}), `test/ingress: Paths[1].Prefix: "": must be a URL path`},
	"paths: climbing":      {withPaths(route.Path{Prefix: "/a/../b"}), `test/ingress: Paths[0].Prefix: "/a/../b": must be a URL path`},
	"paths: blank":         {withPaths(route.Path{Prefix: "/a b"}), `test/ingress: Paths[0].Prefix: "/a b": must be a URL path`},
	"paths: query":         {withPaths(route.Path{Prefix: "/a?b"}), `test/ingress: Paths[0].Prefix: "/a?b": must be a path alone`},
	"paths: encoded slash": {withPaths(route.Path{Prefix: "/a%2fb"}), `test/ingress: Paths[0].Prefix: "/a%2fb": must not contain %2F`},
	"paths: too long":      {withPaths(route.Path{Prefix: "/" + strings.Repeat("a", 1024)}), `test/ingress: Paths[0].Prefix: "...": must be at most 1024 characters`},
	"paths: twice":         {withPaths(route.Path{Prefix: "/ws"}, route.Path{Prefix: "/ws/"}), `test/ingress: Paths[1].Prefix: "/ws/": is listed twice`},
	"paths: nil backend":   {withPaths(route.Path{Prefix: "/ws/", Backend: (*server)(nil)}), `test/ingress: Paths[0].Backend: "": must be made by its constructor`},
	"paths: zero backend":  {withPaths(route.Path{Prefix: "/ws/", Backend: &server{}}), `test/ingress: Paths[0].Backend: "": must be made by its constructor`},
	"paths: port of a backend": {
		func(chart cdk8s.Chart) {
			withPaths(route.Path{Prefix: "/ws/", Backend: newServer(chart, 70000)})(chart)
		},
		`test/ingress: Paths[0].Backend.Port: 70000: must be between 1 and 65535`,
	},
	"paths: backend elsewhere": {
		func(chart cdk8s.Chart) {
			elsewhere := cdk8s.NewChart(chart, new("elsewhere"), &cdk8s.ChartProps{Namespace: new("elsewhere")})
			withPaths(route.Path{Prefix: "/ws/", Backend: newServer(elsewhere, 8001)})(chart)
		},
		`test/ingress: Paths[0].Backend: "channels": is in namespace "elsewhere", and an Ingress of namespace "test" cannot lead there`,
	},
	"route: too many paths": {
		func(chart cdk8s.Chart) {
			var paths []route.Path
			for i := range 17 {
				paths = append(paths, route.Path{Prefix: fmt.Sprintf("/%d/", i)})
			}
			withHTTPRoute(route.HTTPRouteProps{Name: "shop", Paths: paths})(chart)
		},
		`test/route: Paths: 17: must be at most 16`,
	},
	"route: path": {
		withHTTPRoute(route.HTTPRouteProps{Name: "shop", Paths: []route.Path{{Prefix: "ws"}}}),
		`test/route: Paths[0].Prefix: "ws": must be a URL path`,
	},
	"route: zero site": {
		func(chart cdk8s.Chart) {
			props := route.HTTPRouteProps{Site: &site{}, Gateways: []route.Gateway{{Name: "public"}}}
			_ = *route.NewHTTPRoute(chart, "route", props).Object().Name()
		},
		`test/route: Site: "": is required`,
	},
	"route: no site": {
		func(chart cdk8s.Chart) {
			route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{Gateways: []route.Gateway{{Name: "public"}}})
		},
		`test/route: Site: "": is required`,
	},
	"route: no hosts":         {routeTo(), `test/route: Site: "shop": must have Hosts`},
	"route: address":          {routeTo("192.0.2.7"), `test/route: Site.Hosts[0]: "192.0.2.7": must be a name in the DNS`},
	"route: too many hosts":   {routeTo(numbered(17)...), `test/route: Site: "shop": must have at most 16 host names, and has 17`},
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
				Site: newSite(chart, "shop", false, "shop.example.com"), Gateways: []route.Gateway{{Name: "public"}},
			})
		},
		`test/elsewhere/route: Site: "shop": is in namespace "test", and an HTTPRoute of namespace "elsewhere" cannot lead there`,
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
