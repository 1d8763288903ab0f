package diagram

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// DOT returns the graph in the language of Graphviz. Nodes, edges and boxes have
// classes, such as "workload" and "denied", for the style sheet of an SVG.
func (g *Graph) DOT() string {
	d := &dot{folded: g.fold(), numbers: map[string]int{}}
	for i, n := range g.Nodes {
		d.numbers[n.ID] = i
	}
	d.line("digraph manifests {")
	d.line(`graph [rankdir=LR, compound=true, newrank=true, nodesep=0.22, ranksep=0.5, pad=0.2, fontname="Arial", ` +
		`fontsize=13, bgcolor="#ffffff", labeljust=l, labelloc=b, label=` + d.legendLabel() + `]`)
	d.line(`node [fontname="Arial", fontsize=14, shape=box, style="rounded,filled", margin="0.12,0.06", height=0.3]`)
	d.line(`edge [fontname="Arial", fontsize=13, arrowsize=0.7]`)
	for _, n := range g.Nodes {
		if n.Kind.outsideNamespaces() && !d.hidden[n.ID] {
			d.node(n)
		}
	}
	for i, namespace := range g.Namespaces {
		d.namespace(i, namespace)
	}
	for _, e := range d.edges {
		d.edge(e)
	}
	d.firstColumn()
	d.lastColumn()
	d.line("}")
	return d.text.String()
}

type dot struct {
	folded
	text    strings.Builder
	numbers map[string]int
}

func (d *dot) line(text string) { d.text.WriteString(text + "\n") }

func (d *dot) legendLabel() string {
	var lines []string
	parts := d.legend()
	for pair := range slices.Chunk(parts, 2) {
		lines = append(lines, `<font point-size="13">`+html.EscapeString(strings.Join(pair, "; "))+`</font>`)
	}
	return "<" + strings.Join(lines, `<br align="left"/>`) + `<br align="left"/>>`
}

// look is how a kind of node is drawn: each has a shape of its own, so that nothing
// depends on colour. The colours are tints of Okabe and Ito's, which people with
// impaired colour vision tell apart; see https://jfly.uni-koeln.de/color/.
type look struct{ class, attributes string }

var nodeLooks = map[NodeKind]look{
	Workload: {"workload", `fillcolor="#dceefb", color="#0072b2"`},
	Operated: {"operated", `fillcolor="#dceefb", color="#0072b2", peripheries=2`},
	Service:  {"service", `shape=oval, fillcolor="#dceefb", color="#0072b2"`},
	Claim:    {"claim", `shape=cylinder, style=filled, fillcolor="#fdeccb", color="#a86400"`},
	Secret:   {"secret", `shape=note, style=filled, fillcolor="#fbf6c4", color="#7d7400"`},
	Entry:    {"entry", `shape=cds, style=filled, fillcolor="#d5f0e6", color="#00734f", margin="0.2,0.12"`},
	Outside:  {"outside", `style=filled, fillcolor="#f8e3ee", color="#9c3f73"`},
	Peer:     {"peer", `style="filled,dashed", fillcolor="#eeeeee", color="#555555"`},
}

var edgeLooks = map[EdgeKind]look{
	Connects: {"connects", `color="#222222"`},
	Denied:   {"denied", `color="#c04a00", style=dashed, arrowhead=tee, penwidth=1.8`},
	Allowed:  {"allowed", `color="#555555", style=dotted, arrowhead=vee, penwidth=1.6`},
	Stores:   {"stores", `color="#a86400", arrowhead=none, penwidth=1.8`},
}

func (d *dot) node(n Node) {
	name, rest := d.lines(n)
	l := nodeLooks[n.Kind]
	d.line(fmt.Sprintf(`%s [class=%q, %s, label=%s]`, quote(n.ID), l.class, l.attributes, nodeLabel(name, rest)))
}

// nodeLabel returns a label of a name in bold, and further lines.
func nodeLabel(name, rest []string) string {
	var lines []string
	for _, line := range name {
		lines = append(lines, "<b>"+html.EscapeString(line)+"</b>")
	}
	for _, line := range rest {
		lines = append(lines, `<font point-size="13">`+html.EscapeString(line)+"</font>")
	}
	return "<" + strings.Join(lines, "<br/>") + ">"
}

