package manifest

import (
	"fmt"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// isolation asks whether the NetworkPolicies do what they are for. Namespaces
// without any are left alone.
func (c *checker) isolation() {
	n := &network{checker: c, misfits: map[way]bool{}}
	n.read()
	for _, p := range n.policies {
		n.fits(p)
		n.narrow(p)
	}
	n.openPods()
	n.connections()
	n.visitors()
}

// network is what the pods of the manifests can reach.
type network struct {
	*checker
	policies []netPolicy

	// misfits are where a policy means something that is not there. Which
	// connections are missing follows from that.
	misfits map[way]bool
}

// way is one direction of the pods of one namespace.
type way struct {
	namespace string
	direction networkingv1.PolicyType
}

var directions = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}

// restricted returns the policies that select w for direction. None: it may
// connect to anything, or anything to it.
func (n *network) restricted(w workload, direction networkingv1.PolicyType) []netPolicy {
	var found []netPolicy
	for _, p := range n.policies {
		if p.restricts(direction) && p.Namespace == w.Namespace && p.pods.Matches(labels.Set(w.template.Labels)) {
			found = append(found, p)
		}
	}
	return found
}

// onNodeNetwork reports whether the pods share the network of their node, where
// NetworkPolicies do not apply to them.
func (w workload) onNodeNetwork() bool { return w.template.Spec.HostNetwork }

// openPods reports the pods of a namespace that no policy restricts in a
// direction in which some policy restricts others.
func (n *network) openPods() {
	var ways []way
	for _, p := range n.policies {
		for _, d := range directions {
			if w := (way{p.Namespace, d}); p.restricts(d) && !slices.Contains(ways, w) && !n.misfits[w] {
				ways = append(ways, w)
			}
		}
	}
	for _, way := range ways {
		var open []workload
		for _, w := range n.workloads {
			if w.Namespace == way.namespace && !w.onNodeNetwork() && len(n.restricted(w, way.direction)) == 0 {
				open = append(open, w)
			}
		}
		if len(open) > 0 {
			n.add(open[0].Object, open[0].labelsField(), labels.Set(open[0].template.Labels).String(),
				"no NetworkPolicy restricts the %s of %s: add one that selects all pods of the namespace and allows nothing", way.direction, list(open))
		}
	}
}

// misfit reports a policy that means something that is not there.
func (n *network) misfit(p netPolicy, direction networkingv1.PolicyType, field, value, format string, args ...any) {
	n.misfits[way{p.Namespace, direction}] = true
	n.add(p.Object, field, value, format, args...)
}

// fits reports selectors and ports that no pod has. It leaves a policy alone
// whose namespace has no pods here: they are elsewhere.
func (n *network) fits(p netPolicy) {
	if !n.populated(p.Namespace) {
		return
	}
	selected := n.selected(p.Namespace, p.pods)
	if len(selected) == 0 && !n.foreign(p.Namespace, p.pods) {
		n.add(p.Object, "spec.podSelector", p.pods.String(), "selects no pod of these manifests")
		for d := range p.rules {
			n.misfits[way{p.Namespace, d}] = true
		}
		return
	}
	for _, r := range p.rules[networkingv1.PolicyTypeIngress] {
		n.peersExist(p, networkingv1.PolicyTypeIngress, r)
		if !n.foreign(p.Namespace, p.pods) {
			n.portsExist(p, networkingv1.PolicyTypeIngress, r, selected)
		}
	}
	for _, r := range p.rules[networkingv1.PolicyTypeEgress] {
		if servers, all := n.peersExist(p, networkingv1.PolicyTypeEgress, r); all {
			n.portsExist(p, networkingv1.PolicyTypeEgress, r, servers)
		}
	}
}

// peersExist reports peers that name pods of a namespace of these manifests and
// find none. It returns the pods found, and whether these are all that r means.
func (n *network) peersExist(p netPolicy, direction networkingv1.PolicyType, r allowance) (found []workload, all bool) {
	all = true
	for _, peer := range r.peers {
		namespaces, named := peer.namespaceNames(p.Namespace)
		if !named || slices.ContainsFunc(namespaces, func(name string) bool { return !n.populated(name) || n.foreign(name, peer.pods) }) {
			all = false
			continue
		}
		var pods []workload
		for _, name := range namespaces {
			pods = append(pods, n.selected(name, peer.pods)...)
		}
		if len(pods) == 0 {
			n.misfit(p, direction, peer.field+".podSelector", peer.pods.String(), "selects no pod of these manifests in %s", strings.Join(namespaces, ", "))
			all = false
		}
		found = append(found, pods...)
	}
	return found, all && len(found) > 0
}

