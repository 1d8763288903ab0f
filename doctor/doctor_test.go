// Package doctor_test runs doctor.py, a program of Python alone, on whole
// Django projects, and its own tests.
package doctor_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestChecks(t *testing.T) {
	if output, err := exec.Command("python3", "-B", "test_doctor.py").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

const modules = "import celery, django, gunicorn, psycopg2, whitenoise"

var found = sync.OnceValue(func() string {
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", modules).Run() == nil {
			return name
		}
	}
	return ""
})

// python returns a Python that has Django and what an image of it needs.
func python(t *testing.T) string {
	t.Helper()
	if found() != "" {
		return found()
	}
	const debian = "apt-get install python3-django python3-whitenoise python3-psycopg2 python3-celery gunicorn"
	if os.Getenv("CI") != "" {
		t.Fatalf("no python3 can %q; on Debian: %s", modules, debian)
	}
	t.Skipf("no python3 can %q; on Debian: %s", modules, debian)
	return ""
}

type finding struct{ Name, Status, Message, Where, Add string }

// examine runs the doctor in a directory, and returns its exit status and what
// it found.
func examine(t *testing.T, dir string, options ...string) (status int, all []finding) {
	t.Helper()
	script, err := filepath.Abs("doctor.py")
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(python(t), slices.Concat([]string{script, "--json"}, options)...)
	command.Dir = dir
	var problems bytes.Buffer
	command.Stderr = &problems
	output, err := command.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		status = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	var report struct{ Checks []finding }
	if status < 2 {
		if err := json.Unmarshal(output, &report); err != nil {
			t.Fatalf("%v\n%s%s", err, output, &problems)
		}
	}
	return status, report.Checks
}

// named returns the names of the findings of a status, each once, in order.
func named(all []finding, status string) string {
	var names []string
	for _, f := range all {
		if f.Status == status && !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
	}
	return strings.Join(names, " ")
}

// sample returns a copy of the sample project.
func sample(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../examples/project")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// edit replaces a text in a file, which must hold it.
func edit(t *testing.T, file, from, to string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), from) {
		t.Fatalf("%s does not hold %q", file, from)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), from, to)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTheSampleFollowsTheContract(t *testing.T) {
	dir := sample(t)
	before, _ := filepath.Glob(dir + "/*")
	for _, options := range [][]string{
		nil, {"--https", "--path=/healthz", "--skip=static"}, {"--path=/readyz", "--skip=static"},
	} {
		status, all := examine(t, dir, options...)
		if advice := named(all, "advice"); status != 0 || len(all) < 15 || advice != "" {
			t.Errorf("%v: status %d, %d checks, %q missing, %q advised",
				options, status, len(all), named(all, "missing"), advice)
		}
	}
	if after, _ := filepath.Glob(dir + "/*"); !slices.Equal(before, after) {
		t.Errorf("the doctor leaves %q", after)
	}
}

func TestTheSampleBroken(t *testing.T) {
	for _, c := range []struct{ file, from, to, missing string }{
		{"shop/settings.py", `words("ALLOWED_HOSTS")`, `env["ALLOWED_HOSTS"]`, "hosts static"},
		{"shop/settings.py", `if "POSTGRES_HOST" in env`, `if env["POSTGRES_HOST"]`, "static"},
		{"shop/settings.py", `"INFO")},`, `"INFO")}, "loggers": {"django": {"propagate": False}},`, "logs"},
		{"shop/settings.py", `    "notes",`, `    "notes", "absent",`, "start"},
		{"shop/urls.py", `path("login", admin.site.login)`, `path("login/", admin.site.login)`, "health"},
		{"shop/wsgi.py", `application =`, `app =`, "wsgi"},
		{"shop/celery.py", `import os`, `import os, absent`, "celery"},
		{"notes/views.py", `NoteForm =`, "open('notes.log', 'w')\nNoteForm =", "writes"},
	} {
		t.Run(c.file+" "+c.to, func(t *testing.T) {
			dir := sample(t)
			edit(t, filepath.Join(dir, c.file), c.from, c.to)
			var options []string
			if !strings.Contains(c.missing, "static") {
				options = []string{"--skip=static"}
			}
			status, all := examine(t, dir, options...)
			if got := named(all, "missing"); got != c.missing || (status == 1) != (got != "") {
				t.Errorf("status %d, missing %q, want %q", status, got, c.missing)
			}
		})
	}
}

