package kube

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/labels"
)

// Scale is the number of pods of a Deployment.
type Scale struct {
	Name        string
	Part        labels.Part
	Autoscaling pod.Autoscaling
	Replicas    int
}

// Max returns the highest number of pods besides those of an update.
func (s Scale) Max() int {
	if s.Autoscaling.Enabled() {
		return s.Autoscaling.MaxReplicas
	}
	return s.Replicas
}

func (s Scale) min() int {
	if s.Autoscaling.Enabled() {
		return s.Autoscaling.MinReplicas
	}
	return s.Replicas
}

// DeploymentReplicas returns what the Deployment says of the number of pods.
func (s Scale) DeploymentReplicas() *int32 {
	if s.Autoscaling.Enabled() {
		return nil
	}
	return new(int32(s.Replicas))
}

// NewScaling adds what keeps the number of pods right: the autoscaler, and,
// where there are always two pods, the budget for drains. With one pod, a
// budget would block the drain of its node for good.
func NewScaling(n *construct.Node, s Scale) {
	if s.Autoscaling.Enabled() {
		newAutoscaler(n, s)
	}
	if s.min() >= 2 {
		newDisruptionBudget(n, s)
	}
}

func newAutoscaler(n *construct.Node, s Scale) {
	object.New(n.Construct(), "Autoscaler", s.Name, func() *autoscalingv2.HorizontalPodAutoscaler {
		return &autoscalingv2.HorizontalPodAutoscaler{
			ObjectMeta: Meta(n, s.Name, s.Part),
			Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
				ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: s.Name},
				MinReplicas:    new(int32(s.Autoscaling.MinReplicas)),
				MaxReplicas:    int32(s.Autoscaling.MaxReplicas),
				Metrics: []autoscalingv2.MetricSpec{{
					Type: autoscalingv2.ResourceMetricSourceType,
					Resource: &autoscalingv2.ResourceMetricSource{
						Name: corev1.ResourceCPU,
						Target: autoscalingv2.MetricTarget{
							Type: autoscalingv2.UtilizationMetricType, AverageUtilization: new(int32(s.Autoscaling.CPUPercent)),
						},
					},
				}},
			},
		}
	})
}

func newDisruptionBudget(n *construct.Node, s Scale) {
	object.New(n.Construct(), "DisruptionBudget", s.Name, func() *policyv1.PodDisruptionBudget {
		return &policyv1.PodDisruptionBudget{
			ObjectMeta: Meta(n, s.Name, s.Part),
			Spec: policyv1.PodDisruptionBudgetSpec{
				MaxUnavailable: new(intstr.FromInt32(1)),
				Selector:       &metav1.LabelSelector{MatchLabels: labels.Selector(s.Name)},
				// A pod that is not ready serves nobody; keeping it would block
				// the drain of its node.
				UnhealthyPodEvictionPolicy: new(policyv1.AlwaysAllow),
			},
		}
	})
}

// Spread asks the scheduler to put pods on different nodes and zones where it
// can. Only pods of the same version count, so that those of the one before do
// not push the new ones together.
func (s Scale) Spread() []corev1.TopologySpreadConstraint {
	if s.Max() < 2 {
		return nil
	}
	var constraints []corev1.TopologySpreadConstraint
	for _, key := range []string{corev1.LabelHostname, corev1.LabelTopologyZone} {
		constraints = append(constraints, corev1.TopologySpreadConstraint{
			MaxSkew:           1,
			TopologyKey:       key,
			WhenUnsatisfiable: corev1.ScheduleAnyway,
			LabelSelector:     &metav1.LabelSelector{MatchLabels: labels.Selector(s.Name)},
			MatchLabelKeys:    []string{appsv1.DefaultDeploymentUniqueLabelKey},
		})
	}
	return constraints
}

// RollingUpdate is the strategy of a Deployment whose new pods are ready before
// old ones go. surge is the number of pods above the replicas.
func RollingUpdate(surge, unavailable int) appsv1.DeploymentStrategy {
	return appsv1.DeploymentStrategy{
		Type: appsv1.RollingUpdateDeploymentStrategyType,
		RollingUpdate: &appsv1.RollingUpdateDeployment{
			MaxSurge:       new(intstr.FromInt32(int32(surge))),
			MaxUnavailable: new(intstr.FromInt32(int32(unavailable))),
		},
	}
}

// Recreate is the strategy of a Deployment whose old pod goes before the new
// one starts.
func Recreate() appsv1.DeploymentStrategy {
	return appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
}

// Pods returns "(6+1 pods)", or "(6 pods)" without surge, for a formula.
func Pods(pods, surge int) string { return fmt.Sprintf("(%d+%d pods)", pods, surge) }

// DeploymentSpec returns the numbers of r.
func DeploymentSpec(r pod.Rollout) appsv1.DeploymentSpec {
	spec := appsv1.DeploymentSpec{
		Strategy: RollingUpdate(r.MaxSurge, r.MaxUnavailable), MinReadySeconds: int32(r.MinReadySeconds),
	}
	if r.ProgressDeadlineSeconds > 0 {
		spec.ProgressDeadlineSeconds = new(int32(r.ProgressDeadlineSeconds))
	}
	return spec
}
