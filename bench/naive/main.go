// Command naive renders stacks as bench/ours does, with the same flags, by
// plain cdk8s: its own types of the Kubernetes objects, and App.Synth. It reads
// the scripts of the objects from ../../internal/script.
package main

import (
	"flag"
	"fmt"
	"log"
	"path/filepath"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
)

func main() {
	apps := flag.Int("apps", 1, "the number of Apps, each with a directory of its own")
	charts := flag.Int("charts", 1, "the number of stacks in each App, each in a namespace of its own")
	isolated := flag.Bool("isolated", false, "close each namespace with NetworkPolicies")
	out := flag.String("out", "", "the directory to write to")
	flag.Parse()
	if *out == "" || flag.NArg() > 0 {
		log.Fatal("usage: naive -out DIRECTORY [-apps N] [-charts N] [-isolated]")
	}

	defer jsii.Close()
	for a := range *apps {
		dir := filepath.Join(*out, fmt.Sprintf("app-%d", a))
		app := cdk8s.NewApp(&cdk8s.AppProps{Outdir: &dir})
		for c := range *charts {
			name := "django-app"
			if c > 0 {
				name = fmt.Sprintf("django-app-%d", c)
			}
			NewDjangoStack(app, name, *isolated)
		}
		app.Synth()
	}
}
