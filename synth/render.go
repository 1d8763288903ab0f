package synth

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/order"
	"example.com/django-cdk8s/manifest"
)

// Render returns the manifests of environment without writing them. dir is
// where they would be written: whether git tracks that place decides whether
// they may hold credentials. The error joins every problem found.
func Render(dir string, environment Environment) (Result, error) { return render(dir, environment)() }

// render is the half of [Render] that asks the kernel, which must stay on one
// goroutine. The function that it returns is the other half, and may run beside
// the next render.
func render(dir string, environment Environment) (check func() (Result, error)) {
	r, err := build(environment)
	return func() (Result, error) {
		if err != nil {
			return Result{}, err
		}
		r.options.Tracked, r.options.Dir = tracked(dir), inRepository(dir)
		return r.check()
	}
}

// rendered is what the kernel made of an environment, before it is checked.
type rendered struct {
	files   map[string][]byte
	sources map[string][]source
	options manifest.Options
}

// source is where an object of a manifest comes from.
type source struct {
	// path is that of the construct, and object names the object as manifest
	// does, such as "Service shop/web".
	path, object string
}

// build builds an environment and renders it.
//
// It does what App.Synth of cdk8s does, to the same bytes but for annotations of
// package order, in a time that grows with the number of objects; App.Synth
// resolves the whole app once per chart
// (https://github.com/cdk8s-team/cdk8s-core/issues/1053). An object of this
// library is rendered in Go.
func build(environment Environment) (r rendered, err error) {
	app := cdk8s.NewApp(&cdk8s.AppProps{Outdir: new(os.DevNull)})
	known := construct.Manage(app)
	defer known.Forget()
	if err := recovered(func() { environment.Build(app) }); err != nil {
		return r, err
	}
	var tree tree
	if err := recovered(func() { tree = readTree(app, known) }); err != nil {
		return r, err
	}
	if len(tree.problems) > 0 {
		return r, errors.Join(tree.problems...)
	}
	r.options.External = append(r.options.External, environment.External...)
	tree.declare(&r.options)
	return r, recovered(func() { r.write(tree) })
}

// tree is an app, complete and valid.
type tree struct {
	constructs []constructs.IConstruct
	charts     []cdk8s.Chart
	// objects are those of each chart, by its path, in the order in which they
	// are applied.
	objects  map[string][]object
	problems []error
	// indexed is whether the files of the charts are numbered.
	indexed bool
}

// object is one that cdk8s would render.
type object struct {
	path string
	json func() map[string]any
}

// ours is an object of this library.
type ours interface {
	Path() string
	ChartPath() string
	Render() (map[string]any, []*construct.Problem)
}

// probeID names the chart by which all of an app is validated.
const probeID = "$validate"

func readTree(app cdk8s.App, known *construct.App) tree {
	t := tree{objects: map[string][]object{}}
	root := known.Root()
	for _, p := range known.Finish() {
		t.problems = append(t.problems, p)
	}
	t.problems = append(t.problems, validate(app, root)...)
	t.constructs = known.All()
	for _, c := range t.constructs {
		switch c := typed(c).(type) {
		case cdk8s.Chart:
			t.charts = append(t.charts, c)
		case ours:
			t.add(c)
		case cdk8s.ApiObject:
			t.objects[pathOf(c.Chart())] = append(t.objects[pathOf(c.Chart())], object{
				path: trimmed(*c.Node().Path()),
				json: func() map[string]any { return c.ToJson().(map[string]any) },
			})
		}
	}
	if hasDependencies(root, len(t.constructs)) {
		t.sort(app)
	}
	return t
}

// typed returns c with its own Go type. The kernel returns constructs that it made
// itself, such as the objects within those of cdk8s-plus, as plain constructs.
func typed(c constructs.IConstruct) constructs.IConstruct {
	switch reflect.TypeOf(c).Elem().Name() {
	case "jsiiProxy_IConstruct", "jsiiProxy_Construct":
		if *cdk8s.ApiObject_IsApiObject(c) {
			return cdk8s.ApiObject_Of(c)
		}
		if *cdk8s.Chart_IsChart(c) {
			return cdk8s.Chart_Of(c)
		}
	}
	return c
}

