package isolation

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
)

// policy is what a NetworkPolicy allows. One without pods is for all pods.
type policy struct {
	pods            map[string]string
	ingress, egress []allow
}

// allow is one rule of a policy. Without protocols it is for TCP.
type allow struct {
	peers     []Peer
	ports     []int
	protocols []corev1.Protocol
}

// policies returns one policy for each workload of the namespace that needs
// any, by name.
func (t *traffic) policies(namespace string, props Props) map[string]policy {
	type open struct {
		pods            map[string]string
		ingress, egress opening
	}
	all := map[string]open{}
	for _, w := range t.namespace(namespace).workloads {
		if !w.hasName() || len(w.Pods) == 0 {
			continue // validate reports it.
		}
		o, ok := all[w.Name]
		if !ok {
			o = open{w.Pods, opening{}, opening{}}
			all[w.Name] = o
		}
		for _, c := range t.clients[podsKey(namespace, w.Pods)] {
			o.ingress.add([]int{c.port}, c.from)
		}
		o.ingress.addServer(w.Flow, props)
		o.egress.addClient(w.Flow, props)
	}
	policies := map[string]policy{}
	for name, o := range all {
		if len(o.ingress)+len(o.egress) > 0 {
			policies[name] = policy{o.pods, o.ingress.rules(), o.egress.rules()}
		}
	}
	return policies
}

// opening is what a policy allows in one direction: peers by their String, by
// ports.
type opening map[string]portsAndPeers

type portsAndPeers struct {
	ports []int
	peers map[string]Peer
}

// add allows peers on ports. It adds no rule without peers, which would allow every
// peer.
func (o opening) add(ports []int, peers ...Peer) {
	for _, peer := range peers {
		key := fmt.Sprint(ports)
		if _, ok := o[key]; !ok {
			o[key] = portsAndPeers{ports, map[string]Peer{}}
		}
		o[key].peers[peer.String()] = peer
	}
}

// rules returns the rules in an order that does not depend on that of the
// constructs.
func (o opening) rules() []allow {
	var rules []allow
	for _, one := range o {
		var peers []Peer
		for _, key := range slices.Sorted(maps.Keys(one.peers)) {
			peers = append(peers, one.peers[key])
		}
		rules = append(rules, allow{peers: peers, ports: one.ports})
	}
	slices.SortFunc(rules, func(x, y allow) int { return slices.Compare(x.ports, y.ports) })
	return rules
}

func (o opening) addServer(server network.Flow, props Props) {
	if server.HTTP != 0 {
		o.add([]int{server.HTTP}, props.IngressFrom...)
	}
	if server.Metrics != 0 {
		o.add([]int{server.Metrics}, props.MetricsFrom...)
	}
	for _, client := range server.From {
		o.add([]int{client.Port}, Peer{Namespace: client.Namespace, Pods: client.Pods})
	}
}

// apiServerPorts are those of the API server's Service and of the API server
// itself: some network plugins compare the one, some the other.
var apiServerPorts = []int{443, 6443}

func (o opening) addClient(client network.Flow, props Props) {
	for _, to := range client.To {
		switch {
		case to.APIServer:
			for _, cidr := range props.APIServer {
				o.add(apiServerPorts, Peer{CIDR: cidr})
			}
		case !to.Known():
			// validateFlows reports it.
		case len(to.Pods) > 0:
			o.add([]int{to.Port}, Peer{Namespace: to.Namespace, Pods: to.Pods})
		default:
			o.add([]int{to.Port}, hostPeer(to.Host))
		}
	}
	for _, egress := range props.Egress {
		if egress.from() == client.Name {
			o.add(egress.Ports, egress.To)
		}
	}
}

// hostPeer returns the peer of a host that is no workload of the app: any address
// for a host name outside the cluster, which a NetworkPolicy cannot hold.
func hostPeer(host string) Peer {
	if address, err := netip.ParseAddr(host); err == nil {
		return Peer{CIDR: netip.PrefixFrom(address, address.BitLen()).String()}
	}
	if _, namespace, certain := network.ServiceOf(host); certain {
		return Peer{Namespace: namespace}
	}
	return Peer{CIDR: AnyIPv4}
}

// object returns the NetworkPolicy called name, in the namespace of n. One
// without rules denies all traffic.
func (p policy) object(n *construct.Node, name string) *networkingv1.NetworkPolicy {
	spec := networkingv1.NetworkPolicySpec{PodSelector: metav1.LabelSelector{MatchLabels: p.pods}}
	deny := len(p.ingress)+len(p.egress) == 0
	if deny || len(p.ingress) > 0 {
		spec.PolicyTypes = append(spec.PolicyTypes, networkingv1.PolicyTypeIngress)
	}
	for _, a := range p.ingress {
		spec.Ingress = append(spec.Ingress, networkingv1.NetworkPolicyIngressRule{
			From: networkPeers(a.peers, n.Namespace()), Ports: networkPorts(a),
		})
	}
	if deny || len(p.egress) > 0 {
		spec.PolicyTypes = append(spec.PolicyTypes, networkingv1.PolicyTypeEgress)
	}
	for _, a := range p.egress {
		spec.Egress = append(spec.Egress, networkingv1.NetworkPolicyEgressRule{
			To: networkPeers(a.peers, n.Namespace()), Ports: networkPorts(a),
		})
	}
	return &networkingv1.NetworkPolicy{ObjectMeta: kube.Meta(n, name, labels.Isolation), Spec: spec}
}

// networkPeers returns peers as a policy of the namespace called own has them.
func networkPeers(peers []Peer, own string) []networkingv1.NetworkPolicyPeer {
	var all []networkingv1.NetworkPolicyPeer
	for _, p := range peers {
		var peer networkingv1.NetworkPolicyPeer
		if p.CIDR != "" {
			peer.IPBlock = &networkingv1.IPBlock{CIDR: p.CIDR}
		} else if p.Namespace != own {
			name := map[string]string{labels.NamespaceName: p.Namespace}
			peer.NamespaceSelector = &metav1.LabelSelector{MatchLabels: name}
		}
		if len(p.Pods) > 0 || peer == (networkingv1.NetworkPolicyPeer{}) {
			peer.PodSelector = &metav1.LabelSelector{MatchLabels: p.Pods}
		}
		all = append(all, peer)
	}
	return all
}

func networkPorts(a allow) []networkingv1.NetworkPolicyPort {
	protocols := a.protocols
	if protocols == nil {
		protocols = []corev1.Protocol{corev1.ProtocolTCP}
	}
	var all []networkingv1.NetworkPolicyPort
	for _, protocol := range protocols {
		for _, port := range a.ports {
			all = append(all, networkingv1.NetworkPolicyPort{
				Protocol: &protocol, Port: new(intstr.FromInt32(int32(port))),
			})
		}
	}
	return all
}
