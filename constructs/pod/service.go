package pod

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/internal/rule"
)

// Service are the settings of the Service in front of a workload. The zero
// value means its defaults.
type Service struct {
	// Annotations are annotations of the Service, such as those of a cloud's
	// load balancer.
	//
	// Default: none.
	Annotations map[string]string

	// Type is ClusterIP, NodePort or LoadBalancer.
	//
	// Default: ClusterIP.
	Type corev1.ServiceType

	// SessionAffinity is None, or ClientIP, which leads a client to the same
	// pod.
	//
	// Default: None.
	SessionAffinity corev1.ServiceAffinity
}

// Kind returns the type of the Service.
func (s Service) Kind() corev1.ServiceType { return cmp.Or(s.Type, corev1.ServiceTypeClusterIP) }

// Validate reports every invalid field.
func (s Service) Validate() field.ErrorList {
	var e rule.Errors
	e.Annotations("Annotations", s.Annotations, nil)
	e.OneOf("Type", string(s.Kind()),
		string(corev1.ServiceTypeClusterIP), string(corev1.ServiceTypeNodePort), string(corev1.ServiceTypeLoadBalancer))
	if s.SessionAffinity != "" {
		e.OneOf("SessionAffinity", string(s.SessionAffinity), string(corev1.ServiceAffinityNone),
			string(corev1.ServiceAffinityClientIP))
	}
	return e.Err()
}
