// Package reference writes docs/reference, one page for each construct: from the
// comments of the constructs, from the manifest of their smallest use, and from
// the facts in this package; and docs/errors.md, from the calls that make
// messages.
package reference

import (
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"example.com/django-cdk8s/internal/reference/uses"
)

// Command writes the pages.
const Command = "go run ./internal/reference/cmd"

// Dir is where the pages of constructs are.
const Dir = "docs/reference"

const generated = "<!-- Written by " + Command + ", from the Go source. Change that, and run it again. -->\n\n"

// collapse is the number of lines above which a manifest is shown on demand.
const collapse = 80

// Generate returns every page, by its path below root, the directory of the module.
func Generate(root string) (map[string][]byte, error) {
	s, err := readSource(root)
	if err != nil {
		return nil, err
	}
	g := generator{
		source: s, root: root, titles: newTitles(root),
		pages: map[*typ]string{}, of: map[string]constructor{}, made: map[string]rendered{},
	}
	if err := g.read(); err != nil {
		return nil, err
	}
	all := s.constructors()
	values := s.values(all)
	for _, c := range all {
		g.of[c.of.full()] = c
		g.pages[c.of] = c.page()
		g.pages[c.props] = c.page() + "#props"
		g.titles.generated["reference/"+c.page()+"#props"] = "Props"
	}
	for _, t := range values {
		g.pages[t] = "values.md#" + anchor(t.full())
		g.titles.generated["reference/"+g.pages[t]] = t.full()
	}
	for name := range constructFacts {
		if _, ok := g.of[name]; !ok {
			s.problems = append(s.problems, fmt.Errorf("facts.go describes %s, which is no construct", name))
		}
	}
	for _, c := range all {
		if err := g.render(c); err != nil {
			return nil, err
		}
	}
	pages := map[string]string{
		Dir + "/values.md": g.valuesPage(all, values),
		Dir + "/README.md": g.index(all),
	}
	for _, c := range all {
		text, err := g.page(c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.of.full(), err)
		}
		pages[Dir+"/"+c.page()] = text
	}
	if pages[ErrorsPage], err = errorsPage(root, g.titles); err != nil {
		s.problems = append(s.problems, err)
	}
	if err := errors.Join(append(s.problems, g.titles.missing())...); err != nil {
		return nil, err
	}
	written := map[string][]byte{}
	for name, text := range pages {
		written[name] = []byte(generated + wrap(strings.TrimRight(text, "\n")))
	}
	return written, nil
}

type generator struct {
	*source

	root  string
	of    map[string]constructor
	pages map[*typ]string
	// bodies are the functions of package uses, as statements.
	bodies map[string]string
	// tests are the names of the tests of the suite, with their files.
	tests map[string]string
	// made are the uses, rendered.
	made   map[string]rendered
	titles titles
}

func (g *generator) markup(p *pkg) markup { return markup{source: g.source, in: p, pages: g.pages} }

// anchor is what a link to a heading ends in.
func anchor(heading string) string { return strings.ToLower(strings.ReplaceAll(heading, ".", "")) }

// read reads the uses and the names of the tests of the suite.
func (g *generator) read() error {
	if err := g.readUses(); err != nil {
		return err
	}
	g.tests = map[string]string{}
	files, err := filepath.Glob(filepath.Join(g.root, "e2e", "*_test.go"))
	if err != nil {
		return err
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				g.tests[f.Name.Name] = filepath.Base(name)
			}
		}
	}
	return nil
}

// readUses takes the bodies of the functions of package uses: what a reader puts
// into the function that builds an app.
func (g *generator) readUses() error {
	name := filepath.Join(g.root, "internal", "reference", "uses", "uses.go")
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, content, 0)
	if err != nil {
		return err
	}
	g.bodies = map[string]string{}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		body := content[files.Position(f.Body.Lbrace).Offset+1 : files.Position(f.Body.Rbrace).Offset]
		formatted, err := format.Source([]byte(strings.Replace(string(body), "\n\treturn ", "\n\t", 1)))
		if err != nil {
			return err
		}
		g.bodies[f.Name.Name] = strings.TrimSpace(strings.ReplaceAll("\n"+string(formatted), "\n\t", "\n"))
	}
	return nil
}

// render renders the smallest use of a construct.
func (g *generator) render(c constructor) error {
	name := c.of.full()
	use := uses.All[name]
	if use == nil || !strings.Contains(g.use(c), c.of.in.name+"."+c.function.Name+"(") {
		return fmt.Errorf("uses.go must hold the smallest use of %s", name)
	}
	made, err := render(use)
	if err != nil {
		return fmt.Errorf("the smallest use of %s: %w", name, err)
	}
	if made.of != "*"+name {
		return fmt.Errorf("uses.go has a use of %s for %s", made.of, name)
	}
	g.made[name] = made
	return nil
}

