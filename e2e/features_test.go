package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/stack"
	"example.com/django-cdk8s/e2e/cluster"
)

// Static files are collected before the server starts, which can read them and
// no more; uploads outlive the pod.
func TestStaticFilesAndMedia(t *testing.T) {
	beside(t)
	a := newApp(t, "media")
	const static = "/srv/static"
	a.startProject(a.compose(django.WebProps{StaticRoot: static}, nil))
	if out := a.exec(a.web(), "sh", "-c", "ls "+static+"; touch "+static+"/x 2>&1 || true"); !strings.Contains(out, "staticfiles.json") || !strings.Contains(out, "Read-only file system") {
		t.Errorf("the server's static files: %s", out)
	}
	withMedia := func(release string) string {
		props := django.WebProps{Env: map[string]string{"RELEASE": release}}
		return a.compose(props, nil, func(chart cdk8s.Chart, props *django.WebProps) {
			props.Project.Media = django.NewMediaClaim(chart, "media", django.MediaClaimProps{Storage: "1Gi"})
		})
	}
	a.apply(withMedia("1"))
	a.waitFor(django.DefaultName)
	a.upload("hello.txt", "hello")
	first := a.web()
	a.apply(withMedia("2"))
	a.waitFor(django.DefaultName)
	second := a.web()
	if first.UID == second.UID {
		t.Fatal("the pod was not replaced")
	}
	got, err := a.get(second, "/files/hello.txt")
	if err != nil || got.status != 200 || got.body != "hello" {
		t.Errorf("the upload after an update: %d %q: %v", got.status, got.body, err)
	}
}

// upload sends a file to the site.
func (a *app) upload(name, content string) {
	a.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = file.Write([]byte(content))
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		a.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(a.t.Context(), 20*time.Second)
	defer cancel()
	address, err := kube.Forward(ctx, a.web(), django.DefaultPort)
	if err != nil {
		a.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/files", &body)
	if err != nil {
		a.t.Fatal(err)
	}
	request.Host, request.Close = django.DefaultName, true
	request.Header.Set("Content-Type", form.FormDataContentType())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		a.t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		a.t.Fatalf("/files: %s", response.Status)
	}
}

// A release that "check --deploy" finds fault with never serves.
func TestDeployCheckHoldsARelease(t *testing.T) {
	beside(t)
	a := newApp(t, "check")
	checked := func(p *stack.Props) {
		p.Web.Project.HTTPS, p.Web.Project.Hosts = true, []string{"guestbook.example.com"}
		p.Web.DeployCheck = django.CheckWarning
	}
	good := a.write(checked)
	a.apply(good)
	a.waitFor(django.DefaultName)
	old := a.names()
	a.apply(a.write(checked, func(p *stack.Props) { p.Web.Env = map[string]string{"DEBUG": "1"} }))
	eventually(t, 2*time.Minute, "the check fails and says why", func(ctx context.Context) error {
		for _, p := range a.pods(django.DefaultName) {
			if old[p.Name] {
				continue
			}
			if err := a.checkFailed(ctx, p); err != nil {
				return err
			}
			return nil
		}
		return errors.New("there is no new pod")
	})
	a.undo(good, old)
}

// checkFailed returns an error unless the check of p has failed and named
// security.W018, DEBUG in deployment.
func (a *app) checkFailed(ctx context.Context, p corev1.Pod) error {
	log, err := kube.Logs(ctx, p, "check", false)
	if err != nil {
		return err
	}
	status := p.Status.InitContainerStatuses[0]
	for _, ended := range []*corev1.ContainerStateTerminated{status.State.Terminated, status.LastTerminationState.Terminated} {
		if ended != nil && ended.ExitCode != 0 && strings.Contains(log, "security.W018") {
			return nil
		}
	}
	return fmt.Errorf("%s: %s", cluster.State(p), log)
}

// Prometheus asks pods by their address, as plain http, whatever the site says
// of hosts and https.
func TestMetricsAnswerByAddress(t *testing.T) {
	beside(t)
	a := newApp(t, "metrics")
	a.startProject(a.compose(django.WebProps{
		Project: django.Project{Hosts: []string{"guestbook.example.com"}, HTTPS: true},
		Metrics: django.Metrics{Path: "/healthz"},
	}, nil))
	for _, target := range []struct {
		pod  corev1.Pod
		line string
	}{
		{a.web(), "ok"},
		{a.database(), "pg_up 1"},
	} {
		annotations := target.pod.Annotations
		address := fmt.Sprintf("%s:%s%s", target.pod.Status.PodIP, annotations["prometheus.io/port"], annotations["prometheus.io/path"])
		eventually(t, time.Minute, address+" says "+target.line, func(context.Context) error {
			out, err := kube.Exec(t.Context(), a.web(), "python3", "-c", "import urllib.request, sys; print(urllib.request.urlopen(sys.argv[1]).read().decode())", "http://"+address)
			if err == nil && !strings.Contains("\n"+out, "\n"+target.line+"\n") {
				err = fmt.Errorf("it says %.500s", out)
			}
			return err
		})
	}
}

// Gunicorn runs as the props say, and its heartbeat fits where it is.
func TestGunicornRunsAsTold(t *testing.T) {
	beside(t)
	a := newApp(t, "gunicorn")
	a.start(func(p *stack.Props) {
		p.Web.Gunicorn = django.Gunicorn{Workers: 3, Threads: 2, MaxRequests: 20, MaxRequestsJitter: 5}
	})
	p := a.web()
	processes := func() string {
		return a.exec(p, "sh", "-c", `for d in /proc/[0-9]*; do tr '\0' ' ' <$d/cmdline | grep -q '[g]unicorn' && basename $d; done | sort -n`)
	}
	before := processes()
	if n := len(strings.Fields(before)); n != 4 {
		t.Errorf("%d processes, want 1 and 3 workers", n)
	}
	if out := a.exec(p, "sh", "-c", "ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c '/run/gunicorn/'"); strings.TrimSpace(out) == "0" {
		t.Error("no worker keeps its heartbeat in /run/gunicorn")
	}
	for range 120 {
		if got, err := a.get(p, "/login"); err != nil || got.status != 200 {
			t.Fatalf("/login: %d: %v", got.status, err)
		}
	}
	eventually(t, time.Minute, "workers are replaced after their requests", func(context.Context) error {
		if processes() == before {
			return fmt.Errorf("they are the same")
		}
		return nil
	})
	if now := a.web(); now.UID != p.UID || restarts(now) > 0 {
		t.Errorf("the pod was restarted: %s", cluster.State(now))
	}
}
