package e2e

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/stack"
	"example.com/django-cdk8s/constructs/valkey"
	"example.com/django-cdk8s/e2e/cluster"
	"example.com/django-cdk8s/synth"
)

// startLimit is how long a workload may take to start on a small cluster.
const startLimit = 3 * time.Minute

// app is one stack in a namespace of its own.
type app struct {
	t         *testing.T
	namespace string
}

// beside lets the test run while others do that wait for the cluster, too.
// Tests that measure the site under load stay alone.
func beside(t *testing.T) {
	t.Parallel() //nolint:forbidigo // The kernel of jsii is behind synthesis.
}

// removing are the namespaces whose deletion has been asked for.
var (
	removing     []string
	removingLock sync.Mutex
)

// newApp returns an app with a fresh namespace, which does not exist yet. When
// the test ends the namespace is removed; when it fails, what is in it is
// printed before.
func newApp(t *testing.T, name string) *app {
	a := &app{t: t, namespace: fmt.Sprintf("e2e-%s-%06x", name, rand.IntN(1<<24))}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if t.Failed() {
			var report bytes.Buffer
			kube.Report(ctx, &report, a.namespace)
			t.Log(report.String())
		}
		err := kube.Client.CoreV1().Namespaces().Delete(ctx, a.namespace, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
		removingLock.Lock()
		defer removingLock.Unlock()
		removing = append(removing, a.namespace)
	})
	return a
}

// gone returns an error while namespace is there.
func gone(ctx context.Context, name string) error {
	found, err := kube.Client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("namespace %s is still there, %s: %v", name, found.Status.Phase, found.Status.Conditions)
	}
	return err
}

// small leaves room for the other pods of a node with two cores: what the
// scheduler sets aside is small, the limits are the library's own.
var small = pod.Resources{Requests: pod.Quantities{CPU: "50m", Memory: "128Mi"}}

// tiny is for what runs briefly, or beside many others.
var tiny = pod.Resources{Requests: pod.Quantities{CPU: "10m", Memory: "64Mi"}}

// synthesis keeps the kernel of jsii to one goroutine at a time.
var synthesis sync.Mutex

// write synthesises the app into a fresh directory and returns it. Each change
// is made to the props of the smallest stack.
func (a *app) write(changes ...func(*stack.Props)) string {
	a.t.Helper()
	props := stack.Props{
		Namespace: namespace.Props{Name: a.namespace},
		Database:  postgres.DatabaseProps{Image: postgresImage, Resources: small, Storage: "1Gi"},
		Web:       django.WebProps{Project: django.Project{Image: siteImage}, Resources: small},
	}
	for _, change := range changes {
		change(&props)
	}
	return a.synthesise(func(app cdk8s.App) { stack.New(app, a.namespace, props) })
}

func (a *app) synthesise(build func(app cdk8s.App)) string {
	a.t.Helper()
	dir := a.t.TempDir()
	synthesis.Lock()
	defer synthesis.Unlock()
	if err := synth.Write(dir, a.t.Output(), synth.Environment{Build: build}); err != nil {
		a.t.Fatal(err)
	}
	return dir
}

// system is a project with a broker, composed of the constructs themselves.
type system struct {
	chart   cdk8s.Chart
	project django.Project
	web     *django.Web
}

// compose synthesises a project that migrates, with what before adds for the
// site and more adds to it, into a fresh directory and returns that.
func (a *app) compose(
	props django.WebProps, more func(s system), before ...func(chart cdk8s.Chart, props *django.WebProps),
) string {
	a.t.Helper()
	return a.synthesise(func(app cdk8s.App) {
		s := system{chart: cdk8s.NewChart(app, new(a.namespace), &cdk8s.ChartProps{Namespace: &a.namespace})}
		namespace.New(s.chart, "namespace", namespace.Props{Name: a.namespace})
		env := secret.New(s.chart, "secret", secret.Props{Source: secret.Generated(secret.GeneratedProps{
			Image: siteImage, Keys: []string{valkey.PasswordKey},
		})})
		project := &props.Project
		project.Image, project.WaitForMigrations = cmp.Or(project.Image, siteImage), true
		project.Database = postgres.NewDatabase(s.chart, "database", postgres.DatabaseProps{
			Image: postgresImage, Secret: env, Resources: small, Storage: "1Gi",
			Exporter: postgres.Exporter{Image: exporterImage},
		})
		project.Broker = valkey.NewServer(s.chart, "broker", valkey.ServerProps{Image: valkeyImage, Secret: env})
		props.Resources = small
		for _, change := range before {
			change(s.chart, &props)
		}
		s.project = *project
		s.web = django.NewWeb(s.chart, "web", props)
		django.NewMigration(s.chart, "migration", django.MigrationProps{Project: s.project})
		if more != nil {
			more(s)
		}
	})
}

