package e2e

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/stack"
)

// existing is a stack whose Secret somebody else makes.
func existing(p *stack.Props) {
	p.Secret.Source = secret.Existing(secret.DatabaseKey, secret.UserKey, secret.PasswordKey, secret.DjangoSecretKey)
}

// What a user sees names the cause.
func TestFailuresNameTheirCause(t *testing.T) {
	beside(t)
	a := newApp(t, "failures")
	values := map[string]string{secret.DatabaseKey: "site", secret.UserKey: "site", secret.PasswordKey: rand.Text()}
	a.createSecret(values)
	a.apply(a.write(existing))

	waiting := a.waitForWaiting(django.DefaultName, "CreateContainerConfigError")
	t.Logf("without a key: %s: %s", waiting.Reason, waiting.Message)
	if !strings.Contains(waiting.Message, secret.DjangoSecretKey) || !strings.Contains(waiting.Message, secret.DefaultName) {
		t.Errorf("the message does not name %s of %s", secret.DjangoSecretKey, secret.DefaultName)
	}

	// PostgreSQL keeps the password of its first start.
	a.waitFor(postgres.DefaultName)
	values[secret.DjangoSecretKey], values[secret.PasswordKey] = rand.Text(), rand.Text()
	a.updateSecret(values)
	a.waitFor(django.DefaultName)
	eventually(t, time.Minute, "the site names the wrong password", func(context.Context) error {
		got, err := a.get(a.web(), "/readyz")
		if err == nil && (got.status != 503 || !strings.Contains(got.body, "password authentication failed for user")) {
			err = fmt.Errorf("%d: %s", got.status, got.body)
		}
		t.Logf("with a wrong password: %d: %s", got.status, strings.TrimSpace(got.body))
		return err
	})

	const missing = "guestbook:0.0.0-missing"
	a.apply(a.write(existing, func(p *stack.Props) { p.Web.Project.Image = missing }))
	waiting = a.waitForWaiting(django.DefaultName, "ErrImagePull", "ImagePullBackOff")
	t.Logf("with a missing image: %s: %s", waiting.Reason, waiting.Message)
	if !strings.Contains(waiting.Message, missing) {
		t.Errorf("the message does not name %s", missing)
	}
}

// PostgreSQL and Django take a password as it is, in each of the ways in which
// a project may read it.
func TestPasswordWithSpecialCharacters(t *testing.T) {
	beside(t)
	a := newApp(t, "password")
	a.createSecret(map[string]string{
		secret.DatabaseKey:     "site",
		secret.UserKey:         "site",
		secret.PasswordKey:     `@:/?#%25&=+ '"\$(POSTGRES_HOST)$$` + "`;é" + rand.Text(),
		secret.DjangoSecretKey: rand.Text(),
	})
	a.start(existing)
	if err := a.reachesDatabase(a.web(), 200); err != nil {
		t.Errorf("by POSTGRES_*: %v", err)
	}
	id := a.add("by POSTGRES_*")

	a.apply(a.write(existing, func(p *stack.Props) { p.Web.Env = map[string]string{"DATABASE_SETTINGS": "url"} }))
	a.waitFor(django.DefaultName)
	if err := a.reachesDatabase(a.web(), 200); err != nil {
		t.Errorf("by DATABASE_URL, PGUSER and PGPASSWORD: %v", err)
	}
	if got := a.rows()[id]; got != "by POSTGRES_*" {
		t.Errorf("by DATABASE_URL row %d is %q", id, got)
	}
}

// createSecret makes the namespace of the app and the Secret in it.
func (a *app) createSecret(values map[string]string) {
	a.t.Helper()
	_, err := kube.Client.CoreV1().Namespaces().Create(a.t.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: a.namespace}}, metav1.CreateOptions{})
	if err == nil {
		_, err = kube.Client.CoreV1().Secrets(a.namespace).Create(a.t.Context(), secretOf(values), metav1.CreateOptions{})
	}
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *app) updateSecret(values map[string]string) {
	a.t.Helper()
	if _, err := kube.Client.CoreV1().Secrets(a.namespace).Update(a.t.Context(), secretOf(values), metav1.UpdateOptions{}); err != nil {
		a.t.Fatal(err)
	}
}

func secretOf(values map[string]string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: secret.DefaultName}, StringData: values}
}
