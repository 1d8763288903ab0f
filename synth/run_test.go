package synth_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/synth"
)

// pidVariable names the file that holds the id of an app's Node.js.
const pidVariable = "SYNTH_TEST_PID"

// node is a Node.js that writes its id to a file. It returns the variables that
// make an app use it.
func node(t *testing.T) (pidFile string, env []string) {
	t.Helper()
	dir := t.TempDir()
	script, pidFile := filepath.Join(dir, "node"), filepath.Join(dir, "pid")
	text := "#!/bin/sh\n[ \"$1\" = --version ] || echo $$ >\"$" + pidVariable + "\"\nexec node \"$@\"\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return pidFile, []string{"JSII_NODE=" + script, pidVariable + "=" + pidFile}
}

func pid(file string) int {
	content, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	id, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		panic(err)
	}
	return id
}

// signalNode sends a signal to the app's Node.js before it goes on.
func signalNode(app cdk8s.App, s syscall.Signal) {
	if err := syscall.Kill(pid(os.Getenv(pidVariable)), s); err != nil {
		panic(err)
	}
	namespace.New(cdk8s.NewChart(app, new("good"), nil), "namespace", namespace.Props{})
}

// signalSelf sends a signal to the app.
func signalSelf(app cdk8s.App, s syscall.Signal) {
	namespace.New(cdk8s.NewChart(app, new("good"), nil), "namespace", namespace.Props{})
	if err := syscall.Kill(os.Getpid(), s); err != nil {
		panic(err)
	}
	time.Sleep(time.Minute)
}

func TestWhatEndsARunIsOneLineAndLeavesNothing(t *testing.T) {
	for app, c := range map[string]struct {
		status int
		want   string
	}{
		"killed node":  {1, `node: ended before the manifests were rendered (signal: killed): memory is the usual cause: `},
		"stopped node": {1, `node: no answer for 1s: nothing was written: `},
		"interrupted":  {130, `synth: interrupt: nothing was written`},
		// As Ctrl-C does, which every process of the terminal gets.
		"interrupted with node": {130, `synth: interrupt: nothing was written`},
		"terminated":            {143, `synth: terminated: nothing was written`},
	} {
		t.Run(app, func(t *testing.T) {
			dir, tmp := t.TempDir(), t.TempDir()
			start(t, "good", dir)
			before := files(t, dir)
			pidFile, env := node(t)
			env = append(env, "TMPDIR="+tmp)
			if app == "stopped node" {
				env = append(env, synth.TimeoutVariable+"=1s")
			}
			r := start(t, app, dir, env...)
			if r.status != c.status || len(r.lines) != 1 || !strings.HasPrefix(r.lines[0], c.want) {
				t.Errorf("status %d, output:\n%s", r.status, strings.Join(r.lines, "\n"))
			}
			if !equal(before, files(t, dir)) {
				t.Error("the run changed a file")
			}
			if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
				t.Errorf("the temporary directory holds %v, %v", left, err)
			}
			if syscall.Kill(pid(pidFile), 0) == nil && !zombie(pid(pidFile)) {
				t.Error("Node.js goes on")
			}
		})
	}
}

