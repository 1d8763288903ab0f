package route_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	networkingv1 "k8s.io/api/networking/v1"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/route"
	"example.com/django-cdk8s/constructs/secret"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

// newWeb adds a Web called name to chart.
func newWeb(chart cdk8s.Chart, name string, https bool, hosts ...string) *django.Web {
	env := secret.New(chart, name+"-secret", secret.Props{
		Name:   name + "-env",
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	return django.NewWeb(chart, name, django.WebProps{
		Project: django.Project{
			Name:     name,
			Image:    "shop:1",
			Hosts:    hosts,
			HTTPS:    https,
			Database: postgres.Connection{Host: "db.example.com", Secret: env},
		},
	})
}

var annotations = map[string]string{"nginx.ingress.kubernetes.io/proxy-body-size": "20m"}

func TestIngress(t *testing.T) {
	for name, tc := range map[string]struct {
		https bool
		hosts []string
		props route.IngressProps
	}{
		"minimal": {false, []string{"shop.example.com"}, route.IngressProps{}},
		"full": {true, []string{"shop.example.com", "www.example.com"}, route.IngressProps{
			Name: "public", ClassName: "nginx", TLSSecret: "shop-certificate", Annotations: annotations,
		}},
		"certificate of a cluster issuer":      {true, []string{"shop.example.com"}, route.IngressProps{ClusterIssuer: "letsencrypt"}},
		"certificate of an issuer":             {true, []string{".example.com"}, route.IngressProps{Issuer: "ca", Annotations: annotations}},
		"https that ends at the load balancer": {true, []string{"shop.example.com"}, route.IngressProps{}},
		"host and its domain":                  {false, []string{"example.com", ".example.com"}, route.IngressProps{}},
	} {
		t.Run(name, func(t *testing.T) {
			cdktest.Golden(t, "ingress/"+name, func(chart cdk8s.Chart) {
				props := tc.props
				props.Site = newWeb(chart, "shop", tc.https, tc.hosts...)
				route.NewIngress(chart, "ingress", props)
			})
		})
	}
}

func TestHTTPRoute(t *testing.T) {
	for name, tc := range map[string]struct {
		hosts []string
		props route.HTTPRouteProps
	}{
		"minimal": {[]string{"shop.example.com"}, route.HTTPRouteProps{Gateways: []route.Gateway{{Name: "public"}}}},
		"full": {[]string{"shop.example.com", ".example.net"}, route.HTTPRouteProps{
			Name: "visitors",
			Gateways: []route.Gateway{
				{Name: "public", Namespace: "gateways", SectionName: "https"},
				{Name: "public", Namespace: "gateways", SectionName: "https-example-net"},
				{Name: "office", Namespace: "gateways"},
				{Name: "office", Namespace: "branch"},
			},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			cdktest.Golden(t, "httproute/"+name, func(chart cdk8s.Chart) {
				props := tc.props
				props.Site = newWeb(chart, "shop", true, tc.hosts...)
				route.NewHTTPRoute(chart, "route", props)
			})
		})
	}
}

// channels is a second server behind the site, for WebSockets.
func channels(chart cdk8s.Chart) []route.Path {
	return []route.Path{{Prefix: "/ws/", Backend: newServer(chart, 8001)}, {Prefix: "/"}}
}

func TestPaths(t *testing.T) {
	cdktest.Golden(t, "ingress/two servers behind two hosts", func(chart cdk8s.Chart) {
		route.NewIngress(chart, "ingress", route.IngressProps{
			Site: newSite(chart, "shop", false, ".example.com"), Paths: channels(chart),
		})
	})
	cdktest.Golden(t, "httproute/two servers", func(chart cdk8s.Chart) {
		route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{
			Site: newSite(chart, "shop", false, "shop.example.com"), Paths: channels(chart),
			Gateways: []route.Gateway{{Name: "public"}},
		})
	})
}

// Behind default-deny the proxies reach the pods by which cert-manager answers
// HTTP-01 challenges, and nobody else does.
func TestACertificateIsIssuedBehindDefaultDeny(t *testing.T) {
	for name, props := range map[string]route.IngressProps{
		"cluster issuer": {ClusterIssuer: "letsencrypt"}, "issuer": {Issuer: "letsencrypt"},
	} {
		got := render(t, props)
		want := `  name: acme-http01-solver
  namespace: test
spec:
  ingress:
    - from:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: ingress-nginx
      ports:
        - port: 8089
          protocol: TCP
  podSelector:
    matchLabels:
      acme.cert-manager.io/http01-solver: "true"
  policyTypes:
    - Ingress
`
		if !strings.Contains(got, want) {
			t.Errorf("%s: the manifest lacks\n%s\n%s", name, want, got)
		}
	}
	if got := render(t, route.IngressProps{TLSSecret: "certificate"}); strings.Contains(got, "acme") {
		t.Errorf("a policy for solvers, without an issuer:\n%s", got)
	}
}

// render returns the manifest of an isolated site behind two Ingresses.
func render(t *testing.T, props route.IngressProps) string {
	return cdktest.Render(t, func(chart cdk8s.Chart) {
		for _, name := range []string{"shop", "blog"} {
			props.Site = newSite(chart, name, true, name+".example.com")
			route.NewIngress(chart, name+"-ingress", props)
		}
		isolation.New(chart, "isolation", isolation.Props{IngressFrom: []isolation.Peer{{Namespace: "ingress-nginx"}}})
	})
}

func TestEveryFieldOfAnIngressReachesTheManifest(t *testing.T) {
	minimal := route.IngressProps{Site: &site{name: "shop"}}
	full := route.IngressProps{
		Site: &site{name: "blog"}, Paths: []route.Path{{Prefix: "/shop/"}}, Name: "public", ClassName: "nginx",
		TLSSecret: "tls", ClusterIssuer: "letsencrypt", Issuer: "ca", Annotations: annotations,
	}
	cdktest.EveryField(t, minimal, full, func(chart cdk8s.Chart, props route.IngressProps) {
		props.Site = newSite(chart, props.Site.Name(), true, "shop.example.com")
		route.NewIngress(chart, "ingress", props)
	})
}

func TestEveryFieldOfAnHTTPRouteReachesTheManifest(t *testing.T) {
	minimal := route.HTTPRouteProps{Site: &site{name: "shop"}, Gateways: []route.Gateway{{Name: "public"}}}
	full := route.HTTPRouteProps{
		Site: &site{name: "blog"}, Paths: []route.Path{{Prefix: "/shop/"}}, Name: "visitors",
		Gateways: []route.Gateway{{Name: "office"}},
	}
	cdktest.EveryField(t, minimal, full, func(chart cdk8s.Chart, props route.HTTPRouteProps) {
		props.Site = newSite(chart, props.Site.Name(), true, "shop.example.com")
		route.NewHTTPRoute(chart, "route", props)
	})
	cdktest.EveryField(t, route.Gateway{Name: "public"},
		route.Gateway{Name: "office", Namespace: "gateways", SectionName: "https"},
		func(chart cdk8s.Chart, g route.Gateway) {
			route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{
				Site: newSite(chart, "shop", true, "shop.example.com"), Gateways: []route.Gateway{g},
			})
		})
}

