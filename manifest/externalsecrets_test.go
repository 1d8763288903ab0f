package manifest_test

import (
	"strings"
	"testing"

	"example.com/django-cdk8s/manifest"
)

// An ExternalSecret stands for the Secret that the operator makes of it.
func TestExternalSecretsHoldTheirKeys(t *testing.T) {
	const reader = `{name: K, valueFrom: {secretKeyRef: {name: shop, key: KEY}}}`
	for spec, want := range map[string]string{
		"{data: [{secretKey: KEY, remoteRef: {key: a}}]}":                                                         "",
		"{target: {name: shop, creationPolicy: Orphan}, data: [{secretKey: KEY, remoteRef: {key: a}}]}":           "",
		"{dataFrom: [{extract: {key: a}}]}":                                                                       "",
		"{target: {template: {data: {KEY: '{{ .a }}'}}}, data: [{secretKey: a, remoteRef: {key: a}}]}":            "",
		"{target: {template: {type: Opaque}}, data: [{secretKey: KEY, remoteRef: {key: a}}]}":                     "",
		"{target: {template: {templateFrom: [{literal: 'KEY: a'}]}}}":                                             "",
		"{target: {template: {mergePolicy: Merge, data: {a: b}}}, data: [{secretKey: KEY, remoteRef: {key: a}}]}": "",
		"{target: {template: {mergePolicy: Merge, data: {a: b}}}, dataFrom: [{extract: {key: a}}]}":               "",

		"{data: [{secretKey: B, remoteRef: {key: KEY}}, {secretKey: A, remoteRef: {key: a}}]}": "is not a key of Secret shop, which holds A, B",
		"{target: {template: {data: {A: b}}}, data: [{secretKey: KEY, remoteRef: {key: a}}]}":  "is not a key of Secret shop, which holds A",
		"{target: {template: {data: {A: b}}}, dataFrom: [{extract: {key: a}}]}":                "is not a key of Secret shop, which holds A",
		"{target: {name: other}, data: [{secretKey: KEY, remoteRef: {key: a}}]}":               "no Secret" + nowhere,
		"{target: {creationPolicy: Merge}, data: [{secretKey: KEY, remoteRef: {key: a}}]}":     "no Secret" + nowhere,
		"{target: {creationPolicy: None}, data: [{secretKey: KEY, remoteRef: {key: a}}]}":      "no Secret" + nowhere,
		"{target: {manifest: {apiVersion: v1, kind: ConfigMap}}, dataFrom: [{extract: {}}]}":   "no Secret" + nowhere,
	} {
		for _, version := range []string{"v1", "v1beta1"} {
			objects, err := manifest.Parse("test.yaml", []byte("apiVersion: external-secrets.io/"+version+
				"\nkind: ExternalSecret\nmetadata: {name: shop, namespace: files}\nspec: "+spec+"\n---\n"+namingPod("reader", reader)))
			if err != nil {
				t.Fatal(err)
			}
			var texts []string
			for _, p := range manifest.Check(objects, manifest.Options{}) {
				if p.Rule == "references" {
					texts = append(texts, p.Text)
				}
			}
			if got := strings.Join(texts, "\n"); got != want {
				t.Errorf("%s %s: got %q, want %q", version, spec, got, want)
			}
		}
	}
}

// The Secret of another namespace is another one.
func TestExternalSecretsAreOfTheirNamespace(t *testing.T) {
	objects, err := manifest.Parse("test.yaml", []byte("apiVersion: external-secrets.io/v1\nkind: ExternalSecret\n"+
		"metadata: {name: shop, namespace: elsewhere}\nspec: {dataFrom: [{extract: {key: a}}]}\n---\n"+
		namingPod("reader", "{name: K, valueFrom: {secretKeyRef: {name: shop, key: KEY}}}")))
	if err != nil {
		t.Fatal(err)
	}
	problems := manifest.Check(objects, manifest.Options{})
	if len(problems) != 1 || problems[0].Text != "no Secret"+nowhere {
		t.Errorf("got %v", problems)
	}
}

// Two objects that make one Secret would write over each other's values.
func TestASecretHasOneMaker(t *testing.T) {
	const (
		external = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: NAME, namespace: files}\n" +
			"spec: {target: {name: shop, creationPolicy: POLICY}, dataFrom: [{extract: {key: a}}]}\n---\n"
		made = "apiVersion: v1\nkind: Secret\nmetadata: {name: shop, namespace: files}\n---\n"
	)
	one := strings.NewReplacer("NAME", "one", "POLICY", "Owner").Replace(external)
	two := strings.NewReplacer("NAME", "two", "POLICY", "Owner").Replace(external)
	for content, want := range map[string]string{
		one:        "",
		made + one: "the Secret is also made by test.yaml: Secret files/shop; give one of them another name",
		one + made: "the Secret is also made by test.yaml: Secret files/shop; give one of them another name",
		one + two:  "the Secret is also made by test.yaml: ExternalSecret files/one; give one of them another name",
		made + strings.NewReplacer("NAME", "one", "POLICY", "Merge").Replace(external): "",
	} {
		objects, err := manifest.Parse("test.yaml", []byte(content))
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, p := range manifest.Check(objects, manifest.Options{}) {
			texts = append(texts, p.Text)
		}
		if got := strings.Join(texts, "\n"); got != want {
			t.Errorf("%s: got %q, want %q", content, got, want)
		}
	}
}

// The fake provider has its values in the manifest.
func TestAStoreHoldsNoValues(t *testing.T) {
	for provider, want := range map[string]int{
		"{fake: {data: [{key: a, value: b}, {key: c, value: d}]}}": 2,
		"{vault: {server: 'https://vault.example.com'}}":           0,
	} {
		for _, kind := range []string{"SecretStore", "ClusterSecretStore"} {
			objects, err := manifest.Parse("test.yaml", []byte("apiVersion: external-secrets.io/v1\nkind: "+kind+
				"\nmetadata: {name: shop}\nspec: {provider: "+provider+"}\n"))
			if err != nil {
				t.Fatal(err)
			}
			if problems := manifest.Check(objects, manifest.Options{Tracked: true}); len(problems) != want {
				t.Errorf("%s %s: %v", kind, provider, problems)
			}
			if problems := manifest.Check(objects, manifest.Options{}); len(problems) > 0 {
				t.Errorf("%s %s, which git ignores: %v", kind, provider, problems)
			}
		}
	}
}
