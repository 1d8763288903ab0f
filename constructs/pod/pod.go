// Package pod holds the values that describe any pod of this library: how much
// CPU and memory it gets, and what is mounted into it.
package pod

import (
	"cmp"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"example.com/django-cdk8s/internal/rule"
)

// Amounts is an amount of CPU and one of memory.
type Amounts struct {
	// CPU in cores or millicores: "1", "500m".
	CPU string

	// Memory in bytes with a unit: "512Mi", "1Gi".
	Memory string
}

// Resources says how much CPU and memory a container gets.
type Resources struct {
	// Requests is what the scheduler sets aside for the container.
	//
	// Default: what the construct documents, or the limit where that is lower.
	Requests Amounts

	// Limits is what the container may use at most. Above its CPU limit it is
	// slowed down, above its memory limit it is killed.
	//
	// Default: what the construct documents, or the request where that is
	// higher.
	Limits Amounts
}

// WithDefaults returns r with its empty amounts taken from d. A default never
// contradicts a value that was given: it gives way to a lower limit or a
// higher request.
func (r Resources) WithDefaults(d Resources) Resources {
	r.Requests.CPU, r.Limits.CPU = fill(r.Requests.CPU, r.Limits.CPU, d.Requests.CPU, d.Limits.CPU)
	r.Requests.Memory, r.Limits.Memory = fill(r.Requests.Memory, r.Limits.Memory, d.Requests.Memory, d.Limits.Memory)
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
func (r Resources) Validate() error {
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
	return e.Err()
}

// Volume is one directory that is mounted into a container, from exactly one
// of EmptyDir, Claim, ConfigMap and Secret.
type Volume struct {
	// MountPath is the directory's absolute path in the container.
	//
	// Required.
	MountPath string

	// EmptyDir makes the directory writable, empty at first and lost with the
	// pod; the value is its size limit, such as "1Gi", above which the pod is
	// evicted.
	EmptyDir string

	// Claim is the name of a PersistentVolumeClaim.
	Claim string

	// ConfigMap is the name of a ConfigMap, whose keys become read-only files.
	ConfigMap string

	// Secret is the name of a Secret, whose keys become read-only files.
	Secret string

	// ReadOnly keeps the container from writing to an EmptyDir or a Claim.
	ReadOnly bool

	// External says that the Claim, ConfigMap or Secret is made outside this
	// app. Without it, one that the app does not make is an error.
	External bool
}

// Source returns the kind and the name of the object that v mounts; for an
// EmptyDir the name is empty.
func (v Volume) Source() (kind, name string) {
	switch {
	case v.Claim != "":
		return "PersistentVolumeClaim", v.Claim
	case v.ConfigMap != "":
		return "ConfigMap", v.ConfigMap
	case v.Secret != "":
		return "Secret", v.Secret
	}
	return "EmptyDir", ""
}

// Validate reports everything that is wrong with v.
func (v Volume) Validate() error {
	var e rule.Errors
	e.AbsolutePath("MountPath", v.MountPath)
	given := 0
	for _, source := range []string{v.EmptyDir, v.Claim, v.ConfigMap, v.Secret} {
		if source != "" {
			given++
		}
	}
	kind, name := v.Source()
	switch {
	case given != 1:
		e.Add("MountPath", v.MountPath, "must be given exactly one of EmptyDir, Claim, ConfigMap and Secret")
	case kind == "EmptyDir":
		e.Bytes("EmptyDir", v.EmptyDir)
		if v.External {
			e.Add("External", v.External, "must not be set for an EmptyDir, which no other app can make")
		}
	default:
		e.Name(strings.TrimPrefix(kind, "PersistentVolume"), name)
	}
	return e.Err()
}
