package diagram_test

import (
	"fmt"

	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/manifest/diagram"
)

// [manifest.Load] reads the manifests of a whole directory.
func ExampleNew() {
	const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: web
          image: example/shop:1.2.3
          env:
            - name: DATABASE_URL
              value: postgres://db.example.com:5432/shop
`
	objects, err := manifest.Parse("web.yaml", []byte(deployment))
	if err != nil {
		fmt.Println(err)
		return
	}
	graph, err := diagram.New(objects)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(graph.Mermaid())
	// Output:
	// flowchart LR
	//   host_db_example_com["db.example.com"]
	//   subgraph namespace_shop ["namespace shop"]
	//     Deployment_shop_web("web<br/>Deployment, 2 pods")
	//   end
	//   Deployment_shop_web -->|":5432"| host_db_example_com
	//   style namespace_shop fill:none,stroke:#6e7781
	//   classDef workload fill:#dceefb,stroke:#0072b2,color:#111
	//   class Deployment_shop_web workload
	//   classDef outside fill:#f8e3ee,stroke:#9c3f73,color:#111
	//   class host_db_example_com outside
}
