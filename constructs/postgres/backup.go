package postgres

import (
	"cmp"
	"fmt"
	"math"

	"github.com/aws/constructs-go/constructs/v10"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/clone"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
	"example.com/django-cdk8s/internal/script"
)

// Defaults of [BackupProps].
const (
	// DefaultBackupSchedule is every night at half past two.
	DefaultBackupSchedule = "30 2 * * *"

	// DefaultKeep is the number of backups that are kept: two weeks of them.
	DefaultKeep = 14

	// DefaultBackupBackoffLimit is the number of retries of a backup.
	DefaultBackupBackoffLimit = 2
)

// BackupProps configures [NewBackup]. Database and Store are required; the zero
// value of every other field means its default.
type BackupProps struct {
	// Database is the database to back up: a [Database], a [Cluster], the server of
	// a [Rotation], or a [Connection] to a server elsewhere. Its role must be able
	// to read every table, past row-level security.
	//
	// Required.
	Database Connector

	// Store is where the backups go.
	//
	// Required.
	Store Store

	// Name is the name of the CronJob, at most 52 characters.
	//
	// Default: the name of the server, or [DefaultName] for a [Connection], and
	// "-backup".
	Name string

	// Schedule is the five fields of cron, or @hourly, @daily, @weekly, @monthly
	// or @yearly. What was written since the last backup is lost with the
	// database.
	//
	// Default: [DefaultBackupSchedule].
	Schedule string

	// TimeZone is the time zone of Schedule, such as "Europe/Vienna".
	//
	// Default: [DefaultTimeZone].
	TimeZone string

	// Suspend keeps the backup from running.
	//
	// Default: false.
	Suspend bool

	// Keep is the number of complete backups that are always kept, however old.
	// Others are deleted once a new one has been read back from the store, but
	// for one that holds more than twice as many rows as every newer one: the
	// database may have been emptied since.
	//
	// Default: [DefaultKeep].
	Keep int

	// KeepDays is the age in days below which a backup is kept, however many
	// there are.
	//
	// Default: 0; Keep alone decides.
	KeepDays int

	// KeepAll keeps every backup, for an access key without the permission to
	// delete. The bucket then needs a lifecycle rule, or it grows without a limit.
	//
	// Default: false.
	KeepAll bool

	// BeforeDeletion adds a Job by which Argo CD 3.3 or later makes a last backup
	// before it deletes the objects of an Application: its PreDelete hook. Where
	// the Job fails, nothing is deleted. An earlier Argo CD leaves the Job out;
	// kubectl, Flux and kapp run it when they apply it, which is one more backup.
	// Name has then at most 49 characters.
	//
	// Default: false.
	BeforeDeletion bool

	// MediaClaim is the name of a PersistentVolumeClaim with uploaded files, such
	// as that of a django.MediaClaim. They become part of the backup, as they are
	// after the snapshot of the database.
	//
	// A claim with ReadWriteOnce needs a Pod.Affinity to the pods of the site.
	//
	// Default: none.
	MediaClaim string

	// Credentials is a Secret whose keys become part of the backup, such as that
	// with Django's SECRET_KEY. It takes Store.Encryption.
	//
	// Default: none.
	Credentials *secret.Secret

	// Image is an image with psql, pg_dump and pg_restore of the server's major
	// version.
	//
	// Default: the image of the [Database] or [Cluster]. Required for a [Connection].
	Image string

	// ScratchSize is the size limit of the directory on the node's disk that the
	// compressed dump is written to, with the media beside it. Above it the pod
	// is evicted.
	//
	// Default: [DefaultScratchSize].
	ScratchSize string

	// RunAsUser is the numeric user and group of the pods. With MediaClaim it is
	// that of the project; with a claim as Store, that of every construct that
	// uses it.
	//
	// Default: [DefaultJobRunAsUser].
	RunAsUser int

	// StartingDeadlineSeconds is the time after its schedule within which a run
	// that was missed still starts: from 10 seconds to 7 days.
	//
	// Default: [DefaultStartingDeadlineSeconds].
	StartingDeadlineSeconds int

	// ActiveDeadlineSeconds is the time limit of a backup, with every retry.
	//
	// Default: [DefaultJobActiveDeadlineSeconds].
	ActiveDeadlineSeconds int

	// BackoffLimit is the number of retries of a backup that fails, each in a new
	// pod.
	//
	// Default: [DefaultBackupBackoffLimit].
	BackoffLimit *int

	// HistoryLimit is the number of Jobs that succeeded, and of those that
	// failed, that are kept for their logs.
	//
	// Default: [DefaultHistoryLimit].
	HistoryLimit *int

	// Resources are the requests and limits of the dump. Those of the copy are in
	// Store.
	//
	// Default: [DefaultJobResources].
	Resources pod.Resources

	// ImagePullSecrets are the names of Secrets holding registry credentials,
	// made outside the app.
	//
	// Default: none.
	ImagePullSecrets []string

	// Pod are further settings of the pods.
	//
	// Default: none.
	Pod pod.Template
}

