// Package pods reads what manifests say of pods: which objects make them, what
// their containers listen on, where their environment tells them to connect.
package pods

import (
	"cmp"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Pods are the pods that one object makes, or the one that it is.
type Pods struct {
	// Template is what the pods are made from.
	Template *corev1.PodTemplateSpec

	// Field is the path of the pods' spec within the object.
	Field string
}

// Of returns the pods that object makes; false when it makes none.
func Of(object runtime.Object) (Pods, bool) {
	const field = "spec.template.spec"
	switch o := object.(type) {
	case *corev1.Pod:
		return Pods{&corev1.PodTemplateSpec{ObjectMeta: o.ObjectMeta, Spec: o.Spec}, "spec"}, true
	case *appsv1.Deployment:
		return Pods{&o.Spec.Template, field}, true
	case *appsv1.ReplicaSet:
		return Pods{&o.Spec.Template, field}, true
	case *appsv1.DaemonSet:
		return Pods{&o.Spec.Template, field}, true
	case *appsv1.StatefulSet:
		return Pods{&o.Spec.Template, field}, true
	case *batchv1.Job:
		return Pods{&o.Spec.Template, field}, true
	case *batchv1.CronJob:
		return Pods{&o.Spec.JobTemplate.Spec.Template, "spec.jobTemplate." + field}, true
	}
	return Pods{}, false
}

// Labels returns the labels of the pods.
func (p Pods) Labels() labels.Set { return p.Template.Labels }

// LabelsField returns the path of the labels of the pods within the object.
func (p Pods) LabelsField() string { return strings.TrimSuffix(p.Field, "spec") + "metadata.labels" }

// OnNodeNetwork reports whether the pods share the network of their node, where
// NetworkPolicies do not apply to them.
func (p Pods) OnNodeNetwork() bool { return p.Template.Spec.HostNetwork }

// EachContainer calls f for every container with its path within the object,
// init containers first.
func (p Pods) EachContainer(f func(field string, container *corev1.Container, init bool)) {
	for i := range p.Template.Spec.InitContainers {
		f(p.Field+".initContainers["+strconv.Itoa(i)+"]", &p.Template.Spec.InitContainers[i], true)
	}
	for i := range p.Template.Spec.Containers {
		f(p.Field+".containers["+strconv.Itoa(i)+"]", &p.Template.Spec.Containers[i], false)
	}
}

// Port is a port that pods listen on. Its name may be empty.
type Port struct {
	Number   int32
	Name     string
	Protocol corev1.Protocol
}

// Ports returns the ports of all containers.
func (p Pods) Ports() []Port {
	var found []Port
	for _, containers := range [][]corev1.Container{p.Template.Spec.InitContainers, p.Template.Spec.Containers} {
		for _, container := range containers {
			for _, port := range container.Ports {
				found = append(found, Port{port.ContainerPort, port.Name, Protocol(port.Protocol)})
			}
		}
	}
	return found
}

// Protocol returns the protocol, which is TCP where the manifest says nothing.
func Protocol(protocol corev1.Protocol) corev1.Protocol { return cmp.Or(protocol, corev1.ProtocolTCP) }

// Names reports whether ref, as routes refer to a port of a Service, means port.
func Names(ref intstr.IntOrString, port corev1.ServicePort) bool {
	if ref.Type == intstr.String {
		return port.Name == ref.StrVal
	}
	return port.Port == ref.IntVal
}

// TargetPort returns the port of the pods that a Service's port leads to.
func TargetPort(port corev1.ServicePort) intstr.IntOrString {
	if port.TargetPort == (intstr.IntOrString{}) {
		return intstr.FromInt32(port.Port)
	}
	return port.TargetPort
}
