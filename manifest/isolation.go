package manifest

import (
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	apilabels "k8s.io/apimachinery/pkg/labels"

	"example.com/django-cdk8s/manifest/netpol"
)

// isolation adds the problems that package netpol finds.
func (c *checker) isolation() {
	for _, p := range netpol.Check(c.network()) {
		c.add(c.objects[p.Object.Index], p.Field, p.Value, "%s", p.Text)
	}
}

// Network returns what package netpol reads of objects. The index of each object
// in it is that in objects.
func Network(objects []Object) netpol.Manifests { return newChecker(objects, Options{}).network() }

func (c *checker) network() netpol.Manifests {
	m := netpol.Manifests{Namespaces: map[string]apilabels.Set{}}
	workloads, services := c.workloads, c.services
	for i, o := range c.objects {
		object := netpol.Object{Index: i, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name}
		if len(workloads) > 0 && workloads[0].Content == o.Content {
			m.Workloads = append(m.Workloads, netpol.Workload{Object: object, Pods: workloads[0].Pods})
			workloads = workloads[1:]
		}
		if len(services) > 0 && services[0].Content == o.Content {
			m.Services = append(m.Services,
				netpol.Service{Object: object, Selector: services[0].selector, Ports: services[0].Spec.Ports})
			services = services[1:]
		}
		switch content := o.Content.(type) {
		case *networkingv1.NetworkPolicy:
			m.Policies = append(m.Policies, netpol.Policy{Object: object, Spec: content.Spec})
		case *networkingv1.Ingress:
			if key, issuer := issuerOf(content); issuer != "" {
				field := fmt.Sprintf("metadata.annotations[%s]", key)
				m.Certificates = append(m.Certificates,
					netpol.Certificate{Object: object, Field: field, Issuer: issuer})
			}
		}
		for _, b := range backendsOf(o) {
			m.Routes = append(m.Routes, netpol.Route{
				Object: object, Field: b.nameField,
				ServiceNamespace: b.namespace, ServiceName: b.name, ServicePort: b.port,
				Hosts: b.hosts, Path: b.path,
			})
		}
	}
	for name, namespace := range c.namespaces {
		m.Namespaces[name] = namespace.Labels
	}
	for _, custom := range c.operated {
		for _, o := range custom {
			m.Operated = append(m.Operated, netpol.Object{Kind: o.Kind, Namespace: o.Namespace, Name: o.Name})
		}
	}
	return m
}
