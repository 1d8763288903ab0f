package isolation

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"

	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/declare"
	"example.com/django-cdk8s/internal/rule"
)

// network is the traffic within one namespace, and into and out of it.
type network struct {
	namespace string
	// own are the constructs of the namespace, and clients those elsewhere that
	// connect to its pods, of which it holds nothing else.
	own, clients []talker
	// isolations are the paths of those of the namespace.
	isolations []string
}

// talker is a construct whose pods use the network.
type talker struct {
	path, namespace string
	traffic         []declare.Traffic
}

// readNetwork visits every construct of the app that scope is in.
func readNetwork(scope constructs.Construct) network {
	n := network{namespace: bind.Namespace(scope)}
	var all []talker
	for _, c := range *scope.Node().Root().Node().FindAll(constructs.ConstructOrder_PREORDER) {
		switch c := c.(type) {
		case declare.Talker:
			construct := c.(constructs.Construct)
			all = append(all, talker{*construct.Node().Path(), bind.Namespace(construct), slices.Clone(c.Traffic())})
		case *Isolation:
			if bind.Namespace(c) == n.namespace {
				n.isolations = append(n.isolations, *c.Node().Path())
			}
		}
	}
	nameServers(all)
	for _, t := range all {
		if t.namespace == n.namespace {
			n.own = append(n.own, t)
		} else if t.traffic = n.incoming(t); len(t.traffic) > 0 {
			n.clients = append(n.clients, t)
		}
	}
	return n
}

// nameServers gives every destination that is a workload of the app its pods
// and their namespace, where it has only the name of the Service.
func nameServers(all []talker) {
	pods := map[string]map[string]string{}
	for _, t := range all {
		for _, traffic := range t.traffic {
			pods[t.namespace+"/"+traffic.Name] = traffic.Pods
		}
	}
	for _, t := range all {
		for i, traffic := range t.traffic {
			t.traffic[i].To = slices.Clone(traffic.To)
			for j := range t.traffic[i].To {
				d := &t.traffic[i].To[j]
				service, namespace, _ := serviceOf(d.Host)
				namespace = cmp.Or(namespace, t.namespace)
				if len(d.Pods) > 0 {
					d.Namespace = cmp.Or(d.Namespace, t.namespace)
				} else if known, ok := pods[namespace+"/"+service]; ok {
					d.Pods, d.Namespace = known, namespace
				}
			}
		}
	}
}

// incoming returns that part of t's traffic which goes to pods of n.
func (n network) incoming(t talker) []declare.Traffic {
	var all []declare.Traffic
	for _, traffic := range t.traffic {
		to := slices.DeleteFunc(slices.Clone(traffic.To), func(d declare.Destination) bool {
			return len(d.Pods) == 0 || d.Namespace != n.namespace
		})
		if len(to) > 0 {
			all = append(all, declare.Traffic{Name: traffic.Name, Pods: traffic.Pods, To: to})
		}
	}
	return all
}

// serviceOf returns the Service whose DNS name host is or may be; namespace is
// empty where the name leaves it to that of the client, and certain is whether
// it can be nothing but a Service.
func serviceOf(host string) (name, namespace string, certain bool) {
	words := strings.Split(strings.TrimSuffix(host, ".cluster.local"), ".")
	if last := len(words) - 1; last >= 2 && words[last] == "svc" {
		// A pod of a StatefulSet has a further word before the Service's.
		return words[last-2], words[last-1], true
	}
	switch len(words) {
	case 1:
		return words[0], "", false
	case 2:
		return words[0], words[1], false
	}
	return "", "", false
}

