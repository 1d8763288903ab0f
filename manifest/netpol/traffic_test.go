package netpol_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"example.com/django-cdk8s/manifest/netpol"
	"example.com/django-cdk8s/manifest/pods"
)

// shop is a web server that connects to a cache and to a host outside, and a route
// to it. The policies are those given, in the same namespace.
func shop(policies ...networkingv1.NetworkPolicySpec) netpol.Manifests {
	workload := func(name string, port int32, env ...corev1.EnvVar) netpol.Workload {
		template := &corev1.PodTemplateSpec{}
		template.Labels = map[string]string{"app": name}
		template.Spec.Containers = []corev1.Container{{
			Ports: []corev1.ContainerPort{{Name: "main", ContainerPort: port}}, Env: env,
		}}
		return netpol.Workload{
			Object: netpol.Object{Kind: "Deployment", Namespace: "shop", Name: name},
			Pods:   pods.Pods{Template: template, Field: "spec.template.spec"},
		}
	}
	service := func(name string, port int32) netpol.Service {
		return netpol.Service{
			Object:   netpol.Object{Kind: "Service", Namespace: "shop", Name: name},
			Selector: labels.SelectorFromSet(labels.Set{"app": name}),
			Ports:    []corev1.ServicePort{{Port: port}},
		}
	}
	m := netpol.Manifests{
		Workloads: []netpol.Workload{
			workload("web", 8000, corev1.EnvVar{Name: "CACHE_URL", Value: "redis://cache:6379/0"},
				corev1.EnvVar{Name: "MAIL_HOST", Value: "mail.example.com"}, corev1.EnvVar{Name: "MAIL_PORT", Value: "587"}),
			workload("cache", 6379),
		},
		Services: []netpol.Service{service("web", 8000), service("cache", 6379)},
		Routes:   []netpol.Route{{ServiceNamespace: "shop", ServiceName: "web", ServicePort: intstr.FromInt32(8000)}},
	}
	for _, spec := range policies {
		m.Policies = append(m.Policies, netpol.Policy{
			Object: netpol.Object{Kind: "NetworkPolicy", Namespace: "shop", Name: "policy"}, Spec: spec,
		})
	}
	return m
}

func only(app string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}
}

func ports(numbers ...int32) []networkingv1.NetworkPolicyPort {
	var found []networkingv1.NetworkPolicyPort
	for _, number := range numbers {
		found = append(found, networkingv1.NetworkPolicyPort{Port: new(intstr.FromInt32(number))})
	}
	return found
}

var (
	denyAll = networkingv1.NetworkPolicySpec{
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
	}
	webOut = networkingv1.NetworkPolicySpec{
		PodSelector: *only("web"), PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeEgress},
		Egress: []networkingv1.NetworkPolicyEgressRule{
			{To: []networkingv1.NetworkPolicyPeer{{PodSelector: only("cache")}}, Ports: ports(6379)},
			{To: []networkingv1.NetworkPolicyPeer{{IPBlock: &networkingv1.IPBlock{CIDR: "0.0.0.0/0"}}}, Ports: ports(587)},
		},
	}
	cacheIn = networkingv1.NetworkPolicySpec{
		PodSelector: *only("cache"), PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
		Ingress: []networkingv1.NetworkPolicyIngressRule{
			{From: []networkingv1.NetworkPolicyPeer{{PodSelector: only("web")}}, Ports: ports(6379)},
		},
	}
	webIn = networkingv1.NetworkPolicySpec{
		PodSelector: *only("web"), PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
		Ingress: []networkingv1.NetworkPolicyIngressRule{{
			From: []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{
				MatchLabels: map[string]string{corev1.LabelMetadataName: "proxy"},
			}}},
			Ports: ports(8000),
		}},
	}
)

func TestTrafficSaysWhatPoliciesDeny(t *testing.T) {
	for name, c := range map[string]struct {
		policies                 []networkingv1.NetworkPolicySpec
		connection, mail, visits bool
	}{
		"no policy":                {nil, false, false, false},
		"nothing is allowed":       {[]networkingv1.NetworkPolicySpec{denyAll}, true, true, true},
		"the client is let out":    {[]networkingv1.NetworkPolicySpec{denyAll, webOut}, true, false, true},
		"the server lets in":       {[]networkingv1.NetworkPolicySpec{denyAll, cacheIn}, true, true, true},
		"both":                     {[]networkingv1.NetworkPolicySpec{denyAll, webOut, cacheIn}, false, false, true},
		"visitors come by a proxy": {[]networkingv1.NetworkPolicySpec{denyAll, webIn}, true, true, false},
	} {
		traffic := netpol.TrafficOf(shop(c.policies...))
		want := fmt.Sprintf("%+v", []any{
			[]netpol.Connection{{Client: 0, Server: 1, Service: "cache", Ports: []pods.Port{{Number: 6379, Name: "main", Protocol: "TCP"}}, Denied: c.connection}},
			[]netpol.Elsewhere{{Client: 0, Host: "mail.example.com", Port: 587, Denied: c.mail}},
			[]netpol.Visit{{Route: 0, Server: 0, Ports: []pods.Port{{Number: 8000, Name: "main", Protocol: "TCP"}}, Denied: c.visits}},
		})
		if got := fmt.Sprintf("%+v", []any{traffic.Connections, traffic.Elsewhere, traffic.Visits}); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}

func TestTrafficHoldsTheRulesOfPolicies(t *testing.T) {
	others := networkingv1.NetworkPolicySpec{
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
		Ingress: []networkingv1.NetworkPolicyIngressRule{{
			From: []networkingv1.NetworkPolicyPeer{
				{IPBlock: &networkingv1.IPBlock{CIDR: "192.0.2.0/24"}},
				{PodSelector: only("nobody"), NamespaceSelector: &metav1.LabelSelector{}},
				{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": "ops"}}},
				{PodSelector: only("nobody")},
			},
			Ports: []networkingv1.NetworkPolicyPort{
				{}, {Port: new(intstr.FromInt32(1)), EndPort: new(int32(9))}, {Port: new(intstr.FromString("main"))},
			},
		}},
	}
	const in, out = networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress
	want := fmt.Sprintf("%+v", []netpol.Allowance{
		{Namespace: "shop", Workloads: []int{0}, Direction: out, Peers: []netpol.Peer{{Workloads: []int{1}}}, Ports: []string{"6379"}},
		{Namespace: "shop", Workloads: []int{0}, Direction: out, Peers: []netpol.Peer{{Name: "any address"}}, Ports: []string{"587"}},
		{Namespace: "shop", Workloads: []int{0}, Direction: in, Peers: []netpol.Peer{{Name: "namespace proxy"}}, Ports: []string{"8000"}},
		{Namespace: "shop", Workloads: []int{0, 1}, Everybody: true, Direction: in, Peers: []netpol.Peer{
			{Name: "192.0.2.0/24"}, {Name: "pods nobody of any namespace"}, {Name: "namespaces team=ops"}, {Name: "pods nobody"},
		}, Ports: []string{"any port", "1-9", "main"}},
	})
	traffic := netpol.TrafficOf(shop(denyAll, webOut, webIn, others))
	if got := fmt.Sprintf("%+v", traffic.Allowances); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if !traffic.Restricted(1, out) || netpol.TrafficOf(shop(webOut)).Restricted(1, out) {
		t.Error("Restricted does not say which pods a policy restricts")
	}
}
