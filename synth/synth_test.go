package synth_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	kplus "github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/stack"
	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/synth"
)

// appVariable makes the test binary one of the apps, so that the tests see a
// whole run: its exit status, its output, what it leaves behind.
const appVariable = "SYNTH_TEST_APP"

var apps = map[string]func(app cdk8s.App){
	"good": func(app cdk8s.App) {
		stack.New(app, "good", stack.Props{Web: django.WebProps{Project: django.Project{Image: "example/shop:1"}}})
	},
	"floating": func(app cdk8s.App) {
		stack.New(app, "good", stack.Props{Web: django.WebProps{Project: django.Project{Image: "example/shop"}}})
	},
	"bad": func(app cdk8s.App) {
		stack.New(app, "good", stack.Props{
			Namespace: namespace.Props{Enforce: "strict"},
			Web:       django.WebProps{Project: django.Project{Image: "example/shop:1", Hosts: []string{"*"}}, Port: 70000},
		})
	},
	"panic": func(app cdk8s.App) {
		chart := cdk8s.NewChart(app, new("good"), nil)
		kplus.NewDeployment(chart, new("web"), &kplus.DeploymentProps{Containers: &[]*kplus.ContainerProps{{}}})
	},
	"nil pointer": func(cdk8s.App) {
		var none *stack.Stack
		fmt.Println(none.Web())
	},
	"nothing": func(cdk8s.App) {},
	"no objects": func(app cdk8s.App) {
		cdk8s.NewChart(app, new("good"), nil)
	},
	"another app": func(cdk8s.App) {
		app := cdk8s.NewApp(nil)
		namespace.New(cdk8s.NewChart(app, new("good"), nil), "namespace", namespace.Props{})
	},
	"speaks": func(app cdk8s.App) {
		fmt.Fprint(os.Stderr, "one\n\ntwo")
		namespace.New(cdk8s.NewChart(app, new("good"), nil), "namespace", namespace.Props{})
	},
	"killed node": func(app cdk8s.App) {
		signalNode(app, syscall.SIGKILL)
	},
	"stopped node": func(app cdk8s.App) {
		signalNode(app, syscall.SIGSTOP)
	},
	"interrupted": func(app cdk8s.App) {
		signalSelf(app, syscall.SIGINT)
	},
	"interrupted with node": func(app cdk8s.App) {
		time.AfterFunc(50*time.Millisecond, func() { _ = syscall.Kill(os.Getpid(), syscall.SIGINT) })
		signalNode(app, syscall.SIGINT)
	},
	"terminated": func(app cdk8s.App) {
		signalSelf(app, syscall.SIGTERM)
	},
	"empty pod": func(app cdk8s.App) {
		kplus.NewDeployment(cdk8s.NewChart(app, new("good"), nil), new("web"), &kplus.DeploymentProps{})
	},
}

// environmentsVariable names the environments of the app "environments", with
// commas between them.
const environmentsVariable = "SYNTH_TEST_ENVIRONMENTS"

// environments are those of an app whose values follow from variables.
func environments() []synth.Environment {
	var all []synth.Environment
	for name := range strings.SplitSeq(os.Getenv(environmentsVariable), ",") {
		all = append(all, synth.Environment{Name: name, Build: func(app cdk8s.App) {
			stack.New(app, "shop", stack.Props{
				Namespace: namespace.Props{Name: "shop-" + name},
				Web:       django.WebProps{Project: django.Project{Image: "example/shop:" + os.Getenv("TAG")}},
			})
		}})
	}
	return all
}

func TestMain(m *testing.M) {
	if build, ok := apps[os.Getenv(appVariable)]; ok {
		synth.Main(build)
	}
	if os.Getenv(appVariable) == "environments" {
		synth.MainEnvironments(environments()...)
	}
	cdktest.Main(m)
}

// run is one run of an app.
type run struct {
	status int
	lines  []string
	stdout string
}

// start runs the app called name into dir, with env on top of the usual
// environment.
func start(t *testing.T, name, dir string, env ...string) run {
	t.Helper()
	return startWith(t, nil, name, dir, env...)
}