// trimmed is the path of the construct of cdk8s-plus that an object is in.
func trimmed(path string) string { return strings.TrimSuffix(path, "/Resource") }

// add renders an object of this library.
func (t *tree) add(o ours) {
	if len(t.problems) > 0 {
		return // Its props may be wrong.
	}
	doc, problems := o.Render()
	for _, p := range problems {
		t.problems = append(t.problems, p)
	}
	t.objects[o.ChartPath()] = append(t.objects[o.ChartPath()], object{o.Path(), func() map[string]any { return doc }})
}

// validate runs every validation of the app that cdk8s knows, and makes cdk8s
// derive the dependencies of objects from those of constructs. Rendering a chart
// without objects does both, and nothing else.
func validate(app cdk8s.App, root constructs.Node) []error {
	probe := cdk8s.NewChart(app, new(probeID), nil)
	failed := failure(func() { probe.ToJson() })
	root.TryRemoveChild(new(probeID))
	var problems []error
	for _, found := range validationLine.FindAllStringSubmatch(failed, -1) {
		problems = append(problems, fmt.Errorf("%s: %s", found[1], found[2]))
	}
	return problems
}

// failure calls f and returns the text of a failed validation. Any other panic
// goes on.
func failure(f func()) (text string) {
	defer func() {
		if r := recover(); r != nil {
			if text = fmt.Sprint(r); !validationLine.MatchString(text) {
				panic(r)
			}
		}
	}()
	f()
	return ""
}

// validationLine matches a problem in the error of cdk8s: "[shop/web] text".
var validationLine = regexp.MustCompile(`(?m)^  \[([^\]]*)\] (.*)$`)

// hasDependencies reports whether any of the constructs depends on another.
func hasDependencies(root constructs.Node, constructs int) bool {
	graph := cdk8s.NewDependencyGraph(root)
	return len(*graph.Root().Outbound()) < constructs
}

// sort brings charts and objects into the order of their dependencies, as
// App.Synth does.
func (t *tree) sort(app cdk8s.App) {
	t.charts = *app.Charts()
	for _, chart := range t.charts {
		t.indexed = t.indexed || len(*chart.Node().Dependencies()) > 0
		var sorted []object
		order := map[string]int{}
		for i, c := range *cdk8s.NewDependencyGraph(chart.Node()).Topology() {
			switch o := typed(c).(type) {
			case ours:
				order[o.Path()] = i
			case cdk8s.ApiObject:
				order[trimmed(*o.Node().Path())] = i
			}
		}
		sorted = t.objects[pathOf(chart)]
		slices.SortStableFunc(sorted, func(a, b object) int { return order[a.path] - order[b.path] })
	}
}

// declare adds what the constructs say of objects that are not in the
// manifests.
func (t tree) declare(options *manifest.Options) {
	for _, c := range t.constructs {
		if referrer, ok := c.(network.Referrer); ok {
			for _, o := range referrer.ExternalReferences() {
				options.External = append(options.External, manifest.External(o))
			}
		}
		if plain, ok := c.(interface{ PlainKeys() []network.Object }); ok {
			for _, o := range plain.PlainKeys() {
				options.Plain = append(options.Plain, manifest.External(o))
			}
		}
	}
}

// write renders each chart to its file.
func (r *rendered) write(t tree) {
	r.files, r.sources = map[string][]byte{}, map[string][]source{}
	var all []map[string]any
	byChart := map[string][]map[string]any{}
	for _, chart := range t.charts {
		path := pathOf(chart)
		for _, o := range t.objects[path] {
			byChart[path] = append(byChart[path], o.json())
		}
		all = append(all, byChart[path]...)
	}
	order.Annotate(all)
	for i, chart := range t.charts {
		name := fileName(chart)
		if t.indexed {
			name = fmt.Sprintf("%04d-%s", i, name)
		}
		var documents []any
		for j, document := range byChart[pathOf(chart)] {
			documents = append(documents, document)
			path := t.objects[pathOf(chart)][j].path
			for _, object := range objectsOf(document) {
				r.sources[name+suffix] = append(r.sources[name+suffix], source{path, keyOf(object)})
			}
		}
		if len(documents) == 0 {
			r.files[name+suffix] = []byte{}
			continue
		}
		r.files[name+suffix] = []byte(headFirst(*cdk8s.Yaml_Stringify(documents...)))
	}
}

