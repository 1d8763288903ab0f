package synth_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/django-cdk8s/synth"
)

// The report says what a run would change, and the exit status whether it does.
func TestDiff(t *testing.T) {
	repository, git := newRepository(t)
	dist := filepath.Join(repository, "deploy")
	app := func(args []string, names, tag string) run {
		t.Helper()
		return startWith(t, args, "environments", dist, environmentsVariable+"="+names, "TAG="+tag)
	}
	if r := app([]string{"diff"}, "staging", "1"); r.status != 2 || !strings.Contains(strings.Join(r.lines, " "),
		`diff: "HEAD": git has no such revision`) {
		t.Errorf("before the first commit: %+v", r)
	}
	if r := app(nil, "staging,production", "1"); r.status != 0 {
		t.Fatal(r)
	}
	git("add", ".")
	git("commit", "--quiet", "--message", "deploy")
	before := files(t, dist)

	const unchanged = "staging: nothing changes\nproduction: nothing changes\n"
	if r := app([]string{"diff"}, "staging,production", "1"); r.status != 0 || r.stdout != unchanged {
		t.Errorf("nothing changes: %+v", r)
	}
	r := app([]string{"diff", "HEAD"}, "staging", "2")
	if r.status != 1 || len(r.lines) > 0 {
		t.Errorf("another image: %+v", r)
	}
	for _, line := range []string{
		"staging: 3 changed\nchanged  Deployment shop-staging/django: new pods, which take over from the old ones\n" +
			"           spec.template.spec.containers[django].image: example/shop:1 becomes example/shop:2\n",
		filepath.Join(dist, "production") + " (environment that is gone): 11 removed\n",
		"removed  Deployment shop-production/postgres: a tool that prunes ends its pods\n",
		"removed  PersistentVolumeClaim shop-production/postgres-pvc: stays in the cluster with Argo CD, Flux and kapp",
		"UNSAFE   Namespace shop-production: is not made any more",
	} {
		if !strings.Contains(r.stdout, line) {
			t.Errorf("the report lacks %q:\n%s", line, r.stdout)
		}
	}
	markdown := app([]string{"diff", "-markdown"}, "staging", "2")
	for _, line := range []string{
		"### staging: 3 changed\n\n| | object | what happens |\n|---|---|---|\n" +
			"| changed | `Deployment shop-staging/django` | new pods, which take over from the old ones |\n",
		"- spec.template.spec.containers[django].image: example/shop:1\n" +
			"+ spec.template.spec.containers[django].image: example/shop:2\n",
		"> **Unsafe:** Namespace shop-production: is not made any more",
	} {
		if !strings.Contains(markdown.stdout, line) {
			t.Errorf("the report in Markdown lacks %q:\n%s", line, markdown.stdout)
		}
	}
	if !equal(files(t, dist), before) {
		t.Error("diff has written")
	}
	if r := startWith(t, []string{"diff"}, "bad", dist); r.status != 2 || r.stdout != "" || len(r.lines) == 0 {
		t.Errorf("an app with problems: %+v", r)
	}
}

// The directory of an environment that is gone is reported, run by run, until it
// is removed on request.
func TestEnvironmentThatIsGone(t *testing.T) {
	dist := t.TempDir()
	app := func(args []string, names string) run {
		t.Helper()
		r := startWith(t, args, "environments", dist, environmentsVariable+"="+names, "TAG=1")
		if r.status != 0 {
			t.Fatal(r)
		}
		return r
	}
	app(nil, "staging,production,old")
	note := filepath.Join(dist, "old", "README.md")
	if err := os.WriteFile(note, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r := app(nil, "staging,production")
		want := `warning: output: "` + filepath.Join(dist, "old") + `": is the directory of an environment that this app no longer has: ` +
			`when no tool syncs from it, run the app with -clean to remove it`
		if len(r.lines) != 1 || r.lines[0] != want {
			t.Errorf("%q; want %q", r.lines, want)
		}
	}
	if r := app([]string{"-clean"}, "staging,production"); len(r.lines) > 0 {
		t.Errorf("%q", r.lines)
	}
	if _, err := os.Stat(filepath.Join(dist, "old", "shop.k8s.yaml")); err == nil {
		t.Error("the manifests of the environment are still there")
	}
	if _, err := os.Stat(note); err != nil {
		t.Error("a file of the user is gone, too")
	}
	app([]string{"-clean"}, "staging")
	if _, err := os.Stat(filepath.Join(dist, "production")); err == nil {
		t.Error("an empty directory is left")
	}
	if r := app(nil, "staging"); len(r.lines) > 0 {
		t.Errorf("%q", r.lines)
	}
}

