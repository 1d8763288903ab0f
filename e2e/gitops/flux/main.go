// Command flux applies a directory to the cluster that KUBECONFIG names, as
// Flux's kustomize-controller does for a Kustomization with prune, wait and
// postBuild: with Flux's own packages.
//
//	flux -dir dist -name django-app -inventory inventory.json
//
// It generates a kustomization, builds it, substitutes variables, applies the
// objects in Flux's stages, deletes what the inventory of the run before has
// and this one has not, waits until all is ready, compares once more, and
// prints a [Report] as JSON. With -build it prints the objects that it would
// apply, and needs no cluster.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	ssautil "github.com/fluxcd/pkg/ssa/utils"
)

func main() {
	var s settings
	only := flag.Bool("build", false, "print the objects, and do nothing else")
	flag.StringVar(&s.dir, "dir", "dist", "directory of manifests")
	flag.StringVar(&s.name, "name", "", "name of the Kustomization")
	flag.StringVar(&s.inventory, "inventory", "", "file in which the objects of a run are kept for the next one")
	flag.DurationVar(&s.timeout, "timeout", 5*time.Minute, "time for all of it")
	flag.Parse()

	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	if err := run(ctx, s, *only); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings, only bool) error {
	if only {
		objects, err := s.build(ctx)
		if err != nil {
			return err
		}
		out, err := ssautil.ObjectsToYAML(objects)
		fmt.Print(out)
		return err
	}
	report, err := s.reconcile(ctx)
	if report != nil {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		err = errors.Join(err, encoder.Encode(report))
	}
	return err
}
