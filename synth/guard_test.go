package synth_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/manifest/upgrade"
	"example.com/django-cdk8s/synth"
)

// newRepository makes a repository, and returns what runs git in it.
func newRepository(t *testing.T) (dir string, git func(args ...string)) {
	t.Helper()
	dir = t.TempDir()
	git = func(args ...string) {
		t.Helper()
		args = append([]string{"-C", dir, "-c", "user.name=test", "-c", "user.email=test@example.com"}, args...)
		if output, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, output)
		}
	}
	git("init", "--quiet")
	return dir, git
}

// shop is an environment with a database.
func shop(props postgres.DatabaseProps, accept ...upgrade.Accepted) synth.Environment {
	return synth.Environment{Name: "staging", Accept: accept, Build: func(app cdk8s.App) {
		chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
		namespace.New(chart, "namespace", namespace.Props{Name: "shop"})
		props.Secret = secret.New(chart, "secret", secret.Props{
			Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"),
		})
		postgres.NewDatabase(chart, "database", props)
	}}
}

// What git has, is compared with what comes: a change that loses data is
// refused until somebody accepts it, and the acceptance has its day.
func TestUpgradesAreGuarded(t *testing.T) {
	repository, git := newRepository(t)
	dist := filepath.Join(repository, "apps", "dist")
	run := func(e synth.Environment) (warnings string, err error) {
		var out bytes.Buffer
		err = synth.Write(dist, &out, e)
		return out.String(), err
	}
	commit := func() {
		git("add", ".")
		git("commit", "--quiet", "--message", "dist")
	}
	before := postgres.DatabaseProps{Image: "postgres:15-bookworm"}
	other := postgres.DatabaseProps{Image: "postgres:17-bookworm"}
	moved := other
	moved.ClaimName = "postgres-17"

	// Without a commit there is nothing to lose.
	if _, err := run(shop(other)); err != nil {
		t.Fatal(err)
	}
	if _, err := run(shop(before)); err != nil {
		t.Fatal(err)
	}
	commit()
	written := files(t, dist)

	const major = "staging: upgrade: PersistentVolumeClaim shop/postgres-pvc: " +
		"metadata.annotations[django-cdk8s.example.com/postgresql-major]: PostgreSQL 17 does not start on the data of 15"
	if _, err := run(shop(other)); err == nil || !strings.HasPrefix(err.Error(), major) {
		t.Errorf("another major version on the same claim: %v", err)
	}
	const removed = "staging: upgrade: PersistentVolumeClaim shop/postgres-pvc: is not made any more"
	if _, err := run(shop(moved)); err == nil || !strings.HasPrefix(err.Error(), removed) {
		t.Errorf("a claim of another name: %v", err)
	}
	if !equal(files(t, dist), written) {
		t.Error("a refused run has written")
	}

	accepted := upgrade.Accepted{
		Rule: upgrade.ClaimRemoved, Object: "PersistentVolumeClaim shop/postgres-pvc", Reason: "the upgrade to PostgreSQL 17",
	}
	if warnings, err := run(shop(moved, accepted)); err != nil || warnings != "" {
		t.Errorf("accepted: %v, %s", err, warnings)
	}
	commit()
	const stale = "warning: staging: upgrade: Environment.Accept: there is no change claim-removed of " +
		"PersistentVolumeClaim shop/postgres-pvc against HEAD: remove the entry\n"
	if warnings, err := run(shop(moved, accepted)); err != nil || warnings != stale {
		t.Errorf("once it is committed: %v, %s", err, warnings)
	}
}

// Nothing is compared where git does not read its work tree, and the run says so.
func TestGitThatDoesNotAnswerIsAWarning(t *testing.T) {
	repository, git := newRepository(t)
	git("commit", "--quiet", "--allow-empty", "--message", "first")
	if err := os.Remove(filepath.Join(repository, ".git", "HEAD")); err != nil {
		t.Fatal(err)
	}
	var warnings bytes.Buffer
	err := synth.Write(filepath.Join(repository, "dist"), &warnings, shop(postgres.DatabaseProps{}))
	want := `warning: staging: upgrade: nothing was compared: git cannot read ` + repository + ": fatal: "
	if err != nil || !strings.HasPrefix(warnings.String(), want) || strings.Count(warnings.String(), "\n") != 1 {
		t.Errorf("error %v, warnings %s", err, &warnings)
	}
}

// What is accepted must say what and why.
func TestWrongAcceptances(t *testing.T) {
	right := upgrade.Accepted{Rule: upgrade.ClaimRemoved, Object: "PersistentVolumeClaim shop/data", Reason: "moved"}
	for line, change := range map[string]func(a *upgrade.Accepted){
		`Environment.Accept[0].Rule: "removed": must be one of [namespace-removed claim-removed`: func(a *upgrade.Accepted) {
			a.Rule = "removed"
		},
		`Environment.Accept[0].Object: "shop/data": must be a kind and a name`: func(a *upgrade.Accepted) {
			a.Object = "shop/data"
		},
		`Environment.Accept[0].Reason: " ": is required`: func(a *upgrade.Accepted) { a.Reason = " " },
	} {
		wrong := right
		change(&wrong)
		err := write(t, t.TempDir(), shop(postgres.DatabaseProps{}, wrong))
		if err == nil || !strings.HasPrefix(err.Error(), "staging: "+line) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v; want one line with %s", err, line)
		}
	}
}