// Validate reports every invalid field.
func (p BackupProps) Validate() field.ErrorList {
	_, problems := p.resolve("")
	return problems
}

// backup are BackupProps with their defaults, and what follows from them.
type backup struct {
	BackupProps
	task
	schedule

	target target
}

// resolve fills in the defaults and reports every invalid field. namespace is
// that of the pods.
func (p BackupProps) resolve(namespace string) (backup, field.ErrorList) {
	var e rule.Errors
	given := p
	b := backup{target: resolveTarget(&e, p.Database, namespace)}
	store, problems := p.Store.resolve(namespace)
	e.Join("Store", problems)
	p.Store = store
	p.Name = cmp.Or(p.Name, cmp.Or(b.target.name, DefaultName)+"-backup")
	p.Keep = cmp.Or(p.Keep, DefaultKeep)
	p.Image = cmp.Or(p.Image, b.target.image)
	p.Resources = p.Resources.WithDefaults(DefaultJobResources)
	b.BackupProps, b.task, b.schedule = p, p.task(), p.timing()
	limit := labels.MaxCronJobName
	if p.BeforeDeletion {
		limit = maxLastName
	}
	b.validateTask(&e, given.Resources, limit, ", which the Jobs' names are made of", "dump", "store")
	b.validateSchedule(&e)
	b.validateContent(&e, given, namespace)
	if b.target != (target{}) {
		validateServerImage(&e, p.Image)
		validateVariables(&e, p.Pod, b.target.connection.environment(), p.Store.environment())
	}
	return b, e.Err()
}

func (p BackupProps) task() task {
	return task{
		name: p.Name, part: labels.Backup, store: p.Store, runAsUser: p.RunAsUser, scratchSize: p.ScratchSize,
		activeDeadline: p.ActiveDeadlineSeconds, backoff: *cmp.Or(p.BackoffLimit, new(DefaultBackupBackoffLimit)),
		resources: p.Resources, imagePullSecrets: p.ImagePullSecrets, template: p.Pod,
	}.withDefaults()
}

func (p BackupProps) timing() schedule {
	return schedule{
		cron: cmp.Or(p.Schedule, DefaultBackupSchedule), timeZone: p.TimeZone, suspend: p.Suspend,
		startingDeadline: p.StartingDeadlineSeconds, history: *cmp.Or(p.HistoryLimit, new(DefaultHistoryLimit)),
	}.withDefaults()
}

// lastSuffix ends the name of the Job that Argo CD runs before a deletion, and
// maxLastName is the length of the longest name that it and a hash fit behind.
const (
	lastSuffix  = "-last"
	maxLastName = 63 - len(lastSuffix+"-00000000")
)

// maxKeepDays is a century.
const maxKeepDays = 36_500

func (b backup) validateContent(e *rule.Errors, given BackupProps, namespace string) {
	e.Range("Keep", b.Keep, 1, math.MaxInt32)
	e.Range("KeepDays", b.KeepDays, 0, maxKeepDays)
	if b.KeepAll && (given.Keep != 0 || given.KeepDays != 0) {
		e.Add("KeepAll", true, "must be given without Keep and KeepDays")
	}
	b.Store.validateMediaClaim(e, b.MediaClaim)
	if b.Credentials == nil {
		return
	}
	e.Append(b.Credentials.ValidateUse("Credentials", "a Secret of the app", namespace))
	if !b.Store.Encryption.on() {
		e.Add("Credentials", b.Credentials.Name(),
			"needs Store.Encryption: anyone who can read the store could read these credentials")
	}
	if b.Store.Encryption.Secret == b.Credentials {
		e.Add("Credentials", b.Credentials.Name(),
			"must be another Secret than that of Store.Encryption, whose password is worth nothing inside the backup")
	}
}

// Backup backs up a database on a schedule: a CronJob. Its pods dump the database
// in the server's image, and copy the dump to the store in the image of rclone.
//
// The container dump counts the rows of every table in the snapshot that pg_dump
// reads, reads the dump back whole, and writes the manifest, with the counts, the
// applied migrations of Django and the SHA-256 sums. The container store has no
// credentials of the database. It copies the dump, reads it back from the store and
// compares the sum, then does the same with the manifest, and only then deletes old
// backups. When anything fails, the Job does, and nothing is deleted.
//
// While a dump runs, a migration that changes a table waits for it, and so does
// whoever uses that table then. A database without a table is refused.
type Backup struct {
	constructs.Construct

	node    *construct.Node
	backup  backup
	cronJob *object.Object[*batchv1.CronJob]
}

