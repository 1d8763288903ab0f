// Package synth is the entry point of an app: it renders the charts, checks
// what came out, and only then writes it. A run that fails changes nothing.
package synth

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/jsii"
	"example.com/django-cdk8s/internal/rule"
	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/manifest/upgrade"
)

// DefaultDir is where manifests are written unless CDK8S_OUTDIR, which
// "cdk8s synth" sets too, names another directory.
const DefaultDir = "dist"

// Environment is one place that an app is rendered for, such as staging. Each
// is a cdk8s App of its own.
type Environment struct {
	// Name is the subdirectory that the manifests go to.
	//
	// Default: none; the output directory itself.
	Name string

	// Build adds the charts to the app.
	//
	// Required.
	Build func(app cdk8s.App)

	// External are objects that the charts refer to and that are made
	// elsewhere, besides those that constructs declare themselves.
	External []manifest.External

	// Accept are changes that lose data or that a cluster refuses, and that are
	// wanted all the same. They are found by a comparison with the manifests in
	// the last commit of git; see [upgrade.Compare]. An entry without such a change
	// is a warning: remove it once the change is committed.
	//
	// Default: none.
	Accept []upgrade.Accepted
}

// Result is what an environment renders to.
type Result struct {
	// Files are the manifests by file name.
	Files map[string][]byte

	// Warnings are problems that do not fail a run; see [manifest.Warnings].
	Warnings []manifest.Problem
}

// Write renders environments and replaces the manifests below dir with them.
// It prints warnings to w, one a line. The error joins every problem found; dir
// is then as it was.
//
// Only what the app itself has written is removed. The file .synth in dir says
// what that is. Without it, as earlier versions left it, a manifest that is not
// rendered any more is the app's own when another file in its directory has the
// name of one that is rendered. A run that would remove manifests of another
// app is an error. Files without the suffix .k8s.yaml are left alone. So is the
// directory of an environment that is no longer among those given: it is a
// warning, because a tool may still sync from it. The flag -clean of [Main]
// removes it.
//
// Manifests that git has are compared first: a change that the cluster refuses,
// or that loses data, is an error unless the environment accepts it. The
// comparison is left out where git has no manifests of dir.
//
// A file that does not change is not written. When the program is killed while
// it moves files, each of them is the old one or the new one, none is missing,
// and the next run brings dir in order.
func Write(dir string, w io.Writer, environments ...Environment) error {
	return writer{dir: dir, warnings: w, revision: head}.write(environments)
}

// writer is one call of [Write], and what the program that [Main] runs adds.
type writer struct {
	dir      string
	warnings io.Writer

	// rendered is called for every environment that has been rendered.
	rendered func(target string, result Result, took time.Duration)

	// ready waits for what goes on in the background; nothing is written when
	// it fails, and its error is the only one.
	ready func() error

	// commit calls the function that writes.
	commit func(write func() error) error

	// clean removes the directories of environments that are gone.
	clean bool

	// revision is that with whose manifests those of the run are compared. Where
	// instead is set, it is called with the outputs, and nothing is compared or
	// written otherwise.
	revision string
	instead  func(committed base, outputs []output, environments []Environment) error
}

func (w writer) write(environments []Environment) error {
	if err := w.check(environments); err != nil {
		return err
	}
	var targets []string
	for _, e := range environments {
		targets = append(targets, filepath.Join(w.dir, e.Name))
	}
	forget := askGit(targets)
	defer forget()
	committed := sync.OnceValue(func() base { return baseOf(w.revision, targets) })
	go committed()

	results, err := w.render(targets, environments)
	if w.ready != nil {
		if notReady := w.ready(); notReady != nil {
			return notReady
		}
	}
	outputs := make([]output, len(results))
	for i, result := range results {
		outputs[i] = output{targets[i], result.Files}
		for _, warning := range result.Warnings {
			fmt.Fprintln(w.warnings, "warning:", prefix(environments[i])+warning.Error())
		}
	}
	if err != nil {
		return err
	}
	if w.instead != nil {
		return w.instead(committed(), outputs, environments)
	}
	if err := w.guard(committed(), outputs, environments); err != nil {
		return err
	}
	if !slices.Contains(targets, filepath.Clean(w.dir)) {
		// What an app without environments left there.
		outputs = append(outputs, output{dir: w.dir})
	}
	replaceAll := func() error { return w.replace(outputs) }
	if w.commit == nil {
		return replaceAll()
	}
	return w.commit(replaceAll)
}

// guard compares what is to be written with what git has.
func (w writer) guard(committed base, outputs []output, environments []Environment) error {
	var errs []error
	for i, e := range environments {
		problems, warnings := committed.guard(outputs[i].dir, outputs[i].files, e.Accept)
		for _, problem := range problems {
			errs = append(errs, fmt.Errorf("%s%w", prefix(e), problem))
		}
		for _, warning := range warnings {
			fmt.Fprintln(w.warnings, "warning:", prefix(e)+warning)
		}
	}
	return errors.Join(errs...)
}

