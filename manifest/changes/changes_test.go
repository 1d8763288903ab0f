package changes_test

import (
	"fmt"
	"strings"
	"testing"

	"example.com/django-cdk8s/manifest/changes"
)

// guards are the annotations that keep data.
const guards = "argocd.argoproj.io/sync-options: 'Prune=false,Delete=false', kustomize.toolkit.fluxcd.io/prune: disabled, " +
	"kapp.k14s.io/delete-strategy: orphan"

func object(apiVersion, kind, name, annotations, rest string) string {
	return fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: %s, namespace: shop, annotations: {%s}}\n%s\n---\n",
		apiVersion, kind, name, annotations, rest)
}

func deployment(strategy, image string, replicas int) string {
	return object("apps/v1", "Deployment", "web", "", fmt.Sprintf("spec: {replicas: %d, strategy: {type: %s}, selector: "+
		"{matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: side, image: 'b:1'}, "+
		"{name: web, image: '%s', env: [{name: A, value: '1'}, {name: B, value: '2'}]}]}}}", replicas, strategy, image))
}

func job(name, image string) string {
	return object("batch/v1", "Job", name, "", "spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: '"+
		image+"'}]}}}")
}

func claim(annotations, size string) string {
	return object("v1", "PersistentVolumeClaim", "data", annotations,
		"spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: "+size+"}}}")
}

func service(ports string) string {
	return object("v1", "Service", "web", "", "spec: {selector: {app: web}, ports: "+ports+"}")
}

func ingress(host string) string {
	return object("networking.k8s.io/v1", "Ingress", "web", "", "spec: {rules: [{host: "+host+"}]}")
}

