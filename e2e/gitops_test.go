package e2e

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/stack"
	"example.com/django-cdk8s/e2e/cluster"
)

// committedDirs returns the directories with manifests that the repository's own
// apps have written.
func committedDirs(t *testing.T) []string {
	t.Helper()
	var dirs []string
	for _, pattern := range []string{"../dist", "../examples/*/dist", "../examples/*/dist/*"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, dir := range found {
			if manifests, _ := filepath.Glob(dir + "/*.yaml"); len(manifests) > 0 {
				dirs = append(dirs, dir)
			}
		}
	}
	if len(dirs) < 10 {
		t.Fatalf("only %q hold manifests", dirs)
	}
	return dirs
}

// TestArgoCD lets Argo CD's own controller sync what is committed, and the
// releases of a stack.
func TestArgoCD(t *testing.T) {
	beside(t)
	argocd := buildTool(t, "argocd", ".")
	t.Run("reads", func(t *testing.T) {
		for _, dir := range committedDirs(t) {
			readByArgoCD(t, argocd, dir)
		}
	})
	t.Run("committed", func(t *testing.T) {
		beside(t)
		a := newApp(t, "argocd-dist")
		dir := a.committed()
		a.argoSync(argocd, dir).isSynced(t)
		if again := a.argoSync(argocd, dir); len(again.Before) > 0 {
			t.Errorf("out of sync before the second sync: %q", again.Before)
		}
	})
	t.Run("releases", func(t *testing.T) { beside(t); newApp(t, "argocd").argoReleases(argocd) })
}

// argoReleases syncs a stack into nothing, again, a next release, and after the
// claim, the Secret and the Namespace have left the directory.
func (a *app) argoReleases(argocd string) {
	first := a.write(releaseOf(siteImage, 2))
	made := a.argoSync(argocd, first)
	made.isSynced(a.t)
	a.followsWaves(made)
	kept := a.remember()

	again := a.argoSync(argocd, first)
	again.isSynced(a.t)
	if len(again.Before) > 0 {
		a.t.Errorf("out of sync before the second sync: %q", again.Before)
	}
	kept.unchanged(a)

	next := a.argoSync(argocd, a.write(releaseOf(nextRelease, 1)))
	next.isSynced(a.t)
	a.isNextRelease()
	if !slices.Contains(next.Pruned, "PodDisruptionBudget/"+django.DefaultName) {
		a.t.Errorf("pruned: %q", next.Pruned)
	}
	kept.survives(a)

	lost := a.argoSync(argocd, without(a.t, a.write(releaseOf(nextRelease, 1)), guarded...))
	if len(lost.Pruned) > 0 || len(lost.Kept) != len(guarded) {
		a.t.Errorf("of what had left the directory, pruned: %q; kept: %q", lost.Pruned, lost.Kept)
	}
	kept.survives(a)
}

// TestFlux lets Flux's own packages apply the same, with a substitution of
// variables.
func TestFlux(t *testing.T) {
	beside(t)
	flux := buildTool(t, "flux", ".")
	t.Run("reads", func(t *testing.T) {
		for _, dir := range committedDirs(t) {
			readByFlux(t, flux, dir)
		}
	})

	a := newApp(t, "flux")
	inventory := filepath.Join(t.TempDir(), "inventory.json")
	apply := func(dir string) fluxReport { t.Helper(); return a.fluxApply(flux, dir, inventory) }
	first := a.write(releaseOf(siteImage, 2))
	apply(first).has(t, "created")
	kept := a.remember()

	apply(first).has(t, "unchanged")
	kept.unchanged(a)

	next := apply(a.write(releaseOf(nextRelease, 1)))
	a.isNextRelease()
	budget := fluxEntry{"PodDisruptionBudget/" + a.namespace + "/" + django.DefaultName, "deleted"}
	if !slices.Contains(next.Pruned, budget) {
		t.Errorf("pruned: %v", next.Pruned)
	}
	kept.survives(a)

	lost := apply(without(t, a.write(releaseOf(nextRelease, 1)), guarded...))
	for _, entry := range lost.Pruned {
		if entry.Action != "skipped" {
			t.Errorf("%s, which had left the directory: %s", entry.Object, entry.Action)
		}
	}
	if len(lost.Pruned) != len(guarded) {
		t.Errorf("what had left the directory: %v", lost.Pruned)
	}
	kept.survives(a)
}

