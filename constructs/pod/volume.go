package pod

import (
	"path"
	"strings"
	"unicode"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/internal/rule"
)

// Volume is a directory, or with SubPath a single file, that is mounted into a
// container, from exactly one of EmptyDir, Claim, ConfigMap, Secret, Projected
// and Ephemeral.
type Volume struct {
	// MountPath is the absolute path in the container.
	//
	// Required.
	MountPath string

	// Name is the volume's name in the pod, by which further containers of a
	// [Template] mount it.
	//
	// Default: volume-N, or own-volume-N in a Template; N counts from 0.
	Name string

	// SubPath is the file or directory of the volume that is mounted, in place
	// of its root. Later changes of a ConfigMap or Secret do not reach it.
	//
	// Default: none.
	SubPath string

	// EmptyDir is the size limit, such as "1Gi", of a writable directory that
	// is empty at first and lost with the pod. Above the limit the pod is
	// evicted.
	//
	// Default: none.
	EmptyDir string

	// Claim is the name of a PersistentVolumeClaim.
	//
	// Default: none.
	Claim string

	// ConfigMap is the name of a ConfigMap, whose keys become read-only files.
	//
	// Default: none.
	ConfigMap string

	// Secret is the name of a Secret, whose keys become read-only files.
	//
	// Default: none.
	Secret string

	// Projected maps several sources into one directory; see
	// https://kubernetes.io/docs/concepts/storage/projected-volumes/.
	//
	// Default: none.
	Projected *corev1.ProjectedVolumeSource

	// Ephemeral is a volume of a storage class that lives as long as the pod;
	// see https://kubernetes.io/docs/concepts/storage/ephemeral-volumes/.
	//
	// Default: none.
	Ephemeral *corev1.EphemeralVolumeSource

	// Items are the keys of the ConfigMap or Secret that become files, and
	// their paths.
	//
	// Default: every key, under its own name.
	Items []corev1.KeyToPath

	// Mode is the permission of the files of a ConfigMap or Secret, such as
	// 0o440.
	//
	// Default: 0o644.
	Mode *int32

	// ReadOnly keeps the container from writing to an EmptyDir, a Claim or an
	// Ephemeral volume.
	//
	// Default: false.
	ReadOnly bool

	// External marks a Claim, ConfigMap or Secret that is made outside this
	// app. Without it, one that the app does not make is an error.
	//
	// Default: false.
	External bool
}

// Source returns the kind and the name of the object that v mounts. For a
// volume without one, the name is empty.
func (v Volume) Source() (kind, name string) {
	switch {
	case v.Claim != "":
		return "PersistentVolumeClaim", v.Claim
	case v.ConfigMap != "":
		return "ConfigMap", v.ConfigMap
	case v.Secret != "":
		return "Secret", v.Secret
	case v.Projected != nil:
		return "Projected", ""
	case v.Ephemeral != nil:
		return "Ephemeral", ""
	}
	return "EmptyDir", ""
}

// Validate reports everything that is wrong with v.
func (v Volume) Validate() field.ErrorList {
	var e rule.Errors
	e.MountPath("MountPath", v.MountPath)
	if v.Name != "" && len(validation.IsDNS1123Label(v.Name)) > 0 {
		e.Add("Name", v.Name, "must be 1 to 63 lower-case letters, digits or '-', and start and end with a letter or digit")
	}
	e.YAML("Name", v.Name)
	if v.SubPath != "" && (!relative(v.SubPath) || strings.ContainsFunc(v.SubPath, unicode.IsControl)) {
		e.Add("SubPath", v.SubPath, "must be a relative path without '.', '..', control characters or a trailing slash")
	}
	e.YAML("SubPath", v.SubPath)
	given := 0
	for _, one := range []bool{
		v.EmptyDir != "", v.Claim != "", v.ConfigMap != "", v.Secret != "", v.Projected != nil, v.Ephemeral != nil,
	} {
		if one {
			given++
		}
	}
	if given != 1 {
		e.Add("MountPath", v.MountPath,
			"needs exactly one of EmptyDir, Claim, ConfigMap, Secret, Projected and Ephemeral")
		return e.Err()
	}
	v.validateSource(&e)
	return e.Err()
}

func (v Volume) validateSource(e *rule.Errors) {
	kind, name := v.Source()
	files := kind == "ConfigMap" || kind == "Secret"
	switch {
	case kind == "EmptyDir":
		e.Bytes("EmptyDir", v.EmptyDir)
	case name != "":
		e.Name(strings.TrimPrefix(kind, "PersistentVolume"), name)
	}
	if v.External && name == "" {
		e.Add("External", v.External, "must not be set for a volume of kind "+kind+", which no other app can make")
	}
	if len(v.Items) > 0 && !files {
		e.Add("Items", "...", "must not be given without ConfigMap or Secret")
	}
	for i, item := range v.Items {
		e.SecretKey(rule.Item("Items", i)+".Key", item.Key)
		if item.Path == "" || !relative(item.Path) {
			e.Add(rule.Item("Items", i)+".Path", item.Path, "must be a relative path without '.', '..' or a trailing slash")
		}
	}
	if v.Mode != nil && (!files || *v.Mode < 0 || *v.Mode > 0o777) {
		e.Add("Mode", *v.Mode, "must be between 0 and 0o777, and only for a ConfigMap or Secret")
	}
}

// relative reports whether name is a clean path that stays below its start.
func relative(name string) bool {
	return !path.IsAbs(name) && path.Clean(name) == name && !strings.HasPrefix(name, "..")
}
