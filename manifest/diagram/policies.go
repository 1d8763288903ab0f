package diagram

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"example.com/django-cdk8s/manifest/netpol"
)

// allowances adds what policies allow and no environment asks for.
func (b *builder) allowances() {
	for _, a := range b.traffic.Allowances {
		if a.Everybody {
			continue
		}
		for _, w := range a.Workloads {
			ports := b.numbers(a, w)
			if len(a.Peers) == 0 {
				b.peer(w, a.Direction, "anybody", ports)
			}
			for _, p := range a.Peers {
				if p.Name != "" {
					b.peer(w, a.Direction, p.Name, ports)
				}
				for _, other := range p.Workloads {
					client, server := w, other
					if a.Direction == networkingv1.PolicyTypeIngress {
						client, server = other, w
					}
					b.allow(client, server, label(ports))
				}
			}
		}
	}
}

// allow adds an edge between two workloads, where the policies of both let it
// happen and no environment asks for it.
func (b *builder) allow(client, server int, ports string) {
	from, to := b.ids[client], b.ids[server]
	if from != to && !b.asked[[2]string{from, to}] && b.lets(client, networkingv1.PolicyTypeEgress, server) &&
		b.lets(server, networkingv1.PolicyTypeIngress, client) {
		b.connect(from, to, Allowed, ports)
	}
}

// lets reports whether the policies of a workload name another one as the other end
// of a connection, or do not restrict that direction.
func (b *builder) lets(workload int, d networkingv1.PolicyType, other int) bool {
	isOther := func(p netpol.Peer) bool { return slices.Contains(p.Workloads, other) }
	return !b.traffic.Restricted(workload, d) || slices.ContainsFunc(b.traffic.Allowances, func(a netpol.Allowance) bool {
		return a.Direction == d && slices.Contains(a.Workloads, workload) &&
			(len(a.Peers) == 0 || slices.ContainsFunc(a.Peers, isOther))
	})
}

// numbers returns the ports of a rule, by number where the pods of w say which a
// name is.
func (b *builder) numbers(a netpol.Allowance, w int) []string {
	ports := slices.Clone(a.Ports)
	for i, name := range ports {
		for _, port := range b.network.Workloads[w].Ports() {
			if a.Direction == networkingv1.PolicyTypeIngress && port.Name == name {
				ports[i] = strconv.Itoa(int(port.Number))
			}
		}
	}
	return ports
}

func label(ports []string) string {
	if len(ports) == 0 {
		return "any port"
	}
	return ":" + strings.Join(ports, ", :")
}

// peer adds an edge between a workload and whom a policy names, but for ports that
// edges to hosts outside show already.
func (b *builder) peer(w int, d networkingv1.PolicyType, name string, ports []string) {
	id := "peer " + name
	if d == networkingv1.PolicyTypeIngress {
		b.add(Node{ID: id, Kind: Peer, Name: name})
		b.connect(id, b.ids[w], Allowed, label(ports))
		return
	}
	shown := map[string]bool{}
	for _, e := range b.graph.Edges {
		if e.From != b.ids[w] || e.Kind != Connects || b.graph.Nodes[b.nodes[e.To]].Kind != Outside {
			continue
		}
		for port := range strings.SplitSeq(e.Label, ", ") {
			shown[strings.TrimPrefix(port, ":")] = true
		}
		// The port of the API server itself, which some networks see instead of
		// that of its Service.
		shown["6443"] = shown["6443"] || e.To == apiServer
	}
	rest := slices.DeleteFunc(slices.Clone(ports), func(port string) bool { return shown[port] })
	if len(ports) > 0 && len(rest) == 0 {
		return
	}
	b.add(Node{ID: id, Kind: Peer, Name: name})
	b.connect(b.ids[w], id, Allowed, label(rest))
}

// notes says what policies do with all pods of a namespace.
func (b *builder) notes() {
	counts := map[string]*[3]int{}
	var order []string
	for i, w := range b.network.Workloads {
		if w.OnNodeNetwork() {
			continue
		}
		if counts[w.Namespace] == nil {
			counts[w.Namespace] = &[3]int{}
			order = append(order, w.Namespace)
		}
		count := counts[w.Namespace]
		count[0]++
		for d, direction := range []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress} {
			if b.traffic.Restricted(i, direction) {
				count[d+1]++
			}
		}
	}
	for _, namespace := range order {
		all, in, out := counts[namespace][0], counts[namespace][1], counts[namespace][2]
		var notes []string
		switch {
		case in == all && out == all:
			notes = append(notes, "NetworkPolicies: nothing else in or out")
		case in == all:
			notes = append(notes, "NetworkPolicies: nothing else in")
		case out == all:
			notes = append(notes, "NetworkPolicies: nothing else out")
		case in+out > 0:
			notes = append(notes, "NetworkPolicies: for some pods only")
		}
		for _, a := range b.traffic.Allowances {
			if note := noteOf(a); a.Namespace == namespace && a.Everybody && !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
		b.graph.Namespaces = append(b.graph.Namespaces, Namespace{namespace, notes})
	}
}

// noteOf says what a rule allows all pods of a namespace.
func noteOf(a netpol.Allowance) string {
	var peers []string
	for _, p := range a.Peers {
		name := p.Name
		if len(p.Workloads) > 0 {
			name = "each other"
		}
		if !slices.Contains(peers, name) {
			peers = append(peers, name)
		}
	}
	who := cmp.Or(strings.Join(peers, ", "), "anybody")
	beyondDNS := func(port string) bool { return port != "53" && port != "5353" }
	dns := len(a.Ports) > 0 && !slices.ContainsFunc(a.Ports, beyondDNS)
	switch {
	case a.Direction == networkingv1.PolicyTypeIngress:
		return "every pod: in from " + who + " " + label(a.Ports)
	case dns:
		return "every pod: out to DNS :53"
	}
	return "every pod: out to " + who + " " + label(a.Ports)
}
