package main

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"example.com/django-cdk8s/manifest"
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

// definition matches what imports/definitions.sh calls for: a module, its version
// and a file in it.
var definition = regexp.MustCompile(`definition (\S+)@(\S+) \\\n  (\S+) \\\n`)

// cdk8s.yaml of an example names the definitions of the custom resources in its
// dist/, and no others, each where its operator publishes it and in the version
// that the tests use.
func TestExamplesNameTheirDefinitions(t *testing.T) {
	published := map[string]string{}
	for _, found := range definition.FindAllStringSubmatch(read(t, "imports/definitions.sh"), -1) {
		repository := strings.Replace(strings.TrimPrefix(found[1], "github.com/"), "sigs.k8s.io/", "kubernetes-sigs/", 1)
		published[filepath.Base(found[3])] = "https://raw.githubusercontent.com/" + repository + "/" + found[2] + "/" + found[3]
	}
	dists := glob(t, "examples/*/dist")
	for _, dist := range dists {
		var config struct{ Imports []string }
		path := filepath.Join(filepath.Dir(dist), "cdk8s.yaml")
		if err := yaml.Unmarshal([]byte(read(t, path)), &config); err != nil {
			t.Fatal(err)
		}
		objects, err := manifest.Load(dist)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, o := range objects {
			if o.Content == nil {
				kind := strings.ToLower(o.Kind)
				plural := kind + "s"
				if stem, ok := strings.CutSuffix(kind, "y"); ok {
					plural = stem + "ies"
				}
				// Argo CD names its files by the kind alone.
				want = append(want, cmp.Or(published[o.Group+"_"+plural+".yaml"], published[kind+"-crd.yaml"]))
			}
		}
		slices.Sort(want)
		slices.Sort(config.Imports)
		if want = slices.Compact(want); !slices.Equal(config.Imports, want) {
			t.Errorf("%s: imports are\n%s\nwant\n%s", path, strings.Join(config.Imports, "\n"), strings.Join(want, "\n"))
		}
	}
	if len(dists) == 0 {
		t.Error("there is no example")
	}
}
