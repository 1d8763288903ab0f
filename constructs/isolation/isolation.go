// Package isolation holds the construct that closes a namespace: default-deny,
// plus the traffic that the constructs of the app declare.
package isolation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/internal/clone"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/rule"
)

// The names of the policies for all pods.
const (
	denyName = "default-deny"
	dnsName  = "allow-dns"
)

// Isolation is a set of NetworkPolicies for the namespace of its chart:
// default-deny denies all traffic of every pod, allow-dns allows DNS queries,
// and one policy for each workload, of the same name, allows what the workload
// declares, port by port. Workloads are those of every network.Source in the
// app, wherever they are added.
//
// The cluster needs a network plugin that enforces NetworkPolicies; without
// one they are accepted and do nothing. Traffic from a node to its own pods,
// such as probes, is always allowed; see
// https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/.
type Isolation struct {
	constructs.Construct

	node  *construct.Node
	props Props
	// policies are those of the workloads when the tree was last complete, and
	// problems what was wrong with them.
	policies map[string]policy
	problems field.ErrorList
	// added are the names of the policies that have an object.
	added map[string]bool
}

// New adds an [Isolation] called id to scope. Invalid props fail synthesis with
// the construct's path.
func New(scope constructs.Construct, id string, props Props) *Isolation {
	props = clone.Of(props)
	i := &Isolation{added: map[string]bool{}}
	i.node = construct.Init(i, scope, id)
	resolved, problems := props.resolve()
	i.node.Report(problems)

	i.props = resolved
	i.addPolicy("DefaultDeny", denyName, func() policy { return policy{} })
	i.addPolicy("AllowDNS", dnsName, func() policy { return policy{egress: i.props.dns()} })
	i.node.App().Finally(i.finish)
	i.node.Check(func() field.ErrorList { return i.problems })
	return i
}

// Workloads returns the names of the workloads that the app declares for the
// namespace so far, sorted. Its other pods may send DNS queries, and nothing
// else.
func (i *Isolation) Workloads() []string {
	if i == nil || i.node == nil {
		return nil
	}
	all := *i.Node().Root().Node().FindAll(constructs.ConstructOrder_PREORDER)
	return readTraffic(all).namespace(i.node.Namespace()).names()
}

// finish adds a policy for each workload of the complete tree that has none
// yet.
func (i *Isolation) finish() {
	t := trafficOf(i.node.App())
	i.policies = t.policies(i.node.Namespace(), i.props)
	for _, name := range rule.Keys(i.policies) {
		if !i.added[name] {
			i.addPolicy(name, name, func() policy { return i.policies[name] })
		}
	}
	i.problems = i.validate(t)
}

// addPolicy adds a NetworkPolicy with the rules that build returns.
func (i *Isolation) addPolicy(id, name string, build func() policy) {
	i.added[name] = true
	object.New(i, id, name, func() *networkingv1.NetworkPolicy { return build().object(i.node, name) })
}

// validate reports what the policies cannot express.
func (i *Isolation) validate(t *traffic) field.ErrorList {
	var e rule.Errors
	namespace := i.node.Namespace()
	n := t.namespace(namespace)
	names := n.names()
	if len(names) == 0 {
		e.Add("scope", namespace, "has no workload that uses the network: give New the chart of the workloads")
	}
	if first := n.isolations[0]; first != i.node.Path() {
		e.Add("scope", namespace, "already has the Isolation "+first+": remove one of the two")
	}
	n.validateFlows(&e)
	if clients := n.homeless(); len(clients) > 0 {
		e.Add("Namespace", "", fmt.Sprintf("must be given to the chart of %s, whose pods connect to namespace %q",
			strings.Join(clients, ", "), namespace))
	}
	for at, egress := range i.props.Egress {
		name := egress.from()
		if name == "" || len(names) == 0 {
			continue
		}
		other := construct.NamespaceOf(egress.From)
		if other != "" && other != namespace || !slices.Contains(names, name) {
			e.Add(rule.Item("Egress", at)+".From", name, fmt.Sprintf(
				"is no workload of namespace %q that uses the network; those are %s",
				namespace, strings.Join(names, ", ")))
		}
	}
	return e.Err()
}
