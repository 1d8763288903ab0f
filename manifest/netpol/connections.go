package netpol

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	own "example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/manifest/pods"
)

// connection is what an environment variable tells the pods of client to do:
// connect to those of server, at one of some ports, by way of a Service. Both are
// numbers of workloads.
type connection struct {
	client, server       int
	field, host, service string
	ports                ports
}

// endpoint is a server and its ports, as problems name them.
type endpoint struct{ server, ports string }

func endpointOf(server Workload, p ports) endpoint { return endpoint{server.String(), p.String()} }

// connections reports what pods are told to connect to and cannot, because no
// policy lets them out, lets them in, or lets them ask for the address.
func (n *network) connections() {
	var all []connection
	for i := range n.Workloads {
		all = append(all, n.connectionsOf(i)...)
	}
	n.out(all)
	n.in(all)
	n.names(all)
}

func (n *network) out(all []connection) {
	for _, c := range all {
		if !n.leaves(c) {
			n.add(n.Workloads[c.client].Object, c.field, c.host,
				"no NetworkPolicy lets these pods out to those of %s, %s", n.Workloads[c.server], c.ports)
		}
	}
}

// leaves reports whether the policies let the client of c out to its server.
func (n *network) leaves(c connection) bool {
	isServer := func(namespace string, p peer) bool { return n.reaches(namespace, p, n.Workloads[c.server]) }
	return n.allows(c.client, networkingv1.PolicyTypeEgress, c.ports, isServer)
}

// enters reports whether the policies let the client of c in to its server.
func (n *network) enters(c connection) bool {
	isClient := func(namespace string, p peer) bool { return n.reaches(namespace, p, n.Workloads[c.client]) }
	return n.allows(c.server, networkingv1.PolicyTypeIngress, c.ports, isClient)
}

// in names all the clients of a server at once: one policy of the server lets
// them in.
func (n *network) in(all []connection) {
	clients := map[endpoint][]Workload{}
	var first []connection
	for _, c := range all {
		if n.enters(c) {
			continue
		}
		at := endpointOf(n.Workloads[c.server], c.ports)
		if clients[at] == nil {
			first = append(first, c)
		}
		clients[at] = append(clients[at], n.Workloads[c.client])
	}
	for _, c := range first {
		server := n.Workloads[c.server]
		n.add(server.Object, server.LabelsField(), server.Labels().String(),
			"no NetworkPolicy lets the pods of %s in to these, %s", list(clients[endpointOf(server, c.ports)]), c.ports)
	}
}

// dnsPorts are the ports that DNS servers may have, by number or name: OpenShift's
// pods listen on 5353.
var dnsPorts = ports{
	{Number: 53, Name: "dns", Protocol: corev1.ProtocolUDP},
	{Number: 5353, Name: "dns", Protocol: corev1.ProtocolUDP},
	{Number: 53, Name: "dns-tcp", Protocol: corev1.ProtocolTCP},
	{Number: 5353, Name: "dns-tcp", Protocol: corev1.ProtocolTCP},
}

// beyondDNS reports whether port is another than those in [dnsPorts], by any
// protocol.
func beyondDNS(port networkingv1.NetworkPolicyPort) bool {
	return port.Port == nil || port.EndPort != nil || !slices.ContainsFunc(dnsPorts, func(p pods.Port) bool {
		return *port.Port == intstr.FromInt32(p.Number) || *port.Port == intstr.FromString(p.Name)
	})
}

// names reports the pods of each namespace that cannot ask for an address, by
// the first of them. Clients ask by UDP.
func (n *network) names(all []connection) {
	byUDP := slices.DeleteFunc(slices.Clone(dnsPorts),
		func(p pods.Port) bool { return p.Protocol != corev1.ProtocolUDP })
	withoutDNS := map[string][]Workload{}
	var first []connection
	for _, c := range all {
		client := n.Workloads[c.client]
		if n.allows(c.client, networkingv1.PolicyTypeEgress, byUDP, n.outside) {
			continue
		}
		if withoutDNS[client.Namespace] == nil {
			first = append(first, c)
		}
		withoutDNS[client.Namespace] = append(withoutDNS[client.Namespace], client)
	}
	for _, c := range first {
		client := n.Workloads[c.client]
		n.add(client.Object, c.field, c.host,
			"no NetworkPolicy lets the pods of %s ask for the address: "+
				"allow UDP port 53", list(withoutDNS[client.Namespace]))
	}
}

// visitors reports routes to pods that only pods of their own namespace may
// connect to: the proxy that serves the route is elsewhere.
func (n *network) visitors() {
	seen := map[endpoint]bool{}
	n.eachVisit(func(route, server int, ports ports) {
		r, w := n.Routes[route], n.Workloads[server]
		if at := endpointOf(w, ports); !seen[at] && !n.visited(server, ports) {
			seen[at] = true
			n.add(r.Object, r.Field, r.ServiceName,
				"no NetworkPolicy lets visitors in to the pods of %s, %s: allow "+
					"the namespace of their proxy", w, ports)
		}
	})
}