// startWith is [start] with arguments.
func startWith(t *testing.T, args []string, name, dir string, env ...string) run {
	t.Helper()
	command := exec.Command(os.Args[0], args...)
	command.Env = append(os.Environ(), appVariable+"="+name, "CDK8S_OUTDIR="+dir)
	command.Env = append(command.Env, env...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	r := run{status: command.ProcessState.ExitCode(), stdout: stdout.String()}
	for line := range strings.Lines(stderr.String()) {
		r.lines = append(r.lines, strings.TrimSuffix(line, "\n"))
	}
	return r
}

// files returns the content of every file below dir, with its time.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		info, infoErr := entry.Info()
		found[path] = info.ModTime().Format(time.RFC3339Nano) + "\n" + string(content)
		return errors.Join(err, infoErr)
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func equal(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for key, value := range a {
		if b[key] != value {
			return false
		}
	}
	return true
}

func TestARunLeavesNothingBehindButItsManifests(t *testing.T) {
	dir, tmp := filepath.Join(t.TempDir(), "dist"), t.TempDir()
	if r := start(t, "good", dir, "TMPDIR="+tmp); r.status != 0 || len(r.lines) > 0 {
		t.Fatalf("status %d, output %q", r.status, r.lines)
	}
	first := files(t, dir)
	if got, want := names(t, dir), []string{".synth", "good.k8s.yaml"}; !slices.Equal(got, want) {
		t.Errorf("the output directory holds %v, want %v", got, want)
	}
	if left := files(t, tmp); len(left) > 0 {
		t.Errorf("%d files are left in the temporary directory", len(left))
	}
	start(t, "good", dir, "TMPDIR="+tmp)
	if !equal(first, files(t, dir)) {
		t.Error("a second run changed a file")
	}
}

func TestAFailedRunReportsEverythingAndTouchesNothing(t *testing.T) {
	dir, tmp := filepath.Join(t.TempDir(), "dist"), t.TempDir()
	start(t, "good", dir)
	before := files(t, dir)
	r := start(t, "bad", dir, "TMPDIR="+tmp)
	want := []string{`good/namespace: Enforce: "strict": `, `good/web: Project.Hosts[0]: "*": `, `good/web: Port: 70000: `}
	if r.status != 1 || len(r.lines) != len(want) {
		t.Fatalf("status %d, output:\n%s", r.status, strings.Join(r.lines, "\n"))
	}
	for i, line := range r.lines {
		if !strings.HasPrefix(line, want[i]) {
			t.Errorf("line %d is %q, want %q first", i, line, want[i])
		}
	}
	if !equal(before, files(t, dir)) {
		t.Error("the run changed a file")
	}
	if left := files(t, tmp); len(left) > 0 {
		t.Errorf("%d files are left in the temporary directory", len(left))
	}
}

func TestNodeIsCheckedFirst(t *testing.T) {
	bin, tmp := t.TempDir(), t.TempDir()
	old := filepath.Join(bin, "old")
	if err := os.WriteFile(old, []byte("#!/bin/sh\necho v18.20.4\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for env, want := range map[string]string{
		"PATH=" + bin:      `node: "node": cannot be run: cdk8s needs Node.js 20 or later`,
		"JSII_NODE=" + old: `node: "v18.20.4": is too old: cdk8s needs Node.js 20 or later`,
	} {
		r := start(t, "good", filepath.Join(t.TempDir(), "dist"), env, "TMPDIR="+tmp)
		if r.status != 1 || len(r.lines) != 1 || !strings.HasPrefix(r.lines[0], want) {
			t.Errorf("%s: status %d, output %q, want %q", env, r.status, r.lines, want)
		}
		if left := files(t, tmp); len(left) > 0 {
			t.Errorf("%s: %d files are left in the temporary directory", env, len(left))
		}
	}
}

func TestOutputThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dist")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	r := start(t, "good", file)
	if r.status != 1 || len(r.lines) != 1 || !strings.Contains(r.lines[0], "cannot be written") {
		t.Errorf("status %d, output %q", r.status, r.lines)
	}
}

func TestAFloatingImageIsAWarning(t *testing.T) {
	r := start(t, "floating", filepath.Join(t.TempDir(), "dist"))
	if r.status != 0 || len(r.lines) != 1 || !strings.HasPrefix(r.lines[0], "warning: ") || !strings.Contains(r.lines[0], `"example/shop"`) {
		t.Errorf("status %d, output %q", r.status, r.lines)
	}
}

func chart(id string) synth.Environment {
	return synth.Environment{Build: func(app cdk8s.App) {
		namespace.New(cdk8s.NewChart(app, &id, nil), "namespace", namespace.Props{Name: id})
	}}
}

func write(t *testing.T, dir string, environments ...synth.Environment) error {
	t.Helper()
	return synth.Write(dir, &bytes.Buffer{}, environments...)
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	for path := range files(t, dir) {
		relative, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, relative)
	}
	slices.Sort(all)
	return all
}

