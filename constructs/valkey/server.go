// Package valkey holds the construct that runs Valkey in the cluster: the
// broker that carries Celery's messages from Django to its workers. Valkey
// speaks the protocol of Redis, and clients take it for one.
package valkey

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	kplus "github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"
	"k8s.io/apimachinery/pkg/api/resource"

	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/declare"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/podspec"
	"example.com/django-cdk8s/internal/rule"
)

// Defaults of [ServerProps].
const (
	// DefaultName is the name of the Deployment and of the Service.
	DefaultName = "valkey"

	// DefaultImage pins the minor version and takes every patch release. It
	// leaves the Debian release open, because the official image moves to a
	// newer one within a minor version, and the tags of the older one get no
	// fixes from then on; see
	// https://github.com/valkey-io/valkey-container/blob/mainline/versions.json.
	DefaultImage = "valkey/valkey:8.1"

	// DefaultPort is the port on which Valkey listens.
	DefaultPort = 6379

	// DefaultStorage is the size of the claim.
	DefaultStorage = "1Gi"

	// DefaultRunAsUser is the user valkey of the official image.
	DefaultRunAsUser = 999

	// PasswordKey is the key of the Secret that holds the password.
	PasswordKey = "VALKEY_PASSWORD"

	// portName names the port in the Deployment and the Service.
	portName = "valkey"
)

// DefaultResources are enough for tens of thousands of waiting messages of 1
// KiB. The memory is requested in full: when a node runs short of it, the pods
// that use more than they requested are evicted first; see
// https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/.
var DefaultResources = pod.Resources{
	Requests: pod.Amounts{CPU: "100m", Memory: "256Mi"},
	Limits:   pod.Amounts{CPU: "500m", Memory: "256Mi"},
}

// MemoryShare is the percentage of the memory limit that messages may fill
// (maxmemory). Above it Valkey refuses new ones. The rest is for its buffers,
// for fragmentation, and for the pages that change while a forked process
// rewrites the append-only file; see
// https://valkey.io/topics/memory-optimization/.
const MemoryShare = 75

// ServerProps configures [NewServer]. Only Secret is required; the zero value
// of every other field means its default.
//
// The number of replicas and the update strategy are not among them: two
// servers on one volume corrupt the data, so there is always one, and the old
// one is gone before the new one starts.
type ServerProps struct {
	// Name names the Deployment, the Service, and the claim (NAME-pvc).
	//
	// Default: [DefaultName].
	Name string

	// Image is the Valkey image: the official one, or one built on it. Its
	// entry point is docker-entrypoint.sh, and it has sh, flock and sha256sum.
	//
	// Default: [DefaultImage].
	Image string

	// Secret holds the password. The server reads it when it starts.
	//
	// Required.
	Secret *secret.Secret

	// PasswordKey is the key of Secret that holds the password, and the name of
	// the environment variable that carries it to clients. The password becomes
	// part of a URL; see [broker.Connection].
	//
	// Default: [PasswordKey].
	PasswordKey string

	// Storage is the size of the claim, such as "1Gi". It can be raised later
	// where the storage class allows it, and never lowered. It must be three
	// times the memory limit: the append-only file is rewritten when it has
	// doubled, and the old one stays until the new one is complete.
	//
	// Default: [DefaultStorage].
	Storage string

	// StorageClass is the name of the claim's storage class.
	//
	// Default: the cluster's default class.
	StorageClass string

	// Resources says how much CPU and memory the server gets. Messages may fill
	// [MemoryShare] percent of the memory limit.
	//
	// Default: [DefaultResources].
	Resources pod.Resources

	// PriorityClassName is the name of a PriorityClass of the cluster, which
	// says whose pods stay when a node is full.
	//
	// Default: the cluster's default class.
	PriorityClassName string

	// ImagePullSecrets are the names of Secrets, made outside the app, by which
	// the node shows the image's registry who pulls.
	//
	// Default: none.
	ImagePullSecrets []string

	// RunAsUser is the numeric user and group of the server.
	//
	// Default: [DefaultRunAsUser].
	RunAsUser int
}

// Validate reports every invalid field.
func (p ServerProps) Validate() error {
	given := p
	p = p.withDefaults()
	var e rule.Errors
	if len(p.Name) > 63-len(claimSuffix) {
		e.Add("Name", p.Name, "must be at most 59 characters, because the claim's name is made of it")
	} else {
		e.Label("Name", p.Name)
	}
	e.Image("Image", p.Image)
	if p.StorageClass != "" {
		e.Name("StorageClass", p.StorageClass)
	}
	e.Join("Resources", given.Resources.Validate())
	p.validateSizes(&e)
	if p.PriorityClassName != "" {
		e.Name("PriorityClassName", p.PriorityClassName)
	}
	e.Names("ImagePullSecrets", p.ImagePullSecrets)
	e.UserID("RunAsUser", p.RunAsUser)
	if p.Secret == nil {
		e.Add("Secret", "", "is required: the Secret that holds the password")
		return e.Err()
	}
	return errors.Join(e.Err(), p.connection(p.Name).Validate())
}

