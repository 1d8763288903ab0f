package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/route"
)

const (
	// ingressClass is that of the cluster's Ingress controller.
	ingressClass = "nginx"

	staffName = "staff"
	filesName = django.DefaultName + "-files"
)

// Two sites of one project, and another server beside them: each pod has what
// its template says, each site answers for its own hosts by its own settings,
// and the Ingresses lead to all three.
func TestSitesOfOneProject(t *testing.T) {
	beside(t)
	a := newApp(t, "sites")
	public, staff := a.namespace+".example.com", "staff."+a.namespace+".example.com"
	site := django.WebProps{
		Project: django.Project{Hosts: []string{public}},
		Env:     map[string]string{"DJANGO_SETTINGS_MODULE": "guestbook.local"},
		Pod:     siteTemplate(),
	}
	a.startProject(a.compose(site, func(s system) {
		other := django.NewWeb(s.chart, "staff", django.WebProps{
			Project: s.project, Name: staffName, Hosts: []string{staff}, Resources: small,
		})
		files := django.NewProcess(s.chart, "files", django.ProcessProps{
			Project: s.project, NameSuffix: "files", Port: 8800, Resources: small,
			Command: []string{"python3", "-m", "http.server", "8800"}, TerminationGracePeriodSeconds: 15,
		})
		route.NewIngress(s.chart, "ingress", route.IngressProps{
			Site: s.web, ClassName: ingressClass,
			Paths: []route.Path{{Prefix: "/"}, {Prefix: "/guestbook/", Backend: files}},
		})
		route.NewIngress(s.chart, "staff-ingress", route.IngressProps{Site: other, ClassName: ingressClass})
	}, newSettings))
	a.waitFor(staffName)
	a.waitFor(filesName)

	a.hasTemplate(a.web())
	a.sharesTheDatabase()
	for _, one := range []struct{ app, host, status string }{
		{django.DefaultName, public, "200"},
		{django.DefaultName, staff, "400"},
		{staffName, staff, "200"},
		{staffName, public, "400"},
	} {
		got := strings.TrimSpace(a.exec(a.ready(one.app), "python3", "-c", knocking, one.host, "/login"))
		if got != one.status {
			t.Errorf("%s answers %s for %s; want %s", one.app, got, one.host, one.status)
		}
	}
	a.leadTo(public, "/login", page{Status: 200, Cookie: "local="})
	a.leadTo(staff, "/login", page{Status: 200, Cookie: "csrftoken="})
	a.leadTo(public, "/guestbook/urls.py", page{Status: 200, Body: "urlpatterns"})
}

// siteTemplate has what real sites ask of their pods.
func siteTemplate() pod.Template {
	// Python as process 1 would not hear the signal to stop.
	const serve = `trap exit TERM; python3 -m http.server "$0" --bind 127.0.0.1 & wait`
	beside := func(name, port string) corev1.Container {
		return corev1.Container{
			Name: name, Image: siteImage, Command: []string{"sh", "-c", serve, port},
			Resources: corev1.ResourceRequirements{
				Requests: pod.Quantities{CPU: "10m", Memory: "32Mi"}.List(),
				Limits:   pod.Quantities{CPU: "200m", Memory: "128Mi"}.List(),
			},
		}
	}
	native := beside("native", "8082")
	native.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
	return pod.Template{
		Annotations:    map[string]string{"example.com/team": "guestbook"},
		NodeSelector:   map[string]string{corev1.LabelOSStable: "linux"},
		Tolerations:    []corev1.Toleration{{Key: "example.com/dedicated", Operator: corev1.TolerationOpExists}},
		ServiceAccount: pod.ServiceAccount{Annotations: map[string]string{"example.com/role": "guestbook"}},
		HostAliases:    []corev1.HostAlias{{IP: "192.0.2.7", Hostnames: []string{"legacy.example.com"}}},
		InitContainers: []corev1.Container{native},
		Containers:     []corev1.Container{beside("sidecar", "8081")},
		EnvFrom:        []pod.EnvSource{{ConfigMap: "site-env", Prefix: "SITE_"}},
		EnvKeys:        map[string]pod.EnvKey{"THEME": {ConfigMap: "site-env", Key: "COLOUR"}},
		Volumes: []pod.Volume{
			{MountPath: "/app/guestbook/local.py", ConfigMap: "site-files", SubPath: "local.py"},
			{MountPath: "/etc/pod", Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{{
				DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{
					Path: "annotations", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.annotations"},
				}}},
			}}}},
		},
	}
}

