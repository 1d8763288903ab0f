// Package synth is the entry point of an app: it renders the charts, checks
// what came out, and only then writes it. A run that fails changes nothing.
package synth

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/internal/kernel"
	"example.com/django-cdk8s/internal/node"
	"example.com/django-cdk8s/internal/rule"
	"example.com/django-cdk8s/manifest"
)

// DefaultDir is where manifests are written unless CDK8S_OUTDIR, which
// "cdk8s synth" sets too, names another directory.
const DefaultDir = "dist"

// Environment is one place that an app is rendered for, such as staging. Each
// is a cdk8s App of its own, because the time that an App takes grows with the
// square of its charts.
type Environment struct {
	// Name is the subdirectory that the manifests go to. Empty: the output
	// directory itself.
	Name string

	// Build adds the charts to the app.
	Build func(app cdk8s.App)

	// External are objects that the charts refer to and that are made
	// elsewhere, besides those that constructs declare themselves.
	External []manifest.External
}

// Main renders what build adds to an app into the output directory and ends
// the program. It prints one line a problem to standard error, and its exit
// status is 1 when there is any.
func Main(build func(app cdk8s.App), external ...manifest.External) {
	MainEnvironments(Environment{Build: build, External: external})
}

// MainEnvironments is [Main] for an app that is rendered for several places,
// each into a subdirectory. Nothing is written unless all of them are right.
func MainEnvironments(environments ...Environment) {
	os.Exit(run(os.Stderr, environments))
}

func run(stderr io.Writer, environments []Environment) int {
	defer kernel.Close()
	if err := node.Check(); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	if err := Write(cmp.Or(os.Getenv("CDK8S_OUTDIR"), DefaultDir), stderr, environments...); err != nil {
		for _, one := range rule.Split(err) {
			fmt.Fprintln(stderr, one)
		}
		return 1
	}
	return 0
}

// Write renders environments and replaces the manifests below dir with them.
// It prints warnings to w, one a line. The error joins every problem found; dir
// is then as it was.
//
// Files that cdk8s did not write, which are those without the suffix
// .k8s.yaml, are left alone. So is the directory of an environment that is no
// longer among those given: remove it when nothing is synced from it any more.
func Write(dir string, w io.Writer, environments ...Environment) error {
	var errs []error
	var outputs []output
	for _, environment := range environments {
		target := filepath.Join(dir, environment.Name)
		result, err := Render(target, environment)
		errs = append(errs, nameCheck(environment, environments), err)
		outputs = append(outputs, output{target, result.Files})
		for _, warning := range result.Warnings {
			fmt.Fprintln(w, "warning:", warning)
		}
	}
	if len(environments) == 0 {
		errs = append(errs, errors.New("environments: []: must not be empty"))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if !slices.ContainsFunc(outputs, func(o output) bool { return o.dir == filepath.Clean(dir) }) {
		// What an app without environments left there.
		outputs = append(outputs, output{dir: dir})
	}
	if err := replace(outputs); err != nil {
		return fmt.Errorf("output: %q: cannot be written: %w", dir, err)
	}
	return nil
}

func nameCheck(environment Environment, all []Environment) error {
	var e rule.Errors
	if environment.Name != "" {
		e.Label("Environment.Name", environment.Name)
	}
	same := 0
	for _, other := range all {
		if other.Name == environment.Name {
			same++
		}
	}
	if same > 1 {
		e.Add("Environment.Name", environment.Name, "is used twice; every environment needs a directory of its own")
	}
	return e.Err()
}

// Result is what an environment renders to.
type Result struct {
	// Files are the manifests by file name.
	Files map[string][]byte

	// Warnings are about what is allowed and seldom wanted.
	Warnings []manifest.Problem
}

// Render returns the manifests of environment without writing them. dir is
// where they would be written: whether git tracks that place decides whether
// they may hold credentials. The error joins every problem found.
func Render(dir string, environment Environment) (Result, error) {
	staging, err := os.MkdirTemp("", "synth-")
	if err != nil {
		return Result{}, err
	}
	defer os.RemoveAll(staging)

	app := cdk8s.NewApp(&cdk8s.AppProps{Outdir: &staging})
	built := recovered(func() { environment.Build(app) })
	var tree tree
	read := recovered(func() { tree, err = readTree(app) })
	if err = cmp.Or(err, built, read); err == nil {
		err = recovered(app.Synth)
	}
	if err != nil {
		return Result{}, err
	}
	files, objects, err := readStaging(staging)
	if err != nil {
		return Result{}, tree.locate(err)
	}
	tree.nameSources(objects)
	options := manifest.Options{
		External: append(tree.externals, environment.External...),
		Plain:    tree.plain,
		Tracked:  tracked(dir),
	}
	var errs []error
	for _, problem := range manifest.Check(objects, options) {
		errs = append(errs, problem)
	}
	return Result{files, manifest.Warnings(objects)}, errors.Join(errs...)
}

func readStaging(dir string) (map[string][]byte, []manifest.Object, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	files := map[string][]byte{}
	var objects []manifest.Object
	var errs []error
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, nil, err
		}
		files[entry.Name()] = content
		found, err := manifest.Parse(entry.Name(), content)
		errs = append(errs, err)
		objects = append(objects, found...)
	}
	return files, objects, errors.Join(errs...)
}

// recovered calls f and returns what it panics with, in one line: cdk8s and
// jsii report wrong values by panicking. A mistake in Go code, such as a nil
// pointer, goes on as a panic.
func recovered(f func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case runtime.Error:
			panic(r)
		default:
			line, _, _ := strings.Cut(strings.TrimSpace(fmt.Sprint(r)), "\n")
			err = errors.New("synth: " + strings.TrimPrefix(line, "Error: "))
		}
	}()
	f()
	return nil
}
