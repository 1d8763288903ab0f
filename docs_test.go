package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	appsv1 "k8s.io/api/apps/v1"

	"example.com/django-cdk8s/constructs/argocd"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/flux"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
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

func TestConfigurationListsEveryField(t *testing.T) {
	page := read(t, "docs/configuration.md")
	for _, part := range reflect.VisibleFields(reflect.TypeFor[stack.Props]()) {
		for _, field := range reflect.VisibleFields(part.Type) {
			names := []string{part.Name + "." + field.Name}
			if field.Type == reflect.TypeFor[django.Project]() {
				names = fieldNames(names[0], field.Type)
			}
			for _, name := range names {
				if !strings.Contains(page, "`"+name+"`") {
					t.Errorf("docs/configuration.md lacks `%s`", name)
				}
			}
		}
	}
}

// fieldNames are the fields of a struct behind the name of its value.
func fieldNames(of string, structure reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(structure) {
		names = append(names, of+"."+field.Name)
	}
	return names
}

func TestPagesListEveryField(t *testing.T) {
	for page, structures := range map[string][]reflect.Type{
		"docs/pods.md": {
			reflect.TypeFor[pod.Template](), reflect.TypeFor[pod.ServiceAccount](), reflect.TypeFor[pod.Service](),
			reflect.TypeFor[pod.Rollout](), reflect.TypeFor[pod.Volume](),
		},
		"docs/web.md":       {reflect.TypeFor[django.Gunicorn](), reflect.TypeFor[django.Probes]()},
		"docs/isolation.md": {reflect.TypeFor[isolation.Props]()},
		"docs/network.md":   {reflect.TypeFor[network.Flow](), reflect.TypeFor[network.Endpoint](), reflect.TypeFor[network.Client]()},
		"docs/cloudnativepg.md": {
			reflect.TypeFor[postgres.ClusterProps](), reflect.TypeFor[postgres.ClusterBackup](),
			reflect.TypeFor[postgres.Pooler](),
		},
		"docs/gitops.md": {
			reflect.TypeFor[argocd.ApplicationProps](), reflect.TypeFor[argocd.AppProjectProps](),
			reflect.TypeFor[argocd.ApplicationSetProps](), reflect.TypeFor[flux.GitRepositoryProps](),
			reflect.TypeFor[flux.KustomizationProps](),
		},
	} {
		text := read(t, page)
		for _, structure := range structures {
			for _, field := range reflect.VisibleFields(structure) {
				if !strings.Contains(text, "`"+field.Name+"`") {
					t.Errorf("%s lacks `%s`, a field of %s", page, field.Name, structure)
				}
			}
		}
	}
}

func TestConfigurationListsEveryVariable(t *testing.T) {
	page := read(t, "docs/configuration.md")
	all := committed(t)
	for _, file := range []string{"examples/production/dist/guestbook.k8s.yaml", "constructs/django/testdata/web/media-on-a-claim-of-one-node.yaml"} {
		for _, object := range all[file] {
			deployment, ok := object.Content.(*appsv1.Deployment)
			if !ok || deployment.Name != "django" {
				continue
			}
			for _, variable := range deployment.Spec.Template.Spec.Containers[0].Env {
				if !strings.Contains(page, "`"+variable.Name+"`") {
					t.Errorf("docs/configuration.md lacks `%s`, which is in %s", variable.Name, file)
				}
			}
		}
	}
}

var makeTarget = regexp.MustCompile(`(?m)^([a-z0-9-]+):.*## `)

