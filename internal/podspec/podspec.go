// Package podspec builds the parts of a pod that are the same for every
// workload: what Pod Security "restricted" asks for, its resources, its
// volumes.
package podspec

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"

	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/declare"
	"example.com/django-cdk8s/internal/image"
	"example.com/django-cdk8s/internal/labels"
)

// TmpPath is writable in every container, although its root is not.
const TmpPath = "/tmp"

// SecurityContext runs every container of a pod as the given user and group,
// never as root, under the container runtime's default seccomp profile. Volumes
// belong to the group, so that the user can write to them.
func SecurityContext(id int) *k8s.PodSecurityContext {
	return &k8s.PodSecurityContext{
		RunAsNonRoot: jsii.Bool(true),
		RunAsUser:    jsii.Number(id),
		RunAsGroup:   jsii.Number(id),
		FsGroup:      jsii.Number(id),
		// Walking a large volume on every start takes minutes; see
		// https://kubernetes.io/docs/tasks/configure-pod-container/security-context/#configure-volume-permission-and-ownership-change-policy-for-pods.
		FsGroupChangePolicy: jsii.String("OnRootMismatch"),
		SeccompProfile:      &k8s.SeccompProfile{Type: jsii.String("RuntimeDefault")},
	}
}

// ContainerSecurityContext takes every privilege and the writable root from a
// container.
func ContainerSecurityContext() *k8s.SecurityContext {
	return &k8s.SecurityContext{
		AllowPrivilegeEscalation: jsii.Bool(false),
		ReadOnlyRootFilesystem:   jsii.Bool(true),
		Capabilities:             &k8s.Capabilities{Drop: jsii.Strings("ALL")},
	}
}

// Resources converts r.
func Resources(r pod.Resources) *k8s.ResourceRequirements {
	amounts := func(a pod.Amounts) *map[string]k8s.Quantity {
		return bind.Quantities(map[string]string{"cpu": a.CPU, "memory": a.Memory})
	}
	return &k8s.ResourceRequirements{Requests: amounts(r.Requests), Limits: amounts(r.Limits)}
}

// PullPolicy returns when the node asks the registry for the image: every time for
// a tag that moves, and otherwise only when the node does not have it.
func PullPolicy(ref string) *string {
	if image.Floating(ref) {
		return jsii.String("Always")
	}
	return jsii.String("IfNotPresent")
}

// Mounts collects the volumes of a pod, and where its container sees them.
type Mounts struct {
	volumes []k8s.Volume
	mounts  []k8s.VolumeMount
}

// EmptyDir adds a writable directory at path, called name. An empty size means
// no limit but the node's disk.
func (m *Mounts) EmptyDir(name, path, size string) {
	m.add(k8s.Volume{Name: &name, EmptyDir: emptyDir(size)}, path, false)
}

// Memory adds a writable directory in memory at path. What it holds counts
// against the container's memory limit.
func (m *Mounts) Memory(name, path, size string) {
	dir := emptyDir(size)
	dir.Medium = jsii.String("Memory")
	m.add(k8s.Volume{Name: &name, EmptyDir: dir}, path, false)
}

func emptyDir(size string) *k8s.EmptyDirVolumeSource {
	if size == "" {
		return &k8s.EmptyDirVolumeSource{}
	}
	return &k8s.EmptyDirVolumeSource{SizeLimit: k8s.Quantity_FromString(&size)}
}

// Volume adds v under the given name.
func (m *Mounts) Volume(name string, v pod.Volume) {
	kind, source := v.Source()
	switch kind {
	case "EmptyDir":
		m.add(k8s.Volume{Name: &name, EmptyDir: emptyDir(v.EmptyDir)}, v.MountPath, v.ReadOnly)
	case "PersistentVolumeClaim":
		m.add(k8s.Volume{Name: &name, PersistentVolumeClaim: &k8s.PersistentVolumeClaimVolumeSource{ClaimName: &source}}, v.MountPath, v.ReadOnly)
	case "ConfigMap":
		m.add(k8s.Volume{Name: &name, ConfigMap: &k8s.ConfigMapVolumeSource{Name: &source}}, v.MountPath, true)
	case "Secret":
		m.add(k8s.Volume{Name: &name, Secret: &k8s.SecretVolumeSource{SecretName: &source}}, v.MountPath, true)
	}
}

func (m *Mounts) add(volume k8s.Volume, path string, readOnly bool) {
	mount := k8s.VolumeMount{Name: volume.Name, MountPath: &path}
	if readOnly {
		mount.ReadOnly = jsii.Bool(true)
	}
	m.volumes = append(m.volumes, volume)
	m.mounts = append(m.mounts, mount)
}

// rootCertificate is the ConfigMap by which Kubernetes shows every namespace the
// certificate of the API server.
const rootCertificate = "kube-root-ca.crt"

// APIToken adds what a client of the API server needs, where clients look for
// it: a token that the kubelet renews, the certificate, the namespace. Unlike an
// automatic mount, it is for the containers that mount it alone.
func (m *Mounts) APIToken(name string) {
	m.add(k8s.Volume{Name: &name, Projected: &k8s.ProjectedVolumeSource{Sources: bind.List(
		k8s.VolumeProjection{ServiceAccountToken: &k8s.ServiceAccountTokenProjection{Path: jsii.String("token")}},
		k8s.VolumeProjection{ConfigMap: &k8s.ConfigMapProjection{
			Name:  jsii.String(rootCertificate),
			Items: bind.List(k8s.KeyToPath{Key: jsii.String("ca.crt"), Path: jsii.String("ca.crt")}),
		}},
		k8s.VolumeProjection{DownwardApi: &k8s.DownwardApiProjection{Items: bind.List(k8s.DownwardApiVolumeFile{
			Path: jsii.String("namespace"), FieldRef: &k8s.ObjectFieldSelector{FieldPath: jsii.String("metadata.namespace")},
		})}},
	)}}, "/var/run/secrets/kubernetes.io/serviceaccount", true)
}