// zombie reports whether a process has ended and its parent has not noticed.
func zombie(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func TestAWrongTimeout(t *testing.T) {
	r := start(t, "good", t.TempDir(), synth.TimeoutVariable+"=soon")
	want := []string{`SYNTH_TIMEOUT: "soon": must be a duration such as 30m`}
	if r.status != 1 || !slices.Equal(r.lines, want) {
		t.Errorf("status %d, output %q", r.status, r.lines)
	}
}

func TestNoPlaceForTemporaryFiles(t *testing.T) {
	for tmp, want := range map[string]string{
		filepath.Join(t.TempDir(), "missing"): `": no such file or directory: Node.js needs a directory for temporary files`,
		os.Args[0]:                            `": not a directory: Node.js needs a directory for temporary files`,
	} {
		r := start(t, "good", filepath.Join(t.TempDir(), "dist"), "TMPDIR="+tmp)
		if r.status != 1 || len(r.lines) != 1 || !strings.HasPrefix(r.lines[0], `TMPDIR: "`+tmp+want) {
			t.Errorf("status %d, output:\n%s", r.status, strings.Join(r.lines, "\n"))
		}
	}
}

func TestAPanicNamesItsPlace(t *testing.T) {
	for app, want := range map[string]string{
		"panic":       `^synth_test\.go:\d+: Field cdk8splus28\.ContainerProps\.Image is required, but has nil value$`,
		"nil pointer": `^synth_test\.go:\d+: runtime error: invalid memory address .* \(SYNTH_STACK=1 shows the stack\)$`,
		// Found only when cdk8s writes, far from the code that made it.
		"empty pod": `^synth: .*PodSpec must have at least 1 container$`,
	} {
		r := start(t, app, filepath.Join(t.TempDir(), "dist"))
		if r.status != 1 || len(r.lines) != 1 || !regexp.MustCompile(want).MatchString(r.lines[0]) {
			t.Errorf("%s: status %d, output:\n%s", app, r.status, strings.Join(r.lines, "\n"))
		}
	}
}

func TestAStackIsShownWhenAskedFor(t *testing.T) {
	tmp := t.TempDir()
	r := start(t, "nil pointer", filepath.Join(t.TempDir(), "dist"), synth.StackVariable+"=1", "TMPDIR="+tmp)
	if all := strings.Join(r.lines, "\n"); r.status != 1 || !strings.Contains(all, "\ngoroutine 1 ") {
		t.Errorf("status %d, output:\n%s", r.status, all)
	}
	if left := files(t, tmp); len(left) > 0 {
		t.Errorf("%d files are left in the temporary directory", len(left))
	}
}

func TestAnAppWithoutObjectsChangesNothing(t *testing.T) {
	dir := t.TempDir()
	start(t, "good", dir)
	before := files(t, dir)
	for _, app := range []string{"nothing", "no objects", "another app"} {
		r := start(t, app, dir)
		if r.status != 1 || len(r.lines) != 1 || !strings.HasPrefix(r.lines[0], "app: holds no objects: ") {
			t.Errorf("%s: status %d, output %q", app, r.status, r.lines)
		}
		if !equal(before, files(t, dir)) {
			t.Errorf("%s: the run changed a file", app)
		}
	}
}

func TestWhatAnAppPrintsIsShown(t *testing.T) {
	r := start(t, "speaks", t.TempDir())
	if got := strings.Join(r.lines, "|"); r.status != 0 || got != "one||two" {
		t.Errorf("status %d, output %q", r.status, got)
	}
}

// On a terminal, there is a line for every environment; start sees no other
// run say anything.
func TestProgressIsForTerminals(t *testing.T) {
	const spawn = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
	command := exec.Command("python3", "-c", spawn, os.Args[0])
	dir := filepath.Join(t.TempDir(), "dist")
	command.Env = append(os.Environ(), appVariable+"=good", "CDK8S_OUTDIR="+dir)
	output, err := command.CombinedOutput()
	want := regexp.MustCompile("^" + regexp.QuoteMeta(dir) + `: rendered in \d+\.\ds\s*$`)
	if err != nil || !want.Match(output) {
		t.Errorf("%v, output %q", err, output)
	}
}

func TestDirectoriesThatCannotBeMeant(t *testing.T) {
	link := filepath.Join(t.TempDir(), "dist")
	if err := os.Symlink("nowhere", link); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		"~/dist":   `output: "~/dist": must not begin with ~`,
		" dist":    `output: " dist": must not begin or end with a blank`,
		"  ":       `output: "  ": must name a directory`,
		"di\nst":   `output: "di\nst": must not hold line breaks`,
		"dist\x7f": `output: "dist\x7f": must not hold line breaks or other control characters`,
		link:       `output: "` + link + `": is a link to "nowhere", which does not exist: `,
	} {
		r := start(t, "good", dir)
		if r.status != 1 || len(r.lines) != 1 || !strings.HasPrefix(r.lines[0], want) {
			t.Errorf("%q: status %d, output %q", dir, r.status, r.lines)
		}
	}
}
