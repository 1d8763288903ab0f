package e2e

import (
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
)

// generator is the name of the Job's ServiceAccount and the value of its pods'
// app label.
const generator = secret.DefaultName + "-generate"

func TestPodSecurity(t *testing.T) {
	beside(t)
	a := newApp(t, "security")
	a.start()
	a.refusesPrivilegedPods()

	for _, workload := range []string{django.DefaultName, postgres.DefaultName, generator} {
		if len(a.pods(workload)) != 1 {
			t.Errorf("%s has %d pods; want 1", workload, len(a.pods(workload)))
		}
	}
	pods, err := kube.Pods(t.Context(), a.namespace, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pods {
		if got, want := hasToken(p), p.Labels["app"] == generator; got != want {
			t.Errorf("pod %s has an API token: %t; want %t", p.Name, got, want)
		}
	}
	events, err := kube.Events(t.Context(), a.namespace)
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range events {
		if event.Reason == "FailedCreate" {
			t.Errorf("%s %s: %s", event.InvolvedObject.Kind, event.InvolvedObject.Name, event.Message)
		}
	}
}

func TestOnlyTheJobReachesItsSecret(t *testing.T) {
	beside(t)
	a := newApp(t, "access")
	a.apply(a.write()) // No pod has to run for this.
	type request struct{ verb, resource, name, namespace string }
	may := map[request]bool{
		{"get", "secrets", secret.DefaultName, a.namespace}:    true,
		{"patch", "secrets", secret.DefaultName, a.namespace}:  true,
		{"update", "secrets", secret.DefaultName, a.namespace}: false,
		{"delete", "secrets", secret.DefaultName, a.namespace}: false,
		{"get", "secrets", "another", a.namespace}:             false,
		{"patch", "secrets", "another", a.namespace}:           false,
		{"get", "secrets", secret.DefaultName, "default"}:      false,
		{"get", "secrets", secret.DefaultName, "kube-system"}:  false,
		{"list", "secrets", "", a.namespace}:                   false,
		{"watch", "secrets", "", a.namespace}:                  false,
		{"create", "secrets", "", a.namespace}:                 false,
		{"list", "secrets", "", ""}:                            false,
		{"get", "configmaps", "kube-root-ca.crt", a.namespace}: false,
		{"create", "pods", "", a.namespace}:                    false,
		{"list", "pods", "", a.namespace}:                      false,
		{"create", "serviceaccounts", "", a.namespace}:         false,
		{"escalate", "roles", "", a.namespace}:                 false,
	}
	for r, want := range may {
		attributes := authorizationv1.ResourceAttributes{Verb: r.verb, Resource: r.resource, Name: r.name, Namespace: r.namespace}
		if r.resource == "roles" {
			attributes.Group = "rbac.authorization.k8s.io"
		}
		if got := a.may(generator, attributes); got != want {
			t.Errorf("the Job may %v: %t; want %t", r, got, want)
		}
		if a.may("default", attributes) {
			t.Errorf("the pods of Django and PostgreSQL may %v", r)
		}
	}
}

// may asks the API server whether it would let a ServiceAccount of the app do
// something.
func (a *app) may(account string, attributes authorizationv1.ResourceAttributes) bool {
	a.t.Helper()
	review, err := kube.Client.AuthorizationV1().SubjectAccessReviews().Create(a.t.Context(), &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User:               "system:serviceaccount:" + a.namespace + ":" + account,
			Groups:             []string{"system:serviceaccounts", "system:serviceaccounts:" + a.namespace, "system:authenticated"},
			ResourceAttributes: &attributes,
		},
	}, metav1.CreateOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	return review.Status.Allowed
}

func (a *app) refusesPrivilegedPods() {
	a.t.Helper()
	p := loadPod("{}")
	p.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{Privileged: new(true)}
	_, err := kube.Client.CoreV1().Pods(a.namespace).Create(a.t.Context(), p, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "restricted") {
		a.t.Errorf("a privileged pod: %v; want it to be forbidden by Pod Security \"restricted\"", err)
	}
}

// hasToken reports whether a container of p can show the API server who it is.
func hasToken(p corev1.Pod) bool {
	for _, volume := range p.Spec.Volumes {
		if volume.Projected == nil {
			continue
		}
		for _, source := range volume.Projected.Sources {
			if source.ServiceAccountToken != nil {
				return true
			}
		}
	}
	return false
}
