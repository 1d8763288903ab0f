package reference

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// module is the import path of the library.
const module = "example.com/django-cdk8s"

// source is the Go text of the packages of constructs.
type source struct {
	files    *token.FileSet
	packages map[string]*pkg
	problems []error
	// known are the fields of the structs that were read.
	known map[*typ][]field
}

// pkg is one package.
type pkg struct {
	name  string
	types map[string]*typ
	// values are the constants and variables, and functions the functions.
	values    map[string]ast.Expr
	functions map[string]*doc.Func
}

// typ is an exported type.
type typ struct {
	in   *pkg
	name string
	doc  string
	spec *ast.TypeSpec
	// imports are those of its file, by the name that they have there.
	imports map[string]string
	methods []*doc.Func
	// makers are functions that return one.
	makers []*doc.Func
	// constants are those of a type of texts, and group their common comment.
	constants []constantValue
	group     string
}

// constantValue is one of the values of a type.
type constantValue struct{ name, value, doc string }

// full is the name of a type as code in another package has it.
func (t *typ) full() string { return t.in.name + "." + t.name }

// structure returns the fields of a struct, or nil.
func (t *typ) structure() *ast.StructType {
	s, _ := t.spec.Type.(*ast.StructType)
	return s
}

// complain notes a problem at a place in the source.
func (s *source) complain(at token.Pos, format string, values ...any) {
	position := s.files.Position(at)
	problem := fmt.Errorf("%s:%d: %s", position.Filename, position.Line, fmt.Sprintf(format, values...))
	s.problems = append(s.problems, problem)
}

// readSource parses the packages of constructs below root.
func readSource(root string) (*source, error) {
	s := &source{files: token.NewFileSet(), packages: map[string]*pkg{}, known: map[*typ][]field{}}
	dirs, err := filepath.Glob(filepath.Join(root, "constructs", "*"))
	if err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			continue
		}
		if err := s.read(root, dir); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *source) read(root, dir string) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	var files []*ast.File
	for _, name := range paths {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(s.files, filepath.ToSlash(relative), text, parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	documented, err := doc.NewFromFiles(s.files, files, filepath.Base(dir), doc.PreserveAST|doc.AllDecls)
	if err != nil {
		return err
	}
	p := &pkg{
		name: documented.Name, types: map[string]*typ{}, values: map[string]ast.Expr{}, functions: map[string]*doc.Func{},
	}
	s.packages[p.name] = p
	for _, file := range files {
		imports := map[string]string{}
		for _, spec := range file.Imports {
			at := strings.Trim(spec.Path.Value, `"`)
			name := path.Base(at)
			if spec.Name != nil {
				name = spec.Name.Name
			}
			imports[name] = at
		}
		for _, declaration := range file.Decls {
			if group, ok := declaration.(*ast.GenDecl); ok {
				p.declare(group, imports)
			}
		}
	}
	for _, t := range documented.Types {
		known := p.types[t.Name]
		if known == nil {
			continue
		}
		known.doc, known.methods, known.makers = t.Doc, t.Methods, t.Funcs
		for _, group := range t.Consts {
			known.group += group.Doc
		}
		for _, f := range t.Funcs {
			p.functions[f.Name] = f
		}
	}
	for _, f := range documented.Funcs {
		p.functions[f.Name] = f
	}
	return nil
}

func (p *pkg) declare(group *ast.GenDecl, imports map[string]string) {
	for _, spec := range group.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if t := p.types[spec.Name.Name]; t != nil {
				t.spec, t.imports = spec, imports
				continue
			}
			p.types[spec.Name.Name] = &typ{in: p, name: spec.Name.Name, spec: spec, imports: imports}
		case *ast.ValueSpec:
			for i, name := range spec.Names {
				if i < len(spec.Values) {
					p.values[name.Name] = spec.Values[i]
				}
			}
			of, ok := spec.Type.(*ast.Ident)
			if !ok || group.Tok != token.CONST || len(spec.Values) == 0 || !spec.Names[0].IsExported() {
				continue
			}
			if p.types[of.Name] == nil {
				p.types[of.Name] = &typ{in: p, name: of.Name}
			}
			t := p.types[of.Name]
			t.constants = append(t.constants, constantValue{spec.Names[0].Name, text(spec.Values[0]), spec.Doc.Text()})
		}
	}
}

// text prints an expression.
func text(node ast.Node) string {
	var b strings.Builder
	if err := printer.Fprint(&b, token.NewFileSet(), node); err != nil {
		return err.Error()
	}
	return b.String()
}

