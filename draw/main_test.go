package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFormats(t *testing.T) {
	for format, start := range map[string]string{"svg": "<svg ", "mermaid": "flowchart LR\n", "dot": "digraph "} {
		file := filepath.Join(t.TempDir(), "picture")
		if err := draw(filepath.Join("..", "dist"), format, file); err != nil {
			t.Fatal(err)
		}
		if content, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(content), start) {
			t.Errorf("%s begins with %.20q, %v; want %q", format, content, err, start)
		}
	}
}

func TestWhatCannotBeDrawnIsAnErrorOfOneLine(t *testing.T) {
	empty := t.TempDir()
	namespace := t.TempDir()
	content := "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
	if err := os.WriteFile(filepath.Join(namespace, "a.yaml"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ dir, format, want string }{
		{empty, "svg", "holds no object"},
		{namespace, "svg", "nothing to draw"},
		{filepath.Join("..", "dist"), "png", "must be svg, mermaid or dot"},
	} {
		file := filepath.Join(t.TempDir(), "picture")
		err := draw(c.dir, c.format, file)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("draw(%s, %s) = %v, want one line with %q", c.dir, c.format, err, c.want)
		}
		if _, err := os.Stat(file); err == nil {
			t.Errorf("draw(%s, %s) wrote a file", c.dir, c.format)
		}
	}
}
