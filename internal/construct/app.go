package construct

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// App is what Go knows of the constructs below one root.
type App struct {
	root    constructs.IConstruct
	node    constructs.Node
	nodes   []*Node
	managed bool
	finals  []func()
	// all are the constructs of the tree when it was last read.
	all []constructs.IConstruct
	// known are the constructs of the app in the registry.
	known []constructs.IConstruct
}

// Manage returns what Go knows of app, which the caller renders and whose
// problems it reports. Without it, each chart reports its own to cdk8s.
func Manage(app cdk8s.App) *App {
	a := nodeOf(app, "").app
	a.managed = true
	return a
}

// Forget frees what Go knows of the app's constructs, which are not used any
// more.
func (a *App) Forget() {
	for _, c := range a.known {
		delete(registry, c)
	}
}

// Finally calls f when the tree is complete, to add what depends on all of it.
// It may be called again and then must add nothing twice.
func (a *App) Finally(f func()) { a.finals = append(a.finals, f) }

// Root returns the node of the root.
func (a *App) Root() constructs.Node {
	if a.node == nil {
		a.node = a.root.Node()
	}
	return a.node
}

// All returns every construct of the app, parents first. Within [App.Finish]
// the kernel is asked once.
func (a *App) All() []constructs.IConstruct {
	if a.all == nil {
		a.all = *a.Root().FindAll(constructs.ConstructOrder_PREORDER)
	}
	return a.all
}

// Finish adds what depends on the complete tree and returns every problem.
func (a *App) Finish() []*Problem {
	a.all = nil
	for _, f := range a.finals {
		f()
	}
	if len(a.finals) > 0 {
		a.all = nil // They may have added constructs.
	}
	var problems []*Problem
	for _, n := range a.nodes {
		problems = append(problems, n.all()...)
	}
	return Merge(problems)
}

func (n *Node) all() []*Problem {
	var problems []*Problem
	add := func(list field.ErrorList) {
		for _, err := range list {
			problems = append(problems, &Problem{Path: n.path, Err: err, derived: n.derived})
		}
	}
	add(n.problems)
	for _, check := range n.checks {
		add(check())
	}
	return problems
}

// watch makes plain app.Synth fail over the problems of the chart's constructs,
// unless the app is managed.
func (a *App) watch(chart *Node) {
	if !a.managed {
		chart.self.Node().AddValidation(&validation{chart})
	}
}

// validation reports the problems of one chart to cdk8s.
type validation struct{ chart *Node }

// Validate implements constructs.IValidation.
func (v *validation) Validate() *[]*string {
	var lines []string
	for _, p := range v.chart.app.Finish() {
		if p.Path == v.chart.path || strings.HasPrefix(p.Path, v.chart.path+"/") {
			lines = append(lines, p.Error())
		}
	}
	return jsii.Strings(lines...)
}

// Problem is one wrong value of a construct.
type Problem struct {
	// Path is the path of the construct.
	Path string

	// Err names the field, the value, and what is allowed.
	Err *field.Error

	// also are the paths of further constructs with the same mistake.
	also []string

	derived bool
}

// Error returns the problem in one line: path, field, value, rule.
func (p *Problem) Error() string {
	line := fmt.Sprintf("%s: %s", p.Path, Line(p.Err))
	if len(p.also) > 0 {
		line += " (also " + strings.Join(p.also, ", ") + ")"
	}
	return line
}

// Unwrap returns Err.
func (p *Problem) Unwrap() error { return p.Err }

// Line returns err in one line: field, value, rule.
func Line(err *field.Error) string {
	value := err.BadValue
	if s, ok := value.(string); ok {
		value = fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%s: %v: %s", err.Field, value, err.Detail)
}

// holders matches the fields by which one construct names what another has.
var holders = regexp.MustCompile(`^((Project|Database|Source|Site)\.)+`)

// Merge makes one problem of those that are about one value: a value that
// several constructs take is wrong in each of them, under the same name. Of two
// rules that the value of one field breaks, the first is reported.
func Merge(problems []*Problem) []*Problem {
	type mistake struct{ field, value, detail string }
	type place struct{ path, field string }
	said, at := map[mistake]*Problem{}, map[place]*field.Error{}
	var merged []*Problem
	for _, p := range problems {
		here := place{p.Path, p.Err.Field}
		if first := at[here]; first != nil && first.Detail != p.Err.Detail && sameValue(first, p.Err) {
			continue
		}
		at[here] = p.Err
		id := mistake{holders.ReplaceAllString(p.Err.Field, ""), fmt.Sprint(p.Err.BadValue), p.Err.Detail}
		first, ok := said[id]
		switch {
		case !ok:
			said[id] = p
			merged = append(merged, p)
		case first.Path == p.Path && first.Err.Field != p.Err.Field:
			merged = append(merged, p)
		case first.Path != p.Path && !slices.Contains(first.also, p.Path):
			if first.derived && !p.derived {
				first.Path, p.Path = p.Path, first.Path
				first.Err, first.derived = p.Err, false
			}
			first.also = append(first.also, p.Path)
		}
	}
	return merged
}

// sameValue reports whether a and b are about one value of a field, which may be
// hidden in one of them.
func sameValue(a, b *field.Error) bool {
	x, y := fmt.Sprint(a.BadValue), fmt.Sprint(b.BadValue)
	return x == y || x == "..." || y == "..."
}
