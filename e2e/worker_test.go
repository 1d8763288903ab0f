package e2e

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/valkey"
)

const (
	celeryApp  = "guestbook"
	workerName = django.DefaultName + "-worker"
	beatName   = django.DefaultName + "-beat"
)

// A worker that is to stop finishes what it has begun; what waits in the broker
// survives it, and the broker itself.
func TestNoTaskIsLost(t *testing.T) {
	beside(t)
	a := newApp(t, "worker")
	a.startProject(a.compose(django.WebProps{}, func(s system) {
		django.NewWorker(s.chart, "worker", django.WorkerProps{
			Project: s.project, App: celeryApp, Concurrency: 2, Resources: small, TimeLimitSeconds: 60,
		})
	}))
	a.waitFor(workerName)

	a.enqueue("quick", 0)
	took := a.waitForRow("quick")
	t.Logf("a task had run after %s", took)

	first := a.ready(workerName)
	a.enqueue("slow", 15)
	eventually(t, time.Minute, "the slow task has begun", func(ctx context.Context) error {
		log, err := kube.Logs(ctx, first, "worker", false)
		if err == nil && !strings.Contains(log, "slow_entry") {
			err = fmt.Errorf("the worker's log does not say so")
		}
		return err
	})
	a.deletePod(first, nil)
	t.Logf("the slow task ended %s after its worker was told to stop", a.waitForRow("slow"))
	// It heard the signal, and was not killed at the end of its grace period.
	eventually(t, 30*time.Second, "the old worker has ended", func(ctx context.Context) error {
		return a.podGone(ctx, first)
	})
	if n := a.count("slow"); n != 1 {
		t.Errorf("the slow task ran %d times", n)
	}

	// With no worker, tasks wait, and the broker's data outlives its pod.
	a.waitFor(workerName)
	a.scale(workerName, 0)
	eventually(t, 2*time.Minute, "no worker is left", func(context.Context) error {
		if n := len(a.pods(workerName)); n > 0 {
			return fmt.Errorf("there are %d", n)
		}
		return nil
	})
	for i := range 20 {
		a.enqueue(fmt.Sprintf("waits-%d", i), 0)
	}
	time.Sleep(2 * time.Second) // The append-only file reaches the disk once a second.
	a.deletePod(a.ready(valkey.DefaultName), new(int64(0)))
	a.waitFor(valkey.DefaultName)
	a.scale(workerName, 1)
	for i := range 20 {
		a.waitForRow(fmt.Sprintf("waits-%d", i))
	}
}

// enqueue asks the site to run a task that adds an entry, after some seconds.
func (a *app) enqueue(text string, seconds int) {
	a.t.Helper()
	form := url.Values{"text": {text}}
	if seconds > 0 {
		form.Set("seconds", strconv.Itoa(seconds))
	}
	eventually(a.t, time.Minute, "the site takes a task", func(context.Context) error {
		got, err := a.request(a.web(), "POST", "/tasks", form)
		if err == nil && got.status != 202 {
			err = fmt.Errorf("%d: %s", got.status, got.body)
		}
		return err
	})
}

// waitForRow waits until there is an entry with text.
func (a *app) waitForRow(text string) time.Duration {
	a.t.Helper()
	return eventually(a.t, 2*time.Minute, "there is an entry "+text, func(context.Context) error {
		if a.count(text) == 0 {
			return fmt.Errorf("there is none")
		}
		return nil
	})
}

// count counts the entries whose text is like that.
func (a *app) count(text string) int {
	a.t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(a.sql("SELECT count(*) FROM entries_entry WHERE text LIKE '" + text + "'")))
	if err != nil {
		a.t.Fatal(err)
	}
	return n
}

// deletePod deletes p within grace seconds; nil means those that it asks for.
func (a *app) deletePod(p corev1.Pod, grace *int64) {
	a.t.Helper()
	err := kube.Client.CoreV1().Pods(p.Namespace).Delete(a.t.Context(), p.Name, metav1.DeleteOptions{GracePeriodSeconds: grace})
	if err != nil {
		a.t.Fatal(err)
	}
}

