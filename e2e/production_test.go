package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/valkey"
	"example.com/django-cdk8s/e2e/cluster"
)

// production is what examples/production says.
const (
	production     = "../examples/production"
	productionName = "guestbook"
	productionHost = "guestbook.example.com"
)

// TestProduction applies what is committed of examples/production, but for the
// site's image and the Secret that somebody else makes.
func TestProduction(t *testing.T) {
	define(t)
	a := newApp(t, "production")
	a.namespace = productionName
	if err := gone(t.Context(), a.namespace); err != nil {
		t.Fatal(err)
	}
	dir := withImage(t, filepath.Join(production, "dist"))
	begin := time.Now()
	a.apply(dir)
	a.makeSecret("media-store", django.AccessKeyIDKey, django.SecretAccessKeyKey)
	for _, deployment := range []string{postgres.DefaultName, valkey.DefaultName, django.DefaultName, workerName, beatName} {
		a.waitFor(deployment)
	}
	t.Logf("all of it is ready %s after it was applied", time.Since(begin).Round(100*time.Millisecond))

	// A visitor comes through the Ingress, as http, and is sent to https.
	visitor := newApp(t, "visitor")
	visitor.createNamespace()
	client := visitor.stranger(map[string]string{"app": "visitor"})
	proxy := ingressController(t)
	eventually(t, time.Minute, "the Ingress leads to the site", func(ctx context.Context) error {
		out, err := kube.Exec(ctx, client, "python3", "-c", visiting, proxy, productionHost, "/login")
		if err == nil && strings.TrimSpace(out) != "301 https://"+productionHost+"/login" {
			err = fmt.Errorf("it answers %s", out)
		}
		return err
	})
	// The site itself: its pages, its tasks, its files.
	if got := a.asVisitor("/login"); got != "200" {
		t.Errorf("/login: %s", got)
	}
	if got := a.asVisitor("/tasks", "text=produced"); got != "202" {
		t.Errorf("/tasks: %s", got)
	}
	a.waitForRow("produced")

	// Applied again, nothing happens.
	before := a.versions(dir)
	a.apply(dir)
	for object, version := range a.versions(dir) {
		if before[object] != version {
			t.Errorf("%s is changed by a second apply", object)
		}
	}
}

// exampleImages matches the images of sites in the examples.
var exampleImages = regexp.MustCompile(`registry\.example\.com/[a-z]+:[0-9][\w.-]*`)

// withImage returns a copy of the manifests in dir that runs the site under
// test.
func withImage(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files: %v", dir, len(files), err)
	}
	copied := t.TempDir()
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !exampleImages.Match(content) {
			t.Fatalf("%s names no image that matches %v", file, exampleImages)
		}
		changed := exampleImages.ReplaceAllLiteral(content, []byte(siteImage))
		if err := os.WriteFile(filepath.Join(copied, filepath.Base(file)), changed, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return copied
}

// makeSecret makes a Secret with a worthless value under each key.
func (a *app) makeSecret(name string, keys ...string) {
	a.t.Helper()
	values := map[string]string{}
	for _, key := range keys {
		values[key] = "worthless" // Also as the name of a role.
	}
	_, err := kube.Client.CoreV1().Secrets(a.namespace).Create(a.t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name}, StringData: values,
	}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		a.t.Fatal(err)
	}
}

// visiting asks a proxy for a page of a host, and prints the status and where
// it is sent.
const visiting = `
import http.client, sys
address, host, path = sys.argv[1:]
connection = http.client.HTTPConnection(address, timeout=10)
connection.request("GET", path, headers={"Host": host})
response = connection.getresponse()
print(response.status, response.getheader("Location"))
`

// ingressController returns the address of the Ingress controller's pod.
func ingressController(t *testing.T) string {
	t.Helper()
	pods, err := kube.Pods(t.Context(), "ingress-nginx", "app.kubernetes.io/component=controller")
	if err != nil || len(pods) == 0 {
		t.Fatalf("the cluster has no Ingress controller in namespace ingress-nginx: %d pods, %v", len(pods), err)
	}
	for _, port := range pods[0].Spec.Containers[0].Ports {
		if port.Name == "http" {
			return fmt.Sprintf("%s:%d", pods[0].Status.PodIP, port.ContainerPort)
		}
	}
	t.Fatal(errors.New("the Ingress controller has no port http"))
	return ""
}

// knocking asks the server in the same pod as the proxy would, and prints the
// status.
const knocking = `
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=10)
path, form = sys.argv[2], sys.argv[3:]
headers = {"Host": sys.argv[1], "X-Forwarded-Proto": "https", "Content-Type": "application/x-www-form-urlencoded"}
connection.request("POST" if form else "GET", path, *form, headers=headers)
print(connection.getresponse().status)
`

// asVisitor asks a pod of the site for path, or sends it a form, and returns
// the status.
func (a *app) asVisitor(path string, form ...string) string {
	a.t.Helper()
	return a.asVisitorOf(productionHost, path, form...)
}

// asVisitorOf is [app.asVisitor] for another host.
func (a *app) asVisitorOf(host, path string, form ...string) string {
	a.t.Helper()
	command := append([]string{"python3", "-c", knocking, host, path}, form...)
	return strings.TrimSpace(a.exec(a.web(), command...))
}

// versions returns the resource version of each object in dir that no
// controller changes by itself.
func (a *app) versions(dir string) map[string]string {
	a.t.Helper()
	objects, err := cluster.Read(dir)
	if err != nil {
		a.t.Fatal(err)
	}
	versions := map[string]string{}
	for _, object := range objects {
		switch object.GetKind() {
		case "Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Ingress", "CronJob":
			continue
		}
		found, err := kube.Get(a.t.Context(), object)
		if err != nil {
			a.t.Fatal(err)
		}
		versions[object.GetKind()+" "+object.GetName()] = found.GetResourceVersion()
	}
	return versions
}
