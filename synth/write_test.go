package synth_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/synth"
)

func TestWrongEnvironmentsAreOneLineEach(t *testing.T) {
	a := chart("shop")
	a.Name = "a"
	nameless, named := synth.Environment{}, synth.Environment{Name: "b"}
	broken := synth.Environment{Name: "c", Build: func(app cdk8s.App) {
		namespace.New(cdk8s.NewChart(app, new("shop"), nil), "namespace", namespace.Props{Name: "Shop"})
	}}
	for want, environments := range map[string][]synth.Environment{
		`Environment.Name: "a": is used twice; every environment needs a directory of its own`: {a, a, a},
		`Environment.Build: is required: the function that adds charts to the app`:             {nameless},
		`b: Environment.Build: is required: the function that adds charts to the app`:          {a, named},
		`c: shop/namespace: Name: "Shop": must be`:                                             {broken, a},
		`environments: []: must not be empty`:                                                  {},
	} {
		err := write(t, t.TempDir(), environments...)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got:\n%v\nwant:\n%s", err, want)
		}
	}
}

// A wrong name is reported once, and so is that it is used again.
func TestAWrongNameIsReportedOnce(t *testing.T) {
	e := chart("shop")
	e.Name = "../shop"
	err := write(t, t.TempDir(), e, e, e)
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("got:\n%v", err)
	}
}

func put(t *testing.T, dir string, contents map[string]string) {
	t.Helper()
	for name, content := range contents {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnAppRemovesItsOwnFilesAlone(t *testing.T) {
	const mine, theirs = "app example.com/django-cdk8s/synth\n", "app example.com/another\n"
	for name, c := range map[string]struct {
		before map[string]string
		// want is what the directory holds after a run that writes new.k8s.yaml.
		want []string
		err  string
	}{
		"its own": {
			map[string]string{".synth": mine + "old.k8s.yaml\n", "old.k8s.yaml": "", "README.md": ""},
			[]string{".synth", "README.md", "new.k8s.yaml"},
			"",
		},
		"another's": {
			map[string]string{".synth": theirs + "b.k8s.yaml\nc.k8s.yaml\n", "b.k8s.yaml": "", "c.k8s.yaml": ""},
			nil,
			`b.k8s.yaml" and 1 more: belongs to another app, example.com/another, and would be removed: set CDK8S_OUTDIR`,
		},
		"another's, with a file of the same name": {
			map[string]string{".synth": theirs + "new.k8s.yaml\nold.k8s.yaml\n", "old.k8s.yaml": "", "new.k8s.yaml": ""},
			nil,
			`old.k8s.yaml": belongs to another app, example.com/another, and`,
		},
		"its own, after the module was renamed": {
			map[string]string{".synth": theirs + "new.k8s.yaml\n", "new.k8s.yaml": ""},
			[]string{".synth", "new.k8s.yaml"},
			"",
		},
		"nobody's": {
			map[string]string{".synth": mine + "new.k8s.yaml\n", "old.k8s.yaml": "", "new.k8s.yaml": ""},
			[]string{".synth", "new.k8s.yaml", "old.k8s.yaml"},
			"",
		},
		"an earlier version's": {
			map[string]string{"old.k8s.yaml": "", "new.k8s.yaml": ""},
			[]string{".synth", "new.k8s.yaml"},
			"",
		},
		"somebody's, of an earlier version": {
			map[string]string{"old.k8s.yaml": ""},
			nil,
			`old.k8s.yaml": is not known to be this app's, and would be removed: set CDK8S_OUTDIR`,
		},
		"its own, with a conflict": {
			map[string]string{".synth": "<<<<<<< ours\n" + mine + "old.k8s.yaml\n=======\n>>>>>>> theirs\n", "old.k8s.yaml": ""},
			[]string{".synth", "new.k8s.yaml"},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, c.before)
			before := files(t, dir)
			var warnings bytes.Buffer
			err := synth.Write(dir, &warnings, chart("new"))
			if c.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), `output: "`+dir+"/"+c.err) {
					t.Errorf("error %v, want %s", err, c.err)
				}
				if !equal(before, files(t, dir)) {
					t.Errorf("the directory holds %v", names(t, dir))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := names(t, dir); !slices.Equal(got, c.want) {
				t.Errorf("the directory holds %v, want %v", got, c.want)
			}
			want := ""
			if name == "nobody's" {
				want = fmt.Sprintf("warning: output: %q: was not written by this app: it is kept and not checked\n",
					filepath.Join(dir, "old.k8s.yaml"))
			}
			if warnings.String() != want {
				t.Errorf("warnings %q, want %q", warnings.String(), want)
			}
		})
	}
}

// Two apps with an environment each in one directory: the second must not take
// over the files of the first.
func TestAnAppLeavesTheEnvironmentsOfAnother(t *testing.T) {
	dir := t.TempDir()
	const staging = "staging/shop.k8s.yaml"
	if err := os.Mkdir(filepath.Join(dir, "staging"), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, dir, map[string]string{".synth": "app example.com/another\n" + staging + "\n", staging: "kind: List\n"})
	before := files(t, dir)
	e := chart("shop")
	e.Name = "production"
	want := `output: "` + filepath.Join(dir, staging) + `": belongs to another app, example.com/another`
	if err := write(t, dir, e); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
	if !equal(before, files(t, dir)) {
		t.Errorf("the directory holds %v", names(t, dir))
	}
}

