package e2e

import (
	"path/filepath"
	"testing"
	"time"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
)

// TestEnvironments applies the three places of examples/environments as they are
// committed, but for the site's image and the Secret that a vault makes. They fill
// a small node, so that no other test runs beside it.
func TestEnvironments(t *testing.T) {
	define(t)
	const dist = "../examples/environments/dist"
	hosts := map[string]string{
		"development": "development.shop.example.com",
		"staging":     "staging.shop.example.com",
		"production":  "shop.example.com",
	}
	begin := time.Now()
	places := map[string]*app{}
	for name := range hosts {
		a := newApp(t, name)
		a.namespace = "shop-" + name
		if err := gone(t.Context(), a.namespace); err != nil {
			t.Fatal(err)
		}
		a.apply(withImage(t, filepath.Join(dist, name)))
		places[name] = a
	}
	places["production"].makeSecret("shop-env", secret.DatabaseKey, secret.UserKey, secret.PasswordKey, secret.DjangoSecretKey)
	for name, a := range places {
		a.waitFor(postgres.DefaultName)
		a.waitFor(django.DefaultName)
		if got := a.asVisitorOf(hosts[name], "/login"); got != "200" {
			t.Errorf("%s: /login of %s: %s", name, hosts[name], got)
		}
		// No place answers as another one.
		for other, host := range hosts {
			if got := a.asVisitorOf(host, "/login"); other != name && got != "400" {
				t.Errorf("%s: /login of %s: %s", name, host, got)
			}
		}
	}
	t.Logf("three places are ready %s after they were applied", time.Since(begin).Round(100*time.Millisecond))
}
