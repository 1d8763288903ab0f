package postgres

import (
	"cmp"
	"path"
	"slices"

	"github.com/aws/constructs-go/constructs/v10"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/clone"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
	"example.com/django-cdk8s/internal/script"
)

// Defaults of [RestoreDrillProps].
const (
	// DefaultDrillName is the name of the CronJob.
	DefaultDrillName = "postgres-drill"

	// DefaultDrillSchedule is every Sunday at half past five.
	DefaultDrillSchedule = "30 5 * * 0"

	// DefaultMaxAgeHours is the age in hours above which a drill refuses the
	// newest backup: a day, and time for the backup itself.
	DefaultMaxAgeHours = 26

	// DefaultDrillDataSize is the size limit of the restored data.
	DefaultDrillDataSize = "20Gi"

	// DefaultDrillBackoffLimit is the number of retries of a drill.
	DefaultDrillBackoffLimit = 1
)

// DefaultDrillResources are the resources of the throw-away server.
var DefaultDrillResources = pod.Resources{
	Requests: pod.Quantities{CPU: "100m", Memory: "256Mi"},
	Limits:   pod.Quantities{CPU: "1", Memory: "1Gi"},
}

// Checker is an application that can tell whether a restored database is one that
// it works with: a django.Project.
type Checker interface {
	// DatabaseCheck returns how pods of the given namespace check the database
	// of server. server.Host is the directory of a Unix socket, at which user
	// needs no password, and server.Secret is nil.
	DatabaseCheck(namespace string, server Connection, user string) Check
}

// Check is how an application checks a database.
type Check struct {
	// Image is the image of the application, with a POSIX shell.
	Image string

	// Command is the program and its arguments. Any exit status but 0 fails the
	// drill.
	Command []string

	// Env are the environment variables of the program.
	Env []corev1.EnvVar

	// Volumes are further volumes of the program, and Mounts where it sees them.
	Volumes []corev1.Volume
	Mounts  []corev1.VolumeMount

	// RunAsUser is the numeric user and group of the program.
	RunAsUser int

	// ImagePullSecrets are the names of Secrets holding registry credentials.
	ImagePullSecrets []string

	// References are objects that the check needs and the app does not make.
	References []network.Object

	// Problems are what is wrong with the application.
	Problems field.ErrorList
}

// RestoreDrillProps configures [NewRestoreDrill]. Store and Check are required;
// the zero value of every other field means its default.
type RestoreDrillProps struct {
	// Store is where the backups are. Keys that may only read are enough.
	//
	// Required.
	Store Store

	// Check is the application that must accept the restored database, such as a
	// django.Project: with its migrations applied, "manage.py migrate --check"
	// must succeed.
	//
	// Required.
	Check Checker

	// Name is the name of the CronJob, at most 52 characters.
	//
	// Default: [DefaultDrillName].
	Name string

	// MaxAgeHours is the age in hours above which the newest backup is refused.
	//
	// Default: [DefaultMaxAgeHours].
	MaxAgeHours int

	// Schedule is the five fields of cron, or @hourly, @daily, @weekly, @monthly
	// or @yearly.
	//
	// Default: [DefaultDrillSchedule].
	Schedule string

	// TimeZone is the time zone of Schedule, such as "Europe/Vienna".
	//
	// Default: [DefaultTimeZone].
	TimeZone string

	// Suspend keeps the drill from running.
	//
	// Default: false.
	Suspend bool

	// Image is the PostgreSQL image of the throw-away server: that of the
	// database, with the same extensions.
	//
	// Default: [DefaultImage].
	Image string

	// ServerUser is the numeric user of the server, which the image must know by
	// name.
	//
	// Default: 999, the user of the Debian image, or 70 for an Alpine image.
	ServerUser int

	// ScratchSize is the size limit of the directory on the node's disk that the
	// compressed dump is copied to. Above it the pod is evicted.
	//
	// Default: [DefaultScratchSize].
	ScratchSize string

	// DataSize is the size limit of the directory on the node's disk that the
	// data is restored into. Above it the pod is evicted.
	//
	// Default: [DefaultDrillDataSize].
	DataSize string

	// RunAsUser is the numeric user and group of the pods, but for the server and
	// the check. With a claim as Store, it is that of every construct that uses
	// the claim.
	//
	// Default: [DefaultJobRunAsUser].
	RunAsUser int

	// StartingDeadlineSeconds is the time after its schedule within which a run
	// that was missed still starts: from 10 seconds to 7 days.
	//
	// Default: [DefaultStartingDeadlineSeconds].
	StartingDeadlineSeconds int

	// ActiveDeadlineSeconds is the time limit of a drill, with every retry.
	//
	// Default: [DefaultJobActiveDeadlineSeconds].
	ActiveDeadlineSeconds int

	// BackoffLimit is the number of retries of a drill that fails, each in a new
	// pod.
	//
	// Default: [DefaultDrillBackoffLimit].
	BackoffLimit *int

	// HistoryLimit is the number of Jobs that succeeded, and of those that
	// failed, that are kept for their logs.
	//
	// Default: [DefaultHistoryLimit].
	HistoryLimit *int

	// Resources are the requests and limits of the server.
	//
	// Default: [DefaultDrillResources].
	Resources pod.Resources

	// CheckResources are the requests and limits of the check.
	//
	// Default: [DefaultJobResources].
	CheckResources pod.Resources

	// ImagePullSecrets are the names of Secrets holding registry credentials,
	// made outside the app, besides those of Check.
	//
	// Default: none.
	ImagePullSecrets []string

	// Pod are further settings of the pods.
	//
	// Default: none.
	Pod pod.Template
}

