package route_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/route"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/synth"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

// site adds a Web called name to chart.
func site(chart cdk8s.Chart, name string, https bool, hosts ...string) *django.Web {
	env := secret.New(chart, name+"-secret", secret.Props{
		Name:   name + "-env",
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	return django.NewWeb(chart, name, django.WebProps{
		Name: name, Image: "shop:1", Hosts: hosts, HTTPS: https,
		Database: postgres.Connection{Host: "db.example.com", Secret: env},
	})
}

// again adds a copy of web, which another chart holds, to chart.
func again(chart cdk8s.Chart, web *django.Web) *django.Web {
	return site(chart, web.Name(), web.HTTPS(), web.Hosts()...)
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
				props.Web = site(chart, "shop", tc.https, tc.hosts...)
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
				props.Web = site(chart, "shop", true, tc.hosts...)
				route.NewHTTPRoute(chart, "route", props)
			})
		})
	}
}

func TestEveryFieldOfAnIngressReachesTheManifest(t *testing.T) {
	aside := cdk8s.NewChart(cdk8s.NewApp(nil), new("aside"), nil)
	minimal := route.IngressProps{Web: site(aside, "shop", true, "shop.example.com")}
	full := route.IngressProps{
		Web: site(aside, "blog", true, "blog.example.com"), Name: "public", ClassName: "nginx",
		TLSSecret: "tls", ClusterIssuer: "letsencrypt", Issuer: "ca", Annotations: annotations,
	}
	cdktest.EveryField(t, minimal, full, func(chart cdk8s.Chart, props route.IngressProps) {
		props.Web = again(chart, props.Web)
		route.NewIngress(chart, "ingress", props)
	})
}

func TestEveryFieldOfAnHTTPRouteReachesTheManifest(t *testing.T) {
	aside := cdk8s.NewChart(cdk8s.NewApp(nil), new("aside"), nil)
	minimal := route.HTTPRouteProps{
		Web: site(aside, "shop", true, "shop.example.com"), Gateways: []route.Gateway{{Name: "public"}},
	}
	full := route.HTTPRouteProps{
		Web: site(aside, "blog", true, "blog.example.com"), Name: "visitors", Gateways: []route.Gateway{{Name: "office"}},
	}
	cdktest.EveryField(t, minimal, full, func(chart cdk8s.Chart, props route.HTTPRouteProps) {
		props.Web = again(chart, props.Web)
		route.NewHTTPRoute(chart, "route", props)
	})
	cdktest.EveryField(t, route.Gateway{Name: "public"}, route.Gateway{Name: "office", Namespace: "gateways", SectionName: "https"},
		func(chart cdk8s.Chart, g route.Gateway) {
			route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{Web: again(chart, minimal.Web), Gateways: []route.Gateway{g}})
		})
}

// The port of a site that does not listen on the default one follows it.
func TestRoutesFollowThePort(t *testing.T) {
	got := cdktest.Render(t, func(chart cdk8s.Chart) {
		env := secret.New(chart, "secret", secret.Props{
			Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
		})
		web := django.NewWeb(chart, "web", django.WebProps{
			Image: "shop:1", Port: 9000, Hosts: []string{"shop.example.com"},
			Database: postgres.Connection{Host: "db.example.com", Secret: env},
		})
		route.NewIngress(chart, "ingress", route.IngressProps{Web: web})
		route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{Web: web, Gateways: []route.Gateway{{Name: "public"}}})
	})
	for _, want := range []string{"port:\n                  number: 9000\n", "name: django\n          port: 9000\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("the manifest lacks %q:\n%s", want, got)
		}
	}
}

// What an importing app does with the objects reaches the manifest.
func TestObjectsAreThoseOfTheManifest(t *testing.T) {
	got := cdktest.Render(t, func(chart cdk8s.Chart) {
		web := site(chart, "shop", false, "shop.example.com")
		ingress := route.NewIngress(chart, "ingress", route.IngressProps{Web: web})
		ingress.Object().Metadata().AddAnnotation(new("example.com/of"), new(ingress.Name()+"-ingress"))
		other := route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{Web: web, Gateways: []route.Gateway{{Name: "public"}}})
		other.Object().Metadata().AddAnnotation(new("example.com/of"), new(other.Name()+"-route"))
	})
	for _, want := range []string{"example.com/of: shop-ingress\n", "example.com/of: shop-route\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("the manifest lacks %q:\n%s", want, got)
		}
	}
}

// A chart without a namespace is applied into whichever one kubectl is set to.
func TestChartWithoutNamespace(t *testing.T) {
	problems := cdktest.AppProblems(t, func(app cdk8s.App) {
		chart := cdk8s.NewChart(app, new("shop"), nil)
		web := site(chart, "shop", true, "shop.example.com")
		route.NewIngress(chart, "ingress", route.IngressProps{Web: web, TLSSecret: "tls"})
		route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{Web: web, Gateways: []route.Gateway{{Name: "public"}}})
	})
	if problems != nil {
		t.Error(problems)
	}
}

// The certificate is declared where it is, and nowhere else.
func TestTheCertificateIsDeclaredInTheNamespace(t *testing.T) {
	result, err := synth.Render(t.TempDir(), synth.Environment{Build: func(app cdk8s.App) {
		chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
		web := site(chart, "shop", true, "shop.example.com")
		ingress := route.NewIngress(chart, "ingress", route.IngressProps{Web: web, TLSSecret: "certificate"})
		want := manifest.External{Kind: "Secret", Name: "certificate", Namespace: "shop"}
		if got := ingress.Externals(); len(got) != 1 || fmt.Sprint(got[0]) != fmt.Sprint(want) {
			t.Errorf("Externals() = %v, want %v", got, want)
		}
	}})
	if err != nil || len(result.Files) != 1 {
		t.Errorf("%d files, %v", len(result.Files), err)
	}
}

func ExampleNewIngress() {
	app := cdk8s.NewApp(nil)
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	web := django.NewWeb(chart, "web", django.WebProps{
		Image:    "example/shop:1.2.3",
		Hosts:    []string{"shop.example.com"},
		HTTPS:    true,
		Database: postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env}),
	})
	ingress := route.NewIngress(chart, "ingress", route.IngressProps{Web: web, ClusterIssuer: "letsencrypt"})
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
		Image:    "example/shop:1.2.3",
		Hosts:    []string{".example.com"},
		HTTPS:    true,
		Database: postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env}),
	})
	r := route.NewHTTPRoute(chart, "route", route.HTTPRouteProps{
		Web:      web,
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