func TestEveryFieldOfAPathReachesTheManifest(t *testing.T) {
	cdktest.EveryField(t, route.Path{Prefix: "/"}, route.Path{Prefix: "/ws/", Backend: &server{name: "channels"}},
		func(chart cdk8s.Chart, path route.Path) {
			backend := newServer(chart, 8001)
			if path.Backend != nil {
				path.Backend = backend
			}
			route.NewIngress(chart, "ingress", route.IngressProps{
				Site: newSite(chart, "shop", true, "shop.example.com"), Paths: []route.Path{path},
			})
		})
}

// The port of a site that does not listen on the default one follows it.
func TestRoutesFollowThePort(t *testing.T) {
	got := cdktest.Render(t, func(chart cdk8s.Chart) {
		env := secret.New(chart, "secret", secret.Props{
			Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
		})
		web := django.NewWeb(chart, "web", django.WebProps{
			Project: django.Project{
				Image:    "shop:1",
				Hosts:    []string{"shop.example.com"},
				Database: postgres.Connection{Host: "db.example.com", Secret: env},
			},
			Port: 9000,
		})
		route.NewIngress(chart, "ingress", route.IngressProps{Site: web})
		route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{Site: web, Gateways: []route.Gateway{{Name: "public"}}})
	})
	for _, want := range []string{"port:\n                  number: 9000\n", "name: django\n          port: 9000\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("the manifest lacks %q:\n%s", want, got)
		}
	}
}

