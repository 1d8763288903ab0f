package manifest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// connection is what an environment variable tells the pods of client to do:
// connect to those of server, at one of some ports.
type connection struct {
	client, server workload
	field, host    string
	ports          ports
}

// connections reports what pods are told to connect to and cannot, because no
// policy lets them out, lets them in, or lets them ask for the address.
func (n *network) connections() {
	var all []connection
	for _, w := range n.workloads {
		all = append(all, n.connectionsOf(w)...)
	}
	n.out(all)
	n.in(all)
	n.names(all)
}

func (n *network) out(all []connection) {
	for _, c := range all {
		isServer := func(namespace string, p peer) bool { return n.reaches(namespace, p, c.server) }
		if !n.lets(c.client, networkingv1.PolicyTypeEgress, c.ports, isServer) {
			n.add(c.client.Object, c.field, c.host, "no NetworkPolicy lets these pods out to those of %s, %s", c.server, c.ports)
		}
	}
}

// in names all the clients of a server at once: one policy of the server lets
// them in.
func (n *network) in(all []connection) {
	type door struct{ server, ports string }
	clients := map[door][]workload{}
	var doors []connection
	for _, c := range all {
		isClient := func(namespace string, p peer) bool { return n.reaches(namespace, p, c.client) }
		if n.lets(c.server, networkingv1.PolicyTypeIngress, c.ports, isClient) {
			continue
		}
		at := door{c.server.String(), c.ports.String()}
		if clients[at] == nil {
			doors = append(doors, c)
		}
		clients[at] = append(clients[at], c.client)
	}
	for _, c := range doors {
		n.add(c.server.Object, c.server.labelsField(), labels.Set(c.server.template.Labels).String(),
			"no NetworkPolicy lets the pods of %s in to these, %s", list(clients[door{c.server.String(), c.ports.String()}]), c.ports)
	}
}

// nameServers are the ports that DNS servers may have: OpenShift's pods listen
// on 5353.
var nameServers = ports{{53, "dns", corev1.ProtocolUDP}, {5353, "dns", corev1.ProtocolUDP}}

// names reports the pods of each namespace that cannot ask for an address, by
// the first of them.
func (n *network) names(all []connection) {
	mute := map[string][]workload{}
	var first []connection
	for _, c := range all {
		namespace := c.client.Namespace
		if n.lets(c.client, networkingv1.PolicyTypeEgress, nameServers, n.outside) {
			continue
		}
		if mute[namespace] == nil {
			first = append(first, c)
		}
		mute[namespace] = append(mute[namespace], c.client)
	}
	for _, c := range first {
		n.add(c.client.Object, c.field, c.host, "no NetworkPolicy lets the pods of %s ask for the address: allow UDP port 53", list(mute[c.client.Namespace]))
	}
}

// visitors reports routes to pods that only pods of their own namespace may
// connect to: the proxy that serves the route is elsewhere.
func (n *network) visitors() {
	seen := map[[2]string]bool{}
	for _, o := range n.objects {
		for _, b := range backendsOf(o) {
			s, _ := n.service(b.namespace, b.name)
			for _, w := range n.servers(s) {
				ports := s.portsAt(w, b.leadsTo)
				at := [2]string{w.String(), ports.String()}
				if len(ports) > 0 && !seen[at] && !n.lets(w, networkingv1.PolicyTypeIngress, ports, n.outside) {
					seen[at] = true
					n.add(o, b.nameField, b.name, "no NetworkPolicy lets visitors in to the pods of %s, %s: allow the namespace of their proxy", w, ports)
				}
			}
		}
	}
}

// lets reports whether w may be at one end of a connection to one of some
// ports: as its client for Egress, as its server for Ingress. other says which
// peers, in a policy of the given namespace, are the other end. Nothing is known
// of a namespace with misfits.
func (n *network) lets(w workload, direction networkingv1.PolicyType, to ports, other func(namespace string, p peer) bool) bool {
	policies := n.restricted(w, direction)
	for _, p := range policies {
		for _, r := range p.rules[direction] {
			if r.admits(to) && (len(r.peers) == 0 || slices.ContainsFunc(r.peers, func(peer peer) bool { return other(p.Namespace, peer) })) {
				return true
			}
		}
	}
	return len(policies) == 0 || n.misfits[way{w.Namespace, direction}]
}