// The least memory in which Valkey starts and does something useful, and how
// many times the memory limit the claim holds.
const (
	minMemory     = "32Mi"
	storageFactor = 3
)

func (p ServerProps) validateSizes(e *rule.Errors) {
	storage := e.Bytes("Storage", p.Storage)
	limit, err := resource.ParseQuantity(p.Resources.Limits.Memory)
	if err != nil || limit.Value() < 1<<20 {
		return // A wrong limit is reported itself.
	}
	if limit.Cmp(resource.MustParse(minMemory)) < 0 {
		e.Add("Resources.Limits.Memory", p.Resources.Limits.Memory, "must be at least "+minMemory)
	}
	if storage != nil && storage.Value()/storageFactor < limit.Value() {
		e.Add("Storage", p.Storage, fmt.Sprintf("must be at least %d times the memory limit %s, to hold the append-only file and its next version",
			storageFactor, p.Resources.Limits.Memory))
	}
}

func (p ServerProps) withDefaults() ServerProps {
	p.Name = cmp.Or(p.Name, DefaultName)
	p.Image = cmp.Or(p.Image, DefaultImage)
	p.PasswordKey = cmp.Or(p.PasswordKey, PasswordKey)
	p.Storage = cmp.Or(p.Storage, DefaultStorage)
	p.Resources = p.Resources.WithDefaults(DefaultResources)
	p.RunAsUser = cmp.Or(p.RunAsUser, DefaultRunAsUser)
	return p
}

// connection returns how clients reach the server at host.
func (p ServerProps) connection(host string) broker.Connection {
	return broker.Connection{
		Secret:      p.Secret,
		URL:         fmt.Sprintf("redis://:$(%s)@%s:%d/0", p.PasswordKey, host, DefaultPort),
		PasswordKey: p.PasswordKey,
		Port:        DefaultPort,
	}.Broker()
}

// Server is a Valkey server in the cluster: a Deployment of one pod, the claim
// that its data lives on, and the Service in front of it.
type Server struct {
	constructs.Construct

	props   ServerProps
	service kplus.Service
}

var (
	_ broker.Connector  = (*Server)(nil)
	_ declare.Externals = (*Server)(nil)
	_ declare.Talker    = (*Server)(nil)
)

// NewServer adds a [Server] called id to scope. Invalid props fail synthesis
// with the construct's path.
func NewServer(scope constructs.Construct, id string, props ServerProps) *Server {
	s := &Server{}
	bind.Init(s, scope, id)
	bind.Validate(s, props.Validate)
	bind.Validate(s, func() error { return props.Secret.ReadableFrom(bind.Namespace(s), "Secret") })

	s.props = props.withDefaults()
	podspec.NewClaim(s, "Claim", podspec.Claim{
		Name:         s.claimName(),
		Labels:       labels.Object(s.props.Name, labels.Broker, bind.PartOf(s)),
		AccessMode:   "ReadWriteOnce",
		Storage:      s.props.Storage,
		StorageClass: s.props.StorageClass,
	})
	newDeployment(s)
	s.service = bind.NewService(s, s.props.Name, labels.Broker, bind.Port{Name: portName, Number: DefaultPort})
	return s
}

// Broker returns what a client needs to reach the server.
func (s *Server) Broker() broker.Connection {
	return s.props.connection(bind.ServiceHost(s, s.props.Name))
}

// Name returns the name of the Deployment and of the Service.
func (s *Server) Name() string { return s.props.Name }

// Selector returns the labels by which a NetworkPolicy or the like finds the
// pod.
func (s *Server) Selector() map[string]string { return labels.Selector(s.props.Name) }

// Service returns the Service in front of the server.
func (s *Server) Service() kplus.Service { return s.service }

// Externals implements the declaration of Secrets that come from elsewhere.
func (s *Server) Externals() []declare.Object {
	return podspec.ExternalPullSecrets(bind.Namespace(s), s.props.ImagePullSecrets)
}

// Traffic implements the declaration that the server connects to nobody.
func (s *Server) Traffic() []declare.Traffic {
	return []declare.Traffic{{Name: s.props.Name, Pods: s.Selector()}}
}

const claimSuffix = "-pvc"

func (s *Server) claimName() string { return s.props.Name + claimSuffix }

func (s *Server) labels() *map[string]*string {
	return bind.Map(labels.Object(s.props.Name, labels.Broker, bind.PartOf(s)))
}

func newDeployment(s *Server) {
	k8s.NewKubeDeployment(s, new("Deployment"), &k8s.KubeDeploymentProps{
		Metadata: &k8s.ObjectMeta{Name: &s.props.Name, Labels: s.labels()},
		Spec: &k8s.DeploymentSpec{
			Replicas: jsii.Number(1),
			Strategy: &k8s.DeploymentStrategy{Type: new("Recreate")},
			// Loading is progress too: wait for as long as the startup probe
			// does, and a little more.
			ProgressDeadlineSeconds: jsii.Number(startupSeconds + 300),
			Selector:                &k8s.LabelSelector{MatchLabels: bind.Map(labels.Selector(s.props.Name))},
			Template: &k8s.PodTemplateSpec{
				Metadata: &k8s.ObjectMeta{Labels: s.labels()},
				Spec:     newPod(s),
			},
		},
	})
}

