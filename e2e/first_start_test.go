package e2e

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/e2e/cluster"
)

// A user applies the files once and has a site; applies them again and changes
// nothing.
func TestFirstStart(t *testing.T) {
	a := newApp(t, "first")
	dir := a.write()
	begin := time.Now()
	a.apply(dir)
	t.Logf("applied in %s", time.Since(begin).Round(100*time.Millisecond))
	a.waitFor(postgres.DefaultName)
	t.Logf("PostgreSQL ready after %s", time.Since(begin).Round(100*time.Millisecond))
	a.waitFor(django.DefaultName)
	t.Logf("Django ready after %s", time.Since(begin).Round(100*time.Millisecond))

	if got := a.throughService("/login"); got.status != 200 {
		t.Errorf("/login through the Service: %d: %s", got.status, got.body)
	}
	a.secondApplyChangesNothing(dir)
	a.credentialsAreNotIn(dir)
}

func (a *app) secondApplyChangesNothing(dir string) {
	t := a.t
	t.Helper()
	wanted, err := cluster.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	var before []*cluster.Object
	for _, object := range wanted {
		found, err := kube.Get(t.Context(), object)
		if err != nil {
			t.Fatal(err)
		}
		before = append(before, found)
	}
	running := a.running()
	for i, after := range a.apply(dir) {
		if sameStatus := reflect.DeepEqual(before[i].Object["status"], after.Object["status"]); sameStatus &&
			before[i].GetResourceVersion() != after.GetResourceVersion() || before[i].GetGeneration() != after.GetGeneration() {
			t.Errorf("%s %s is changed by a second apply of the same files: resourceVersion %s -> %s, generation %d -> %d",
				after.GetKind(), after.GetName(), before[i].GetResourceVersion(), after.GetResourceVersion(),
				before[i].GetGeneration(), after.GetGeneration())
		}
	}
	a.waitFor(django.DefaultName)
	if now := a.running(); !reflect.DeepEqual(running, now) {
		t.Errorf("a second apply of the same files replaces or restarts pods:\n%v\n%v", running, now)
	}
}

// running returns the identity of every ReplicaSet and pod of the app, with the
// number of restarts.
func (a *app) running() map[types.UID]int {
	a.t.Helper()
	ids := map[types.UID]int{}
	sets, err := kube.Client.AppsV1().ReplicaSets(a.namespace).List(a.t.Context(), metav1.ListOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	for _, set := range sets.Items {
		ids[set.UID] = 0
	}
	pods, err := kube.Pods(a.t.Context(), a.namespace, "")
	if err != nil {
		a.t.Fatal(err)
	}
	for _, p := range pods {
		ids[p.UID] = restarts(p)
	}
	return ids
}

func restarts(p corev1.Pod) int {
	n := 0
	for _, status := range p.Status.ContainerStatuses {
		n += int(status.RestartCount)
	}
	return n
}

// generatedKeys are the keys of the Secret that no manifest may hold.
var generatedKeys = []string{secret.PasswordKey, secret.DjangoSecretKey}

func (a *app) credentialsAreNotIn(dir string) {
	a.t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		a.t.Fatal(files, err)
	}
	credentials := a.credentials()
	for _, key := range generatedKeys {
		value := credentials[key]
		if len(value) < 32 {
			a.t.Errorf("%s has %d characters: too few for a credential", key, len(value))
			continue
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				a.t.Fatal(err)
			}
			encoded := base64.StdEncoding.EncodeToString(value)
			if bytes.Contains(content, value) || bytes.Contains(content, []byte(encoded)) {
				a.t.Errorf("%s holds the generated %s", filepath.Base(file), key)
			}
		}
	}
}
