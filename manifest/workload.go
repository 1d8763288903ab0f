package manifest

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// workload is an object that makes pods, or a pod.
type workload struct {
	Object

	template *corev1.PodTemplateSpec
	// field is the path of the pod's spec within the object.
	field string
	// selector is what the workload knows its pods by; nil where Kubernetes
	// sets it.
	selector *metav1.LabelSelector
	claims   []corev1.PersistentVolumeClaim
	// replicas is the number of pods that the manifest asks for; nil where it
	// says nothing.
	replicas *int32
}

func workloadOf(o Object) (workload, bool) {
	const template = "spec.template.spec"
	switch content := o.Content.(type) {
	case *corev1.Pod:
		return workload{o, &corev1.PodTemplateSpec{ObjectMeta: content.ObjectMeta, Spec: content.Spec}, "spec", nil, nil, nil}, true
	case *appsv1.Deployment:
		return workload{o, &content.Spec.Template, template, orEmpty(content.Spec.Selector), nil, content.Spec.Replicas}, true
	case *appsv1.ReplicaSet:
		return workload{o, &content.Spec.Template, template, orEmpty(content.Spec.Selector), nil, content.Spec.Replicas}, true
	case *appsv1.DaemonSet:
		return workload{o, &content.Spec.Template, template, orEmpty(content.Spec.Selector), nil, nil}, true
	case *appsv1.StatefulSet:
		return workload{o, &content.Spec.Template, template, orEmpty(content.Spec.Selector), content.Spec.VolumeClaimTemplates, content.Spec.Replicas}, true
	case *batchv1.Job:
		return workload{o, &content.Spec.Template, template, nil, nil, nil}, true
	case *batchv1.CronJob:
		return workload{o, &content.Spec.JobTemplate.Spec.Template, "spec.jobTemplate." + template, nil, nil, nil}, true
	}
	return workload{}, false
}

func orEmpty(s *metav1.LabelSelector) *metav1.LabelSelector {
	if s == nil {
		return &metav1.LabelSelector{}
	}
	return s
}

// eachContainer calls f for every container with its path within the object.
func (w workload) eachContainer(f func(field string, container *corev1.Container, init bool)) {
	for i := range w.template.Spec.InitContainers {
		f(fmt.Sprintf("%s.initContainers[%d]", w.field, i), &w.template.Spec.InitContainers[i], true)
	}
	for i := range w.template.Spec.Containers {
		f(fmt.Sprintf("%s.containers[%d]", w.field, i), &w.template.Spec.Containers[i], false)
	}
}

func (w workload) containerNames() []string {
	var names []string
	w.eachContainer(func(_ string, container *corev1.Container, _ bool) { names = append(names, container.Name) })
	return names
}

// scalable reports whether w has a number of replicas.
func (w workload) scalable() bool {
	return w.Kind == "Deployment" || w.Kind == "ReplicaSet" || w.Kind == "StatefulSet"
}

// labelsField is the path of the labels of the pods within the object.
func (w workload) labelsField() string {
	return strings.TrimSuffix(w.field, "spec") + "metadata.labels"
}

func (w workload) volumeNames() []string {
	var names []string
	for _, v := range w.template.Spec.Volumes {
		names = append(names, v.Name)
	}
	for _, claim := range w.claims {
		names = append(names, claim.Name)
	}
	return names
}

// hasPort reports whether a container of the pod listens on port.
func (w workload) hasPort(port intstr.IntOrString) bool {
	found := false
	w.eachContainer(func(_ string, container *corev1.Container, _ bool) {
		found = found || hasPort(container, port)
	})
	return found
}

func hasPort(container *corev1.Container, port intstr.IntOrString) bool {
	for _, p := range container.Ports {
		if port.Type == intstr.String && p.Name == port.StrVal || port.Type == intstr.Int && p.ContainerPort == port.IntVal {
			return true
		}
	}
	return false
}

// targetPort returns the port of the pods that a Service's port leads to.
func targetPort(port corev1.ServicePort) intstr.IntOrString {
	if port.TargetPort == (intstr.IntOrString{}) {
		return intstr.FromInt32(port.Port)
	}
	return port.TargetPort
}

// probe is a probe of a container and the field that holds it.
type probe struct {
	name string
	*corev1.Probe
}

func probesOf(container *corev1.Container) []probe {
	probes := []probe{
		{"startupProbe", container.StartupProbe}, {"readinessProbe", container.ReadinessProbe}, {"livenessProbe", container.LivenessProbe},
	}
	return slices.DeleteFunc(probes, func(p probe) bool { return p.Probe == nil })
}

// podSelector returns the spec.selector by which o, which makes no pods
// itself, finds pods of its namespace; nil when it has none.
func podSelector(o Object) (labels.Selector, error) {
	switch content := o.Content.(type) {
	case *corev1.Service:
		if len(content.Spec.Selector) > 0 {
			return labels.SelectorFromSet(content.Spec.Selector), nil
		}
	case *policyv1.PodDisruptionBudget:
		return metav1.LabelSelectorAsSelector(content.Spec.Selector)
	}
	return nil, nil
}
