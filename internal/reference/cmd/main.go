// Command cmd writes the pages of docs that follow from the source: run it in the
// directory of the module.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"example.com/django-cdk8s/internal/jsii"
	"example.com/django-cdk8s/internal/reference"
)

func main() {
	jsii.Start()
	err := write()
	jsii.Close()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// write writes every page, and removes those of constructs that are gone.
func write() error {
	pages, err := reference.Generate(".")
	if err != nil {
		return err
	}
	stale, err := filepath.Glob(filepath.Join(reference.Dir, "*.md"))
	if err != nil {
		return err
	}
	for _, name := range stale {
		if pages[filepath.ToSlash(name)] == nil {
			if err := os.Remove(name); err != nil {
				return err
			}
		}
	}
	if err := os.MkdirAll(reference.Dir, 0o755); err != nil {
		return err
	}
	for name, content := range pages {
		if err := os.WriteFile(name, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
