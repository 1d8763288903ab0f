package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"example.com/django-cdk8s/manifest"
)

// mistakesInNames break the rule names.
func mistakesInNames() []mutation {
	long := strings.Repeat("a", 64)
	object := func(kind, metadata string) edit {
		return edit{new: kind + "\nmetadata: {" + metadata + "}\n"}
	}
	const (
		configMap = "apiVersion: v1\nkind: ConfigMap"
		service   = "apiVersion: v1\nkind: Service"
		role      = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role"
		monitor   = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule"
	)
	return []mutation{
		{
			name: "a namespace in capitals",
			edit: object(configMap, "name: a, namespace: Shop}\n---\n"+configMap+"\nmetadata: {name: b, namespace: Shop"),
			want: []problem{{"ConfigMap Shop/a", "names", "metadata.namespace", "Shop", "must be 1 to 63 lower-case letters, digits or '-'"}},
		},
		{
			name: "a name with an underscore",
			edit: object(configMap, "name: my_settings, namespace: django-app"),
			want: []problem{{"ConfigMap django-app/my_settings", "names", "metadata.name", "my_settings", "must be 1 to 253 lower-case"}},
		},
		{
			name: "a custom resource in capitals",
			edit: object(monitor, "name: Alerts, namespace: django-app"),
			want: []problem{{"PrometheusRule django-app/Alerts", "names", "metadata.name", "Alerts", "must be 1 to 253 lower-case"}},
		},
		{
			name: "a Service that starts with a digit",
			edit: object(service, "name: 1st, namespace: django-app"),
			want: []problem{{"Service django-app/1st", "names", "metadata.name", "1st", "start with a letter and not end with '-'"}},
		},
		{
			name: "a Namespace with a dot",
			edit: object("apiVersion: v1\nkind: Namespace", "name: shop.example"),
			want: []problem{{"Namespace shop.example", "names", "metadata.name", "shop.example", "must be 1 to 63 lower-case"}},
		},
		{
			name: "a Role with a slash",
			edit: object(role, "name: read/pods, namespace: django-app"),
			want: []problem{{"Role django-app/read/pods", "names", "metadata.name", "read/pods", "must not be '.' or '..' or hold '/' or '%'"}},
		},
		{
			name: "a label value with a space, twice",
			edit: object(configMap, "name: a, namespace: django-app, labels: {team: my shop}}\n---\n"+configMap+"\nmetadata: {name: b, namespace: django-app, labels: {team: my shop}"),
			want: []problem{{"ConfigMap django-app/a", "names", "metadata.labels[team]", "my shop", "must be at most 63 letters"}},
		},
		{
			name: "a label key with a space",
			edit: object(configMap, "name: a, namespace: django-app, labels: {my team: shop}"),
			want: []problem{{"ConfigMap django-app/a", "names", "metadata.labels", "my team", "must be a label key"}},
		},
		{
			name: "a generated key with a space",
			edit: edit{new: strings.Replace(generatedSecret, `"A, B"`, `"A B,C"`, 1)},
			want: []problem{{"Secret files/made", "names", "metadata.annotations[" + manifest.GeneratedKeysAnnotation + "]", "A B", "must be keys of the Secret with commas between them"}},
		},
		{
			name: "a long label of pods",
			edit: edit{"Deployment django-app/django", "        app: django\n", "        app: django\n        release: " + long + "\n"},
			want: []problem{{"Deployment django-app/django", "names", "spec.template.metadata.labels[release]", long, "must be at most 63 letters"}},
		},
	}
}

// TestNamesThatKubernetesTakes: roles have names of their own, and a CronJob's
// has room for what its Jobs add.
func TestNamesThatKubernetesTakes(t *testing.T) {
	cronJob := func(length int) string {
		return fmt.Sprintf("apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: %s}\n", strings.Repeat("a", length))
	}
	for name, test := range map[string]struct {
		content string
		wrong   bool
	}{
		"role with a colon":   {"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: 'system:reader_1'}\n", false},
		"name with a dot":     {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-root-ca.crt}\n", false},
		"namespace of digits": {"apiVersion: v1\nkind: Namespace\nmetadata: {name: '1'}\n", false},
		"CronJob":             {cronJob(52), false},
		"long CronJob":        {cronJob(53), true},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := manifest.Parse("test.yaml", []byte(test.content))
			if err != nil {
				t.Fatal(err)
			}
			wrong := false
			for _, p := range manifest.Check(objects, manifest.Options{}) {
				wrong = wrong || p.Rule == "names"
			}
			if wrong != test.wrong {
				t.Errorf("the rule names reports %v, want %v", wrong, test.wrong)
			}
		})
	}
}
