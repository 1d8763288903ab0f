package order

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

func documents(t *testing.T, text string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for one := range strings.SplitSeq(text, "---\n") {
		var content map[string]any
		if err := yaml.Unmarshal([]byte(one), &content); err != nil {
			t.Fatal(err)
		}
		all = append(all, content)
	}
	return all
}

// annotated returns a line for each document: its name and its annotations.
func annotated(all []map[string]any) []string {
	var lines []string
	for _, content := range all {
		d := read(content)
		var parts []string
		for key, value := range d.annotations {
			parts = append(parts, fmt.Sprintf(" %s=%v", key[strings.Index(key, "/")+1:], value))
		}
		slices.Sort(parts)
		lines = append(lines, d.kind+" "+d.name+strings.Join(parts, ""))
	}
	return lines
}

// ours returns an object of this library that plays a part.
func ours(kind, name, component, rest string) string {
	return fmt.Sprintf("{apiVersion: v1, kind: %s, metadata: {name: %s, namespace: shop, labels: "+
		"{app.kubernetes.io/managed-by: cdk8s, app.kubernetes.io/component: %s}}, %s}\n---\n", kind, name, component, rest)
}

func theirs(kind, name, rest string) string {
	return fmt.Sprintf("{apiVersion: v1, kind: %s, metadata: {name: %s, namespace: shop}, %s}\n---\n", kind, name, rest)
}

func template(app, pod string) string {
	return fmt.Sprintf("spec: {template: {metadata: {labels: {app: %s}}, spec: {%s}}}", app, pod)
}

func TestAnnotate(t *testing.T) {
	const (
		group = " change-group=shop.django-cdk8s.example.com/"
		after = " change-rule=upsert after upserting shop.django-cdk8s.example.com/"
	)
	for name, c := range map[string]struct{ in, want string }{
		"the graph": {
			ours("Job", "generate", "credentials", template("g", "")) + ours("Deployment", "db", "database", template("db", "")) +
				ours("Job", "restore", "restore", template("r", "")) + ours("Job", "migrate", "migration", template("m", "")) +
				ours("Deployment", "web", "web", template("web", "")) + ours("CronJob", "rotate", "rotation", "spec: {schedule: '@daily', jobTemplate: {}}") +
				ours("ConfigMap", "release", "migration", "data: {}"),
			"Job generate" + group + "credentials sync-wave=-4\n" +
				"Deployment db" + group + "database" + after + "credentials sync-wave=-3\n" +
				"Job restore" + group + "restore" + after + "database sync-wave=-2\n" +
				"Job migrate" + group + "migration" + after + "restore sync-wave=-1\n" +
				"Deployment web" + after + "migration\n" +
				"CronJob rotate\n" +
				"ConfigMap release sync-wave=-1",
		},
		"what pods refer to is in their wave": {
			ours("Job", "migrate", "migration", template("m", "serviceAccountName: runner, "+
				"volumes: [{configMap: {name: settings}}, {persistentVolumeClaim: {claimName: media}}], "+
				"containers: [{env: [{name: A, valueFrom: {secretKeyRef: {name: env}}}]}]")) +
				theirs("ServiceAccount", "runner", "") + theirs("ConfigMap", "settings", "") +
				theirs("PersistentVolumeClaim", "media", "") + theirs("Secret", "env", "") + theirs("Secret", "other", "") +
				theirs("RoleBinding", "may", "roleRef: {kind: Role, name: reader}, subjects: [{kind: ServiceAccount, name: runner}]") +
				theirs("Role", "reader", "rules: []"),
			"Job migrate" + group + "migration sync-wave=-1\nServiceAccount runner sync-wave=-1\nConfigMap settings sync-wave=-1\n" +
				"PersistentVolumeClaim media sync-wave=-1\nSecret env sync-wave=-1\nSecret other\nRoleBinding may sync-wave=-1\n" +
				"Role reader sync-wave=-1",
		},
		"a server is in the wave of its first client": {
			ours("Job", "migrate", "migration", template("m",
				"containers: [{env: [{name: URL, value: 'tcp://bouncer.shop.svc:6432/shop'}]}]")) +
				theirs("Service", "bouncer", "spec: {selector: {app: bouncer}}") +
				theirs("Deployment", "bouncer", template("bouncer", "volumes: [{configMap: {name: ini}}]")) +
				theirs("ConfigMap", "ini", "") + theirs("Deployment", "web", template("web", "")),
			"Job migrate" + group + "migration sync-wave=-1\nService bouncer sync-wave=-1\n" +
				"Deployment bouncer" + group + "migration sync-wave=-1\nConfigMap ini sync-wave=-1\n" +
				"Deployment web" + after + "migration",
		},
		"a server that a URL names by its short name": {
			ours("Job", "migrate", "migration", template("m",
				"containers: [{env: [{name: DATABASE_URL, value: 'postgres://bouncer:6432/shop'}]}]")) +
				theirs("Service", "bouncer", "spec: {selector: {app: bouncer}}"),
			"Job migrate" + group + "migration sync-wave=-1\nService bouncer sync-wave=-1",
		},
		"a host that is no server": {
			ours("Job", "migrate", "migration", template("m",
				"containers: [{env: [{name: ALLOWED_HOSTS, value: web.shop.svc}]}]")) +
				theirs("Service", "web", "spec: {selector: {app: web}}"),
			"Job migrate" + group + "migration sync-wave=-1\nService web",
		},
		"a wave of the user has no group that others wait for": {
			"{apiVersion: v1, kind: Deployment, metadata: {name: a, namespace: shop, annotations: " +
				"{argocd.argoproj.io/sync-wave: '-7'}}, " + template("a", "") + "}\n---\n" +
				ours("Deployment", "db", "database", template("db", "")),
			"Deployment a sync-wave=-7\nDeployment db" + group + "database sync-wave=-3",
		},
		"namespaces and policies are first": {
			theirs("NetworkPolicy", "deny", "") + "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n---\n" +
				"{apiVersion: v1, kind: Namespace, metadata: {name: empty}}\n---\n" +
				ours("Deployment", "db", "database", template("db", "")),
			"NetworkPolicy deny sync-wave=-3\nNamespace shop sync-wave=-3\nNamespace empty\n" +
				"Deployment db" + group + "database sync-wave=-3",
		},
		"a wave of the user stays": {
			"{apiVersion: v1, kind: Deployment, metadata: {name: a, namespace: shop, annotations: " +
				"{argocd.argoproj.io/sync-wave: '-7'}}, " + template("a", "volumes: [{secret: {secretName: s}}]") + "}\n---\n" +
				theirs("Secret", "s", ""),
			"Deployment a sync-wave=-7\nSecret s sync-wave=-7",
		},
		"objects of others alone": {theirs("Deployment", "web", template("web", "")), "Deployment web"},
	} {
		t.Run(name, func(t *testing.T) {
			all := documents(t, strings.TrimSuffix(c.in, "---\n"))
			Annotate(all)
			if got := strings.Join(annotated(all), "\n"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			Annotate(all)
			if got := strings.Join(annotated(all), "\n"); got != c.want {
				t.Errorf("a second time:\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestEveryStageHasAName(t *testing.T) {
	found := map[string]bool{}
	for _, s := range stages {
		found[s.name] = true
	}
	if len(found) != len(names) {
		t.Errorf("stages %v of %v", found, names)
	}
}