func (w writer) replace(outputs []output) error {
	left, err := replace(w.dir, outputs, self(), w.clean)
	if _, ok := errors.AsType[refused](err); ok {
		return err
	}
	if err != nil {
		return fmt.Errorf("output: %q: cannot be written: %w", w.dir, err)
	}
	for _, path := range left.foreign {
		fmt.Fprintf(w.warnings, "warning: output: %q: was not written by this app: it is kept and not checked\n", path)
	}
	for _, path := range left.gone {
		fmt.Fprintf(w.warnings, "warning: output: %q: is the directory of an environment that this app no longer has: "+
			"when no tool syncs from it, run the app with -clean to remove it\n", path)
	}
	return nil
}

// check checks what is given, before anything is rendered.
func (w writer) check(environments []Environment) error {
	if err := checkDir(w.dir); err != nil {
		return err
	}
	errs := []error{checkLink(w.dir)}
	if len(environments) == 0 {
		errs = append(errs, errors.New("environments: []: must not be empty"))
	}
	seen := map[string]int{}
	for _, e := range environments {
		seen[e.Name]++
		var names rule.Errors
		switch {
		case seen[e.Name] == 2:
			names.Add("Environment.Name", e.Name, "is used twice; every environment needs a directory of its own")
		case seen[e.Name] == 1 && e.Name != "":
			names.Label("Environment.Name", e.Name)
		}
		for _, err := range names.Err() {
			errs = append(errs, errors.New(construct.Line(err)))
		}
		if len(names.Err()) == 0 && e.Name != "" {
			errs = append(errs, checkLink(filepath.Join(w.dir, e.Name)))
		}
		errs = append(errs, checkAccepted(e)...)
		if e.Build == nil {
			errs = append(errs, errors.New(prefix(e)+
				"Environment.Build: is required: the function that adds charts to the app"))
		}
	}
	return errors.Join(errs...)
}

// checkAccepted checks the changes that an environment accepts.
func checkAccepted(e Environment) (errs []error) {
	var wrong rule.Errors
	for i, a := range e.Accept {
		at := rule.Item("Environment.Accept", i)
		if !slices.Contains(upgrade.Rules(), a.Rule) {
			wrong.Add(at+".Rule", string(a.Rule), fmt.Sprintf("must be one of %v", upgrade.Rules()))
		}
		if kind, name, _ := strings.Cut(a.Object, " "); kind == "" || name == "" {
			wrong.Add(at+".Object", a.Object, `must be a kind and a name, such as "PersistentVolumeClaim shop/postgres-pvc"`)
		}
		if strings.TrimSpace(a.Reason) == "" {
			wrong.Add(at+".Reason", a.Reason, "is required: why nothing is lost")
		}
	}
	for _, err := range wrong.Err() {
		errs = append(errs, errors.New(prefix(e)+construct.Line(err)))
	}
	return errs
}

// render renders environments for their targets. While the kernel renders one,
// those before it are checked. The error joins every problem found; there is a
// result for every environment all the same.
func (w writer) render(targets []string, environments []Environment) ([]Result, error) {
	type outcome struct {
		result Result
		err    error
	}
	var pending []chan outcome
	for i, e := range environments {
		began := time.Now()
		var check func() (Result, error)
		err := recovered(func() { check = render(targets[i], e) })
		done := make(chan outcome, 1)
		pending = append(pending, done)
		go func() {
			o := outcome{err: err}
			if check != nil {
				panicked := recovered(func() { o.result, o.err = check() })
				o.err = cmp.Or(panicked, o.err)
			}
			if w.rendered != nil {
				w.rendered(targets[i], o.result, time.Since(began))
			}
			done <- o
		}()
		if _, ended := errors.AsType[jsii.Ended](err); ended {
			break // The others would say the same.
		}
	}
	results := make([]Result, len(environments))
	var errs []error
	for i, done := range pending {
		o := <-done
		results[i] = o.result
		if _, ended := errors.AsType[jsii.Ended](o.err); ended {
			return results, o.err
		}
		if o.err == nil {
			o.err = contentCheck(o.result)
		}
		for _, one := range rule.Split(o.err) {
			errs = append(errs, fmt.Errorf("%s%w", prefix(environments[i]), one))
		}
	}
	return results, errors.Join(errs...)
}

// contentCheck refuses an environment without objects, whose files would all be
// removed.
func contentCheck(result Result) error {
	for _, content := range result.Files {
		if len(bytes.TrimSpace(content)) > 0 {
			return nil
		}
	}
	return errors.New("app: holds no objects: Build must add charts to the app that it is given; " +
		"another one, made with cdk8s.NewApp, is not rendered")
}

// prefix begins what is said about one of several environments.
func prefix(e Environment) string {
	if e.Name == "" {
		return ""
	}
	return e.Name + ": "
}

// oneLine is what err says, in one line, or with the stack that was asked for.
func oneLine(err error) string {
	if p, ok := errors.AsType[*panicked](err); ok && p.stack != "" {
		return err.Error()
	}
	var parts []string
	for line := range strings.Lines(err.Error()) {
		if part := strings.TrimSpace(line); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " ")
}
