package django

import (
	"cmp"
	"math"
	"slices"

	"github.com/aws/constructs-go/constructs/v10"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/internal/clone"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/libpq"
	"example.com/django-cdk8s/internal/rule"
	"example.com/django-cdk8s/internal/script"
)

// Defaults of [MigrationProps].
const (
	// DefaultHistoryLimit is the number of Jobs that have ended and are kept
	// for their logs.
	DefaultHistoryLimit = 3

	// DefaultMigrationActiveDeadlineSeconds is the time limit of a migration: an
	// hour.
	DefaultMigrationActiveDeadlineSeconds = 3600

	// DefaultMigrationBackoffLimit is the number of retries of a migration.
	DefaultMigrationBackoffLimit = 3
)

// MigrationProps configures [NewMigration]. Only Project is required; the zero
// value of every other field means its default.
type MigrationProps struct {
	// Project is the Django project whose database is migrated. Its processes
	// must wait: WaitForMigrations.
	//
	// Required.
	Project Project

	// Name is what the names of the Jobs start with, at most 54 characters.
	//
	// Default: the project's name and "-migrate".
	Name string

	// Restore makes the migration wait until the backup is restored, and with it
	// every process that waits for the migration. It restores into the project's
	// database.
	//
	// Default: none.
	Restore *postgres.Restore

	// Env are further environment variables of the migration, which win over
	// those of the project.
	//
	// Default: none.
	Env map[string]string

	// Resources are the requests and limits of the Job.
	//
	// Default: [DefaultResources].
	Resources pod.Resources

	// HistoryLimit is the number of Jobs that have ended and are kept for their
	// logs. Each new one deletes the oldest above it.
	//
	// Default: [DefaultHistoryLimit].
	HistoryLimit *int

	// BackoffLimit is the number of retries of a migration that fails, each in a
	// new pod after a longer pause.
	//
	// Default: [DefaultMigrationBackoffLimit].
	BackoffLimit *int

	// ActiveDeadlineSeconds is the time limit of the Job, with every retry and
	// the wait for the database. PostgreSQL undoes what is cut off, unless the
	// migration has atomic = False.
	//
	// Default: [DefaultMigrationActiveDeadlineSeconds], plus the deadline of Restore.
	ActiveDeadlineSeconds int

	// Pod are further settings of the Job's pods.
	//
	// Default: none.
	Pod pod.Template
}

// maxMigrationName leaves room for the Job's suffix within the 63 characters of
// a label value, which the Job controller makes of the Job's name.
const maxMigrationName = 63 - len("-00000000")

// Validate reports every invalid field.
func (p MigrationProps) Validate() field.ErrorList {
	_, _, problems := p.resolve("")
	return problems
}

// resolve fills in the defaults and reports every invalid field.
func (p MigrationProps) resolve(namespace string) (MigrationProps, process, field.ErrorList) {
	var e rule.Errors
	given := p
	p.Name = cmp.Or(p.Name, cmp.Or(p.Project.Name, DefaultName)+"-migrate")
	p.Resources = p.Resources.WithDefaults(DefaultResources)
	p.HistoryLimit = cmp.Or(p.HistoryLimit, new(DefaultHistoryLimit))
	p.BackoffLimit = cmp.Or(p.BackoffLimit, new(DefaultMigrationBackoffLimit))
	p.ActiveDeadlineSeconds = cmp.Or(p.ActiveDeadlineSeconds, DefaultMigrationActiveDeadlineSeconds+p.restoreSeconds())
	p.Project.validateName(&e, given.Name, p.Name, maxMigrationName, ", because the Jobs' names are made of it")
	process := resolveProcess(&e, namespace, p.Project, process{
		name: p.Name, part: labels.Migration, env: p.Env, resources: p.Resources, template: p.Pod,
	}, "migrate", "prune", "release", "wait-for-restore")
	p.validateRestore(&e, process)
	process.validateVolumes(&e, map[string]string{kube.TmpPath: "a writable directory"}, "")
	if !p.Project.WaitForMigrations {
		e.Add("Project.WaitForMigrations", false, "must be true, or the pods serve before the migration ends")
	}
	e.Join("Resources", given.Resources.Validate())
	e.Range("HistoryLimit", *p.HistoryLimit, 0, 1000)
	e.Range("BackoffLimit", *p.BackoffLimit, 0, 1000)
	e.Range("ActiveDeadlineSeconds", p.ActiveDeadlineSeconds, 1, math.MaxInt32)
	return p, process, e.Err()
}

// restoreSeconds is how long the migration may have to wait for its restore.
func (p MigrationProps) restoreSeconds() int {
	if p.Restore == nil || construct.Of(p.Restore) == nil {
		return 0
	}
	return max(0, p.Restore.ActiveDeadlineSeconds())
}

// validateRestore reports a restore that the migration would wait for without a
// reason.
func (p MigrationProps) validateRestore(e *rule.Errors, process process) {
	switch {
	case p.Restore == nil:
	case construct.Of(p.Restore) == nil:
		e.Add("Restore", "", "must be made by postgres.NewRestore")
	case process.Database != nil && !sameDatabase(server(process.Database), p.Restore.Connection()):
		e.Add("Restore", p.Restore.Name(), "restores into another database than that of the project")
	}
}