// A marker is committed, and may have been edited.
func TestTheMarkerNamesNothingOutside(t *testing.T) {
	parent := t.TempDir()
	dir, outside := filepath.Join(parent, "dist"), filepath.Join(parent, "other.k8s.yaml")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, parent, map[string]string{"other.k8s.yaml": ""})
	put(t, dir, map[string]string{".synth": "app example.com/django-cdk8s/synth\n../other.k8s.yaml\n"})
	var warnings bytes.Buffer
	if err := synth.Write(dir, &warnings, chart("shop")); err != nil || warnings.Len() > 0 {
		t.Errorf("error %v, warnings %s", err, &warnings)
	}
	if _, err := os.Stat(outside); err != nil {
		t.Error(err)
	}
}

func TestAnEmptyChartIsAnEmptyFile(t *testing.T) {
	dir := t.TempDir()
	e := synth.Environment{Build: func(app cdk8s.App) {
		cdk8s.NewChart(app, new("empty"), nil)
		namespace.New(cdk8s.NewChart(app, new("shop"), nil), "namespace", namespace.Props{Name: "shop"})
	}}
	for range 2 {
		if err := write(t, dir, e); err != nil {
			t.Fatal(err)
		}
	}
	if content, err := os.ReadFile(filepath.Join(dir, "empty.k8s.yaml")); err != nil || len(content) > 0 {
		t.Errorf("%q, %v", content, err)
	}
}

// The objects of an included List have the path of the construct.
func TestAListOfObjects(t *testing.T) {
	file := filepath.Join(t.TempDir(), "list.yaml")
	list := "apiVersion: v1\nkind: List\nitems:\n"
	for _, name := range []string{"a", "b"} {
		list += "- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: " + name + ", namespace: shop}\n"
	}
	if err := os.WriteFile(file, []byte(list), 0o644); err != nil {
		t.Fatal(err)
	}
	e := synth.Environment{Build: func(app cdk8s.App) {
		shop := cdk8s.NewChart(app, new("shop"), nil)
		namespace.New(shop, "namespace", namespace.Props{Name: "shop"})
		cdk8s.NewInclude(shop, new("list"), &cdk8s.IncludeProps{Url: &file})
	}}
	if err := write(t, t.TempDir(), e); err != nil {
		t.Error(err)
	}
}

func TestTheMarkerNamesAppAndFiles(t *testing.T) {
	dir := t.TempDir()
	a, b := chart("shop"), chart("shop")
	a.Name, b.Name = "staging", "production"
	if err := write(t, dir, a, b); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(dir, ".synth"))
	const want = "# Which app wrote which files here: it removes no others. Commit this file with them.\n" +
		"app example.com/django-cdk8s/synth\nproduction/shop.k8s.yaml\nstaging/shop.k8s.yaml\n"
	if err != nil || string(content) != want {
		t.Errorf("%v, the marker says:\n%s", err, content)
	}
}

func TestWhatDoesNotChangeIsNotWritten(t *testing.T) {
	dir := t.TempDir()
	two := func(name string) synth.Environment {
		return synth.Environment{Build: func(app cdk8s.App) {
			chart("same").Build(app)
			namespace.New(cdk8s.NewChart(app, new("other"), nil), "namespace", namespace.Props{Name: name})
		}}
	}
	if err := write(t, dir, two("a")); err != nil {
		t.Fatal(err)
	}
	before := files(t, dir)
	if err := write(t, dir, two("b")); err != nil {
		t.Fatal(err)
	}
	after := files(t, dir)
	for name, changes := range map[string]bool{"same.k8s.yaml": false, ".synth": false, "other.k8s.yaml": true} {
		path := filepath.Join(dir, name)
		if (before[path] != after[path]) != changes {
			t.Errorf("%s: changed is not %v", name, changes)
		}
	}
}

// gitCalls makes git note its calls, and returns what counts them.
func gitCalls(t *testing.T) func() int {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	script := fmt.Sprintf("#!/bin/sh\necho \"$@\" >>'%s'\nexec '%s' \"$@\"\n", log, git)
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return func() int {
		content, _ := os.ReadFile(log)
		return strings.Count(string(content), "\n")
	}
}

// It is asked what it ignores, and what it has.
func TestGitIsAskedTwiceForAllEnvironments(t *testing.T) {
	repository, git := newRepository(t)
	git("commit", "--quiet", "--allow-empty", "--message", "first")
	calls := gitCalls(t)
	var all []synth.Environment
	for _, name := range []string{"a", "b", "c"} {
		e := chart("shop")
		e.Name = name
		all = append(all, e)
	}
	if err := write(t, filepath.Join(repository, "dist"), all...); err != nil {
		t.Fatal(err)
	}
	if got := calls(); got != 2 {
		t.Errorf("git was run %d times", got)
	}
	// Each environment gets the answer for its own directory.
	put(t, repository, map[string]string{".gitignore": "/dist/b/\n"})
	for i, name := range []string{"a", "b", "c"} {
		some := slices.Clone(all)
		some[i] = literal()
		some[i].Name = name
		err := write(t, filepath.Join(repository, "dist"), some...)
		if refused := err != nil; refused == (name == "b") {
			t.Errorf("a credential in %s: %v", name, err)
		}
	}
}
