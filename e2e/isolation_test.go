package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/constructs-go/constructs/v10"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/route"
	"example.com/django-cdk8s/constructs/valkey"
)

// dialing opens a connection to each address at once, and prints those that it
// reached, in their order.
const dialing = `
import socket, sys
from concurrent.futures import ThreadPoolExecutor

def reaches(address):
    host, port = address.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=3).close()
        return True
    except OSError:
        return False

addresses = sys.argv[1:]
with ThreadPoolExecutor() as pool:
    for address, reached in zip(addresses, pool.map(reaches, addresses)):
        if reached:
            print(address)
`

// A stranger reaches nothing, in the namespace or from another one; what needs
// each other does, and the credentials are generated all the same. A construct
// of an importing project takes part, and so do the pods by which cert-manager
// answers a challenge.
func TestStrangersReachNothing(t *testing.T) {
	beside(t)
	a := newApp(t, "isolation")
	visitors := newApp(t, "visitors")
	a.startProject(a.compose(django.WebProps{
		Project: django.Project{Hosts: []string{a.namespace + ".example.com"}, HTTPS: true},
		// The test asks by http.
		Env:      map[string]string{"SECURE_SSL_REDIRECT": "0"},
		Replicas: new(2),
	}, func(s system) {
		django.NewWorker(s.chart, "worker", django.WorkerProps{
			Project: s.project, App: celeryApp, Concurrency: 1, Resources: small,
		})
		newReports(s.chart, s.project.Database)
		route.NewIngress(s.chart, "ingress", route.IngressProps{
			Site: s.web, ClassName: ingressClass, ClusterIssuer: "letsencrypt",
		})
		isolation.New(s.chart, "isolation", isolation.Props{IngressFrom: []isolation.Peer{{Namespace: visitors.namespace}}})
	}))
	a.waitFor(workerName)
	a.waitFor(reportsName)
	visitors.createNamespace()
	solver := a.solver()

	web := fmt.Sprintf("%s:8000", a.web().Status.PodIP)
	db := fmt.Sprintf("%s:5432", a.database().Status.PodIP)
	exporter := fmt.Sprintf("%s:9187", a.database().Status.PodIP)
	broker := fmt.Sprintf("%s:6379", a.ready(valkey.DefaultName).Status.PodIP)
	service := fmt.Sprintf("%s.%s.svc:5432", postgres.DefaultName, a.namespace)
	challenge := fmt.Sprintf("%s:%d", solver.Status.PodIP, solverPort)
	all := []string{web, db, exporter, broker, service, challenge}

	a.reaches(a.web(), all, db, broker, service)
	a.reaches(a.ready(workerName), all, db, broker, service)
	a.reaches(a.ready(reportsName), all, db, service)
	a.reaches(a.database(), []string{web, broker, challenge})
	a.reaches(solver, all)
	a.reaches(a.stranger(map[string]string{"app": "stranger"}), all)
	visitor := visitors.stranger(map[string]string{"app": "django"})
	a.reaches(visitor, all, web, challenge)

	// What needs each other works, not only connects.
	a.enqueue("isolated", 0)
	a.waitForRow("isolated")
	if n := len(a.credentials()); n < 4 {
		t.Errorf("the Secret has %d keys", n)
	}
}

// reportsName is the name of the workload of [reports].
const reportsName = "reports"

// reports is a construct of an importing project, which declares that its pods
// read the database.
type reports struct {
	constructs.Construct

	database postgres.Connector
}

func newReports(scope constructs.Construct, database postgres.Connector) {
	r := &reports{database: database}
	constructs.NewConstruct_Override(r, scope, new(reportsName))
	object.New(r, "Deployment", reportsName, r.deployment)
}

// Flows implements network.Source.
func (r *reports) Flows() []network.Flow {
	server := r.database.Connection().Endpoint()
	server.Connections = 1
	return []network.Flow{{Name: reportsName, Pods: r.labels(), To: []network.Endpoint{server}}}
}

func (r *reports) labels() map[string]string { return map[string]string{"app": reportsName} }

func (r *reports) deployment() *appsv1.Deployment {
	spec := idlePod().Spec
	spec.RestartPolicy = corev1.RestartPolicyAlways
	c := &spec.Containers[0]
	c.Resources.Limits = c.Resources.Requests
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: reportsName, Labels: r.labels()},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(1)),
			Selector: &metav1.LabelSelector{MatchLabels: r.labels()},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: r.labels()}, Spec: spec},
		},
	}
}

// solverPort is the port of cert-manager's solvers; see
// https://cert-manager.io/docs/installation/best-practice/#network-requirements-and-network-policy.
const solverPort = 8089

// solver starts a pod that stands for the one by which cert-manager answers the
// challenge of a certificate.
func (a *app) solver() corev1.Pod {
	a.t.Helper()
	p := idlePod()
	p.GenerateName, p.Labels = "cm-acme-http-solver-", map[string]string{"acme.cert-manager.io/http01-solver": "true"}
	p.Spec.Containers[0].Command = []string{"python3", "-m", "http.server", fmt.Sprint(solverPort)}
	return a.run(p)
}

// dialingInBash does the same where there is no Python, in any order.
const dialingInBash = `
for address; do
  timeout 3 bash -c "</dev/tcp/${address%:*}/${address##*:}" 2>/dev/null && echo "$address" &
done
wait`

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

// idlePod is a pod that does nothing.
func idlePod() *corev1.Pod {
	p := loadPod("")
	p.Spec.Containers[0].Command = []string{"sleep", "600"}
	return p
}

// stranger starts a pod that does nothing.
func (a *app) stranger(labels map[string]string) corev1.Pod {
	a.t.Helper()
	p := idlePod()
	p.GenerateName, p.Labels = "stranger-", labels
	return a.run(p)
}

// run makes p and waits until it runs.
func (a *app) run(p *corev1.Pod) corev1.Pod {
	a.t.Helper()
	created, err := kube.Client.CoreV1().Pods(a.namespace).Create(a.t.Context(), p, metav1.CreateOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	var running *corev1.Pod
	eventually(a.t, time.Minute, created.Name+" runs", func(ctx context.Context) (err error) {
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