var (
	_ network.Source   = (*Backup)(nil)
	_ network.Referrer = (*Backup)(nil)
)

// NewBackup adds a [Backup] called id to scope. Invalid props fail synthesis with
// the construct's path.
func NewBackup(scope constructs.Construct, id string, props BackupProps) *Backup {
	props = clone.Of(props)
	b := &Backup{}
	b.node = construct.Init(b, scope, id)
	resolved, problems := props.resolve(b.node.Namespace())
	b.node.Report(problems)
	b.node.Check(b.checkStore)
	b.backup = resolved

	b.cronJob = resolved.newCronJob(b.node, resolved.schedule, b.pod)
	if resolved.BeforeDeletion {
		last := kube.NewJob(b.node, b.Name()+lastSuffix, labels.Backup, props.Pod, func() batchv1.JobSpec {
			return resolved.jobSpec(b.pod())
		})
		last.Change(func(job *batchv1.Job) { metav1.SetMetaDataAnnotation(&job.ObjectMeta, labels.ArgoHook, "PreDelete") })
	}
	return b
}

// Name returns the name of the CronJob.
func (b *Backup) Name() string { return b.backup.name }

// Selector returns the labels that select the pods.
func (b *Backup) Selector() map[string]string { return labels.Selector(b.Name()) }

// CronJob returns the CronJob of the backup.
func (b *Backup) CronJob() *object.Object[*batchv1.CronJob] { return b.cronJob }

// ExternalReferences lists objects that the construct references and does not
// create.
func (b *Backup) ExternalReferences() []network.Object {
	namespace := b.node.Namespace()
	return append(b.backup.references(namespace), b.backup.target.connection.libpq().References(namespace)...)
}

// Flows implements [network.Source].
func (b *Backup) Flows() []network.Flow {
	database := b.backup.target.connection.Endpoint()
	database.Connections, database.Formula = 2, "a snapshot and a dump"
	return []network.Flow{{Name: b.Name(), Pods: b.Selector(), To: append(b.backup.Store.servers(), database)}}
}

// checkStore reports a store that another backup of the app writes to, too: each
// would delete the backups of the other, and a restore take the wrong ones.
func (b *Backup) checkStore() field.ErrorList {
	var e rule.Errors
	for _, c := range b.node.App().All() {
		other, ok := c.(*Backup)
		if !ok || other == b || construct.Invalid(b) || construct.Invalid(other) {
			continue
		}
		if own := b.place(); own == other.place() && b.node.Path() > other.node.Path() {
			e.Add("Store.Path", b.backup.Store.Path, "must be another path: "+other.node.Path()+" writes its backups there")
		}
	}
	return e.Err()
}

// place names the directory of the backups.
func (b *Backup) place() string {
	s := b.backup.Store
	if s.Claim != "" {
		return fmt.Sprintf("claim %s/%s/%s", b.node.Namespace(), s.Claim, s.Path)
	}
	return fmt.Sprintf("bucket %s/%s/%s", s.Bucket.Endpoint, s.Bucket.Bucket, s.Path)
}

// graceSeconds is how much later than its deadline a backup may still be at work.
const graceSeconds = 3600

func (b *Backup) pod() kube.Pod {
	p := b.backup
	keep := p.Keep
	if p.KeepAll {
		keep = 0
	}
	dump, dumpMounts := b.dump()
	store, storeMounts := p.rclone("store", script.Store(keep, p.KeepDays, p.activeDeadline+graceSeconds), false)
	return p.podOf(b.node, []corev1.Container{dump}, []corev1.Container{store}, dumpMounts, storeMounts)
}

func (b *Backup) dump() (corev1.Container, kube.Mounts) {
	p := b.backup
	mounts := p.mounts()
	env := p.target.connection.environment()
	p.target.connection.libpq().Mount(&mounts)
	if p.MediaClaim != "" {
		mounts.Volume(mediaVolume, pod.Volume{MountPath: mediaPath, Claim: p.MediaClaim, ReadOnly: true})
		env.Set("MEDIA_DIR", mediaPath)
	}
	if p.Credentials != nil {
		mounts.Volume(credentialsVolume, pod.Volume{
			MountPath: credentialsPath, Secret: p.Credentials.Name(), Mode: new(int32(0o440)),
		})
		env.Set("CREDENTIALS_DIR", credentialsPath)
	}
	return p.container("dump", p.Image, script.Dump(), env, p.Resources, mounts), mounts
}
