package isolation

import (
	"cmp"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// AnyIPv4 are all IPv4 addresses, the default where a server's address is not
// known. IPv6 addresses are open only where a prop lists them, such as "::/0".
const AnyIPv4 = "0.0.0.0/0"

// DefaultDNSPort is the port on which DNS servers listen.
const DefaultDNSPort = 53

// DefaultDNS are the pods labelled k8s-app=kube-dns in the namespace
// kube-system. CoreDNS has that label, too.
var DefaultDNS = Peer{Namespace: labels.DNSNamespace, Pods: map[string]string{labels.DNSKey: labels.DNSValue}}

// Props configures [New]. The zero value of every field means its default.
type Props struct {
	// IngressFrom are the proxies that requests from outside come through: the
	// pods of the Ingress controller or Gateway, or the addresses of one that is
	// not in the pod network.
	//
	// Default: none; only pods of the app that connect to the site reach it.
	IngressFrom []Peer

	// MetricsFrom are the pods of Prometheus.
	//
	// Default: none; no pod reaches a metrics port.
	MetricsFrom []Peer

	// APIServer are the addresses of the Kubernetes API server, as CIDRs, for
	// pods that connect to it on port 443 or 6443. It is no pod, and its address
	// belongs to the cluster: `kubectl get service kubernetes` and `kubectl get
	// endpointslices -l kubernetes.io/service-name=kubernetes` show the two that
	// pods use.
	//
	// Default: [AnyIPv4].
	APIServer []string

	// Egress are the servers that the project's own code connects to: mail,
	// payment, an object store, or a workload of the app that no construct
	// declares as its server.
	//
	// Default: none.
	Egress []Egress

	// DNS are the DNS servers of every pod. NodeLocal DNSCache is no pod for a
	// NetworkPolicy, and takes its address besides: {CIDR: "169.254.20.10/32"};
	// see https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/.
	//
	// Default: [DefaultDNS].
	DNS []Peer

	// DNSPort is the UDP and TCP port of the DNS servers' pods, which may differ
	// from that of their Service: OpenShift's is 5353.
	//
	// Default: [DefaultDNSPort].
	DNSPort int
}

// Peer is the other end of a connection: pods of one namespace, or addresses.
// Exactly one of Namespace and CIDR is given.
type Peer struct {
	// Namespace is the namespace of the pods.
	//
	// Default: none.
	Namespace string

	// Pods are labels of the pods.
	//
	// Default: all pods of Namespace.
	Pods map[string]string

	// CIDR is a range of addresses outside the pod network, such as
	// "203.0.113.0/24" or "2001:db8::/32".
	//
	// Default: none.
	CIDR string
}

// Workload is a construct whose pods use the network, such as a *django.Web. Its
// name is that of one of its flows.
type Workload interface {
	// Name returns the name of the workload.
	Name() string
}

// Egress is a server that a workload connects to, outside the app or a workload of
// it.
type Egress struct {
	// From is the workload. It must be in the namespace of the Isolation.
	//
	// Required.
	From Workload

	// To is the server. A NetworkPolicy cannot name a host, so a server whose
	// addresses change is open at every address. Where Pods are labels of a
	// workload of the app, such as its Selector, the policy of that workload
	// allows the connection as well, if its namespace has an Isolation.
	//
	// Default: [AnyIPv4].
	To Peer

	// Ports are the TCP ports of the server, as its pods listen on them.
	//
	// Required.
	Ports []int
}

// Validate reports every invalid field.
func (p Props) Validate() field.ErrorList {
	_, problems := p.resolve()
	return problems
}

// resolve fills in the defaults and reports every invalid field.
func (p Props) resolve() (Props, field.ErrorList) {
	var e rule.Errors
	p.IngressFrom = resolvePeers(&e, "IngressFrom", p.IngressFrom)
	p.MetricsFrom = resolvePeers(&e, "MetricsFrom", p.MetricsFrom)
	for i, cidr := range p.APIServer {
		validateCIDR(&e, rule.Item("APIServer", i), cidr)
	}
	e.Unique("APIServer", p.APIServer)
	p.APIServer = slices.Clone(p.APIServer)
	if len(p.APIServer) == 0 {
		p.APIServer = []string{AnyIPv4}
	}
	p.resolveEgress(&e)
	p.DNS = resolvePeers(&e, "DNS", p.DNS)
	if len(p.DNS) == 0 {
		p.DNS = []Peer{DefaultDNS}
	}
	p.DNSPort = cmp.Or(p.DNSPort, DefaultDNSPort)
	e.Port("DNSPort", p.DNSPort)
	return p, e.Err()
}

func (p *Props) resolveEgress(e *rule.Errors) {
	p.Egress = slices.Clone(p.Egress)
	var valid []string
	for i, egress := range p.Egress {
		problems := egress.Validate()
		e.Join(rule.Item("Egress", i), problems)
		if reflect.ValueOf(egress.To).IsZero() {
			egress.To.CIDR = AnyIPv4
		}
		if len(problems) == 0 {
			valid = append(valid, egress.String())
		}
		egress.Ports = slices.Clone(egress.Ports)
		p.Egress[i] = egress
	}
	e.Unique("Egress", valid)
}

// resolvePeers checks peers and returns a copy.
func resolvePeers(e *rule.Errors, name string, peers []Peer) []Peer {
	var all []string
	for i, peer := range peers {
		e.Join(rule.Item(name, i), peer.Validate())
		all = append(all, peer.String())
	}
	e.Unique(name, all)
	return slices.Clone(peers)
}

// dns returns the rule for DNS queries.
func (p Props) dns() []allow {
	return []allow{{
		peers: p.DNS, ports: []int{p.DNSPort}, protocols: []corev1.Protocol{corev1.ProtocolUDP, corev1.ProtocolTCP},
	}}
}

// Validate reports every invalid field.
func (p Peer) Validate() field.ErrorList {
	var e rule.Errors
	switch {
	case p.CIDR == "":
		e.DNSLabel("Namespace", p.Namespace)
	case p.Namespace != "" || len(p.Pods) > 0:
		e.Add("CIDR", p.CIDR, "must not be given together with Namespace or Pods")
	default:
		validateCIDR(&e, "CIDR", p.CIDR)
	}
	e.Labels("Pods", p.Pods)
	return e.Err()
}

// String returns p as error messages show it.
func (p Peer) String() string {
	if p.CIDR != "" {
		return p.CIDR
	}
	words := []string{p.Namespace}
	for _, key := range rule.Keys(p.Pods) {
		words = append(words, key+"="+p.Pods[key])
	}
	return strings.Join(words, " ")
}

// Validate reports every invalid field.
func (g Egress) Validate() field.ErrorList {
	var e rule.Errors
	if g.from() == "" {
		e.Add("From", "", "is required: the workload that connects, such as a *django.Web")
	}
	if !reflect.ValueOf(g.To).IsZero() {
		e.Join("To", g.To.Validate())
	}
	if len(g.Ports) == 0 {
		e.Add("Ports", "", "is required: the TCP ports of the server, such as 443")
	}
	var ports []string
	for i, port := range g.Ports {
		e.Port(rule.Item("Ports", i), port)
		ports = append(ports, fmt.Sprint(port))
	}
	e.Unique("Ports", ports)
	return e.Err()
}

// String returns g as error messages show it.
func (g Egress) String() string { return g.from() + " to " + g.To.String() }

// from returns the name of the workload, or "" where none is given.
func (g Egress) from() string {
	if construct.IsNil(g.From) {
		return ""
	}
	return g.From.Name()
}

// validateCIDR checks a range of addresses. Other spellings, such as
// 10.1.2.3/8, are taken by some versions of Kubernetes and refused by others;
// see StrictIPCIDRValidation in
// https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates/.
func validateCIDR(e *rule.Errors, name, value string) {
	prefix, err := netip.ParsePrefix(value)
	if err != nil || prefix.Addr().Is4In6() || prefix.Masked().String() != value {
		e.Add(name, value,
			"must be a range of addresses that starts at its first, such as 10.0.0.0/8, 192.0.2.7/32 or 2001:db8::/32")
	}
}