// TestKapp lets kapp deploy the same.
func TestKapp(t *testing.T) {
	beside(t)
	kapp := buildTool(t, "kapp", "carvel.dev/kapp/cmd/kapp")
	state, a := newApp(t, "kapp-state"), newApp(t, "kapp")
	state.createNamespace()
	deploy := func(dir string, more ...string) (string, int) {
		t.Helper()
		out, log, code := runTool(t, kapp, append([]string{
			"deploy", "--app", a.namespace, "--namespace", state.namespace, "--file", dir, "--yes", "--color=false",
			"--wait-check-interval", "1s", "--wait-timeout", "5m", "--diff-changes",
		}, more...)...)
		return out + log, code
	}
	deployed := func(dir string) string {
		t.Helper()
		out, code := deploy(dir)
		if code != 0 {
			t.Fatalf("kapp ends with %d:\n%s", code, out)
		}
		return out
	}
	first := a.write(releaseOf(siteImage, 2))
	deployed(first)
	kept := a.remember()

	// The second time, kapp takes annotations of the cluster off the claim, as it
	// does with any. Then 2 says that there is nothing to do; 3, that there is. The
	// Secret differs for ever, and is skipped.
	deployed(first)
	kept.unchanged(a)
	others := `{"not": {"newResource": {"kinds": ["Secret"]}}}`
	if out, code := deploy(first, "--diff-run", "--diff-exit-status", "--diff-filter", others); code != 2 {
		t.Errorf("kapp wants to change something again, exit code %d:\n%s", code, out)
	}

	deployed(a.write(releaseOf(nextRelease, 1)))
	a.isNextRelease()
	a.hasNoBudget()
	kept.survives(a)

	deployed(without(t, a.write(releaseOf(nextRelease, 1)), guarded...))
	kept.survives(a)
}

// committed returns a copy of the repository's own dist/ in the namespace of the
// app, with the site under test and requests that leave room for others.
func (a *app) committed() string {
	a.t.Helper()
	content, err := os.ReadFile("../dist/django-app.k8s.yaml")
	if err != nil {
		a.t.Fatal(err)
	}
	requests := func(cpu, memory string) string {
		return fmt.Sprintf("requests:\n              cpu: %s\n              memory: %s\n", cpu, memory)
	}
	changed := strings.NewReplacer(
		"docker.io/example/django-app:1.0.0", siteImage, "django-app", a.namespace, requests("500m", "512Mi"),
		requests(tiny.Requests.CPU, tiny.Requests.Memory), "image: "+postgres.DefaultImage, "image: "+postgresImage,
	).Replace(string(content))
	dir := a.t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "app.yaml"), []byte(changed), 0o644); err != nil {
		a.t.Fatal(err)
	}
	return dir
}

// guarded are the kinds of what a tool must not delete.
var guarded = []string{"Namespace", "PersistentVolumeClaim", "Secret"}

// releaseOf is a site that waits for migrations, of so many pods. One alone has no
// PodDisruptionBudget.
func releaseOf(image string, pods int) func(*stack.Props) {
	return func(p *stack.Props) {
		p.Database.Resources, p.Web.Resources, p.Web.Replicas = tiny, tiny, &pods
		p.Web.Project.Image, p.Web.Project.WaitForMigrations = image, true
	}
}

// buildTool builds a command in the module gitops/name and returns its path.
func buildTool(t *testing.T, name, command string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, command)
	build.Dir = filepath.Join("gitops", name)
	build.Env = append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build.Args, err, out)
	}
	return path
}

// runTool runs a program and returns what it prints and its exit code.
func runTool(t *testing.T, program string, arguments ...string) (out, log string, code int) {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, arguments...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), command.ProcessState.ExitCode()
}

// report runs a program and decodes what it prints.
func report[R any](t *testing.T, program string, arguments ...string) R {
	t.Helper()
	out, log, code := runTool(t, program, arguments...)
	if code != 0 {
		t.Fatalf("%s ends with %d:\n%s\n%s", filepath.Base(program), code, out, last(log, 60))
	}
	var r R
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	return r
}

