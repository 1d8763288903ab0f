package django

import (
	"cmp"
	"math"

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
)

// ConcurrencyPolicy is the treatment of a command that is due while it still
// runs.
type ConcurrencyPolicy string

// The policies of a [ScheduledCommand]; see
// https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#concurrency-policy.
const (
	// ForbidConcurrent leaves out the run that is due.
	ForbidConcurrent ConcurrencyPolicy = "Forbid"

	// ReplaceConcurrent stops the run before.
	ReplaceConcurrent ConcurrencyPolicy = "Replace"

	// AllowConcurrent lets both run.
	AllowConcurrent ConcurrencyPolicy = "Allow"
)

// Defaults of [ScheduledCommandProps].
const (
	// DefaultTimeZone is the time zone of a schedule.
	DefaultTimeZone = "Etc/UTC"

	// DefaultStartingDeadlineSeconds is the time after its schedule within which
	// a run that was missed still starts.
	DefaultStartingDeadlineSeconds = 300

	// DefaultCommandActiveDeadlineSeconds is the time limit of a run: an hour.
	DefaultCommandActiveDeadlineSeconds = 3600
)

// ScheduledCommandProps configures [NewScheduledCommand]. Project, NameSuffix,
// Args and Schedule are required; the zero value of every other field means its
// default.
type ScheduledCommandProps struct {
	// Project is the Django project of the command.
	//
	// Required.
	Project Project

	// NameSuffix is the CronJob's name behind the project's name and a dash:
	// "clearsessions" makes django-clearsessions. Both together have at most 52
	// characters.
	//
	// Required.
	NameSuffix string

	// Env are further environment variables of the command, which win over
	// those of the project.
	//
	// Default: none.
	Env map[string]string

	// Args are the management command and its arguments, as they follow
	// manage.py.
	//
	// Required.
	Args []string

	// Schedule is the five fields of cron, or @hourly, @daily, @weekly, @monthly
	// or @yearly.
	//
	// Required.
	Schedule string

	// TimeZone is the time zone of Schedule, such as "Europe/Vienna".
	//
	// Default: [DefaultTimeZone].
	TimeZone string

	// Suspend keeps the command from running.
	//
	// Default: false.
	Suspend bool

	// ConcurrencyPolicy is the treatment of a command that is due while it still
	// runs.
	//
	// Default: [ForbidConcurrent].
	ConcurrencyPolicy ConcurrencyPolicy

	// StartingDeadlineSeconds is the time after its schedule within which a run
	// that was missed still starts: from 10 seconds to 7 days.
	//
	// Default: [DefaultStartingDeadlineSeconds].
	StartingDeadlineSeconds int

	// ActiveDeadlineSeconds is the time limit of a run, with every retry.
	//
	// Default: [DefaultCommandActiveDeadlineSeconds].
	ActiveDeadlineSeconds int

	// BackoffLimit is the number of retries of a run that fails.
	//
	// Default: 0; the next one is due soon enough.
	BackoffLimit int

	// HistoryLimit is the number of runs that succeeded, and of those that
	// failed, that are kept for their logs.
	//
	// Default: [DefaultHistoryLimit].
	HistoryLimit *int

	// Resources are the requests and limits of a run.
	//
	// Default: [DefaultResources].
	Resources pod.Resources

	// Pod are further settings of the pods.
	//
	// Default: none.
	Pod pod.Template
}

// Validate reports every invalid field.
func (p ScheduledCommandProps) Validate() field.ErrorList {
	_, _, problems := p.resolve("")
	return problems
}

// resolve fills in the defaults and reports every invalid field.
func (p ScheduledCommandProps) resolve(namespace string) (ScheduledCommandProps, process, field.ErrorList) {
	var e rule.Errors
	given := p
	p.TimeZone = cmp.Or(p.TimeZone, DefaultTimeZone)
	p.ConcurrencyPolicy = cmp.Or(p.ConcurrencyPolicy, ForbidConcurrent)
	p.StartingDeadlineSeconds = cmp.Or(p.StartingDeadlineSeconds, DefaultStartingDeadlineSeconds)
	p.ActiveDeadlineSeconds = cmp.Or(p.ActiveDeadlineSeconds, DefaultCommandActiveDeadlineSeconds)
	p.HistoryLimit = cmp.Or(p.HistoryLimit, new(DefaultHistoryLimit))
	p.Resources = p.Resources.WithDefaults(DefaultResources)
	process := resolveProcess(&e, namespace, p.Project, process{
		name: p.name(), part: labels.Command, env: p.Env, resources: p.Resources, template: p.Pod,
	}, "command", "wait-for-migrations")
	process.validateVolumes(&e, map[string]string{kube.TmpPath: "a writable directory"}, "")
	p.Project.validateSuffix(&e, p.NameSuffix, "CronJob", labels.MaxCronJobName, ", which the Jobs' names are made of")
	if len(p.Args) == 0 {
		e.Add("Args", "", "is required: the management command and its arguments")
	}
	validateWords(&e, "Args", p.Args)
	e.Schedule("Schedule", p.Schedule)
	e.TimeZone("TimeZone", p.TimeZone)
	e.OneOf("ConcurrencyPolicy", string(p.ConcurrencyPolicy), string(ForbidConcurrent), string(ReplaceConcurrent),
		string(AllowConcurrent))
	// Below ten seconds the controller, which looks every ten, may never start
	// it.
	e.Range("StartingDeadlineSeconds", p.StartingDeadlineSeconds, 10, 7*day)
	e.Range("ActiveDeadlineSeconds", p.ActiveDeadlineSeconds, 1, math.MaxInt32)
	e.Range("BackoffLimit", p.BackoffLimit, 0, 1000)
	e.Range("HistoryLimit", *p.HistoryLimit, 0, 1000)
	e.Join("Resources", given.Resources.Validate())
	return p, process, e.Err()
}