// The picture is that of the manifests that a run would write.
func TestDraw(t *testing.T) {
	dist := t.TempDir()
	env := []string{environmentsVariable + "=staging,production", "TAG=1"}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"draw"}, []string{"%% staging\nflowchart LR\n", "%% production\nflowchart LR\n", "shop-staging", "shop-production"}},
		{[]string{"draw", "staging"}, []string{"flowchart LR\n", "namespace shop-staging"}},
		{[]string{"draw", "-dot", "production"}, []string{"digraph ", "namespace shop-production"}},
	} {
		r := startWith(t, c.args, "environments", dist, env...)
		for _, want := range c.want {
			if r.status != 0 || len(r.lines) > 0 || !strings.Contains(r.stdout, want) {
				t.Errorf("%v: lacks %q: %+v", c.args, want, r)
			}
		}
		if c.args[len(c.args)-1] == "staging" && strings.Contains(r.stdout, "shop-production") {
			t.Errorf("%v draws both environments", c.args)
		}
		if again := startWith(t, c.args, "environments", dist, env...); again.stdout != r.stdout {
			t.Errorf("%v: another picture of the same manifests", c.args)
		}
	}
	if r := startWith(t, []string{"draw", "old"}, "environments", dist, env...); r.status != 2 || len(r.lines) != 1 ||
		r.lines[0] != `draw: "old": is the name of no environment` {
		t.Errorf("%+v", r)
	}
	if len(files(t, dist)) > 0 {
		t.Error("draw has written")
	}
}

func TestArguments(t *testing.T) {
	dist := t.TempDir()
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"dif"}, 2, `"dif": is not a command: use diff, draw`},
		{[]string{"-wrong"}, 2, "flag provided but not defined: -wrong"},
		{[]string{"diff", "HEAD", "HEAD"}, 2, `"HEAD": one argument too many`},
		{[]string{"-clean", "now"}, 2, `"now": one argument too many`},
	} {
		if r := startWith(t, c.args, "good", dist); r.status != c.status || len(r.lines) != 1 ||
			!strings.Contains(r.lines[0], c.want) {
			t.Errorf("%v: %+v; want %d, %q", c.args, r, c.status, c.want)
		}
	}
	for _, args := range [][]string{{"-h"}, {"--help"}, {"diff", "-h"}, {"help"}} {
		if r := startWith(t, args, "good", dist); r.status != 0 || !strings.HasPrefix(r.stdout, "Usage:\n") || len(r.lines) > 0 {
			t.Errorf("%v: %+v", args, r)
		}
	}
	if r := startWith(t, []string{"-version"}, "good", dist); r.status != 0 || r.stdout != synth.Version+"\n" {
		t.Errorf("-version: %+v", r)
	}
	if len(files(t, dist)) > 0 {
		t.Error("a run with wrong arguments has written")
	}
}

// Outside a work tree there is nothing to compare with.
func TestDiffOutsideAWorkTree(t *testing.T) {
	dist := t.TempDir()
	if r := startWith(t, []string{"diff"}, "good", dist); r.status != 2 || len(r.lines) != 1 ||
		!strings.HasPrefix(r.lines[0], "diff: the output directory is in no work tree") {
		t.Errorf("%+v", r)
	}
}
