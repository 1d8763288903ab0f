package diagram

import (
	"fmt"
	"slices"
	"strings"
)

// Mermaid returns the graph as a flowchart of Mermaid, which GitHub shows as a
// picture in a code block of the language "mermaid".
func (g *Graph) Mermaid() string {
	m := &mermaid{folded: g.fold(), ids: map[string]string{}, taken: map[string]bool{}}
	m.line(0, "flowchart LR")
	for _, n := range g.Nodes {
		if n.Kind.outsideNamespaces() && !m.hidden[n.ID] {
			m.node(1, n)
		}
	}
	for _, namespace := range g.Namespaces {
		m.namespace(namespace)
	}
	for _, e := range m.edges {
		m.edge(e)
	}
	for _, namespace := range g.Namespaces {
		m.line(1, "style "+m.id("namespace "+namespace.Name)+" fill:none,stroke:#6e7781")
	}
	for _, s := range m.groups {
		m.line(1, "style "+m.id(s.id)+" fill:none,stroke:#0072b2,stroke-dasharray:4")
	}
	for _, kind := range []NodeKind{Workload, Operated, Service, Claim, Secret, Entry, Outside, Peer} {
		if ids := m.classes[kind]; len(ids) > 0 {
			m.line(1, fmt.Sprintf("classDef %s %s", nodeLooks[kind].class, mermaidLooks[kind].style))
			m.line(1, fmt.Sprintf("class %s %s", strings.Join(ids, ","), nodeLooks[kind].class))
		}
	}
	return m.text.String()
}

type mermaid struct {
	folded
	text    strings.Builder
	ids     map[string]string
	taken   map[string]bool
	classes map[NodeKind][]string
}

func (m *mermaid) line(depth int, text string) {
	m.text.WriteString(strings.Repeat("  ", depth) + text + "\n")
}

// mermaidLook is how a kind of node is drawn: what its label stands between, and
// its colours, which hold on light and dark pages.
type mermaidLook struct{ open, end, style string }

var mermaidLooks = map[NodeKind]mermaidLook{
	Workload: {"(", ")", "fill:#dceefb,stroke:#0072b2,color:#111"},
	Operated: {"[[", "]]", "fill:#dceefb,stroke:#0072b2,color:#111"},
	Service:  {"([", "])", "fill:#dceefb,stroke:#0072b2,color:#111"},
	Claim:    {"[(", ")]", "fill:#fdeccb,stroke:#a86400,color:#111"},
	Secret:   {"[/", "/]", "fill:#fbf6c4,stroke:#7d7400,color:#111"},
	Entry:    {">", "]", "fill:#d5f0e6,stroke:#00734f,color:#111"},
	Outside:  {"[", "]", "fill:#f8e3ee,stroke:#9c3f73,color:#111"},
	Peer:     {"[", "]", "fill:#eee,stroke:#555,color:#111,stroke-dasharray:4"},
}

// id returns a name for a node that Mermaid takes: letters, digits and underscores.
func (m *mermaid) id(of string) string {
	if id, known := m.ids[of]; known {
		return id
	}
	id := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, of)
	for m.taken[id] {
		id += "_"
	}
	m.ids[of], m.taken[id] = id, true
	return id
}

// mermaidText escapes what Mermaid would read as its own.
var mermaidText = strings.NewReplacer("&", "#amp;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "#", "#35;")

func mermaidLabel(lines []string) string {
	var escaped []string
	for _, line := range lines {
		escaped = append(escaped, mermaidText.Replace(line))
	}
	return `"` + strings.Join(escaped, "<br/>") + `"`
}

func (m *mermaid) node(depth int, n Node) {
	name, rest := m.lines(n)
	m.shape(depth, n.ID, n.Kind, append(name, rest...))
}

func (m *mermaid) shape(depth int, id string, kind NodeKind, lines []string) {
	look := mermaidLooks[kind]
	if m.classes == nil {
		m.classes = map[NodeKind][]string{}
	}
	m.classes[kind] = append(m.classes[kind], m.id(id))
	m.line(depth, m.id(id)+look.open+mermaidLabel(lines)+look.end)
}

func (m *mermaid) namespace(namespace Namespace) {
	title := append([]string{namespace.title()}, namespace.Notes...)
	m.line(1, fmt.Sprintf("subgraph %s [%s]", m.id("namespace "+namespace.Name), mermaidLabel(title)))
	inGroup := map[string]bool{}
	for _, s := range m.groups {
		for _, n := range m.Nodes {
			if n.Namespace != namespace.Name || !slices.Contains(s.members, n.ID) {
				continue
			}
			if n.ID == s.members[0] {
				m.line(2, fmt.Sprintf(`subgraph %s [" "]`, m.id(s.id)))
			}
			m.node(3, n)
			if inGroup[n.ID] = true; n.ID == s.members[len(s.members)-1] {
				m.line(2, "end")
			}
		}
	}
	for _, n := range m.Nodes {
		if n.Namespace == namespace.Name && !n.Kind.outsideNamespaces() && n.Kind != Secret && !inGroup[n.ID] {
			m.node(2, n)
		}
	}
	if secrets := m.secretLines(namespace.Name); len(secrets) > 0 {
		m.shape(2, "Secrets "+namespace.Name, Secret, append([]string{"Secrets"}, secrets...))
	}
	m.line(1, "end")
}

var mermaidEdges = map[EdgeKind]string{Connects: "-->", Denied: "-.-x", Allowed: "-.->", Stores: "---"}

func (m *mermaid) edge(e Edge) {
	arrow := mermaidEdges[e.Kind]
	if text := edgeLabel(e); text != "" {
		arrow += "|" + mermaidLabel([]string{text}) + "|"
	}
	m.line(1, m.id(e.From)+" "+arrow+" "+m.id(e.To))
}
