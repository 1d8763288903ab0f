package synth_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	kplus "github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/stack"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/synth"
)

// mixed builds objects of every origin, which depend on each other where
// dependent says so.
func mixed(app cdk8s.App, dependent bool) {
	props := stack.Props{Web: django.WebProps{Project: django.Project{Image: "shop:1", WaitForMigrations: true}}}
	props.Namespace.Name = "shop"
	shop := stack.New(app, "shop", props)
	isolation.New(shop, "isolation", isolation.Props{})
	aside := cdk8s.NewChart(app, new("a-side"), &cdk8s.ChartProps{
		Namespace: new("shop"), Labels: &map[string]*string{"team": new("shop")},
	})
	config := kplus.NewConfigMap(aside, new("config"), &kplus.ConfigMapProps{
		Metadata: &cdk8s.ApiObjectMetadata{Name: new("config")},
		Data:     &map[string]*string{"b": new("yes"), "a": new("line\nand line\n"), "10": new("0x1F")},
	})
	raw := cdk8s.NewApiObject(aside, new("raw"), &cdk8s.ApiObjectProps{
		ApiVersion: new("v1"), Kind: new("ConfigMap"), Metadata: &cdk8s.ApiObjectMetadata{Name: new("raw")},
	})
	raw.AddJsonPatch(cdk8s.JsonPatch_Add(new("/data"), map[string]any{"key": "value"}))
	cdk8s.NewChart(app, new("empty"), nil)
	if dependent {
		raw.AddDependency(config)
		shop.Web().Node().AddDependency(shop.Database())
		shop.Database().Node().AddDependency(config)
		shop.Credentials().Node().AddDependency(raw)
		cdk8s.NewChart(aside, new("Nested Chart"), nil)
	}
}

// The files are those of app.Synth of cdk8s: the same objects, in the same order
// of dependencies, and the same bytes but for the order of an object's keys, and
// for the annotations by which GitOps tools apply them in order.
func TestFilesAreThoseOfCdk8s(t *testing.T) {
	for name, dependent := range map[string]bool{"independent": false, "dependent": true} {
		t.Run(name, func(t *testing.T) {
			result, err := synth.Render(t.TempDir(), synth.Environment{Build: func(app cdk8s.App) { mixed(app, dependent) }})
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			app := cdk8s.NewApp(&cdk8s.AppProps{Outdir: &dir})
			mixed(app, dependent)
			app.Synth()
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, entry := range entries {
				names = append(names, entry.Name())
			}
			if own := slices.Sorted(maps.Keys(result.Files)); !slices.Equal(own, names) {
				t.Fatalf("files %q, and cdk8s writes %q", own, names)
			}
			for _, name := range names {
				want, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				if got := result.Files[name]; !slices.Equal(sortedDocuments(got), sortedDocuments(want)) {
					t.Errorf("%s is\n%s\nand cdk8s writes\n%s", name, got, want)
				}
			}
		})
	}
}

// sortedDocuments returns the documents of a file with their lines sorted, which
// tells apart all but the order of keys, and without annotations of order.
func sortedDocuments(content []byte) []string {
	var documents []string
	for document := range strings.SplitSeq(string(content), "\n---\n") {
		lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(document), "\n"), func(line string) bool {
			return line == "  annotations:" || strings.Contains(line, labels.ArgoWave) ||
				strings.Contains(line, labels.KappGroup) || strings.Contains(line, labels.KappRule)
		})
		slices.Sort(lines)
		documents = append(documents, strings.Join(lines, "\n"))
	}
	return documents
}
