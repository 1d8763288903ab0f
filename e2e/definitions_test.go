package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/django-cdk8s/e2e/cluster"
)

// defined are the directories of the definitions that the tests have added.
var defined []string

// addDefinitions adds the custom resources that the cluster lacks.
var addDefinitions = sync.OnceValue(func() error {
	out, err := exec.Command("../imports/definitions.sh", "all").Output()
	if err != nil {
		return err
	}
	for path := range strings.FieldsSeq(string(out)) {
		if strings.Contains(path, "cnpg.io_") {
			continue // They come with the operator.
		}
		if err := addDefinition(path); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	// The API server serves a new kind a moment later.
	time.Sleep(2 * time.Second)
	kube.Refresh()
	return nil
})

// define adds the custom resources that the cluster lacks. They are taken away
// when all tests have ended.
func define(t *testing.T) {
	t.Helper()
	if err := addDefinitions(); err != nil {
		t.Fatal(err)
	}
}

func addDefinition(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "definition")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "crd.yaml"), content, 0o644); err != nil {
		return err
	}
	objects, err := cluster.Read(dir)
	if err != nil {
		return err
	}
	if _, err := kube.Get(context.Background(), objects[0]); err == nil {
		return os.RemoveAll(dir) // Somebody else's.
	}
	defined = append(defined, dir)
	_, err = kube.Apply(context.Background(), dir)
	return err
}

// removeDefinitions takes away what was added.
func removeDefinitions(ctx context.Context) error {
	var errs []error
	for _, dir := range defined {
		_, err := kube.Delete(ctx, dir)
		errs = append(errs, err, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}
