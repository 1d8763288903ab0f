package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/stack"
)

// The number of pods follows the load, and applying the same again does not
// undo that.
func TestAutoscalingFollowsTheLoad(t *testing.T) {
	a := newApp(t, "autoscaling")
	scaled := func(p *stack.Props) {
		p.Web.Gunicorn = django.Gunicorn{Workers: 1, Threads: 4}
		p.Web.Autoscaling = pod.Autoscaling{MinReplicas: 1, MaxReplicas: 3, CPUPercent: 80}
	}
	dir := a.start(scaled)
	if d, err := a.deployment(t.Context(), django.DefaultName); err != nil || *d.Spec.Replicas != 1 {
		t.Fatalf("%v replicas at first: %v", d.Spec.Replicas, err)
	}
	l := a.load(visitors(rate / 2))
	took := eventually(t, 3*time.Minute, "there are more pods", func(ctx context.Context) error {
		scaler, err := kube.Client.AutoscalingV2().HorizontalPodAutoscalers(a.namespace).Get(ctx, django.DefaultName, metav1.GetOptions{})
		if err == nil && scaler.Status.CurrentReplicas < 2 {
			err = fmt.Errorf("%d, %v", scaler.Status.CurrentReplicas, scaler.Status.Conditions)
		}
		return err
	})
	t.Logf("more pods %s after the load began", took)
	a.apply(dir)
	always(t, 10*time.Second, "applying again leaves the number alone", func(ctx context.Context) error {
		d, err := a.deployment(ctx, django.DefaultName)
		if err == nil && *d.Spec.Replicas < 2 {
			err = fmt.Errorf("%d replicas", *d.Spec.Replicas)
		}
		return err
	})
	a.lostNothing(l)
}

// A drain takes one pod of two at a time, and is not held up by a single one.
func TestDrainsGoOnAndLeaveAPod(t *testing.T) {
	beside(t)
	a := newApp(t, "drain")
	dir := a.start(twoReplicas)
	pods := a.pods(django.DefaultName)
	if err := a.evict(pods[0]); err != nil {
		t.Errorf("the first of two pods: %v", err)
	}
	if err := a.evict(pods[1]); !apierrors.IsTooManyRequests(err) {
		t.Errorf("the second of two pods right after the first: %v; want it to be refused", err)
	}
	a.waitFor(django.DefaultName)
	if err := a.evict(a.database()); err != nil {
		t.Errorf("the only pod of %s: %v", postgres.DefaultName, err)
	}
	a.waitFor(postgres.DefaultName)

	// With one replica there must be no budget.
	if _, err := kube.Delete(t.Context(), dir, "Namespace", "PersistentVolumeClaim", "Secret"); err != nil {
		t.Fatal(err)
	}
	a.apply(a.write())
	a.waitFor(django.DefaultName)
	eventually(t, time.Minute, "the only pod of the site can be evicted", func(context.Context) error { return a.evict(a.web()) })
	a.waitFor(django.DefaultName)
}

// evict asks the API server to stop p, as "kubectl drain" does.
func (a *app) evict(p corev1.Pod) error {
	return kube.Client.PolicyV1().Evictions(a.namespace).Evict(a.t.Context(), &policyv1.Eviction{
		ObjectMeta: metav1.ObjectMeta{Name: p.Name, Namespace: a.namespace},
	})
}