func (d *dot) namespace(i int, namespace Namespace) {
	d.line(fmt.Sprintf("subgraph cluster_%d {", i+1))
	lines := []string{"<b>" + html.EscapeString(namespace.title()) + "</b>"}
	for _, note := range namespace.Notes {
		lines = append(lines, `<font point-size="13">`+html.EscapeString(note)+"</font>")
	}
	d.line(`graph [class="namespace", style="rounded,filled", fillcolor="#f6f8fa", color="#6e7781", ` +
		`labelloc=t, labeljust=l, label=<` + strings.Join(lines, `<br align="left"/>`) + `<br align="left"/>>]`)
	inGroup := map[string]bool{}
	for j, s := range d.groups {
		if d.Nodes[d.index(s.members[0])].Namespace != namespace.Name {
			continue
		}
		d.line(fmt.Sprintf(`subgraph cluster_group_%d {`, j+1))
		d.line(`graph [class="group", style="rounded,filled,dashed", fillcolor="#ffffff", color="#0072b2", ` +
			`label="", rank=same]`)
		for _, n := range d.Nodes {
			if slices.Contains(s.members, n.ID) {
				inGroup[n.ID] = true
				d.node(n)
			}
		}
		d.line("}")
	}
	for _, n := range d.Nodes {
		if n.Namespace == namespace.Name && !n.Kind.outsideNamespaces() && n.Kind != Secret && !inGroup[n.ID] {
			d.node(n)
		}
	}
	if secrets := d.secretLines(namespace.Name); len(secrets) > 0 {
		l := nodeLooks[Secret]
		var rows []string
		for _, line := range secrets {
			rows = append(rows, `<font point-size="13">`+html.EscapeString(line)+`</font><br align="left"/>`)
		}
		d.line(fmt.Sprintf(`%s [class=%q, %s, label=<<b>Secrets</b><br align="left"/>%s>]`,
			quote("Secrets "+namespace.Name), l.class, l.attributes, strings.Join(rows, "")))
	}
	d.line("}")
}

// firstColumn keeps workloads that nobody connects to out of the column of the ways
// in, so that the boxes stand beside that.
func (d *dot) firstColumn() {
	entry, target := "", map[string]bool{}
	for _, e := range d.edges {
		target[e.To] = true
		if i := d.index(e.From); entry == "" && i >= 0 && d.Nodes[i].Kind.outsideNamespaces() {
			entry = e.To
		}
	}
	for _, n := range d.Nodes {
		leads := slices.ContainsFunc(d.edges, func(e Edge) bool { return e.From == n.ID && e.To == entry })
		if entry != "" && n.Kind == Workload && !target[n.ID] && !leads {
			d.line(fmt.Sprintf(`{rank=same; %s; %s}`, quote(entry), quote(n.ID)))
		}
	}
}

// lastColumn puts the Secrets of a namespace where one of its claims stands, or a
// host outside: far from the ways in, too.
func (d *dot) lastColumn() {
	for _, namespace := range d.Namespaces {
		beside := ""
		for _, e := range d.edges {
			kind := d.Nodes[d.index(e.To)].Kind
			if i := d.index(e.From); i >= 0 && d.Nodes[i].Namespace == namespace.Name &&
				(kind == Claim || kind == Outside && beside == "") {
				beside = e.To
			}
		}
		if beside != "" && len(d.secretLines(namespace.Name)) > 0 {
			d.line(fmt.Sprintf(`{rank=same; %s; %s}`, quote(beside), quote("Secrets "+namespace.Name)))
		}
	}
}

// index returns the number of a node; -1 for a group.
func (d *dot) index(id string) int {
	if i, found := d.numbers[id]; found {
		return i
	}
	return -1
}

func (d *dot) edge(e Edge) {
	l := edgeLooks[e.Kind]
	attributes := fmt.Sprintf(`class=%q, %s`, l.class, l.attributes)
	if text := edgeLabel(e); text != "" {
		attributes += ", label=" + quote(" "+strings.ReplaceAll(text, ", ", " \n ")+" ")
	}
	from := e.From
	if i := slices.IndexFunc(d.groups, func(s group) bool { return s.id == from }); i >= 0 {
		members := d.groups[i].members
		from = members[len(members)/2]
		attributes += fmt.Sprintf(", ltail=cluster_group_%d", i+1)
	}
	d.line(fmt.Sprintf(`%s -> %s [%s]`, quote(from), quote(e.To), attributes))
}

func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}
