package postgres

import (
	"cmp"
	"fmt"
	"regexp"

	"github.com/aws/constructs-go/constructs/v10"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/cloudnativepg"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/clone"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/image"
	"example.com/django-cdk8s/internal/rule"
)

// Defaults of [ClusterProps].
const (
	// DefaultClusterImage has the major version and the Debian release of
	// [DefaultImage], and takes every minor release.
	DefaultClusterImage = "ghcr.io/cloudnative-pg/postgresql:15-standard-bookworm"

	// DefaultInstances is a primary and two standbys: one may go while the other
	// still holds every transaction.
	DefaultInstances = 3

	// DefaultOperatorNamespace is where the manifest of the operator puts it.
	DefaultOperatorNamespace = "cnpg-system"

	// maxClusterName is the longest name that the operator takes, which makes the
	// names of pods and Services of it.
	maxClusterName = 50
)

// ClusterProps configures [NewCluster]. The zero value of every field means its
// default.
type ClusterProps struct {
	// Name is the name of the Cluster, at most 50 characters. Its Services are
	// NAME-rw, NAME-ro and NAME-r, its Secret is NAME-app.
	//
	// Default: [DefaultName].
	Name string

	// Image is a PostgreSQL image that the operator takes: it has no entry point of
	// its own to obey, and its tag starts with the version.
	//
	// Default: [DefaultClusterImage].
	Image string

	// Instances is the number of servers: the primary and its standbys.
	//
	// Default: [DefaultInstances].
	Instances int

	// Durability says what becomes of a write while too few standbys answer.
	//
	// Default: [DurabilityRequired] with three instances or more,
	// [DurabilityPreferred] with two.
	Durability Durability

	// Storage is the size of the claim of each instance, such as "5Gi". It can be
	// raised later where the storage class allows it, and never lowered.
	//
	// Default: [DefaultStorage].
	Storage string

	// StorageClass is the name of the claims' storage class.
	//
	// Default: the cluster's default class.
	StorageClass string

	// WALStorage is the size of a second claim of each instance, for the
	// write-ahead log. It cannot be taken away later.
	//
	// Default: none; the log is on the first claim.
	WALStorage string

	// Parameters are settings of the server, such as max_connections. Names must be
	// known to the major version, and not be the operator's own.
	//
	// Default: shared_buffers, work_mem, maintenance_work_mem and
	// effective_cache_size follow from the memory limit and max_connections, as
	// docs/database.md says; shared_buffers also from the memory request. A value
	// here replaces that one.
	Parameters map[string]string

	// Resources are the requests and limits of each instance.
	//
	// Default: [DefaultResources].
	Resources pod.Resources

	// AntiAffinity says how instances keep apart from each other.
	//
	// Default: on different nodes and in different zones, where there are such.
	AntiAffinity AntiAffinity

	// NodeSelector are labels of the nodes that instances run on.
	//
	// Default: any node.
	NodeSelector map[string]string

	// Tolerations are the taints of nodes that instances may run on.
	//
	// Default: none.
	Tolerations []corev1.Toleration

	// PriorityClassName is the priority class of the instances.
	//
	// Default: the cluster's default class.
	PriorityClassName string

	// Database is the name of the database.
	//
	// Default: [secret.DefaultDatabase].
	Database string

	// Owner is the name of the role that owns the database. Django logs in as it.
	//
	// Default: [secret.DefaultUser].
	Owner string

	// Locale is the locale of the database, by which text is ordered, such as
	// "en_US.utf8", that of the official image. The image must have it. It is fixed
	// when the cluster is made.
	//
	// Default: C, the operator's.
	Locale string

	// Import is the database that the cluster starts with.
	//
	// Default: none; the database is empty.
	Import Import

	// Backup keeps base backups and the write-ahead log in an object store.
	//
	// Default: none. Standbys are no backup: they follow a DELETE at once.
	Backup ClusterBackup

	// Pooler runs PgBouncer between Django and the primary.
	//
	// Default: none.
	Pooler Pooler

	// PodMonitor adds the instances to the targets of the Prometheus Operator's
	// Prometheus.
	//
	// Default: false.
	PodMonitor bool

	// PodMonitorLabels are further labels of the PodMonitor. The podMonitorSelector
	// of kube-prometheus-stack selects release: RELEASE.
	//
	// Default: none.
	PodMonitorLabels map[string]string

	// OperatorNamespace is the namespace of the operator, which connects to the
	// instances to read their state. An isolation.Isolation allows this traffic.
	//
	// Default: [DefaultOperatorNamespace].
	OperatorNamespace string

	// ImagePullSecrets are the names of Secrets holding registry credentials,
	// made outside the app.
	//
	// Default: none.
	ImagePullSecrets []string

	// RunAsUser is the numeric user and group of the server in Image. It is fixed
	// when the cluster is made.
	//
	// Default: 26, the user of the operator's images.
	RunAsUser int
}