// Validate reports every invalid field.
func (p RestoreDrillProps) Validate() field.ErrorList {
	_, problems := p.resolve("")
	return problems
}

// drill are RestoreDrillProps with their defaults, and what follows from them.
type drill struct {
	RestoreDrillProps
	task
	schedule

	check Check
}

// Where the throw-away server is. Its directory and its socket are shared by the
// containers of the pod, and nobody else.
const (
	drillDataPath     = "/drill/data"
	drillDataVolume   = "drill-data"
	drillSocketPath   = "/drill/socket"
	drillSocketVolume = "drill-socket"
	drillSocketSize   = "16Mi"

	drillDatabase = "drill"
	drillUser     = "postgres"
)

// resolve fills in the defaults and reports every invalid field. namespace is
// that of the pods.
func (p RestoreDrillProps) resolve(namespace string) (drill, field.ErrorList) {
	var e rule.Errors
	given := p
	store, problems := p.Store.resolve(namespace)
	e.Join("Store", problems)
	p.Store = store
	p.Name = cmp.Or(p.Name, DefaultDrillName)
	p.MaxAgeHours = cmp.Or(p.MaxAgeHours, DefaultMaxAgeHours)
	p.Image = cmp.Or(p.Image, DefaultImage)
	p.ServerUser = cmp.Or(p.ServerUser, layoutOf(p.Image, 0).userID)
	p.DataSize = cmp.Or(p.DataSize, DefaultDrillDataSize)
	p.Resources = p.Resources.WithDefaults(DefaultDrillResources)
	p.CheckResources = p.CheckResources.WithDefaults(DefaultJobResources)
	d := drill{}
	if construct.IsNil(p.Check) {
		e.Add("Check", "", "is required: the application that must accept the restored database, "+
			"such as a django.Project")
	} else {
		d.check = p.Check.DatabaseCheck(namespace,
			Connection{Host: drillSocketPath, Port: DefaultPort, Name: drillDatabase}, drillUser)
		e.Join("Check", d.check.Problems)
	}
	d.RestoreDrillProps, d.task, d.schedule = p, p.task(), p.timing()
	d.validateTask(&e, given.Resources, labels.MaxCronJobName, ", which the Jobs' names are made of",
		"fetch", "restore", "server", "check")
	// Those of the check are the project's, which has reported them.
	d.imagePullSecrets = slices.Concat(p.ImagePullSecrets, d.check.ImagePullSecrets)
	d.validateSchedule(&e)
	e.Range("MaxAgeHours", p.MaxAgeHours, 1, 24*maxKeepDays)
	e.Image("Image", p.Image)
	e.UserID("ServerUser", p.ServerUser)
	e.Bytes("DataSize", p.DataSize)
	e.Join("CheckResources", given.CheckResources.Validate())
	validateVariables(&e, p.Pod, d.environment(), p.Store.environment())
	return d, e.Err()
}

func (p RestoreDrillProps) task() task {
	return task{
		name: p.Name, part: labels.Drill, store: p.Store, runAsUser: p.RunAsUser, scratchSize: p.ScratchSize,
		activeDeadline: p.ActiveDeadlineSeconds, backoff: *cmp.Or(p.BackoffLimit, new(DefaultDrillBackoffLimit)),
		resources: p.Resources, imagePullSecrets: p.ImagePullSecrets, template: p.Pod,
	}.withDefaults()
}

func (p RestoreDrillProps) timing() schedule {
	return schedule{
		cron: cmp.Or(p.Schedule, DefaultDrillSchedule), timeZone: p.TimeZone, suspend: p.Suspend,
		startingDeadline: p.StartingDeadlineSeconds, history: *cmp.Or(p.HistoryLimit, new(DefaultHistoryLimit)),
	}.withDefaults()
}

