package diagram_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/manifest/diagram"
)

func graphOf(t *testing.T, objects []manifest.Object) *diagram.Graph {
	t.Helper()
	g, err := diagram.New(objects)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func load(t *testing.T, dir string) []manifest.Object {
	t.Helper()
	objects, err := manifest.Load(filepath.Join("..", "..", dir))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func parse(t *testing.T, content string) []manifest.Object {
	t.Helper()
	objects, err := manifest.Parse("test.yaml", []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// committed are directories of manifests and the file of their picture as text.
var committed = map[string]string{
	"dist":                     "testdata/default.mmd",
	"examples/production/dist": "testdata/production.mmd",
	"examples/clinic/dist":     "testdata/clinic.mmd",
}

func TestMermaidOfTheCommittedManifests(t *testing.T) {
	for dir, path := range committed {
		got := graphOf(t, load(t, dir)).Mermaid()
		want, err := os.ReadFile(path)
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			t.Fatal(err)
		case string(want) == got:
		case os.Getenv("UPDATE_GOLDEN") != "":
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			t.Errorf("%s was rewritten; read the difference", path)
		default:
			t.Errorf("%s is not what %s gives now: run UPDATE_GOLDEN=1 go test on this package, and read the difference\n%s",
				path, dir, got)
		}
	}
}

// picture is a line of the command that draws the pictures of the documentation.
var picture = regexp.MustCompile(`(?m)^//go:generate go run \. -o (\S+) (\S+)$`)

func TestPicturesAreOfTheCommittedManifests(t *testing.T) {
	command, err := os.ReadFile("../../draw/main.go")
	if err != nil {
		t.Fatal(err)
	}
	pictures := picture.FindAllStringSubmatch(string(command), -1)
	if len(pictures) == 0 {
		t.Fatal("draw/main.go draws no picture")
	}
	for _, found := range pictures {
		content, err := os.ReadFile(filepath.Join("..", "..", "draw", found[1]))
		if err != nil {
			t.Error(err)
			continue
		}
		dot := graphOf(t, load(t, filepath.Join("draw", found[2]))).DOT()
		if digest := fmt.Sprintf("<!-- DOT sha256 %x -->", sha256.Sum256([]byte(dot))); !strings.Contains(string(content), digest) {
			t.Errorf("%s is not of what %s holds now: run go -C draw generate, and look at the picture", found[1], found[2])
		}
	}
}

func TestSameManifestsGiveTheSameText(t *testing.T) {
	for dir := range committed {
		objects := load(t, dir)
		first, second := graphOf(t, objects), graphOf(t, objects)
		if first.DOT() != second.DOT() || first.Mermaid() != second.Mermaid() {
			t.Errorf("%s: two graphs of the same manifests differ", dir)
		}
	}
}

func TestNothingToDrawIsAnError(t *testing.T) {
	const namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
	for _, objects := range [][]manifest.Object{nil, parse(t, namespace)} {
		if g, err := diagram.New(objects); err == nil || g != nil {
			t.Errorf("New(%v) = %v, %v; want an error", objects, g, err)
		}
	}
}

// small are two namespaces with something of every kind.
const small = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: web
          ports: [{containerPort: 8000, name: http}]
          env:
            - {name: CACHE_URL, value: "redis://cache.data.svc:6379/0"}
            - {name: EMAIL_HOST, value: smtp.example.com}
            - {name: EMAIL_PORT, value: "587"}
            - {name: S3_ENDPOINT_URL, value: "https://s3.example.com"}
            - {name: BIND_HOST, value: 0.0.0.0}
            - {name: SITE_HOST, value: shop.example.com}
          envFrom: [{secretRef: {name: web-env}}]
        - name: sidecar
          image: sidecar
          env: [{name: KEY, valueFrom: {secretKeyRef: {name: sidecar-env, key: a}}}]
      volumes: [{name: cert, secret: {secretName: web-cert}}, {name: media, persistentVolumeClaim: {claimName: media}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: media, namespace: shop}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 7Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  tls: [{secretName: web-tls}]
  rules:
    - host: shop.example.com
      http: {paths: [{path: /api, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: cache, namespace: data}
spec:
  serviceName: cache
  selector: {matchLabels: {app: cache}}
  volumeClaimTemplates:
    - {metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
  template:
    metadata: {labels: {app: cache}}
    spec: {containers: [{name: cache, image: cache, ports: [{containerPort: 6379}, {containerPort: 9121, name: metrics}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: cache, namespace: data}
spec: {selector: {app: cache}, ports: [{port: 6379}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: cache, namespace: data}
spec:
  podSelector: {matchLabels: {app: cache}}
  policyTypes: [Ingress]
  ingress:
    - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}, podSelector: {matchLabels: {app: web}}}]
      ports: [{port: 6379}]
    - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]
      ports: [{port: metrics}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: fill-0123abcd, namespace: shop}
spec:
  template:
    metadata: {labels: {app: fill}}
    spec:
      restartPolicy: Never
      serviceAccountName: fill
      containers: [{name: fill, image: fill}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: fill, namespace: shop}
rules: [{apiGroups: [""], resources: [secrets], resourceNames: [web-env], verbs: [get, patch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: fill, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: fill}
subjects: [{kind: ServiceAccount, name: fill}]
---
apiVersion: example.org/v1
kind: Unknown
metadata: {name: x, namespace: shop}
spec: 7
`

const (
	web    = "Deployment shop/web"
	cache  = "StatefulSet data/cache"
	policy = "kind: NetworkPolicy"
)

// replace returns small with one text for another, which it must hold.
func replace(t *testing.T, old, by string) string {
	t.Helper()
	if !strings.Contains(small, old) {
		t.Fatalf("the manifests do not hold %q", old)
	}
	return strings.Replace(small, old, by, 1)
}

// without returns small without one of its documents.
func without(t *testing.T, head string) string {
	t.Helper()
	documents := strings.Split(small, "---\n")
	rest := slices.DeleteFunc(slices.Clone(documents), func(d string) bool { return strings.Contains(d, head) })
	if len(rest) != len(documents)-1 {
		t.Fatalf("%d documents hold %q, want 1", len(documents)-len(rest), head)
	}
	return strings.Join(rest, "---\n")
}

func TestEveryKindOfEdge(t *testing.T) {
	edges := graphOf(t, parse(t, small)).Edges
	for _, want := range []diagram.Edge{
		{From: "Ingress shop/web", To: web, Kind: diagram.Connects, Label: ":80 to :8000 /api"},
		{From: web, To: cache, Kind: diagram.Connects, Label: ":6379"},
		{From: web, To: "host smtp.example.com", Kind: diagram.Connects, Label: ":587"},
		{From: web, To: "host s3.example.com", Kind: diagram.Connects, Label: ":443"},
		{From: "Job shop/fill", To: "Kubernetes API", Kind: diagram.Connects, Label: ":443"},
		{From: web, To: "PersistentVolumeClaim shop/media", Kind: diagram.Stores, Label: "read only"},
		{From: cache, To: "PersistentVolumeClaim data/data-cache", Kind: diagram.Stores, Label: "read only"},
		{From: "Secret shop/web-env", To: web, Kind: diagram.Reaches},
		{From: "Secret shop/sidecar-env", To: web, Kind: diagram.Reaches},
		{From: "Secret shop/web-cert", To: web, Kind: diagram.Reaches},
		{From: "Secret shop/web-tls", To: "Ingress shop/web", Kind: diagram.Reaches},
		{From: "Job shop/fill", To: "Secret shop/web-env", Kind: diagram.Fills},
		{From: "peer namespace monitoring", To: cache, Kind: diagram.Allowed, Label: ":9121"},
	} {
		if !slices.Contains(edges, want) {
			t.Errorf("there is no edge %+v", want)
		}
		edges = slices.DeleteFunc(edges, func(e diagram.Edge) bool { return e == want })
	}
	for _, e := range edges {
		t.Errorf("unexpected edge %+v", e)
	}
}

func TestNodesSayWhatTheyAre(t *testing.T) {
	nodes := graphOf(t, parse(t, small)).Nodes
	for _, want := range []diagram.Node{
		{ID: web, Namespace: "shop", Name: "web", Details: []string{"Deployment, 3 pods"}},
		{ID: "Job shop/fill", Namespace: "shop", Name: "fill", Details: []string{"Job"}},
		{ID: "Ingress shop/web", Kind: diagram.Entry, Namespace: "shop", Name: "Ingress web", Details: []string{"shop.example.com"}},
		{ID: "PersistentVolumeClaim shop/media", Kind: diagram.Claim, Namespace: "shop", Name: "media", Details: []string{"7Gi"}},
		{ID: "PersistentVolumeClaim data/data-cache", Kind: diagram.Claim, Namespace: "data", Name: "data-cache", Details: []string{"1Gi for each pod"}},
		{ID: "Secret shop/web-env", Kind: diagram.Secret, Namespace: "shop", Name: "web-env", Details: []string{"made elsewhere"}, Mark: "A"},
	} {
		same := func(n diagram.Node) bool { return fmt.Sprintf("%+v", n) == fmt.Sprintf("%+v", want) }
		if !slices.ContainsFunc(nodes, same) {
			t.Errorf("there is no node %+v in %+v", want, nodes)
		}
	}
}

func TestWhatChangesTheManifestsChangesTheGraph(t *testing.T) {
	plain := graphOf(t, parse(t, small))
	for name, change := range map[string]struct {
		manifests string
		gone, new diagram.Edge
	}{
		"a policy is removed": {
			without(t, policy),
			diagram.Edge{From: "peer namespace monitoring", To: cache, Kind: diagram.Allowed, Label: ":9121"},
			diagram.Edge{},
		},
		"a policy allows another port": {
			replace(t, "ports: [{port: 6379}]\n    - from", "ports: [{port: 6380}]\n    - from"),
			diagram.Edge{From: web, To: cache, Kind: diagram.Connects, Label: ":6379"},
			diagram.Edge{From: web, To: cache, Kind: diagram.Denied, Label: ":6379"},
		},
		"a policy allows other pods": {
			replace(t, "podSelector: {matchLabels: {app: web}}}]", "podSelector: {matchLabels: {app: fill}}}]"),
			diagram.Edge{From: web, To: cache, Kind: diagram.Connects, Label: ":6379"},
			diagram.Edge{From: "Job shop/fill", To: cache, Kind: diagram.Allowed, Label: ":6379"},
		},
		"a policy lets nothing out": {
			small + "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: none, namespace: shop}\n" +
				"spec: {podSelector: {}, policyTypes: [Egress]}\n",
			diagram.Edge{From: web, To: "host smtp.example.com", Kind: diagram.Connects, Label: ":587"},
			diagram.Edge{From: "Job shop/fill", To: "Kubernetes API", Kind: diagram.Denied, Label: ":443"},
		},
		"a Service is removed": {
			without(t, "kind: Service\nmetadata: {name: cache"),
			diagram.Edge{From: web, To: cache, Kind: diagram.Connects, Label: ":6379"},
			diagram.Edge{From: web, To: "host cache.data.svc", Kind: diagram.Connects, Label: ":6379"},
		},
		"a Service leads to two workloads": {
			small + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: other, namespace: data, labels: {app: cache}}\n" +
				"spec: {containers: [{name: a, image: b, ports: [{containerPort: 6379}]}]}\n",
			diagram.Edge{From: web, To: cache, Kind: diagram.Connects, Label: ":6379"},
			diagram.Edge{From: web, To: "Service data/cache", Kind: diagram.Connects, Label: ":6379"},
		},
		"a Service is public": {
			replace(t, "spec: {selector: {app: web}, ports", "spec: {type: LoadBalancer, selector: {app: web}, ports"),
			diagram.Edge{},
			diagram.Edge{From: "entry Service shop/web", To: web, Kind: diagram.Connects, Label: ":80 to :8000"},
		},
		"a port changes": {
			strings.ReplaceAll(small, "6379", "6390"),
			diagram.Edge{From: web, To: cache, Kind: diagram.Connects, Label: ":6379"},
			diagram.Edge{From: web, To: cache, Kind: diagram.Connects, Label: ":6390"},
		},
		"a policy lets no visitor in": {
			small + "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: none, namespace: shop}\n" +
				"spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}\n",
			diagram.Edge{From: "Ingress shop/web", To: web, Kind: diagram.Connects, Label: ":80 to :8000 /api"},
			diagram.Edge{From: "Ingress shop/web", To: web, Kind: diagram.Denied, Label: ":80 to :8000 /api"},
		},
		"a policy lets pods out": {
			small + "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: fill, namespace: shop}\n" +
				"spec: {podSelector: {matchLabels: {app: fill}}, policyTypes: [Egress], egress: [" +
				"{to: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 8000}]}, " +
				"{to: [{ipBlock: {cidr: 203.0.113.0/24}}], ports: [{port: 443}, {port: 25}]}]}\n",
			diagram.Edge{},
			diagram.Edge{From: "Job shop/fill", To: web, Kind: diagram.Allowed, Label: ":8000"},
		},
		"a bucket of Amazon": {
			replace(t, `{name: S3_ENDPOINT_URL, value: "https://s3.example.com"}`, "{name: AWS_STORAGE_BUCKET_NAME, value: media}"),
			diagram.Edge{From: web, To: "host s3.example.com", Kind: diagram.Connects, Label: ":443"},
			diagram.Edge{From: web, To: "host Amazon S3", Kind: diagram.Connects, Label: ":443"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := graphOf(t, parse(t, change.manifests))
			if g.Mermaid() == plain.Mermaid() || g.DOT() == plain.DOT() {
				t.Error("the picture is the same")
			}
			if change.gone != (diagram.Edge{}) && (!slices.Contains(plain.Edges, change.gone) || slices.Contains(g.Edges, change.gone)) {
				t.Errorf("%+v should be there before, and not after", change.gone)
			}
			if change.new != (diagram.Edge{}) && (slices.Contains(plain.Edges, change.new) || !slices.Contains(g.Edges, change.new)) {
				t.Errorf("%+v should not be there before, but after: %+v", change.new, g.Edges)
			}
		})
	}
}

// Whatever the library can render can be drawn.
func TestEveryGoldenFileCanBeDrawn(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "constructs", "*", "testdata", "*", "*.yaml"))
	if err != nil || len(paths) < 100 {
		t.Fatalf("%d golden files, %v", len(paths), err)
	}
	drawn := 0
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		g, err := diagram.New(parse(t, string(content)))
		if err != nil {
			continue // Such as a ServiceMonitor alone.
		}
		drawn++
		nodes := map[string]bool{}
		for _, n := range g.Nodes {
			if nodes[n.ID] {
				t.Errorf("%s: two nodes are %s", path, n.ID)
			}
			nodes[n.ID] = true
		}
		for _, e := range g.Edges {
			if !nodes[e.From] || !nodes[e.To] {
				t.Errorf("%s: %+v leads from or to no node", path, e)
			}
		}
		if g.DOT() == "" || g.Mermaid() == "" {
			t.Errorf("%s: no text", path)
		}
	}
	if drawn < 100 {
		t.Errorf("only %d of %d golden files are drawn", drawn, len(paths))
	}
}

// What one policy allows, another has to allow, too.
func TestAConnectionNeedsThePoliciesOfBothSides(t *testing.T) {
	const fill = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: fill, namespace: shop}\n" +
		"spec: {podSelector: {matchLabels: {app: fill}}, policyTypes: [Egress], egress: [%s]}\n"
	const toData = "{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: data}}}], ports: [{port: 6379}]}"
	fromShop := replace(t, "podSelector: {matchLabels: {app: web}}}]", "podSelector: {}}]")
	between := func(e diagram.Edge) bool { return e.From == "Job shop/fill" && e.To == cache }
	for manifests, want := range map[string]bool{
		small + fmt.Sprintf(fill, toData):    false,
		fromShop + fmt.Sprintf(fill, ""):     false,
		fromShop + fmt.Sprintf(fill, toData): true,
		fromShop:                             true,
	} {
		if got := slices.ContainsFunc(graphOf(t, parse(t, manifests)).Edges, between); got != want {
			t.Errorf("there is an edge: %t, want %t, for\n%s", got, want, manifests[len(manifests)-400:])
		}
	}
}

// What pods ask for by a Service is not drawn once more as allowed.
func TestAServiceOfTwoWorkloadsIsBetweenThem(t *testing.T) {
	other := small + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: other, namespace: data, labels: {app: cache}}\n" +
		"spec: {containers: [{name: a, image: b, ports: [{containerPort: 6379}]}]}\n"
	for _, e := range graphOf(t, parse(t, other)).Edges {
		if e.From == web && (e.To == cache || e.To == "Pod data/other") {
			t.Errorf("%+v passes the Service by", e)
		}
	}
}

// Each kind of edge differs from the others by more than its colour.
func TestEdgesDifferInShape(t *testing.T) {
	denied := replace(t, "ports: [{port: 6379}]\n    - from", "ports: [{port: 6380}]\n    - from")
	dot := graphOf(t, parse(t, denied)).DOT() + graphOf(t, load(t, "examples/production/dist")).DOT()
	for class, shape := range map[string]string{
		"connects": "", "denied": "style=dashed, arrowhead=tee", "allowed": "style=dotted", "stores": "arrowhead=none",
	} {
		if !regexp.MustCompile(`-> .* \[class="` + class + `", color="#\w+"(, )?` + shape).MatchString(dot) {
			t.Errorf("an edge of class %q is not drawn with %q", class, shape)
		}
	}
}

func TestNotesSayWhatPoliciesDoWithEveryPod(t *testing.T) {
	want := [][]string{{"NetworkPolicies: nothing else in or out", "every pod: out to DNS :53"}}
	var got [][]string
	for _, namespace := range graphOf(t, load(t, "examples/production/dist")).Namespaces {
		got = append(got, namespace.Notes)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the notes are %q, want %q", got, want)
	}
	if g := graphOf(t, load(t, "dist")); len(g.Namespaces) != 1 || len(g.Namespaces[0].Notes) > 0 {
		t.Errorf("the namespaces are %+v; the default app has no policy", g.Namespaces)
	}
}

// The Cluster and the Pooler of CloudNativePG are servers whose pods no manifest
// holds.
func TestOperatedServersAreDrawn(t *testing.T) {
	for file, want := range map[string][]diagram.Edge{
		"project-of-a-pooler-migrates-at-the-primary.yaml": {
			{From: "Job test/django-migrate", To: "Cluster test/postgres", Kind: diagram.Connects, Label: ":5432"},
			{From: "Deployment test/django", To: "Pooler test/postgres-pooler", Kind: diagram.Connects, Label: ":5432"},
			{From: "Pooler test/postgres-pooler", To: "Cluster test/postgres", Kind: diagram.Connects, Label: ":5432"},
			{From: "Cluster test/postgres", To: "host Amazon S3", Kind: diagram.Connects, Label: ":443"},
			{From: "peer namespace monitoring", To: "Cluster test/postgres", Kind: diagram.Allowed, Label: ":9187"},
		},
		"full.yaml": {
			{From: "Cluster test/orders", To: "host store.example.com", Kind: diagram.Connects, Label: ":9000"},
			{From: "Secret test/store-key", To: "Cluster test/orders", Kind: diagram.Reaches},
		},
	} {
		content, err := os.ReadFile(filepath.Join("..", "..", "constructs", "postgres", "testdata", "cluster", file))
		if err != nil {
			t.Fatal(err)
		}
		edges := graphOf(t, parse(t, string(content))).Edges
		for _, edge := range want {
			if !slices.Contains(edges, edge) {
				t.Errorf("%s: there is no edge %+v in %+v", file, edge, edges)
			}
		}
	}
}

// Lines of nodes decide how wide the picture is, and so how small its text.
func TestLinesAreShort(t *testing.T) {
	for dir, path := range committed {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, label := range regexp.MustCompile(`[(\[/>]"([^"\n]+)"`).FindAllStringSubmatch(string(content), -1) {
			if strings.HasPrefix(label[1], "namespace ") {
				continue
			}
			for line := range strings.SplitSeq(label[1], "<br/>") {
				if len(line) > 24 {
					t.Errorf("%s: %q has %d characters, want 24 at most", dir, line, len(line))
				}
			}
		}
	}
}
