// Package valkey holds the construct that runs Valkey in the cluster: the
// broker that carries Celery's messages from Django to its workers. Valkey
// speaks the protocol of Redis, and clients take it for one.
package valkey

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/clone"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/image"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
	"example.com/django-cdk8s/internal/single"
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
	Requests: pod.Quantities{CPU: "100m", Memory: "256Mi"},
	Limits:   pod.Quantities{CPU: "500m", Memory: "256Mi"},
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

	// Resources are the requests and limits of the server. Messages may fill
	// [MemoryShare] percent of the memory limit.
	//
	// Default: [DefaultResources].
	Resources pod.Resources

	// ImagePullSecrets are the names of Secrets holding registry credentials,
	// made outside the app.
	//
	// Default: none.
	ImagePullSecrets []string

	// RunAsUser is the numeric user and group of the server.
	//
	// Default: [DefaultRunAsUser].
	RunAsUser int

	// Service is the type, annotations and session affinity of the Service.
	//
	// Default: a ClusterIP Service.
	Service pod.Service

	// Pod are further settings of the pod, such as labels, tolerations and
	// sidecars.
	//
	// Default: none.
	Pod pod.Template
}

// Validate reports every invalid field.
func (p ServerProps) Validate() field.ErrorList {
	_, problems := p.resolve("")
	return problems
}

// resolve fills in the defaults and reports every invalid field.
func (p ServerProps) resolve(namespace string) (ServerProps, field.ErrorList) {
	given := p
	p = p.withDefaults()
	var e rule.Errors
	p.server().Validate(&e, given.Resources, single.Own{
		Containers: []string{containerName}, Env: p.environment(), DataDir: dataPath,
	})
	p.validateImage(&e)
	p.validateSizes(&e)
	e.Append(p.Secret.ValidateUse("Secret", "the Secret that holds the password", namespace))
	e.Append(broker.Connection{Secret: p.Secret, PasswordKey: p.PasswordKey}.ValidatePassword())
	return p, e.Err()
}

// otherServers are the names of images whose server is another program.
var otherServers = []string{"redis", "redis-stack", "redis-stack-server", "keydb", "dragonfly", "memcached", "rabbitmq"}

func (p ServerProps) validateImage(e *rule.Errors) {
	switch {
	case !image.Valid(p.Image): // It is reported as such.
	case strings.Contains(p.Image, "bitnami"):
		e.Add("Image", p.Image, "must be the official image or one built on it: Bitnami's has another entry point")
	case slices.Contains(otherServers, image.Base(p.Image)):
		e.Add("Image", p.Image, "must be an image of Valkey, such as "+DefaultImage+": this one lacks valkey-server")
	}
}

func (p ServerProps) server() single.Props {
	return single.Props{
		Name: p.Name, Image: p.Image, Storage: p.Storage, StorageClass: p.StorageClass, Resources: p.Resources,
		ImagePullSecrets: p.ImagePullSecrets, RunAsUser: p.RunAsUser, Service: p.Service, Pod: p.Pod,
	}
}

// The least memory in which Valkey starts and does something useful, and how
// many times the memory limit the claim holds.
const (
	minMemory     = 32 << 20
	storageFactor = 3
)