// admits reports whether the rule allows one of the given ports.
func (r allowance) admits(to ports) bool {
	return len(r.ports) == 0 || slices.ContainsFunc(r.ports, func(port networkingv1.NetworkPolicyPort) bool {
		return slices.ContainsFunc(to, func(p podPort) bool { return p.in(port) })
	})
}

// connectionsOf returns the connections that the environment of w asks for, one
// for each server and its ports.
func (n *network) connectionsOf(w workload) []connection {
	var found []connection
	seen := map[[2]string]bool{}
	if w.onNodeNetwork() {
		return nil
	}
	w.eachContainer(func(field string, container *corev1.Container, _ bool) {
		values := literals(container.Env)
		for _, env := range container.Env {
			host, port := destination(env.Name, values)
			s := n.serviceAt(w.Namespace, host)
			for _, server := range n.servers(s) {
				ports := s.portsAt(server, func(p corev1.ServicePort) bool { return port == 0 || p.Port == port })
				if id := [2]string{server.String(), ports.String()}; len(ports) > 0 && server.template != w.template && !seen[id] {
					seen[id] = true
					found = append(found, connection{w, server, fmt.Sprintf("%s.env[%s]", field, env.Name), host, ports})
				}
			}
		}
	})
	return found
}

// variable matches what Kubernetes fills in from a variable, and the escape
// that keeps it from doing so.
var variable = regexp.MustCompile(`\$\$|\$\([\w.-]+\)`)

// literals returns the values of variables that the manifest holds, filled in
// as Kubernetes does: from the variables above.
func literals(env []corev1.EnvVar) map[string]string {
	values := map[string]string{}
	for _, e := range env {
		if e.ValueFrom != nil {
			continue
		}
		values[e.Name] = variable.ReplaceAllStringFunc(e.Value, func(found string) string {
			if value, ok := values[strings.Trim(found, "$()")]; ok {
				return value
			}
			return found
		})
	}
	return values
}

// serverURL matches a URL with a port, and nothing besides.
var serverURL = regexp.MustCompile(`^[a-z][a-z0-9+.-]*://(?:[^/?#\s]*@)?([a-z0-9.-]+):(\d+)(?:[/?#]\S*)?$`)

// destination returns the host that a variable names, and the port; 0 when it
// is not said. A variable of origins says who may come, not where to go.
func destination(name string, values map[string]string) (host string, port int32) {
	if prefix, ok := strings.CutSuffix(name, "HOST"); ok {
		return values[name], number(values[prefix+"PORT"])
	}
	if url := serverURL.FindStringSubmatch(values[name]); url != nil && !strings.Contains(name, "ORIGIN") {
		return url[1], number(url[2])
	}
	return "", 0
}

func number(text string) int32 {
	n, _ := strconv.ParseInt(text, 10, 32)
	return int32(n)
}

// serviceAt returns the Service that pods of namespace find under host, or an
// empty one.
func (n *network) serviceAt(namespace, host string) service {
	name, rest, qualified := strings.Cut(strings.TrimSuffix(host, "."), ".")
	if qualified {
		namespace, rest, _ = strings.Cut(rest, ".")
	}
	if !slices.Contains([]string{"", "svc", "svc.cluster.local"}, rest) {
		return service{}
	}
	found, _ := n.service(namespace, name)
	return found
}

// servers returns the workloads whose pods serve s and that policies apply to.
func (n *network) servers(s service) []workload {
	if len(s.spec.Selector) == 0 {
		return nil
	}
	return slices.DeleteFunc(n.selected(s.Namespace, labels.SelectorFromSet(s.spec.Selector)), workload.onNodeNetwork)
}

// portsAt returns the ports of w that some ports of the Service lead to.
func (s service) portsAt(w workload, leads func(corev1.ServicePort) bool) ports {
	var found ports
	for _, p := range s.spec.Ports {
		if port := w.portAt(targetPort(p), orTCP(p.Protocol)); leads(p) && port.number != 0 {
			found = append(found, port)
		}
	}
	return found
}

// portAt returns the port of w that target means; its number is 0 when no
// container has it.
func (w workload) portAt(target intstr.IntOrString, protocol corev1.Protocol) podPort {
	for _, p := range w.ports() {
		found := p.number == target.IntVal
		if target.Type == intstr.String {
			found = p.name == target.StrVal
		}
		if found && p.protocol == protocol {
			return p
		}
	}
	return podPort{}
}
