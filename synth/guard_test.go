package synth_test

import (
	"bytes"
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
	const stale = "warning: staging: upgrade: Accept: claim-removed of PersistentVolumeClaim shop/postgres-pvc " +
		"does not happen against HEAD; remove it\n"
	if warnings, err := run(shop(moved, accepted)); err != nil || warnings != stale {
		t.Errorf("once it is committed: %v, %s", err, warnings)
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