// find returns the type called name, as code in package p has it: Type, or
// pkg.Type.
func (s *source) find(p *pkg, name string) *typ {
	if of, rest, ok := strings.Cut(name, "."); ok {
		if p, name = s.packages[of], rest; p == nil {
			return nil
		}
	}
	if t := p.types[name]; t != nil && t.spec != nil && ast.IsExported(name) {
		return t
	}
	return nil
}

// value returns the value of a constant, as code in package p names it, or the
// amounts of a variable that holds resources; "" for anything else.
func (s *source) value(p *pkg, name string) string {
	if of, rest, ok := strings.Cut(name, "."); ok {
		if p, name = s.packages[of], rest; p == nil {
			return ""
		}
	}
	switch e := p.values[name].(type) {
	case nil:
		return ""
	case *ast.CompositeLit:
		return resources(e)
	case *ast.Ident:
		return s.value(p, e.Name)
	case *ast.SelectorExpr:
		return s.value(p, text(e))
	default:
		v, err := types.Eval(token.NewFileSet(), nil, token.NoPos, text(e))
		if err != nil || v.Value == nil {
			return ""
		}
		if v.Value.Kind() == constant.String {
			return constant.StringVal(v.Value)
		}
		return v.Value.String()
	}
}

// resources describes a literal of pod.Resources.
func resources(literal *ast.CompositeLit) string {
	if text(literal.Type) != "pod.Resources" {
		return ""
	}
	var sides []string
	for _, element := range literal.Elts {
		side := element.(*ast.KeyValueExpr)
		var amounts []string
		for _, element := range side.Value.(*ast.CompositeLit).Elts {
			amount := element.(*ast.KeyValueExpr)
			name := text(amount.Key)
			if name != "CPU" {
				name = strings.ToLower(name)
			}
			amounts = append(amounts, name+" "+strings.Trim(text(amount.Value), `"`))
		}
		sides = append(sides, strings.ToLower(text(side.Key))+" "+strings.Join(amounts, ", "))
	}
	return strings.Join(sides, "; ")
}

// constructor is a function that adds a construct to a scope.
type constructor struct {
	function *doc.Func
	of       *typ
	props    *typ
}

// page is the name of its file in docs/reference.
func (c constructor) page() string {
	if c.function.Name == "New" {
		return c.of.in.name + ".md"
	}
	return c.of.in.name + "-" + strings.ToLower(c.of.name) + ".md"
}

// constructors are the functions New or NewX(scope, id, props), sorted by the name of
// the construct.
func (s *source) constructors() []constructor {
	var all []constructor
	for _, p := range s.packages {
		for _, t := range p.types {
			for _, f := range t.makers {
				parameters := f.Decl.Type.Params.List
				if !strings.HasPrefix(f.Name, "New") || f.Decl.Type.TypeParams != nil || len(parameters) != 3 {
					continue
				}
				props := s.find(p, text(parameters[2].Type))
				if text(parameters[0].Type) != "constructs.Construct" || props == nil {
					continue
				}
				all = append(all, constructor{f, t, props})
			}
		}
	}
	slices.SortFunc(all, func(a, b constructor) int { return strings.Compare(a.of.full(), b.of.full()) })
	return all
}

// field is one exported field of a struct.
type field struct {
	name string
	at   token.Pos
	expr ast.Expr
	// meaning is the comment without the paragraph on the default.
	meaning, defaults string
}

var defaultOf = regexp.MustCompile(`^(Default: |Required\b)`)

// fields returns the exported fields of a struct. It complains over one whose
// comment does not say what it is, or what its default is.
func (s *source) fields(t *typ) []field {
	if all, ok := s.known[t]; ok {
		return all
	}
	all := []field{}
	for _, f := range t.structure().Fields.List {
		for _, name := range f.Names {
			if !name.IsExported() {
				continue
			}
			paragraphs := strings.Split(strings.TrimSpace(f.Doc.Text()), "\n\n")
			last := len(paragraphs) - 1
			if last < 1 || !defaultOf.MatchString(paragraphs[last]) {
				s.complain(f.Pos(), "the comment of %s.%s must say what it is, and end in a paragraph "+
					`"Required." or "Default: ..."`, t.full(), name.Name)
				continue
			}
			all = append(all, field{
				name: name.Name, at: f.Pos(), expr: f.Type, meaning: strings.Join(paragraphs[:last], "\n\n"),
				defaults: strings.TrimPrefix(paragraphs[last], "Default: "),
			})
		}
	}
	s.known[t] = all
	return all
}

