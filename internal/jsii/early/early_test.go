package early

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"testing"
)

// Any other import would be initialised first, and with it what jsii waits for.
func TestItImportsSyscallAlone(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if filepath.Base(file) == "early_test.go" {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range parsed.Imports {
			if imported.Path.Value != `"syscall"` {
				t.Errorf("%s imports %s", file, imported.Path.Value)
			}
		}
	}
}

func TestADirectoryThatCannotHoldTheRuntime(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		dir   string
		bytes uint64
		want  string
	}{
		"usable":  {t.TempDir(), 1, ""},
		"missing": {filepath.Join(t.TempDir(), "missing"), 1, "no such file or directory"},
		"a file":  {file, 1, "not a directory"},
		"full":    {t.TempDir(), 1 << 62, "no space left on device"},
	} {
		got := ""
		if err := check(c.dir, c.bytes); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