func TestContributingListsEveryCommand(t *testing.T) {
	page := read(t, "CONTRIBUTING.md")
	for _, found := range makeTarget.FindAllStringSubmatch(read(t, "Makefile"), -1) {
		if command := "`make " + found[1] + "`"; found[1] != "help" && !strings.Contains(page, command) {
			t.Errorf("CONTRIBUTING.md lacks %s, which is in the Makefile", command)
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

// pages are the Markdown files of the module, without those that tools keep in
// directories whose names begin with a dot.
func pages(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && (entry.Name() == "node_modules" || len(name) > 1 && entry.Name()[0] == '.') {
			return fs.SkipDir
		}
		if path.Ext(name) == ".md" {
			found = append(found, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("%d pages, %v", len(found), err)
	}
	return found
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	noWord  = regexp.MustCompile("[^a-z0-9 _-]")
)

// codeBlock matches a fenced block, in which nothing is a heading or a link.
var codeBlock = regexp.MustCompile("(?s)\n *```.*?\n *```")

// anchors are what links to the headings of page end in.
func anchors(page string) map[string]bool {
	found := map[string]bool{"": true}
	for _, h := range heading.FindAllStringSubmatch(codeBlock.ReplaceAllString(page, ""), -1) {
		found[strings.ReplaceAll(noWord.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-")] = true
	}
	return found
}

// Links of every page, and its pictures.
func TestLinksLeadSomewhere(t *testing.T) {
	for _, page := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(codeBlock.ReplaceAllString(read(t, page), ""), -1) {
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

// Rows of tables are longer, some of what is written by a program, and lines with
// the path of the module, when it is renamed.
func TestLinesOfPagesAreNarrow(t *testing.T) {
	const columns = 120
	for _, page := range pages(t) {
		content := read(t, page)
		if strings.HasPrefix(content, "<!-- Written by ") {
			continue
		}
		for i, line := range strings.Split(content, "\n") {
			if strings.Contains(line, "example.com/django-cdk8s") {
				continue
			}
			if n := utf8.RuneCountInString(line); n > columns && !strings.HasPrefix(line, "|") {
				t.Errorf("%s:%d: has %d columns, more than %d", page, i+1, n, columns)
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

// usual are the imports of fragments of Go on the pages.
const usual = `package docs

import (
	"fmt"
	"log"
	"testing"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	kplus "github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/argocd"
	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/cloudnativepg"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/flux"
	"example.com/django-cdk8s/constructs/gitops"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/monitoring"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/plus"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/route"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/stack"
	"example.com/django-cdk8s/constructs/valkey"
	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/manifest/upgrade"
	"example.com/django-cdk8s/synth"
)
`

// declared are the variables of those fragments.
const declared = `
var (
	app        cdk8s.App
	chart      cdk8s.Chart
	env, store *secret.Secret
	db         *postgres.Database
	server     *valkey.Server
	project    django.Project
	web, staff *django.Web
	worker     *django.Worker
	migration  *django.Migration
	channels   *django.Process
	backups    postgres.Store
	reports    kplus.Deployment
	t          *testing.T
)

func build(app cdk8s.App) {}
`

var goBlock = regexp.MustCompile("(?s)\n```go\n(.*?)\n```")

// TestGoOnThePagesCompiles checks the types of every Go block. One that is no
// whole file is taken for declarations, statements or one value.
func TestGoOnThePagesCompiles(t *testing.T) {
	check := newTypeChecker(t)
	for _, page := range slices.Concat(glob(t, "docs/*.md"), glob(t, "docs/*/*.md"), []string{"README.md", "CONTRIBUTING.md"}) {
		text := read(t, page)
		blocks := goBlock.FindAllStringSubmatchIndex(text, -1)
		for _, at := range blocks {
			check(page, strings.Count(text[:at[2]], "\n")+1, text[at[2]:at[3]])
		}
		if len(blocks) == 0 && strings.Contains(text, "```go") {
			t.Errorf("%s: no Go block was found", page)
		}
	}
}

// newTypeChecker returns a function that reports what is wrong with the Go text
// in a line of a page. It reads packages as the compiler has left them.
func newTypeChecker(t *testing.T) func(page string, line int, text string) {
	t.Helper()
	output, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}",
		"./constructs/...", "./synth", "./manifest", "./cdktest").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, output)
	}
	exports := map[string]string{}
	for line := range strings.Lines(string(output)) {
		name, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		exports[name] = file
	}
	files := token.NewFileSet()
	packages := importer.ForCompiler(files, "gc", func(name string) (io.ReadCloser, error) {
		if exports[name] == "" {
			return nil, fmt.Errorf("package %s is not among those that the pages may use", name)
		}
		return os.Open(exports[name])
	})
	return func(page string, line int, text string) {
		t.Helper()
		parsed, whole, err := parse(files, page, line, text)
		if err != nil {
			t.Error(err)
			return
		}
		config := types.Config{GoVersion: "go1.26", Importer: packages, Error: func(err error) {
			// Fragments leave imports and variables unused.
			if e, ok := errors.AsType[types.Error](err); whole || !ok || !e.Soft {
				t.Error(err)
			}
		}}
		_, _ = config.Check("docs", files, parsed, nil)
	}
}

// imports matches an import declaration at the start of a fragment.
var imports = regexp.MustCompile(`(?s)\Aimport \((.*?)\n\)\n`)

// parse returns the files of a package that holds text, and whether text is a
// whole file itself.
func parse(files *token.FileSet, page string, line int, text string) (parsed []*ast.File, whole bool, err error) {
	const mode, name = parser.SkipObjectResolution, "docs_test.go"
	if strings.Contains("\n"+text, "\npackage ") {
		file, err := parser.ParseFile(files, name, at(page, line, text), mode)
		return []*ast.File{file}, true, err
	}
	for path := range strings.FieldsSeq(strings.Join(imports.FindStringSubmatch(text), " ")) {
		if strings.HasPrefix(path, `"`) && !strings.Contains(usual, path) {
			return nil, false, fmt.Errorf("%s:%d: %s is not among the imports of docs_test.go", page, line, path)
		}
	}
	// The declaration goes, and its lines stay.
	text = imports.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat("\n", strings.Count(s, "\n")) })
	code := usual + at(page, line, text)
	if value, err := parser.ParseExpr(text); err == nil {
		if _, ok := value.(*ast.CompositeLit); ok {
			code = usual + at(page, line, "var _ = "+text)
		}
	}
	file, err := parser.ParseFile(files, name, code, mode)
	if err != nil {
		code = usual + "func _() {\n" + at(page, line, text) + "\n}\n"
		file, err = parser.ParseFile(files, name, code, mode)
	}
	if err != nil {
		return nil, false, err
	}
	variables, err := parser.ParseFile(files, name, usual+declared, mode)
	return []*ast.File{file, variables}, false, err
}

// at gives text the position of a line on a page.
func at(page string, line int, text string) string {
	return fmt.Sprintf("//line %s:%d\n%s", page, line, text)
}
