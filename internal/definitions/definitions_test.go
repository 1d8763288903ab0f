package definitions_test

import (
	"strings"
	"testing"

	"example.com/django-cdk8s/internal/definitions"
)

// The check finds what the API server would.
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
		count, wrong, err := definitions.Check(cluster + spec)
		if got := strings.Join(wrong, "\n"); err != nil || count != 1 || (want == "") != (got == "") ||
			!strings.Contains(got, want) {
			t.Errorf("%s: got %q, %d objects, %v, want %q", spec, got, count, err, want)
		}
	}
}

// A group that must have a definition, and has none of that kind.
func TestKindsWithoutADefinitionAreRefused(t *testing.T) {
	const unknown = "apiVersion: postgresql.cnpg.io/v1\nkind: Klaster\nmetadata: {name: a}\n"
	if _, _, err := definitions.Check(unknown, "cnpg.io"); err == nil {
		t.Error("a kind without a definition passes")
	}
	if count, _, err := definitions.Check(unknown); err != nil || count != 0 {
		t.Errorf("%d objects, %v", count, err)
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
	} {
		_, wrong, err := definitions.Check(head+object, "external-secrets.io")
		if got := strings.Join(wrong, "\n"); err != nil || (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, %v, want %q", object, got, err, want)
		}
	}
}
