// Command draw draws the manifests of a directory.
package main

import (
	"context"
	"fmt"
	"os"

	"example.com/django-cdk8s/draw/svg"
	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/manifest/diagram"
)

func main() {
	objects, err := manifest.Load(os.Args[1])
	if err != nil {
		panic(err)
	}
	g, err := diagram.New(objects)
	if err != nil {
		panic(err)
	}
	if len(os.Args) > 2 {
		if os.Args[2] == "dot" {
			fmt.Print(g.DOT())
		} else {
			fmt.Print(g.Mermaid())
		}
		return
	}
	b, err := svg.Render(context.Background(), g)
	if err != nil {
		panic(err)
	}
	os.Stdout.Write(b)
}
