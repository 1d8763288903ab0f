package e2e

import (
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/stack"
)

func TestHangingPodIsRestarted(t *testing.T) {
	beside(t)
	a := newApp(t, "hang")
	a.start(func(p *stack.Props) { p.Web.Env = map[string]string{"E2E_HOOKS": "1"} })
	hanging := a.web()
	got, err := a.request(hanging, "POST", "/debug/hang", url.Values{"seconds": {"600"}})
	if err != nil || got.status != 202 {
		t.Fatalf("/debug/hang: %d: %s: %v", got.status, got.body, err)
	}
	grace := time.Duration(*hanging.Spec.TerminationGracePeriodSeconds) * time.Second
	took := eventually(t, a.livenessWindow(hanging)+grace+time.Minute, "the pod is restarted", func(ctx context.Context) error {
		p, err := kube.Client.CoreV1().Pods(a.namespace).Get(ctx, hanging.Name, metav1.GetOptions{})
		if err == nil && restarts(*p) == 0 {
			err = fmt.Errorf("it was not")
		}
		return err
	})
	t.Logf("restarted after %s", took)
	t.Logf("rolled out again %s later", a.waitFor(django.DefaultName))
	// The node learns a little later than the API server that the pod is ready.
	eventually(t, time.Minute, "the restarted pod answers through the Service", func(context.Context) error {
		got, err := a.tryToAsk(django.DefaultName, "/login")
		if err == nil && got.status != 200 {
			err = fmt.Errorf("%d: %s", got.status, got.body)
		}
		return err
	})
	if err := a.hasEvent(t.Context(), "failed liveness probe"); err != nil {
		t.Error(err)
	}
}

func TestDatabaseOutageRestartsNoWebPod(t *testing.T) {
	beside(t)
	a := newApp(t, "outage")
	a.start()
	web := a.web()
	l := a.load(loadOptions{Method: "GET", Path: "/entries", Status: 200, Rate: 5, Connections: 4})

	a.scale(postgres.DefaultName, 0)
	eventually(t, time.Minute, "the site reports the outage", func(context.Context) error {
		return a.reachesDatabase(web, 503)
	})
	span := a.livenessWindow(web) + 20*time.Second
	always(t, span, "no web pod is restarted", func(ctx context.Context) error {
		p, err := kube.Client.CoreV1().Pods(a.namespace).Get(ctx, web.Name, metav1.GetOptions{})
		if err == nil && restarts(*p) > 0 {
			err = fmt.Errorf("%d restarts", restarts(*p))
		}
		return err
	})
	a.scale(postgres.DefaultName, 1)
	took := eventually(t, startLimit, "the site reads from the database again", func(context.Context) error {
		return a.reachesDatabase(web, 200)
	})
	counted := l.stop()
	t.Logf("no restart in %s without a database, back %s after it was; %s", span, took, counted)
	if counted.Sent == counted.OK {
		t.Error("no request failed: there was no outage")
	}
	if p := a.web(); p.UID != web.UID || restarts(p) > 0 {
		t.Errorf("pod %s, %d restarts, instead of %s", p.Name, restarts(p), web.Name)
	}
}

// livenessWindow is how long a container of p may hang before the kubelet ends
// it.
func (a *app) livenessWindow(p corev1.Pod) time.Duration {
	a.t.Helper()
	probe := p.Spec.Containers[0].LivenessProbe
	if probe == nil {
		a.t.Fatalf("pod %s has no liveness probe", p.Name)
	}
	return time.Duration(probe.PeriodSeconds*probe.FailureThreshold+probe.TimeoutSeconds) * time.Second
}

// reachesDatabase returns an error unless p, asked whether it reaches the
// database, answers with status.
func (a *app) reachesDatabase(p corev1.Pod, status int) error {
	got, err := a.get(p, "/readyz")
	if err == nil && got.status != status {
		err = fmt.Errorf("%d: %s", got.status, got.body)
	}
	return err
}

// scale sets the number of pods of a Deployment, as "kubectl scale" does.
func (a *app) scale(deployment string, replicas int32) {
	a.t.Helper()
	deployments := kube.Client.AppsV1().Deployments(a.namespace)
	scale, err := deployments.GetScale(a.t.Context(), deployment, metav1.GetOptions{})
	if err == nil {
		scale.Spec.Replicas = replicas
		_, err = deployments.UpdateScale(a.t.Context(), deployment, scale, metav1.UpdateOptions{})
	}
	if err != nil {
		a.t.Fatal(err)
	}
}
