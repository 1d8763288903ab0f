package netpol

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/util/intstr"

	"example.com/django-cdk8s/manifest/pods"
)

// netPolicy is a NetworkPolicy with its selectors parsed. Policies add up: what
// one of them allows is allowed.
type netPolicy struct {
	Object
	pods labels.Selector

	// rules are what the policy allows in each direction that it restricts. It
	// does not restrict a direction that is no key.
	rules map[networkingv1.PolicyType][]allowance
}

func (p netPolicy) restricts(direction networkingv1.PolicyType) bool {
	_, ok := p.rules[direction]
	return ok
}

// allowance is one rule of a policy.
type allowance struct {
	field string
	peers []peer
	ports []networkingv1.NetworkPolicyPort
}

// peer is one peer of a rule: pods of the policy's namespace or, where
// namespaces is set, of others; or the addresses of a block.
type peer struct {
	field            string
	namespaces, pods labels.Selector
	block            *networkingv1.IPBlock
}

// read parses the NetworkPolicies. One with an invalid selector is reported, and
// left out.
func (n *network) read() {
	for _, policy := range n.Policies {
		before := len(n.problems)
		p := n.parse(policy.Object, policy.Spec)
		if len(n.problems) == before {
			n.policies = append(n.policies, p)
			n.byNamespace[p.Namespace] = append(n.byNamespace[p.Namespace], p)
			continue
		}
		for _, d := range directions {
			n.unresolved[direction{policy.Namespace, d}] = true
		}
	}
	for namespace := range n.byNamespace {
		for _, i := range n.pods.In(namespace) {
			n.restricting[i] = map[networkingv1.PolicyType][]netPolicy{}
			for _, d := range directions {
				n.restricting[i][d] = n.restrictions(namespace, n.Workloads[i].Labels(), d)
			}
		}
	}
}

// restrictions returns the policies of namespace that select pods with the given
// labels for a direction. None: these may connect to anything, or anything to
// them.
func (n *network) restrictions(namespace string, pod labels.Set, d networkingv1.PolicyType) []netPolicy {
	var found []netPolicy
	for _, p := range n.byNamespace[namespace] {
		if p.restricts(d) && p.pods.Matches(pod) {
			found = append(found, p)
		}
	}
	return found
}

func (n *network) parse(o Object, spec networkingv1.NetworkPolicySpec) netPolicy {
	p := netPolicy{o, n.selector(o, "spec.podSelector", &spec.PodSelector), map[networkingv1.PolicyType][]allowance{}}
	var ingress, egress []allowance
	for i, r := range spec.Ingress {
		field := fmt.Sprintf("spec.ingress[%d]", i)
		ingress = append(ingress, allowance{field, n.peers(o, field+".from", r.From), r.Ports})
	}
	for i, r := range spec.Egress {
		field := fmt.Sprintf("spec.egress[%d]", i)
		egress = append(egress, allowance{field, n.peers(o, field+".to", r.To), r.Ports})
	}
	// The default of policyTypes; see
	// https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/.
	byDefault := len(spec.PolicyTypes) == 0
	if byDefault || slices.Contains(spec.PolicyTypes, networkingv1.PolicyTypeIngress) {
		p.rules[networkingv1.PolicyTypeIngress] = ingress
	}
	if byDefault && len(egress) > 0 || slices.Contains(spec.PolicyTypes, networkingv1.PolicyTypeEgress) {
		p.rules[networkingv1.PolicyTypeEgress] = egress
	}
	return p
}

func (n *network) peers(o Object, field string, peers []networkingv1.NetworkPolicyPeer) []peer {
	var found []peer
	for i, p := range peers {
		at := fmt.Sprintf("%s[%d]", field, i)
		found = append(found, peer{
			field:      at,
			namespaces: n.selector(o, at+".namespaceSelector", p.NamespaceSelector),
			pods:       n.selector(o, at+".podSelector", p.PodSelector),
			block:      p.IPBlock,
		})
		if last := &found[i]; last.namespaces != nil && last.pods == nil {
			last.pods = labels.Everything()
		}
	}
	return found
}

