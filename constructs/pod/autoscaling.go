package pod

import (
	"cmp"
	"fmt"
	"math"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/internal/rule"
)

// Defaults of [Autoscaling].
const (
	// DefaultMinReplicas is the lowest number of pods: one stays when a node is
	// drained.
	DefaultMinReplicas = 2

	// DefaultCPUPercent is the target CPU use in percent of the request. The rest
	// is for the half minute until a new pod serves.
	DefaultCPUPercent = 80
)

// Autoscaling lets a HorizontalPodAutoscaler set the number of pods by their
// CPU use. It needs metrics-server, or another source of the resource metrics.
// The Deployment then has no replicas, so that applying it again does not undo
// what the autoscaler did.
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

	// CPUPercent is the target CPU use in percent of the request, averaged over
	// the pods.
	//
	// Default: [DefaultCPUPercent].
	CPUPercent int
}

// Enabled reports whether there is an autoscaler.
func (a Autoscaling) Enabled() bool { return a.MaxReplicas != 0 }

// WithDefaults returns a with its defaults filled in.
func (a Autoscaling) WithDefaults() Autoscaling {
	if a == (Autoscaling{}) {
		return a
	}
	a.MinReplicas = cmp.Or(a.MinReplicas, min(DefaultMinReplicas, max(a.MaxReplicas, 1)))
	a.CPUPercent = cmp.Or(a.CPUPercent, DefaultCPUPercent)
	return a
}

// Validate reports every invalid field.
func (a Autoscaling) Validate() field.ErrorList {
	var e rule.Errors
	if a == (Autoscaling{}) {
		return nil
	}
	a = a.WithDefaults()
	e.Range("MaxReplicas", a.MaxReplicas, 1, math.MaxInt32)
	e.Range("CPUPercent", a.CPUPercent, 1, 1000)
	e.Range("MinReplicas", a.MinReplicas, 1, math.MaxInt32)
	if a.MinReplicas > a.MaxReplicas && a.MaxReplicas > 0 {
		e.Add("MinReplicas", a.MinReplicas, fmt.Sprintf("must not be above MaxReplicas, %d", a.MaxReplicas))
	}
	return e.Err()
}
