// Package cdktest tests constructs by the manifests that they render to. It
// serves this library and the projects that import it.
//
// A test binary that uses constructs needs a TestMain that calls [Main]. No two
// tests may use constructs at the same time.
package cdktest

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	"github.com/pmezard/go-difflib/difflib"

	"example.com/django-cdk8s/internal/jsii"
	"example.com/django-cdk8s/internal/rule"
	"example.com/django-cdk8s/synth"
)

// UpdateVariable is the environment variable that makes [Golden] rewrite its
// files. The test still fails, so that the difference is read.
const UpdateVariable = "UPDATE_GOLDEN"

// Main runs the tests of a package and ends the Node process that they used.
//
//	func TestMain(m *testing.M) { cdktest.Main(m) }
func Main(m *testing.M) {
	jsii.Start()
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

// Build adds constructs to a chart.
type Build func(chart cdk8s.Chart)

// Namespace is the namespace of the charts that tests render.
const Namespace = "test"

// environment puts build into a chart called test.
func environment(build Build) synth.Environment {
	return synth.Environment{Build: func(app cdk8s.App) {
		build(cdk8s.NewChart(app, new("test"), &cdk8s.ChartProps{
			Namespace:                 new(Namespace),
			DisableResourceNameHashes: new(true),
		}))
	}}
}

// Render returns the manifest of a chart with what build adds to it, after all
// checks of package synth. Charts within the chart follow it. It ends the test
// when there is a problem.
func Render(t testing.TB, build Build) string {
	t.Helper()
	result, err := synth.Render(t.TempDir(), environment(build))
	if err != nil {
		t.Fatalf("synthesis failed:\n%v", err)
	}
	var documents []string
	for _, name := range slices.Sorted(maps.Keys(result.Files)) {
		if content := string(result.Files[name]); content != "" {
			documents = append(documents, content)
		}
	}
	return strings.Join(documents, "---\n")
}

// Problems returns the lines that synthesis reports for what build adds to a
// chart; none when it succeeds.
func Problems(t testing.TB, build Build) []string {
	t.Helper()
	return problems(t, environment(build))
}

// ProblemsApp is [Problems] for a build that adds charts to an app.
func ProblemsApp(t testing.TB, build func(app cdk8s.App)) []string {
	t.Helper()
	return problems(t, synth.Environment{Build: build})
}

func problems(t testing.TB, e synth.Environment) []string {
	t.Helper()
	_, err := synth.Render(t.TempDir(), e)
	var lines []string
	for _, one := range rule.Split(err) {
		lines = append(lines, one.Error())
	}
	return lines
}

// Golden compares the manifest of a chart with what build adds to it with the
// file testdata/NAME.yaml, where each space in name becomes a dash.
func Golden(t testing.TB, name string, build Build) {
	t.Helper()
	golden(t, goldenPath(name)+".yaml", Render(t, build))
}

// GoldenApp compares every manifest of an app with the files of the directory
// testdata/NAME, where each space in name becomes a dash.
func GoldenApp(t testing.TB, name string, build func(app cdk8s.App)) {
	t.Helper()
	result, err := synth.Render(t.TempDir(), synth.Environment{Build: build})
	if err != nil {
		t.Fatalf("synthesis failed:\n%v", err)
	}
	dir := goldenPath(name)
	for file, content := range result.Files {
		golden(t, filepath.Join(dir, file), string(content))
	}
	stale, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stale {
		if _, ok := result.Files[filepath.Base(path)]; !ok {
			t.Errorf("%s is not rendered any more: remove it", path)
		}
	}
}

func goldenPath(name string) string {
	return filepath.Join("testdata", strings.ReplaceAll(filepath.FromSlash(name), " ", "-"))
}

// golden compares got with the file at path, or rewrites the file.
func golden(t testing.TB, path, got string) {
	t.Helper()
	want, err := os.ReadFile(path)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case err != nil && !missing:
		t.Fatal(err)
	case !missing && string(want) == got:
	case os.Getenv(UpdateVariable) != "":
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Errorf("%s was rewritten; read the difference", path)
	case missing:
		t.Errorf("%s does not exist: run %s=1 go test on this package, and read the file", path, UpdateVariable)
	default:
		t.Errorf("%s is not what is rendered now: run %s=1 go test on this package, and read the difference\n%s",
			path, UpdateVariable, difference(string(want), got))
	}
}

// difference returns the lines that differ, with those around them.
func difference(want, got string) string {
	text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: difflib.SplitLines(want), B: difflib.SplitLines(got), FromFile: "committed", ToFile: "rendered", Context: 3,
	})
	if err != nil {
		return err.Error()
	}
	return text
}

// Current fails unless the files in dir, a directory that is committed, are
// what the environments render to now.
func Current(t testing.TB, dir string, environments ...synth.Environment) {
	t.Helper()
	for _, e := range environments {
		target := filepath.Join(dir, e.Name)
		result, err := synth.Render(target, e)
		if err != nil {
			t.Fatalf("synthesis failed:\n%v", err)
		}
		committed, err := filepath.Glob(filepath.Join(target, "*.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		names := slices.Collect(maps.Keys(result.Files))
		for _, path := range committed {
			names = append(names, filepath.Base(path))
		}
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			// A file that is missing on either side differs, too.
			content, _ := os.ReadFile(filepath.Join(target, name))
			if rendered, ok := result.Files[name]; !ok || !bytes.Equal(content, rendered) {
				t.Errorf("%s is not what is rendered now; run the app (go run .) and read the difference\n%s",
					filepath.Join(target, name), difference(string(content), string(result.Files[name])))
			}
		}
	}
}

// EveryField takes each field of P from full into a copy of minimal, one at a
// time. It fails for a field that does not change the manifest, and for one that
// full leaves at its zero value.
func EveryField[P any](t *testing.T, minimal, full P, build func(chart cdk8s.Chart, props P)) {
	t.Helper()
	render := func(props P) string {
		return Render(t, func(chart cdk8s.Chart) { build(chart, props) })
	}
	plain := render(minimal)
	for _, field := range reflect.VisibleFields(reflect.TypeFor[P]()) {
		t.Run(field.Name, func(t *testing.T) {
			value := reflect.ValueOf(full).FieldByIndex(field.Index)
			if value.IsZero() {
				t.Fatalf("the full props leave %s at its default", field.Name)
			}
			props := minimal
			reflect.ValueOf(&props).Elem().FieldByIndex(field.Index).Set(value)
			if render(props) == plain {
				t.Errorf("%s changes nothing in the manifest", field.Name)
			}
		})
	}
}
