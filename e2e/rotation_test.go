package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/stack"
	"example.com/django-cdk8s/e2e/cluster"
)

const (
	rotationName = postgres.DefaultName + "-rotation"
	loginName    = postgres.DefaultName + "-login"
)

// rotated gives the processes of the project a login of their own.
func rotated(chart cdk8s.Chart, props *django.WebProps) {
	props.Project.Database = postgres.NewRotation(chart, "rotation", postgres.RotationProps{
		Database: props.Project.Database.(*postgres.Database), Image: siteImage,
	})
}

// Requests, writes and tasks go on while the login of every process changes.
func TestRotationUnderLoadLosesNothing(t *testing.T) {
	a := newApp(t, "rotation")
	a.startProject(a.compose(django.WebProps{Replicas: new(2), Gunicorn: django.Gunicorn{Threads: 4}}, func(s system) {
		django.NewWorker(s.chart, "worker", django.WorkerProps{
			Project: s.project, App: celeryApp, Concurrency: 1, Resources: small, TimeLimitSeconds: 30,
		})
		django.NewBeat(s.chart, "beat", django.BeatProps{Project: s.project, App: celeryApp, Resources: small})
	}, rotated))
	a.waitFor(workerName)
	a.waitFor(beatName)
	if owners := a.sql("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"); owners != secret.DefaultUser+"\n" {
		t.Errorf("tables belong to %q", owners)
	}
	before := a.names()
	readers, writers := a.load(visitors(rate/2)), a.load(writers(20))
	for i := range 3 {
		a.enqueue(fmt.Sprintf("task-before-%d", i), 0)
	}
	begin := time.Now()
	a.rotate("first")
	t.Logf("the login has changed after %s", time.Since(begin).Round(time.Second))
	for i := range 3 {
		a.enqueue(fmt.Sprintf("task-after-%d", i), 0)
	}
	a.lostNothing(readers)
	counted := writers.stop()
	t.Log(counted)
	if counted.Sent != counted.OK || counted.OK < 200 {
		t.Errorf("%d of %d writes failed", counted.Sent-counted.OK, counted.Sent)
	}
	for _, when := range []string{"before", "after"} {
		for i := range 3 {
			a.waitForRow(fmt.Sprintf("task-%s-%d", when, i))
		}
	}
	for name := range a.names() {
		if before[name] {
			t.Errorf("pod %s was not restarted", name)
		}
	}
	a.hasOneLogin(secret.DefaultUser + "_2")
}

// A run whose pod is killed after each of its steps is finished by its next pod.
func TestRotationSurvivesItsPods(t *testing.T) {
	beside(t)
	a := newApp(t, "killed")
	a.startProject(a.compose(django.WebProps{}, nil, rotated))
	for i, step := range []string{"may log in\n", "names role", "is restarted"} {
		job := a.createRotation(fmt.Sprintf("killed-%d", i))
		var killed corev1.Pod
		eventually(t, time.Minute, "a run says "+step, func(ctx context.Context) error {
			for _, p := range a.jobPods(job) {
				if log, err := kube.Logs(ctx, p, "rotate", false); err == nil && strings.Contains(log, step) {
					killed = p
					return nil
				}
			}
			return fmt.Errorf("none does")
		})
		a.deletePod(killed, new(int64(0)))
		a.waitForJob(job)
		a.hasOneLogin(string(a.login()[secret.UserKey]))
		if err := a.reachesDatabase(a.web(), 200); err != nil {
			t.Errorf("killed after it said %q: %v", step, err)
		}
	}
}

// A Secret that is deleted is made again by the next apply, and so is the
// password of the role by the next start of PostgreSQL.
func TestLostSecretIsMendedAsDocumented(t *testing.T) {
	beside(t)
	a := newApp(t, "lost")
	dir := a.start()
	id := a.add("written before")
	before := a.credentials()
	err := kube.Client.CoreV1().Secrets(a.namespace).Delete(t.Context(), secret.DefaultName, metav1.DeleteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	took := eventually(t, time.Minute, "the Job has gone with its Secret", func(ctx context.Context) error {
		jobs, err := kube.Client.BatchV1().Jobs(a.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + generator})
		if err == nil && len(jobs.Items) > 0 {
			err = fmt.Errorf("%s has not", jobs.Items[0].Name)
		}
		return err
	})
	t.Logf("the Job had gone after %s", took)
	begin := time.Now()
	a.apply(dir)
	eventually(t, time.Minute, "the Secret is complete", func(ctx context.Context) error {
		found, err := kube.Client.CoreV1().Secrets(a.namespace).Get(ctx, secret.DefaultName, metav1.GetOptions{})
		if err == nil && len(found.Data) < 4 {
			err = fmt.Errorf("it has %d keys", len(found.Data))
		}
		return err
	})
	if string(a.credentials()[secret.PasswordKey]) == string(before[secret.PasswordKey]) {
		t.Fatal("the Secret was not lost")
	}
	for _, deployment := range []string{postgres.DefaultName, django.DefaultName} {
		a.restart(deployment)
		a.waitFor(deployment)
	}
	t.Logf("mended %s after the apply", time.Since(begin).Round(time.Second))
	if err := a.reachesDatabase(a.web(), 200); err != nil {
		t.Error(err)
	}
	if got := a.rows()[id]; got != "written before" {
		t.Errorf("row %d is %q", id, got)
	}
}

