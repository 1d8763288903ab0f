package postgres

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	kplus "github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"
	"k8s.io/apimachinery/pkg/api/resource"

	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/declare"
	"example.com/django-cdk8s/internal/image"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/podspec"
	"example.com/django-cdk8s/internal/rule"
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
	Requests: pod.Amounts{CPU: "500m", Memory: "512Mi"},
	Limits:   pod.Amounts{CPU: "1", Memory: "1Gi"},
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

	// Resources says how much CPU and memory the server gets.
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
	// Default: 999, the user of the Debian image, or 70 for an Alpine image.
	RunAsUser int
}

// Validate reports every invalid field.
func (p DatabaseProps) Validate() error {
	given := p
	p = p.withDefaults()
	var e rule.Errors
	if len(p.Name) > 63-len(claimSuffix) {
		e.Add("Name", p.Name, "must be at most 59 characters, because the claim's name is made of it")
	} else {
		e.Label("Name", p.Name)
	}
	e.Image("Image", p.Image)
	if given.Major != 0 {
		e.Range("Major", given.Major, minMajor, maxMajor)
	} else if p.Major == 0 && image.Valid(p.Image) {
		e.Add("Image", p.Image, fmt.Sprintf("must have a tag that starts with its PostgreSQL major version (%d or later), or Major must be given", minMajor))
	}
	if contradicts(p.Image, given.Major) {
		e.Add("Major", given.Major, "contradicts the tag of the official image "+p.Image)
	}
	e.Bytes("Storage", p.Storage)
	if p.StorageClass != "" {
		e.Name("StorageClass", p.StorageClass)
	}
	e.Join("Resources", given.Resources.Validate())
	p.validateSharedMemory(&e)
	p.validateParameters(&e)
	e.Join("Exporter", p.Exporter.Validate())
	if p.PriorityClassName != "" {
		e.Name("PriorityClassName", p.PriorityClassName)
	}
	e.UserID("RunAsUser", p.RunAsUser)
	e.Names("ImagePullSecrets", p.ImagePullSecrets)
	if p.Secret == nil {
		e.Add("Secret", "", "is required: the Secret that holds the credentials")
		return e.Err()
	}
	Connection{Secret: p.Secret}.Connection().requireKeys(&e)
	return e.Err()
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

	props   DatabaseProps
	clients []Client
	service kplus.Service
}

var _ Connector = (*Database)(nil)

// NewDatabase adds a [Database] called id to scope. Invalid props fail
// synthesis with the construct's path.
func NewDatabase(scope constructs.Construct, id string, props DatabaseProps) *Database {
	d := &Database{}
	bind.Init(d, scope, id)
	bind.Validate(d, props.Validate)
	bind.Validate(d, func() error { return props.Secret.ReadableFrom(bind.Namespace(d), "Secret") })

	d.props = props.withDefaults()
	bind.Validate(d, d.validateBudget)
	podspec.NewClaim(d, "Claim", podspec.Claim{
		Name:         d.claimName(),
		Labels:       labels.Object(d.props.Name, labels.Database, bind.PartOf(d)),
		AccessMode:   "ReadWriteOnce",
		Storage:      d.props.Storage,
		StorageClass: d.props.StorageClass,
	})
	newDeployment(d)
	d.service = bind.NewService(d, d.props.Name, labels.Database, d.ports()...)
	return d
}

// Connection returns what a client needs to reach the database.
func (d *Database) Connection() Connection {
	return Connection{
		Host:   bind.ServiceHost(d, d.props.Name),
		Secret: d.props.Secret,
		server: d,
	}.Connection()
}

// Name returns the name of the Deployment and of the Service.
func (d *Database) Name() string { return d.props.Name }

// Selector returns the labels by which a NetworkPolicy or the like finds the
// pod.
func (d *Database) Selector() map[string]string { return labels.Selector(d.props.Name) }

// Externals implements the declaration of Secrets that come from elsewhere.
func (d *Database) Externals() []declare.Object {
	return podspec.ExternalPullSecrets(bind.Namespace(d), d.props.ImagePullSecrets)
}

// Traffic implements the declaration of what the pod receives.
func (d *Database) Traffic() []declare.Traffic {
	metrics, _ := d.Metrics()
	return []declare.Traffic{{Name: d.props.Name, Pods: d.Selector(), Metrics: metrics}}
}

// Service returns the Service in front of the server and its exporter.
func (d *Database) Service() kplus.Service { return d.service }

const claimSuffix = "-pvc"

func (d *Database) claimName() string { return d.props.Name + claimSuffix }

func (d *Database) labels() *map[string]*string {
	return bind.Map(labels.Object(d.props.Name, labels.Database, bind.PartOf(d)))
}

