// Package single holds what servers have in common that are alone on their
// volume: one pod, the claim of its data, a lock on the volume, and the Service
// in front of it.
package single

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

const (
	// claimSuffix is what the name of the claim has behind that of the server.
	claimSuffix = "-pvc"

	// dataVolume is the name of the volume of the data in the pod.
	dataVolume = "data"
)

// Props are those that every server on one volume has.
type Props struct {
	Name             string
	Image            string
	ClaimName        string // By default, claimSuffix follows Name.
	Storage          string
	StorageClass     string
	Resources        pod.Resources
	ImagePullSecrets []string
	RunAsUser        int
	Service          pod.Service
	Pod              pod.Template
}

// Own is what the server itself has in its pod, so that a template must not
// have it.
type Own struct {
	// Containers are the names of its containers.
	Containers []string
	// Env is the environment of its first container.
	Env kube.Env
	// Volumes are the names of its volumes, by mount path, besides that of the
	// data.
	Volumes map[string]string
	// DataDir is the directory that holds the data, in the volume of the data.
	DataDir string
}

// Validate reports every invalid field. given are the resources without their
// defaults.
func (p Props) Validate(e *rule.Errors, given pod.Resources, own Own) {
	if len(p.Name) > 63-len(claimSuffix) {
		e.TooLong("Name", p.Name, 63-len(claimSuffix), ", because the claim's name is made of it", false)
	} else {
		e.Label("Name", p.Name)
	}
	e.Image("Image", p.Image)
	e.OptionalName("ClaimName", p.ClaimName)
	e.Bytes("Storage", p.Storage)
	e.OptionalName("StorageClass", p.StorageClass)
	e.Join("Resources", given.Validate())
	e.Names("ImagePullSecrets", p.ImagePullSecrets)
	e.UserID("RunAsUser", p.RunAsUser)
	e.Join("Service", p.Service.Validate())
	e.Join("Pod", p.Pod.Validate())
	kube.ValidateContainers(e, "Pod", p.Pod, own.Containers...)
	kube.ValidateVolumes(e, "Pod", p.Pod, append(slices.Collect(maps.Values(own.Volumes)), dataVolume)...)
	p.validatePaths(e, own)
	if p.Pod.TmpSize != "" && own.Volumes[kube.TmpPath] == "" {
		e.Add("Pod.TmpSize", p.Pod.TmpSize, "must not be given: the server has no "+kube.TmpPath)
	}
	for _, name := range rule.Keys(p.Pod.EnvKeys) {
		if own.Env.Has(name) {
			e.Add(rule.Item("Pod.EnvKeys", name), "...", "must be another variable: the construct sets this one")
		}
	}
}

// validatePaths reports volumes at a path that is taken.
func (p Props) validatePaths(e *rule.Errors, own Own) {
	for i, v := range p.Pod.Volumes {
		at := rule.Item("Pod.Volumes", i) + ".MountPath"
		var wrong rule.Errors
		wrong.MountPath("", v.MountPath)
		switch {
		case len(wrong.Err()) > 0: // The template reports it.
		case within(own.DataDir, v.MountPath) || within(v.MountPath, own.DataDir):
			// What is mounted above hides the data, and initdb refuses a
			// directory that something is mounted in.
			e.Add(at, v.MountPath, "must be another path: the data is there")
		case own.Volumes[v.MountPath] != "":
			e.Add(at, v.MountPath, "must be another path: the construct mounts a volume there")
		}
	}
}

