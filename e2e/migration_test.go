package e2e

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/stack"
	"example.com/django-cdk8s/e2e/cluster"
)

// The releases of the site after the one under test: one with a migration more,
// and one whose migration fails.
var (
	nextRelease   = releaseImage("2.0.0")
	brokenRelease = releaseImage("3.0.0")
)

func releaseImage(version string) string {
	return regexp.MustCompile(`:[^:/]*$`).ReplaceAllString(siteImage, ":"+version)
}

// migrating is a site of two pods that wait for migrations.
func migrating(image string) func(*stack.Props) {
	return func(p *stack.Props) {
		p.Web.Replicas = new(2)
		p.Web.Gunicorn = django.Gunicorn{Workers: 2, Threads: 4}
		p.Web.Project.Image, p.Web.Project.WaitForMigrations = image, true
	}
}

func TestMigrationUnderLoadLosesNoRequest(t *testing.T) {
	a := newApp(t, "migration")
	a.apply(a.write(migrating(siteImage)))
	a.waitFor(django.DefaultName)
	before := a.names()
	if columns := a.columns(); slices.Contains(columns, newColumn) {
		t.Fatalf("the table has the column of the next release already: %q", columns)
	}
	readers, writers := a.load(visitors(rate/2)), a.load(writers(20))
	// The migration takes its time: it has to wait for a lock.
	a.hold("django-migrate", 15*time.Second)
	a.apply(a.write(migrating(nextRelease)))
	t.Logf("migrated and rolled out after %s", a.waitFor(django.DefaultName))
	a.waitUntilGone(before)
	a.lostNothing(readers)
	counted := writers.stop()
	t.Log(counted)
	if counted.Sent != counted.OK || counted.OK < 50 {
		t.Errorf("%d of %d writes failed", counted.Sent-counted.OK, counted.Sent)
	}
	if columns := a.columns(); !slices.Contains(columns, newColumn) {
		t.Errorf("the table has the columns %q, and not %s", columns, newColumn)
	}
	for _, p := range a.pods(django.DefaultName) {
		if cluster.IsReady(p) && p.Spec.Containers[0].Image != nextRelease {
			t.Errorf("%s runs %s", p.Name, p.Spec.Containers[0].Image)
		}
	}
}

func TestFailingMigrationKeepsOldPodsServing(t *testing.T) {
	a := newApp(t, "badmigration")
	good := a.write(migrating(siteImage))
	a.apply(good)
	a.waitFor(django.DefaultName)
	old := a.names()
	l := a.load(visitors(rate / 2))

	a.apply(a.write(migrating(brokenRelease)))
	var failed corev1.Pod
	eventually(t, startLimit, "the migration fails", func(context.Context) error {
		for _, p := range a.pods(migrationName) {
			if p.Status.Phase == corev1.PodFailed {
				failed = p
				return nil
			}
		}
		return fmt.Errorf("no pod of it has")
	})
	log, err := kube.Logs(t.Context(), failed, "migrate", false)
	if err != nil || !strings.Contains(log, "RuntimeError") && !strings.Contains(log, "Error:") {
		t.Errorf("its log does not say why: %v\n%s", err, log)
	}
	waiting := 0
	for _, p := range a.pods(django.DefaultName) {
		switch {
		case old[p.Name] && !cluster.IsReady(p):
			t.Errorf("old pod %s: %s", p.Name, cluster.State(p))
		case !old[p.Name] && p.Status.Phase != corev1.PodPending:
			t.Errorf("new pod %s does not wait: %s", p.Name, cluster.State(p))
		case !old[p.Name]:
			waiting++
			log, err := kube.Logs(t.Context(), p, "wait-for-migrations", false)
			if err != nil || !strings.Contains(log, "entries.") {
				t.Errorf("the new pod does not say what it waits for: %v\n%s", err, log)
			}
		}
	}
	if waiting == 0 {
		t.Error("there is no new pod: nothing was rolled out")
	}
	a.undo(good, old)
	a.lostNothing(l)
}

