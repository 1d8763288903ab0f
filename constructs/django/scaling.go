package django

import (
	"cmp"
	"fmt"
	"math"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"

	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// Defaults of [Autoscaling].
const (
	// DefaultMinReplicas keeps one pod while a node is drained of the other.
	DefaultMinReplicas = 2

	// DefaultCPUPercent leaves room for the half a minute that a new pod takes
	// to serve.
	DefaultCPUPercent = 80
)

// Autoscaling makes the number of pods follow their CPU use, by a
// HorizontalPodAutoscaler. It needs metrics-server, or another source of the
// resource metrics. The Deployment then says nothing of replicas, so that
// applying it again does not undo what the autoscaler did.
type Autoscaling struct {
	// MinReplicas is the lowest number of pods.
	//
	// Default: [DefaultMinReplicas], or MaxReplicas where that is lower.
	MinReplicas int

	// MaxReplicas is the highest number of pods. The connection budget of the
	// database counts with it.
	//
	// Default: 0, no autoscaling.
	MaxReplicas int

	// CPUPercent is the CPU use that is aimed at, in percent of the request,
	// averaged over the pods.
	//
	// Default: [DefaultCPUPercent].
	CPUPercent int
}

func (a Autoscaling) on() bool { return a.MaxReplicas != 0 }

func (a Autoscaling) withDefaults() Autoscaling {
	if a == (Autoscaling{}) {
		return a
	}
	a.MinReplicas = cmp.Or(a.MinReplicas, min(DefaultMinReplicas, max(a.MaxReplicas, 1)))
	a.CPUPercent = cmp.Or(a.CPUPercent, DefaultCPUPercent)
	return a
}

// validate checks a with its defaults filled in, and replicas, which is nil
// where it is not given.
func (a Autoscaling) validate(e *rule.Errors, replicas *int) {
	if a == (Autoscaling{}) {
		if replicas != nil {
			e.Range("Replicas", *replicas, 0, math.MaxInt32)
		}
		return
	}
	if replicas != nil {
		e.Add("Replicas", *replicas, "must not be given with Autoscaling, which decides on it")
	}
	e.Range("Autoscaling.MaxReplicas", a.MaxReplicas, 1, math.MaxInt32)
	e.Range("Autoscaling.CPUPercent", a.CPUPercent, 1, 1000)
	e.Range("Autoscaling.MinReplicas", a.MinReplicas, 1, math.MaxInt32)
	if a.MinReplicas > a.MaxReplicas && a.MaxReplicas > 0 {
		e.Add("Autoscaling.MinReplicas", a.MinReplicas, fmt.Sprintf("must not be above MaxReplicas, %d", a.MaxReplicas))
	}
}

// max returns the highest number of pods, and min the lowest.
func (a Autoscaling) max(replicas *int) int { return a.choose(a.MaxReplicas, replicas) }
func (a Autoscaling) min(replicas *int) int { return a.choose(a.MinReplicas, replicas) }

func (a Autoscaling) choose(own int, replicas *int) int {
	if a.on() {
		return own
	}
	return *replicas
}

// replicas returns what the Deployment says of the number of pods.
func (a Autoscaling) replicas(replicas *int) *float64 {
	if a.on() {
		return nil
	}
	return jsii.Number(*replicas)
}

// scaled is a Deployment whose pods may be several.
type scaled struct {
	scope       constructs.Construct
	name        string
	part        labels.Part
	autoscaling Autoscaling
	replicas    *int
}

func (s scaled) metadata() *k8s.ObjectMeta {
	return &k8s.ObjectMeta{Name: &s.name, Labels: bind.Map(labels.Object(s.name, s.part, bind.PartOf(s.scope)))}
}

// newScaling adds what keeps the number of pods right: the autoscaler, and,
// where there are always two pods, the budget for drains. With one pod, a
// budget would block the drain of its node for good.
func newScaling(s scaled) {
	if s.autoscaling.on() {
		newAutoscaler(s)
	}
	if s.autoscaling.min(s.replicas) >= 2 {
		newDisruptionBudget(s)
	}
}

func newAutoscaler(s scaled) {
	k8s.NewKubeHorizontalPodAutoscalerV2(s.scope, new("Autoscaler"), &k8s.KubeHorizontalPodAutoscalerV2Props{
		Metadata: s.metadata(),
		Spec: &k8s.HorizontalPodAutoscalerSpecV2{
			ScaleTargetRef: &k8s.CrossVersionObjectReferenceV2{
				ApiVersion: new("apps/v1"), Kind: new("Deployment"), Name: &s.name,
			},
			MinReplicas: jsii.Number(s.autoscaling.MinReplicas),
			MaxReplicas: jsii.Number(s.autoscaling.MaxReplicas),
			Metrics: bind.List(k8s.MetricSpecV2{
				Type: new("Resource"),
				Resource: &k8s.ResourceMetricSourceV2{
					Name:   new("cpu"),
					Target: &k8s.MetricTargetV2{Type: new("Utilization"), AverageUtilization: jsii.Number(s.autoscaling.CPUPercent)},
				},
			}),
		},
	})
}

func newDisruptionBudget(s scaled) {
	k8s.NewKubePodDisruptionBudget(s.scope, new("DisruptionBudget"), &k8s.KubePodDisruptionBudgetProps{
		Metadata: s.metadata(),
		Spec: &k8s.PodDisruptionBudgetSpec{
			MaxUnavailable: k8s.IntOrString_FromNumber(jsii.Number(1)),
			Selector:       &k8s.LabelSelector{MatchLabels: bind.Map(labels.Selector(s.name))},
			// A pod that is not ready serves nobody; keeping it would block the
			// drain of its node.
			UnhealthyPodEvictionPolicy: new("AlwaysAllow"),
		},
	})
}

// spread asks the scheduler to put pods on different nodes and zones where it
// can. Only pods of the same version count, so that those of the one before do
// not push the new ones together.
func (s scaled) spread() *[]*k8s.TopologySpreadConstraint {
	if s.autoscaling.max(s.replicas) < 2 {
		return nil
	}
	var constraints []k8s.TopologySpreadConstraint
	for _, key := range []string{labels.Hostname, labels.Zone} {
		constraints = append(constraints, k8s.TopologySpreadConstraint{
			MaxSkew:           jsii.Number(1),
			TopologyKey:       &key,
			WhenUnsatisfiable: new("ScheduleAnyway"),
			LabelSelector:     &k8s.LabelSelector{MatchLabels: bind.Map(labels.Selector(s.name))},
			MatchLabelKeys:    jsii.Strings("pod-template-hash"),
		})
	}
	return bind.List(constraints...)
}

// oneMore is the strategy of a Deployment whose new pods are ready before old
// ones go.
func oneMore() *k8s.DeploymentStrategy {
	return &k8s.DeploymentStrategy{
		Type: new("RollingUpdate"),
		RollingUpdate: &k8s.RollingUpdateDeployment{
			MaxSurge:       k8s.IntOrString_FromNumber(jsii.Number(1)),
			MaxUnavailable: k8s.IntOrString_FromNumber(jsii.Number(0)),
		},
	}
}

// oneAtATime is the strategy of a Deployment whose old pod goes before the new
// one starts.
func oneAtATime() *k8s.DeploymentStrategy {
	return &k8s.DeploymentStrategy{Type: new("Recreate")}
}
