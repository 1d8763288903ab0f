package kube

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/labels"
)

// TmpPath is writable in every container, although its root is not.
const TmpPath = "/tmp"

// Mounts collects the volumes of a pod, and where its container sees them.
type Mounts struct {
	Volumes []corev1.Volume
	Mounts  []corev1.VolumeMount
}

// Tmp adds /tmp, of the size that t gives.
func (m *Mounts) Tmp(t pod.Template) {
	m.EmptyDir("tmp", TmpPath, cmp.Or(t.TmpSize, pod.DefaultTmpSize))
}

// Clone returns a copy of m, to which more can be added.
func (m Mounts) Clone() Mounts { return Mounts{slices.Clone(m.Volumes), slices.Clone(m.Mounts)} }

func (m *Mounts) add(name, path string, readOnly bool, source corev1.VolumeSource) {
	m.Volumes = append(m.Volumes, corev1.Volume{Name: name, VolumeSource: source})
	m.Mounts = append(m.Mounts, corev1.VolumeMount{Name: name, MountPath: path, ReadOnly: readOnly})
}

// EmptyDir adds a writable directory of the node's disk, which the pod must not
// fill above size.
func (m *Mounts) EmptyDir(name, path, size string) {
	m.add(name, path, false, emptyDir(size, ""))
}

// Memory adds a writable directory in memory. What it holds counts against the
// container's memory limit.
func (m *Mounts) Memory(name, path, size string) {
	m.add(name, path, false, emptyDir(size, corev1.StorageMediumMemory))
}

func emptyDir(size string, medium corev1.StorageMedium) corev1.VolumeSource {
	dir := &corev1.EmptyDirVolumeSource{Medium: medium}
	if size != "" {
		dir.SizeLimit = new(resource.MustParse(size))
	}
	return corev1.VolumeSource{EmptyDir: dir}
}

// Claim adds the volume of a PersistentVolumeClaim.
func (m *Mounts) Claim(name, path, claim string) {
	m.Volume(name, pod.Volume{MountPath: path, Claim: claim})
}

// Volume adds v under the given name.
func (m *Mounts) Volume(name string, v pod.Volume) {
	kind, object := v.Source()
	readOnly := v.ReadOnly
	var source corev1.VolumeSource
	switch kind {
	case "EmptyDir":
		source = emptyDir(v.EmptyDir, "")
	case "PersistentVolumeClaim":
		source.PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{ClaimName: object}
	case "ConfigMap":
		source.ConfigMap = &corev1.ConfigMapVolumeSource{Items: v.Items, DefaultMode: v.Mode}
		source.ConfigMap.Name = object
		readOnly = true
	case "Secret":
		source.Secret = &corev1.SecretVolumeSource{SecretName: object, Items: v.Items, DefaultMode: v.Mode}
		readOnly = true
	case "Projected":
		source.Projected = v.Projected
		readOnly = true
	case "Ephemeral":
		source.Ephemeral = v.Ephemeral
	}
	m.add(name, v.MountPath, readOnly, source)
	m.Mounts[len(m.Mounts)-1].SubPath = v.SubPath
}

// Add adds volumes whose names begin with prefix. keep chooses among them.
func (m *Mounts) Add(prefix string, volumes []pod.Volume, keep func(v pod.Volume) bool) {
	for i, v := range volumes {
		if keep == nil || keep(v) {
			m.Volume(pod.VolumeName(prefix, volumes, i), v)
		}
	}
}

// tokenPath is where clients look for the identity of their pod.
const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount"

// APIToken adds what a client of the API server needs, where clients look for
// it: a token that the kubelet renews, the certificate, the namespace; and,
// beside these, the name of the pod's Job. Unlike an automatic mount, it is for
// the containers that mount it alone.
func (m *Mounts) APIToken(name string) {
	certificate := &corev1.ConfigMapProjection{Items: []corev1.KeyToPath{{Key: "ca.crt", Path: "ca.crt"}}}
	certificate.Name = labels.RootCertificate
	sources := []corev1.VolumeProjection{
		{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: new(int64(3600))}},
		{ConfigMap: certificate},
		{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{
			fieldFile("namespace", "metadata.namespace"), fieldFile("job", jobNameField),
		}}},
	}
	m.add(name, tokenPath, true, corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: sources}})
}

// jobNameField is the field with the name of the Job that a pod belongs to.
const jobNameField = "metadata.labels['" + labels.JobName + "']"

// fieldFile is a file with the value of a field of the pod.
func fieldFile(path, field string) corev1.DownwardAPIVolumeFile {
	return corev1.DownwardAPIVolumeFile{
		Path: path, FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: field},
	}
}

// References lists the objects that t and volumes reference and that are made
// outside the app.
func References(namespace string, t pod.Template, volumes []pod.Volume, pullSecrets []string) []network.Object {
	var out []network.Object
	add := func(kind, name string) {
		out = append(out, network.Object{Kind: kind, Name: name, Namespace: namespace})
	}
	for _, v := range slices.Concat(volumes, t.Volumes) {
		if kind, name := v.Source(); v.External {
			add(kind, name)
		}
	}
	either := func(configMap, secret string, external bool) {
		switch {
		case external && configMap != "":
			add("ConfigMap", configMap)
		case external:
			add("Secret", secret)
		}
	}
	for _, s := range t.EnvFrom {
		either(s.ConfigMap, s.Secret, s.External)
	}
	for _, k := range t.EnvKeys {
		either(k.ConfigMap, k.Secret, k.External)
	}
	for _, name := range pullSecrets {
		add("Secret", name)
	}
	if t.ServiceAccount.Existing != "" {
		add("ServiceAccount", t.ServiceAccount.Existing)
	}
	return out
}
