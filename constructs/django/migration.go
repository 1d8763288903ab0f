package django

import (
	"cmp"
	_ "embed"
	"math"
	"slices"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"

	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/declare"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/podspec"
	"example.com/django-cdk8s/internal/rule"
)

// Defaults of [MigrationProps].
const (
	// DefaultHistoryLimit is the number of Jobs that have ended and are kept
	// for their logs.
	DefaultHistoryLimit = 3

	// DefaultMigrationSeconds is how long a migration may take: an hour.
	DefaultMigrationSeconds = 3600

	// DefaultBackoffLimit is how often a migration that fails is tried again.
	DefaultBackoffLimit = 3
)

// MigrationProps configures [NewMigration]. Only Web is required; the zero
// value of every other field means its default.
type MigrationProps struct {
	// Web is the site whose database is migrated, with the image, the
	// environment and the PriorityClass of the site. Its pods must wait:
	// WebProps.WaitForMigrations.
	//
	// Required.
	Web *Web

	// Name is the name that the Jobs' names start with, at most 54 characters.
	//
	// Default: the site's name and "-migrate".
	Name string

	// Resources says how much CPU and memory the Job gets.
	//
	// Default: those of the site.
	Resources pod.Resources

	// HistoryLimit is how many Jobs that have ended are kept for their logs,
	// besides the one that runs. Each new one deletes the oldest above it.
	//
	// Default: [DefaultHistoryLimit].
	HistoryLimit *int

	// BackoffLimit is how often a migration that fails is tried again, with
	// longer and longer pauses, in a pod of its own each time.
	//
	// Default: [DefaultBackoffLimit].
	BackoffLimit *int

	// ActiveDeadlineSeconds is how long the Job may take in all, with every try
	// and the wait for the database. PostgreSQL undoes what is cut off, unless
	// the migration says atomic = False.
	//
	// Default: [DefaultMigrationSeconds].
	ActiveDeadlineSeconds int
}

// maxMigrationName leaves room for the Job's suffix within the 63 characters of
// a label value, which the Job controller makes of the Job's name.
const maxMigrationName = 63 - len("-00000000")

// Validate reports every invalid field.
func (p MigrationProps) Validate() error {
	given := p
	p = p.withDefaults()
	var e rule.Errors
	if p.Web == nil {
		e.Add("Web", "", "is required: the site whose database is migrated")
	} else if !p.Web.props.WaitForMigrations {
		e.Add("Web", p.Web.Name(), "must have WaitForMigrations, or its pods serve before the migration ends")
	}
	p.Web.validateName(&e, given.Name, p.Name, maxMigrationName, ", because the Jobs' names are made of it")
	e.Join("Resources", given.Resources.Validate())
	e.Range("HistoryLimit", *p.HistoryLimit, 0, 1000)
	e.Range("BackoffLimit", *p.BackoffLimit, 0, 1000)
	e.Range("ActiveDeadlineSeconds", p.ActiveDeadlineSeconds, 1, math.MaxInt32)
	return e.Err()
}

func (p MigrationProps) withDefaults() MigrationProps {
	p.Name = cmp.Or(p.Name, p.Web.related("migrate"))
	p.Resources = p.Resources.WithDefaults(p.Web.resources())
	if p.HistoryLimit == nil {
		p.HistoryLimit = new(DefaultHistoryLimit)
	}
	if p.BackoffLimit == nil {
		p.BackoffLimit = new(DefaultBackoffLimit)
	}
	p.ActiveDeadlineSeconds = cmp.Or(p.ActiveDeadlineSeconds, DefaultMigrationSeconds)
	return p
}

// Migration applies the project's migrations, by one Job for each image and
// environment. The Job's name carries their digest, so that a new release makes
// a new Job, and applying the same one again does nothing: it has no time to
// live, after which an apply would run it again. Under a tag that moves, a new
// image makes no new Job.
//
// "manage.py migrate" runs under an advisory lock of the database, so that two
// Jobs, of whatever release or namespace, take turns; a connection pooler in
// transaction mode breaks that lock.
//
// Jobs that have ended are deleted, but for the last few, by the Job after
// them. For this its ServiceAccount may list and delete Jobs of the namespace;
// the container that runs the project's code has no token.
type Migration struct {
	constructs.Construct

	props MigrationProps
}

