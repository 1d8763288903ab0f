package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// run returns the standard output of a program that runs in dir.
func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	command := exec.Command(args[0], args[1:]...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false")
	var problems strings.Builder
	command.Stderr = &problems
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(args, " "), err, output, &problems)
	}
	return string(output)
}

// helm returns the path of Helm, in the version of the measurements.
func helm(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(run(t, root+"/bench/tools", "go", "tool", "-n", "helm"))
}

// cli matches the version of the command line of cdk8s that decides on a change.
var cli = regexp.MustCompile(`cdk8s-cli@[0-9.]+`)

// "cdk8s synth --format helm" makes a chart that Helm takes, and that renders as
// what is in dist/.
func TestHelmTakesTheChart(t *testing.T) {
	ci, err := os.ReadFile(root + "/.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	for _, app := range []string{".", "examples/production"} {
		t.Run(app, func(t *testing.T) {
			source, err := filepath.Abs(filepath.Join(root, app))
			if err != nil {
				t.Fatal(err)
			}
			chart := filepath.Join(t.TempDir(), "chart")
			run(t, t.TempDir(), "npx", "--yes", cli.FindString(string(ci)), "synth", "--check-upgrade=false", "--format", "helm",
				"--chart-api-version", "v2", "--chart-version", "1.0.0", "--app", "go -C "+source+" run .", "--output", chart)
			run(t, ".", helm(t), "lint", "--strict", chart)
			got := documents(t, run(t, ".", helm(t), "template", "shop", chart))
			want := documents(t, string(readBase(t, filepath.Join(app, "dist"))))
			for id, object := range want {
				if !reflect.DeepEqual(got[id], object) {
					t.Errorf("%s differs: %v, and %v in dist/", id, got[id], object)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d objects, and %d in dist/", len(got), len(want))
			}
		})
	}
}

// documents are the objects of a manifest, by kind and name.
func documents(t *testing.T, manifest string) map[string]any {
	t.Helper()
	all := map[string]any{}
	for document := range strings.SplitSeq("\n"+manifest, "\n---\n") {
		var object struct {
			Kind     string
			Metadata struct{ Name string }
		}
		var content map[string]any
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal([]byte(document), &content); err != nil {
			t.Fatal(err)
		}
		if content != nil {
			all[object.Kind+" "+object.Metadata.Name] = content
		}
	}
	return all
}

// Helm takes "{{" for a command of its own. No text of the library holds it, but
// for an ApplicationSet, where it is one of Argo CD.
func TestNoTextIsATemplateOfHelm(t *testing.T) {
	const braces = "{{"
	files := 0
	for _, pattern := range []string{"dist/*.yaml", "examples/*/dist/*.yaml", "examples/*/dist/*/*.yaml", "constructs/*/testdata/*/*.yaml"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files++
			if strings.Contains(string(content), braces) && !strings.Contains(string(content), "kind: ApplicationSet") {
				t.Errorf("%s holds %s", path, braces)
			}
		}
	}
	if files == 0 {
		t.Error("there is no file")
	}

	chart := t.TempDir()
	for name, content := range map[string]string{
		"Chart.yaml": "{apiVersion: v2, name: shop, version: 1.0.0}\n",
		"templates/app.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: shop}, data: {a: 'b{{ .Values.c }}', " +
			"d: '{{ `{{` }} e }}'}}\n",
	} {
		if err := os.MkdirAll(filepath.Join(chart, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(chart, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := run(t, ".", helm(t), "template", "shop", chart); !strings.Contains(got, "a: 'b', d: '{{ e }}'") {
		t.Errorf("Helm leaves %s alone, or does not know the way around:\n%s", braces, got)
	}
}