// A mistake of the site is reported by it, and not again by its routes.
func TestAMistakeOfTheSiteIsOneProblem(t *testing.T) {
	for host, want := range map[string]string{
		"*":         `test/shop: Project.Hosts[0]: "*": would turn Django's check`,
		"999.1.1.1": `test/shop: Project.Hosts[0]: "999.1.1.1": must be a host name or an IPv4 address, and is neither`,
		".10.0.0.1": `test/shop: Project.Hosts[0]: ".10.0.0.1": must not start with a dot`,
		"a b":       `test/shop: Project.Hosts[0]: "a b": must be a lower-case host name`,
	} {
		got := cdktest.Problems(t, func(chart cdk8s.Chart) {
			web := newWeb(chart, "shop", false, host)
			route.NewIngress(chart, "ingress", route.IngressProps{Site: web})
			route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{Site: web, Gateways: []route.Gateway{{Name: "public"}}})
		})
		if len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
}

// A Web that its constructor has not made is one problem, and no panic.
func TestAWebThatIsNoneIsOneProblem(t *testing.T) {
	for name, web := range map[string]*django.Web{"nil": nil, "zero": {}} {
		got := cdktest.Problems(t, func(chart cdk8s.Chart) {
			_ = route.NewIngress(chart, "ingress", route.IngressProps{Site: web}).Object().Content()
		})
		if len(got) != 1 || !strings.HasPrefix(got[0], `test/ingress: Site: "": is required`) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// Nor do routes that are none panic.
func TestNilRoutes(t *testing.T) {
	var ingress *route.Ingress
	var httpRoute *route.HTTPRoute
	if ingress.Name() != "" || ingress.Object() != nil || ingress.Flows() != nil || ingress.ExternalReferences() != nil {
		t.Error("a nil Ingress has something")
	}
	if httpRoute.Name() != "" || httpRoute.Object() != nil {
		t.Error("a nil HTTPRoute has something")
	}
}

// What an importing app does with the objects reaches the manifest.
func TestObjectsAreThoseOfTheManifest(t *testing.T) {
	got := cdktest.Render(t, func(chart cdk8s.Chart) {
		web := newSite(chart, "shop", false, "shop.example.com")
		ingress := route.NewIngress(chart, "ingress", route.IngressProps{Site: web})
		ingress.Object().Metadata().AddAnnotation(new("example.com/of"), new(ingress.Name()+"-ingress"))
		ingress.Object().Change(func(i *networkingv1.Ingress) { i.Labels["example.com/tier"] = "front" })
		other := route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{
			Site: web, Gateways: []route.Gateway{{Name: "public"}},
		})
		other.Object().Metadata().AddAnnotation(new("example.com/of"), new(other.Name()+"-route"))
	})
	for _, want := range []string{
		"example.com/of: shop-ingress\n", "example.com/of: shop-route\n", "example.com/tier: front\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the manifest lacks %q:\n%s", want, got)
		}
	}
}

// A map that its owner changes later is not that of the Ingress any more.
func TestPropsAreCopied(t *testing.T) {
	got := cdktest.Render(t, func(chart cdk8s.Chart) {
		mine := map[string]string{"example.com/a": "before"}
		route.NewIngress(chart, "ingress", route.IngressProps{
			Site: newSite(chart, "shop", false, "shop.example.com"), Annotations: mine,
		})
		mine["example.com/a"] = "after"
	})
	if !strings.Contains(got, "example.com/a: before") {
		t.Errorf("the annotation is another:\n%s", got)
	}
}

