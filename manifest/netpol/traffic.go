package netpol

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"example.com/django-cdk8s/manifest/pods"
)

// Traffic is who connects to whom: what the environment of pods and the routes
// ask for, and what the policies allow.
type Traffic struct {
	// Connections are those that the environment of pods asks for, to pods of
	// the manifests.
	Connections []Connection

	// Elsewhere are those to hosts that lead to no pod of the manifests.
	Elsewhere []Elsewhere

	// Visits are what the routes lead visitors to.
	Visits []Visit

	// Allowances are the rules of all policies.
	Allowances []Allowance

	network *network
}

// Connection is what an environment variable of the pods of Client tells them to
// do: connect to those of Server, by way of Service. Both are numbers of workloads.
type Connection struct {
	Client, Server int
	Service        string
	Ports          []pods.Port

	// Denied says that the policies of Client do not let it out, or those of
	// Server do not let it in.
	Denied bool
}

// Elsewhere is a host that an environment variable of the pods of Client, the
// number of a workload, names. The port is 0 where it is not said.
type Elsewhere struct {
	Client int
	Host   string
	Port   int32
	Denied bool
}

// Visit is what a route, given by its number, leads to: some ports of Server, the
// number of a workload. Denied says that no policy lets others than the pods of the
// manifests in.
type Visit struct {
	Route, Server int
	Ports         []pods.Port
	Denied        bool
}

// Allowance is one rule of a policy.
type Allowance struct {
	// Namespace is that of the policy, and Workloads are the numbers of those
	// whose pods it selects; Everybody says that it selects all of the namespace.
	Namespace string
	Workloads []int
	Everybody bool

	// Direction is Ingress where the rule lets peers in, and Egress where it lets
	// pods out to them.
	Direction networkingv1.PolicyType

	// Peers are the other ends; none for any.
	Peers []Peer

	// Ports are numbers, ranges and names, such as "443"; none for every port.
	Ports []string
}

// Peer is one peer of a rule: workloads, by their number, or what Name says of
// others, such as "namespace monitoring".
type Peer struct {
	Workloads []int
	Name      string
}

// TrafficOf returns the traffic of some manifests. A policy that cannot be read
// counts as none.
func TrafficOf(m Manifests) Traffic {
	n := newNetwork(m)
	n.read()
	clear(n.unresolved)
	t := Traffic{network: n}
	for i := range n.Workloads {
		for _, c := range n.connectionsOf(i) {
			t.Connections = append(t.Connections, Connection{
				Client: i, Server: c.server, Service: c.service, Ports: c.ports, Denied: !n.leaves(c) || !n.enters(c),
			})
		}
		t.Elsewhere = append(t.Elsewhere, t.elsewhere(i)...)
	}
	n.eachVisit(func(route, server int, ports ports) {
		t.Visits = append(t.Visits, Visit{route, server, ports, !n.visited(server, ports)})
	})
	for _, p := range n.policies {
		for _, d := range directions {
			for _, r := range p.rules[d] {
				t.Allowances = append(t.Allowances, n.allowanceOf(p, d, r))
			}
		}
	}
	return t
}

// elsewhere returns the hosts that the environment of a workload names and that
// have no pods here.
func (t Traffic) elsewhere(client int) []Elsewhere {
	w := t.network.Workloads[client]
	var found []Elsewhere
	for _, d := range w.Destinations() {
		name := pods.ServiceOf(w.Namespace, d.Host)
		s := t.network.services[[2]string{name.Namespace, name.Name}]
		e := Elsewhere{client, d.Host, d.Port, d.Port != 0 && !t.Leaves(client, d.Port)}
		if len(t.network.servers(s)) == 0 && !slices.Contains(found, e) {
			found = append(found, e)
		}
	}
	return found
}

// Leaves reports whether the policies let the pods of a workload out to a TCP port
// of others than pods of these manifests: to one of the given ones.
func (t Traffic) Leaves(workload int, numbers ...int32) bool {
	var to ports
	for _, number := range numbers {
		to = append(to, pods.Port{Number: number, Protocol: corev1.ProtocolTCP})
	}
	return t.network.allows(workload, networkingv1.PolicyTypeEgress, to, t.network.outside)
}

// Restricted reports whether a policy restricts the pods of a workload in one
// direction.
func (t Traffic) Restricted(workload int, d networkingv1.PolicyType) bool {
	return len(t.network.restricting[workload][d]) > 0
}

func (n *network) allowanceOf(p netPolicy, d networkingv1.PolicyType, r allowance) Allowance {
	a := Allowance{
		Namespace: p.Namespace, Workloads: n.pods.Select(p.Namespace, p.pods), Everybody: p.pods.Empty(), Direction: d,
	}
	for _, port := range r.ports {
		a.Ports = append(a.Ports, portText(port))
	}
	for _, peer := range r.peers {
		a.Peers = append(a.Peers, n.peerOf(p.Namespace, peer))
	}
	return a
}

// portText returns a port of a rule as people write it.
func portText(port networkingv1.NetworkPolicyPort) string {
	switch {
	case port.Port == nil:
		return "any port"
	case port.EndPort != nil:
		return port.Port.String() + "-" + strconv.Itoa(int(*port.EndPort))
	}
	return port.Port.String()
}

func (n *network) peerOf(namespace string, p peer) Peer {
	if p.block != nil {
		if everywhere(p.block) {
			return Peer{Name: "any address"}
		}
		return Peer{Name: p.block.CIDR}
	}
	var found Peer
	if names, named := p.namespaceNames(namespace); named {
		for _, name := range names {
			found.Workloads = append(found.Workloads, n.pods.Select(name, p.pods)...)
		}
	} else {
		found.Workloads = n.labelled(p)
	}
	if len(found.Workloads) == 0 && p.pods != nil {
		found.Name = p.String()
	}
	return found
}

// labelled returns the workloads that a peer means whose namespaces have labels: by
// the labels that are known.
func (n *network) labelled(p peer) []int {
	var found []int
	for i, w := range n.Workloads {
		known := labels.Merge(n.Namespaces[w.Namespace], labels.Set{corev1.LabelMetadataName: w.Namespace})
		if p.namespaces != nil && p.namespaces.Matches(known) && p.pods.Matches(w.Labels()) {
			found = append(found, i)
		}
	}
	return found
}

// String returns what people call the pods of p.
func (p peer) String() string {
	where := ""
	switch names, named := p.namespaceNames(""); {
	case p.namespaces == nil:
	case named:
		where = "namespace " + strings.Join(names, ", ")
	case p.namespaces.Empty():
		where = "any namespace"
	default:
		where = "namespaces " + p.namespaces.String()
	}
	if p.pods.Empty() {
		return where
	}
	return strings.TrimSuffix("pods "+valuesOf(p.pods)+" of "+where, " of ")
}

// valuesOf returns the values of the labels that selector asks for, which say
// enough to people, or all of it where it asks for more than values.
func valuesOf(selector labels.Selector) string {
	var values []string
	requirements, _ := selector.Requirements()
	for _, r := range requirements {
		if operator := r.Operator(); operator != selection.In && operator != selection.Equals {
			return selector.String()
		}
		values = append(values, r.Values().List()...)
	}
	return strings.Join(values, ", ")
}
