package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Each example with a go.mod is a module of its own, as an importing project
// is, so that ./... does not reach it.
func TestExamples(t *testing.T) {
	modules, err := filepath.Glob("examples/*/go.mod")
	if err != nil || len(modules) == 0 {
		t.Fatalf("%d examples, %v", len(modules), err)
	}
	for _, module := range modules {
		dir := filepath.Dir(module)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			command := exec.Command("go", "test", "./...")
			command.Dir = dir
			command.Env = append(os.Environ(), "GOWORK=off")
			if output, err := command.CombinedOutput(); err != nil {
				t.Errorf("go test ./... in %s: %v\n%s", dir, err, output)
			}
		})
	}
}
