package definition_test

import (
	"strings"
	"testing"

	"example.com/django-cdk8s/internal/definition"
)

// The check itself finds what the API server would.
func TestDefinitionsRefuseWrongObjects(t *testing.T) {
	const cluster = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: a}\nspec: "
	for spec, want := range map[string]string{
		"{instances: 3}":                        "",
		"{}":                                    ".spec.instances: is required",
		"{instances: three}":                    ".spec.instances: three is no integer",
		"{instances: 0}":                        ".spec.instances: 0 is out of range",
		"{instances: 3, storrage: {size: 1Gi}}": ".spec.storrage: is not known",
		"{instances: 3, storage: {sise: 1Gi}}":  ".spec.storage.sise: is not known",
		"{instances: 3, primaryUpdateStrategy: fast}":     ".spec.primaryUpdateStrategy: fast is none of",
		"{instances: 3, resources: {limits: {cpu: [1]}}}": ".limits.cpu: [1] is no number and no string",
	} {
		_, wrong, err := definition.Check(cluster + spec)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(wrong, "\n"); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", spec, got, want)
		}
	}
}

func TestDefinitionsRefuseWrongSecrets(t *testing.T) {
	const head = "apiVersion: external-secrets.io/v1\nmetadata: {name: a}\n"
	for object, want := range map[string]string{
		"kind: ExternalSecret\nspec: {data: [{secretKey: a, remoteRef: {key: b}}]}":   "",
		"kind: ExternalSecret\nspec: {data: [{secretKey: a b, remoteRef: {key: b}}]}": "does not match",
		"kind: ExternalSecret\nspec: {data: [{secretKey: '', remoteRef: {key: b}}]}":  "has 0 characters",
		"kind: ExternalSecret\nspec: {target: {deletionPolicy: Keep}}":                "Keep is none of",
		"kind: SecretStore\nspec: {provider: {}}":                                     ".spec.provider: has 0 properties",
		"kind: SecretStore\nspec: {provider: {vualt: {}}}":                            ".spec.provider.vualt: is not known",
		"kind: PushSecret\nspec: {}":                                                  "has no definition",
	} {
		_, wrong, err := definition.Check(head + object)
		if got := strings.Join(wrong, "\n"); err != nil || (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, %v, want %q", object, got, err, want)
		}
	}
}
