package synth

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"example.com/django-cdk8s/manifest/changes"
)

// errDiffers is returned by a comparison that finds differences.
var errDiffers = errors.New("differs")

// differences writes to out what the outputs of a run change against a revision.
// It returns [errDiffers] where that is anything.
func (w writer) differences(out io.Writer, markdown bool) func(base, []output, []Environment) error {
	return func(committed base, outputs []output, environments []Environment) error {
		if err := committed.check(w.revision); err != nil {
			return err
		}
		differs := false
		report := func(name string, before, after map[string][]byte) error {
			r, err := changes.Compare(before, after)
			if err != nil {
				return err
			}
			differs = differs || !r.Empty()
			if markdown {
				fmt.Fprintf(out, "### %s: %s\n\n", name, r.Summary())
				if !r.Empty() {
					fmt.Fprintln(out, r.Markdown())
				}
				return nil
			}
			fmt.Fprintf(out, "%s: %s\n%s", name, r.Summary(), r.Text())
			return nil
		}
		for i, e := range environments {
			before, err := committed.files(outputs[i].dir)
			if err != nil {
				return err
			}
			if err := report(title(e, outputs[i].dir), before, outputs[i].files); err != nil {
				return err
			}
		}
		gone, err := committed.goneAt(w.revision, w.dir, outputs)
		if err != nil {
			return err
		}
		for _, dir := range slices.Sorted(maps.Keys(gone)) {
			if err := report(dir+" (environment that is gone)", gone[dir], nil); err != nil {
				return err
			}
		}
		if differs {
			return errDiffers
		}
		return nil
	}
}

// check reports a revision that git does not have.
func (b base) check(revision string) error {
	if b.root == "" {
		return errors.New("diff: the output directory is in no work tree of git, so that there is nothing to compare with")
	}
	if _, err := b.git(nil, "rev-parse", "--verify", "--quiet", revision+"^{commit}"); err != nil {
		return fmt.Errorf("diff: %q: git has no such revision", revision)
	}
	return nil
}