const (
	// dataPath is where the server keeps its append-only file.
	dataPath = "/data"

	// terminationSeconds is how long Valkey may take to bring the end of its
	// append-only file to the disk before it is killed.
	terminationSeconds = 60
)

func newPod(s *Server) *k8s.PodSpec {
	var mounts podspec.Mounts
	mounts.Volume("data", pod.Volume{MountPath: dataPath, Claim: s.claimName()})
	return &k8s.PodSpec{
		PriorityClassName:             bind.Optional(s.props.PriorityClassName),
		AutomountServiceAccountToken:  jsii.Bool(false),
		EnableServiceLinks:            jsii.Bool(false),
		ImagePullSecrets:              podspec.PullSecrets(s.props.ImagePullSecrets),
		SecurityContext:               podspec.SecurityContext(s.props.RunAsUser),
		TerminationGracePeriodSeconds: jsii.Number(terminationSeconds),
		Containers: bind.List(k8s.Container{
			Name:            new("valkey"),
			Image:           &s.props.Image,
			ImagePullPolicy: podspec.PullPolicy(s.props.Image),
			Command:         podspec.OneServer(dataPath, setPassword),
			Args:            bind.Strings(arguments(s.props.Resources.Limits.Memory)),
			WorkingDir:      new(dataPath),
			Env:             environment(s.props),
			Ports:           bind.List(k8s.ContainerPort{Name: new(portName), ContainerPort: jsii.Number(DefaultPort)}),
			Resources:       podspec.Resources(s.props.Resources),
			StartupProbe:    answers(startupPeriod, startupSeconds/startupPeriod),
			ReadinessProbe:  answers(10, 3),
			SecurityContext: podspec.ContainerSecurityContext(),
			VolumeMounts:    mounts.VolumeMounts(),
		}),
		Volumes: mounts.Volumes(),
	}
}

// passwordVariable carries the password into the container. It is the one that
// valkey-cli reads, in every version, so that kubectl exec needs no password;
// see https://valkey.io/topics/cli/.
const passwordVariable = "REDISCLI_AUTH"

// setPassword hands the server a configuration on its standard input that asks
// every client for the password. It holds the password's hash, so that the
// password may hold any character, and appears in no argument and no file; see
// https://valkey.io/topics/acl/. Valkey would start with an empty password, and
// let everybody in.
const setPassword = `: "${REDISCLI_AUTH:?the password must not be empty}"
hash=$(printf %s "$REDISCLI_AUTH" | sha256sum)
exec <<END
user default on ~* &* +@all #${hash%% *}
END`

// arguments start the server with its settings, the first of them from its
// standard input. It is included by name, because "-" must be the very first
// argument, and images may put others before it. Every write goes to the
// append-only file, which reaches the disk once per second; snapshots besides it
// would only cost memory. A full server refuses new messages, where the other
// policies would drop old ones.
func arguments(memoryLimit string) []string {
	return []string{
		"valkey-server",
		"--include", "/dev/stdin",
		"--appendonly", "yes",
		"--appendfsync", "everysec",
		"--save", "",
		"--maxmemory", fmt.Sprint(maxMemory(memoryLimit)),
		"--maxmemory-policy", "noeviction",
	}
}

// maxMemory returns what [MemoryShare] leaves of the limit, in bytes.
func maxMemory(limit string) int64 {
	q, err := resource.ParseQuantity(limit)
	if err != nil {
		return 0 // A wrong limit is reported itself.
	}
	return int64(float64(q.Value()) * MemoryShare / 100)
}

func environment(props ServerProps) *[]*k8s.EnvVar {
	var env podspec.Env
	env.FromSecret(passwordVariable, props.Secret.Name(), props.PasswordKey)
	return env.List()
}

// How often the startup probe asks and after how long it gives up, in seconds.
// Until then the server may load its append-only file, or wait for the server
// before it to end.
const (
	startupPeriod  = 5
	startupSeconds = 600
)

// answers asks for a PONG: while the server loads, or cannot write to its disk,
// it answers with an error, at which valkey-cli still exits with 0. There is no
// liveness probe: a server that is slow because it loads, or because of one
// long command, is not helped by a restart, which loads everything again.
func answers(period, failures int) *k8s.Probe {
	return &k8s.Probe{
		Exec: &k8s.ExecAction{Command: jsii.Strings(
			"sh", "-c", `test "$(valkey-cli -h 127.0.0.1 ping)" = PONG`,
		)},
		PeriodSeconds:    jsii.Number(period),
		TimeoutSeconds:   jsii.Number(5),
		FailureThreshold: jsii.Number(failures),
	}
}
