package postgres

import (
	"cmp"
	"fmt"
	"strconv"
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
	"example.com/django-cdk8s/internal/clone"
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
	// Name names the Deployment and the Service, and the claim as long as
	// ClaimName is empty.
	//
	// Default: [DefaultName].
	Name string

	// ClaimName is the name of the claim. Another one starts empty: it is the
	// way to another major version, whose server does not start on the old data,
	// once a [Restore] fills it. The claim of the old name stays in the cluster
	// until somebody deletes it.
	//
	// Default: Name and "-pvc".
	ClaimName string

	// Image is the PostgreSQL image: the official one, or one built on it.
	// Mount path, PGDATA and user id follow from its tag.
	//
	// Default: [DefaultImage].
	Image string

	// Major is the major version of PostgreSQL in Image, where its tag does not
	// contain it. A server does not start on data of another major version.
	//
	// Default: read from the tag of Image.
	Major int

	// Secret holds the name of the database, its role and the role's password
	// under [secret.DatabaseKey], [secret.UserKey] and [secret.PasswordKey]. The
	// first two are read only when PostgreSQL starts on an empty claim. The role
	// gets the password at every start of PostgreSQL.
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
	// its command line. Names must be known to the major version; those of
	// extensions have a dot. Amounts of memory must be below the memory limit.
	//
	// Default: shared_buffers, work_mem, maintenance_work_mem and
	// effective_cache_size follow from the memory limit and max_connections, as
	// docs/database.md says. A value here replaces that one.
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
func (p DatabaseProps) Validate() field.ErrorList {
	_, problems := p.resolve("")
	return problems
}

// resolved are DatabaseProps with their defaults, and what follows from them.
type resolved struct {
	DatabaseProps

	layout layout
	limits connectionLimits
}

// resolve fills in the defaults and reports every invalid field. namespace is
// that of the pod.
func (p DatabaseProps) resolve(namespace string) (resolved, field.ErrorList) {
	r := p.withDefaults()
	var e rule.Errors
	r.server().Validate(&e, p.Resources, r.own())
	r.validateImage(&e, p)
	r.validateSharedMemory(&e)
	r.limits = r.resolveParameters(&e)
	e.Join("Exporter", p.Exporter.Validate())
	e.Append(r.Secret.ValidateUse("Secret", needSecret, namespace))
	e.Append(Connection{Secret: r.Secret}.WithDefaults().validateKeys())
	return r, e.Err()
}

func (r resolved) server() single.Props {
	return single.Props{
		Name: r.Name, Image: r.Image, ClaimName: r.ClaimName, Storage: r.Storage, StorageClass: r.StorageClass,
		Resources: r.Resources, ImagePullSecrets: r.ImagePullSecrets, RunAsUser: r.RunAsUser, Service: r.Service, Pod: r.Pod,
	}
}

// The names of the containers.
const (
	serverName   = "postgres"
	exporterName = "exporter"
)

func (r resolved) own() single.Own {
	own := single.Own{
		Containers: []string{serverName}, Env: r.environment(), DataDir: r.layout.dataDir,
		Volumes: map[string]string{
			sharedMemoryPath: sharedMemoryVolume,
			socketPath:       socketVolume,
			// Linux leads from one to the other.
			strings.TrimPrefix(socketPath, "/var"): socketVolume,
			kube.TmpPath:                           "tmp",
		},
	}
	if r.Exporter.Image != "" {
		own.Containers = append(own.Containers, exporterName)
	}
	return own
}

func (r resolved) validateImage(e *rule.Errors, given DatabaseProps) {
	switch {
	case !image.Valid(r.Image): // It is reported as such.
	case strings.Contains(r.Image, "bitnami"):
		e.Add("Image", r.Image, "must be the official image or one built on it: Bitnami's has another entry point")
	case r.Major == 0:
		e.Add("Image", r.Image, fmt.Sprintf("must have a tag that starts with its PostgreSQL major version "+
			"(%d or later), or Major must be given", minMajor))
	}
	switch {
	case given.Major != 0 && (given.Major < minMajor || given.Major > maxMajor):
		e.Range("Major", given.Major, minMajor, maxMajor)
	case contradicts(r.Image, given.Major):
		e.Add("Major", given.Major, "contradicts the tag of the official image "+r.Image)
	}
}

func (r resolved) validateSharedMemory(e *rule.Errors) {
	limit := single.Bytes(r.Resources.Limits.Memory)
	// Below two of the smallest amounts, no shared memory is right.
	if shm := e.Bytes("SharedMemory", r.SharedMemory); shm != nil && limit >= 2<<20 && shm.Value() >= limit {
		e.Add("SharedMemory", r.SharedMemory, "must be below the memory limit "+r.Resources.Limits.Memory+
			", against which it counts")
	}
}

func (p DatabaseProps) withDefaults() resolved {
	p.Name = cmp.Or(p.Name, DefaultName)
	p.Image = cmp.Or(p.Image, DefaultImage)
	facts := layoutOf(p.Image, p.Major)
	p.Major = facts.major
	p.RunAsUser = cmp.Or(p.RunAsUser, facts.userID)
	p.Storage = cmp.Or(p.Storage, DefaultStorage)
	p.Resources = p.Resources.WithDefaults(DefaultResources)
	p.SharedMemory = cmp.Or(p.SharedMemory, defaultSharedMemory(p.Resources.Limits.Memory))
	p.Exporter.Resources = p.Exporter.Resources.WithDefaults(DefaultExporterResources)
	return resolved{DatabaseProps: p, layout: facts}
}

func defaultSharedMemory(limit string) string {
	half := single.Bytes(limit) / 2
	if half >= single.Bytes(DefaultSharedMemory) || half < 1<<20 {
		return DefaultSharedMemory
	}
	return resource.NewQuantity(half, resource.BinarySI).String()
}

// Database is a PostgreSQL server in the cluster: a Deployment of one pod, the
// claim that its data lives on, and the Service in front of it.
type Database struct {
	constructs.Construct

	node    *construct.Node
	props   resolved
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
	props = clone.Of(props)
	d := &Database{}
	d.node = construct.Init(d, scope, id)
	resolved, problems := props.resolve(d.node.Namespace())
	d.node.Report(problems)
	d.node.Check(d.checkBudget)
	d.props = resolved

	d.objects = single.New(d.node, single.Server{
		Props: d.props.server(), Part: labels.Database, Ports: d.ports(), DataPath: d.props.layout.mountPath,
		StartupSeconds: startupSeconds, TerminationSeconds: terminationSeconds,
		ClaimAnnotations: map[string]string{labels.PostgresMajor: strconv.Itoa(d.props.Major)},
		Annotations:      kube.Scrape(d.Metrics()), Directories: d.props.directories, Containers: d.props.containers,
	})
	return d
}

// get returns d, or an empty database for a nil one, so that no method panics.
func (d *Database) get() *Database {
	if d == nil {
		return &Database{}
	}
	return d
}

// Connection returns the address and the credentials of the database.
func (d *Database) Connection() Connection {
	d = d.get()
	if d.node == nil {
		return Connection{}.WithDefaults()
	}
	return Connection{Host: d.node.ServiceHost(d.Name()), Secret: d.props.Secret}.WithDefaults()
}

// Name returns the name of the Deployment and of the Service.
func (d *Database) Name() string { return d.get().props.Name }

// Selector returns the labels that select the pod.
func (d *Database) Selector() map[string]string { return labels.Selector(d.Name()) }

// Claim returns the PersistentVolumeClaim of the data.
func (d *Database) Claim() *object.Object[*corev1.PersistentVolumeClaim] {
	return d.get().objects.Claim
}

// Deployment returns the Deployment of the server.
func (d *Database) Deployment() *object.Object[*appsv1.Deployment] { return d.get().objects.Deployment }

// Service returns the Service in front of the server and its exporter.
func (d *Database) Service() *object.Object[*corev1.Service] { return d.get().objects.Service }

// ExternalReferences lists objects that the construct references and does not
// create.
func (d *Database) ExternalReferences() []network.Object {
	d = d.get()
	if d.node == nil {
		return nil
	}
	return d.props.server().References(d.node.Namespace())
}

// Flows implements [network.Source]: the server opens no connections.
func (d *Database) Flows() []network.Flow {
	d = d.get()
	if d.node == nil {
		return nil
	}
	metrics, _ := d.Metrics()
	return []network.Flow{{Name: d.Name(), Pods: d.Selector(), Metrics: metrics}}
}

// terminationSeconds is the time from deletion to SIGKILL, in which PostgreSQL
// writes its last checkpoint. Without it, the next start is a recovery.
const terminationSeconds = 120

// Where the server writes besides its data.
const (
	sharedMemoryPath   = "/dev/shm"
	sharedMemoryVolume = "shm"

	// The directory of the socket and its lock file, and the size limit.
	socketPath   = "/var/run/postgresql"
	socketVolume = "run"
	socketSize   = "16Mi"
)

func (r resolved) directories(mounts *kube.Mounts) {
	mounts.Memory(sharedMemoryVolume, sharedMemoryPath, r.SharedMemory)
	mounts.EmptyDir(socketVolume, socketPath, socketSize)
	mounts.Tmp(r.Pod)
}

func (r resolved) containers() []corev1.Container {
	containers := []corev1.Container{{
		Name:           serverName,
		Image:          r.Image,
		Command:        single.Command(r.layout.mountPath),
		Args:           arguments(r.parameters()),
		Env:            r.environment().Vars,
		Resources:      kube.Resources(r.Resources),
		StartupProbe:   single.Probe(takeOver, startupPeriod, startupSeconds/startupPeriod),
		ReadinessProbe: isReady(10, 3),
	}}
	if r.Exporter.Image != "" {
		containers = append(containers, r.exporter())
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

func (r resolved) environment() (env kube.Env) {
	env.Set("PGDATA", r.layout.dataDir)
	// Checksums find a corrupt page when it is read, rather than when its
	// backup is needed. The default since PostgreSQL 18.
	env.Set("POSTGRES_INITDB_ARGS", "--data-checksums")
	for _, key := range []string{secret.DatabaseKey, secret.UserKey, secret.PasswordKey} {
		env.FromSecret(key, r.Secret.Name(), key)
	}
	return env
}

// How often the startup probe asks and after how long it gives up, in seconds.
// Until then the server may replay its write-ahead log after a crash; a killed
// recovery starts again from the beginning.
const (
	startupPeriod  = 5
	startupSeconds = 1800
)

// takeOver gives the role the password that the Secret held when the pod started,
// as soon as the server answers: PostgreSQL itself reads it on an empty claim
// alone. The socket asks for none, and the log of statements does not show it. A
// role that cannot be changed keeps nobody from the data; the server's log says
// so.
const takeOver = `pg_isready -q -h 127.0.0.1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" || exit 1
log=/proc/1/fd/2
( : >>"$log" ) 2>/dev/null || log=/dev/null
psql -qX -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" >>"$log" 2>&1 <<'SQL' ||
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
\set role ` + "`printenv POSTGRES_USER`" + `
\set password ` + "`printenv POSTGRES_PASSWORD`" + `
ALTER ROLE :"role" PASSWORD :'password';
SQL
echo "the role keeps its password, which may be another than the Secret's" >>"$log"
exit 0`

// isReady asks the server over TCP: while the image initialises the database,
// it listens on the socket only. There is no liveness probe: a server that is
// slow because it recovers, or because it is busy, is not helped by a restart.
func isReady(period, failures int) *corev1.Probe {
	return single.Probe(`exec pg_isready -h 127.0.0.1 -U "$POSTGRES_USER" -d "$POSTGRES_DB"`, period, failures)
}
