// Command argocd syncs a directory into the cluster that KUBECONFIG names, as
// Argo CD does: with Argo CD's own application controller, which runs in this
// process, and its own rules for directories of plain manifests. Nothing of
// Argo CD is installed in the cluster: its objects, the Application among
// them, are kept in memory.
//
//	argocd -dir dist -app django-app -namespace django-app -prune
//
// It compares, syncs once whatever the comparison says, waits until the
// Application is healthy, and prints a [Report] as JSON. With -read it prints
// the manifests in the directory, as Argo CD reads them, and needs no cluster.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	log "github.com/sirupsen/logrus"
)

func main() {
	var s settings
	read := flag.Bool("read", false, "print the manifests in the directory, and do nothing else")
	flag.StringVar(&s.dir, "dir", "dist", "directory of manifests")
	flag.StringVar(&s.app, "app", "", "name of the Application")
	flag.StringVar(&s.namespace, "namespace", "", "namespace that the Application deploys to")
	flag.BoolVar(&s.prune, "prune", false, "delete what the Application has made and the directory no longer holds")
	flag.BoolVar(&s.serverSide, "server-side", false, "sync with the option ServerSideApply=true")
	flag.DurationVar(&s.timeout, "timeout", 5*time.Minute, "time for all of it")
	flag.Parse()
	log.SetOutput(os.Stderr)

	var result any
	var err error
	if *read {
		result, err = readDirectory(s.dir)
	} else {
		// Argo CD's name for its own cluster then leads to that of KUBECONFIG.
		err = os.Setenv(v1alpha1.EnvVarFakeInClusterConfig, "true")
		if err == nil {
			ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
			defer cancel()
			result, err = s.sync(ctx)
		}
	}
	if result != nil {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		err = errors.Join(err, encoder.Encode(result))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
