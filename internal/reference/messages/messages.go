// Package messages finds the texts by which the library reports a problem, in the
// calls that make them.
package messages

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// module is the import path of the library.
const module = "example.com/django-cdk8s"

// Message is a text, or a form of texts, that a user can meet.
type Message struct {
	// Text is the message. "..." stands for what differs from one to the next.
	Text string

	// Fields are the fields that the message is about, as far as the source says.
	Fields []string

	// Package and Function make it, in File, whose path begins below the module:
	// "constructs/django", "(*Beat).checkAlone", "beat.go".
	Package, Function, File string

	// Rules are the rules of package manifest that make it, by their names, or the
	// constant of package upgrade.
	Rules []string
}

// sink is a function that takes the text of a message.
type sink struct {
	// text and field are the positions of its parameters; field is -1 for none.
	text, field int
	// format is whether text is a format of package fmt.
	format bool
}

// sinks are the functions that record problems. Functions that pass a parameter on
// to one of them are found.
var sinks = map[string]sink{
	"(*" + module + "/internal/rule.Errors).Add":        {text: 2, field: 0},
	"(*" + module + "/manifest.checker).add":            {text: 3, field: 1, format: true},
	"(*" + module + "/manifest/netpol.network).add":     {text: 3, field: 1, format: true},
	"(*" + module + "/manifest/upgrade.comparison).add": {text: 3, field: 2},
	"fmt.Errorf": {text: 0, field: -1, format: true},
	"errors.New": {text: 0, field: -1},
}

// quiet are packages whose errors become part of another message, and are no
// message of their own.
var quiet = []string{"constructs/broker", "internal/host"}

// function is a function of the library.
type function struct {
	in   *pkg
	decl *ast.FuncDecl
	// parameters are those of the signature, in order, without the receiver.
	parameters []types.Object
}

// pkg is a package with the types of its expressions.
type pkg struct {
	path  string
	files []*ast.File
	info  *types.Info
}

type finder struct {
	files     *token.FileSet
	packages  []*pkg
	functions map[string]*function
	sinks     map[string]sink
	calls     map[string][]call
	// rules are those that call each function of package manifest.
	rules map[string][]string
}

// call is a call of a function of the library, and where it stands.
type call struct {
	from *function
	expr *ast.CallExpr
}

// Find returns the messages of the packages below root, in the order of package,
// file and line. A call whose text cannot be told has the Text "".
func Find(root string) ([]Message, error) {
	f := &finder{
		files: token.NewFileSet(), functions: map[string]*function{}, sinks: map[string]sink{}, calls: map[string][]call{},
	}
	maps.Copy(f.sinks, sinks)
	if err := f.load(root); err != nil {
		return nil, err
	}
	for _, p := range f.packages {
		f.index(p)
	}
	for f.grow() {
	}
	f.readRules()
	var all []Message
	for _, p := range f.packages {
		all = append(all, f.in(p)...)
	}
	return all, nil
}