// Clone returns a copy of m, to which more can be added.
func (m *Mounts) Clone() Mounts { return Mounts{slices.Clone(m.volumes), slices.Clone(m.mounts)} }

// Volumes returns the pod's volumes.
func (m *Mounts) Volumes() *[]*k8s.Volume { return bind.List(m.volumes...) }

// VolumeMounts returns where the container sees them.
func (m *Mounts) VolumeMounts() *[]*k8s.VolumeMount { return bind.List(m.mounts...) }

// VolumeName names the i-th of a user's volumes.
func VolumeName(i int) string { return fmt.Sprintf("volume-%d", i) }

// Externals returns the sources of volumes that are made outside the app.
func Externals(namespace string, volumes []pod.Volume) []declare.Object {
	var out []declare.Object
	for _, v := range volumes {
		if kind, name := v.Source(); v.External {
			out = append(out, declare.Object{Kind: kind, Name: name, Namespace: namespace})
		}
	}
	return out
}

// PullSecrets names the Secrets by which the node shows a registry who pulls.
func PullSecrets(names []string) *[]*k8s.LocalObjectReference {
	var refs []k8s.LocalObjectReference
	for _, name := range names {
		refs = append(refs, k8s.LocalObjectReference{Name: &name})
	}
	return bind.List(refs...)
}

// ExternalPullSecrets declares those Secrets, which are never part of an app.
func ExternalPullSecrets(namespace string, names []string) []declare.Object {
	var out []declare.Object
	for _, name := range names {
		out = append(out, declare.Object{Kind: "Secret", Name: name, Namespace: namespace})
	}
	return out
}

// Env is the environment of a container, in the order in which it was added.
type Env []k8s.EnvVar

// Set adds a plain value.
func (e *Env) Set(name, value string) {
	*e = append(*e, k8s.EnvVar{Name: &name, Value: &value})
}

// FromSecret adds the value that the Secret called secret holds under key. The
// container does not start before the Secret holds it.
func (e *Env) FromSecret(name, secret, key string) {
	*e = append(*e, k8s.EnvVar{Name: &name, ValueFrom: &k8s.EnvVarSource{
		SecretKeyRef: &k8s.SecretKeySelector{Name: &secret, Key: &key},
	}})
}

// FromField adds the value of a field of the pod, such as status.podIP.
func (e *Env) FromField(name, field string) {
	*e = append(*e, k8s.EnvVar{Name: &name, ValueFrom: &k8s.EnvVarSource{FieldRef: &k8s.ObjectFieldSelector{FieldPath: &field}}})
}

// List returns the environment.
func (e *Env) List() *[]*k8s.EnvVar { return bind.List(*e...) }

// Claim is a PersistentVolumeClaim whose data must not be lost by accident.
type Claim struct {
	Name                              string
	Labels                            map[string]string
	AccessMode, Storage, StorageClass string
}

// NewClaim adds c to scope. It is the L1 object because the one of cdk8s-plus
// takes whole gibibytes only.
func NewClaim(scope constructs.Construct, id string, c Claim) {
	k8s.NewKubePersistentVolumeClaim(scope, &id, &k8s.KubePersistentVolumeClaimProps{
		Metadata: &k8s.ObjectMeta{
			Name:        &c.Name,
			Labels:      bind.Map(c.Labels),
			Annotations: bind.Map(map[string]string{labels.SyncOptions: labels.KeepData}),
		},
		Spec: &k8s.PersistentVolumeClaimSpec{
			AccessModes:      jsii.Strings(c.AccessMode),
			Resources:        &k8s.ResourceRequirements{Requests: bind.Quantities(map[string]string{"storage": c.Storage})},
			StorageClassName: bind.Optional(c.StorageClass),
		},
	})
}

// OneServer returns the command that starts the image's entry point once it
// holds a lock on the volume that is mounted at dir.
//
// A Deployment that loses its pod makes the next one at once, without waiting
// for the old server to end, and on the same node both can mount the claim.
// PostgreSQL's own guard does not see it: both servers are process 1, each in a
// container of its own. Two servers lose acknowledged rows, measured. The lock
// ends with the last process of the server that holds it, however it ends.
//
// The shell runs prepare, if any, with the lock held, right before the entry
// point.
func OneServer(dir string, prepare ...string) *[]*string {
	script := slices.Concat([]string{lockVolume}, prepare, []string{startServer})
	return jsii.Strings("sh", "-c", strings.Join(script, "\n"), path.Join(dir, "server.lock"))
}

const (
	lockVolume = `exec 9>>"$0"
flock -n 9 || { echo "waiting for the server before this one to end"; flock 9; }`

	startServer = `exec docker-entrypoint.sh "$@"`
)

// Scrape returns the annotations that show Prometheus a pod's metrics; none for
// port 0.
func Scrape(port int, path string) *map[string]*string {
	if port == 0 {
		return nil
	}
	return bind.Map(map[string]string{
		labels.PrometheusScrape: "true",
		labels.PrometheusPort:   fmt.Sprint(port),
		labels.PrometheusPath:   path,
	})
}
