// Package construct holds what Go knows of the tree of constructs: paths,
// namespaces, problems. The library asks it rather than the jsii kernel, where
// each question costs about 0.3 ms of CPU.
//
// Constructs are made on one goroutine; so is everything here used.
package construct

import (
	"cmp"
	"fmt"
	"reflect"
	"regexp"
	"runtime"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Node is what Go knows of one construct: of this library, or one that holds
// constructs of this library.
type Node struct {
	self  constructs.IConstruct
	path  string
	app   *App
	chart *Chart
	// children are the ids of the children that Go made.
	children map[string]bool
	problems field.ErrorList
	checks   []func() field.ErrorList
	derived  bool
}

// Chart is what Go knows of a chart.
type Chart struct {
	*Node

	// Namespace is the chart's namespace; empty where whoever applies the
	// manifests decides.
	Namespace string

	// Labels are the labels that the chart gives every object.
	Labels map[string]string
}

// registry holds every construct that Go knows something of.
var registry = map[constructs.IConstruct]*Node{}

// Init makes c a construct called id below scope. An id that is empty or taken,
// and a scope outside any chart, are problems of the app. A nil scope panics:
// there is no app that could report it.
func Init(c, scope constructs.Construct, id string) *Node {
	parent := In(scope, id)
	n := &Node{self: c, app: parent.app, chart: parent.chart}
	n.attach(parent, id, func(id string) {
		constructs.NewConstruct_Override(c, parent.self.(constructs.Construct), &id)
	})
	return n
}

// In returns what Go knows of scope, where a construct called id is to be made:
// a chart, or a construct in one.
func In(scope constructs.Construct, id string) *Node {
	n := nodeOf(scope, id)
	if n.chart == nil {
		n = newStandIn(n, id)
	}
	return n
}

// InitChart makes c a chart called id below scope. Its objects are in the given
// namespace.
func InitChart(c cdk8s.Chart, scope constructs.Construct, id, namespace string) *Node {
	parent := nodeOf(scope, id)
	n := &Node{self: c, app: parent.app}
	n.chart = &Chart{Node: n, Namespace: namespace}
	n.attach(parent, id, func(id string) {
		cdk8s.NewChart_Override(c, parent.self.(constructs.Construct), &id, &cdk8s.ChartProps{
			Namespace: &namespace, DisableResourceNameHashes: new(true),
		})
	})
	n.app.watch(n)
	return n
}

// newStandIn returns a chart for constructs that have none, and reports it.
func newStandIn(parent *Node, id string) *Node {
	n := &Node{app: parent.app}
	n.chart = &Chart{Node: n}
	n.attach(parent, id, func(id string) {
		n.self = cdk8s.NewChart(parent.self.(constructs.Construct), &id, nil)
	})
	n.app.watch(n)
	n.problems = append(n.problems, &field.Error{
		Type: field.ErrorTypeInvalid, Field: "scope", BadValue: cmp.Or(parent.path, "App"),
		Detail: "must be a chart, or a construct in one",
	})
	return n
}

// attach calls create with id, or, where id is empty or taken below parent,
// reports that and takes another.
func (n *Node) attach(parent *Node, id string, create func(id string)) {
	free := id
	if id == "" {
		free = "unnamed"
		n.problems = append(n.problems, &field.Error{
			Type: field.ErrorTypeRequired, Field: "id", BadValue: id, Detail: "must not be empty",
		})
	}
	for i := 2; !parent.take(free, create); i++ {
		if free == id {
			n.problems = append(n.problems, &field.Error{
				Type: field.ErrorTypeDuplicate, Field: "id", BadValue: id,
				Detail: "is used twice in this scope; every construct needs an id of its own",
			})
		}
		free = fmt.Sprintf("%s-%d", cmp.Or(id, "unnamed"), i)
	}
	n.path = strings.TrimPrefix(parent.path+"/"+free, "/")
	n.children = map[string]bool{}
	n.app.nodes = append(n.app.nodes, n)
	n.register()
}

func (n *Node) register() {
	registry[n.self] = n
	n.app.known = append(n.app.known, n.self)
}

// take creates the child called id and reports whether that was free. An id
// may also be that of a construct that Go did not make.
func (n *Node) take(id string, create func(id string)) (ok bool) {
	if n.children[id] {
		return false
	}
	defer func() {
		if r := recover(); r != nil {
			if !strings.Contains(fmt.Sprint(r), "already a Construct with name") {
				panic(r)
			}
			ok = false
		}
	}()
	create(id)
	n.children[id] = true
	return true
}

// nodeOf returns what Go knows of scope. It asks the kernel about one that this
// library did not make, once.
func nodeOf(scope constructs.IConstruct, id string) *Node {
	if IsNil(scope) {
		panic(fmt.Sprintf("scope of %q: is required: the chart that holds the construct", id))
	}
	if n, ok := registry[scope]; ok {
		return n
	}
	n := &Node{self: scope, children: map[string]bool{}}
	defer func() {
		if n.app != nil {
			n.register()
		}
	}()
	if app, ok := scope.(cdk8s.App); ok {
		n.app = &App{root: app}
		return n
	}
	node := scope.Node()
	n.path = *node.Path()
	if chart, ok := scope.(cdk8s.Chart); ok {
		n.app = nodeOf(node.Root(), id).app
		n.chart = &Chart{Node: n, Labels: plain(chart.Labels())}
		if namespace := chart.Namespace(); namespace != nil {
			n.chart.Namespace = *namespace
		}
		n.app.watch(n)
		return n
	}
	if n.path == "" {
		// A root that is no App, such as one of a test.
		n.app = &App{root: scope}
		return n
	}
	parent := nodeOf(node.Scope(), id)
	n.app, n.chart = parent.app, parent.chart
	return n
}

func plain(m *map[string]*string) map[string]string {
	out := map[string]string{}
	if m != nil {
		for key, value := range *m {
			out[key] = *value
		}
	}
	return out
}

// Of returns what Go knows of c, or nil for a construct that this library has
// never seen.
func Of(c constructs.IConstruct) *Node { return registry[c] }

// Construct returns the construct itself.
func (n *Node) Construct() constructs.Construct { return n.self.(constructs.Construct) }

// Path returns the construct's path in the tree, such as shop/web.
func (n *Node) Path() string { return n.path }

// App returns the app that the construct is in.
func (n *Node) App() *App { return n.app }

// Chart returns the chart that the construct is in.
func (n *Node) Chart() *Chart { return n.chart }

// Namespace returns the namespace of the construct's chart, or "" where whoever
// applies the manifests decides.
func (n *Node) Namespace() string { return n.chart.Namespace }

// NamespaceOf returns the namespace of the chart that holds c, or "" where that
// is not known.
func NamespaceOf(c any) string {
	scope, ok := c.(constructs.IConstruct)
	if !ok || IsNil(c) {
		return ""
	}
	// A construct that was never made has no node.
	defer func() {
		r := recover()
		if _, isNil := r.(runtime.Error); r != nil && !isNil {
			panic(r)
		}
	}()
	if n := nodeOf(scope, ""); n.chart != nil {
		return n.chart.Namespace
	}
	return ""
}

// PartOf names the application that the construct belongs to: the namespace of
// its chart, or the chart's id where it has none, as far as a label can hold
// it.
func (n *Node) PartOf() string {
	if n.chart.Namespace != "" {
		return n.chart.Namespace
	}
	id := n.chart.path[strings.LastIndex(n.chart.path, "/")+1:]
	id = notOfLabels.ReplaceAllString(id, "-")
	return strings.Trim(id[:min(len(id), 63)], "-_.")
}

// notOfLabels matches what the value of a label cannot hold; see
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set.
var notOfLabels = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

// ServiceHost returns the DNS name of the Service called name, as every pod of
// the cluster resolves it, whatever the cluster's domain. Where the chart has
// no namespace it is the name alone, which pods of the same namespace resolve.
func (n *Node) ServiceHost(name string) string {
	if n.chart.Namespace == "" {
		return name
	}
	return name + "." + n.chart.Namespace + ".svc"
}

// Report adds problems of the construct's own props.
func (n *Node) Report(problems field.ErrorList) { n.problems = append(n.problems, problems...) }

// Invalid reports whether c has been given invalid props, which is reported: what
// follows from them must not be. It is false for what this library never saw.
func Invalid(c constructs.IConstruct) bool {
	n := registry[c]
	return n != nil && len(n.problems) > 0
}

// Derived marks a construct whose props follow from those of another: a mistake
// in both is told by the other.
func (n *Node) Derived() { n.derived = true }

// Check adds a check that looks at other constructs. It runs when the tree is
// complete.
func (n *Node) Check(check func() field.ErrorList) { n.checks = append(n.checks, check) }

// IsNil reports whether value holds nothing, or a nil pointer.
func IsNil(value any) bool {
	v := reflect.ValueOf(value)
	return value == nil || v.Kind() == reflect.Pointer && v.IsNil()
}
