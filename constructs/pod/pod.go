// Package pod holds the values that describe any pod of this library: its
// resources, volumes, scaling, and the [Template] that every workload takes.
package pod

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/internal/rule"
)

// Quantities are amounts of CPU, memory and local disk.
type Quantities struct {
	// CPU is an amount of CPU, in cores or millicores: "1", "500m".
	//
	// Default: what the construct documents.
	CPU string

	// Memory is an amount of memory, in bytes with a unit: "512Mi", "1Gi".
	//
	// Default: what the construct documents.
	Memory string

	// EphemeralStorage is what the container may write to the node's disk, with
	// its logs and the emptyDir volumes of the pod, in bytes with a unit: "2Gi".
	//
	// Default: none; the size limits of the volumes alone.
	EphemeralStorage string
}

// List returns the quantities as Kubernetes has them, for a container of one's
// own. It panics on a text that is none.
func (q Quantities) List() corev1.ResourceList {
	list := corev1.ResourceList{}
	for name, text := range map[corev1.ResourceName]string{
		corev1.ResourceCPU: q.CPU, corev1.ResourceMemory: q.Memory, corev1.ResourceEphemeralStorage: q.EphemeralStorage,
	} {
		if text != "" {
			list[name] = resource.MustParse(text)
		}
	}
	return list
}

// Resources are the requests and limits of a container; see
// https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/.
type Resources struct {
	// Requests are what the scheduler reserves for the container.
	//
	// Default: what the construct documents, or the limit where that is lower.
	Requests Quantities

	// Limits are the most that the container may use. Above the CPU limit it is
	// throttled, above the memory limit killed, above the limit of local disk
	// evicted.
	//
	// Default: what the construct documents, or the request where that is
	// higher.
	Limits Quantities
}

// WithDefaults returns r with its empty amounts taken from d. A default never
// contradicts a value that was given: it gives way to a lower limit or a
// higher request.
func (r Resources) WithDefaults(d Resources) Resources {
	q, l, dq, dl := &r.Requests, &r.Limits, d.Requests, d.Limits
	q.CPU, l.CPU = fill(q.CPU, l.CPU, dq.CPU, dl.CPU)
	q.Memory, l.Memory = fill(q.Memory, l.Memory, dq.Memory, dl.Memory)
	q.EphemeralStorage, l.EphemeralStorage = fill(
		q.EphemeralStorage, l.EphemeralStorage, dq.EphemeralStorage, dl.EphemeralStorage)
	return r
}

func fill(request, limit, defaultRequest, defaultLimit string) (string, string) {
	switch {
	case request == "" && limit != "" && less(limit, defaultRequest):
		return limit, limit
	case limit == "" && request != "" && less(defaultLimit, request):
		return request, request
	}
	return cmp.Or(request, defaultRequest), cmp.Or(limit, defaultLimit)
}

func less(a, b string) bool {
	qa, errA := resource.ParseQuantity(a)
	qb, errB := resource.ParseQuantity(b)
	return errA == nil && errB == nil && qa.Cmp(qb) < 0
}

// Validate reports every amount that is no quantity, and every request above
// its limit. Empty amounts stand for defaults and are not checked.
func (r Resources) Validate() field.ErrorList {
	var e rule.Errors
	check := func(what, request, limit string, parse func(field, value string) *resource.Quantity) {
		var req, lim *resource.Quantity
		if request != "" {
			req = parse("Requests."+what, request)
		}
		if limit != "" {
			lim = parse("Limits."+what, limit)
		}
		if req != nil && lim != nil && req.Cmp(*lim) > 0 {
			e.Add("Requests."+what, request, "must not be above its limit "+limit)
		}
	}
	check("CPU", r.Requests.CPU, r.Limits.CPU, e.CPU)
	check("Memory", r.Requests.Memory, r.Limits.Memory, e.Bytes)
	check("EphemeralStorage", r.Requests.EphemeralStorage, r.Limits.EphemeralStorage, e.Bytes)
	return e.Err()
}
