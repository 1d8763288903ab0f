package isolation

import (
	"cmp"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// AnyIPv4 are all IPv4 addresses, the default where a server's address is not
// known. IPv6 addresses are open only where a prop lists them, such as "::/0".
const AnyIPv4 = "0.0.0.0/0"

// DefaultDNSPort is the port on which DNS servers listen.
const DefaultDNSPort = 53

// DefaultDNS is the DNS server of the cluster: the label is CoreDNS's, too.
var DefaultDNS = Peer{Namespace: labels.DNSNamespace, Pods: map[string]string{labels.DNSKey: labels.DNSValue}}

// Props configures [New]. The zero value of every field means its default.
type Props struct {
	// Ingress are the proxies through which visitors reach the site: the pods
	// of the Ingress controller or Gateway, or the addresses of one that is not
	// in the pod network.
	//
	// Default: none, so that only pods of the app that connect to the site
	// reach it.
	Ingress []Peer

	// Monitoring are the pods of Prometheus.
	//
	// Default: none, so that nobody reads metrics.
	Monitoring []Peer

	// APIServer are the addresses of the Kubernetes API server, as CIDRs, for
	// the pods that talk to it on port 443 or 6443. It is no pod, and its
	// address belongs to the cluster: `kubectl get service kubernetes` and
	// `kubectl get endpointslices -l kubernetes.io/service-name=kubernetes`
	// show the two that pods use.
	//
	// Default: [AnyIPv4].
	APIServer []string

	// Outside are the servers that the project itself connects to: mail,
	// payment, an object store.
	//
	// Default: none.
	Outside []Outside

	// DNS are the servers that every pod may ask for names. NodeLocal DNSCache
	// is no pod for a NetworkPolicy, and takes its address besides:
	// {CIDR: "169.254.20.10/32"}; see
	// https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/.
	//
	// Default: [DefaultDNS].
	DNS []Peer

	// DNSPort is the UDP and TCP port of the DNS servers' pods, which is not
	// always that of their Service: OpenShift's listen on 5353.
	//
	// Default: [DefaultDNSPort].
	DNSPort int
}

// Peer is who may be at the other end of a connection: pods of one namespace,
// or addresses.
type Peer struct {
	// Namespace is the namespace of the pods. Exactly one of Namespace and CIDR
	// is required.
	Namespace string

	// Pods are labels of the pods.
	//
	// Default: all pods of Namespace.
	Pods map[string]string

	// CIDR are addresses outside the pod network, such as "203.0.113.0/24" or
	// "2001:db8::/32".
	CIDR string
}

// Workload is a construct whose pods use the network, such as a
// *django.Web.
type Workload interface {
	Name() string
}

// Outside is a server that the project connects to.
type Outside struct {
	// From is the workload that connects. It must be in the namespace of the
	// Isolation.
	//
	// Required.
	From Workload

	// To is the server. A NetworkPolicy cannot name a host, so a server whose
	// addresses change is open at every address.
	//
	// Default: [AnyIPv4].
	To Peer

	// Ports are the TCP ports of the server.
	//
	// Required.
	Ports []int
}

// Validate reports every invalid field.
func (p Props) Validate() error {
	p = p.withDefaults()
	var e rule.Errors
	validatePeers(&e, "Ingress", p.Ingress)
	validatePeers(&e, "Monitoring", p.Monitoring)
	for i, cidr := range p.APIServer {
		validateCIDR(&e, rule.Item("APIServer", i), cidr)
	}
	e.Unique("APIServer", p.APIServer)
	var outside []string
	for i, o := range p.Outside {
		err := o.Validate()
		e.Join(rule.Item("Outside", i), err)
		if err == nil {
			outside = append(outside, o.String())
		}
	}
	e.Unique("Outside", outside)
	validatePeers(&e, "DNS", p.DNS)
	e.Port("DNSPort", p.DNSPort)
	return e.Err()
}

func (p Props) withDefaults() Props {
	if len(p.APIServer) == 0 {
		p.APIServer = []string{AnyIPv4}
	}
	if len(p.DNS) == 0 {
		p.DNS = []Peer{DefaultDNS}
	}
	p.DNSPort = cmp.Or(p.DNSPort, DefaultDNSPort)
	p.Outside = slices.Clone(p.Outside)
	for i, o := range p.Outside {
		if reflect.ValueOf(o.To).IsZero() {
			p.Outside[i].To.CIDR = AnyIPv4
		}
	}
	return p
}

func validatePeers(e *rule.Errors, field string, peers []Peer) {
	var all []string
	for i, peer := range peers {
		e.Join(rule.Item(field, i), peer.Validate())
		all = append(all, peer.String())
	}
	e.Unique(field, all)
}

// Validate reports every invalid field.
func (p Peer) Validate() error {
	var e rule.Errors
	switch {
	case p.CIDR == "":
		validateNamespace(&e, "Namespace", p.Namespace)
	case p.Namespace != "" || len(p.Pods) > 0:
		e.Add("CIDR", p.CIDR, "must not be given together with Namespace or Pods")
	default:
		validateCIDR(&e, "CIDR", p.CIDR)
	}
	e.Labels("Pods", p.Pods)
	return e.Err()
}

// String returns p's one line in an error message.
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
func (o Outside) Validate() error {
	var e rule.Errors
	if o.from() == "" {
		e.Add("From", "", "is required: the workload that connects, such as a *django.Web")
	}
	if !reflect.ValueOf(o.To).IsZero() {
		e.Join("To", o.To.Validate())
	}
	if len(o.Ports) == 0 {
		e.Add("Ports", "", "is required: the TCP ports of the server, such as 443")
	}
	var ports []string
	for i, port := range o.Ports {
		e.Port(rule.Item("Ports", i), port)
		ports = append(ports, fmt.Sprint(port))
	}
	e.Unique("Ports", ports)
	return e.Err()
}

// String returns o's one line in an error message.
func (o Outside) String() string { return o.from() + " to " + o.To.String() }

// from returns the name of the workload, or "" where none is given.
func (o Outside) from() string {
	if rule.IsNil(o.From) {
		return ""
	}
	return o.From.Name()
}

// validateNamespace checks the name of a namespace that may be anybody's, and
// may start with a digit.
func validateNamespace(e *rule.Errors, field, value string) {
	if len(validation.IsDNS1123Label(value)) > 0 {
		e.Add(field, value, "must be 1 to 63 lower-case letters, digits or '-', and start and end with a letter or digit")
		return
	}
	e.Name(field, value)
}

// validateCIDR checks a range of addresses. Other spellings, such as
// 10.1.2.3/8, are taken by some versions of Kubernetes and refused by others;
// see StrictIPCIDRValidation in
// https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates/.
func validateCIDR(e *rule.Errors, field, value string) {
	prefix, err := netip.ParsePrefix(value)
	if err != nil || prefix.Addr().Is4In6() || prefix.Masked().String() != value {
		e.Add(field, value, "must be a range of addresses that starts at its first, such as 10.0.0.0/8, 192.0.2.7/32 or 2001:db8::/32")
	}
}