// named returns the names of the types in an expression: T of []T, *T and
// map[string]T.
func named(e ast.Expr) []string {
	switch e := e.(type) {
	case *ast.Ident:
		return []string{e.Name}
	case *ast.SelectorExpr:
		return []string{text(e)}
	case *ast.StarExpr:
		return named(e.X)
	case *ast.ArrayType:
		return named(e.Elt)
	case *ast.MapType:
		return append(named(e.Key), named(e.Value)...)
	case *ast.IndexExpr:
		return append(named(e.X), named(e.Index)...)
	}
	return nil
}

// values are the types that props lead to, with the structs that implement
// their interfaces, sorted. Constructs are not among them.
func (s *source) values(all []constructor) []*typ {
	isConstruct, isProps := map[*typ]bool{}, map[*typ]bool{}
	for _, c := range all {
		isConstruct[c.of], isProps[c.props] = true, true
	}
	found := map[*typ]bool{}
	var visit func(p *pkg, e ast.Expr)
	see := func(t *typ) {
		if t == nil || found[t] || isConstruct[t] {
			return
		}
		found[t] = !isProps[t]
		switch of := t.spec.Type.(type) {
		case *ast.StructType:
			for _, f := range s.fields(t) {
				visit(t.in, f.expr)
			}
		case *ast.InterfaceType:
			for _, f := range t.makers {
				for _, parameter := range f.Decl.Type.Params.List {
					visit(t.in, parameter.Type)
				}
			}
			for _, embedded := range of.Methods.List {
				if len(embedded.Names) == 0 {
					visit(t.in, embedded.Type)
				}
			}
		}
	}
	visit = func(p *pkg, e ast.Expr) {
		for _, name := range named(e) {
			see(s.find(p, name))
		}
	}
	for _, c := range all {
		for _, f := range s.fields(c.props) {
			visit(c.of.in, f.expr)
		}
	}
	for grown := true; grown; {
		grown = false
		for _, t := range sortedTypes(found) {
			for _, other := range s.implementers(t) {
				if other.structure() != nil && !isConstruct[other] && !found[other] {
					see(other)
					grown = true
				}
			}
		}
	}
	return sortedTypes(found)
}

func sortedTypes(set map[*typ]bool) []*typ {
	var list []*typ
	for t, in := range set {
		if in {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b *typ) int { return strings.Compare(a.full(), b.full()) })
	return list
}

// signatures are the methods of an interface, or of any type, as text.
func (s *source) signatures(t *typ) map[string]string {
	all := map[string]string{}
	if of, ok := t.spec.Type.(*ast.InterfaceType); ok {
		for _, m := range of.Methods.List {
			if function, ok := m.Type.(*ast.FuncType); ok {
				all[m.Names[0].Name] = signature(t.in, function)
			} else if embedded := s.find(t.in, text(m.Type)); embedded != nil {
				maps.Copy(all, s.signatures(embedded))
			}
		}
		return all
	}
	for _, m := range t.methods {
		all[m.Name] = signature(t.in, m.Decl.Type)
	}
	return all
}

// signature returns the types of parameters and results, with the package of
// each.
func signature(p *pkg, f *ast.FuncType) string {
	var parts []string
	for _, list := range []*ast.FieldList{f.Params, f.Results} {
		if list == nil {
			continue
		}
		parts = append(parts, ":")
		for _, parameter := range list.List {
			of := text(parameter.Type)
			if p.types[of] != nil {
				of = p.name + "." + of
			}
			for range max(1, len(parameter.Names)) {
				parts = append(parts, of)
			}
		}
	}
	return strings.Join(parts, " ")
}

// implementers are the exported types with the methods of the interface t, sorted.
func (s *source) implementers(t *typ) []*typ {
	if _, ok := t.spec.Type.(*ast.InterfaceType); !ok {
		return nil
	}
	wanted := s.signatures(t)
	var found []*typ
	for _, p := range s.packages {
		for _, other := range p.types {
			if other.spec == nil || !ast.IsExported(other.name) {
				continue
			}
			if _, ok := other.spec.Type.(*ast.InterfaceType); ok {
				continue
			}
			has := s.signatures(other)
			all := len(wanted) > 0
			for name, types := range wanted {
				all = all && has[name] == types && (ast.IsExported(name) || t.in == other.in)
			}
			if all {
				found = append(found, other)
			}
		}
	}
	slices.SortFunc(found, func(a, b *typ) int { return strings.Compare(a.full(), b.full()) })
	return found
}