func TestFlags(t *testing.T) {
	dir := sample(t)
	edit(t, dir+"/shop/settings.py", `env["POSTGRES_HOST"]`, `env["DB_HOST"]`)
	if status, all := examine(t, dir); status != 1 || named(all, "missing") != "settings" {
		t.Errorf("status %d, %+v", status, all)
	}
	if status, all := examine(t, dir, "--env=DB_HOST=$(POSTGRES_HOST)"); status != 0 {
		t.Errorf("with --env: status %d, %+v", status, all)
	}
	if status, all := examine(t, dir, "--env=DB_HOST=fixed", "--skip=database"); status != 0 {
		t.Errorf("with --skip: status %d, %+v", status, all)
	}
	t.Setenv("SECRET_KEY", "of the shell")
	t.Setenv("POSTGRES_HOST", "of the shell")
	t.Setenv("DEBUG", "1")
	if status, all := examine(t, sample(t)); status != 0 || named(all, "advice") != "" {
		t.Errorf("with variables of the shell: status %d, missing %q", status, named(all, "missing"))
	}
	if status, _ := examine(t, t.TempDir()); status != 2 {
		t.Errorf("without a project: status %d", status)
	}
}

// Each line that the doctor proposes is one that it then is content with.
func TestALineOfTheDoctorIsTheRemedy(t *testing.T) {
	dir := t.TempDir()
	command := exec.Command(python(t), "-m", "django", "startproject", "shop", dir)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	status, all := examine(t, dir, "--https")
	const want = "secret-key debug hosts csrf https database static static-served logs health writes"
	if got := named(all, "missing"); status != 1 || got != want {
		t.Errorf("startproject: status %d, missing %q, want %q", status, got, want)
	}
	settings, lines := dir+"/shop/settings.py", "import os\n"
	for _, f := range all {
		switch f.Name {
		case "static-served":
			const first = "'django.middleware.security.SecurityMiddleware',"
			edit(t, settings, first, first+f.Add)
		case "health":
			edit(t, dir+"/shop/urls.py", "urlpatterns = [", "urlpatterns = ["+f.Add)
		case "writes":
		default:
			lines += f.Add + "\n"
		}
	}
	text, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(settings, append(text, lines...), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, options := range [][]string{{"--https"}, nil} {
		if status, all := examine(t, dir, options...); status != 0 || named(all, "advice") != "" {
			t.Errorf("%v after its lines: status %d, missing %q", options, status, named(all, "missing"))
		}
	}
}

var (
	chapter = regexp.MustCompile(`(?m)^## (\d)\. `)
	block   = regexp.MustCompile("(?s)\n```sh\n(.*?)\n```")
	// Django comes from the machine.
	installs = regexp.MustCompile(`(?m)^(python3 -m venv|pip ).*$`)
)

// TestGettingStarted runs the commands of the page up to the project that the
// doctor is content with.
func TestGettingStarted(t *testing.T) {
	page, err := os.ReadFile("../docs/getting-started.md")
	if err != nil {
		t.Fatal(err)
	}
	interpreter, err := exec.LookPath(python(t))
	if err != nil {
		t.Fatal(err)
	}
	library, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir, bin := t.TempDir(), t.TempDir()
	for name, program := range map[string]string{"python": "", "django-admin": " -m django"} {
		script := "#!/bin/sh\nexec " + interpreter + program + ` "$@"` + "\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	chapters := chapter.FindAllSubmatchIndex(page, -1)
	if len(chapters) != 8 {
		t.Fatalf("the page has %d chapters", len(chapters))
	}
	for i, want := range []int{0, 0, 1, 0} {
		commands := block.FindSubmatch(page[chapters[i][0]:chapters[i+1][0]])
		if commands == nil {
			t.Fatalf("chapter %d has no commands", i+1)
		}
		command := exec.Command("bash", "-ec", installs.ReplaceAllString(string(commands[1]), ""))
		command.Dir = dir
		command.Env = append(os.Environ(), "LIBRARY="+library, "PATH="+bin+":"+os.Getenv("PATH"))
		output, _ := command.CombinedOutput()
		if got := command.ProcessState.ExitCode(); got != want {
			t.Fatalf("chapter %d: status %d, want %d\n%s", i+1, got, want, output)
		}
	}
	if status, all := examine(t, dir, "--path=/readyz", "--https"); status != 0 || named(all, "advice") != "" {
		t.Errorf("status %d, missing %q, advised %q", status, named(all, "missing"), named(all, "advice"))
	}
}
