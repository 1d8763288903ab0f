package main

import (
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

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

func TestReadmeListsEveryVariable(t *testing.T) {
	readme := read(t, "README.md")
	all := committed(t)
	for _, file := range []string{"examples/production/dist/guestbook.k8s.yaml", "constructs/django/testdata/web/media-on-a-claim-of-one-node.yaml"} {
		for _, object := range all[file] {
			deployment, ok := object.Content.(*appsv1.Deployment)
			if !ok || deployment.Name != "django" {
				continue
			}
			for _, variable := range deployment.Spec.Template.Spec.Containers[0].Env {
				if !strings.Contains(readme, "`"+variable.Name+"`") {
					t.Errorf("README.md lacks `%s`, which is in %s", variable.Name, file)
				}
			}
		}
	}
}

func TestReadmeLinksEveryPage(t *testing.T) {
	_, list, _ := strings.Cut(read(t, "README.md"), "\n## Documentation\n")
	for _, page := range glob(t, "docs/*.md") {
		if !strings.Contains(list, "["+page+"]("+page+")") {
			t.Errorf("the last chapter of README.md lacks %s", page)
		}
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	noWord  = regexp.MustCompile("[^a-z0-9 _-]")
)

// anchors are what links to the headings of page end in.
func anchors(page string) map[string]bool {
	found := map[string]bool{"": true}
	for _, h := range heading.FindAllStringSubmatch(page, -1) {
		found[strings.ReplaceAll(noWord.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-")] = true
	}
	return found
}

func TestLinksLeadSomewhere(t *testing.T) {
	for _, page := range append(glob(t, "*.md"), glob(t, "*/*.md")...) {
		for _, found := range link.FindAllStringSubmatch(read(t, page), -1) {
			file, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(file, "://") {
				continue
			}
			target := page
			if file != "" {
				target = path.Join(path.Dir(page), file)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s: %v", page, found[1], err)
			} else if anchor != "" && !anchors(read(t, target))[anchor] {
				t.Errorf("%s: %s: there is no such heading", page, found[1])
			}
		}
	}
}

func TestEveryPackageIsListedAndHasAnExample(t *testing.T) {
	doc := read(t, "constructs/doc.go")
	seen := map[string]bool{}
	for _, file := range glob(t, "constructs/*/*.go") {
		dir := path.Dir(file)
		seen[dir] = seen[dir] || strings.HasSuffix(file, "_test.go") && strings.Contains(read(t, file), "\nfunc Example")
	}
	for dir, example := range seen {
		if !strings.Contains(doc, "[example.com/django-cdk8s/"+dir+"]") {
			t.Errorf("constructs/doc.go does not list %s", dir)
		}
		if !example {
			t.Errorf("%s has no Example function", dir)
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(paths), err)
	}
	return paths
}

func TestDocsListEveryRule(t *testing.T) {
	docs := read(t, "docs/checks.md")
	for _, rule := range manifest.Rules() {
		if row := "| `" + rule.Name + "` | " + rule.Doc + " |\n"; !strings.Contains(docs, row) {
			t.Errorf("docs/checks.md lacks the row\n%s", row)
		}
	}
}