// use returns the statements of the smallest use of a construct: those of the
// function that is called as its package and type are.
func (g *generator) use(c constructor) string { return g.bodies[c.of.in.name+c.of.name] }

func (g *generator) page(c constructor) (string, error) {
	name := c.of.full()
	known, ok := constructFacts[name]
	if !ok || len(known.traps) == 0 || len(known.explained) == 0 || len(known.shown) == 0 {
		return "", errors.New("facts.go must say its traps, the page that explains it and the tests that show it")
	}
	made := g.made[name]
	m := g.markup(c.of.in)
	m.at = c.of.spec.Pos()
	var b strings.Builder
	about := m.paragraphs(c.of.doc)
	fmt.Fprintf(&b, "# %s\n\n%s\n\nImport path: `%s`\n\n", name, about[0], module+"/constructs/"+c.of.in.name)
	for _, paragraph := range about[1:] {
		b.WriteString(paragraph + "\n\n")
	}
	fmt.Fprintf(&b, "## Smallest use\n\n```go\n%s\n```\n\n", g.use(c))
	b.WriteString("## Props\n\n")
	m.at = c.props.spec.Pos()
	for _, paragraph := range m.paragraphs(c.props.doc) {
		b.WriteString(paragraph + "\n\n")
	}
	b.WriteString(m.table(c.props) + "\n")
	b.WriteString("## What it renders\n\n")
	if err := g.manifest(&b, c, known, made); err != nil {
		return "", err
	}
	b.WriteString("## What it costs\n\nThe smallest use, without the other constructs of the example:\n\n")
	b.WriteString(made.cost.table() + "\n")
	if methods := m.methodTable(c.of, c.of.methods); methods != "" {
		fmt.Fprintf(&b, "## Accessors\n\n%s\n", methods)
	}
	b.WriteString("## Traps\n\n")
	for _, trap := range known.traps {
		fmt.Fprintf(&b, "- %s\n", trap)
	}
	b.WriteString("\n## More\n\n")
	g.links(&b, known)
	return b.String(), nil
}

// manifest shows the objects of the construct.
func (g *generator) manifest(b *strings.Builder, c constructor, known facts, made rendered) error {
	if len(made.others) > 0 {
		fmt.Fprintf(b, "Without what the other constructs of the example make (%s):\n\n", strings.Join(made.others, ", "))
	}
	shown, cut := shorten(strings.Join(made.documents, "---\n"))
	lines := strings.Count(shown, "\n")
	if lines > collapse {
		fmt.Fprintf(b, "<details>\n<summary>%d lines of YAML</summary>\n\n", lines)
	}
	fmt.Fprintf(b, "```yaml\n%s```\n\n", shown)
	if lines > collapse {
		b.WriteString("</details>\n\n")
	}
	golden := "constructs/" + c.of.in.name + "/testdata/" + known.golden
	if _, err := os.Stat(filepath.Join(g.root, golden)); err != nil {
		return err
	}
	if cut {
		fmt.Fprintf(b, "Programs are cut short here; one such manifest in full is [%s](../../%s).\n\n", golden, golden)
	} else {
		dir := path.Dir(golden)
		fmt.Fprintf(b, "The golden files with more cases are in [%s](../../%s).\n\n", dir, dir)
	}
	return nil
}

// longText is the number of lines above which a text in a manifest is cut, to
// some lines at its beginning.
const longText, textKept = 16, 4

// shorten cuts long texts in a manifest, which are programs.
func shorten(manifest string) (shown string, cut bool) {
	var b strings.Builder
	lines := strings.SplitAfter(manifest, "\n")
	for i := 0; i < len(lines); i++ {
		b.WriteString(lines[i])
		if !blockText(lines[i]) {
			continue
		}
		end := i + 1
		for end < len(lines) && (strings.TrimSpace(lines[end]) == "" || indent(lines[end]) > indent(lines[i])) {
			end++
		}
		if end-i-1 <= longText {
			continue
		}
		cut = true
		for _, line := range lines[i+1 : i+1+textKept] {
			b.WriteString(line)
		}
		fmt.Fprintf(&b, "%s[... %d more lines]\n", strings.Repeat(" ", indent(lines[i+1])), end-i-1-textKept)
		i = end - 1
	}
	return b.String(), cut
}