// included is an environment whose objects are those of a file.
func included(t *testing.T, text string) synth.Environment {
	t.Helper()
	file := filepath.Join(t.TempDir(), "objects.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return synth.Environment{Build: func(app cdk8s.App) {
		cdk8s.NewInclude(cdk8s.NewChart(app, new("shop"), nil), new("objects"), &cdk8s.IncludeProps{Url: &file})
	}}
}

// Each change that a cluster refuses, or that loses data, is refused against what
// git has; each of the harmless ones is written.
func TestEachUpgradeIsGuarded(t *testing.T) {
	object := func(apiVersion, kind, name, rest string) string {
		return fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: %s, namespace: shop%s\n---\n", apiVersion, kind, name, rest)
	}
	claim := func(name, size, mode, class, major string) string {
		return object("v1", "PersistentVolumeClaim", name, fmt.Sprintf(
			", annotations: {django-cdk8s.example.com/postgresql-major: '%s'}}\nspec: {storageClassName: %s, accessModes: [%s], "+
				"resources: {requests: {storage: %s}}}", major, class, mode, size))
	}
	const container = "containers: [{name: c, image: 'a:%s', resources: {limits: {cpu: 1, memory: 1Mi}, requests: {cpu: 1, memory: 1Mi}}}]"
	deployment := func(app, tag string) string {
		return object("apps/v1", "Deployment", "web", fmt.Sprintf("}\nspec: {selector: {matchLabels: {app: %s}}, template: "+
			"{metadata: {labels: {app: %s}}, spec: {"+container+"}}}", app, app, tag))
	}
	job := func(name, tag string) string {
		return object("batch/v1", "Job", name, fmt.Sprintf("}\nspec: {template: {metadata: {labels: {app: job}}, spec: "+
			"{restartPolicy: Never, "+container+"}}}", tag))
	}
	service := func(address string) string {
		return deployment("web", "1") + object("v1", "Service", "web",
			"}\nspec: {"+address+"selector: {app: web}, ports: [{port: 80, targetPort: 80}]}")
	}
	const (
		namespaces = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n"
		other      = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other, namespace: shop}\n---\n"
		generated  = ", annotations: {django-cdk8s.example.com/generated-keys: SECRET_KEY}}"
	)
	service80 := func(address string) string {
		return strings.Replace(service(address), "name: c, ", "name: c, ports: [{containerPort: 80}], ", 1)
	}
	data := claim("data", "5Gi", "ReadWriteOnce", "fast", "15")
	for name, c := range map[string]struct{ before, after, want string }{
		"selector":       {deployment("web", "1"), deployment("site", "1"), "Deployment shop/web: spec.selector: "},
		"renamed claim":  {data, claim("data-2", "5Gi", "ReadWriteOnce", "fast", "15"), "PersistentVolumeClaim shop/data: is not made any more"},
		"removed claim":  {data + other, other, "PersistentVolumeClaim shop/data: is not made any more"},
		"shrunk claim":   {data, claim("data", "4Gi", "ReadWriteOnce", "fast", "15"), "PersistentVolumeClaim shop/data: spec.resources.requests.storage: "},
		"access mode":    {data, claim("data", "5Gi", "ReadWriteMany", "fast", "15"), "PersistentVolumeClaim shop/data: spec.accessModes: "},
		"storage class":  {data, claim("data", "5Gi", "ReadWriteOnce", "slow", "15"), "PersistentVolumeClaim shop/data: spec.storageClassName: "},
		"lower major":    {data, claim("data", "5Gi", "ReadWriteOnce", "fast", "14"), "PostgreSQL 14 does not start on the data of 15"},
		"higher major":   {data, claim("data", "5Gi", "ReadWriteOnce", "fast", "17"), "PostgreSQL 17 does not start on the data of 15"},
		"namespace":      {namespaces + other, strings.ReplaceAll(other, "shop", "default"), "Namespace shop: is not made any more"},
		"secret":         {object("v1", "Secret", "env", generated) + other, other, "Secret shop/env: is not made any more"},
		"service":        {service80(""), service80("clusterIP: None, "), "Service shop/web: spec.clusterIP: "},
		"job":            {job("migrate", "1"), job("migrate", "2"), "Job shop/migrate: spec.template: "},
		"another job":    {job("migrate-1", "1"), job("migrate-2", "2"), ""},
		"image":          {deployment("web", "1"), deployment("web", "2"), ""},
		"larger claim":   {data, claim("data", "6Gi", "ReadWriteOnce", "fast", "15"), ""},
		"one more claim": {data, data + claim("data-2", "5Gi", "ReadWriteOnce", "fast", "15"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			repository, git := newRepository(t)
			dist := filepath.Join(repository, "dist")
			if err := write(t, dist, included(t, c.before)); err != nil {
				t.Fatal(err)
			}
			git("add", ".")
			git("commit", "--quiet", "--message", "dist")
			err := write(t, dist, included(t, c.after))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), "upgrade: "+kindOf(c.want)) ||
				!strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v; want %q", err, c.want)
			}
		})
	}
}

// kindOf is the kind that a problem begins with, if it begins with one.
func kindOf(problem string) string {
	kind, _, _ := strings.Cut(problem, " ")
	if kind == "PostgreSQL" {
		return "PersistentVolumeClaim"
	}
	return kind
}