func (p ScheduledCommandProps) name() string {
	return cmp.Or(p.Project.Name, DefaultName) + "-" + p.NameSuffix
}

// ScheduledCommand runs a management command of the project on a schedule: a
// CronJob. The wait for migrations counts against ActiveDeadlineSeconds.
type ScheduledCommand struct {
	constructs.Construct

	process process
	props   ScheduledCommandProps
	cronJob *object.Object[*batchv1.CronJob]
}

// NewScheduledCommand adds a [ScheduledCommand] called id to scope. Invalid
// props fail synthesis with the construct's path.
func NewScheduledCommand(scope constructs.Construct, id string, props ScheduledCommandProps) *ScheduledCommand {
	props = clone.Of(props)
	c := &ScheduledCommand{}
	n := construct.Init(c, scope, id)
	resolved, process, problems := props.resolve(n.Namespace())
	n.Report(problems)
	process.node = n
	c.props, c.process = resolved, process

	c.cronJob = object.New(c, "CronJob", c.Name(), c.build)
	kube.NewServiceAccount(n, c.Name(), labels.Command, props.Pod)
	n.Check(c.process.checkMigrated)
	return c
}

// Name returns the name of the CronJob.
func (c *ScheduledCommand) Name() string { return c.process.name }

// Selector returns the labels that select the pods.
func (c *ScheduledCommand) Selector() map[string]string { return labels.Selector(c.Name()) }

// CronJob returns the CronJob of the command.
func (c *ScheduledCommand) CronJob() *object.Object[*batchv1.CronJob] { return c.cronJob }

// ExternalReferences lists objects that the construct references and does not
// create.
func (c *ScheduledCommand) ExternalReferences() []network.Object { return c.process.references() }

// Flows implements [network.Source]. Each run holds one connection to the
// database. With [AllowConcurrent] there are two at least; nothing tells how
// many.
func (c *ScheduledCommand) Flows() []network.Flow {
	if c.props.ConcurrencyPolicy == ForbidConcurrent {
		return []network.Flow{c.process.flow(1, "1 run")}
	}
	return []network.Flow{c.process.flow(2, "2 runs at a time")}
}

func (c *ScheduledCommand) build() *batchv1.CronJob {
	props := c.props
	mounts := c.process.mounts()
	p := c.process.pod(mounts, c.process.container("command", manage(props.Args...), mounts),
		c.process.waitForMigrations(mounts)...)
	p.Spec.RestartPolicy = corev1.RestartPolicyNever
	meta := kube.ObjectMeta(kube.Meta(c.process.node, c.Name(), labels.Command), props.Pod)
	job := meta.DeepCopy()
	job.Name = ""
	return &batchv1.CronJob{ObjectMeta: meta, Spec: batchv1.CronJobSpec{
		Schedule:                   rule.CronFields(props.Schedule),
		TimeZone:                   &props.TimeZone,
		Suspend:                    &props.Suspend,
		ConcurrencyPolicy:          batchv1.ConcurrencyPolicy(props.ConcurrencyPolicy),
		StartingDeadlineSeconds:    new(int64(props.StartingDeadlineSeconds)),
		SuccessfulJobsHistoryLimit: new(int32(*props.HistoryLimit)),
		FailedJobsHistoryLimit:     new(int32(*props.HistoryLimit)),
		JobTemplate: batchv1.JobTemplateSpec{ObjectMeta: *job, Spec: batchv1.JobSpec{
			BackoffLimit:          new(int32(props.BackoffLimit)),
			ActiveDeadlineSeconds: new(int64(props.ActiveDeadlineSeconds)),
			Template:              p.Build(),
		}},
	}}
}
