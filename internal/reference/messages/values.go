package messages

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// anything stands for what the source does not tell.
const anything = "..."

// most is the number of texts that one expression may have; above it the text is
// anything.
const most = 8

// values reads expressions of texts in a function.
type values struct {
	f  *finder
	fn *function
	// bound are the texts of parameters, where the call is known.
	bound map[types.Object][]string
	// busy are the variables that are being read.
	busy  map[types.Object]bool
	depth int
}

func (f *finder) values(fn *function) *values {
	return &values{f: f, fn: fn, bound: map[types.Object][]string{}, busy: map[types.Object]bool{}}
}

// of returns the texts that e may have.
func (v *values) of(e ast.Expr) []string {
	info := v.fn.in.info
	if known := info.Types[e].Value; known != nil {
		if known.Kind() == constant.String {
			return []string{constant.StringVal(known)}
		}
		return []string{known.ExactString()}
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.BinaryExpr:
		if of, ok := info.TypeOf(e).Underlying().(*types.Basic); ok && of.Info()&types.IsString != 0 && e.Op == token.ADD {
			return product(v.of(e.X), v.of(e.Y))
		}
	case *ast.Ident:
		return v.variable(info.Uses[e])
	case *ast.CallExpr:
		return v.call(e)
	case *ast.BasicLit:
		return []string{strings.Trim(e.Value, "`\"")}
	}
	return []string{anything}
}

// product joins each of the texts before with each of those after.
func product(before, after []string) []string {
	if len(before)*len(after) > most {
		return []string{anything}
	}
	var all []string
	for _, a := range before {
		for _, b := range after {
			all = append(all, a+b)
		}
	}
	return all
}

// variable returns the texts that are assigned to a variable in the function.
func (v *values) variable(o types.Object) []string {
	if texts, ok := v.bound[o]; ok {
		return texts
	}
	if o == nil || v.busy[o] || slices.Contains(v.fn.parameters, o) {
		return []string{anything}
	}
	v.busy[o] = true
	defer delete(v.busy, o)
	var all []string
	info := v.fn.in.info
	add := func(texts []string) {
		for _, text := range texts {
			if text != "" && !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	ast.Inspect(v.fn.decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				name, ok := left.(*ast.Ident)
				if !ok || info.Defs[name] != o && info.Uses[name] != o {
					continue
				}
				switch {
				case len(n.Lhs) != len(n.Rhs):
					add([]string{anything})
				case n.Tok == token.ADD_ASSIGN:
					before := append([]string{}, all...)
					add(product(before, v.of(n.Rhs[i])))
				default:
					add(v.of(n.Rhs[i]))
				}
			}
		case *ast.ValueSpec:
			for i, name := range n.Names {
				if info.Defs[name] == o && i < len(n.Values) {
					add(v.of(n.Values[i]))
				}
			}
		case *ast.RangeStmt:
			for _, left := range []ast.Expr{n.Key, n.Value} {
				if name, ok := left.(*ast.Ident); ok && info.Defs[name] == o {
					add(v.ranged(n, left == n.Value))
				}
			}
		}
		return true
	})
	if len(all) == 0 || len(all) > most {
		return []string{anything}
	}
	return all
}

// ranged returns the elements of a list that is written out, or its keys.
func (v *values) ranged(n *ast.RangeStmt, value bool) []string {
	list, ok := ast.Unparen(n.X).(*ast.CompositeLit)
	if !ok {
		return []string{anything}
	}
	var all []string
	for _, element := range list.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			if element = pair.Key; value {
				element = pair.Value
			}
		} else if !value {
			return []string{anything}
		}
		all = append(all, v.of(element)...)
	}
	if len(all) > most {
		return []string{anything}
	}
	return all
}

// call returns the texts that a call may return.
func (v *values) call(c *ast.CallExpr) []string {
	switch name := v.fn.in.callee(c); name {
	case "fmt.Sprintf":
		var all []string
		for _, text := range v.of(c.Args[0]) {
			all = append(all, v.format(text, c.Args[1:])...)
		}
		return all
	case "cmp.Or":
		var all []string
		for _, argument := range c.Args {
			all = append(all, v.of(argument)...)
		}
		return all
	case "":
		if len(c.Args) == 1 && v.fn.in.info.Types[c.Fun].IsType() {
			return v.of(c.Args[0]) // A conversion.
		}
	default:
		if fn := v.f.functions[name]; fn != nil && v.depth < 4 {
			return v.returned(fn, c)
		}
	}
	return []string{anything}
}

// returned returns the texts that a function of the library returns first.
func (v *values) returned(fn *function, c *ast.CallExpr) []string {
	inner := v.f.values(fn)
	inner.depth = v.depth + 1
	for i, parameter := range fn.parameters {
		if i < len(c.Args) && parameter != nil {
			inner.bound[parameter] = v.of(c.Args[i])
		}
	}
	var all []string
	ast.Inspect(fn.decl.Body, func(n ast.Node) bool {
		if _, ok := n.(*ast.FuncLit); ok {
			return false
		}
		if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) == 1 {
			for _, text := range inner.of(r.Results[0]) {
				if !slices.Contains(all, text) {
					all = append(all, text)
				}
			}
		}
		return true
	})
	if len(all) == 0 || len(all) > most {
		return []string{anything}
	}
	return all
}

// verb matches a verb of package fmt.
var verb = regexp.MustCompile(`%[-+# 0]*\d*(?:\.\d+)?(?:\[(\d+)\])?[a-zA-Z%]`)

// format fills in the arguments that the source tells.
func (v *values) format(text string, arguments []ast.Expr) []string {
	all := []string{""}
	rest, next := text, 0
	for {
		at := verb.FindStringSubmatchIndex(rest)
		if at == nil {
			return product(all, []string{rest})
		}
		all = product(all, []string{rest[:at[0]]})
		found := rest[at[0]:at[1]]
		if at[2] >= 0 {
			number, _ := strconv.Atoi(rest[at[2]:at[3]])
			next = number - 1
		}
		rest = rest[at[1]:]
		if found == "%%" {
			all = product(all, []string{"%"})
			continue
		}
		filled := []string{anything}
		if next < len(arguments) {
			filled = v.argument(arguments[next])
		}
		if strings.HasSuffix(found, "q") {
			filled = product(product([]string{`"`}, filled), []string{`"`})
		}
		all = product(all, filled)
		next++
	}
}

// argument returns what is put in for an argument of fmt: a text that the source
// tells, or anything.
func (v *values) argument(e ast.Expr) []string {
	texts := v.of(e)
	for _, text := range texts {
		if text == anything || text == "" {
			return []string{anything}
		}
	}
	return texts
}