// A Job waits for the one that migrates. Of those that wait, the newest migrates
// and the others go; what has ended is deleted in time.
func TestMigrationsTakeTurnsAndAreBounded(t *testing.T) {
	beside(t)
	a := newApp(t, "turns")
	release := func(version int) func(*stack.Props) {
		return func(p *stack.Props) { p.Web.Project.Env = map[string]string{"RELEASE": fmt.Sprint(version)} }
	}
	a.apply(a.write(migrating(siteImage), release(0)))
	a.waitFor(django.DefaultName)
	jobs := func() []batchv1.Job {
		list, err := kube.Client.BatchV1().Jobs(a.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app=" + migrationName})
		if err != nil {
			t.Fatal(err)
		}
		return list.Items
	}
	first := jobs()[0].Name
	// As a migration that takes its time would, another session holds the lock.
	const held = 40 * time.Second
	since := a.hold("django-migrate", held)
	const releases = 6
	for i := range releases {
		a.apply(a.write(migrating(siteImage), release(i+1)))
	}
	wanted := a.wantedJob()
	always(t, held-5*time.Second-time.Since(since), "no migration ends while another one runs", func(context.Context) error {
		for _, job := range jobs() {
			if job.Status.Succeeded > 0 && job.Name != first {
				return fmt.Errorf("%s has ended", job.Name)
			}
		}
		return nil
	})
	eventually(t, startLimit, "the newest migration has ended, and those before it have gone", func(context.Context) error {
		for _, job := range jobs() {
			if job.Status.Succeeded == 0 || job.Name != first && job.Name != wanted {
				return fmt.Errorf("%s is there, with %d successes", job.Name, job.Status.Succeeded)
			}
		}
		return nil
	})
	// Each that ends makes those before it too many, in time.
	for i := range django.DefaultHistoryLimit {
		a.apply(a.write(migrating(siteImage), release(releases+1+i)))
		eventually(t, startLimit, "the migration has ended", func(context.Context) error {
			for _, job := range jobs() {
				if job.Name == a.wantedJob() && job.Status.Succeeded > 0 {
					return nil
				}
			}
			return fmt.Errorf("it has not")
		})
	}
	if n := len(jobs()); n != django.DefaultHistoryLimit+1 {
		t.Errorf("there are %d Jobs", n)
	}
}

// wantedJob returns the name of the Job of the release that was applied last.
func (a *app) wantedJob() string {
	a.t.Helper()
	found, err := kube.Client.CoreV1().ConfigMaps(a.namespace).Get(a.t.Context(), migrationName+"-release", metav1.GetOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	return found.Data["job"]
}

const (
	migrationName = django.DefaultName + "-migrate"

	// newColumn is what the next release adds.
	newColumn = "author"
)

// columns returns the columns of the site's table.
func (a *app) columns() []string {
	a.t.Helper()
	return strings.Fields(a.sql("SELECT column_name FROM information_schema.columns WHERE table_name = 'entries_entry'"))
}

// sql asks the database as its owner and returns the answer, one row a line.
func (a *app) sql(statement string) string {
	a.t.Helper()
	return a.exec(a.database(), "sh", "-c", `psql -h 127.0.0.1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -At -c "$0"`, statement)
}

// hold takes the advisory lock called name in a session of its own for as long
// as that, and returns when it did.
func (a *app) hold(name string, span time.Duration) time.Time {
	a.t.Helper()
	statement := fmt.Sprintf("SELECT pg_advisory_lock(hashtextextended('%s', 0)), pg_sleep(%d)", name, int(span.Seconds()))
	a.exec(a.database(), "sh", "-c", `psql -h 127.0.0.1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "$0" >/dev/null 2>&1 &`, statement)
	eventually(a.t, 10*time.Second, "the lock is held", func(context.Context) error {
		if got := strings.TrimSpace(a.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")); got == "0" {
			return fmt.Errorf("it is not")
		}
		return nil
	})
	return time.Now()
}