// A worker and a beat that the database refuses say so, and are ready again once
// it does not.
func TestWorkerWithAWrongPasswordIsNotReady(t *testing.T) {
	beside(t)
	a := newApp(t, "refused")
	a.startProject(a.compose(django.WebProps{}, func(s system) {
		django.NewWorker(s.chart, "worker", django.WorkerProps{
			Project: s.project, App: celeryApp, Concurrency: 1, Resources: small,
		})
		django.NewBeat(s.chart, "beat", django.BeatProps{Project: s.project, App: celeryApp, Resources: small})
	}))
	a.waitFor(workerName)
	a.waitFor(beatName)
	a.sql(`ALTER ROLE ` + secret.DefaultUser + ` PASSWORD 'another'`)
	took := eventually(t, 2*time.Minute, "the worker and beat are not ready", func(context.Context) error {
		for _, p := range append(a.pods(workerName), a.pods(beatName)...) {
			if cluster.IsReady(p) {
				return fmt.Errorf("%s is", p.Name)
			}
		}
		return nil
	})
	t.Logf("not ready %s after the password had changed", took)
	if err := a.hasEvent(t.Context(), "cannot log in to the database"); err != nil {
		t.Error(err)
	}
	// The Secret is right; PostgreSQL takes it over when it starts.
	a.restart(postgres.DefaultName)
	for _, deployment := range []string{postgres.DefaultName, workerName, beatName} {
		t.Logf("%s is ready after %s", deployment, a.waitFor(deployment))
	}
	// The lock of beat ends with the server, and beat with it; a worker goes on.
	for _, p := range a.pods(workerName) {
		if restarts(p) > 0 {
			t.Errorf("%s was restarted", p.Name)
		}
	}
}

// A release that was rolled back does not migrate, whatever has held it up.
func TestRolledBackReleaseDoesNotMigrate(t *testing.T) {
	beside(t)
	a := newApp(t, "rolledback")
	good := a.write(migrating(siteImage))
	a.apply(good)
	a.waitFor(django.DefaultName)
	// As an image that comes late would, a node that comes late holds it up.
	late := pod.Template{NodeSelector: map[string]string{"e2e.example.com/late": a.namespace}}
	next := a.write(migrating(nextRelease), func(p *stack.Props) { p.Web.Pod = late })
	a.apply(next)
	eventually(t, time.Minute, "the Job waits for its node", func(ctx context.Context) error { return a.hasEvent(ctx, "node affinity") })
	a.apply(good)
	a.labelNode("e2e.example.com/late", a.namespace)
	a.jobsGoTo(1)

	// Another migration holds it up. This time its pod has started.
	a.hold("django-migrate", 30*time.Second)
	next = a.write(migrating(nextRelease))
	a.apply(next)
	eventually(t, time.Minute, "the Job waits for the lock", func(ctx context.Context) error {
		for _, p := range a.pods(migrationName) {
			if log, err := kube.Logs(ctx, p, "release", false); err == nil && strings.Contains(log, "is held by another") {
				return nil
			}
		}
		return fmt.Errorf("it does not")
	})
	a.apply(good)
	a.jobsGoTo(1)
	if columns := a.columns(); strings.Contains(strings.Join(columns, " "), newColumn) {
		t.Errorf("a release that was rolled back has migrated: %q", columns)
	}
	// When the release is wanted again, it migrates.
	a.apply(next)
	a.waitFor(django.DefaultName)
	if columns := a.columns(); !strings.Contains(strings.Join(columns, " "), newColumn) {
		t.Errorf("the release does not migrate when it is wanted again: %q", columns)
	}
}

