// Package diagram draws finished manifests, whoever made them: who connects to
// whom at which port, what is stored where, which Secret reaches what, and what
// NetworkPolicies allow and deny. It draws what the manifests declare, not what a
// cluster does: a host in a Secret, or in the program itself, is not seen.
//
// [Graph.Mermaid] is text that GitHub shows as a picture, and [Graph.DOT] text for
// Graphviz. The command example.com/django-cdk8s/draw makes SVG of it, with
// Graphviz built in; it is a module of its own.
package diagram

import (
	"errors"
	"slices"

	"example.com/django-cdk8s/manifest"
)

// Graph is what there is to draw.
type Graph struct {
	// Namespaces are the boxes: the namespaces that hold a node.
	Namespaces []Namespace

	// Nodes and Edges are in the order of the manifests.
	Nodes []Node
	Edges []Edge
}

// Namespace is a namespace with a node in it.
type Namespace struct {
	Name string

	// Notes say what NetworkPolicies do with all its pods.
	Notes []string
}

// NodeKind is what a node stands for.
type NodeKind int

// The kinds of nodes.
const (
	// Workload is a Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob
	// or Pod.
	Workload NodeKind = iota

	// Operated is a custom resource whose pods an operator makes, such as the
	// Cluster of CloudNativePG.
	Operated

	// Service is a Service that leads to several workloads, or to none. One that
	// leads to a single workload is drawn as that.
	Service

	// Claim is a PersistentVolumeClaim, or a template of them.
	Claim

	// Secret is a Secret that reaches pods or an Ingress.
	Secret

	// Entry is a way in from outside: an Ingress, an HTTPRoute, or a Service of
	// type LoadBalancer or NodePort.
	Entry

	// Outside is a host that no pod of the manifests serves, or the API server.
	Outside

	// Peer is whom a NetworkPolicy names besides pods of the manifests.
	Peer
)

// outsideNamespaces reports whether nodes of kind k are drawn outside the boxes.
func (k NodeKind) outsideNamespaces() bool { return k == Entry || k == Outside || k == Peer }

// Node is one thing that is drawn.
type Node struct {
	// ID identifies the node, such as "Deployment shop/django".
	ID   string
	Kind NodeKind

	// Namespace is empty outside the cluster.
	Namespace, Name string

	// Details are the lines below the name.
	Details []string

	// Mark is the letter of a Secret. Nodes that it reaches show the letter
	// instead of an edge, of which there would be too many.
	Mark string
}

// EdgeKind is what an edge stands for.
type EdgeKind int

// The kinds of edges.
const (
	// Connects: the pods connect to the server, at the ports of the label.
	Connects EdgeKind = iota

	// Denied is the same, but NetworkPolicies do not let it happen.
	Denied

	// Allowed: NetworkPolicies let it happen, and no manifest asks for it.
	Allowed

	// Stores: the pods mount the claim.
	Stores

	// Reaches: the Secret is in the environment or the volumes of the pods, or
	// holds the certificate of an Ingress.
	Reaches

	// Fills: the pods may write the Secret, by their Role.
	Fills
)

// Edge leads from the client to the server, from pods to their claim, from a
// Secret to what it reaches.
type Edge struct {
	// From and To are IDs of nodes.
	From, To string
	Kind     EdgeKind

	// Label is what is written at the edge, such as ":5432".
	Label string
}

// New returns the graph of some manifests. Custom resources that it does not know
// are left out. Manifests without anything to draw are an error.
func New(objects []manifest.Object) (*Graph, error) {
	b := newBuilder(objects)
	b.workloads()
	b.entries()
	b.connections()
	b.apiServer()
	b.claims()
	b.secrets()
	b.allowances()
	b.unused()
	if len(b.graph.Nodes) == 0 {
		return nil, errors.New("the manifests hold nothing to draw: no workload, no Ingress or HTTPRoute")
	}
	b.notes()
	return b.finish(), nil
}

// marks returns what a node shows of Secrets: the letters of those that reach it,
// and of those that it fills.
func (g *Graph) marks() (reached, fills map[string][]string) {
	letters := map[string]string{}
	for _, n := range g.Nodes {
		letters[n.ID] = n.Mark
	}
	reached, fills = map[string][]string{}, map[string][]string{}
	for _, e := range g.Edges {
		switch e.Kind {
		case Reaches:
			reached[e.To] = append(reached[e.To], letters[e.From])
		case Fills:
			fills[e.From] = append(fills[e.From], letters[e.To])
		}
	}
	for _, marks := range []map[string][]string{reached, fills} {
		for _, letters := range marks {
			slices.Sort(letters)
		}
	}
	return reached, fills
}
