package manifest

import (
	"cmp"
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// httpRoute is as much of an HTTPRoute as rules read; see
// https://gateway-api.sigs.k8s.io/reference/spec/#httproute.
type httpRoute struct {
	Spec struct {
		Rules []struct {
			BackendRefs []struct {
				Group     string `json:"group"`
				Kind      string `json:"kind"`
				Namespace string `json:"namespace"`
				Name      string `json:"name"`
				Port      int32  `json:"port"`
			} `json:"backendRefs"`
		} `json:"rules"`
	} `json:"spec"`
}

// serviceMonitor is as much of a ServiceMonitor as rules read; see
// https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.ServiceMonitor.
type serviceMonitor struct {
	Spec struct {
		Selector          metav1.LabelSelector `json:"selector"`
		NamespaceSelector struct {
			Any        bool     `json:"any"`
			MatchNames []string `json:"matchNames"`
		} `json:"namespaceSelector"`
		Endpoints []struct {
			Port string `json:"port"`
		} `json:"endpoints"`
	} `json:"spec"`
}

// newCustom returns an empty object of the given custom kind, or nil when no
// rule reads it.
func newCustom(kind schema.GroupVersionKind) any {
	switch kind {
	case schema.GroupVersionKind{Group: "gateway.networking.k8s.io", Version: "v1", Kind: "HTTPRoute"}:
		return &httpRoute{}
	case schema.GroupVersionKind{Group: "monitoring.coreos.com", Version: "v1", Kind: "ServiceMonitor"}:
		return &serviceMonitor{}
	}
	return nil
}

// backend is the port of a Service that an Ingress or HTTPRoute leads to, and
// the fields that say so.
type backend struct {
	nameField, portField string
	namespace, name      string
	port                 intstr.IntOrString
}

func backendsOf(o Object) []backend {
	if ingress, ok := o.Content.(*networkingv1.Ingress); ok {
		return ingressBackends(o.Namespace, ingress)
	}
	if route, ok := o.custom.(*httpRoute); ok {
		return routeBackends(o.Namespace, route)
	}
	return nil
}

func ingressBackends(namespace string, ingress *networkingv1.Ingress) []backend {
	var found []backend
	add := func(field string, b *networkingv1.IngressBackend) {
		if b == nil || b.Service == nil {
			return
		}
		port := intstr.FromInt32(b.Service.Port.Number)
		if b.Service.Port.Name != "" {
			port = intstr.FromString(b.Service.Port.Name)
		}
		found = append(found, backend{field + ".service.name", field + ".service.port", namespace, b.Service.Name, port})
	}
	add("spec.defaultBackend", ingress.Spec.DefaultBackend)
	for i, rule := range ingress.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		for j, path := range rule.HTTP.Paths {
			add(fmt.Sprintf("spec.rules[%d].http.paths[%d].backend", i, j), &path.Backend)
		}
	}
	return found
}

func routeBackends(namespace string, route *httpRoute) []backend {
	var found []backend
	for i, rule := range route.Spec.Rules {
		for j, ref := range rule.BackendRefs {
			if ref.Group != "" || ref.Kind != "" && ref.Kind != "Service" {
				continue
			}
			field := fmt.Sprintf("spec.rules[%d].backendRefs[%d]", i, j)
			found = append(found, backend{field + ".name", field + ".port", cmp.Or(ref.Namespace, namespace), ref.Name, intstr.FromInt32(ref.Port)})
		}
	}
	return found
}