// NewMigration adds a [Migration] called id to scope. Invalid props fail
// synthesis with the construct's path.
func NewMigration(scope constructs.Construct, id string, props MigrationProps) *Migration {
	m := &Migration{}
	bind.Init(m, scope, id)
	bind.Validate(m, props.Validate)

	m.props = props.withDefaults()
	if props.Web == nil {
		return m
	}
	bind.Validate(m, func() error { return props.Web.reachableFrom(m) })
	podspec.NewAPIAccess(m, m.props.Name, m.labels(), podspec.PruneRule())
	newMigrationJob(m)
	props.Web.addClient(m.props.Name, 3, "a lock, a migration, and a Job that waits")
	return m
}

// Name returns the name that the Jobs' names start with.
func (m *Migration) Name() string { return m.props.Name }

// Selector returns the labels by which a NetworkPolicy or the like finds the
// pods.
func (m *Migration) Selector() map[string]string { return labels.Selector(m.props.Name) }

// Externals implements the declaration of volumes and Secrets that come from
// elsewhere.
func (m *Migration) Externals() []declare.Object {
	return m.props.Web.projectExternals(bind.Namespace(m))
}

// Traffic implements the declaration of what the pods connect to.
func (m *Migration) Traffic() []declare.Traffic {
	traffic := m.props.Web.traffic(m)
	for i := range traffic {
		traffic[i].To = append(traffic[i].To, declare.Destination{APIServer: true})
	}
	return traffic
}

func (m *Migration) labels() *map[string]*string {
	return bind.Map(labels.Object(m.props.Name, labels.Migration, bind.PartOf(m)))
}

func newMigrationJob(m *Migration) {
	build := func(scope constructs.Construct, name string) k8s.KubeJob {
		return k8s.NewKubeJob(scope, new("Job"), &k8s.KubeJobProps{
			Metadata: &k8s.ObjectMeta{Name: &name, Labels: m.labels()},
			Spec: &k8s.JobSpec{
				BackoffLimit:          jsii.Number(*m.props.BackoffLimit),
				ActiveDeadlineSeconds: jsii.Number(m.props.ActiveDeadlineSeconds),
				Template: &k8s.PodTemplateSpec{
					Metadata: &k8s.ObjectMeta{Labels: m.labels()},
					Spec:     migrationPod(m),
				},
			},
		})
	}
	digest := bind.Digest(func(scope constructs.Construct) cdk8s.ApiObject { return build(scope, m.props.Name) })
	build(m, m.props.Name+"-"+digest)
}

//go:embed exclusive.py
var exclusiveScript string

// exclusive returns the command that runs another one under the lock called
// name, which belongs to the database of the project.
func exclusive(name string, command ...string) *[]*string {
	return jsii.Strings(slices.Concat([]string{"python3", "-c", exclusiveScript, name}, command)...)
}

func migrationPod(m *Migration) *k8s.PodSpec {
	web := m.props.Web
	mounts := web.projectMounts()
	migrate := web.process("migrate", exclusive("django-migrate", "python3", "manage.py", "migrate", "--noinput"), m.props.Resources, mounts)
	var account podspec.Mounts
	account.APIToken("api")
	spec := web.podSpec(mounts, migrate)
	spec.ServiceAccountName = &m.props.Name
	spec.RestartPolicy = new("Never")
	// The site waits for it.
	spec.PriorityClassName = bind.Optional(web.props.PriorityClassName)
	spec.InitContainers = bind.List(podspec.PruneJobs(web.props.Image, m.props.Name, *m.props.HistoryLimit, account))
	spec.Volumes = new(slices.Concat(*mounts.Volumes(), *account.Volumes()))
	return spec
}
