package e2e

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/django"
)

//go:embed load.py
var loadScript string

// load is a pod that sends requests to the site through its Service.
type load struct {
	app *app
	pod corev1.Pod
}

// loadOptions are those of load.py; durations are in seconds.
type loadOptions struct {
	Host        string `json:"host"`
	Port        int    `json:"port"`
	Method      string `json:"method"`
	Path        string `json:"path"`
	Status      int    `json:"status"` // The status of a request that succeeded.
	Rate        int    `json:"rate"`   // Requests a second, over all connections.
	Connections int    `json:"connections"`
	Kept        int    `json:"kept"` // How many of the connections are used again.
	Timeout     int    `json:"timeout"`
	Seconds     int    `json:"seconds"`
}

// visitors ask for a page of the site, half of them on connections that they
// keep.
func visitors(rate int) loadOptions {
	return loadOptions{Method: http.MethodGet, Path: "/login", Status: http.StatusOK, Rate: rate, Connections: 12, Kept: 6}
}

// writers add rows.
func writers(rate int) loadOptions {
	return loadOptions{Method: http.MethodPost, Path: "/entries", Status: http.StatusCreated, Rate: rate, Connections: 4}
}

// result is what load.py counted; latencies are in milliseconds.
type result struct {
	Sent        int                `json:"sent"`
	OK          int                `json:"ok"`
	Reconnected int                `json:"reconnected"`
	Failures    map[string]int     `json:"failures"`
	First       map[string]float64 `json:"first"`
	Seconds     float64            `json:"seconds"`
	P50         float64            `json:"p50"`
	P99         float64            `json:"p99"`
	Max         float64            `json:"max"`

	acknowledged map[int]string
}

func (r result) String() string {
	s := fmt.Sprintf("%d requests in %.0f s (%.0f/s), %d failed, %d repeated on a new connection, p50 %.0f ms, p99 %.0f ms, max %.0f ms",
		r.Sent, r.Seconds, float64(r.Sent)/r.Seconds, r.Sent-r.OK, r.Reconnected, r.P50, r.P99, r.Max)
	for reason, n := range r.Failures {
		s += fmt.Sprintf("\n%d x %s (first after %.1f s)", n, reason, r.First[reason])
	}
	return s
}

// load starts a load and waits until each of its connections has had an answer.
func (a *app) load(options loadOptions) *load {
	a.t.Helper()
	options.Host, options.Port = django.DefaultName, django.DefaultPort
	options.Timeout, options.Seconds = 10, cmp.Or(options.Seconds, 600)
	encoded, err := json.Marshal(options)
	if err != nil {
		a.t.Fatal(err)
	}
	created, err := kube.Client.CoreV1().Pods(a.namespace).Create(a.t.Context(), loadPod(string(encoded)), metav1.CreateOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	l := &load{a, *created}
	eventually(a.t, time.Minute, "the load has started", func(ctx context.Context) error {
		log, err := kube.Logs(ctx, l.pod, "load", false)
		if err == nil && !strings.HasPrefix(log, "started\n") {
			err = errors.New("no answer yet")
		}
		return err
	})
	return l
}

// loadPod meets Pod Security "restricted" as every other pod must.
func loadPod(options string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "load-", Labels: map[string]string{"app": "load"}},
		Spec: corev1.PodSpec{
			RestartPolicy:                 corev1.RestartPolicyNever,
			AutomountServiceAccountToken:  new(false),
			TerminationGracePeriodSeconds: new(int64(1)),
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot:   new(true),
				RunAsUser:      new(int64(django.DefaultRunAsUser)),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name:    "load",
				Image:   siteImage,
				Command: []string{"python3", "-c", loadScript, options},
				Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
					corev1.ResourceCPU: resource.MustParse("50m"), corev1.ResourceMemory: resource.MustParse("64Mi"),
				}},
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: new(false),
					ReadOnlyRootFilesystem:   new(true),
					Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
			}},
		},
	}
}

// stop ends the load and returns what it counted.
func (l *load) stop() result {
	t := l.app.t
	t.Helper()
	l.app.exec(l.pod, "python3", "-c", "import os, signal; os.kill(1, signal.SIGTERM)")
	eventually(t, time.Minute, "the load has ended", func(ctx context.Context) error {
		p, err := kube.Client.CoreV1().Pods(l.pod.Namespace).Get(ctx, l.pod.Name, metav1.GetOptions{})
		if err == nil && p.Status.Phase != corev1.PodSucceeded {
			err = fmt.Errorf("it is %s", p.Status.Phase)
		}
		return err
	})
	log, err := kube.Logs(t.Context(), l.pod, "load", false)
	if err != nil {
		t.Fatal(err)
	}
	return parseResult(t, log)
}

func parseResult(t *testing.T, log string) result {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(log), "\n")
	r := result{acknowledged: map[int]string{}}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &r); err != nil {
		t.Fatalf("%v in %q", err, lines[len(lines)-1])
	}
	for _, line := range lines[1 : len(lines)-1] {
		var id int
		var text string
		if _, err := fmt.Sscan(line, &id, &text); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		r.acknowledged[id] = text
	}
	return r
}