// environment returns that of the server's containers.
func (d drill) environment() (env kube.Env) {
	env.Set("SCRATCH", scratchPath)
	env.Set("PGDATA", path.Join(drillDataPath, "pgdata"))
	env.Set("PGHOST", drillSocketPath)
	env.Set("PGDATABASE", drillDatabase)
	env.Set("PGUSER", drillUser)
	env.Set("PGCLIENTENCODING", "UTF8")
	env.Set("MARK", "django-cdk8s "+d.Name+" of newest")
	return env
}

// RestoreDrill proves on a schedule that the newest backup can be restored: a
// CronJob. It refuses a backup above an age, compares every SHA-256 sum, restores
// the dump into a server inside its pod, compares the number of rows of every table
// with the manifest, and lets the application check the result. Any failure is a
// Job that failed. A drill that never runs fails nobody: the alert to have is one on
// the time of the last success.
//
// The pods reach the store, and nothing else: neither the database that was backed
// up nor its credentials. The server listens on a Unix socket of the pod, and its
// data is gone with the pod.
type RestoreDrill struct {
	constructs.Construct

	node    *construct.Node
	drill   drill
	cronJob *object.Object[*batchv1.CronJob]
}

var (
	_ network.Source   = (*RestoreDrill)(nil)
	_ network.Referrer = (*RestoreDrill)(nil)
)

// NewRestoreDrill adds a [RestoreDrill] called id to scope. Invalid props fail
// synthesis with the construct's path.
func NewRestoreDrill(scope constructs.Construct, id string, props RestoreDrillProps) *RestoreDrill {
	props = clone.Of(props)
	d := &RestoreDrill{}
	d.node = construct.Init(d, scope, id)
	resolved, problems := props.resolve(d.node.Namespace())
	d.node.Report(problems)
	d.drill = resolved

	d.cronJob = resolved.newCronJob(d.node, resolved.schedule, d.pod)
	return d
}

// Name returns the name of the CronJob.
func (d *RestoreDrill) Name() string { return d.drill.name }

// Selector returns the labels that select the pods.
func (d *RestoreDrill) Selector() map[string]string { return labels.Selector(d.Name()) }

// CronJob returns the CronJob of the drill.
func (d *RestoreDrill) CronJob() *object.Object[*batchv1.CronJob] { return d.cronJob }

// ExternalReferences lists objects that the construct references and does not
// create.
func (d *RestoreDrill) ExternalReferences() []network.Object {
	return append(d.drill.references(d.node.Namespace()), d.drill.check.References...)
}

// Flows implements [network.Source].
func (d *RestoreDrill) Flows() []network.Flow {
	return []network.Flow{{Name: d.Name(), Pods: d.Selector(), To: d.drill.Store.servers()}}
}

func (d *RestoreDrill) pod() kube.Pod {
	p := d.drill
	fetch, fetchMounts := p.rclone("fetch", script.Fetch("", p.MaxAgeHours, true, "database.dump"), true)
	mounts := p.mounts()
	mounts.EmptyDir(drillDataVolume, drillDataPath, p.DataSize)
	mounts.EmptyDir(drillSocketVolume, drillSocketPath, drillSocketSize)
	server := func(name string, command []string) corev1.Container {
		c := p.container(name, p.Image, command, p.environment(), p.Resources, mounts)
		c.SecurityContext = &corev1.SecurityContext{
			RunAsUser: new(int64(p.ServerUser)), RunAsGroup: new(int64(p.ServerUser)),
		}
		return c
	}
	check, checkMounts := d.check()
	return p.podOf(d.node,
		[]corev1.Container{fetch, server("restore", script.DrillRestore())},
		[]corev1.Container{check, server("server", script.DrillServer())},
		mounts, fetchMounts, checkMounts)
}

// check is first, so that its log is the one that kubectl shows.
func (d *RestoreDrill) check() (corev1.Container, kube.Mounts) {
	p := d.drill
	var mounts kube.Mounts
	mounts.Tmp(p.template)
	mounts.EmptyDir(drillSocketVolume, drillSocketPath, drillSocketSize)
	mounts.Add("own-volume", p.template.Volumes, nil)
	mounts.Volumes = append(mounts.Volumes, p.check.Volumes...)
	mounts.Mounts = append(mounts.Mounts, p.check.Mounts...)
	c := p.container("check", p.check.Image, script.DrillCheck(drillSocketPath, p.check.Command...),
		kube.Env{Vars: p.check.Env}, p.CheckResources, mounts)
	c.SecurityContext = &corev1.SecurityContext{
		RunAsUser: new(int64(p.check.RunAsUser)), RunAsGroup: new(int64(p.check.RunAsUser)),
	}
	return c, mounts
}
