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
	"slices"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/internal/construct"
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
		fmt.Fprintln(stderr, err)
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
	var errs []error
	for _, one := range e.Err() {
		errs = append(errs, errors.New(construct.Line(one)))
	}
	return errors.Join(errs...)
}
