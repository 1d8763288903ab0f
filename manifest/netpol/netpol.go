// Package netpol checks NetworkPolicies: whether they cover every pod, select pods
// and ports that exist, allow no more than is needed, and allow the connections
// that the environment of pods asks for. It reads finished manifests, of any
// origin; package manifest runs it as one of its rules.
package netpol

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"example.com/django-cdk8s/manifest/pods"
)

// Object names one object of the manifests.
type Object struct {
	// Index is the caller's number of the object.
	Index int

	// Kind, Namespace and Name identify the object to people.
	Kind, Namespace, Name string
}

// String returns the object as people write it, such as
// "Deployment django-app/django".
func (o Object) String() string { return o.Kind + " " + o.Namespace + "/" + o.Name }

// Manifests are the objects that decide which connections are allowed.
type Manifests struct {
	// Policies are the NetworkPolicies. Namespaces without any are left alone.
	Policies []Policy

	// Workloads are what makes pods, and pods.
	Workloads []Workload

	// Services are the Services, and Routes what leads visitors to them.
	Services []Service
	Routes   []Route

	// Certificates are the requests to cert-manager for a certificate.
	Certificates []Certificate

	// Namespaces are the labels of the namespaces that the manifests make.
	Namespaces map[string]labels.Set

	// Operated are the custom resources whose pods an operator makes.
	Operated []Object
}

// Policy is a NetworkPolicy.
type Policy struct {
	Object
	Spec networkingv1.NetworkPolicySpec
}

// Workload is an object that makes pods, or a pod.
type Workload struct {
	Object
	pods.Pods
}

// Service is a Service, with its selector parsed; nil where it has none.
type Service struct {
	Object
	Selector labels.Selector
	Ports    []corev1.ServicePort
}

// Route leads visitors to one port of a Service.
type Route struct {
	Object

	// Field is the path of the Service's name within the object.
	Field string

	// ServiceNamespace and ServiceName name the Service, and ServicePort its port.
	ServiceNamespace, ServiceName string
	ServicePort                   intstr.IntOrString

	// Hosts and Path are those of the requests that it leads there; empty for
	// those of all. No check reads them.
	Hosts []string
	Path  string
}

// Certificate asks cert-manager for a certificate, in the annotation that Field
// and Issuer are the path and the value of.
type Certificate struct {
	Object
	Field, Issuer string
}

// Problem is one thing that is wrong with an object.
type Problem struct {
	Object Object

	// Field is the path of the field within the object, and Value its value.
	Field, Value string

	// Text says what is allowed.
	Text string
}

// Check returns what is wrong with the policies, and with what they allow.
func Check(manifests Manifests) []Problem {
	n := newNetwork(manifests)
	n.read()
	for _, p := range n.policies {
		n.resolve(p)
		n.tooBroad(p)
	}
	n.openPods()
	n.connections()
	n.visitors()
	n.certificates()
	return n.problems
}

// network is what the pods of the manifests can reach.
type network struct {
	Manifests
	problems []Problem

	pods       pods.Index
	services   map[[2]string]Service
	operatedBy map[string][]Object

	// podLabels are the keys of all labels that pods have.
	podLabels map[string]bool

	// policies are those that could be read, also by namespace, and restricting
	// those that select a workload, by its number.
	policies    []netPolicy
	byNamespace map[string][]netPolicy
	restricting map[int]map[networkingv1.PolicyType][]netPolicy

	// unresolved are the directions in which a policy selects pods or ports that
	// do not exist. Missing connections follow from that, and are not reported.
	unresolved map[direction]bool
}

func newNetwork(m Manifests) *network {
	n := &network{
		Manifests:   m,
		services:    map[[2]string]Service{},
		operatedBy:  map[string][]Object{},
		podLabels:   map[string]bool{},
		byNamespace: map[string][]netPolicy{},
		restricting: map[int]map[networkingv1.PolicyType][]netPolicy{},
		unresolved:  map[direction]bool{},
	}
	for _, w := range m.Workloads {
		n.pods.Add(w.Namespace, w.Labels())
		for key := range w.Labels() {
			n.podLabels[key] = true
		}
	}
	for _, s := range m.Services {
		if id := [2]string{s.Namespace, s.Name}; n.services[id].Name == "" {
			n.services[id] = s
		}
	}
	for _, o := range m.Operated {
		n.operatedBy[o.Namespace] = append(n.operatedBy[o.Namespace], o)
	}
	return n
}

func (n *network) add(o Object, field, value, format string, args ...any) {
	n.problems = append(n.problems, Problem{o, field, value, fmt.Sprintf(format, args...)})
}

// selected returns the workloads in namespace whose pods selector matches.
func (n *network) selected(namespace string, selector labels.Selector) []Workload {
	var found []Workload
	for _, i := range n.pods.Select(namespace, selector) {
		found = append(found, n.Workloads[i])
	}
	return found
}

// direction is one direction of the pods of one namespace.
type direction struct {
	namespace string
	policy    networkingv1.PolicyType
}

var directions = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}

// openPods reports the pods of a namespace that no policy restricts in a
// direction in which some policy restricts others.
func (n *network) openPods() {
	seen := map[direction]bool{}
	for _, p := range n.policies {
		for _, policy := range directions {
			d := direction{p.Namespace, policy}
			if !p.restricts(policy) || seen[d] || n.unresolved[d] {
				continue
			}
			seen[d] = true
			n.open(d)
		}
	}
}

