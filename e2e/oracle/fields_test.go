package oracle

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Whoever adds a field draws it, or the API server is never asked about it.
func TestEveryFieldIsDrawn(t *testing.T) {
	seen := drawMany(1000)
	for _, name := range seen.missing() {
		t.Errorf("%s is never set by the draws: add it to the function that draws its struct", name)
	}
	for _, name := range propsOf(t, "../../constructs") {
		if !seen.has(name) && elsewhere[name] == "" {
			t.Errorf("%s is never drawn: add it to the type system", name)
		}
	}
}

// elsewhere are props whose objects the API server does not know, and what is asked
// about them instead.
var elsewhere = map[string]string{
	"postgres.ClusterProps": "the operator's definitions, in the tests of its package, and the operator itself",
}

func drawMany(n int) fields {
	seen := fields{}
	systems := rapid.Custom(draw)
	for seed := range n {
		seen.add(reflect.ValueOf(systems.Example(seed)))
	}
	return seen
}

// propsOf returns the structs of the packages below dir that a user fills in:
// those that are called props, or that can be validated.
func propsOf(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files: %v", dir, len(files), err)
	}
	var names []string
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			if name := propsIn(declaration); ast.IsExported(name) {
				names = append(names, file.Name.Name+"."+name)
			}
		}
	}
	return names
}

// propsIn returns the name of the struct that a declaration makes one of props,
// or "".
func propsIn(declaration ast.Decl) string {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		if d.Name.Name != "Validate" || d.Recv == nil {
			return ""
		}
		if receiver, ok := d.Recv.List[0].Type.(*ast.Ident); ok {
			return receiver.Name
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			if s, ok := spec.(*ast.TypeSpec); ok && strings.HasSuffix(s.Name.Name, "Props") {
				return s.Name.Name
			}
		}
	}
	return ""
}
