package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/stack"
	"example.com/django-cdk8s/e2e/cluster"
)

// twoReplicas is a site whose server keeps connections open, which gunicorn's
// default worker does not.
func twoReplicas(p *stack.Props) {
	p.Web.Replicas = new(2)
	p.Web.Gunicorn.Threads = 4
}

// release changes nothing but the value of a variable, so that there are new
// pods.
func release(version string) func(*stack.Props) {
	return func(p *stack.Props) { p.Web.Env = map[string]string{"RELEASE": version} }
}

func TestRollingUpdateLosesNoRequest(t *testing.T) {
	a := newApp(t, "rolling")
	a.start(twoReplicas, release("1"))
	before := a.names()
	l := a.load(visitors(rate))
	a.apply(a.write(twoReplicas, release("2")))
	t.Logf("new pods have replaced the old ones after %s", a.waitFor(django.DefaultName))
	a.waitUntilGone(before)
	a.lostNothing(l)
}

func TestBadImageKeepsOldPodsServing(t *testing.T) {
	a := newApp(t, "badimage")
	good := a.start(twoReplicas)
	old := a.names()
	l := a.load(visitors(rate))

	const missing = "guestbook:0.0.0-missing"
	a.apply(a.write(twoReplicas, func(p *stack.Props) { p.Web.Project.Image = missing }))
	waiting := a.waitForWaiting(django.DefaultName, "ErrImagePull", "ImagePullBackOff")
	t.Logf("%s: %s", waiting.Reason, waiting.Message)
	a.undo(good, old)

	a.apply(a.write(twoReplicas, func(p *stack.Props) { p.Web.HealthPath = "/no-such-page" }))
	eventually(t, time.Minute, "the new pod fails its probe", func(ctx context.Context) error {
		return a.hasEvent(ctx, "Startup probe failed: HTTP probe failed with statuscode: 404")
	})
	a.undo(good, old)
	a.lostNothing(l)
}

// undo applies the manifests in dir again and checks that the pods called
// names have served all the time.
func (a *app) undo(dir string, names map[string]bool) {
	a.t.Helper()
	for _, p := range a.pods(django.DefaultName) {
		if cluster.IsReady(p) != names[p.Name] {
			a.t.Errorf("pod %s is: %s", p.Name, cluster.State(p))
		}
	}
	a.apply(dir)
	took := a.waitFor(django.DefaultName)
	a.t.Logf("undone after %s", took)
	for name := range names {
		if !a.names()[name] {
			a.t.Errorf("pod %s was replaced although its successor never became ready", name)
		}
	}
}

// lostNothing ends l and fails the test when a request has failed.
func (a *app) lostNothing(l *load) {
	a.t.Helper()
	counted := l.stop()
	a.t.Log(counted)
	if counted.Sent != counted.OK {
		a.t.Errorf("%d of %d requests failed", counted.Sent-counted.OK, counted.Sent)
	}
	if counted.Sent < 500 {
		a.t.Errorf("only %d requests were sent: too few to prove anything", counted.Sent)
	}
}

// names returns the names of the pods of the site that are not going.
func (a *app) names() map[string]bool {
	names := map[string]bool{}
	for _, p := range a.pods(django.DefaultName) {
		if p.DeletionTimestamp == nil {
			names[p.Name] = true
		}
	}
	return names
}

// waitUntilGone waits until no pod called names is left.
func (a *app) waitUntilGone(names map[string]bool) {
	a.t.Helper()
	eventually(a.t, time.Minute, "the old pods have ended", func(context.Context) error {
		for _, p := range a.pods(django.DefaultName) {
			if names[p.Name] {
				return fmt.Errorf("%s has not", p.Name)
			}
		}
		return nil
	})
}

// waitForWaiting waits until a container of workload waits for one of reasons.
func (a *app) waitForWaiting(workload string, reasons ...string) corev1.ContainerStateWaiting {
	a.t.Helper()
	var found corev1.ContainerStateWaiting
	eventually(a.t, 2*time.Minute, fmt.Sprintf("a container of %s waits for %q", workload, reasons), func(context.Context) error {
		err := errors.New("no container waits")
		for _, p := range a.pods(workload) {
			for _, status := range p.Status.ContainerStatuses {
				if status.State.Waiting == nil {
					continue
				}
				for _, reason := range reasons {
					if found = *status.State.Waiting; found.Reason == reason {
						return nil
					}
				}
				err = fmt.Errorf("%s: %s", status.State.Waiting.Reason, status.State.Waiting.Message)
			}
		}
		return err
	})
	return found
}

// hasEvent returns an error unless an event of the app says text.
func (a *app) hasEvent(ctx context.Context, text string) error {
	events, err := kube.Events(ctx, a.namespace)
	if err != nil {
		return err
	}
	for _, event := range events {
		if strings.Contains(event.Message, text) {
			return nil
		}
	}
	return fmt.Errorf("no event says %q", text)
}
