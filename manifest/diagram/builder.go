package diagram

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"

	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/manifest/netpol"
)

type builder struct {
	objects []manifest.Object
	network netpol.Manifests
	traffic netpol.Traffic
	graph   Graph

	// ids are the nodes of the workloads of network, by their number, and nodes
	// all of them.
	ids   []string
	nodes map[string]int
	edges map[Edge]int

	// asked are the pairs of nodes that a manifest asks to be connected, whether
	// policies deny it or not.
	asked map[[2]string]bool
}

func newBuilder(objects []manifest.Object) *builder {
	b := &builder{
		objects: objects,
		network: manifest.Network(objects),
		nodes:   map[string]int{},
		edges:   map[Edge]int{},
		asked:   map[[2]string]bool{},
	}
	b.operated()
	b.publicServices()
	b.traffic = netpol.TrafficOf(b.network)
	return b
}

// add adds a node, unless it is there.
func (b *builder) add(n Node) string {
	if !b.has(n.ID) {
		b.nodes[n.ID] = len(b.graph.Nodes)
		b.graph.Nodes = append(b.graph.Nodes, n)
	}
	return n.ID
}

func (b *builder) has(id string) bool {
	_, found := b.nodes[id]
	return found
}

// connect adds an edge. Edges of one kind between the same two nodes become one,
// with all their labels.
func (b *builder) connect(from, to string, kind EdgeKind, label string) {
	if kind == Connects || kind == Denied {
		b.asked[[2]string{from, to}] = true
	}
	key := Edge{From: from, To: to, Kind: kind}
	i, known := b.edges[key]
	if !known {
		b.edges[key] = len(b.graph.Edges)
		key.Label = label
		b.graph.Edges = append(b.graph.Edges, key)
		return
	}
	if e := &b.graph.Edges[i]; !slices.Contains(strings.Split(e.Label, ", "), label) {
		e.Label += ", " + label
	}
}

// release matches the end of the name of a Job that holds a digest of its
// content. A picture leaves it out: it says nothing, and changes often.
var release = regexp.MustCompile(`-[0-9a-f]{8}$`)

func (b *builder) workloads() {
	scaled := b.autoscalers()
	for _, w := range b.network.Workloads {
		n := Node{ID: w.String(), Namespace: w.Namespace, Name: w.Name}
		if custom, ok := operatedBy(b.objects[w.Index]); ok {
			n.Kind, n.Details = Operated, custom.details
		} else {
			n.Details = details(b.objects[w.Index], scaled[w.String()])
		}
		if w.Kind == "Job" {
			short := release.ReplaceAllString(w.Name, "")
			if id := idOf(w.Kind, w.Namespace, short); !b.has(id) {
				n.ID, n.Name = id, short
			}
		}
		b.ids = append(b.ids, b.add(n))
	}
}

func idOf(kind, namespace, name string) string {
	return netpol.Object{Kind: kind, Namespace: namespace, Name: name}.String()
}

// autoscalers returns the numbers of pods of the workloads that have an
// autoscaler, as people write them.
func (b *builder) autoscalers() map[string]string {
	scaled := map[string]string{}
	for _, o := range b.objects {
		switch a := o.Content.(type) {
		case *autoscalingv2.HorizontalPodAutoscaler:
			target := idOf(a.Spec.ScaleTargetRef.Kind, o.Namespace, a.Spec.ScaleTargetRef.Name)
			scaled[target] = span(a.Spec.MinReplicas, a.Spec.MaxReplicas)
		case *autoscalingv1.HorizontalPodAutoscaler:
			target := idOf(a.Spec.ScaleTargetRef.Kind, o.Namespace, a.Spec.ScaleTargetRef.Name)
			scaled[target] = span(a.Spec.MinReplicas, a.Spec.MaxReplicas)
		}
	}
	return scaled
}

func span(least *int32, most int32) string {
	if least == nil {
		least = new(int32(1))
	}
	return fmt.Sprintf("%d to %d pods", *least, most)
}

func details(o manifest.Object, scaled string) []string {
	var replicas *int32
	switch content := o.Content.(type) {
	case *appsv1.Deployment:
		replicas = content.Spec.Replicas
	case *appsv1.StatefulSet:
		replicas = content.Spec.Replicas
	case *appsv1.ReplicaSet:
		replicas = content.Spec.Replicas
	case *batchv1.CronJob:
		when := schedule(content.Spec.Schedule, content.Spec.TimeZone)
		if content.Spec.Suspend != nil && *content.Spec.Suspend {
			when = "suspended"
		}
		return []string{o.Kind, when}
	}
	if scaled == "" && replicas != nil && *replicas != 1 {
		scaled = fmt.Sprintf("%d pods", *replicas)
	}
	return []string{strings.TrimSuffix(o.Kind+", "+scaled, ", ")}
}

// finish puts the namespaces in order.
func (b *builder) finish() *Graph {
	notes := b.graph.Namespaces
	b.graph.Namespaces = nil
	for _, n := range b.graph.Nodes {
		has := func(s Namespace) bool { return s.Name == n.Namespace }
		if n.Kind.outsideNamespaces() || slices.ContainsFunc(b.graph.Namespaces, has) {
			continue
		}
		namespace := Namespace{Name: n.Namespace}
		if i := slices.IndexFunc(notes, has); i >= 0 {
			namespace = notes[i]
		}
		b.graph.Namespaces = append(b.graph.Namespaces, namespace)
	}
	return &b.graph
}
