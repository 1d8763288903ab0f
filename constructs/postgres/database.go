package postgres

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/image"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
	"example.com/django-cdk8s/internal/single"
)

// Defaults of [DatabaseProps].
const (
	// DefaultName is the name of the Deployment and of the Service.
	DefaultName = "postgres"

	// DefaultImage pins the major version and the Debian release, and takes
	// every minor release. The Debian release matters: another one brings
	// another C library, whose changed sort order corrupts text indexes; see
	// https://wiki.postgresql.org/wiki/Locale_data_changes.
	DefaultImage = "postgres:15-bookworm"

	// DefaultStorage is the size of the claim.
	DefaultStorage = "5Gi"

	// DefaultSharedMemory is the size limit of /dev/shm. The container
	// runtime's own 64 MiB are too small for parallel queries.
	DefaultSharedMemory = "256Mi"

	// portName names the port in the Deployment and the Service.
	portName = "postgres"
)

// DefaultResources are the resources of the reference system.
var DefaultResources = pod.Resources{
	Requests: pod.Quantities{CPU: "500m", Memory: "512Mi"},
	Limits:   pod.Quantities{CPU: "1", Memory: "1Gi"},
}

// DatabaseProps configures [NewDatabase]. Only Secret is required; the zero
// value of every other field means its default.
//
// The number of replicas and the update strategy are not among them: two
// servers on one volume corrupt the data, so there is always one, and the old
// one is gone before the new one starts.
type DatabaseProps struct {
	// Name names the Deployment, the Service, and the claim (NAME-pvc).
	//
	// Default: [DefaultName].
	Name string

	// Image is the PostgreSQL image: the official one, or one built on it.
	// Mount path, PGDATA and user id follow from its tag.
	//
	// Default: [DefaultImage].
	Image string

	// Major is the major version of PostgreSQL in Image, where its tag does not
	// tell. A server does not start on data of another major version.
	//
	// Default: read from the tag of Image.
	Major int

	// Secret holds the name of the database, its role and the role's password
	// under [secret.DatabaseKey], [secret.UserKey] and [secret.PasswordKey].
	// PostgreSQL reads them when it starts on an empty claim, and never again.
	//
	// Required.
	Secret *secret.Secret

	// Storage is the size of the claim, such as "5Gi". It can be raised later
	// where the storage class allows it, and never lowered.
	//
	// Default: [DefaultStorage].
	Storage string

	// StorageClass is the name of the claim's storage class.
	//
	// Default: the cluster's default class.
	StorageClass string

	// Resources are the requests and limits of the server.
	//
	// Default: [DefaultResources].
	Resources pod.Resources

	// SharedMemory is the size limit of /dev/shm. What it holds counts against
	// the memory limit, and must stay below it.
	//
	// Default: [DefaultSharedMemory], or half the memory limit where that is
	// lower.
	SharedMemory string

	// Parameters are settings of the server, such as max_connections, passed on
	// its command line.
	//
	// Default: none.
	Parameters map[string]string

	// Exporter runs postgres_exporter beside the server, for Prometheus.
	//
	// Default: none.
	Exporter Exporter

	// ImagePullSecrets are the names of Secrets holding registry credentials,
	// made outside the app.
	//
	// Default: none.
	ImagePullSecrets []string

	// RunAsUser is the numeric user and group of the server.
	//
	// Default: 999, the user of the Debian image, or 70 for an Alpine image.
	RunAsUser int

	// Service are settings of the Service.
	//
	// Default: each field's own.
	Service pod.Service

	// Pod are further settings of the pod.
	//
	// Default: none.
	Pod pod.Template
}

// IsZero reports whether nothing but the Secret is set.
func (p DatabaseProps) IsZero() bool {
	p.Secret = nil
	return reflect.ValueOf(p).IsZero()
}

// Validate reports every invalid field.
func (p DatabaseProps) Validate() field.ErrorList {
	_, problems := p.resolve("")
	return problems
}

// resolve fills in the defaults and reports every invalid field.
func (p DatabaseProps) resolve(namespace string) (DatabaseProps, field.ErrorList) {
	given := p
	p = p.withDefaults()
	layout := layoutOf(p.Image, p.Major)
	var e rule.Errors
	p.server().Validate(&e, given.Resources, []string{"postgres", "exporter"},
		[]string{layout.mountPath, sharedMemoryPath, socketPath, kube.TmpPath})
	p.validateImage(&e, given)
	p.validateSharedMemory(&e)
	p.validateParameters(&e)
	e.Join("Exporter", p.Exporter.Validate())
	e.Append(p.Secret.ValidateUse("Secret", needSecret, namespace))
	e.Append(Connection{Secret: p.Secret}.WithDefaults().validateKeys())
	return p, e.Err()
}