// newSettings adds the ConfigMaps of the template. The settings are those of the
// image but for the name of a cookie, which a visitor sees.
func newSettings(chart cdk8s.Chart, _ *django.WebProps) {
	for name, data := range map[string]map[string]string{
		"site-env":   {"GREETING": "hello", "COLOUR": "green"},
		"site-files": {"local.py": "from guestbook.settings import *\n\nCSRF_COOKIE_NAME = \"local\"\n"},
	} {
		object.New(chart, name, name, func() *corev1.ConfigMap {
			return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: data}
		})
	}
}

// hasTemplate checks what siteTemplate says, inside p where it shows there.
func (a *app) hasTemplate(p corev1.Pod) {
	a.t.Helper()
	const fetch = `import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())`
	for _, one := range []struct {
		want    string
		command []string
	}{
		{"hello\ngreen\n", []string{"printenv", "SITE_GREETING", "THEME"}},
		{"192.0.2.7", []string{"grep", "legacy.example.com", "/etc/hosts"}},
		{`example.com/team="guestbook"`, []string{"cat", "/etc/pod/annotations"}},
		{`CSRF_COOKIE_NAME = "local"`, []string{"cat", "/app/guestbook/local.py"}},
		{"urlpatterns", []string{"python3", "-c", fetch, "http://127.0.0.1:8081/guestbook/urls.py"}},
		{"urlpatterns", []string{"python3", "-c", fetch, "http://127.0.0.1:8082/guestbook/urls.py"}},
	} {
		if got := a.exec(p, one.command...); !strings.Contains(got, one.want) {
			a.t.Errorf("%q prints %q; want %q", one.command, got, one.want)
		}
	}
	want := siteTemplate()
	if p.Spec.NodeSelector[corev1.LabelOSStable] != "linux" || !slices.Contains(p.Spec.Tolerations, want.Tolerations[0]) {
		a.t.Errorf("the pod has the node selector %v and the tolerations %v", p.Spec.NodeSelector, p.Spec.Tolerations)
	}
	if p.Spec.ServiceAccountName != django.DefaultName || hasToken(p) {
		a.t.Errorf("the pod has the ServiceAccount %s; with a token: %t", p.Spec.ServiceAccountName, hasToken(p))
	}
	accounts := kube.Client.CoreV1().ServiceAccounts(a.namespace)
	account, err := accounts.Get(a.t.Context(), django.DefaultName, metav1.GetOptions{})
	if err != nil || account.Annotations["example.com/role"] != "guestbook" {
		a.t.Errorf("its annotations are %v: %v", account.Annotations, err)
	}
}

// sharesTheDatabase checks that one Job has migrated the database of both
// sites.
func (a *app) sharesTheDatabase() {
	a.t.Helper()
	selector := metav1.ListOptions{LabelSelector: "app=" + migrationName}
	jobs, err := kube.Client.BatchV1().Jobs(a.namespace).List(a.t.Context(), selector)
	if err != nil || len(jobs.Items) != 1 || jobs.Items[0].Status.Succeeded != 1 {
		a.t.Errorf("%d Jobs have migrated the database; want 1: %v", len(jobs.Items), err)
	}
	id := a.add("for both sites")
	const read = `
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=10)
connection.request("GET", "/entries/" + sys.argv[1], headers={"Host": "staff"})
print(connection.getresponse().read().decode())
`
	if got := a.exec(a.ready(staffName), "python3", "-c", read, fmt.Sprint(id)); !strings.Contains(got, "for both sites") {
		a.t.Errorf("the other site reads %s", got)
	}
}

// page is what a visitor sees of an answer, or the beginning or a part of it.
type page struct {
	Status       int
	Cookie, Body string
}

// browsing asks a proxy for a page of a host, and prints it as JSON.
const browsing = `
import http.client, json, sys
address, host, path = sys.argv[1:]
connection = http.client.HTTPConnection(address, timeout=10)
connection.request("GET", path, headers={"Host": host})
response = connection.getresponse()
cookie, body = response.getheader("Set-Cookie"), response.read().decode()
print(json.dumps({"Status": response.status, "Cookie": cookie, "Body": body}))
`

// leadTo waits until the Ingress controller answers for path of host as a page
// like that.
func (a *app) leadTo(host, path string, want page) {
	a.t.Helper()
	proxy := ingressController(a.t)
	eventually(a.t, time.Minute, "the Ingress leads to "+host+path, func(ctx context.Context) error {
		out, err := kube.Exec(ctx, a.web(), "python3", "-c", browsing, proxy, host, path)
		if err != nil {
			return err
		}
		var got page
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			return err
		}
		if got.Status != want.Status || !strings.HasPrefix(got.Cookie, want.Cookie) ||
			!strings.Contains(got.Body, want.Body) {
			return fmt.Errorf("it answers %d, %q, %.200s", got.Status, got.Cookie, got.Body)
		}
		return nil
	})
}
