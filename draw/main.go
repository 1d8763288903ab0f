// Command draw draws the manifests of a directory, and of all directories in it:
//
//	go -C draw run . [-format svg|mermaid|dot] [-o FILE] DIR
//
// It writes to standard output without -o. FILE and DIR are relative to the directory
// of this module.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"example.com/django-cdk8s/draw/svg"
	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/manifest/diagram"
)

// The pictures of the documentation.
//
//go:generate go run . -o ../docs/images/default.svg ../dist
//go:generate go run . -o ../docs/images/production.svg ../examples/production/dist

func main() {
	format := flag.String("format", "svg", "`FORMAT`: svg, mermaid or dot")
	output := flag.String("o", "", "`FILE` to write; standard output without it")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: draw [-format FORMAT] [-o FILE] DIR")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := draw(flag.Arg(0), *format, *output); err != nil {
		fmt.Fprintf(os.Stderr, "draw: %v\n", err)
		os.Exit(1)
	}
}

func draw(dir, format, output string) error {
	objects, err := manifest.Load(dir)
	if err != nil {
		return err
	}
	graph, err := diagram.New(objects)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	picture, err := as(format, graph)
	if err != nil {
		return err
	}
	if output == "" {
		_, err = os.Stdout.Write(picture)
		return err
	}
	return os.WriteFile(output, picture, 0o644)
}

func as(format string, graph *diagram.Graph) ([]byte, error) {
	switch format {
	case "svg":
		return svg.Render(context.Background(), graph)
	case "mermaid":
		return []byte(graph.Mermaid()), nil
	case "dot":
		return []byte(graph.DOT()), nil
	}
	return nil, errors.New("-format: " + format + ": must be svg, mermaid or dot")
}
