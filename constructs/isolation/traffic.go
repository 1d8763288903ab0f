package isolation

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/rule"
)

// traffic is what the constructs of an app declare.
type traffic struct {
	constructs []constructs.IConstruct
	namespaces map[string]*namespace
	// clients are the connections to the pods of a workload, by [podsKey].
	clients map[string][]connection
}

// namespace is the traffic of one namespace.
type namespace struct {
	workloads []workload
	// clients are the workloads of other namespaces that connect to these.
	clients []workload
	// isolations are the paths of the namespace's isolations, and egress is what
	// they open besides the flows.
	isolations []string
	egress     []Egress
}

// workload is a flow, and the path and namespace of its construct. Of an invalid
// construct it has the name and the pods only, which nobody checks.
type workload struct {
	network.Flow

	path, namespace string
	invalid         bool
}

// connection is a connection to the pods of a workload, from other pods or from
// pods of the same workload.
type connection struct {
	port int
	from Peer
}

// last is the latest result of trafficOf.
var last *traffic

// trafficOf returns the traffic of app. Every isolation of an app asks for it
// when the tree is complete; it is read once, as long as App.All returns the
// same constructs.
func trafficOf(app *construct.App) *traffic {
	all := app.All()
	if last == nil || len(last.constructs) != len(all) || &last.constructs[0] != &all[0] {
		last = readTraffic(all)
	}
	return last
}

func readTraffic(all []constructs.IConstruct) *traffic {
	t := &traffic{constructs: all, namespaces: map[string]*namespace{}, clients: map[string][]connection{}}
	for _, c := range all {
		switch c := c.(type) {
		case network.Source:
			name := construct.NamespaceOf(c)
			in := t.namespace(name)
			for _, flow := range c.Flows() {
				w := workload{flow, pathOf(c), name, construct.Invalid(c.(constructs.IConstruct))}
				if w.invalid {
					w.Flow = network.Flow{Name: flow.Name, Pods: flow.Pods}
				}
				in.workloads = append(in.workloads, w)
			}
		case *Isolation:
			in := t.namespace(c.node.Namespace())
			in.isolations = append(in.isolations, c.node.Path())
			in.egress = append(in.egress, c.props.Egress...)
		}
	}
	t.connect()
	return t
}

// pathOf returns the path of a construct whose namespace was asked for.
func pathOf(source network.Source) string {
	if n := construct.Of(source.(constructs.IConstruct)); n != nil {
		return n.Path()
	}
	return ""
}

func (t *traffic) namespace(name string) *namespace {
	if t.namespaces[name] == nil {
		t.namespaces[name] = &namespace{}
	}
	return t.namespaces[name]
}

// connect gives every endpoint that is a workload of the app the pods and the
// namespace of that workload, and collects the clients of each.
func (t *traffic) connect() {
	pods := map[string]map[string]string{}
	for name, n := range t.namespaces {
		for _, w := range n.workloads {
			pods[name+"/"+w.Name] = w.Pods
		}
	}
	for _, name := range rule.Keys(t.namespaces) {
		for i := range t.namespaces[name].workloads {
			w := &t.namespaces[name].workloads[i]
			w.To = slices.Clone(w.To)
			for i, to := range w.To {
				if len(to.Pods) > 0 {
					to.Namespace = cmp.Or(to.Namespace, name)
				} else if service, in := to.Resolve(name); len(pods[in+"/"+service]) > 0 {
					to.Pods, to.Namespace = pods[in+"/"+service], in
				}
				w.To[i] = to
				t.addClient(*w, to)
			}
			for _, egress := range t.namespaces[name].egress {
				if egress.from() == w.Name {
					t.addEgress(*w, egress)
				}
			}
		}
	}
}

// addClient adds w to the clients of the pods of to.
func (t *traffic) addClient(w workload, to network.Endpoint) {
	if len(to.Pods) == 0 || !to.Known() {
		return
	}
	key := podsKey(to.Namespace, t.serverPods(to))
	t.clients[key] = append(t.clients[key], connection{to.Port, Peer{Namespace: w.namespace, Pods: w.Pods}})
	if w.namespace != to.Namespace {
		n := t.namespace(to.Namespace)
		n.clients = append(n.clients, w)
	}
}