// blockText reports whether the value of a line is the lines below it.
func blockText(line string) bool {
	fields := strings.Fields(line)
	return len(fields) > 0 && slices.Contains([]string{"|", "|-", "|+", ">", ">-", ">+"}, fields[len(fields)-1])
}

// indent returns the column of the value's key or of its first character.
func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// links lists the pages and the tests of a construct.
func (g *generator) links(b *strings.Builder, known facts) {
	for _, page := range known.explained {
		fmt.Fprintf(b, "- explained: %s\n", g.titles.link(page, "../"))
	}
	for _, test := range known.shown {
		file := g.tests[test]
		if file == "" {
			g.problems = append(g.problems, fmt.Errorf("facts.go names the test %s, which is not in e2e", test))
		}
		fmt.Fprintf(b, "- shown on a cluster: [`%s`](../../e2e/%s)\n", test, file)
	}
	fmt.Fprintf(b, "- %s, [all constructs](README.md)\n", g.titles.link("testing.md#what-each-scenario-catches", "../"))
}

// valuesPage describes the types that props are made of.
func (g *generator) valuesPage(all []constructor, values []*typ) string {
	var b strings.Builder
	b.WriteString("# Values\n\nThe types that the props of the [constructs](README.md) are made of: structs with their " +
		"fields, texts with their values, and interfaces with what implements them.\n\n")
	users := g.users(all, values)
	for _, t := range values {
		m := g.markup(t.in)
		m.at = t.spec.Pos()
		fmt.Fprintf(&b, "## %s\n\n", t.full())
		for _, paragraph := range m.paragraphs(t.doc) {
			b.WriteString(paragraph + "\n\n")
		}
		if len(users[t]) > 0 {
			fmt.Fprintf(&b, "Used by %s.\n\n", strings.Join(users[t], ", "))
		}
		switch of := t.spec.Type.(type) {
		case *ast.StructType:
			b.WriteString(m.table(t) + "\n")
			if methods := m.methodTable(t, t.methods); methods != "" {
				b.WriteString(methods + "\n")
			}
		case *ast.InterfaceType:
			g.interfaceSection(&b, m, t, of)
		default:
			constants(&b, m, t)
		}
	}
	return b.String()
}

// constants lists the values of a type of texts.
func constants(b *strings.Builder, m markup, t *typ) {
	if t.group != "" {
		b.WriteString(m.line(t.group) + "\n\n")
	}
	b.WriteString("| value | text | meaning |\n|---|---|---|\n")
	for _, c := range t.constants {
		fmt.Fprintf(b, "| `%s.%s` | `%s` | %s |\n", t.in.name, c.name, strings.Trim(c.value, `"`), m.line(c.doc))
	}
	b.WriteString("\n")
}

// interfaceSection lists the methods of an interface, what implements it, and what
// makes one.
func (g *generator) interfaceSection(b *strings.Builder, m markup, t *typ, of *ast.InterfaceType) {
	var rows strings.Builder
	for _, method := range of.Methods.List {
		if len(method.Names) == 0 {
			if embedded := g.find(t.in, text(method.Type)); embedded != nil {
				fmt.Fprintf(&rows, "| those of %s | |\n", m.typeLink(embedded))
			}
			continue
		}
		if name := method.Names[0]; name.IsExported() {
			m.at = method.Pos()
			shown := name.Name + strings.TrimPrefix(text(method.Type), "func")
			fmt.Fprintf(&rows, "| `%s` | %s |\n", shown, m.line(sentence(method.Doc.Text())))
		}
	}
	if rows.Len() > 0 {
		b.WriteString("| method | returns |\n|---|---|\n" + rows.String() + "\n")
	}
	var names []string
	for _, other := range g.implementers(t) {
		// Whatever has a name would be a workload: those with traffic are.
		if _, flows := g.signatures(other)["Flows"]; t.full() != "isolation.Workload" || flows {
			names = append(names, m.typeLink(other))
		}
	}
	if len(names) > 0 {
		fmt.Fprintf(b, "Implemented by %s.\n\n", strings.Join(names, ", "))
	}
	rows.Reset()
	for _, f := range t.makers {
		m.at = f.Decl.Pos()
		declaration := *f.Decl
		declaration.Doc, declaration.Body = nil, nil
		fmt.Fprintf(&rows, "| `%s.%s` | %s |\n", t.in.name, strings.TrimPrefix(text(&declaration), "func "), m.line(f.Doc))
	}
	if rows.Len() > 0 {
		b.WriteString("| made by | what it is |\n|---|---|\n" + rows.String() + "\n")
	}
}