func (p ServerProps) validateSizes(e *rule.Errors) {
	storage, limit := single.Bytes(p.Storage), single.Bytes(p.Resources.Limits.Memory)
	if limit > 0 && limit < minMemory {
		e.Add("Resources.Limits.Memory", p.Resources.Limits.Memory, "must be at least 32Mi")
	}
	if storage > 0 && storage/storageFactor < limit {
		e.Add("Storage", p.Storage, fmt.Sprintf("must be at least %d times the memory limit %s, "+
			"to hold the append-only file and its next version", storageFactor, p.Resources.Limits.Memory))
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

// connection returns the address and the credentials of the server at host.
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

	node    *construct.Node
	props   ServerProps
	objects single.Objects
}

var (
	_ broker.Connector = (*Server)(nil)
	_ network.Referrer = (*Server)(nil)
	_ network.Source   = (*Server)(nil)
)

// NewServer adds a [Server] called id to scope. Invalid props fail synthesis
// with the construct's path.
func NewServer(scope constructs.Construct, id string, props ServerProps) *Server {
	props = clone.Of(props)
	s := &Server{}
	s.node = construct.Init(s, scope, id)
	resolved, problems := props.resolve(s.node.Namespace())
	s.node.Report(problems)
	s.props = resolved

	s.objects = single.New(s.node, single.Server{
		Props: s.props.server(), Part: labels.Broker, DataPath: dataPath,
		Ports:          []kube.Port{{Name: portName, Number: DefaultPort}},
		StartupSeconds: startupSeconds, TerminationSeconds: terminationSeconds, Containers: s.containers,
	})
	return s
}

// get returns s, or an empty server for a nil one, so that no method panics.
func (s *Server) get() *Server {
	if s == nil {
		return &Server{}
	}
	return s
}

// Broker returns the address and the credentials of the server.
func (s *Server) Broker() broker.Connection {
	s = s.get()
	if s.node == nil {
		return broker.Connection{}
	}
	return s.props.connection(s.node.ServiceHost(s.props.Name))
}

// Name returns the name of the Deployment and of the Service.
func (s *Server) Name() string { return s.get().props.Name }

// Selector returns the labels that select the pod.
func (s *Server) Selector() map[string]string { return labels.Selector(s.Name()) }

// Claim returns the PersistentVolumeClaim of the data.
func (s *Server) Claim() *object.Object[*corev1.PersistentVolumeClaim] { return s.get().objects.Claim }

// Deployment returns the Deployment of the server.
func (s *Server) Deployment() *object.Object[*appsv1.Deployment] { return s.get().objects.Deployment }

// Service returns the Service in front of the server.
func (s *Server) Service() *object.Object[*corev1.Service] { return s.get().objects.Service }

// ExternalReferences lists objects that the construct references and does not
// create.
func (s *Server) ExternalReferences() []network.Object {
	s = s.get()
	if s.node == nil {
		return nil
	}
	return s.props.server().References(s.node.Namespace())
}

// Flows implements [network.Source]: the server opens no connections.
func (s *Server) Flows() []network.Flow {
	s = s.get()
	if s.node == nil {
		return nil
	}
	return []network.Flow{{Name: s.Name(), Pods: s.Selector()}}
}

const (
	// dataPath is where the server keeps its append-only file.
	dataPath = "/data"

	// terminationSeconds is the time from deletion to SIGKILL, in which Valkey
	// brings the end of its append-only file to the disk.
	terminationSeconds = 60
)

// containerName is the name of the server's container.
const containerName = "valkey"

func (s *Server) containers() []corev1.Container {
	return []corev1.Container{{
		Name:           containerName,
		Image:          s.props.Image,
		Command:        single.Command(dataPath, setPassword),
		Args:           arguments(s.props.Resources.Limits.Memory),
		WorkingDir:     dataPath,
		Env:            s.props.environment().Vars,
		Resources:      kube.Resources(s.props.Resources),
		StartupProbe:   answers(startupPeriod, startupSeconds/startupPeriod),
		ReadinessProbe: answers(10, 3),
	}}
}

// passwordVariable carries the password into the container. It is the one that
// valkey-cli reads, in every version, so that kubectl exec needs no password;
// see https://valkey.io/topics/cli/.
const passwordVariable = "REDISCLI_AUTH"

// setPassword hands the server a configuration on its standard input that asks
// every client for the password. It holds the password's hash, so that the
// password may hold any character, and appears in no argument and no file; see
// https://valkey.io/topics/acl/. With an empty password, Valkey would start and
// accept every client.
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
func maxMemory(limit string) int64 { return int64(float64(single.Bytes(limit)) * MemoryShare / 100) }

func (p ServerProps) environment() (env kube.Env) {
	env.FromSecret(passwordVariable, p.Secret.Name(), p.PasswordKey)
	return env
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
func answers(period, failures int) *corev1.Probe {
	return single.Probe(`test "$(valkey-cli -h 127.0.0.1 ping)" = PONG`, period, failures)
}
