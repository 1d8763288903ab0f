package netpol_test

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"example.com/django-cdk8s/manifest/netpol"
	"example.com/django-cdk8s/manifest/pods"
)

// A namespace with one policy, which leaves one of its pods out.
func ExampleCheck() {
	workload := func(name string) netpol.Workload {
		template := &corev1.PodTemplateSpec{}
		template.Labels = map[string]string{"app": name}
		return netpol.Workload{
			Object: netpol.Object{Kind: "Deployment", Namespace: "shop", Name: name},
			Pods:   pods.Pods{Template: template, Field: "spec.template.spec"},
		}
	}
	policy := netpol.Policy{Object: netpol.Object{Kind: "NetworkPolicy", Namespace: "shop", Name: "web"}}
	policy.Spec = networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}}
	policy.Spec.PodSelector.MatchLabels = map[string]string{"app": "web"}

	for _, p := range netpol.Check(netpol.Manifests{
		Policies:  []netpol.Policy{policy},
		Workloads: []netpol.Workload{workload("web"), workload("worker")},
	}) {
		fmt.Printf("%s: %s: %q: %s\n", p.Object, p.Field, p.Value, p.Text)
	}
	// Output:
	// Deployment shop/worker: spec.template.metadata.labels: "app=worker": no NetworkPolicy restricts the Ingress of Deployment shop/worker: add one that selects all pods of the namespace and allows nothing
}