// Durability says when a write is acknowledged; see
// https://cloudnative-pg.io/documentation/1.27/replication/#synchronous-replication.
type Durability string

const (
	// DurabilityRequired acknowledges a write when one standby holds it, too. While
	// none answers, writes wait.
	DurabilityRequired Durability = "required"

	// DurabilityPreferred does the same while a standby answers. While none does,
	// writes go on, and are lost if the primary is lost before one is back.
	DurabilityPreferred Durability = "preferred"

	// DurabilityAsync waits for no standby: a failover may lose the last writes.
	DurabilityAsync Durability = "async"
)

// AntiAffinityType says what becomes of an instance for which no node fits.
type AntiAffinityType string

const (
	// AntiAffinityPreferred allows a node that does not fit.
	AntiAffinityPreferred AntiAffinityType = "preferred"

	// AntiAffinityRequired leaves the pod pending until a node fits.
	AntiAffinityRequired AntiAffinityType = "required"
)

// AntiAffinity says how the instances of a [Cluster] keep apart.
type AntiAffinity struct {
	// Nodes says how strictly instances are on different nodes.
	//
	// Default: [AntiAffinityPreferred].
	Nodes AntiAffinityType

	// Zones says how strictly instances are spread evenly over zones.
	//
	// Default: [AntiAffinityPreferred].
	Zones AntiAffinityType
}

// Import is a database of another server, which the operator dumps and restores
// when it makes the cluster. It is not read later, and can be taken out then.
type Import struct {
	// From is the server, such as the [Database] to move away from. Nothing may
	// write to it meanwhile.
	//
	// Required.
	From Connector

	// Database is the name of the database there.
	//
	// Default: the Name of the connection, or ClusterProps.Database.
	Database string

	// User is the role that reads it. The operator has its name in plain text.
	//
	// Default: ClusterProps.Owner.
	User string
}

func (i Import) on() bool { return i.From != nil || i.Database != "" || i.User != "" }

// Validate reports every invalid field.
func (p ClusterProps) Validate() field.ErrorList {
	_, problems := p.resolve("")
	return problems
}

// cluster are ClusterProps with their defaults, and what follows from them.
type cluster struct {
	ClusterProps

	limits connectionLimits
	// source is the server of Import.
	source Connection
}