// last returns the last lines of text.
func last(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// without returns a copy of the manifests in dir that lacks some kinds.
func without(t *testing.T, dir string, kinds ...string) string {
	t.Helper()
	objects, err := cluster.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, object := range objects {
		if slices.Contains(kinds, object.GetKind()) {
			continue
		}
		text, err := yaml.Marshal(object.Object)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "---\n%s", text)
	}
	copied := t.TempDir()
	if err := os.WriteFile(filepath.Join(copied, "rest.yaml"), out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return copied
}

// memory is what must outlive every sync, and what a sync of the same must not
// change.
type memory struct {
	row         int
	credentials map[string][]byte
	claim       string            // Its UID.
	deployments map[string]string // Resource versions, by name.
}

// remember writes a row and a key of the Secret, and returns what the app then
// holds.
func (a *app) remember() memory {
	a.t.Helper()
	// As "kubectl patch" does it.
	_, err := kube.Client.CoreV1().Secrets(a.namespace).Patch(
		a.t.Context(), secret.DefaultName, types.MergePatchType, []byte(`{"stringData": {"BY_HAND": "kept"}}`),
		metav1.PatchOptions{FieldManager: "kubectl-patch"})
	if err != nil {
		a.t.Fatal(err)
	}
	m := memory{row: a.add("kept"), credentials: a.credentials(), claim: string(a.claim().UID)}
	for _, key := range []string{"POSTGRES_PASSWORD", "SECRET_KEY", "BY_HAND"} {
		if len(m.credentials[key]) == 0 {
			a.t.Errorf("the Secret has no %s", key)
		}
	}
	m.deployments = a.deploymentVersions()
	return m
}

func (a *app) claim() *corev1.PersistentVolumeClaim {
	a.t.Helper()
	claims := kube.Client.CoreV1().PersistentVolumeClaims(a.namespace)
	claim, err := claims.Get(a.t.Context(), postgres.DefaultName+"-pvc", metav1.GetOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	return claim
}

func (a *app) deploymentVersions() map[string]string {
	a.t.Helper()
	list, err := kube.Client.AppsV1().Deployments(a.namespace).List(a.t.Context(), metav1.ListOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	versions := map[string]string{}
	for _, deployment := range list.Items {
		versions[deployment.Name] = deployment.ResourceVersion
	}
	return versions
}

// unchanged fails the test when something of the app has changed.
func (m memory) unchanged(a *app) {
	a.t.Helper()
	if now := a.deploymentVersions(); !reflect.DeepEqual(m.deployments, now) {
		a.t.Errorf("the resource versions of the Deployments were %v and are %v", m.deployments, now)
	}
	m.survives(a)
}

// survives fails the test when data or credentials are lost.
func (m memory) survives(a *app) {
	a.t.Helper()
	if !reflect.DeepEqual(m.credentials, a.credentials()) {
		a.t.Error("the credentials have changed")
	}
	claim := a.claim()
	if string(claim.UID) != m.claim || claim.DeletionTimestamp != nil {
		a.t.Errorf("the claim is another, or about to be: UID %s, deleted %v", claim.UID, claim.DeletionTimestamp)
	}
	namespace, err := kube.Client.CoreV1().Namespaces().Get(a.t.Context(), a.namespace, metav1.GetOptions{})
	if err != nil || namespace.DeletionTimestamp != nil {
		a.t.Errorf("the Namespace is gone, or about to be: %v", err)
	}
	if got := a.rows()[m.row]; got != "kept" {
		a.t.Errorf("row %d is now %q", m.row, got)
	}
}

// isNextRelease fails the test unless the next release runs, migrated.
func (a *app) isNextRelease() {
	a.t.Helper()
	a.waitFor(django.DefaultName)
	if image := a.web().Spec.Containers[0].Image; image != nextRelease {
		a.t.Errorf("the site runs %s", image)
	}
	if columns := a.columns(); !slices.Contains(columns, newColumn) {
		a.t.Errorf("the table has the columns %q, and not %s", columns, newColumn)
	}
}

func (a *app) hasNoBudget() {
	a.t.Helper()
	list, err := kube.Client.PolicyV1().PodDisruptionBudgets(a.namespace).List(a.t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) > 0 {
		a.t.Errorf("%d disruption budgets are left, %v", len(list.Items), err)
	}
}

// argoReport is what gitops/argocd prints.
type argoReport struct {
	Before, Pruned, Kept, Conditions []string
	Steps                            []struct {
		Wave    int
		Objects []string
	}
	Sync, Health string
	Objects      []struct {
		Name, Sync, Health string
		Wave               int
	}
}

// argoSync lets Argo CD sync the app, with pruning.
func (a *app) argoSync(argocd, dir string) argoReport {
	a.t.Helper()
	r := report[argoReport](a.t, argocd, "-dir", dir, "-app", a.namespace, "-namespace", a.namespace, "-prune")
	for _, step := range r.Steps {
		a.t.Logf("wave %d: %s", step.Wave, strings.Join(step.Objects, ", "))
	}
	return r
}

// isSynced fails the test unless every object is as in the directory, and well.
func (r argoReport) isSynced(t *testing.T) {
	t.Helper()
	if r.Sync != "Synced" || r.Health != "Healthy" || len(r.Conditions) > 0 {
		t.Errorf("the Application is %s and %s: %q", r.Sync, r.Health, r.Conditions)
	}
	for _, object := range r.Objects {
		// Argo CD has no idea of the health of, say, a ServiceAccount.
		if object.Sync != "Synced" || object.Health != "" && object.Health != "Healthy" {
			t.Errorf("%s is %s and %s", object.Name, object.Sync, object.Health)
		}
	}
}

// followsWaves fails the test unless the waves came in order: where there are
// some, the database before the migration and that before the site.
func (a *app) followsWaves(r argoReport) {
	a.t.Helper()
	wave := map[string]int{}
	for i, step := range r.Steps {
		if i > 0 && step.Wave < r.Steps[i-1].Wave {
			a.t.Errorf("wave %d comes after wave %d", step.Wave, r.Steps[i-1].Wave)
		}
		for _, object := range step.Objects {
			if strings.HasPrefix(object, "Job/"+migrationName+"-") {
				object = "migration"
			}
			wave[object] = step.Wave
		}
	}
	if len(r.Steps) == 1 {
		return
	}
	database, web := wave["Deployment/"+postgres.DefaultName], wave["Deployment/"+django.DefaultName]
	if migration := wave["migration"]; database >= migration || migration >= web {
		a.t.Errorf("the waves of database, migration and site are %d, %d, %d", database, migration, web)
	}
	// The wave of the site begins when the migration has succeeded.
	site, err := a.deployment(a.t.Context(), django.DefaultName)
	if err != nil {
		a.t.Fatal(err)
	}
	job, err := kube.Client.BatchV1().Jobs(a.namespace).Get(a.t.Context(), a.jobOf(migrationName), metav1.GetOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	if ended := job.Status.CompletionTime; ended == nil || site.CreationTimestamp.Before(ended) {
		a.t.Errorf("the site was made at %s, the migration ended at %s", site.CreationTimestamp, ended)
	}
}

// readByArgoCD fails the test unless Argo CD takes dir for a directory of plain
// manifests and finds all of them.
func readByArgoCD(t *testing.T, argocd, dir string) {
	t.Helper()
	found := report[struct {
		Manifests  []string
		SourceType string
	}](t, argocd, "-read", "-dir", dir)
	if found.SourceType != "Directory" {
		t.Errorf("%s: Argo CD takes it for a source of type %s", dir, found.SourceType)
	}
	var objects []*cluster.Object
	for _, manifest := range found.Manifests {
		parsed, err := cluster.Parse([]byte(manifest))
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, parsed...)
	}
	same(t, dir, objects)
}

// same fails the test unless objects are those of dir, in any order.
func same(t *testing.T, dir string, objects []*cluster.Object) {
	t.Helper()
	wanted, err := cluster.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	byName := func(a, b *cluster.Object) int {
		return cmp.Or(cmp.Compare(a.GetKind(), b.GetKind()), cmp.Compare(a.GetName(), b.GetName()))
	}
	slices.SortFunc(wanted, byName)
	slices.SortFunc(objects, byName)
	if len(wanted) == 0 || len(wanted) != len(objects) {
		t.Fatalf("%s: %d objects of %d", dir, len(objects), len(wanted))
	}
	for i, object := range objects {
		if !reflect.DeepEqual(wanted[i], object) {
			t.Errorf("%s: %s %s is not what it was", dir, object.GetKind(), object.GetName())
		}
	}
}

// fluxReport is what gitops/flux prints.
type fluxReport struct {
	Applied, Pruned, Drift []fluxEntry
	Ready                  bool
}

type fluxEntry struct{ Object, Action string }

// fluxApply lets Flux apply the app, with pruning.
func (a *app) fluxApply(flux, dir, inventory string) fluxReport {
	a.t.Helper()
	r := report[fluxReport](a.t, flux, "-dir", dir, "-name", a.namespace, "-inventory", inventory)
	if !r.Ready || len(r.Drift) > 0 {
		a.t.Errorf("ready: %t; would be changed again: %v", r.Ready, r.Drift)
	}
	return r
}

// has fails the test unless the same has happened to all objects.
func (r fluxReport) has(t *testing.T, action string) {
	t.Helper()
	for _, entry := range r.Applied {
		if entry.Action != action {
			t.Errorf("%s: %s, and not %s", entry.Object, entry.Action, action)
		}
	}
}

// readByFlux fails the test when a kustomization and a substitution of
// variables change something in dir.
func readByFlux(t *testing.T, flux, dir string) {
	t.Helper()
	out, log, code := runTool(t, flux, "-build", "-name", "app", "-dir", dir)
	if code != 0 {
		t.Fatalf("%s: flux ends with %d:\n%s", dir, code, log)
	}
	objects, err := cluster.Parse([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	same(t, dir, objects)
}