// addEgress adds w to the clients of those workloads of the app that an egress of
// w names by their labels.
func (t *traffic) addEgress(w workload, egress Egress) {
	if len(egress.To.Pods) == 0 {
		return
	}
	selector := labels.SelectorFromSet(egress.To.Pods)
	for _, server := range t.namespace(egress.To.Namespace).workloads {
		if !selector.Matches(labels.Set(server.Pods)) && !selects(server.Pods, egress.To.Pods) {
			continue
		}
		for _, port := range egress.Ports {
			t.addClient(w, network.Endpoint{Port: port, Pods: server.Pods, Namespace: server.namespace})
		}
	}
}

// serverPods returns the pods of the workload that those of to belong to, such as
// every instance of a cluster for its primary; or those of to.
func (t *traffic) serverPods(to network.Endpoint) map[string]string {
	if n := t.namespaces[to.Namespace]; n != nil {
		for _, server := range n.workloads {
			if selects(server.Pods, to.Pods) {
				return server.Pods
			}
		}
	}
	return to.Pods
}

// selects reports whether a selector takes pods with these labels.
func selects(selector, pods map[string]string) bool {
	return len(selector) > 0 && labels.SelectorFromSet(selector).Matches(labels.Set(pods))
}

func podsKey(namespace string, pods map[string]string) string {
	return Peer{Namespace: namespace, Pods: pods}.String()
}

// names returns the names of the workloads, sorted.
func (n *namespace) names() []string {
	var names []string
	for _, w := range n.workloads {
		names = append(names, w.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// validateFlows reports invalid flows, which constructs of an importing project may
// have, and flows of one name with different pods.
func (n *namespace) validateFlows(e *rule.Errors) {
	known := map[string]map[string]string{denyName: nil, dnsName: nil}
	var unknown []string
	for _, w := range n.workloads {
		w.validate(e)
		if other, taken := known[w.Name]; taken && !maps.Equal(other, w.Pods) {
			e.Add("Name", w.Name, "of "+w.path+" is the name of another NetworkPolicy; give the workload another")
		}
		known[w.Name] = w.Pods
		if slices.ContainsFunc(w.To, func(to network.Endpoint) bool { return !to.Known() }) {
			unknown = append(unknown, w.path)
		}
	}
	if len(unknown) > 0 {
		e.Add("Port", 0, "is not known for a server that "+strings.Join(slices.Compact(unknown), ", ")+
			" connects to; give the broker.Connection its Port")
	}
	for _, c := range n.clients {
		c.validatePods(e)
	}
}

// hasName reports whether a NetworkPolicy can have the name of w.
func (w workload) hasName() bool { return len(validation.IsDNS1123Subdomain(w.Name)) == 0 }

// validate reports what a construct of an importing project may get wrong.
func (w workload) validate(e *rule.Errors) {
	if w.invalid {
		return
	}
	if !w.hasName() {
		e.Label(w.field("Name"), w.Name)
	}
	w.validatePods(e)
	port := func(name string, number int) {
		if number != 0 {
			e.Port(w.field(name+".Port"), number)
		}
	}
	port("HTTP", w.HTTP)
	port("Metrics", w.Metrics)
	for i, to := range w.To {
		port(rule.Item("To", i), to.Port)
	}
	for i, from := range w.From {
		at := w.field(rule.Item("From", i))
		e.Port(at+".Port", from.Port)
		e.Join(at, Peer{Namespace: from.Namespace, Pods: from.Pods}.Validate())
	}
}

// validatePods reports a flow without labels, which would select every pod of the
// namespace.
func (w workload) validatePods(e *rule.Errors) {
	if len(w.Pods) == 0 {
		e.Add(w.field("Pods"), "", "is required: the labels that select the pods")
	}
}

func (w workload) field(name string) string { return rule.Item("Flows", w.path) + "." + name }

// homeless returns the paths of clients whose namespace is not known.
func (n *namespace) homeless() []string {
	var paths []string
	for _, c := range n.clients {
		if c.namespace == "" {
			paths = append(paths, c.path)
		}
	}
	return slices.Compact(paths)
}
