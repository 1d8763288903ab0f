package cdktest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/synth"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

// recorder is a test that notes whether it has failed.
type recorder struct {
	testing.TB

	failed bool
}

func (r *recorder) Errorf(string, ...any) { r.failed = true }

func build(level namespace.Level) cdktest.Build {
	return func(chart cdk8s.Chart) { namespace.New(chart, "namespace", namespace.Props{Enforce: level}) }
}

func TestGoldenComparesAndRewrites(t *testing.T) {
	t.Chdir(t.TempDir())
	golden := func(level namespace.Level) (failed bool) {
		r := &recorder{TB: t}
		cdktest.Golden(r, "some case", build(level))
		return r.failed
	}
	t.Setenv(cdktest.UpdateVariable, "")
	if !golden(namespace.Baseline) {
		t.Error("a missing file passes")
	}
	t.Setenv(cdktest.UpdateVariable, "1")
	if !golden(namespace.Baseline) {
		t.Error("rewriting a file passes, so that nobody reads the difference")
	}
	t.Setenv(cdktest.UpdateVariable, "")
	if golden(namespace.Baseline) {
		t.Error("the file that was just written does not pass")
	}
	if !golden(namespace.Privileged) {
		t.Error("another manifest passes")
	}
	if _, err := os.Stat(filepath.Join("testdata", "some-case.yaml")); err != nil {
		t.Error(err)
	}
}

func TestCurrentComparesEveryFile(t *testing.T) {
	dir := t.TempDir()
	environment := synth.Environment{Build: func(app cdk8s.App) {
		namespace.New(cdk8s.NewChart(app, new("shop"), nil), "namespace", namespace.Props{})
	}}
	current := func() (failed bool) {
		r := &recorder{TB: t}
		cdktest.Current(r, dir, environment)
		return r.failed
	}
	if !current() {
		t.Error("an empty directory passes")
	}
	if err := synth.Write(dir, t.Output(), environment); err != nil {
		t.Fatal(err)
	}
	if current() {
		t.Error("what was just written does not pass")
	}
	stale := filepath.Join(dir, "stale.k8s.yaml")
	if err := os.WriteFile(stale, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if !current() {
		t.Error("a stale file passes")
	}
	if err := os.Remove(stale); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "shop.k8s.yaml"), []byte("a: b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if !current() {
		t.Error("a changed file passes")
	}
}