func (p DatabaseProps) server() single.Props {
	return single.Props{
		Name: p.Name, Image: p.Image, Storage: p.Storage, StorageClass: p.StorageClass, Resources: p.Resources,
		ImagePullSecrets: p.ImagePullSecrets, RunAsUser: p.RunAsUser, Service: p.Service, Pod: p.Pod,
	}
}

func (p DatabaseProps) validateImage(e *rule.Errors, given DatabaseProps) {
	switch {
	case strings.Contains(p.Image, "bitnami"):
		e.Add("Image", p.Image, "must be the official image or one built on it: Bitnami's has another entry point and other paths")
	case given.Major != 0:
		e.Range("Major", given.Major, minMajor, maxMajor)
	case p.Major == 0 && image.Valid(p.Image):
		e.Add("Image", p.Image, fmt.Sprintf("must have a tag that starts with its PostgreSQL major version (%d or later), or Major must be given", minMajor))
	}
	if contradicts(p.Image, given.Major) {
		e.Add("Major", given.Major, "contradicts the tag of the official image "+p.Image)
	}
}

func (p DatabaseProps) validateParameters(e *rule.Errors) {
	given := map[string]bool{}
	for _, name := range rule.Keys(p.Parameters) {
		field := rule.Item("Parameters", name)
		e.Parameter(field, name)
		// PostgreSQL takes names in any case.
		lower := strings.ToLower(name)
		if _, counts := connectionSettings[lower]; !counts {
			e.Text(field, p.Parameters[name])
		}
		if slices.Contains(ownParameters, lower) {
			e.Add(field, p.Parameters[name], "must not be given: the probes, the Service and the volume depend on it")
		}
		if given[lower] {
			e.Add(field, p.Parameters[name], "is listed twice, in different case")
		}
		given[lower] = true
	}
	p.validateConnections(e)
}

// ownParameters are the settings that the construct relies on.
var ownParameters = []string{
	"config_file", "data_directory", "external_pid_file", "hba_file", "ident_file", "listen_addresses", "port",
	"unix_socket_directories",
}

func (p DatabaseProps) validateSharedMemory(e *rule.Errors) {
	shm := e.Bytes("SharedMemory", p.SharedMemory)
	limit, err := resource.ParseQuantity(p.Resources.Limits.Memory)
	// A wrong limit is reported itself.
	wrong := err != nil || limit.Value() < 2<<20
	if shm != nil && !wrong && shm.Cmp(limit) >= 0 {
		e.Add("SharedMemory", p.SharedMemory, "must be below the memory limit "+p.Resources.Limits.Memory+", against which it counts")
	}
}

func (p DatabaseProps) withDefaults() DatabaseProps {
	p.Name = cmp.Or(p.Name, DefaultName)
	p.Image = cmp.Or(p.Image, DefaultImage)
	facts := layoutOf(p.Image, p.Major)
	p.Major = facts.major
	p.RunAsUser = cmp.Or(p.RunAsUser, facts.userID)
	p.Storage = cmp.Or(p.Storage, DefaultStorage)
	p.Resources = p.Resources.WithDefaults(DefaultResources)
	p.SharedMemory = cmp.Or(p.SharedMemory, defaultSharedMemory(p.Resources.Limits.Memory))
	return p
}

func defaultSharedMemory(limit string) string {
	q, err := resource.ParseQuantity(limit)
	half := q.Value() / 2
	if want := resource.MustParse(DefaultSharedMemory); err != nil || half >= want.Value() || half < 1<<20 {
		return DefaultSharedMemory
	}
	return resource.NewQuantity(half, resource.BinarySI).String()
}

// Database is a PostgreSQL server in the cluster: a Deployment of one pod, the
// claim that its data lives on, and the Service in front of it.
type Database struct {
	constructs.Construct

	node    *construct.Node
	props   DatabaseProps
	objects single.Objects
}

var (
	_ Connector        = (*Database)(nil)
	_ network.Source   = (*Database)(nil)
	_ network.Referrer = (*Database)(nil)
)

