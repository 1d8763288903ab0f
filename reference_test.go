package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"example.com/django-cdk8s/internal/reference"
)

// The pages of constructs and messages follow from the source: comments, manifests,
// and the facts in package reference, which names what it lacks.
func TestReferenceIsCurrent(t *testing.T) {
	pages, err := reference.Generate(".")
	if err != nil {
		t.Fatal(err)
	}
	names := slices.Collect(maps.Keys(pages))
	for _, name := range glob(t, reference.Dir+"/*.md") {
		if pages[filepath.ToSlash(name)] == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		// A page that is missing on either side differs, too.
		if committed, _ := os.ReadFile(name); string(committed) != string(pages[filepath.ToSlash(name)]) {
			t.Errorf("%s is not what follows from the source now: %s here writes it; read the difference",
				name, reference.Command)
		}
	}
}