// users are the structs that have a field of each type.
func (g *generator) users(all []constructor, values []*typ) map[*typ][]string {
	users := map[*typ][]string{}
	m := g.markup(nil)
	add := func(holder *typ, title string) {
		for _, f := range g.fields(holder) {
			for _, name := range named(f.expr) {
				if t := g.find(holder.in, name); t != nil && !slices.Contains(users[t], title) {
					users[t] = append(users[t], title)
				}
			}
		}
	}
	for _, c := range all {
		add(c.props, m.typeLink(c.of))
	}
	for _, t := range values {
		if t.structure() != nil {
			add(t, m.typeLink(t))
		}
	}
	return users
}

// index is the page that leads to the others.
func (g *generator) index(all []constructor) string {
	var b strings.Builder
	b.WriteString("# Reference\n\nOne page for each construct: its smallest use, props, manifest, cost, accessors and " +
		"traps. [Values](values.md) are the types of the props. [Messages](../errors.md) are what synthesis and the " +
		"programs in the cluster say when something is wrong.\n\n## By construct\n\n" +
		"| construct | what it is | objects of the smallest use |\n|---|---|---|\n")
	for _, c := range all {
		m := g.markup(c.of.in)
		m.at = c.of.spec.Pos()
		objects := counted(g.made[c.of.full()].cost.kinds)
		fmt.Fprintf(&b, "| [`%s`](%s) | %s | %s |\n", c.of.full(), c.page(), m.line(sentence(c.of.doc)), objects)
	}
	b.WriteString("\nValues that are no constructs:\n\n| value | what it is |\n|---|---|\n")
	for _, name := range notConstructs {
		t := g.find(nil, name)
		if t == nil || g.pages[t] == "" {
			g.problems = append(g.problems, fmt.Errorf("facts.go names the value %s, which no props lead to", name))
			continue
		}
		m := g.markup(t.in)
		fmt.Fprintf(&b, "| %s | %s |\n", m.typeLink(t), m.line(sentence(t.doc)))
	}
	b.WriteString("\n## By task\n\n| I want ... | construct | prop |\n|---|---|---|\n")
	for _, w := range wants {
		c, ok := g.of[w.construct]
		if !ok || !g.has(c, w.prop) {
			g.problems = append(g.problems, fmt.Errorf("facts.go, %q: %s has no %s", w.task, w.construct, w.prop))
			continue
		}
		fmt.Fprintf(&b, "| %s | [`%s`](%s) | %s |\n", escape(w.task), w.construct, c.page(), g.propLink(c, w.prop))
	}
	return b.String()
}

// has reports whether the props of c have a field called path, such as
// Project.Image or Source: secret.Existing with a function that makes its value, or
// c has the method.
func (g *generator) has(c constructor, path string) bool {
	if method, ok := strings.CutSuffix(path, "()"); ok {
		_, is := g.signatures(c.of)[method]
		return is && ast.IsExported(method)
	}
	path, maker, _ := strings.Cut(path, ": ")
	holder := g.holder(c, path)
	if holder == nil || maker == "" {
		return holder != nil
	}
	t := g.typeAt(holder, path)
	return t != nil && slices.ContainsFunc(t.makers, func(f *doc.Func) bool { return t.in.name+"."+f.Name == maker })
}

// holder returns the struct of the last field of a path.
func (g *generator) holder(c constructor, path string) *typ {
	holder := c.props
	parts := strings.Split(path, ".")
	for i, part := range parts {
		if holder == nil || holder.structure() == nil {
			return nil
		}
		fields := g.fields(holder)
		at := slices.IndexFunc(fields, func(f field) bool { return f.name == part })
		if at < 0 {
			return nil
		}
		if i < len(parts)-1 {
			holder = g.typeAt(holder, part)
		}
	}
	return holder
}

// typeAt returns the type of the last field of a path, which holder has.
func (g *generator) typeAt(holder *typ, path string) *typ {
	name := path[strings.LastIndexByte(path, '.')+1:]
	for _, f := range g.fields(holder) {
		if f.name == name && len(named(f.expr)) > 0 {
			return g.find(holder.in, named(f.expr)[0])
		}
	}
	return nil
}

func (g *generator) propLink(c constructor, path string) string {
	if strings.HasSuffix(path, "()") {
		return fmt.Sprintf("[%#q](%s#accessors)", path, c.page())
	}
	if field, _, ok := strings.Cut(path, ": "); ok {
		return fmt.Sprintf("[%#q](%s)", path, g.pages[g.typeAt(g.holder(c, field), field)])
	}
	return fmt.Sprintf("[%#q](%s)", path, g.pages[g.holder(c, path)])
}