// podGone returns an error while p is there.
func (a *app) podGone(ctx context.Context, p corev1.Pod) error {
	found, err := kube.Client.CoreV1().Pods(a.namespace).Get(ctx, p.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) || err == nil && found.UID != p.UID {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("%s is %s", p.Name, found.Status.Phase)
	}
	return err
}

// Whatever happens to its pod, a message that is due is sent once.
func TestBeatIsOne(t *testing.T) {
	beside(t)
	a := newApp(t, "beat")
	ticking := django.Project{Env: map[string]string{"BEAT_TICK_SECONDS": "2"}}
	a.startProject(a.compose(django.WebProps{Project: ticking}, func(s system) {
		django.NewWorker(s.chart, "worker", django.WorkerProps{
			Project: s.project, App: celeryApp, Concurrency: 1, Resources: small,
		})
		django.NewBeat(s.chart, "beat", django.BeatProps{Project: s.project, App: celeryApp, Resources: small})
	}))
	a.waitFor(workerName)
	a.waitFor(beatName)
	ticks := func() int { return a.count("tick%") }
	eventually(t, time.Minute, "beat ticks", func(context.Context) error {
		if n := ticks(); n < 3 {
			return fmt.Errorf("%d times", n)
		}
		return nil
	})
	// A Deployment makes the next pod as soon as the object of the old one is
	// gone, while the old process still runs.
	for range 3 {
		a.deletePod(a.ready(beatName), new(int64(0)))
		time.Sleep(8 * time.Second)
	}
	before := ticks()
	eventually(t, 2*time.Minute, "the new beat ticks", func(context.Context) error {
		if n := ticks(); n < before+3 {
			return fmt.Errorf("%d times", n-before)
		}
		return nil
	})
	holders := "SELECT count(DISTINCT pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
	if n := strings.TrimSpace(a.sql(holders)); n != "1" {
		t.Errorf("%s processes hold the lock", n)
	}
	// Two beats would tick twice within the interval.
	gaps := strings.Fields(a.sql(`SELECT extract(epoch FROM created - lag(created) OVER (ORDER BY created)) FROM entries_entry WHERE text LIKE 'tick%' ORDER BY created`))
	short := 0
	for _, gap := range gaps {
		if seconds, err := strconv.ParseFloat(gap, 64); err == nil && seconds < 1 {
			short++
		}
	}
	t.Logf("%d ticks, %d of them less than a second after the one before; gaps %s", len(gaps)+1, short, gaps)
	// One that is made up for after a restart may come early.
	if short > 3 {
		t.Errorf("%d ticks came twice", short)
	}
}

func TestCommandRunsOnSchedule(t *testing.T) {
	beside(t)
	a := newApp(t, "command")
	const name = django.DefaultName + "-prune"
	a.startProject(a.compose(django.WebProps{}, func(s system) {
		django.NewScheduledCommand(s.chart, "prune", django.ScheduledCommandProps{
			Project: s.project, NameSuffix: "prune", Args: []string{"prune_entries", "--keep", "2"},
			Schedule: "* * * * *", Resources: small, HistoryLimit: new(1),
		})
	}))
	for i := range 5 {
		a.add(fmt.Sprint(i))
	}
	took := eventually(t, 3*time.Minute, "the command has left two entries", func(context.Context) error {
		n, err := a.countRows()
		if err == nil && n != 2 {
			err = fmt.Errorf("there are %d", n)
		}
		return err
	})
	t.Logf("pruned after %s", took)
	cron, err := kube.Client.BatchV1().CronJobs(a.namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if cron.Spec.ConcurrencyPolicy != batchv1.ForbidConcurrent {
		t.Errorf("concurrency policy %s", cron.Spec.ConcurrencyPolicy)
	}
	events, err := kube.Events(t.Context(), a.namespace)
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(events, func(e corev1.Event) bool { return e.Reason == "UnparseableSchedule" || e.Reason == "UnknownTimeZone" }) {
		t.Errorf("the controller does not read the schedule: %v", events)
	}
}