// startProject applies what compose returned and waits until the site is
// rolled out.
func (a *app) startProject(dir string) {
	a.t.Helper()
	a.apply(dir)
	for _, deployment := range []string{postgres.DefaultName, valkey.DefaultName, django.DefaultName} {
		a.waitFor(deployment)
	}
}

// apply applies what write has written.
func (a *app) apply(dir string) []*cluster.Object {
	a.t.Helper()
	objects, err := kube.Apply(a.t.Context(), dir)
	if err != nil {
		a.t.Fatal(err)
	}
	return objects
}

// start writes and applies the app, waits until all of it is ready, and
// migrates the database. It returns the directory of the manifests.
func (a *app) start(changes ...func(*stack.Props)) string {
	a.t.Helper()
	dir := a.write(changes...)
	begin := time.Now()
	a.apply(dir)
	a.waitFor(postgres.DefaultName)
	a.waitFor(django.DefaultName)
	a.migrate()
	a.t.Logf("%s: started and migrated in %s", a.namespace, time.Since(begin).Round(100*time.Millisecond))
	return dir
}

// waitFor waits, as "kubectl rollout status" does, until the Deployment has
// all its pods of the newest version available and no other.
func (a *app) waitFor(deployment string) time.Duration {
	a.t.Helper()
	return eventually(a.t, startLimit, deployment+" is rolled out", func(ctx context.Context) error {
		d, err := a.deployment(ctx, deployment)
		if err != nil {
			return err
		}
		wanted, s := *d.Spec.Replicas, d.Status
		if s.ObservedGeneration < d.Generation || s.UpdatedReplicas != wanted || s.Replicas != wanted || s.AvailableReplicas != wanted {
			return fmt.Errorf("%d wanted, %d updated, %d in all, %d available", wanted, s.UpdatedReplicas, s.Replicas, s.AvailableReplicas)
		}
		return nil
	})
}

func (a *app) deployment(ctx context.Context, name string) (*appsv1.Deployment, error) {
	return kube.Client.AppsV1().Deployments(a.namespace).Get(ctx, name, metav1.GetOptions{})
}

// migrate makes the tables, as "kubectl exec" would. It waits for the database
// to be reached: each node learns a little later than the API server that a
// Service has a ready pod.
func (a *app) migrate() {
	a.t.Helper()
	eventually(a.t, time.Minute, "the site reaches the database", func(context.Context) error {
		return a.reachesDatabase(a.web(), 200)
	})
	a.exec(a.web(), "python3", "manage.py", "migrate", "--noinput")
}

// pods returns the pods of one workload of the app.
func (a *app) pods(name string) []corev1.Pod {
	a.t.Helper()
	pods, err := kube.Pods(a.t.Context(), a.namespace, "app="+name)
	if err != nil {
		a.t.Fatal(err)
	}
	return pods
}

// ready returns a ready pod of one workload of the app.
func (a *app) ready(name string) corev1.Pod {
	a.t.Helper()
	var found corev1.Pod
	eventually(a.t, time.Minute, "a pod of "+name+" is ready", func(context.Context) error {
		for _, p := range a.pods(name) {
			if cluster.IsReady(p) {
				found = p
				return nil
			}
		}
		return fmt.Errorf("none is")
	})
	return found
}

func (a *app) web() corev1.Pod { a.t.Helper(); return a.ready(django.DefaultName) }

func (a *app) database() corev1.Pod { a.t.Helper(); return a.ready(postgres.DefaultName) }

// exec runs command in p and returns what it prints.
func (a *app) exec(p corev1.Pod, command ...string) string {
	a.t.Helper()
	out, err := kube.Exec(a.t.Context(), p, command...)
	if err != nil {
		a.t.Fatalf("%q: %v", command[0], err)
	}
	return out
}

// credentials returns the Secret of the app.
func (a *app) credentials() map[string][]byte {
	a.t.Helper()
	found, err := kube.Client.CoreV1().Secrets(a.namespace).Get(a.t.Context(), secret.DefaultName, metav1.GetOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	return found.Data
}