// resolve fills in the defaults and reports every invalid field. namespace is
// that of the pods.
func (p ClusterProps) resolve(namespace string) (cluster, field.ErrorList) {
	r := cluster{ClusterProps: p.withDefaults()}
	var e rule.Errors
	if len(r.Name) > maxClusterName {
		e.TooLong("Name", r.Name, maxClusterName, ", because the operator makes the names of pods and Services of it", false)
	} else {
		e.Label("Name", r.Name)
	}
	r.validateImage(&e)
	e.Range("Instances", r.Instances, 1, 100)
	r.validateDurability(&e, p)
	e.Bytes("Storage", r.Storage)
	e.OptionalName("StorageClass", r.StorageClass)
	if r.WALStorage != "" {
		e.Bytes("WALStorage", r.WALStorage)
	}
	e.Join("Resources", p.Resources.Validate())
	apart := []string{string(AntiAffinityPreferred), string(AntiAffinityRequired)}
	e.OneOf("AntiAffinity.Nodes", string(r.AntiAffinity.Nodes), apart...)
	e.OneOf("AntiAffinity.Zones", string(r.AntiAffinity.Zones), apart...)
	e.Append(pod.Template{
		NodeSelector: r.NodeSelector, Tolerations: r.Tolerations, PriorityClassName: r.PriorityClassName,
	}.Validate())
	r.validateDatabase(&e)
	r.limits = r.resolveParameters(&e)
	r.resolveImport(&e, namespace)
	r.Backup.validate(&e, namespace)
	r.Pooler.validate(&e, p.Pooler)
	e.Labels("PodMonitorLabels", r.PodMonitorLabels)
	if len(r.PodMonitorLabels) > 0 && !r.PodMonitor {
		e.Add("PodMonitorLabels", rule.Keys(r.PodMonitorLabels)[0], "must not be given without PodMonitor")
	}
	e.DNSLabel("OperatorNamespace", r.OperatorNamespace)
	e.Names("ImagePullSecrets", r.ImagePullSecrets)
	e.UserID("RunAsUser", cmp.Or(r.RunAsUser, operatorUser))
	return r, e.Err()
}

// operatorUser is the user of the operator's images.
const operatorUser = 26

func (p ClusterProps) withDefaults() ClusterProps {
	p.Name = cmp.Or(p.Name, DefaultName)
	p.Image = cmp.Or(p.Image, DefaultClusterImage)
	p.Instances = cmp.Or(p.Instances, DefaultInstances)
	switch {
	case p.Instances > 2:
		p.Durability = cmp.Or(p.Durability, DurabilityRequired)
	case p.Instances == 2:
		p.Durability = cmp.Or(p.Durability, DurabilityPreferred)
	}
	p.Storage = cmp.Or(p.Storage, DefaultStorage)
	p.Resources = p.Resources.WithDefaults(DefaultResources)
	p.AntiAffinity.Nodes = cmp.Or(p.AntiAffinity.Nodes, AntiAffinityPreferred)
	p.AntiAffinity.Zones = cmp.Or(p.AntiAffinity.Zones, AntiAffinityPreferred)
	p.Database = cmp.Or(p.Database, secret.DefaultDatabase)
	p.Owner = cmp.Or(p.Owner, secret.DefaultUser)
	p.OperatorNamespace = cmp.Or(p.OperatorNamespace, DefaultOperatorNamespace)
	p.Backup = p.Backup.withDefaults()
	p.Pooler = p.Pooler.withDefaults()
	return p
}

func (r cluster) validateImage(e *rule.Errors) {
	e.Image("Image", r.Image)
	switch {
	case !image.Valid(r.Image): // It is reported as such.
	case atStart.FindString(image.Tag(r.Image)) == "" || layoutOf(r.Image, 0).major == 0:
		e.Add("Image", r.Image, fmt.Sprintf("must have a tag that starts with its PostgreSQL version "+
			"(%d or later), by which the operator knows an upgrade", minMajor))
	}
}

func (r cluster) validateDurability(e *rule.Errors, given ClusterProps) {
	switch {
	case r.Instances < 2 && given.Durability != "":
		e.Add("Durability", string(given.Durability), "must not be given with one instance, which has no standby")
	case r.Durability != "":
		e.OneOf("Durability", string(r.Durability),
			string(DurabilityRequired), string(DurabilityPreferred), string(DurabilityAsync))
	}
}

