package manifest_test

import (
	"fmt"
	"log"

	"example.com/django-cdk8s/manifest"
)

// A project that renders its manifests in another way checks them like this;
// [manifest.Load] reads a whole directory.
func ExampleCheck() {
	const service = `
apiVersion: v1
kind: Service
metadata:
  name: django
  namespace: django-app
spec:
  selector:
    app: djnago
  ports:
    - port: 8000
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: django
  namespace: django-app
spec:
  tls:
    - secretName: shop-tls
  defaultBackend:
    service:
      name: django
      port:
        number: 80
`
	objects, err := manifest.Parse("web.yaml", []byte(service))
	if err != nil {
		fmt.Println(err)
		return
	}
	options := manifest.Options{
		// Made by the cluster's administrators.
		External: []manifest.External{{Kind: "Secret", Namespace: "django-app", Name: "shop-tls"}},
	}
	for _, problem := range manifest.Check(objects, options) {
		fmt.Println(problem)
	}
	// Output:
	// web.yaml: Service django-app/django: spec.selector: "app=djnago": selects no pod of these manifests (selectors)
	// web.yaml: Ingress django-app/django: spec.defaultBackend.service.port: "80": is not among the ports of Service django-app/django (references)
}

// A directory of manifests, of which some keys and one rule are none of the
// project's business.
func ExampleLoad() {
	objects, err := manifest.Load("testdata/rendered")
	if err != nil {
		log.Fatal(err)
	}
	options := manifest.Options{Tracked: true, Skip: []string{"resources"}}
	for _, problem := range manifest.Check(objects, options) {
		fmt.Println(problem)
	}
	// Output:
	// shop.yaml: Service shop/postgres: spec.ports[0].targetPort: "postgresql": is not among the ports of Pod shop/postgres (ports)
}
