package secret_test

import (
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/externalsecrets"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/definitions"
)

// What the operator's own definitions say of the custom resources in the golden
// files.
func TestExternalSecretsMeetTheirDefinitions(t *testing.T) {
	count, wrong, err := definitions.CheckFiles("testdata/secret/external-*.yaml", "external-secrets.io")
	if err != nil || count == 0 {
		t.Fatalf("%d objects, %v", count, err)
	}
	for _, line := range wrong {
		t.Error(line)
	}
}

// What props do not offer is set on the typed objects, or by a JSON patch.
func TestTheExternalObjectsCanBeChanged(t *testing.T) {
	got := cdktest.Render(t, func(chart cdk8s.Chart) {
		s := secret.New(chart, "secret", secret.Props{Source: secret.External(otherwise)})
		s.ExternalSecret().Change(func(e *externalsecrets.ExternalSecret) {
			e.Spec.RefreshPolicy, e.Spec.Target.Immutable = "Periodic", true
		})
		s.ExternalSecret().AddJsonPatch( //nolint:forbidigo // The type lacks the field.
			cdk8s.JsonPatch_Add(new("/spec/target/template"), map[string]any{"type": "Opaque"}))
		s.SecretStore().Change(func(s *externalsecrets.SecretStore) {
			s.Spec.Provider = map[string]any{"kubernetes": map[string]any{"remoteNamespace": "vault"}}
		})
	})
	for _, line := range []string{"refreshPolicy: Periodic", "immutable: true", "type: Opaque", "remoteNamespace: vault"} {
		if !strings.Contains(got, line) {
			t.Errorf("the manifest lacks %q:\n%s", line, got)
		}
	}
	if count, wrong, err := definitions.Check(got, "external-secrets.io"); err != nil || len(wrong) > 0 || count != 2 {
		t.Error(count, wrong, err)
	}
}
