// Package isolation holds the construct that closes a namespace: its pods talk
// to nobody but those whom the constructs of the app need.
package isolation

import (
	"fmt"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"

	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// The names of the policies for all pods.
const (
	denyName = "default-deny"
	dnsName  = "allow-dns"
)

// Isolation is a set of NetworkPolicies for the namespace of its chart:
// default-deny takes all traffic from every pod, allow-dns lets each ask for
// names, and one policy for each workload, of the same name, allows what the
// workload needs, port by port.
//
// The cluster needs a network plugin that enforces NetworkPolicies; without
// one they are accepted and do nothing. What a node sends to its own pods is
// always allowed, and so are probes; see
// https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/.
type Isolation struct {
	constructs.Construct

	props Props
	known network
}

// New adds an [Isolation] called id to scope. It allows what the constructs
// that are in the app by then need, so it comes last: one that is added later,
// or told later to connect to another server, fails synthesis, as do invalid
// props, with the construct's path.
func New(scope constructs.Construct, id string, props Props) *Isolation {
	i := &Isolation{}
	bind.Init(i, scope, id)
	bind.Validate(i, props.Validate)

	i.props = props.withDefaults()
	i.known = readNetwork(i)
	bind.Validate(i, i.validateNetwork)
	i.newPolicy("DefaultDeny", policy{name: denyName})
	i.newPolicy("AllowDNS", policy{name: dnsName, egress: i.dns()})
	for _, p := range i.known.policies(i.props) {
		free, _ := bind.FreeID(i, p.name)
		i.newPolicy(free, p)
	}
	return i
}

// Workloads returns the names of the workloads whose traffic is known, sorted.
// All other pods of the namespace may ask for names, and nothing else.
func (i *Isolation) Workloads() []string { return i.known.workloads() }

// validateNetwork looks at the app once more, now that it is complete.
func (i *Isolation) validateNetwork() error {
	now := readNetwork(i)
	var e rule.Errors
	if len(now.workloads()) == 0 {
		e.Add("scope", now.namespace, "must be a namespace with workloads: nothing in it uses the network")
	}
	if first := now.isolations[0]; first != *i.Node().Path() {
		e.Add("scope", now.namespace, "is the namespace of "+first+"; one Isolation closes it")
	}
	if late := now.changedSince(i.known); len(late) > 0 {
		e.Add("order", strings.Join(late, ", "), "must come first: add the Isolation after all that uses the network")
	}
	now.validate(&e)
	for n, o := range i.props.Outside {
		if name := o.from(); name != "" && len(now.workloads()) > 0 && !now.holds(o.From) {
			e.Add(rule.Item("Outside", n)+".From", name, fmt.Sprintf(
				"is no workload of namespace %q that uses the network; those are %s", now.namespace, strings.Join(now.workloads(), ", ")))
		}
	}
	return e.Err()
}

func (i *Isolation) dns() []allow {
	return []allow{{peers: i.props.DNS, ports: []int{i.props.DNSPort}, protocols: []string{"UDP", "TCP"}}}
}

// newPolicy adds the NetworkPolicy p. One without rules takes all traffic.
func (i *Isolation) newPolicy(id string, p policy) {
	spec := &k8s.NetworkPolicySpec{
		PodSelector: &k8s.LabelSelector{MatchLabels: bind.Map(p.pods)},
	}
	var types []string
	closed := len(p.ingress)+len(p.egress) == 0
	if closed || len(p.ingress) > 0 {
		types = append(types, "Ingress")
		spec.Ingress = i.ingress(p.ingress)
	}
	if closed || len(p.egress) > 0 {
		types = append(types, "Egress")
		spec.Egress = i.egress(p.egress)
	}
	spec.PolicyTypes = bind.Strings(types)
	k8s.NewKubeNetworkPolicy(i, &id, &k8s.KubeNetworkPolicyProps{
		Metadata: &k8s.ObjectMeta{Name: &p.name, Labels: bind.Map(labels.Object(p.name, labels.Isolation, bind.PartOf(i)))},
		Spec:     spec,
	})
}

func (i *Isolation) ingress(allowed []allow) *[]*k8s.NetworkPolicyIngressRule {
	var rules []k8s.NetworkPolicyIngressRule
	for _, a := range allowed {
		rules = append(rules, k8s.NetworkPolicyIngressRule{From: i.peers(a.peers), Ports: ports(a)})
	}
	return bind.List(rules...)
}

func (i *Isolation) egress(allowed []allow) *[]*k8s.NetworkPolicyEgressRule {
	var rules []k8s.NetworkPolicyEgressRule
	for _, a := range allowed {
		rules = append(rules, k8s.NetworkPolicyEgressRule{To: i.peers(a.peers), Ports: ports(a)})
	}
	return bind.List(rules...)
}

func (i *Isolation) peers(peers []Peer) *[]*k8s.NetworkPolicyPeer {
	var all []k8s.NetworkPolicyPeer
	for _, p := range peers {
		var peer k8s.NetworkPolicyPeer
		if p.CIDR != "" {
			peer.IpBlock = &k8s.IpBlock{Cidr: &p.CIDR}
		} else if p.Namespace != i.known.namespace {
			peer.NamespaceSelector = &k8s.LabelSelector{MatchLabels: bind.Map(map[string]string{labels.NamespaceName: p.Namespace})}
		}
		if len(p.Pods) > 0 || peer == (k8s.NetworkPolicyPeer{}) {
			peer.PodSelector = &k8s.LabelSelector{MatchLabels: bind.Map(p.Pods)}
		}
		all = append(all, peer)
	}
	return bind.List(all...)
}

func ports(a allow) *[]*k8s.NetworkPolicyPort {
	protocols := a.protocols
	if protocols == nil {
		protocols = []string{"TCP"}
	}
	var all []k8s.NetworkPolicyPort
	for _, protocol := range protocols {
		for _, port := range a.ports {
			all = append(all, k8s.NetworkPolicyPort{Protocol: &protocol, Port: k8s.IntOrString_FromNumber(jsii.Number(port))})
		}
	}
	return bind.List(all...)
}
