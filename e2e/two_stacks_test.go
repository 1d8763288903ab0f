package e2e

import (
	"bytes"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"

	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
)

func TestTwoStacksSideBySide(t *testing.T) {
	beside(t)
	a, b := newApp(t, "left"), newApp(t, "right")
	a.start()
	b.start()

	left, right := a.credentials(), b.credentials()
	for _, key := range generatedKeys {
		if len(left[key]) == 0 || bytes.Equal(left[key], right[key]) {
			t.Errorf("%s is not generated for each stack", key)
		}
	}
	id := a.add("for the left one only")
	if got := a.rows(); got[id] != "for the left one only" {
		t.Errorf("the left stack has %v", got)
	}
	if got := b.rows(); len(got) != 0 {
		t.Errorf("the right stack has %v", got)
	}
	for _, account := range []string{"default", generator} {
		if b.may(account, authorizationv1.ResourceAttributes{
			Verb: "get", Resource: "secrets", Name: secret.DefaultName, Namespace: a.namespace,
		}) {
			t.Errorf("ServiceAccount %s of the right stack may read the left one's Secret", account)
		}
	}
	b.cannotLogInTo(a)
}

// cannotLogInTo lets Django, with b's credentials, try the database of other.
func (a *app) cannotLogInTo(other *app) {
	a.t.Helper()
	host := postgres.DefaultName + "." + other.namespace + ".svc"
	_, err := kube.Exec(a.t.Context(), a.web(), "env", "POSTGRES_HOST="+host, "python3", "manage.py", "migrate", "--check")
	if err == nil || !strings.Contains(err.Error(), "password authentication failed") {
		a.t.Errorf("login to %s with the credentials of %s: %v; want password authentication to fail", host, a.namespace, err)
	}
}
