package django

import (
	"cmp"
	"math"
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

// Defaults of [MigrationProps].
const (
	// DefaultHistoryLimit is the number of Jobs that have ended and are kept
	// for their logs.
	DefaultHistoryLimit = 3

	// DefaultMigrationActiveDeadlineSeconds is the time limit of a migration: an
	// hour.
	DefaultMigrationActiveDeadlineSeconds = 3600

	// DefaultBackoffLimit is the number of retries of a migration.
	DefaultBackoffLimit = 3
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
	// Default: [DefaultBackoffLimit].
	BackoffLimit *int

	// ActiveDeadlineSeconds is the time limit of the Job, with every retry and
	// the wait for the database. PostgreSQL undoes what is cut off, unless the
	// migration has atomic = False.
	//
	// Default: [DefaultMigrationActiveDeadlineSeconds].
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
	p.BackoffLimit = cmp.Or(p.BackoffLimit, new(DefaultBackoffLimit))
	p.ActiveDeadlineSeconds = cmp.Or(p.ActiveDeadlineSeconds, DefaultMigrationActiveDeadlineSeconds)
	p.Project.validateName(&e, given.Name, p.Name, maxMigrationName, ", because the Jobs' names are made of it")
	process := resolveProcess(&e, namespace, p.Project, process{
		name: p.Name, part: labels.Migration, env: p.Env, resources: p.Resources, template: p.Pod,
	}, "migrate", "prune")
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

// Migration applies the project's migrations, by one Job for each image and
// environment. The Job's name contains their digest, so that a new release makes
// a new Job, and applying the same one again does nothing: it has no time to
// live, after which an apply would run it again. Under a tag that moves, a new
// image makes no new Job.
//
// "manage.py migrate" runs under an advisory lock of the database, so that two
// Jobs, of whatever release or namespace, take turns. A connection pooler in
// transaction mode breaks that lock, so the Job connects to the server itself.
//
// Jobs that have ended are deleted, but for the last few, by the Job after
// them. For this its ServiceAccount may list and delete Jobs of the namespace;
// the container that runs the project's code has no token.
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
	process.node, process.wrong = n, len(problems) > 0
	m.props, m.process = resolved, process

	kube.NewAPIAccess(n, m.Name(), labels.Migration, props.Pod, kube.PruneRule())
	m.job = kube.NewJob(n, m.Name(), labels.Migration, props.Pod, m.spec)
	return m
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

func (m *Migration) spec() batchv1.JobSpec {
	mounts := m.process.mounts()
	command := script.WithAdvisoryLock("django-migrate", manage("migrate", "--noinput")...)
	var token kube.Mounts
	token.APIToken("api")
	p := m.process.pod(mounts, m.process.container("migrate", command, mounts),
		kube.PruneJobs(m.process.Image, m.Name(), *m.props.HistoryLimit, token, m.props.Pod))
	p.Spec.ServiceAccountName = m.Name()
	p.Spec.RestartPolicy = corev1.RestartPolicyNever
	p.Spec.Volumes = slices.Concat(mounts.Volumes, token.Volumes)
	return batchv1.JobSpec{
		BackoffLimit:          new(int32(*m.props.BackoffLimit)),
		ActiveDeadlineSeconds: new(int64(m.props.ActiveDeadlineSeconds)),
		Template:              p.Build(),
	}
}