// headFirst brings apiVersion, kind and metadata to the top of each document, as
// cdk8s does. Objects come from Go with their keys sorted.
func headFirst(documents string) string {
	var out strings.Builder
	out.Grow(len(documents))
	for i, document := range strings.Split(strings.TrimSuffix(documents, "\n"), "\n---\n") {
		if i > 0 {
			out.WriteString("---\n")
		}
		var rest []string
		for block := range blocks(document) {
			switch key, _, _ := strings.Cut(block, ":"); key {
			case "apiVersion", "kind", "metadata":
				out.WriteString(block)
				out.WriteByte('\n')
			default:
				rest = append(rest, block)
			}
		}
		for _, block := range rest {
			out.WriteString(block)
			out.WriteByte('\n')
		}
	}
	return out.String()
}

// blocks yields each top-level key of a document with its value, without the
// line break at the end.
func blocks(document string) iter.Seq[string] {
	return func(yield func(string) bool) {
		start := 0
		for i := 0; i+1 < len(document); i++ {
			if next := document[i+1]; document[i] != '\n' || next == ' ' || next == '\n' {
				continue
			}
			if !yield(document[start:i]) {
				return
			}
			start = i + 1
		}
		yield(document[start:])
	}
}

// objectsOf returns the objects in a document, of which a List has several; see
// [manifest.Parse].
func objectsOf(document map[string]any) []map[string]any {
	kind, _ := document["kind"].(string)
	items, list := document["items"].([]any)
	if !list || !strings.HasSuffix(kind, "List") {
		return []map[string]any{document}
	}
	var found []map[string]any
	for _, item := range items {
		object, _ := item.(map[string]any)
		found = append(found, objectsOf(object)...)
	}
	return found
}

func keyOf(document map[string]any) string {
	o := manifest.Object{Kind: fmt.Sprint(document["kind"])}
	if metadata, ok := document["metadata"].(map[string]any); ok {
		o.Name, _ = metadata["name"].(string)
		o.Namespace, _ = metadata["namespace"].(string)
	}
	return o.String()
}

func pathOf(chart cdk8s.Chart) string {
	if n := construct.Of(chart); n != nil {
		return n.Path()
	}
	return *chart.Node().Path()
}

// dnsLabel matches an id that is the name of a chart's file as it is.
var dnsLabel = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func fileName(chart cdk8s.Chart) string {
	if path := pathOf(chart); dnsLabel.MatchString(path) {
		return path
	}
	return *cdk8s.Names_ToDnsLabel(chart, nil)
}

// check reads what was rendered as a cluster would, and applies every rule.
func (r rendered) check() (Result, error) {
	var objects []manifest.Object
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(r.files)) {
		content := r.files[name]
		found, err := manifest.Parse(name, content)
		errs = append(errs, r.locate(name, err))
		if err == nil {
			for i := range found {
				found[i].Source = r.sources[name][i].path
			}
		}
		objects = append(objects, found...)
	}
	if err := errors.Join(errs...); err != nil {
		return Result{}, err
	}
	for _, problem := range manifest.Check(objects, r.options) {
		errs = append(errs, problem)
	}
	return Result{r.files, manifest.Warnings(objects)}, errors.Join(errs...)
}

// locate replaces the file by the path of the construct in each error that err
// joins and that is about an object.
func (r rendered) locate(file string, err error) error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var errs []error
	for _, one := range joined.Unwrap() {
		for _, s := range r.sources[file] {
			if _, text, found := strings.Cut(one.Error(), ": "+s.object+": "); found {
				one = fmt.Errorf("%s: %s", s.path, text)
				break
			}
		}
		errs = append(errs, one)
	}
	return errors.Join(errs...)
}
