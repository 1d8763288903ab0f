package diagram

import (
	"fmt"
	"slices"
	"strings"
)

// group are workloads of one namespace that connect to the same servers. They are
// drawn in a box, and their edges as those of the box.
type group struct {
	id      string
	members []string
}

// folded is a graph with groups, whose edges begin at the group.
type folded struct {
	*Graph
	groups []group
	edges  []Edge

	// reached and fills are the letters of Secrets, and allowed what policies
	// allow, that a node shows instead of an edge.
	reached, fills, allowed map[string][]string

	// hidden are the nodes without any edge left.
	hidden map[string]bool
}

// fold returns the graph as both formats draw it: with fewer edges than it has.
func (g *Graph) fold() folded {
	f := folded{Graph: g}
	f.reached, f.fills = g.marks()
	nodes := map[string]Node{}
	for _, n := range g.Nodes {
		nodes[n.ID] = n
	}
	// A connection to the API server is one of a single workload: others of its
	// group have none.
	shared := func(e Edge) bool {
		return (e.Kind == Connects || e.Kind == Denied) && nodes[e.From].Kind == Workload && e.To != apiServer
	}
	servers := map[string][]Edge{}
	for _, e := range g.Edges {
		if shared(e) {
			servers[e.From] = append(servers[e.From], e)
		}
	}
	groups := map[string]int{}
	for _, n := range g.Nodes {
		if len(servers[n.ID]) == 0 {
			continue
		}
		var same []string
		for _, e := range servers[n.ID] {
			same = append(same, fmt.Sprintf("%s %d %s", e.To, e.Kind, e.Label))
		}
		slices.Sort(same)
		key := n.Namespace + "\n" + strings.Join(same, "\n")
		i, known := groups[key]
		if !known {
			i = len(f.groups)
			groups[key] = i
			f.groups = append(f.groups, group{})
		}
		f.groups[i].members = append(f.groups[i].members, n.ID)
	}
	// A box must save more than one edge.
	f.groups = slices.DeleteFunc(f.groups, func(s group) bool {
		return (len(s.members)-1)*len(servers[s.members[0]]) < 2
	})
	of := map[string]group{}
	for i := range f.groups {
		f.groups[i].id = fmt.Sprintf("group %d", i+1)
		for _, member := range f.groups[i].members {
			of[member] = f.groups[i]
		}
	}
	served := map[string]bool{}
	for _, e := range g.Edges {
		served[e.To] = served[e.To] || shared(e)
	}
	f.allowed, f.hidden = map[string][]string{}, map[string]bool{}
	for _, n := range g.Nodes {
		f.hidden[n.ID] = n.Kind == Peer
	}
	for _, e := range g.Edges {
		s, grouped := of[e.From]
		switch {
		case e.Kind == Reaches || e.Kind == Fills:
		case e.Kind == Allowed && nodes[e.From].Kind == Peer && served[e.To]:
			// The edge would pass the clients of the server.
			f.allowed[e.To] = append(f.allowed[e.To], nodes[e.From].Name+" "+e.Label)
			continue
		case !grouped || !shared(e):
			f.edges = append(f.edges, e)
		case e.From == s.members[0]:
			e.From = s.id
			f.edges = append(f.edges, e)
		}
		f.hidden[e.From], f.hidden[e.To] = false, false
	}
	return f
}

// lines returns what is written in a node: its name, then what there is to know.
func (f folded) lines(n Node) (name, rest []string) {
	name = wrap(n.Name)
	for _, detail := range n.Details {
		rest = append(rest, wrap(detail)...)
	}
	if marks := f.reached[n.ID]; len(marks) > 0 {
		rest = append(rest, wrap(plural("Secret", len(marks))+" "+strings.Join(marks, ", "))...)
	}
	if marks := f.fills[n.ID]; len(marks) > 0 {
		rest = append(rest, wrap("fills "+plural("Secret", len(marks))+" "+strings.Join(marks, ", "))...)
	}
	for _, peer := range f.allowed[n.ID] {
		rest = append(rest, wrap("allowed: "+peer)...)
	}
	return name, rest
}

func plural(word string, n int) string {
	if n > 1 {
		return word + "s"
	}
	return word
}

// secretLines lists the Secrets of a namespace, with their letters.
func (g *Graph) secretLines(namespace string) []string {
	var lines []string
	elsewhere := ""
	for _, n := range g.Nodes {
		if n.Kind != Secret || n.Namespace != namespace {
			continue
		}
		name := n.Mark + " = " + n.Name
		if len(n.Details) > 0 {
			name += " *"
			elsewhere = "* " + n.Details[0]
		}
		lines = append(lines, wrap(name)...)
	}
	if elsewhere != "" {
		lines = append(lines, elsewhere)
	}
	return lines
}

// edgeLabel returns what is written at an edge.
func edgeLabel(e Edge) string {
	if e.Kind == Denied {
		return strings.TrimSpace("denied " + e.Label)
	}
	return e.Label
}

// legend explains the edges that the graph has.
func (f folded) legend() []string {
	has := map[EdgeKind]bool{}
	for _, e := range f.edges {
		has[e.Kind] = true
	}
	var parts []string
	add := func(kind EdgeKind, text string) {
		if has[kind] {
			parts = append(parts, text)
		}
	}
	add(Connects, "solid arrow: connects to this port")
	add(Allowed, "dotted arrow: a NetworkPolicy allows it")
	add(Denied, "dashed, with a bar: the NetworkPolicies deny it")
	add(Stores, "line to a cylinder: mounts this claim")
	if len(f.groups) > 0 {
		parts = append(parts, "arrow from a dashed box: from each in it")
	}
	return parts
}

// title returns what is written at the box of a namespace.
func (n Namespace) title() string {
	if n.Name == "" {
		return "current namespace"
	}
	return "namespace " + n.Name
}
