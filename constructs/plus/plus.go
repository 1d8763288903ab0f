// Package plus shows objects of this library to cdk8s-plus, whose constructs
// take types of their own:
//
//	kplus.IngressBackend_FromService(plus.Service(web.Service()), nil)
//
// A program that does not import it does not load cdk8s-plus.
package plus

import (
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	kplus "github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2"
	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/constructs/object"
)

// Service returns a Service of cdk8s-plus with the name and the ports of s, to
// refer to. It is not part of the app: changes of it reach no manifest.
func Service(s *object.Object[*corev1.Service]) kplus.Service {
	content := s.Content()
	var ports []*kplus.ServicePort
	for _, port := range content.Spec.Ports {
		ports = append(ports, &kplus.ServicePort{Name: &port.Name, Port: jsii.Number(port.Port)})
	}
	aside := cdk8s.NewChart(cdk8s.NewApp(nil), new("aside"), &cdk8s.ChartProps{Namespace: &content.Namespace})
	return kplus.NewService(aside, new("Service"), &kplus.ServiceProps{
		Metadata: &cdk8s.ApiObjectMetadata{Name: &content.Name}, Ports: &ports,
	})
}