// within reports whether path is dir or below it.
func within(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

// Server is one server on one volume, and what differs between programs.
type Server struct {
	Props

	Part labels.Part
	// Ports are those of the Service, that of the server first.
	Ports []kube.Port
	// StartupSeconds is the time after which the startup probe gives up, and
	// TerminationSeconds that from deletion to SIGKILL.
	StartupSeconds, TerminationSeconds int
	// Annotations are those of the pod.
	Annotations map[string]string
	// Containers returns the containers of the pod, the server first, without
	// volumes and without what the template says of them.
	Containers func() []corev1.Container
	// DataPath is where the volume of the data is mounted.
	DataPath string
	// ClaimAnnotations are those of the claim.
	ClaimAnnotations map[string]string
	// Directories adds the directories of the server.
	Directories func(mounts *kube.Mounts)
}

// Objects are those that [New] adds.
type Objects struct {
	Claim      *object.Object[*corev1.PersistentVolumeClaim]
	Deployment *object.Object[*appsv1.Deployment]
	Service    *object.Object[*corev1.Service]
}

// New adds the claim, the Deployment and the Service of s to n.
//
// There is always one pod, and the old one is gone before the new one starts:
// two servers on one volume corrupt the data.
func New(n *construct.Node, s Server) Objects {
	var o Objects
	kube.NewServiceAccount(n, s.Name, s.Part, s.Pod)
	o.Claim = kube.NewClaim(n, kube.Claim{
		Name: s.Claim(), Owner: s.Name, Part: s.Part, AccessMode: corev1.ReadWriteOnce,
		Storage: s.Storage, StorageClass: s.StorageClass, Annotations: s.ClaimAnnotations,
	})
	o.Deployment = kube.NewDeployment(n, s.Name, s.Part, s.Pod, func() appsv1.DeploymentSpec {
		return appsv1.DeploymentSpec{
			Replicas: new(int32(1)),
			Strategy: kube.Recreate(),
			// Recovery is progress too: wait for as long as the startup probe
			// does, and a little more.
			ProgressDeadlineSeconds: new(int32(s.StartupSeconds + 300)),
			Template:                s.pod(n).Build(),
		}
	})
	o.Service = kube.NewService(n, s.Name, s.Part, s.Service, s.Ports...)
	return o
}

// Claim returns the name of the claim.
func (p Props) Claim() string { return cmp.Or(p.ClaimName, p.Name+claimSuffix) }

func (s Server) pod(n *construct.Node) kube.Pod {
	var mounts kube.Mounts
	mounts.Claim(dataVolume, s.DataPath, s.Claim())
	if s.Directories != nil {
		s.Directories(&mounts)
	}
	mounts.Add("own-volume", s.Pod.Volumes, nil)
	var env kube.Env
	env.FromKeys(s.Pod.EnvKeys)
	containers := s.Containers()
	for i := range containers {
		containers[i].ImagePullPolicy = s.Pod.ImagePullPolicy
	}
	server := &containers[0]
	server.Ports = kube.ContainerPorts(s.Ports[0])
	server.VolumeMounts = mounts.Mounts
	server.EnvFrom = kube.EnvFrom("", s.Pod.EnvFrom)
	server.Env = append(server.Env, env.Vars...)
	meta := kube.Meta(n, s.Name, s.Part)
	meta.Annotations = s.Annotations
	return kube.Pod{Name: s.Name, Template: s.Pod, Meta: meta, Spec: corev1.PodSpec{
		ImagePullSecrets:              kube.PullSecrets(s.ImagePullSecrets),
		SecurityContext:               kube.PodSecurityContext(s.RunAsUser),
		TerminationGracePeriodSeconds: new(int64(s.TerminationSeconds)),
		Containers:                    containers,
		Volumes:                       mounts.Volumes,
	}}
}

// References lists objects that the pod references and the app does not create.
func (p Props) References(namespace string) []network.Object {
	return kube.References(namespace, p.Pod, nil, p.ImagePullSecrets)
}

// Command returns the command that starts the image's entry point once it
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
func Command(dir string, prepare ...string) []string {
	script := slices.Concat([]string{lockVolume}, prepare, []string{startServer})
	return []string{"sh", "-c", strings.Join(script, "\n"), path.Join(dir, "server.lock")}
}

const (
	lockVolume = `exec 9>>"$0"
flock -n 9 || { echo "waiting for the server before this one to end"; flock 9; }`

	startServer = `exec docker-entrypoint.sh "$@"`
)

// Probe runs a shell script in the server's container; times are in seconds.
func Probe(script string, period, failures int) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"sh", "-c", script}}},
		PeriodSeconds: int32(period), TimeoutSeconds: 5, FailureThreshold: int32(failures),
	}
}

// Bytes returns an amount of memory or storage in bytes, or 0 for a wrong one,
// which is reported by the field that it is of.
func Bytes(text string) int64 {
	var e rule.Errors
	if q := e.Bytes("", text); q != nil {
		return q.Value()
	}
	return 0
}