// load reads the packages with their types; those that they import as the compiler
// has left them.
func (f *finder) load(root string) error {
	command := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles",
		"./constructs/...", "./manifest/...", "./synth")
	command.Dir = root
	var stderr bytes.Buffer
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		return fmt.Errorf("go list: %w\n%s", err, stderr.String())
	}
	type listed struct {
		ImportPath, Dir, Export string
		GoFiles                 []string
	}
	exports := map[string]string{}
	var own []listed
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var one listed
		if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		exports[one.ImportPath] = one.Export
		if below, ok := strings.CutPrefix(one.ImportPath, module+"/"); ok && !strings.HasPrefix(below, "imports/") {
			own = append(own, one)
		}
	}
	slices.SortFunc(own, func(a, b listed) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	imported := importer.ForCompiler(f.files, "gc", func(name string) (io.ReadCloser, error) {
		return os.Open(exports[name])
	})
	for _, one := range own {
		p := &pkg{path: strings.TrimPrefix(one.ImportPath, module+"/"), info: &types.Info{
			Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{},
		}}
		for _, name := range one.GoFiles {
			file, err := parser.ParseFile(f.files, filepath.Join(one.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			p.files = append(p.files, file)
		}
		config := types.Config{Importer: imported, GoVersion: "go1.26"}
		if _, err := config.Check(one.ImportPath, f.files, p.files, p.info); err != nil {
			return err
		}
		f.packages = append(f.packages, p)
	}
	return nil
}

// index notes the functions of a package and the calls in them.
func (f *finder) index(p *pkg) {
	for _, file := range p.files {
		for _, d := range file.Decls {
			decl, ok := d.(*ast.FuncDecl)
			if !ok || decl.Body == nil {
				continue
			}
			fn := &function{in: p, decl: decl}
			for _, parameter := range decl.Type.Params.List {
				for _, name := range parameter.Names {
					fn.parameters = append(fn.parameters, p.info.Defs[name])
				}
			}
			f.functions[p.info.Defs[decl.Name].(*types.Func).FullName()] = fn
			ast.Inspect(decl.Body, func(n ast.Node) bool {
				if c, ok := n.(*ast.CallExpr); ok {
					if name := p.callee(c); name != "" {
						f.calls[name] = append(f.calls[name], call{fn, c})
					}
				}
				return true
			})
		}
	}
}

// callee returns the full name of the function that is called, or "".
func (p *pkg) callee(c *ast.CallExpr) string {
	var name *ast.Ident
	switch fun := ast.Unparen(c.Fun).(type) {
	case *ast.Ident:
		name = fun
	case *ast.SelectorExpr:
		name = fun.Sel
	case *ast.IndexExpr:
		name, _ = fun.X.(*ast.Ident)
	}
	if name == nil {
		return ""
	}
	if of, ok := p.info.Uses[name].(*types.Func); ok {
		return of.Origin().FullName()
	}
	return ""
}

// parameter returns the position of the parameter that e is, or -1.
func (fn *function) parameter(e ast.Expr) int {
	name, ok := ast.Unparen(e).(*ast.Ident)
	if !ok {
		return -1
	}
	return slices.Index(fn.parameters, fn.in.info.Uses[name])
}

// grow adds the functions that pass a parameter on as the text of a message, and
// reports whether there were any.
func (f *finder) grow() bool {
	grown := false
	for name, s := range f.sinks {
		for _, c := range f.calls[name] {
			if s.text >= len(c.expr.Args) {
				continue
			}
			at := c.from.parameter(c.expr.Args[s.text])
			own := c.from.name()
			if _, known := f.sinks[own]; at < 0 || known {
				continue
			}
			field := -1
			if s.field >= 0 {
				field = c.from.parameter(c.expr.Args[s.field])
			}
			f.sinks[own] = sink{text: at, field: field, format: s.format}
			grown = true
		}
	}
	return grown
}

// in returns the messages that a package makes.
func (f *finder) in(p *pkg) []Message {
	var all []Message
	for _, file := range p.files {
		for _, d := range file.Decls {
			decl, ok := d.(*ast.FuncDecl)
			if !ok || decl.Body == nil {
				continue
			}
			fn := f.functions[p.info.Defs[decl.Name].(*types.Func).FullName()]
			ast.Inspect(decl.Body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					all = append(all, f.made(fn, n)...)
				case *ast.CompositeLit:
					all = append(all, f.literal(fn, n)...)
				}
				return true
			})
		}
	}
	return all
}

// made returns the messages of a call.
func (f *finder) made(fn *function, c *ast.CallExpr) []Message {
	name := fn.in.callee(c)
	s, ok := f.sinks[name]
	if !ok || s.text >= len(c.Args) || fn.parameter(c.Args[s.text]) >= 0 {
		return nil
	}
	plain := name == "fmt.Errorf" || name == "errors.New"
	if plain && (slices.Contains(quiet, fn.in.path) || strings.HasPrefix(fn.in.path, "constructs/")) {
		return nil
	}
	v := f.values(fn)
	texts := v.of(c.Args[s.text])
	if s.format && !c.Ellipsis.IsValid() {
		var formatted []string
		for _, text := range texts {
			formatted = append(formatted, v.format(text, c.Args[s.text+1:])...)
		}
		texts = formatted
	}
	var fields []string
	if s.field >= 0 {
		fields = f.fields(fn, c.Args[s.field], 0)
	}
	all := f.messages(fn, texts, fields)
	if name == "(*"+module+"/manifest/upgrade.comparison).add" {
		for i := range all {
			all[i].Rules = []string{c.Args[0].(*ast.Ident).Name}
		}
	}
	return all
}

// literal returns the message of a field.Error that is written out.
func (f *finder) literal(fn *function, l *ast.CompositeLit) []Message {
	of, ok := fn.in.info.Types[l].Type.(*types.Named)
	if !ok || of.Obj().Name() != "Error" || !strings.HasSuffix(of.Obj().Pkg().Path(), "util/validation/field") {
		return nil
	}
	v := f.values(fn)
	var texts, fields []string
	for _, element := range l.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		switch pair.Key.(*ast.Ident).Name {
		case "Detail":
			if name, ok := pair.Value.(*ast.Ident); ok && fn.parameter(name) >= 0 && fn.in.path == "internal/rule" {
				return nil // It is that of whoever calls Add.
			}
			texts = v.of(pair.Value)
		case "Field":
			fields = v.of(pair.Value)
		}
	}
	return f.messages(fn, texts, fields)
}

