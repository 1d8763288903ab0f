package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/valkey"
)

// dialing opens a connection to each address, and prints what it reached.
const dialing = `
import socket, sys
for address in sys.argv[1:]:
    host, port = address.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=3).close()
        print(address)
    except OSError:
        pass
`

// A stranger reaches nothing, in the namespace or from another one; what needs
// each other does, and the credentials are generated all the same.
func TestStrangersReachNothing(t *testing.T) {
	beside(t)
	a := newApp(t, "isolation")
	visitors := newApp(t, "visitors")
	a.startProject(a.compose(django.WebProps{Replicas: new(2)}, func(s system) {
		django.NewWorker(s.chart, "worker", django.WorkerProps{
			Project: s.project, App: celeryApp, Concurrency: 1, Resources: small,
		})
		isolation.New(s.chart, "isolation", isolation.Props{IngressFrom: []isolation.Peer{{Namespace: visitors.namespace}}})
	}))
	a.waitFor(workerName)
	visitors.createNamespace()

	web := fmt.Sprintf("%s:8000", a.web().Status.PodIP)
	db := fmt.Sprintf("%s:5432", a.database().Status.PodIP)
	exporter := fmt.Sprintf("%s:9187", a.database().Status.PodIP)
	broker := fmt.Sprintf("%s:6379", a.ready(valkey.DefaultName).Status.PodIP)
	service := fmt.Sprintf("%s.%s.svc:5432", postgres.DefaultName, a.namespace)
	all := []string{web, db, exporter, broker, service}

	a.reaches(a.web(), all, db, broker, service)
	a.reaches(a.ready(workerName), all, db, broker, service)
	a.reaches(a.database(), []string{web, broker})
	a.reaches(a.stranger(map[string]string{"app": "stranger"}), all)
	visitor := visitors.stranger(map[string]string{"app": "django"})
	a.reaches(visitor, all, web)

	// What needs each other works, not only connects.
	a.enqueue("isolated", 0)
	a.waitForRow("isolated")
	if n := len(a.credentials()); n < 4 {
		t.Errorf("the Secret has %d keys", n)
	}
}

// dialingInBash does the same where there is no Python.
const dialingInBash = `for address; do timeout 3 bash -c "</dev/tcp/${address%:*}/${address##*:}" 2>/dev/null && echo "$address"; done; true`

// reaches checks which of the addresses p can connect to, its own left out. A
// network plugin may need a moment to learn of a new pod.
func (a *app) reaches(p corev1.Pod, addresses []string, want ...string) {
	a.t.Helper()
	dial := []string{"python3", "-c", dialing}
	if p.Labels["app"] == postgres.DefaultName {
		dial = []string{"bash", "-c", dialingInBash, "bash"}
	}
	for _, address := range addresses {
		if !strings.HasPrefix(address, p.Status.PodIP+":") {
			dial = append(dial, address)
		}
	}
	eventually(a.t, time.Minute, fmt.Sprintf("%s/%s reaches %q and nothing else", p.Namespace, p.Name, want), func(ctx context.Context) error {
		got, err := kube.Exec(ctx, p, dial...)
		if err == nil && !slices.Equal(strings.Fields(got), want) {
			err = fmt.Errorf("it reaches %q", strings.Fields(got))
		}
		return err
	})
}

// stranger starts a pod that does nothing.
func (a *app) stranger(labels map[string]string) corev1.Pod {
	a.t.Helper()
	p := loadPod("")
	p.GenerateName, p.Labels = "stranger-", labels
	p.Spec.Containers[0].Command = []string{"sleep", "600"}
	created, err := kube.Client.CoreV1().Pods(a.namespace).Create(a.t.Context(), p, metav1.CreateOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	var running *corev1.Pod
	eventually(a.t, time.Minute, "the stranger runs", func(ctx context.Context) (err error) {
		running, err = kube.Client.CoreV1().Pods(a.namespace).Get(ctx, created.Name, metav1.GetOptions{})
		if err == nil && running.Status.Phase != corev1.PodRunning {
			err = errors.New(string(running.Status.Phase))
		}
		return err
	})
	return *running
}

// createNamespace makes the namespace of an app that applies nothing.
func (a *app) createNamespace() {
	a.t.Helper()
	_, err := kube.Client.CoreV1().Namespaces().Create(a.t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: a.namespace}}, metav1.CreateOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
}
