package main

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"example.com/django-cdk8s/constructs/stack"
	"example.com/django-cdk8s/manifest"
)

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestReadmeShowsTheApp(t *testing.T) {
	if app := read(t, "main.go"); !strings.Contains(read(t, "README.md"), "```go\n"+app+"```\n") {
		t.Error("README.md does not hold main.go as it is; copy it there")
	}
}

func TestReadmeShowsWhatIsRendered(t *testing.T) {
	_, shown, _ := strings.Cut(read(t, "README.md"), "```yaml\n")
	shown, _, _ = strings.Cut(shown, "```")
	dist := read(t, "dist/django-app.k8s.yaml")
	indented := strings.ReplaceAll("\n"+shown, "\n", "\n          ")
	if shown == "" || !strings.Contains(dist, strings.TrimSpace(indented)) {
		t.Error("the YAML in README.md is not part of dist/django-app.k8s.yaml")
	}
}

func TestReadmeListsEveryField(t *testing.T) {
	readme := read(t, "README.md")
	props := reflect.TypeFor[stack.Props]()
	for _, part := range reflect.VisibleFields(props) {
		for _, field := range reflect.VisibleFields(part.Type) {
			if name := "`" + part.Name + "." + field.Name + "`"; !strings.Contains(readme, name) {
				t.Errorf("the configuration table of README.md lacks %s", name)
			}
		}
	}
}

func TestDocsListEveryRule(t *testing.T) {
	docs := read(t, "docs/checks.md")
	for _, rule := range manifest.Rules() {
		if row := "| `" + rule.Name + "` | " + rule.Doc + " |\n"; !strings.Contains(docs, row) {
			t.Errorf("docs/checks.md lacks the row\n%s", row)
		}
	}
}