// selector returns the selector, or nil where there is none.
func (n *network) selector(o Object, field string, s *metav1.LabelSelector) labels.Selector {
	if s == nil {
		return nil
	}
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		n.add(o, field, "", "%v", err)
	}
	return selector
}

// namespaceNames returns the namespaces of the pods that p means, when it names
// them.
func (p peer) namespaceNames(own string) (names []string, ok bool) {
	if p.pods == nil {
		return nil, false
	}
	if p.namespaces == nil {
		return []string{own}, true
	}
	requirements, _ := p.namespaces.Requirements()
	if len(requirements) != 1 || requirements[0].Key() != corev1.LabelMetadataName {
		return nil, false
	}
	operator := requirements[0].Operator()
	return requirements[0].Values().List(), operator == selection.In || operator == selection.Equals
}

// reaches reports whether p, a peer in a policy of the given namespace, includes
// w, or may do so.
func (n *network) reaches(namespace string, p peer, w Workload) bool {
	switch {
	case p.block != nil:
		return mayHoldPods(p.block)
	case p.pods == nil || !p.pods.Matches(w.Labels()):
		return false
	case p.namespaces == nil:
		return namespace == w.Namespace
	}
	return n.mayMatch(p.namespaces, w.Namespace)
}

// mayMatch reports whether selector may match the labels of a namespace. A
// namespace that the manifests do not hold may have any labels.
func (n *network) mayMatch(selector labels.Selector, namespace string) bool {
	given, whole := n.Namespaces[namespace]
	known := labels.Merge(given, labels.Set{corev1.LabelMetadataName: namespace})
	requirements, _ := selector.Requirements()
	return !slices.ContainsFunc(requirements, func(r labels.Requirement) bool {
		return (whole || r.Key() == corev1.LabelMetadataName) && !r.Matches(known)
	})
}

// outside reports whether p, a peer in a policy of the given namespace, means
// others than the pods of that namespace's manifests.
func (n *network) outside(namespace string, p peer) bool {
	names, named := p.namespaceNames(namespace)
	return !named || slices.ContainsFunc(names, func(name string) bool { return name != namespace }) ||
		len(n.selected(namespace, p.pods)) == 0
}

// allowed reports whether port is the one that a rule allows, or one of them.
func allowed(by networkingv1.NetworkPolicyPort, port pods.Port) bool {
	protocol := corev1.ProtocolTCP
	if by.Protocol != nil {
		protocol = *by.Protocol
	}
	switch {
	case protocol != port.Protocol:
		return false
	case by.Port == nil:
		return true
	case by.Port.Type == intstr.String:
		return by.Port.StrVal == port.Name
	case by.EndPort != nil:
		return by.Port.IntVal <= port.Number && port.Number <= *by.EndPort
	}
	return by.Port.IntVal == port.Number
}

// ports are the ports at which a server may be reached.
type ports []pods.Port

func (p ports) String() string {
	var numbers []string
	for _, port := range p {
		numbers = append(numbers, strconv.Itoa(int(port.Number)))
	}
	return "port " + strings.Join(numbers, " or ")
}

// prefixOf returns the addresses of cidr: none where it is invalid, which
// Kubernetes refuses.
func prefixOf(cidr string) netip.Prefix {
	prefix, _ := netip.ParsePrefix(cidr)
	return prefix
}

// everywhere reports whether block holds every address of its kind.
func everywhere(block *networkingv1.IPBlock) bool {
	return prefixOf(block.CIDR).Bits() == 0
}

// private are the addresses that clusters give to pods; see
// https://datatracker.ietf.org/doc/html/rfc1918, rfc6598 and rfc4193.
var private = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("fc00::/7"),
}

// mayHoldPods reports whether block holds private addresses besides those that
// it leaves out.
func mayHoldPods(block *networkingv1.IPBlock) bool {
	prefix := prefixOf(block.CIDR)
	return slices.ContainsFunc(private, func(p netip.Prefix) bool {
		return prefix.Overlaps(p) && !slices.ContainsFunc(block.Except, func(text string) bool {
			except := prefixOf(text)
			return except.Bits() <= p.Bits() && except.Overlaps(p)
		})
	})
}
