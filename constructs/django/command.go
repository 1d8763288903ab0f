package django

import (
	"cmp"
	"math"
	"slices"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"

	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/declare"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// ConcurrencyPolicy says what happens when a command is due while it still
// runs.
type ConcurrencyPolicy string

// The policies of a [Command]; see
// https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#concurrency-policy.
const (
	ForbidConcurrent  ConcurrencyPolicy = "Forbid"
	ReplaceConcurrent ConcurrencyPolicy = "Replace"
	AllowConcurrent   ConcurrencyPolicy = "Allow"
)

// Defaults of [CommandProps].
const (
	// DefaultTimeZone is the time zone of a schedule.
	DefaultTimeZone = "Etc/UTC"

	// DefaultStartingDeadlineSeconds is how late a run may start: within it, one
	// that was missed is made up for.
	DefaultStartingDeadlineSeconds = 300

	// DefaultCommandSeconds is how long a run may take: an hour.
	DefaultCommandSeconds = 3600
)

// CommandProps configures [NewCommand]. Web, Name, Args and Schedule are
// required; the zero value of every other field means its default.
type CommandProps struct {
	// Web is the site whose project the command belongs to, with the image and
	// the environment of the site.
	//
	// Required.
	Web *Web

	// Name names the CronJob, behind the site's name and a dash: "clearsessions"
	// makes django-clearsessions. Both together have at most 52 characters.
	//
	// Required.
	Name string

	// Args are the management command and its arguments, as they follow
	// manage.py.
	//
	// Required.
	Args []string

	// Schedule says when the command runs, in the five fields of cron or as
	// @hourly, @daily, @weekly, @monthly or @yearly.
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

	// ConcurrencyPolicy says what happens when the command is due while it
	// still runs.
	//
	// Default: [ForbidConcurrent].
	ConcurrencyPolicy ConcurrencyPolicy

	// StartingDeadlineSeconds is how late a run may start.
	//
	// Default: [DefaultStartingDeadlineSeconds].
	StartingDeadlineSeconds int

	// ActiveDeadlineSeconds is how long a run may take, with every try.
	//
	// Default: [DefaultCommandSeconds].
	ActiveDeadlineSeconds int

	// BackoffLimit is how often a run that fails is tried again.
	//
	// Default: 0; the next one is due soon enough.
	BackoffLimit int

	// HistoryLimit is how many runs that succeeded, and how many that failed,
	// are kept for their logs.
	//
	// Default: [DefaultHistoryLimit].
	HistoryLimit *int

	// Resources says how much CPU and memory a run gets.
	//
	// Default: [DefaultResources].
	Resources pod.Resources
}

// maxCronJobName leaves room for the suffix of the Jobs' names.
const maxCronJobName = 52

// Validate reports every invalid field.
func (p CommandProps) Validate() error {
	given := p
	p = p.withDefaults()
	var e rule.Errors
	if p.Web == nil {
		e.Add("Web", "", "is required: the site whose project the command belongs to")
	}
	switch {
	case given.Name == "":
		e.Add("Name", "", "is required: what the CronJob is called behind the site's name")
	case p.Web.misnamed():
		e.Label("Name", p.Name)
	case len(p.name())-len(p.Name) >= maxCronJobName:
		e.Add("Web", p.Web.Name(), "must have a Name of at most 50 characters: the CronJob's, at most 52, starts with it and a dash")
	case len(p.name()) > maxCronJobName:
		e.Add("Name", p.Name, "must be shorter: with the site's name, "+p.name()+" is above 52 characters, which the Jobs' names are made of")
	default:
		e.Label("Name", p.Name)
	}
	if len(p.Args) == 0 {
		e.Add("Args", "", "is required: the management command and its arguments")
	}
	for i, arg := range p.Args {
		e.Text(rule.Item("Args", i), arg)
	}
	e.Schedule("Schedule", p.Schedule)
	e.TimeZone("TimeZone", p.TimeZone)
	e.OneOf("ConcurrencyPolicy", string(p.ConcurrencyPolicy), string(ForbidConcurrent), string(ReplaceConcurrent), string(AllowConcurrent))
	// Below ten seconds the controller, which looks every ten, may never start
	// it.
	e.Range("StartingDeadlineSeconds", p.StartingDeadlineSeconds, 10, 7*day)
	e.Range("ActiveDeadlineSeconds", p.ActiveDeadlineSeconds, 1, math.MaxInt32)
	e.Range("BackoffLimit", p.BackoffLimit, 0, 1000)
	e.Range("HistoryLimit", *p.HistoryLimit, 0, 1000)
	e.Join("Resources", given.Resources.Validate())
	return e.Err()
}

func (p CommandProps) withDefaults() CommandProps {
	p.TimeZone = cmp.Or(p.TimeZone, DefaultTimeZone)
	p.ConcurrencyPolicy = cmp.Or(p.ConcurrencyPolicy, ForbidConcurrent)
	p.StartingDeadlineSeconds = cmp.Or(p.StartingDeadlineSeconds, DefaultStartingDeadlineSeconds)
	p.ActiveDeadlineSeconds = cmp.Or(p.ActiveDeadlineSeconds, DefaultCommandSeconds)
	if p.HistoryLimit == nil {
		p.HistoryLimit = new(DefaultHistoryLimit)
	}
	p.Resources = p.Resources.WithDefaults(DefaultResources)
	return p
}

func (p CommandProps) name() string { return p.Web.related(p.Name) }

// Command runs a management command of the project at the times of a schedule:
// a CronJob. Where the site's pods wait for migrations, a run does, too; the
// wait counts against ActiveDeadlineSeconds.
type Command struct {
	constructs.Construct

	props CommandProps
}

// NewCommand adds a [Command] called id to scope. Invalid props fail synthesis
// with the construct's path.
func NewCommand(scope constructs.Construct, id string, props CommandProps) *Command {
	c := &Command{}
	bind.Init(c, scope, id)
	bind.Validate(c, props.Validate)

	c.props = props.withDefaults()
	if props.Web == nil {
		return c
	}
	bind.Validate(c, func() error { return props.Web.reachableFrom(c) })
	newCronJob(c)
	c.addClient()
	return c
}

// Name returns the name of the CronJob.
func (c *Command) Name() string { return c.props.name() }

// Selector returns the labels by which a NetworkPolicy or the like finds the
// pods.
func (c *Command) Selector() map[string]string { return labels.Selector(c.Name()) }

// Externals implements the declaration of volumes and Secrets that come from
// elsewhere.
func (c *Command) Externals() []declare.Object {
	return c.props.Web.projectExternals(bind.Namespace(c))
}

// Traffic implements the declaration of what the pods connect to.
func (c *Command) Traffic() []declare.Traffic { return c.props.Web.traffic(c) }

// addClient counts one connection for each run that there may be. With
// [AllowConcurrent] that is two at least; nothing tells how many.
func (c *Command) addClient() {
	if c.props.ConcurrencyPolicy == ForbidConcurrent {
		c.props.Web.addClient(c.Name(), 1, "1 run")
	} else {
		c.props.Web.addClient(c.Name(), 2, "2 runs at a time")
	}
}

func newCronJob(c *Command) {
	props := c.props
	metadata := func() *k8s.ObjectMeta {
		return &k8s.ObjectMeta{Labels: bind.Map(labels.Object(c.Name(), labels.Command, bind.PartOf(c)))}
	}
	named := metadata()
	named.Name = new(c.Name())
	k8s.NewKubeCronJob(c, new("CronJob"), &k8s.KubeCronJobProps{
		Metadata: named,
		Spec: &k8s.CronJobSpec{
			Schedule:                   &props.Schedule,
			TimeZone:                   &props.TimeZone,
			Suspend:                    &props.Suspend,
			ConcurrencyPolicy:          new(string(props.ConcurrencyPolicy)),
			StartingDeadlineSeconds:    jsii.Number(props.StartingDeadlineSeconds),
			SuccessfulJobsHistoryLimit: jsii.Number(*props.HistoryLimit),
			FailedJobsHistoryLimit:     jsii.Number(*props.HistoryLimit),
			JobTemplate: &k8s.JobTemplateSpec{
				Metadata: metadata(),
				Spec: &k8s.JobSpec{
					BackoffLimit:          jsii.Number(props.BackoffLimit),
					ActiveDeadlineSeconds: jsii.Number(props.ActiveDeadlineSeconds),
					Template:              &k8s.PodTemplateSpec{Metadata: metadata(), Spec: commandPod(c)},
				},
			},
		},
	})
}

func commandPod(c *Command) *k8s.PodSpec {
	props := c.props
	mounts := props.Web.projectMounts()
	command := jsii.Strings(slices.Concat([]string{"python3", "manage.py"}, props.Args)...)
	spec := props.Web.podSpec(mounts, props.Web.process("command", command, props.Resources, mounts))
	spec.InitContainers = bind.List(props.Web.waitForMigrations(props.Resources, mounts)...)
	spec.RestartPolicy = new("Never")
	return spec
}
