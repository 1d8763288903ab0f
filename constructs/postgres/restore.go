package postgres

import (
	"cmp"
	"regexp"

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

// Defaults of [RestoreProps].
const (
	// DefaultRestoreBackoffLimit is the number of retries of a restore.
	DefaultRestoreBackoffLimit = 3
)

// RestoreProps configures [NewRestore]. Database and Store are required; the zero
// value of every other field means its default.
type RestoreProps struct {
	// Database is the database to restore into, which has no table yet: a
	// [Database] with a new claim, a new [Cluster], the server of a [Rotation], or a
	// [Connection] to a server elsewhere. Its role must own the database.
	//
	// Required.
	Database Connector

	// Store is where the backups are. Keys that may only read are enough.
	//
	// Required.
	Store Store

	// Backup is the ID of the backup, such as 20261125T023000Z-5f0c1d.
	//
	// Default: the newest complete one.
	Backup string

	// Scrub is SQL that changes the restored data before anybody sees it, such
	// as that of customers in a copy for tests. It has no transaction commands
	// and none of psql's own. The old rows stay on the disk until PostgreSQL
	// reuses the space.
	//
	// Default: none.
	Scrub string

	// Name is what the Job's name starts with, at most 54 characters. It is part
	// of the mark that the database gets.
	//
	// Default: the name of the server, or [DefaultName] for a [Connection], and
	// "-restore".
	Name string

	// MediaClaim is the name of an empty PersistentVolumeClaim that gets the
	// uploaded files of the backup.
	//
	// A claim with ReadWriteOnce needs a Pod.Affinity to the pods of the site.
	//
	// Default: none; the files are not restored.
	MediaClaim string

	// Image is an image with psql and pg_restore, of the server's major version,
	// or of a later one than that of the backup.
	//
	// Default: the image of the [Database] or [Cluster]. Required for a [Connection].
	Image string

	// ScratchSize is the size limit of the directory on the node's disk that the
	// compressed dump is copied to, with the media beside it. Above it the pod is
	// evicted.
	//
	// Default: [DefaultScratchSize].
	ScratchSize string

	// RunAsUser is the numeric user and group of the pods. With MediaClaim it is
	// that of the project; with a claim as Store, that of every construct that
	// uses it.
	//
	// Default: [DefaultJobRunAsUser].
	RunAsUser int

	// ActiveDeadlineSeconds is the time limit of the Job, with every retry and
	// the wait for the server. What is cut off leaves an empty database.
	//
	// Default: [DefaultJobActiveDeadlineSeconds].
	ActiveDeadlineSeconds int

	// BackoffLimit is the number of retries of a restore that fails, each in a
	// new pod.
	//
	// Default: [DefaultRestoreBackoffLimit].
	BackoffLimit *int

	// Resources are the requests and limits of the restore. Those of the copy are
	// in Store.
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

// maxRestoreName leaves room for the Job's suffix within the 63 characters of a
// label value, which the Job controller makes of the Job's name.
const maxRestoreName = 63 - len("-00000000")

// Validate reports every invalid field.
func (p RestoreProps) Validate() field.ErrorList {
	_, problems := p.resolve("")
	return problems
}

// restore are RestoreProps with their defaults, and what follows from them.
type restore struct {
	RestoreProps
	task

	target target
}

var backupID = regexp.MustCompile(`^\d{8}T\d{6}Z-[0-9a-f]{6}$`)

// resolve fills in the defaults and reports every invalid field. namespace is
// that of the pods.
func (p RestoreProps) resolve(namespace string) (restore, field.ErrorList) {
	var e rule.Errors
	given := p
	r := restore{target: resolveTarget(&e, p.Database, namespace)}
	store, problems := p.Store.resolve(namespace)
	e.Join("Store", problems)
	p.Store = store
	p.Name = cmp.Or(p.Name, cmp.Or(r.target.name, DefaultName)+"-restore")
	p.Image = cmp.Or(p.Image, r.target.image)
	p.Resources = p.Resources.WithDefaults(DefaultJobResources)
	r.RestoreProps, r.task = p, p.task()
	r.validateTask(&e, given.Resources, maxRestoreName, ", because the Jobs' names are made of it", "fetch", "restore")
	if p.Backup != "" && !backupID.MatchString(p.Backup) {
		e.Add("Backup", p.Backup, "must be the ID of a backup, such as 20261125T023000Z-5f0c1d")
	}
	e.Text("Scrub", p.Scrub)
	p.Store.validateMediaClaim(&e, p.MediaClaim)
	if r.target != (target{}) {
		validateServerImage(&e, p.Image)
		validateVariables(&e, p.Pod, r.environment(), p.Store.environment())
	}
	return r, e.Err()
}

func (p RestoreProps) task() task {
	return task{
		name: p.Name, part: labels.Restore, store: p.Store, runAsUser: p.RunAsUser, scratchSize: p.ScratchSize,
		activeDeadline: p.ActiveDeadlineSeconds, backoff: *cmp.Or(p.BackoffLimit, new(DefaultRestoreBackoffLimit)),
		resources: p.Resources, imagePullSecrets: p.ImagePullSecrets, template: p.Pod,
	}.withDefaults()
}

// environment returns that of the restore. The mark names what was asked for, so
// that a restore of something else does not take itself for done.
func (r restore) environment() kube.Env {
	env := r.target.connection.environment()
	env.Set("MARK", "django-cdk8s "+r.Name+" of "+cmp.Or(r.Backup, "newest"))
	return env
}

// Restore restores a backup into an empty database, before anything else uses it:
// a Job, which is part of the app for as long as the restore is wanted. The Job's
// name contains a digest of its content, so that applying the same one again does
// nothing.
//
// The Job compares the SHA-256 sums with the manifest of the backup, refuses a
// database that has a table, and restores everything in one transaction: it stops
// at the first error, compares the number of rows of every table with the
// manifest, runs Scrub, and marks the database in its comment. Killed at any
// moment, it leaves an empty database, and the next try starts over. Owners and
// privileges are not restored: the role of Database owns everything. Thousands of
// tables or large objects in one transaction take a higher
// max_locks_per_transaction of the server.
//
// [Restore.Gate] keeps other pods waiting for the mark, as the field Restore of
// django.MigrationProps does for migrations, and WaitForMigrations for the rest.
type Restore struct {
	constructs.Construct

	node    *construct.Node
	restore restore
	job     *object.Object[*batchv1.Job]
}

var (
	_ network.Source   = (*Restore)(nil)
	_ network.Referrer = (*Restore)(nil)
)

// NewRestore adds a [Restore] called id to scope. Invalid props fail synthesis
// with the construct's path.
func NewRestore(scope constructs.Construct, id string, props RestoreProps) *Restore {
	props = clone.Of(props)
	r := &Restore{}
	r.node = construct.Init(r, scope, id)
	resolved, problems := props.resolve(r.node.Namespace())
	r.node.Report(problems)
	r.restore = resolved

	kube.NewServiceAccount(r.node, r.Name(), labels.Restore, props.Pod)
	r.job = kube.NewJob(r.node, r.Name(), labels.Restore, props.Pod, r.spec)
	return r
}

// Name returns what the Job's name starts with.
func (r *Restore) Name() string { return r.restore.name }

// Selector returns the labels that select the pods.
func (r *Restore) Selector() map[string]string { return labels.Selector(r.Name()) }

// Job returns the Job of the restore.
func (r *Restore) Job() *object.Object[*batchv1.Job] { return r.job }

// ActiveDeadlineSeconds returns the time limit of the Job, which whoever waits at
// the gate adds to its own.
func (r *Restore) ActiveDeadlineSeconds() int { return r.restore.activeDeadline }

// Connection returns the address and the credentials of the database.
func (r *Restore) Connection() Connection { return r.restore.target.connection }

// Gate returns an init container that ends when the database is restored. It runs
// as any user, and needs a writable /tmp, which mounts names along with the
// certificates for the database, if there are any.
func (r *Restore) Gate(mounts ...corev1.VolumeMount) corev1.Container {
	env := r.restore.environment()
	for i := range env.Vars {
		if env.Vars[i].Name == "SCRATCH" {
			env.Vars[i].Value = kube.TmpPath
		}
	}
	return corev1.Container{
		Name: "wait-for-restore", Image: r.restore.Image, ImagePullPolicy: r.restore.Pod.ImagePullPolicy,
		Command: script.Gate(), Env: env.Vars, Resources: kube.Resources(kube.ScriptResources), VolumeMounts: mounts,
	}
}

// ExternalReferences lists objects that the construct references and does not
// create.
func (r *Restore) ExternalReferences() []network.Object {
	namespace := r.node.Namespace()
	return append(r.restore.references(namespace), r.restore.target.connection.libpq().References(namespace)...)
}

// Flows implements [network.Source].
func (r *Restore) Flows() []network.Flow {
	database := r.restore.target.connection.Endpoint()
	database.Connections, database.Formula = 1, "a restore"
	return []network.Flow{{Name: r.Name(), Pods: r.Selector(), To: append(r.restore.Store.servers(), database)}}
}

func (r *Restore) spec() batchv1.JobSpec {
	p := r.restore
	files := []string{"database.dump"}
	mounts, env := p.mounts(), p.environment()
	p.target.connection.libpq().Mount(&mounts)
	if p.Scrub != "" {
		env.Set("SCRUB", p.Scrub)
	}
	if p.MediaClaim != "" {
		mounts.Claim(mediaVolume, mediaPath, p.MediaClaim)
		env.Set("MEDIA_DIR", mediaPath)
		files = append(files, "media.tar")
	}
	fetch, fetchMounts := p.rclone("fetch", script.Fetch(p.Backup, 0, false, files...), true)
	restore := p.container("restore", p.Image, script.Restore(), env, p.Resources, mounts)
	return p.jobSpec(p.podOf(r.node, []corev1.Container{fetch}, []corev1.Container{restore}, mounts, fetchMounts))
}
