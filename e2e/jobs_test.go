package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/e2e/cluster"
)

// runNow starts the Job of a CronJob now, as "kubectl create job --from" does,
// and returns its name.
func (a *app) runNow(cronJob string) string {
	a.t.Helper()
	cron, err := kube.Client.BatchV1().CronJobs(a.namespace).Get(a.t.Context(), cronJob, metav1.GetOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	job, err := kube.Client.BatchV1().Jobs(a.namespace).Create(a.t.Context(), &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			GenerateName: cronJob + "-now-", Labels: cron.Spec.JobTemplate.Labels,
			Annotations: map[string]string{"cronjob.kubernetes.io/instantiate": "manual"},
		},
		Spec: cron.Spec.JobTemplate.Spec,
	}, metav1.CreateOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	return job.Name
}

// ended waits until the Job has, and returns whether it succeeded.
func (a *app) ended(job string) (succeeded bool) {
	a.t.Helper()
	eventually(a.t, startLimit, job+" ends", func(ctx context.Context) error {
		found, err := kube.Client.BatchV1().Jobs(a.namespace).Get(ctx, job, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, condition := range found.Status.Conditions {
			if condition.Status == corev1.ConditionTrue &&
				(condition.Type == batchv1.JobComplete || condition.Type == batchv1.JobFailed) {
				succeeded = condition.Type == batchv1.JobComplete
				return nil
			}
		}
		return fmt.Errorf("%d active, %d failed", found.Status.Active, found.Status.Failed)
	})
	return succeeded
}

// succeeds waits until the Job has succeeded, prints how long each container of
// its pod took, and returns what they printed.
func (a *app) succeeds(job string) string {
	a.t.Helper()
	succeeded := a.ended(job)
	log := a.printed(job)
	if !succeeded {
		a.t.Fatalf("%s has failed:\n%s", job, log)
	}
	for _, p := range a.podsOf(job) {
		var took []string
		for _, status := range statuses(p) {
			if ended := status.State.Terminated; ended != nil {
				took = append(took, fmt.Sprintf("%s %s", status.Name, ended.FinishedAt.Sub(ended.StartedAt.Time)))
			}
		}
		a.t.Logf("%s: %s", job, strings.Join(took, ", "))
	}
	return log
}

// fails waits until the Job has failed, and checks that one line of what a
// container printed last says why, and that the same line is in its status,
// where "kubectl describe" shows it.
func (a *app) fails(job string, why ...string) {
	a.t.Helper()
	if a.ended(job) {
		a.t.Errorf("%s has succeeded:\n%s", job, a.printed(job))
		return
	}
	says := func(text string) int {
		n := 0
		for line := range strings.Lines(text) {
			if !slices.ContainsFunc(why, func(word string) bool { return !strings.Contains(line, word) }) {
				n++
			}
		}
		return n
	}
	log := a.printed(job)
	if says(log) == 0 {
		a.t.Errorf("%s has failed, and no line of its log has %q:\n%s", job, why, log)
		return
	}
	for _, p := range a.podsOf(job) {
		for _, status := range statuses(p) {
			if ended := status.State.Terminated; ended != nil && says(ended.Message) == 1 {
				a.t.Logf("%s: %s: %s", job, status.Name, strings.TrimSpace(ended.Message))
				return
			}
		}
	}
	a.t.Errorf("%s has failed, and no status of a container says %q in one line:\n%s", job, why, log)
}

func statuses(p corev1.Pod) []corev1.ContainerStatus {
	return slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses)
}

func (a *app) podsOf(job string) []corev1.Pod {
	a.t.Helper()
	pods, err := kube.Pods(a.t.Context(), a.namespace, batchv1.JobNameLabel+"="+job)
	if err != nil {
		a.t.Fatal(err)
	}
	return pods
}

// printed returns what the containers of the Job's pods have printed, one after
// the other.
func (a *app) printed(job string) string {
	a.t.Helper()
	var all strings.Builder
	for _, p := range a.podsOf(job) {
		for _, status := range statuses(p) {
			if status.State.Waiting != nil {
				continue
			}
			log, err := kube.Logs(a.t.Context(), p, status.Name, false)
			if err != nil {
				log = err.Error()
			}
			fmt.Fprintf(&all, "%s/%s:\n%s\n", p.Name, status.Name, log)
		}
	}
	return all.String()
}

// running waits until the container of the Job's pod runs, and returns the pod.
func (a *app) runs(job, container string) corev1.Pod {
	a.t.Helper()
	var found corev1.Pod
	eventually(a.t, time.Minute, container+" of "+job+" runs", func(context.Context) error {
		for _, p := range a.podsOf(job) {
			for _, status := range statuses(p) {
				if status.Name == container && status.State.Running != nil {
					found = p
					return nil
				}
			}
			return errors.New(cluster.State(p))
		}
		return errors.New("it has no pod")
	})
	return found
}