// Migration applies the project's migrations with one Job for each image and
// environment. The Job's name contains a digest of both. A new release makes a
// new Job, and applying the same release again does nothing. The Job has no
// ttlSecondsAfterFinished, because the next apply would then run it again. With a
// tag that moves, a new image makes no new Job.
//
// "manage.py migrate" runs under an advisory lock of the database, so that two
// Jobs never migrate at once. A connection pooler in transaction mode breaks the
// lock, so the Job connects to the server itself.
//
// The ConfigMap NAME-release names the Job of the release that was applied last.
// A Job may start late, because its image came late or because another migration
// held the lock. If the ConfigMap then names another Job, it migrates nothing and
// deletes itself. A Job that has begun to migrate is not stopped.
//
// Each Job deletes the oldest finished Jobs above HistoryLimit. Its ServiceAccount
// may list and delete Jobs of the namespace and get that ConfigMap. The container
// that runs the project's code has no token.
type Migration struct {
	constructs.Construct

	process process
	props   MigrationProps
	job     *object.Object[*batchv1.Job]
}

// NewMigration adds a [Migration] called id to scope. Invalid props fail
// synthesis with the construct's path.
func NewMigration(scope constructs.Construct, id string, props MigrationProps) *Migration {
	props = clone.Of(props)
	m := &Migration{}
	n := construct.Init(m, scope, id)
	resolved, process, problems := props.resolve(n.Namespace())
	n.Report(problems)
	process.node = n
	m.props, m.process = resolved, process

	kube.NewAPIAccess(n, m.Name(), labels.Migration, props.Pod, func() []rbacv1.PolicyRule {
		return []rbacv1.PolicyRule{kube.PruneRule(), kube.ReleaseRule(m.release())}
	})
	// A Job looks there first, so it comes first.
	object.New(m, "Release", m.release(), m.releaseMap)
	m.job = kube.NewJob(n, m.Name(), labels.Migration, props.Pod, m.spec)
	return m
}

// release returns the name of the ConfigMap that names the Job of the release.
func (m *Migration) release() string { return m.Name() + "-release" }

func (m *Migration) releaseMap() *corev1.ConfigMap {
	meta := kube.Meta(m.process.node, m.Name(), labels.Migration)
	meta.Name = m.release()
	return &corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{kube.ReleaseKey: kube.NameOf(m.job)}}
}

// Name returns what the names of the Jobs start with.
func (m *Migration) Name() string { return m.process.name }

// Selector returns the labels that select the pods.
func (m *Migration) Selector() map[string]string { return labels.Selector(m.Name()) }

// Job returns the Job of this release.
func (m *Migration) Job() *object.Object[*batchv1.Job] { return m.job }

// ExternalReferences lists objects that the construct references and does not
// create.
func (m *Migration) ExternalReferences() []network.Object { return m.process.references() }

// Flows implements [network.Source].
func (m *Migration) Flows() []network.Flow {
	flow := m.process.flow(3, "a lock, a migration, and a Job that waits")
	flow.To = append(flow.To, network.Endpoint{APIServer: true})
	return []network.Flow{flow}
}

const (
	// lockName is the name of the advisory lock under which migrations run.
	lockName = "django-migrate"

	// lockSeconds is how long a pod waits for the lock. The pod after it asks
	// again whether its release is still wanted.
	lockSeconds = 60
)

func (m *Migration) spec() batchv1.JobSpec {
	mounts := m.process.mounts()
	command := script.WithAdvisoryLock(lockName, lockSeconds, manage("migrate", "--noinput")...)
	var token kube.Mounts
	token.APIToken("api")
	var before []corev1.Container
	if m.props.Restore != nil {
		before = append(before, m.props.Restore.Gate(gateMounts(mounts)...))
	}
	before = append(before, m.waitForRelease(token),
		kube.PruneJobs(m.process.Image, m.Name(), *m.props.HistoryLimit, token, m.props.Pod))
	p := m.process.pod(mounts, m.process.container("migrate", command, mounts), before...)
	p.Spec.ServiceAccountName = m.Name()
	p.Spec.RestartPolicy = corev1.RestartPolicyNever
	p.Spec.Volumes = slices.Concat(mounts.Volumes, token.Volumes)
	return batchv1.JobSpec{
		BackoffLimit:          new(int32(*m.props.BackoffLimit)),
		ActiveDeadlineSeconds: new(int64(m.props.ActiveDeadlineSeconds)),
		// It is no failure that another migration takes its time.
		PodFailurePolicy: &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{{
			Action: batchv1.PodFailurePolicyActionIgnore,
			OnExitCodes: &batchv1.PodFailurePolicyOnExitCodesRequirement{
				ContainerName: new("migrate"), Operator: batchv1.PodFailurePolicyOnExitCodesOpIn,
				Values: []int32{script.NotLocked},
			},
		}}},
		Template: p.Build(),
	}
}

// waitForRelease returns the init container that waits for the lock, and deletes
// the Job where another release is wanted. It has the token and the address of
// the database, and runs nothing of the project.
func (m *Migration) waitForRelease(token kube.Mounts) corev1.Container {
	var env kube.Env
	m.process.databaseEnv(&env)
	mounts := token.Clone()
	m.process.tls().Mount(&mounts)
	return corev1.Container{
		Name: "release", Image: m.process.Image, ImagePullPolicy: m.props.Pod.ImagePullPolicy,
		Command: script.WaitForRelease(m.release(), lockName), Env: env.Vars,
		Resources: kube.Resources(kube.ScriptResources), VolumeMounts: mounts.Mounts,
	}
}

// gateMounts are those that the wait for a restore needs: a writable directory, and
// the certificates for the database.
func gateMounts(mounts kube.Mounts) []corev1.VolumeMount {
	return slices.DeleteFunc(slices.Clone(mounts.Mounts), func(m corev1.VolumeMount) bool {
		return m.MountPath != kube.TmpPath && m.MountPath != libpq.Path
	})
}