// NewDatabase adds a [Database] called id to scope. Invalid props fail
// synthesis with the construct's path.
func NewDatabase(scope constructs.Construct, id string, props DatabaseProps) *Database {
	d := &Database{}
	d.node = construct.Init(d, scope, id)
	resolved, problems := props.resolve(d.node.Namespace())
	d.node.Report(problems)
	d.props = resolved

	layout := layoutOf(d.props.Image, d.props.Major)
	d.objects = single.New(d.node, single.Server{
		Props: d.props.server(), Part: labels.Database, Ports: d.ports(), DataPath: layout.mountPath,
		StartupSeconds: startupSeconds, TerminationSeconds: terminationSeconds,
		Annotations: kube.Scrape(d.Metrics()), Directories: d.directories, Containers: d.containers,
	})
	d.node.Check(d.checkBudget)
	return d
}

// Connection returns the address and the credentials of the database.
func (d *Database) Connection() Connection {
	if d == nil || d.node == nil {
		return Connection{}.WithDefaults()
	}
	return Connection{Host: d.node.ServiceHost(d.props.Name), Secret: d.props.Secret}.WithDefaults()
}

// Name returns the name of the Deployment and of the Service.
func (d *Database) Name() string { return d.props.Name }

// Selector returns the labels that select the pod.
func (d *Database) Selector() map[string]string { return labels.Selector(d.props.Name) }

// Claim returns the PersistentVolumeClaim of the data.
func (d *Database) Claim() *object.Object[*corev1.PersistentVolumeClaim] { return d.objects.Claim }

// Deployment returns the Deployment of the server.
func (d *Database) Deployment() *object.Object[*appsv1.Deployment] { return d.objects.Deployment }

// Service returns the Service in front of the server and its exporter.
func (d *Database) Service() *object.Object[*corev1.Service] { return d.objects.Service }

// ExternalReferences lists objects that the construct references and does not
// create.
func (d *Database) ExternalReferences() []network.Object {
	return d.props.server().References(d.node.Namespace())
}

// Flows implements [network.Source].
func (d *Database) Flows() []network.Flow {
	metrics, _ := d.Metrics()
	return []network.Flow{{Name: d.props.Name, Pods: d.Selector(), Metrics: metrics}}
}

// terminationSeconds is how long PostgreSQL may take to write its last
// checkpoint before it is killed and has to recover on its next start.
const terminationSeconds = 120

// Where the server writes besides its data.
const (
	sharedMemoryPath = "/dev/shm"
	socketPath       = "/var/run/postgresql"
)

func (d *Database) directories(mounts *kube.Mounts) {
	mounts.Memory("shm", sharedMemoryPath, d.props.SharedMemory)
	// The socket and its lock file.
	mounts.EmptyDir("run", socketPath, "")
	mounts.EmptyDir("tmp", kube.TmpPath, "")
}

func (d *Database) containers(kube.Mounts) []corev1.Container {
	layout := layoutOf(d.props.Image, d.props.Major)
	containers := []corev1.Container{{
		Name:           "postgres",
		Image:          d.props.Image,
		Command:        single.Command(layout.mountPath),
		Args:           arguments(d.props.Parameters),
		Env:            d.environment(layout.dataDir),
		Resources:      kube.Resources(d.props.Resources),
		StartupProbe:   isReady(startupPeriod, startupSeconds/startupPeriod),
		ReadinessProbe: isReady(10, 3),
	}}
	if d.props.Exporter.Image != "" {
		containers = append(containers, d.exporter())
	}
	return containers
}

// arguments start the server with its parameters.
func arguments(parameters map[string]string) []string {
	args := []string{"postgres"}
	for _, name := range rule.Keys(parameters) {
		args = append(args, "-c", name+"="+parameters[name])
	}
	return args
}

func (d *Database) environment(dataDir string) []corev1.EnvVar {
	var env kube.Env
	env.Set("PGDATA", dataDir)
	// Checksums find a corrupt page when it is read, rather than when its
	// backup is needed. The default since PostgreSQL 18.
	env.Set("POSTGRES_INITDB_ARGS", "--data-checksums")
	for _, key := range []string{secret.DatabaseKey, secret.UserKey, secret.PasswordKey} {
		env.FromSecret(key, d.props.Secret.Name(), key)
	}
	env.FromKeys(d.props.Pod.EnvKeys)
	return env.Vars
}

// How often the startup probe asks and after how long it gives up, in seconds.
// Until then the server may replay its write-ahead log after a crash; a killed
// recovery starts again from the beginning.
const (
	startupPeriod  = 5
	startupSeconds = 1800
)

// isReady asks the server over TCP: while the image initialises the database,
// it listens on the socket only. There is no liveness probe: a server that is
// slow because it recovers, or because it is busy, is not helped by a restart.
func isReady(period, failures int) *corev1.Probe {
	return single.Probe(`exec pg_isready -h 127.0.0.1 -U "$POSTGRES_USER" -d "$POSTGRES_DB"`, period, failures)
}