func (f *finder) messages(fn *function, texts, fields []string) []Message {
	name := fn.decl.Name.Name
	if fn.decl.Recv != nil {
		of := fn.decl.Recv.List[0].Type
		pointer, ok := of.(*ast.StarExpr)
		if ok {
			of = pointer.X
		}
		if id, isName := of.(*ast.Ident); isName && ok {
			name = "(*" + id.Name + ")." + name
		} else if isName {
			name = id.Name + "." + name
		}
	}
	file := path.Base(filepath.ToSlash(f.files.Position(fn.decl.Pos()).Filename))
	var all []Message
	for _, text := range texts {
		text = collapsed(text)
		if !told(text) {
			text = ""
		}
		all = append(all, Message{
			Text: text, Fields: known(fields), Package: fn.in.path, Function: name, File: file, Rules: f.rules[fn.name()],
		})
	}
	return all
}

// name is the full name of the function.
func (fn *function) name() string { return fn.in.info.Defs[fn.decl.Name].(*types.Func).FullName() }

// known returns the fields of which the source says something.
func known(fields []string) []string {
	var all []string
	for _, field := range fields {
		if field = strings.TrimLeft(field, "."); told(field) && !slices.Contains(all, field) {
			all = append(all, field)
		}
	}
	return all
}

// readRules finds the functions that each rule of package manifest calls: those in
// the table that Rules returns, and those that Warnings calls after it has named the
// rule.
func (f *finder) readRules() {
	f.rules = map[string][]string{}
	callees := map[string][]string{}
	for name, calls := range f.calls {
		for _, c := range calls {
			callees[c.from.name()] = append(callees[c.from.name()], name)
		}
	}
	mark := func(rule, function string) {
		seen := map[string]bool{}
		for next := []string{function}; len(next) > 0; next = next[1:] {
			name := next[0]
			if seen[name] || f.functions[name] == nil || !strings.HasPrefix(f.functions[name].in.path, "manifest") {
				continue
			}
			seen[name] = true
			f.rules[name] = append(f.rules[name], rule)
			next = append(next, callees[name]...)
		}
	}
	method := func(name string) string { return "(*" + module + "/manifest.checker)." + name }
	if rules := f.functions[module+"/manifest.Rules"]; rules != nil {
		ast.Inspect(rules.decl.Body, func(n ast.Node) bool {
			if l, ok := n.(*ast.CompositeLit); ok && len(l.Elts) == 3 {
				if check, ok := l.Elts[2].(*ast.SelectorExpr); ok {
					mark(f.values(rules).of(l.Elts[0])[0], method(check.Sel.Name))
				}
			}
			return true
		})
	}
	if warnings := f.functions[module+"/manifest.Warnings"]; warnings != nil {
		rule := ""
		ast.Inspect(warnings.decl.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				if to, ok := n.Lhs[0].(*ast.SelectorExpr); ok && to.Sel.Name == "rule" {
					rule = f.values(warnings).of(n.Rhs[0])[0]
				}
			case *ast.CallExpr:
				if name := warnings.in.callee(n); rule != "" && strings.HasPrefix(name, method("")) {
					mark(rule, name)
				}
			}
			return true
		})
	}
}

// dots matches several marks for what differs, and a dot between two.
var dots = regexp.MustCompile(`\.{4,}`)

// collapsed makes one mark of several.
func collapsed(text string) string { return dots.ReplaceAllString(text, anything) }

// told reports whether a text says more than what was put in.
func told(text string) bool {
	for word := range strings.FieldsSeq(strings.ReplaceAll(text, "...", " ")) {
		if strings.ContainsFunc(word, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }) {
			return true
		}
	}
	return false
}

// fields returns the names of fields that an argument may be. Where it is a
// parameter, they are those of the calls.
func (f *finder) fields(fn *function, e ast.Expr, depth int) []string {
	at := fn.parameter(e)
	if at < 0 || depth > 3 {
		return f.values(fn).of(e)
	}
	var all []string
	own := fn.name()
	for _, c := range f.calls[own] {
		if at < len(c.expr.Args) {
			for _, name := range f.fields(c.from, c.expr.Args[at], depth+1) {
				if !slices.Contains(all, name) {
					all = append(all, name)
				}
			}
		}
	}
	slices.Sort(all)
	return all
}