func (n *network) open(d direction) {
	var open []Workload
	for _, i := range n.pods.In(d.namespace) {
		if !n.Workloads[i].OnNodeNetwork() && len(n.restricting[i][d.policy]) == 0 {
			open = append(open, n.Workloads[i])
		}
	}
	if len(open) > 0 {
		n.add(open[0].Object, open[0].LabelsField(), open[0].Labels().String(),
			"no NetworkPolicy restricts the %s of %s: add one that selects all pods of the namespace and "+
				"allows nothing", d.policy, list(open))
	}
}

// addUnresolved reports a policy that selects pods or ports that do not exist.
func (n *network) addUnresolved(p netPolicy, policy networkingv1.PolicyType, field, value, format string, args ...any) {
	n.unresolved[direction{p.Namespace, policy}] = true
	n.add(p.Object, field, value, format, args...)
}

// resolve reports selectors and ports that no pod has. It leaves a policy alone
// whose namespace has no pods here: they are elsewhere.
func (n *network) resolve(p netPolicy) {
	if !n.populated(p.Namespace) {
		return
	}
	selected, operated := n.selected(p.Namespace, p.pods), n.operated(p.Namespace, p.pods)
	if len(selected) == 0 && !operated {
		n.add(p.Object, "spec.podSelector", p.pods.String(), "selects no pod of these manifests")
		for policy := range p.rules {
			n.unresolved[direction{p.Namespace, policy}] = true
		}
		return
	}
	for _, r := range p.rules[networkingv1.PolicyTypeIngress] {
		n.peersExist(p, networkingv1.PolicyTypeIngress, r)
		if !operated {
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
func (n *network) peersExist(p netPolicy, policy networkingv1.PolicyType, r allowance) (found []Workload, all bool) {
	all = true
	for _, peer := range r.peers {
		namespaces, named := peer.namespaceNames(p.Namespace)
		elsewhere := func(name string) bool { return !n.populated(name) || n.operated(name, peer.pods) }
		if !named || slices.ContainsFunc(namespaces, elsewhere) {
			all = false
			continue
		}
		var selected []Workload
		for _, name := range namespaces {
			selected = append(selected, n.selected(name, peer.pods)...)
		}
		if len(selected) == 0 {
			n.addUnresolved(p, policy, peer.field+".podSelector", peer.pods.String(),
				"selects no pod of these manifests in %s", strings.Join(namespaces, ", "))
			all = false
		}
		found = append(found, selected...)
	}
	return found, all && len(found) > 0
}

func (n *network) portsExist(p netPolicy, policy networkingv1.PolicyType, r allowance, servers []Workload) {
	for i, port := range r.ports {
		listens := func(w Workload) bool {
			return slices.ContainsFunc(w.Ports(), func(has pods.Port) bool { return allowed(port, has) })
		}
		if port.Port != nil && !slices.ContainsFunc(servers, listens) {
			n.addUnresolved(p, policy, fmt.Sprintf("%s.ports[%d].port", r.field, i), port.Port.String(),
				"is not a port of the pods of %s: give the pods' port, not that of a Service", list(servers))
		}
	}
}

func (n *network) populated(namespace string) bool { return len(n.pods.In(namespace)) > 0 }

// operated reports whether selector may mean pods of namespace that no manifest
// holds, because an operator makes them: it asks for the name or kind of a
// custom resource, or for a prefixed label that no pod here has.
func (n *network) operated(namespace string, selector labels.Selector) bool {
	requirements, _ := selector.Requirements()
	for _, o := range n.operatedBy[namespace] {
		speaksOf := func(r labels.Requirement) bool {
			return r.Values().HasAny(o.Name, strings.ToLower(o.Kind))
		}
		if len(requirements) == 0 || slices.ContainsFunc(requirements, speaksOf) {
			return true
		}
	}
	return slices.ContainsFunc(requirements, func(r labels.Requirement) bool {
		return strings.Contains(r.Key(), "/") && !strings.HasPrefix(r.Key(), "app.kubernetes.io/") &&
			!n.podLabels[r.Key()]
	})
}

// tooBroad reports rules that allow more than a pod can need: connections from
// everywhere, to everywhere, or to every port.
func (n *network) tooBroad(p netPolicy) {
	for _, r := range p.rules[networkingv1.PolicyTypeIngress] {
		if len(r.peers) == 0 {
			n.add(p.Object, r.field+".from", "", "is required: without it everybody may connect")
		}
		for _, peer := range r.peers {
			switch {
			case peer.block != nil && everywhere(peer.block):
				n.add(p.Object, peer.field+".ipBlock.cidr", peer.block.CIDR,
					"lets everybody connect: give a smaller block, or the pods that need it")
			case peer.namespaces != nil && peer.namespaces.Empty() && peer.pods.Empty():
				n.add(p.Object, peer.field+".namespaceSelector", "",
					"lets every pod of the cluster connect: name a namespace")
			}
		}
		n.complete(p, r)
	}
	for _, r := range p.rules[networkingv1.PolicyTypeEgress] {
		if len(r.peers) == 0 && (len(r.ports) == 0 || slices.ContainsFunc(r.ports, beyondDNS)) {
			n.add(p.Object, r.field+".to", "",
				"is required, except for DNS: without it the pods may connect to everything")
		}
		n.complete(p, r)
	}
}

// complete reports a rule for all ports, and empty peers. A rule without peers
// has been reported by [network.tooBroad].
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

// list returns workloads as people write them, each once.
func list(workloads []Workload) string {
	var names []string
	for _, w := range workloads {
		if name := w.String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