// Each kind of change is one line, and each field one below it.
func TestEachKindOfChange(t *testing.T) {
	pdb := object("policy/v1", "PodDisruptionBudget", "web", "", "spec: {maxUnavailable: 1}")
	hpa := object("autoscaling/v2", "HorizontalPodAutoscaler", "web", "",
		"spec: {maxReplicas: 3, scaleTargetRef: {kind: Deployment, name: web}}")
	cron := func(schedule string) string {
		return object("batch/v1", "CronJob", "prune", "", "spec: {schedule: '"+schedule+"', jobTemplate: {spec: {template: {spec: {}}}}}")
	}
	policy := func(name string) string {
		return object("networking.k8s.io/v1", "NetworkPolicy", name, "", "spec: {podSelector: {}}")
	}
	namespace := "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n"
	secret := func(value string) string { return object("v1", "Secret", "env", "", "stringData: {A: "+value+"}") }
	cluster := object("postgresql.cnpg.io/v1", "Cluster", "db", "", "spec: {instances: 2}")
	generated := object("v1", "Secret", "env", guards+", django-cdk8s.example.com/generated-keys: SECRET_KEY", "")
	for name, c := range map[string]struct{ before, after, want string }{
		"nothing":          {deployment("Recreate", "a:1", 1), deployment("Recreate", "a:1", 1), ""},
		"an image":         {deployment("RollingUpdate", "a:1", 1), deployment("RollingUpdate", "a:2", 1), "changed  Deployment shop/web: new pods, which take over from the old ones\n           spec.template.spec.containers[web].image: a:1 becomes a:2\n"},
		"a server's image": {deployment("Recreate", "a:1", 1), deployment("Recreate", "a:2", 1), "changed  Deployment shop/web: new pods: the old one ends first, and nothing serves in between\n           spec.template.spec.containers[web].image: a:1 becomes a:2\n"},
		"replicas":         {deployment("Recreate", "a:1", 1), deployment("Recreate", "a:1", 3), "changed  Deployment shop/web: 1 pods become 3\n           spec.replicas: 1 becomes 3\n"},
		"a Job":            {"", job("migrate-0a1b2c3d", "a:1"), "added    Job shop/migrate-0a1b2c3d: the Job runs\n"},
		"a Job of another release": {job("migrate-0a1b2c3d", "a:1"), job("migrate-11111111", "a:2"), "changed  Job shop/migrate-11111111: the Job runs again, under its new name\n" +
			"           metadata.name: migrate-0a1b2c3d becomes migrate-11111111\n           spec.template.spec.containers[c].image: a:1 becomes a:2\n"},
		"a budget":           {"", pdb, "added    PodDisruptionBudget shop/web: evictions are limited from now on\n"},
		"no budget":          {pdb, "", "removed  PodDisruptionBudget shop/web: evictions are not limited any more\n"},
		"an autoscaler":      {"", hpa, "added    HorizontalPodAutoscaler shop/web: sets the number of pods from now on\n"},
		"a schedule":         {cron("@daily"), cron("@hourly"), "changed  CronJob shop/prune: runs at other times\n           spec.schedule: @daily becomes @hourly\n"},
		"a CronJob":          {"", cron("@daily"), "added    CronJob shop/prune: runs on the schedule @daily\n"},
		"a policy":           {"", policy("deny"), "added    NetworkPolicy shop/deny: the traffic of the pods that it selects is restricted to what policies allow\n"},
		"no policy":          {policy("deny"), "", "removed  NetworkPolicy shop/deny: what it allowed is not allowed any more; pods that no other policy selects are open\n"},
		"a namespace":        {"", namespace, "added    Namespace shop: an empty namespace\n"},
		"no namespace":       {namespace, "", "removed  Namespace shop: a tool that prunes deletes it with everything in it\nUNSAFE   Namespace shop: is not made any more; a tool that prunes deletes it with everything in it (namespace-removed)\n"},
		"a claim":            {"", claim("", "1Gi"), "added    PersistentVolumeClaim shop/data: a new volume, empty\n"},
		"no claim":           {claim("", "1Gi"), "", "removed  PersistentVolumeClaim shop/data: data is deleted by a tool that prunes\nUNSAFE   PersistentVolumeClaim shop/data: is not made any more"},
		"no guarded claim":   {claim(guards, "1Gi"), "", "removed  PersistentVolumeClaim shop/data: stays in the cluster with Argo CD, Flux and kapp, as its annotations say; kubectl apply --prune deletes it\n"},
		"a larger claim":     {claim("", "1Gi"), claim("", "2Gi"), "changed  PersistentVolumeClaim shop/data: the volume grows, where its storage class allows that\n           spec.resources.requests.storage: 1Gi becomes 2Gi\n"},
		"a smaller claim":    {claim("", "2Gi"), claim("", "1Gi"), "UNSAFE   PersistentVolumeClaim shop/data: spec.resources.requests.storage"},
		"a credential":       {secret("one"), secret("two"), "changed  Secret shop/env: pods that are running keep the old values until they are restarted\n           stringData.A: changes\n"},
		"no generated keys":  {generated, "", "removed  Secret shop/env: stays in the cluster with Argo CD"},
		"a Service":          {"", service("[{port: 80}]"), "added    Service shop/web: the name web.shop.svc appears in DNS\n"},
		"ports of a Service": {service("[{port: 80}]"), service("[{port: 81}]"), "changed  Service shop/web: other ports\n           spec.ports[80]: {port: 80} is removed\n           spec.ports[81]: {port: 81} is added\n"},
		"a way in":           {"", ingress("shop.example.com"), "added    Ingress shop/web: requests from outside reach shop.example.com\n"},
		"hosts":              {ingress("shop.example.com"), ingress("shop.example.org"), "changed  Ingress shop/web: hosts: shop.example.com become shop.example.org\n"},
		"a database server":  {cluster, "", "removed  Cluster shop/db: data is deleted by a tool that prunes\n"},
		"an annotation":      {claim("", "1Gi"), claim(guards, "1Gi"), "changed  PersistentVolumeClaim shop/data: labels or annotations alone: nothing restarts\n           metadata.annotations[argocd.argoproj.io/sync-options]: Prune=false,Delete=false is added\n"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := changes.Compare(map[string][]byte{"a.yaml": []byte(c.before)}, map[string][]byte{"b.yaml": []byte(c.after)})
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Text(); !strings.Contains(got, c.want) || c.want == "" && got != "" {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if r.Empty() != (c.want == "") {
				t.Errorf("Empty() = %v", r.Empty())
			}
		})
	}
}

// A list is compared by the names of its items, whatever their order.
func TestItemsAreComparedByName(t *testing.T) {
	const pods = "spec: {containers: [{name: web, image: 'a:1', env: [%s], command: [%s], volumeMounts: [%s]}]}"
	of := func(env, command, mounts string) map[string][]byte {
		return map[string][]byte{"a.yaml": []byte(object("v1", "Pod", "web", "", fmt.Sprintf(pods, env, command, mounts)))}
	}
	r, err := changes.Compare(
		of("{name: A, value: '1'}, {name: B, value: '2'}", "a, b", "{name: v, mountPath: /a}, {name: v, mountPath: /b}"),
		of("{name: B, value: '3'}, {name: C, value: \"x\\ny\"}", "a, c", "{name: v, mountPath: /b}, {name: v, mountPath: /c}"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`spec.containers[web].command: [a, b] becomes [a, c]`,
		`spec.containers[web].env[A]: {name: A, value: 1} is removed`,
		`spec.containers[web].env[B].value: 2 becomes 3`,
		`spec.containers[web].env[C]: {name: C, value: ...} is added`,
		`spec.containers[web].volumeMounts[/a]: {mountPath: /a, name: v} is removed`,
		`spec.containers[web].volumeMounts[/c]: {mountPath: /c, name: v} is added`,
	}
	var got []string
	for _, f := range r.Changes[0].Fields {
		got = append(got, f.String())
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAFileThatIsNoManifest(t *testing.T) {
	if _, err := changes.Compare(nil, map[string][]byte{"a.yaml": []byte("kind: Pod")}); err == nil {
		t.Error("no error")
	}
}