func newDeployment(d *Database) {
	k8s.NewKubeDeployment(d, new("Deployment"), &k8s.KubeDeploymentProps{
		Metadata: &k8s.ObjectMeta{Name: &d.props.Name, Labels: d.labels()},
		Spec: &k8s.DeploymentSpec{
			Replicas: jsii.Number(1),
			Strategy: &k8s.DeploymentStrategy{Type: new("Recreate")},
			// Crash recovery is progress too: wait for as long as the startup
			// probe does, and a little more.
			ProgressDeadlineSeconds: jsii.Number(startupSeconds + 300),
			Selector:                &k8s.LabelSelector{MatchLabels: bind.Map(labels.Selector(d.props.Name))},
			Template: &k8s.PodTemplateSpec{
				Metadata: &k8s.ObjectMeta{Labels: d.labels(), Annotations: podspec.Scrape(d.Metrics())},
				Spec:     newPod(d),
			},
		},
	})
}

// terminationSeconds is how long PostgreSQL may take to write its last
// checkpoint before it is killed and has to recover on its next start.
const terminationSeconds = 120

func newPod(d *Database) *k8s.PodSpec {
	var mounts podspec.Mounts
	containers := []k8s.Container{newServer(d, &mounts)}
	if d.props.Exporter.Image != "" {
		containers = append(containers, newExporter(d))
	}
	return &k8s.PodSpec{
		PriorityClassName:             bind.Optional(d.props.PriorityClassName),
		AutomountServiceAccountToken:  jsii.Bool(false),
		EnableServiceLinks:            jsii.Bool(false),
		ImagePullSecrets:              podspec.PullSecrets(d.props.ImagePullSecrets),
		SecurityContext:               podspec.SecurityContext(d.props.RunAsUser),
		TerminationGracePeriodSeconds: jsii.Number(terminationSeconds),
		Containers:                    bind.List(containers...),
		Volumes:                       mounts.Volumes(),
	}
}

// newServer returns the container of PostgreSQL, and adds its directories to
// mounts.
func newServer(d *Database, mounts *podspec.Mounts) k8s.Container {
	facts := layoutOf(d.props.Image, d.props.Major)
	mounts.Volume("data", pod.Volume{MountPath: facts.mountPath, Claim: d.claimName()})
	mounts.Memory("shm", "/dev/shm", d.props.SharedMemory)
	// The socket and its lock file.
	mounts.EmptyDir("run", "/var/run/postgresql", "")
	mounts.EmptyDir("tmp", podspec.TmpPath, "")
	return k8s.Container{
		Name:            new("postgres"),
		Image:           &d.props.Image,
		ImagePullPolicy: podspec.PullPolicy(d.props.Image),
		Command:         podspec.OneServer(facts.mountPath),
		Args:            bind.Strings(arguments(d.props.Parameters)),
		Env:             environment(d, facts.dataDir),
		Ports:           bind.List(k8s.ContainerPort{Name: new(portName), ContainerPort: jsii.Number(DefaultPort)}),
		Resources:       podspec.Resources(d.props.Resources),
		StartupProbe:    isReady(startupPeriod, startupSeconds/startupPeriod),
		ReadinessProbe:  isReady(10, 3),
		SecurityContext: podspec.ContainerSecurityContext(),
		VolumeMounts:    mounts.VolumeMounts(),
	}
}

// arguments start the server with its parameters.
func arguments(parameters map[string]string) []string {
	args := []string{"postgres"}
	for _, name := range rule.Keys(parameters) {
		args = append(args, "-c", name+"="+parameters[name])
	}
	return args
}

func environment(d *Database, dataDir string) *[]*k8s.EnvVar {
	var env podspec.Env
	env.Set("PGDATA", dataDir)
	// Checksums find a corrupt page when it is read, rather than when its
	// backup is needed. The default since PostgreSQL 18.
	env.Set("POSTGRES_INITDB_ARGS", "--data-checksums")
	for _, key := range []string{secret.DatabaseKey, secret.UserKey, secret.PasswordKey} {
		env.FromSecret(key, d.props.Secret.Name(), key)
	}
	return env.List()
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
func isReady(period, failures int) *k8s.Probe {
	return &k8s.Probe{
		Exec: &k8s.ExecAction{Command: jsii.Strings(
			"sh", "-c", `exec pg_isready -h 127.0.0.1 -U "$POSTGRES_USER" -d "$POSTGRES_DB"`,
		)},
		PeriodSeconds:    jsii.Number(period),
		TimeoutSeconds:   jsii.Number(5),
		FailureThreshold: jsii.Number(failures),
	}
}
