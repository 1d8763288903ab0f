package plus_test

import (
	"fmt"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	kplus "github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/plus"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

// An Ingress of cdk8s-plus leads to the Service of a site.
func ExampleService() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	web := django.NewWeb(chart, "web", django.WebProps{Project: django.Project{
		Image: "example/shop:1.2.3", Database: postgres.Connection{Host: "db.example.com", Secret: env},
	}})
	ingress := kplus.NewIngress(chart, new("ingress"), &kplus.IngressProps{
		Metadata: &cdk8s.ApiObjectMetadata{Name: new("shop")},
	})
	backend := kplus.IngressBackend_FromService(plus.Service(web.Service()), nil)
	ingress.AddHostDefaultBackend(new("shop.example.com"), backend)
	fmt.Println(*cdk8s.Yaml_Stringify(ingress.ApiObject().ToJson()))
	// Output:
	// apiVersion: networking.k8s.io/v1
	// kind: Ingress
	// metadata:
	//   name: shop
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
}