// A chart without a namespace is applied into whichever one kubectl is set to.
func TestChartWithoutNamespace(t *testing.T) {
	problems := cdktest.ProblemsApp(t, func(app cdk8s.App) {
		chart := cdk8s.NewChart(app, new("shop"), nil)
		web := newSite(chart, "shop", true, "shop.example.com")
		route.NewIngress(chart, "ingress", route.IngressProps{Site: web, TLSSecret: "tls"})
		route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{Site: web, Gateways: []route.Gateway{{Name: "public"}}})
	})
	if problems != nil {
		t.Error(problems)
	}
}

// The certificate is declared where it is, and nowhere else.
func TestTheCertificateIsDeclaredInTheNamespace(t *testing.T) {
	cdktest.Render(t, func(chart cdk8s.Chart) {
		ingress := route.NewIngress(chart, "ingress", route.IngressProps{
			Site: newSite(chart, "shop", true, "shop.example.com"), TLSSecret: "certificate",
		})
		want := network.Object{Kind: "Secret", Name: "certificate", Namespace: "test"}
		if got := ingress.ExternalReferences(); len(got) != 1 || fmt.Sprint(got[0]) != fmt.Sprint(want) {
			t.Errorf("ExternalReferences() = %v, want %v", got, want)
		}
	})
}

func ExampleNewIngress() {
	app := cdk8s.NewApp(nil)
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	web := django.NewWeb(chart, "web", django.WebProps{
		Project: django.Project{
			Image:    "example/shop:1.2.3",
			Hosts:    []string{"shop.example.com"},
			HTTPS:    true,
			Database: postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env}),
		},
	})
	ingress := route.NewIngress(chart, "ingress", route.IngressProps{Site: web, ClusterIssuer: "letsencrypt"})
	fmt.Println(*cdk8s.Yaml_Stringify(ingress.Object().ToJson()))
	// Output:
	// apiVersion: networking.k8s.io/v1
	// kind: Ingress
	// metadata:
	//   annotations:
	//     cert-manager.io/cluster-issuer: letsencrypt
	//   labels:
	//     app: django
	//     app.kubernetes.io/component: route
	//     app.kubernetes.io/instance: django
	//     app.kubernetes.io/managed-by: cdk8s
	//     app.kubernetes.io/name: django
	//     app.kubernetes.io/part-of: shop
	//   name: django
	//   namespace: shop
	// spec:
	//   rules:
	//     - host: shop.example.com
	//       http:
	//         paths:
	//           - backend:
	//               service:
	//                 name: django
	//                 port:
	//                   number: 8000
	//             path: /
	//             pathType: Prefix
	//   tls:
	//     - hosts:
	//         - shop.example.com
	//       secretName: django-tls
}

func ExampleNewHTTPRoute() {
	app := cdk8s.NewApp(nil)
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	web := django.NewWeb(chart, "web", django.WebProps{
		Project: django.Project{
			Image:    "example/shop:1.2.3",
			Hosts:    []string{".example.com"},
			HTTPS:    true,
			Database: postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env}),
		},
	})
	r := route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{
		Site:     web,
		Gateways: []route.Gateway{{Name: "public", Namespace: "gateways", SectionName: "https"}},
	})
	fmt.Println(*cdk8s.Yaml_Stringify(r.Object().ToJson()))
	// Output:
	// apiVersion: gateway.networking.k8s.io/v1
	// kind: HTTPRoute
	// metadata:
	//   labels:
	//     app: django
	//     app.kubernetes.io/component: route
	//     app.kubernetes.io/instance: django
	//     app.kubernetes.io/managed-by: cdk8s
	//     app.kubernetes.io/name: django
	//     app.kubernetes.io/part-of: shop
	//   name: django
	//   namespace: shop
	// spec:
	//   hostnames:
	//     - example.com
	//     - "*.example.com"
	//   parentRefs:
	//     - group: gateway.networking.k8s.io
	//       kind: Gateway
	//       name: public
	//       namespace: gateways
	//       sectionName: https
	//   rules:
	//     - backendRefs:
	//         - group: ""
	//           kind: Service
	//           name: django
	//           port: 8000
	//           weight: 1
	//       matches:
	//         - path:
	//             type: PathPrefix
	//             value: /
}
