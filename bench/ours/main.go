// Command ours renders stacks with the library of this module. It is what
// bench/run measures its peers against, and takes the same flags as they do.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/stack"
	"example.com/django-cdk8s/synth"
)

const image = "docker.io/example/django-app:1.0.0"

// add is the only place that knows how the library is called.
func add(app cdk8s.App, name string, isolated bool) {
	s := stack.New(app, name, stack.Props{
		Namespace: namespace.Props{Name: name},
		Web:       django.WebProps{Project: django.Project{Image: image}},
	})
	if isolated {
		isolation.New(s, "isolation", isolation.Props{})
	}
}

func main() {
	apps := flag.Int("apps", 1, "the number of Apps, each with a directory of its own")
	charts := flag.Int("charts", 1, "the number of stacks in each App, each in a namespace of its own")
	isolated := flag.Bool("isolated", false, "close each namespace with NetworkPolicies")
	out := flag.String("out", "", "the directory to write to")
	flag.Parse()
	if *out == "" || flag.NArg() > 0 {
		log.Fatal("usage: ours -out DIRECTORY [-apps N] [-charts N] [-isolated]")
	}
	if err := os.Setenv("CDK8S_OUTDIR", *out); err != nil {
		log.Fatal(err)
	}

	var environments []synth.Environment
	for a := range *apps {
		environments = append(environments, synth.Environment{
			Name: fmt.Sprintf("app-%d", a),
			Build: func(app cdk8s.App) {
				for c := range *charts {
					name := "django-app"
					if c > 0 {
						name = fmt.Sprintf("django-app-%d", c)
					}
					add(app, name, *isolated)
				}
			},
		})
	}
	synth.MainEnvironments(environments...)
}
