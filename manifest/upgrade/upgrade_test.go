package upgrade_test

import (
	"slices"
	"strings"
	"testing"

	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/manifest/upgrade"
)

const claim = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: postgres-pvc
  namespace: shop
  annotations:
    django-cdk8s.example.com/postgresql-major: "15"
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: fast
  resources:
    requests:
      storage: 5Gi
`

const namespace = `
apiVersion: v1
kind: Namespace
metadata:
  name: shop
`

const credentials = `
apiVersion: v1
kind: Secret
metadata:
  name: shop-env
  namespace: shop
  annotations:
    django-cdk8s.example.com/generated-keys: SECRET_KEY
type: Opaque
`

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
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
          image: example/shop:1
`

const stateful = `
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: search
  namespace: shop
spec:
  serviceName: search
  selector:
    matchLabels:
      app: search
`

const job = `
apiVersion: batch/v1
kind: Job
metadata:
  name: load
  namespace: shop
spec:
  backoffLimit: 2
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: load
          image: example/shop:1
`

const service = `
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
spec:
  ports:
    - port: 80
`

const binding = `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: web
  namespace: shop
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: web
`

const cluster = `
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: shop
  namespace: shop
spec:
  instances: 2
`

// One change each, and the line that tells of it; or no line, where the cluster
// takes the change.
func TestCompare(t *testing.T) {
	for _, one := range []struct {
		name, before, old, new, want string
	}{
		{"a claim that grows", claim, "5Gi", "6Gi", ""},
		{"the same size, written in another way", claim, "5Gi", "5120Mi", ""},
		{"a claim that shrinks", claim, "5Gi", "4Gi", `PersistentVolumeClaim shop/postgres-pvc: ` +
			`spec.resources.requests.storage: "5Gi" becomes "4Gi": the API server refuses it; ` +
			`make a claim of another name, and move the data (claim-changed)`},
		{
			"another access mode", claim, "ReadWriteOnce", "ReadWriteMany",
			`spec.accessModes: "ReadWriteOnce" becomes "ReadWriteMany"`,
		},
		{"another storage class", claim, "fast", "slow", `spec.storageClassName: "fast" becomes "slow"`},
		{"no storage class", claim, "  storageClassName: fast\n", "", `spec.storageClassName: "fast" becomes ""`},
		{"a newer major version", claim, `"15"`, `"17"`, "PostgreSQL 17 does not start on the data of 15"},
		{"an older major version", claim, `"15"`, `"14"`, "PostgreSQL 14 does not start on the data of 15"},
		{
			"the first output that names the version", claim,
			"  annotations:\n    django-cdk8s.example.com/postgresql-major: \"15\"\n", "", "",
		},
		{"a claim of another name", claim, "postgres-pvc", "data", "PersistentVolumeClaim shop/postgres-pvc: is not made " +
			"any more, or has another name: a tool that prunes deletes its data, and what has another name starts " +
			"empty (claim-removed)"},
		{
			"a namespace of another name", namespace, "shop", "store",
			"Namespace shop: is not made any more; a tool that prunes deletes it with everything in it (namespace-removed)",
		},
		{"a namespace and what is in it", namespace + "---" + claim, "shop", "store", "Namespace shop: "},
		{"generated keys that are lost", credentials, "shop-env", "env", "Secret shop/shop-env: is not made any more"},
		{
			"keys that are not generated any more", credentials, "generated-keys", "other",
			"the values are not generated any more",
		},
		{
			"a generated key that becomes a literal", credentials, "type: Opaque", "stringData:\n  SECRET_KEY: x\ntype: Opaque",
			"Secret shop/shop-env: stringData[SECRET_KEY]: is not generated any more",
		},
		{
			"another type of Secret", credentials, "Opaque", "kubernetes.io/tls",
			`type: "Opaque" becomes "kubernetes.io/tls"`,
		},
		{"another image", deployment, "shop:1", "shop:2", ""},
		{"another selector", deployment, "app: web", "app: site", `Deployment shop/web: spec.selector: "app=web" becomes ` +
			`"app=site": the API server refuses it; give the object another name, or delete it first (immutable)`},
		{"a Deployment of another name", deployment, "name: web\n  namespace", "name: site\n  namespace", ""},
		{
			"another Service of a StatefulSet", stateful, "serviceName: search", "serviceName: find",
			`spec.serviceName: "search" becomes "find"`,
		},
		{"a Job that may fail more often", job, "backoffLimit: 2", "backoffLimit: 5", ""},
		{"a Job with other content", job, "shop:1", "shop:2", "Job shop/load: spec.template: changes: the API server refuses"},
		{
			"a Service that becomes headless", service, "spec:", "spec:\n  clusterIP: None",
			`spec.clusterIP: "" becomes "None"`,
		},
		{"another port of a Service", service, "80", "8080", ""},
		{"another Role", binding, "name: web\n", "name: site\n", ""},
		{
			"another Role of a binding", binding, "kind: Role\n  name: web", "kind: Role\n  name: site",
			"RoleBinding shop/web: roleRef: changes: the API server refuses",
		},
		{"the Cluster of an operator", cluster, "kind: Cluster", "kind: Pooler", "Cluster shop/shop: is not made any more"},
	} {
		t.Run(one.name, func(t *testing.T) {
			if !strings.Contains(one.before, one.old) {
				t.Fatalf("there is no %q to change", one.old)
			}
			changes := upgrade.Compare(parse(t, one.before), parse(t, strings.ReplaceAll(one.before, one.old, one.new)))
			var lines []string
			for _, change := range changes {
				lines = append(lines, change.Error())
			}
			got := strings.Join(lines, "\n")
			if len(lines) > 1 || (got == "") != (one.want == "") || !strings.Contains(got, one.want) {
				t.Errorf("got:\n%s\nwant one line with:\n%s", got, one.want)
			}
		})
	}
}

// The Namespace is made elsewhere from now on: what stays in it can still be lost.
func TestCompareInANamespaceThatStaysInUse(t *testing.T) {
	smaller := strings.ReplaceAll(claim, "5Gi", "4Gi")
	var rules []upgrade.Rule
	for _, change := range upgrade.Compare(parse(t, namespace+"---"+claim), parse(t, smaller)) {
		rules = append(rules, change.Rule)
	}
	if want := []upgrade.Rule{upgrade.NamespaceRemoved, upgrade.ClaimChanged}; !slices.Equal(rules, want) {
		t.Errorf("got %v, want %v", rules, want)
	}
}

// What stays as it is, is no change.
func TestCompareTheSame(t *testing.T) {
	all := strings.Join([]string{claim, namespace, credentials, deployment, stateful, job, service, binding, cluster}, "---")
	if changes := upgrade.Compare(parse(t, all), parse(t, all)); len(changes) > 0 {
		t.Errorf("got %v; want none", changes)
	}
}

func parse(t *testing.T, content string) []manifest.Object {
	t.Helper()
	objects, err := manifest.Parse("manifest", []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}