func (n network) workloads() []string {
	var names []string
	for _, t := range n.own {
		for _, traffic := range t.traffic {
			names = append(names, traffic.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// holds reports whether w is a workload of the namespace.
func (n network) holds(w Workload) bool {
	if c, ok := w.(constructs.Construct); ok && bind.Namespace(c) != n.namespace {
		return false
	}
	return slices.Contains(n.workloads(), w.Name())
}

// changedSince returns the paths of the constructs whose traffic is not what it
// was before.
func (n network) changedSince(before network) []string {
	var paths []string
	for _, t := range slices.Concat(n.own, n.clients) {
		same := func(old talker) bool { return reflect.DeepEqual(old, t) }
		if !slices.ContainsFunc(slices.Concat(before.own, before.clients), same) {
			paths = append(paths, t.path)
		}
	}
	return paths
}

// validate reports what no policy can say.
func (n network) validate(e *rule.Errors) {
	pods := map[string]map[string]string{denyName: nil, dnsName: nil}
	var unknown []string
	for _, t := range n.own {
		for _, traffic := range t.traffic {
			if other, taken := pods[traffic.Name]; taken && !maps.Equal(other, traffic.Pods) {
				e.Add("Name", traffic.Name, "of "+t.path+" is the name of another NetworkPolicy; give the workload another")
			}
			pods[traffic.Name] = traffic.Pods
			if slices.ContainsFunc(traffic.To, noPort) {
				unknown = append(unknown, t.path)
			}
		}
	}
	if len(unknown) > 0 {
		e.Add("Port", 0, "is not known for a server that "+strings.Join(slices.Compact(unknown), ", ")+
			" connects to; give the broker.Connection its Port")
	}
	var homeless []string
	for _, t := range n.clients {
		if t.namespace == "" {
			homeless = append(homeless, t.path)
		}
	}
	if len(homeless) > 0 {
		e.Add("Namespace", "", fmt.Sprintf("must be given to the chart of %s, whose pods connect to namespace %q", strings.Join(homeless, ", "), n.namespace))
	}
}

func noPort(d declare.Destination) bool { return d.Port == 0 && !d.APIServer }

// policy is a NetworkPolicy in plain Go. One without pods is for all pods.
type policy struct {
	name            string
	pods            map[string]string
	ingress, egress []allow
}

// allow is one rule of a policy. Without protocols it is for TCP.
type allow struct {
	peers     []Peer
	ports     []int
	protocols []string
}

// policies returns one policy for each workload that needs any, by name.
func (n network) policies(props Props) []policy {
	all := map[string]policy{}
	for _, t := range n.own {
		for _, traffic := range t.traffic {
			p := all[traffic.Name]
			p.name, p.pods = traffic.Name, traffic.Pods
			n.addIngress(&p, traffic, props)
			n.addEgress(&p, traffic, props)
			all[traffic.Name] = p
		}
	}
	var needed []policy
	for _, name := range rule.Keys(all) {
		if p := all[name]; len(p.ingress)+len(p.egress) > 0 {
			sortRules(p.ingress)
			sortRules(p.egress)
			needed = append(needed, p)
		}
	}
	return needed
}

func (n network) addIngress(p *policy, server declare.Traffic, props Props) {
	for _, t := range slices.Concat(n.own, n.clients) {
		for _, client := range t.traffic {
			for _, d := range client.To {
				if d.Namespace == n.namespace && maps.Equal(d.Pods, server.Pods) && !noPort(d) {
					add(&p.ingress, []int{d.Port}, Peer{Namespace: t.namespace, Pods: client.Pods})
				}
			}
		}
	}
	if server.HTTP != 0 {
		add(&p.ingress, []int{server.HTTP}, props.Ingress...)
	}
	if server.Metrics != 0 {
		add(&p.ingress, []int{server.Metrics}, props.Monitoring...)
	}
}

// apiServerPorts are those of the API server's Service and of the API server
// itself: some network plugins compare the one, some the other.
var apiServerPorts = []int{443, 6443}

func (n network) addEgress(p *policy, client declare.Traffic, props Props) {
	for _, d := range client.To {
		switch {
		case d.APIServer:
			for _, cidr := range props.APIServer {
				add(&p.egress, apiServerPorts, Peer{CIDR: cidr})
			}
		case noPort(d):
			// validate reports it.
		case len(d.Pods) > 0:
			add(&p.egress, []int{d.Port}, Peer{Namespace: d.Namespace, Pods: d.Pods})
		default:
			add(&p.egress, []int{d.Port}, hostPeer(d.Host))
		}
	}
	for _, o := range props.Outside {
		if o.from() == client.Name {
			add(&p.egress, o.Ports, o.To)
		}
	}
}

// hostPeer returns who is behind a host that is no workload of the app. What a
// NetworkPolicy cannot name is at any address.
func hostPeer(host string) Peer {
	if address, err := netip.ParseAddr(host); err == nil {
		return Peer{CIDR: netip.PrefixFrom(address, address.BitLen()).String()}
	}
	if _, namespace, certain := serviceOf(host); certain {
		return Peer{Namespace: namespace}
	}
	return Peer{CIDR: AnyIPv4}
}

// add allows peers on ports. A rule without peers would be for everybody, so
// there is none.
func add(rules *[]allow, ports []int, peers ...Peer) {
	for _, peer := range peers {
		i := slices.IndexFunc(*rules, func(a allow) bool { return slices.Equal(a.ports, ports) })
		if i < 0 {
			*rules = append(*rules, allow{ports: ports})
			i = len(*rules) - 1
		}
		known := &(*rules)[i].peers
		if !slices.ContainsFunc(*known, func(p Peer) bool { return reflect.DeepEqual(p, peer) }) {
			*known = append(*known, peer)
		}
	}
}

// sortRules makes the manifest independent of the order of the constructs.
func sortRules(rules []allow) {
	for _, a := range rules {
		slices.SortFunc(a.peers, func(x, y Peer) int { return cmp.Compare(x.String(), y.String()) })
	}
	slices.SortFunc(rules, func(x, y allow) int { return slices.Compare(x.ports, y.ports) })
}
