package synth

import (
	"os"
	"path/filepath"
	"testing"
)

// When one of several files cannot be moved into place at the very end, those
// that were get their old content back.
func TestAChangeIsUndone(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for name, content := range map[string]string{"changed": "old", "changed.new": "new", "removed": "old", "added.new": "new"} {
		if err := os.WriteFile(path(name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	err := applyAll([]change{
		{path: path("changed"), staged: path("changed.new"), old: []byte("old")},
		{path: path("removed"), old: []byte("old")},
		{path: path("added"), staged: path("added.new")},
		{path: path("fails"), staged: path("missing")},
	})
	if err == nil {
		t.Fatal("a file that is not there was moved")
	}
	for name, want := range map[string]string{"changed": "old", "removed": "old", "added": ""} {
		if got, _ := os.ReadFile(path(name)); string(got) != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
}
