package manifest

import (
	"cmp"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"

	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/manifest/pods"
)

// httpRoute is the part of an HTTPRoute that rules read; see
// https://gateway-api.sigs.k8s.io/reference/spec/#httproute.
type httpRoute struct {
	Spec struct {
		ParentRefs []parentRef `json:"parentRefs"`
		Hostnames  []string    `json:"hostnames"`
		Rules      []struct {
			Matches     []routeMatch `json:"matches"`
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

// parentRef names the Gateway, or the part of one, that a route belongs to.
type parentRef struct {
	Group       string `json:"group"`
	Kind        string `json:"kind"`
	Namespace   string `json:"namespace"`
	Name        string `json:"name"`
	SectionName string `json:"sectionName"`
	Port        int32  `json:"port"`
}

// routeMatch is what a request must have for a rule to apply to it.
type routeMatch struct {
	Path struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"path"`
	Method      string `json:"method"`
	Headers     []any  `json:"headers"`
	QueryParams []any  `json:"queryParams"`
}

// serviceMonitor is the part of a ServiceMonitor that rules read; see
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
	if kind.Group == "external-secrets.io" {
		return newExternal(kind.Kind)
	}
	switch kind {
	case schema.GroupVersionKind{Group: "gateway.networking.k8s.io", Version: "v1", Kind: "HTTPRoute"}:
		return &httpRoute{}
	case schema.GroupVersionKind{Group: "monitoring.coreos.com", Version: "v1", Kind: "ServiceMonitor"}:
		return &serviceMonitor{}
	case schema.GroupVersionKind{Group: "argoproj.io", Version: "v1alpha1", Kind: "Application"}:
		return &application{}
	case schema.GroupVersionKind{Group: "argoproj.io", Version: "v1alpha1", Kind: "ApplicationSet"}:
		return &applicationSet{}
	case schema.GroupVersionKind{Group: "kustomize.toolkit.fluxcd.io", Version: "v1", Kind: "Kustomization"}:
		return &kustomization{}
	}
	return nil
}

// backend is the port of a Service that an Ingress or HTTPRoute leads to, and
// the fields that say so.
type backend struct {
	nameField, portField string
	namespace, name      string
	port                 intstr.IntOrString

	// hosts and path are those that lead there; empty for all of them.
	hosts []string
	path  string
}

// leadsTo reports whether port is the one that b names.
func (b backend) leadsTo(port corev1.ServicePort) bool { return pods.Names(b.port, port) }

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
	add := func(field string, b *networkingv1.IngressBackend, hosts []string, path string) {
		if b == nil || b.Service == nil {
			return
		}
		port := intstr.FromInt32(b.Service.Port.Number)
		if b.Service.Port.Name != "" {
			port = intstr.FromString(b.Service.Port.Name)
		}
		found = append(found,
			backend{field + ".service.name", field + ".service.port", namespace, b.Service.Name, port, hosts, path})
	}
	add("spec.defaultBackend", ingress.Spec.DefaultBackend, nil, "")
	for i, rule := range ingress.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		var hosts []string
		if rule.Host != "" {
			hosts = []string{rule.Host}
		}
		for j, path := range rule.HTTP.Paths {
			add(fmt.Sprintf("spec.rules[%d].http.paths[%d].backend", i, j), &path.Backend, hosts, path.Path)
		}
	}
	return found
}

func routeBackends(namespace string, route *httpRoute) []backend {
	var found []backend
	for i, rule := range route.Spec.Rules {
		path := ""
		if len(rule.Matches) == 1 {
			path = rule.Matches[0].Path.Value
		}
		for j, ref := range rule.BackendRefs {
			if ref.Group != "" || ref.Kind != "" && ref.Kind != "Service" {
				continue
			}
			field := fmt.Sprintf("spec.rules[%d].backendRefs[%d]", i, j)
			found = append(found, backend{
				field + ".name", field + ".port",
				cmp.Or(ref.Namespace, namespace), ref.Name, intstr.FromInt32(ref.Port),
				route.Spec.Hostnames, path,
			})
		}
	}
	return found
}

// issuerOf returns the annotation by which an Ingress asks cert-manager for its
// Secrets, and the issuer there; both empty when it does not. See
// https://cert-manager.io/docs/usage/ingress/.
func issuerOf(ingress *networkingv1.Ingress) (key, issuer string) {
	for _, key := range []string{labels.Issuer, labels.ClusterIssuer} {
		if issuer := ingress.Annotations[key]; issuer != "" {
			return key, issuer
		}
	}
	return "", ""
}

func (c *checker) exposure() {
	served := map[string]Object{}
	for _, o := range c.objects {
		for _, p := range pathsOf(o) {
			earlier, taken := served[p.id]
			switch {
			case !taken:
				served[p.id] = o
			case !c.duplicates[o.Source] || !c.duplicates[earlier.Source]:
				c.add(o, p.field, p.host+p.path,
					"is also served by %s: which of them gets the requests is not defined", earlier)
			}
		}
	}
	for _, s := range c.services {
		for i, ip := range s.Spec.ExternalIPs {
			c.add(s.Object, fmt.Sprintf("spec.externalIPs[%d]", i), ip,
				"lets the Service take what others send to that address (CVE-2020-8554): use the type LoadBalancer, "+
					"an Ingress or an HTTPRoute")
		}
	}
}

// servedPath is one path of one host that a route serves, and the field that says
// so. Two of the same id serve the same requests.
type servedPath struct{ id, field, host, path string }

func pathsOf(o Object) []servedPath {
	if ingress, ok := o.Content.(*networkingv1.Ingress); ok {
		return ingressPaths(ingress)
	}
	if route, ok := o.custom.(*httpRoute); ok {
		return routePaths(o.Namespace, route)
	}
	return nil
}

// canary is the annotation of an Ingress that takes a share of the requests of
// another one on purpose; see
// https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary.
const canary = "nginx.ingress.kubernetes.io/canary"

func ingressPaths(ingress *networkingv1.Ingress) []servedPath {
	if ingress.Annotations[canary] == "true" {
		return nil
	}
	class := ingress.Annotations[labels.IngressClass]
	if ingress.Spec.IngressClassName != nil {
		class = *ingress.Spec.IngressClassName
	}
	var found []servedPath
	for i, rule := range ingress.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		for j, p := range rule.HTTP.Paths {
			// An exact path comes before a prefix, so that both may be there.
			exact := p.PathType != nil && *p.PathType == networkingv1.PathTypeExact
			path := p.Path
			if !exact {
				path = strings.TrimRight(path, "/") + "/"
			}
			found = append(found, servedPath{
				fmt.Sprintf("%q", []any{"Ingress", class, rule.Host, exact, path}),
				fmt.Sprintf("spec.rules[%d].http.paths[%d].path", i, j), rule.Host, cmp.Or(p.Path, "/"),
			})
		}
	}
	return found
}

func routePaths(namespace string, route *httpRoute) []servedPath {
	hosts := route.Spec.Hostnames
	if len(hosts) == 0 {
		hosts = []string{""}
	}
	var found []servedPath
	for _, parent := range route.Spec.ParentRefs {
		parent.Namespace = cmp.Or(parent.Namespace, namespace)
		for _, host := range hosts {
			for i, rule := range route.Spec.Rules {
				matches := rule.Matches
				if len(matches) == 0 {
					matches = []routeMatch{{}}
				}
				for j, m := range matches {
					m.Path.Type, m.Path.Value = cmp.Or(m.Path.Type, "PathPrefix"), cmp.Or(m.Path.Value, "/")
					found = append(found, servedPath{
						fmt.Sprintf("%+v", []any{"HTTPRoute", parent, host, m}),
						fmt.Sprintf("spec.rules[%d].matches[%d].path", i, j), host, m.Path.Value,
					})
				}
			}
		}
	}
	return found
}