func TestStaleManifestsGoAndOtherFilesStay(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "README.md"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"before", "after"} {
		if err := write(t, dir, chart(id)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := names(t, dir), []string{".synth", "README.md", "after.k8s.yaml"}; !slices.Equal(got, want) {
		t.Errorf("the directory holds %v, want %v", got, want)
	}
}

func TestWhatCannotBeReplacedLeavesTheRest(t *testing.T) {
	dir := t.TempDir()
	if err := write(t, dir, chart("a")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "b.k8s.yaml"), 0o755); err != nil {
		t.Fatal(err)
	}
	before := files(t, dir)
	if err := write(t, dir, chart("b")); err == nil {
		t.Error("a directory was replaced by a file")
	}
	if !equal(before, files(t, dir)) {
		t.Errorf("the directory holds %v", names(t, dir))
	}
}

func TestAFailureLeavesNoDirectoryBehind(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dist")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "production"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	staging, production := chart("shop"), chart("shop")
	staging.Name, production.Name = "staging", "production"
	if err := write(t, dir, staging, production); err == nil {
		t.Error("a file was replaced by a directory")
	}
	if _, err := os.Stat(filepath.Join(dir, "staging")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory of the other environment is there: %v", err)
	}
}

func TestEnvironmentsAreWrittenTogetherOrNotAtAll(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dist")
	staging, production := chart("shop"), chart("shop")
	staging.Name, production.Name = "staging", "production"
	broken := synth.Environment{Name: "broken", Build: func(app cdk8s.App) {
		namespace.New(cdk8s.NewChart(app, new("shop"), nil), "namespace", namespace.Props{Name: "Shop"})
	}}
	if err := write(t, dir, staging, broken); err == nil {
		t.Error("a broken environment was written")
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a failed run made the output directory: %v", err)
	}
	if err := write(t, dir, staging, production); err != nil {
		t.Fatal(err)
	}
	if got, want := names(t, dir), []string{".synth", "production/shop.k8s.yaml", "staging/shop.k8s.yaml"}; !slices.Equal(got, want) {
		t.Errorf("the directory holds %v, want %v", got, want)
	}
	for _, name := range []string{"staging", "../elsewhere"} {
		production.Name = name
		if err := write(t, dir, staging, production); err == nil {
			t.Errorf("two environments, staging and %s, were written", name)
		}
	}
}

func TestSynthIsDeterministic(t *testing.T) {
	render := func() string {
		result, err := synth.Render(t.TempDir(), synth.Environment{Build: apps["good"]})
		if err != nil {
			t.Fatal(err)
		}
		return string(result.Files["good.k8s.yaml"])
	}
	if first, second := render(), render(); first != second || first == "" {
		t.Errorf("two runs differ:\n%s\n%s", first, second)
	}
}

func literal() synth.Environment {
	return synth.Environment{Build: func(app cdk8s.App) {
		secret.New(cdk8s.NewChart(app, new("shop"), nil), "secret", secret.Props{
			Source: secret.Literal(map[string]string{"POSTGRES_PASSWORD": "not-a-secret"}),
		})
	}}
}

