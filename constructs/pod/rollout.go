package pod

import (
	"fmt"
	"math"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/internal/rule"
)

// Rollout are the numbers of an update of a Deployment; see
// https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment.
type Rollout struct {
	// MaxSurge is the number of pods above the replicas.
	//
	// Default: 1, unless MaxUnavailable is given.
	MaxSurge int

	// MaxUnavailable is the number of pods below the replicas.
	//
	// Default: 0.
	MaxUnavailable int

	// MinReadySeconds is the time for which a new pod must be ready to count.
	//
	// Default: 0, or what the construct documents.
	MinReadySeconds int

	// ProgressDeadlineSeconds is the time without progress after which the
	// update counts as failed.
	//
	// Default: 600, that of Kubernetes.
	ProgressDeadlineSeconds int
}

// WithDefaults returns r with its defaults filled in.
func (r Rollout) WithDefaults() Rollout {
	if r.MaxSurge == 0 && r.MaxUnavailable == 0 {
		r.MaxSurge = 1
	}
	return r
}

// Validate reports every invalid field.
func (r Rollout) Validate() field.ErrorList {
	var e rule.Errors
	e.Range("MaxSurge", r.MaxSurge, 0, 1000)
	e.Range("MaxUnavailable", r.MaxUnavailable, 0, 1000)
	e.Range("MinReadySeconds", r.MinReadySeconds, 0, math.MaxInt32)
	e.Range("ProgressDeadlineSeconds", r.ProgressDeadlineSeconds, 0, math.MaxInt32)
	switch deadline := r.ProgressDeadlineSeconds; {
	case deadline == 0 && r.MinReadySeconds <= math.MaxInt32 && r.MinReadySeconds >= defaultProgressDeadlineSeconds:
		e.Add("MinReadySeconds", r.MinReadySeconds, fmt.Sprintf(
			"must be below ProgressDeadlineSeconds, which is %d by default", defaultProgressDeadlineSeconds))
	case deadline > 0 && deadline <= r.MinReadySeconds && r.MinReadySeconds <= math.MaxInt32:
		e.Add("ProgressDeadlineSeconds", deadline, fmt.Sprintf("must be above MinReadySeconds, %d", r.MinReadySeconds))
	}
	return e.Err()
}

// defaultProgressDeadlineSeconds is that of Kubernetes.
const defaultProgressDeadlineSeconds = 600