// eachVisit calls f with every workload that a route leads to, both by their
// numbers, and the ports there.
func (n *network) eachVisit(f func(route, server int, ports ports)) {
	for i, r := range n.Routes {
		s := n.services[[2]string{r.ServiceNamespace, r.ServiceName}]
		for _, server := range n.servers(s) {
			ports := s.portsAt(n.Workloads[server], func(p corev1.ServicePort) bool { return pods.Names(r.ServicePort, p) })
			if len(ports) > 0 {
				f(i, server, ports)
			}
		}
	}
}

// visited reports whether the policies let others than the pods of the manifests in
// to some ports of a workload.
func (n *network) visited(server int, to ports) bool {
	return n.allows(server, networkingv1.PolicyTypeIngress, to, n.outside)
}

// The pods by which cert-manager answers HTTP-01 challenges, in the namespace of
// the Ingress; see https://cert-manager.io/docs/configuration/acme/http01/.
var (
	solver      = labels.Set{own.HTTP01Solver: "true"}
	solverPorts = ports{{Number: own.HTTP01SolverPort, Name: "http", Protocol: corev1.ProtocolTCP}}
)

// certificates reports the namespaces where no proxy reaches the pods that
// cert-manager starts for a certificate, by the first that asks for one. The
// manifests do not tell whether the issuer starts such pods, for HTTP-01, or none,
// for DNS-01; a policy for pods that do not exist does no harm.
func (n *network) certificates() {
	seen := map[string]bool{}
	for _, c := range n.Certificates {
		if seen[c.Namespace] {
			continue
		}
		seen[c.Namespace] = true
		policies := n.restrictions(c.Namespace, solver, networkingv1.PolicyTypeIngress)
		if !n.allowedBy(policies, direction{c.Namespace, networkingv1.PolicyTypeIngress}, solverPorts, n.outside) {
			n.add(c.Object, c.Field, c.Issuer,
				"no NetworkPolicy lets a proxy in to cert-manager's pods for HTTP-01: allow TCP %s of pods with the "+
					"label %s", solverPorts, solver)
		}
	}
}

// isPeer reports whether a peer, in a policy of the given namespace, is the other
// end of a connection.
type isPeer func(namespace string, p peer) bool

// allows reports whether the workload of the given number may be at one end of a
// connection to one of some ports: as its client for Egress, as its server for
// Ingress. other says which peers are the other end.
func (n *network) allows(i int, policy networkingv1.PolicyType, to ports, other isPeer) bool {
	return n.allowedBy(n.restricting[i][policy], direction{n.Workloads[i].Namespace, policy}, to, other)
}

// allowedBy is [network.allows] for pods that the given policies restrict.
// Nothing is known of a namespace with unresolved policies.
func (n *network) allowedBy(policies []netPolicy, d direction, to ports, other isPeer) bool {
	for _, p := range policies {
		for _, r := range p.rules[d.policy] {
			isOther := func(peer peer) bool { return other(p.Namespace, peer) }
			if r.admits(to) && (len(r.peers) == 0 || slices.ContainsFunc(r.peers, isOther)) {
				return true
			}
		}
	}
	return len(policies) == 0 || n.unresolved[d]
}

// admits reports whether the rule allows one of the given ports.
func (r allowance) admits(to ports) bool {
	return len(r.ports) == 0 || slices.ContainsFunc(r.ports, func(by networkingv1.NetworkPolicyPort) bool {
		return slices.ContainsFunc(to, func(p pods.Port) bool { return allowed(by, p) })
	})
}

// connectionsOf returns the connections that the environment of a workload asks
// for, one for each server and its ports.
func (n *network) connectionsOf(client int) []connection {
	w := n.Workloads[client]
	if w.OnNodeNetwork() {
		return nil
	}
	var found []connection
	seen := map[endpoint]bool{}
	for _, d := range w.Destinations() {
		name := pods.ServiceOf(w.Namespace, d.Host)
		s := n.services[[2]string{name.Namespace, name.Name}]
		for _, server := range n.servers(s) {
			ports := s.portsAt(n.Workloads[server],
				func(p corev1.ServicePort) bool { return d.Port == 0 || p.Port == d.Port })
			if at := endpointOf(n.Workloads[server], ports); len(ports) > 0 && server != client && !seen[at] {
				seen[at] = true
				found = append(found, connection{client, server, d.Field, d.Host, s.Name, ports})
			}
		}
	}
	return found
}

// servers returns the numbers of the workloads whose pods serve s and that
// policies apply to.
func (n *network) servers(s Service) []int {
	if s.Selector == nil {
		return nil
	}
	return slices.DeleteFunc(n.pods.Select(s.Namespace, s.Selector),
		func(i int) bool { return n.Workloads[i].OnNodeNetwork() })
}

// portsAt returns the ports of w that some ports of the Service lead to.
func (s Service) portsAt(w Workload, leads func(corev1.ServicePort) bool) ports {
	var found ports
	for _, p := range s.Ports {
		if port := portAt(w, pods.TargetPort(p), pods.Protocol(p.Protocol)); leads(p) && port.Number != 0 {
			found = append(found, port)
		}
	}
	return found
}

// portAt returns the port of w that target means; its number is 0 when no
// container has it.
func portAt(w Workload, target intstr.IntOrString, protocol corev1.Protocol) pods.Port {
	for _, p := range w.Ports() {
		found := p.Number == target.IntVal
		if target.Type == intstr.String {
			found = p.Name == target.StrVal
		}
		if found && p.Protocol == protocol {
			return p
		}
	}
	return pods.Port{}
}