// jobsGoTo waits until that many migration Jobs are left.
func (a *app) jobsGoTo(n int) {
	a.t.Helper()
	took := eventually(a.t, 3*time.Minute, "the Job has gone", func(ctx context.Context) error {
		jobs, err := kube.Client.BatchV1().Jobs(a.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + migrationName})
		if err == nil && len(jobs.Items) != n {
			err = fmt.Errorf("there are %d", len(jobs.Items))
		}
		return err
	})
	a.t.Logf("the Job that is not wanted had gone after %s", took)
}

// labelNode labels a node until the test ends.
func (a *app) labelNode(key, value string) {
	a.t.Helper()
	nodes := kube.Client.CoreV1().Nodes()
	list, err := nodes.List(a.t.Context(), metav1.ListOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	set := func(ctx context.Context, text string) {
		patch := fmt.Sprintf(`{"metadata":{"labels":{%q:%s}}}`, key, text)
		_, err := nodes.Patch(ctx, list.Items[0].Name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		if err != nil {
			a.t.Error(err)
		}
	}
	set(a.t.Context(), fmt.Sprintf("%q", value))
	a.t.Cleanup(func() { set(context.Background(), "null") })
}

// restart restarts a Deployment, as "kubectl rollout restart" does.
func (a *app) restart(deployment string) {
	a.t.Helper()
	patch := fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":%q}}}}}`,
		time.Now().Format(time.RFC3339))
	_, err := kube.Client.AppsV1().Deployments(a.namespace).Patch(a.t.Context(), deployment, types.MergePatchType,
		[]byte(patch), metav1.PatchOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
}

// createRotation runs the CronJob once, as "kubectl create job --from" does.
func (a *app) createRotation(suffix string) string {
	a.t.Helper()
	cron, err := kube.Client.BatchV1().CronJobs(a.namespace).Get(a.t.Context(), rotationName, metav1.GetOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: rotationName + "-" + suffix, Labels: cron.Spec.JobTemplate.Labels},
		Spec:       cron.Spec.JobTemplate.Spec,
	}
	if _, err := kube.Client.BatchV1().Jobs(a.namespace).Create(a.t.Context(), job, metav1.CreateOptions{}); err != nil {
		a.t.Fatal(err)
	}
	return job.Name
}

func (a *app) jobPods(job string) []corev1.Pod {
	a.t.Helper()
	pods, err := kube.Pods(a.t.Context(), a.namespace, "job-name="+job)
	if err != nil {
		a.t.Fatal(err)
	}
	return pods
}

func (a *app) waitForJob(name string) {
	a.t.Helper()
	eventually(a.t, 5*time.Minute, name+" has ended", func(ctx context.Context) error {
		job, err := kube.Client.BatchV1().Jobs(a.namespace).Get(ctx, name, metav1.GetOptions{})
		if err == nil && job.Status.Succeeded == 0 {
			err = fmt.Errorf("%d pods have failed", job.Status.Failed)
		}
		return err
	})
	for _, p := range a.jobPods(name) {
		if log, err := kube.Logs(a.t.Context(), p, "rotate", false); err == nil {
			a.t.Logf("%s:\n%s", p.Name, log)
		}
	}
}

func (a *app) rotate(suffix string) { a.t.Helper(); a.waitForJob(a.createRotation(suffix)) }

// login returns the Secret of the clients.
func (a *app) login() map[string][]byte {
	a.t.Helper()
	found, err := kube.Client.CoreV1().Secrets(a.namespace).Get(a.t.Context(), loginName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		a.t.Fatal(err)
	}
	return found.Data
}

// hasOneLogin fails the test unless role, and no other of the two, may log in,
// and the Secret names it.
func (a *app) hasOneLogin(role string) {
	a.t.Helper()
	got := a.sql(fmt.Sprintf("SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname ~ '^%s_[12]$'", secret.DefaultUser))
	if got != role+"\n" || string(a.login()[secret.UserKey]) != role {
		a.t.Errorf("%q may log in and the Secret names %q, want %q", got, a.login()[secret.UserKey], role)
	}
	if n := a.sql(fmt.Sprintf("SELECT count(*) FROM pg_stat_activity WHERE usename ~ '^%s_[12]$' AND usename <> '%s'",
		secret.DefaultUser, role)); n != "0\n" {
		a.t.Errorf("%s sessions of the role before are left", strings.TrimSpace(n))
	}
}