func TestLiteralCredentialsAreRefusedWhereGitTracksThem(t *testing.T) {
	literal := literal()
	repository := t.TempDir()
	if output, err := exec.Command("git", "init", "--quiet", repository).CombinedOutput(); err != nil {
		t.Fatalf("git init: %v: %s", err, output)
	}
	if err := os.WriteFile(filepath.Join(repository, ".gitignore"), []byte("/local/\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	const want = `shop/secret/Secret: stringData[POSTGRES_PASSWORD]: "...": git may commit these manifests`
	err := write(t, filepath.Join(repository, "dist"), literal)
	if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "not-a-secret") {
		t.Errorf("in a tracked directory: %v, want %q", err, want)
	}
	if err := write(t, filepath.Join(repository, "a", "b", "dist"), literal); err == nil {
		t.Error("written far below the root of the repository")
	}
	for _, dir := range []string{filepath.Join(repository, "local", "dist"), t.TempDir()} {
		if err := write(t, dir, literal); err != nil {
			t.Errorf("in %s: %v", dir, err)
		}
	}
}

// Ignoring a directory does not untrack what is committed in it, and a link
// from elsewhere leads into the repository all the same.
func TestLiteralCredentialsAreRefusedInEveryDisguise(t *testing.T) {
	repository, git := newRepository(t)
	dist := filepath.Join(repository, "dist")
	if err := write(t, dist, chart("shop")); err != nil {
		t.Fatal(err)
	}
	git("add", "dist")
	git("commit", "--quiet", "-m", "dist")
	if err := os.WriteFile(filepath.Join(repository, ".gitignore"), []byte("/dist/\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(repository, "other"), link); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(repository, "other"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"ignored but committed": dist, "through a link": link, "below a link": filepath.Join(link, "dist")} {
		if err := write(t, dir, literal()); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func TestEnvironmentsReplaceWhatWasThereWithoutThem(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "with[brackets]")
	for _, id := range []string{"before", "after"} {
		if err := write(t, dir, chart(id)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := names(t, dir), []string{".synth", "after.k8s.yaml"}; !slices.Equal(got, want) {
		t.Errorf("the directory holds %v, want %v", got, want)
	}
	staging := chart("shop")
	staging.Name = "staging"
	if err := write(t, dir, staging); err != nil {
		t.Fatal(err)
	}
	if got, want := names(t, dir), []string{".synth", "staging/shop.k8s.yaml"}; !slices.Equal(got, want) {
		t.Errorf("the directory holds %v, want %v", got, want)
	}
	if err := write(t, dir); err == nil {
		t.Error("no environment at all was written")
	}
}

func TestWhatAnEnvironmentDeclaresExternalNeedsNoManifest(t *testing.T) {
	e := synth.Environment{Build: func(app cdk8s.App) {
		c := cdk8s.NewChart(app, new("shop"), nil)
		kplus.NewPod(c, new("pod"), &kplus.PodProps{
			ServiceAccount: kplus.ServiceAccount_FromServiceAccountName(c, new("account"), new("robot"), nil),
			Containers:     &[]*kplus.ContainerProps{{Image: new("shop:1")}},
		})
	}}
	err := write(t, t.TempDir(), e)
	if err == nil || !strings.Contains(err.Error(), `"robot": no ServiceAccount of that name`) {
		t.Errorf("undeclared: %v", err)
	}
	e.External = []manifest.External{{Kind: "ServiceAccount", Name: "robot"}}
	if err := write(t, t.TempDir(), e); err != nil {
		t.Errorf("declared: %v", err)
	}
}

// What the API server would not read is reported with the construct that made
// it, even when that is not one of this library.
func TestUnreadableManifestsNameTheirConstruct(t *testing.T) {
	err := write(t, t.TempDir(), synth.Environment{Build: func(app cdk8s.App) {
		c := cdk8s.NewChart(app, new("shop"), nil)
		kplus.NewConfigMap(c, new("settings"), &kplus.ConfigMapProps{
			Metadata: &cdk8s.ApiObjectMetadata{Name: new("settings")},
			Data:     &map[string]*string{"UMASK": new("0o022")},
		})
	}})
	if err == nil || !strings.HasPrefix(err.Error(), "shop/settings: ") {
		t.Errorf("got %v", err)
	}
}