func (n *network) portsExist(p netPolicy, direction networkingv1.PolicyType, r allowance, servers []workload) {
	for i, port := range r.ports {
		listens := func(w workload) bool {
			return slices.ContainsFunc(w.ports(), func(has podPort) bool { return has.in(port) })
		}
		if port.Port != nil && !slices.ContainsFunc(servers, listens) {
			n.misfit(p, direction, fmt.Sprintf("%s.ports[%d].port", r.field, i), port.Port.String(), "is not a port of the pods of %s: give the pods' port, not that of a Service", list(servers))
		}
	}
}

func (n *network) populated(namespace string) bool {
	return slices.ContainsFunc(n.workloads, func(w workload) bool { return w.Namespace == namespace })
}

// foreign reports whether selector may mean pods of namespace that no manifest
// holds, because an operator makes them: it asks for the name or kind of a
// custom resource, or for a prefixed label that no pod here has.
func (n *network) foreign(namespace string, selector labels.Selector) bool {
	requirements, _ := selector.Requirements()
	for _, o := range n.objects {
		if o.Namespace != namespace || o.Content != nil || o.custom != nil {
			continue
		}
		speaksOf := func(r labels.Requirement) bool {
			return r.Values().Has(o.Name) || r.Values().Has(strings.ToLower(o.Kind))
		}
		if len(requirements) == 0 || slices.ContainsFunc(requirements, speaksOf) {
			return true
		}
	}
	return slices.ContainsFunc(requirements, func(r labels.Requirement) bool {
		has := func(w workload) bool { return labels.Set(w.template.Labels).Has(r.Key()) }
		return strings.Contains(r.Key(), "/") && !strings.HasPrefix(r.Key(), "app.kubernetes.io/") && !slices.ContainsFunc(n.workloads, has)
	})
}

// narrow reports rules that allow more than a pod can need: connections from
// everywhere, to everywhere, or to every port.
func (n *network) narrow(p netPolicy) {
	for _, r := range p.rules[networkingv1.PolicyTypeIngress] {
		if len(r.peers) == 0 {
			n.add(p.Object, r.field+".from", "", "is required: without it everybody may connect")
		}
		for _, peer := range r.peers {
			switch {
			case peer.block != nil && everywhere(peer.block):
				n.add(p.Object, peer.field+".ipBlock.cidr", peer.block.CIDR, "lets everybody connect: give a smaller block, or the pods that need it")
			case peer.namespaces != nil && peer.namespaces.Empty() && peer.pods.Empty():
				n.add(p.Object, peer.field+".namespaceSelector", "", "lets every pod of the cluster connect: name a namespace")
			}
		}
		n.complete(p, r)
	}
	for _, r := range p.rules[networkingv1.PolicyTypeEgress] {
		if len(r.peers) == 0 && (len(r.ports) == 0 || slices.ContainsFunc(r.ports, beyondDNS)) {
			n.add(p.Object, r.field+".to", "", "is required, except for DNS: without it the pods may connect to everything")
		}
		n.complete(p, r)
	}
}

// complete reports a rule for all ports, and peers that are nobody. A rule
// without peers has been reported as it is.
func (n *network) complete(p netPolicy, r allowance) {
	const everyPort = "is required: without it every port is open"
	if len(r.peers) > 0 && len(r.ports) == 0 {
		n.add(p.Object, r.field+".ports", "", everyPort)
	}
	for i, port := range r.ports {
		if port.Port == nil {
			n.add(p.Object, fmt.Sprintf("%s.ports[%d].port", r.field, i), "", everyPort)
		}
	}
	for _, peer := range r.peers {
		if peer.block == nil && peer.pods == nil {
			n.add(p.Object, peer.field, "", "is empty: name pods, namespaces or an ipBlock")
		}
	}
}

// beyondDNS reports whether port is another than those in [nameServers], by UDP
// or TCP.
func beyondDNS(port networkingv1.NetworkPolicyPort) bool {
	return port.EndPort != nil || !slices.Contains([]string{"53", "5353", "dns", "dns-tcp"}, port.Port.String())
}