// locale matches the names of locales of the C library.
var locale = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.@-]*$`)

// ownRoles are the roles that the operator makes for itself.
var ownRoles = []string{"postgres", "streaming_replica", poolerRole}

func (r cluster) validateDatabase(e *rule.Errors) {
	e.DatabaseName("Database", r.Database)
	if r.Database == "postgres" {
		e.Add("Database", r.Database, "must be another name: the operator keeps that one to itself")
	}
	e.RoleName("Owner", r.Owner)
	for _, name := range ownRoles {
		if r.Owner == name {
			e.Add("Owner", r.Owner, "must be another name: the operator has a role of that name")
		}
	}
	if r.Locale != "" && !locale.MatchString(r.Locale) {
		e.Add("Locale", r.Locale, "must be the name of a locale, such as en_US.utf8")
	}
}

func (r *cluster) resolveImport(e *rule.Errors, namespace string) {
	if !r.Import.on() {
		return
	}
	if construct.IsNil(r.Import.From) {
		e.Add("Import.From", "", "is required: the server to import from, such as a *postgres.Database")
		r.Import.From = nil
		return
	}
	r.source = r.Import.From.Connection().Direct()
	if made, ok := r.Import.From.(constructs.IConstruct); !ok {
		e.Join("Import.From", r.source.Validate())
	} else if construct.Of(made) == nil {
		e.Add("Import.From", "", "must be made by postgres.NewDatabase or postgres.NewCluster")
		r.Import.From = nil
		return
	}
	e.Append(r.source.Secret.ValidateUse("Import.From.Secret", needSecret, namespace))
	r.Import.Database = cmp.Or(r.Import.Database, r.source.Name, r.Database)
	r.Import.User = cmp.Or(r.Import.User, r.Owner)
	e.DatabaseName("Import.Database", r.Import.Database)
	e.RoleName("Import.User", r.Import.User)
}

// Cluster is PostgreSQL on several nodes, run by the CloudNativePG operator,
// which the Kubernetes cluster must have: a primary, standbys that take over,
// and, where asked for, backups and a pooler.
//
// The operator makes the Secret NAME-app with the credentials and keeps the
// password in step with it; the servers have TLS, by an authority of the
// operator whose certificate Django checks. docs/cloudnativepg.md has the rest.
type Cluster struct {
	constructs.Construct

	node        *construct.Node
	props       cluster
	credentials *secret.Secret
	objects     clusterObjects
}

// clusterObjects are the objects of a [Cluster]; nil where there is none.
type clusterObjects struct {
	cluster *object.Object[*cloudnativepg.Cluster]
	pooler  *object.Object[*cloudnativepg.Pooler]
	store   *object.Object[*cloudnativepg.ObjectStore]
	backup  *object.Object[*cloudnativepg.ScheduledBackup]
	monitor *object.Object[*cloudnativepg.PodMonitor]
}

var (
	_ Connector        = (*Cluster)(nil)
	_ network.Source   = (*Cluster)(nil)
	_ network.Referrer = (*Cluster)(nil)
)

// clusterKeys are the keys of the Secret that the operator makes.
var clusterKeys = []string{
	"dbname", "fqdn-jdbc-uri", "fqdn-uri", "host", "jdbc-uri", "password", "pgpass", "port", "uri", "user", "username",
}

// NewCluster adds a [Cluster] called id to scope. Invalid props fail synthesis
// with the construct's path.
func NewCluster(scope constructs.Construct, id string, props ClusterProps) *Cluster {
	props = clone.Of(props)
	c := &Cluster{}
	c.node = construct.Init(c, scope, id)
	resolved, problems := props.resolve(c.node.Namespace())
	c.node.Report(problems)
	c.node.Check(c.checkBudget)
	c.node.Check(c.checkPooler)
	c.props = resolved

	c.credentials = secret.New(c, "Secret", secret.Props{
		Name: c.props.secretName(), Source: secret.Existing(clusterKeys...),
	})
	c.objects.cluster = object.New(c, "Cluster", c.Name(), c.cluster)
	if c.props.Backup.on() {
		c.objects.store = object.New(c, "ObjectStore", c.Name(), c.store)
		c.objects.backup = object.New(c, "ScheduledBackup", c.Name(), c.scheduledBackup)
	}
	if c.props.Pooler.on() {
		c.objects.pooler = object.New(c, "Pooler", c.poolerName(), c.pooler)
	}
	if c.props.PodMonitor {
		c.objects.monitor = object.New(c, "PodMonitor", c.Name(), c.podMonitor)
	}
	return c
}

// get returns c, or an empty cluster for a nil one, so that no method panics.
func (c *Cluster) get() *Cluster {
	if c == nil {
		return &Cluster{}
	}
	return c
}

// Connection returns the address and the credentials of the database: of the
// pooler, where there is one, else of the primary.
func (c *Cluster) Connection() Connection {
	c = c.get()
	if c.node == nil {
		return Connection{}.WithDefaults()
	}
	connection := Connection{
		Host: c.node.ServiceHost(c.service()), Secret: c.credentials,
		NameKey: "dbname", UserKey: "username", PasswordKey: "password",
		TLS: TLS{CASecret: c.Name() + "-ca"},
	}
	if p := c.props.Pooler; p.on() {
		connection.PoolMode, connection.ServerHost = p.Mode, connection.Host
		connection.Host = c.node.ServiceHost(c.poolerName())
	}
	return connection.WithDefaults()
}

// Name returns the name of the Cluster.
func (c *Cluster) Name() string { return c.get().props.Name }

// secretName returns the name of the Secret that the operator makes. A wrong name
// of the cluster is reported itself.
func (r cluster) secretName() string {
	var named rule.Errors
	if named.Label("", r.Name); len(named.Err()) > 0 {
		return DefaultName + "-app"
	}
	return r.Name + "-app"
}

// service is the name of the Service of the primary.
func (c *Cluster) service() string { return c.Name() + "-rw" }

// Selector returns the labels that select the pods of the servers.
func (c *Cluster) Selector() map[string]string {
	return map[string]string{
		cloudnativepg.ClusterLabel: c.Name(), cloudnativepg.PodRoleLabel: cloudnativepg.InstanceRole,
	}
}

// Secret returns the Secret with the credentials, which the operator makes.
func (c *Cluster) Secret() *secret.Secret { return c.get().credentials }

// Object returns the Cluster, for changes beyond the props.
func (c *Cluster) Object() *object.Object[*cloudnativepg.Cluster] { return c.get().objects.cluster }

// Pooler returns the Pooler, or nil.
func (c *Cluster) Pooler() *object.Object[*cloudnativepg.Pooler] { return c.get().objects.pooler }

// ObjectStore returns the store of the backups, or nil.
func (c *Cluster) ObjectStore() *object.Object[*cloudnativepg.ObjectStore] {
	return c.get().objects.store
}

// ScheduledBackup returns the schedule of the backups, or nil.
func (c *Cluster) ScheduledBackup() *object.Object[*cloudnativepg.ScheduledBackup] {
	return c.get().objects.backup
}

// PodMonitor returns the PodMonitor, or nil.
func (c *Cluster) PodMonitor() *object.Object[*cloudnativepg.PodMonitor] {
	return c.get().objects.monitor
}

// MaxConnections returns the number of connections that the server allows: the
// parameter max_connections, or [DefaultMaxConnections].
func (c *Cluster) MaxConnections() int {
	return cmp.Or(c.get().props.limits.settings[maxConnections].value, DefaultMaxConnections)
}

// ExternalReferences lists objects that the construct references and does not
// create.
func (c *Cluster) ExternalReferences() []network.Object {
	c = c.get()
	if c.node == nil {
		return nil
	}
	var all []network.Object
	for _, name := range c.props.ImagePullSecrets {
		all = append(all, network.Object{Kind: "Secret", Name: name, Namespace: c.node.Namespace()})
	}
	return all
}
