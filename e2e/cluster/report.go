package cluster

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// lines is how much of a log a report shows.
const lines = 40

// Report prints what a person would look at first: the events, pods and logs
// of namespace.
func (c *Cluster) Report(ctx context.Context, w io.Writer, namespace string) {
	fmt.Fprintf(w, "=== namespace %s\n", namespace)
	events, err := c.Events(ctx, namespace)
	if err != nil {
		fmt.Fprintln(w, err)
	}
	for _, event := range events {
		fmt.Fprintf(w, "event %s x%d %s %s/%s: %s\n", event.Type, max(event.Count, 1), event.Reason,
			event.InvolvedObject.Kind, event.InvolvedObject.Name, event.Message)
	}
	pods, err := c.Pods(ctx, namespace, "")
	if err != nil {
		fmt.Fprintln(w, err)
	}
	for _, pod := range pods {
		fmt.Fprintf(w, "pod %s: %s\n", pod.Name, State(pod))
	}
	for _, pod := range pods {
		for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
			c.reportLogs(ctx, w, pod, status.Name, false)
			if status.RestartCount > 0 {
				c.reportLogs(ctx, w, pod, status.Name, true)
			}
		}
	}
}

func (c *Cluster) reportLogs(ctx context.Context, w io.Writer, pod corev1.Pod, container string, previous bool) {
	log, err := c.Logs(ctx, pod, container, previous)
	if err != nil {
		log = err.Error()
	}
	all := strings.Split(strings.TrimRight(log, "\n"), "\n")
	fmt.Fprintf(w, "--- log of %s/%s, previous: %t, last of %d lines\n%s\n", pod.Name, container, previous, len(all),
		strings.Join(all[max(0, len(all)-lines):], "\n"))
}

// Events returns the events of namespace, from the oldest.
func (c *Cluster) Events(ctx context.Context, namespace string) ([]corev1.Event, error) {
	list, err := c.Client.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list.Items, func(a, b corev1.Event) int {
		return a.LastTimestamp.Compare(b.LastTimestamp.Time)
	})
	return list.Items, nil
}

// State returns what "kubectl get pod" and "kubectl describe pod" tell of the
// state of pod, in one line.
func State(pod corev1.Pod) string {
	parts := []string{string(pod.Status.Phase)}
	if pod.DeletionTimestamp != nil {
		parts = append(parts, "terminating")
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Status != corev1.ConditionTrue && condition.Message != "" {
			parts = append(parts, fmt.Sprintf("%s: %s", condition.Reason, condition.Message))
		}
	}
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		parts = append(parts, fmt.Sprintf("%s ready=%t restarts=%d", status.Name, status.Ready, status.RestartCount))
		if waiting := status.State.Waiting; waiting != nil {
			parts = append(parts, fmt.Sprintf("waiting: %s: %s", waiting.Reason, waiting.Message))
		}
		last := status.LastTerminationState.Terminated
		for _, ended := range []*corev1.ContainerStateTerminated{status.State.Terminated, last} {
			if ended != nil {
				parts = append(parts, fmt.Sprintf("ended: %s: exit code %d %s", ended.Reason, ended.ExitCode, ended.Message))
			}
		}
	}
	return strings.Join(parts, "; ")
}
