package postgres

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aws/constructs-go/constructs/v10"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
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

// Defaults of [RotationProps].
const (
	// DefaultRotationActiveDeadlineSeconds is the time limit of a rotation: an
	// hour, in which every Deployment is rolled out and every pod with the login
	// before ends.
	DefaultRotationActiveDeadlineSeconds = 3600

	// rotationRetries is the number of times that a run is tried again, each in
	// a new pod, which goes on where the one before has stopped.
	rotationRetries = 6

	// never is the schedule of a CronJob that is suspended.
	never = "0 0 1 1 *"
)

// RotationProps configures [NewRotation]. Database and Image are required; the
// zero value of every other field means its default.
type RotationProps struct {
	// Database is the server whose clients get a login of their own. It is in the
	// same namespace, and its name has at most 43 characters.
	//
	// Required.
	Database *Database

	// Image is the container image of the Jobs. It needs python3 of version 3.6
	// or later in its PATH, with psycopg or psycopg2, so the image of the Django
	// project serves.
	//
	// Required.
	Image string

	// Schedule is the five fields of cron, or @hourly, @daily, @weekly, @monthly
	// or @yearly.
	//
	// Default: none; the login changes when a person asks for it.
	Schedule string

	// TimeZone is the time zone of Schedule, such as "Europe/Vienna".
	//
	// Default: [DefaultTimeZone].
	TimeZone string

	// ActiveDeadlineSeconds is the time limit of a run, with every retry. The
	// next run goes on where one has stopped; until then both logins are valid.
	//
	// Default: [DefaultRotationActiveDeadlineSeconds].
	ActiveDeadlineSeconds int

	// Resources are the requests and limits of a run.
	//
	// Default: requests of 50m and 64Mi, limits of 500m and 256Mi.
	Resources pod.Resources

	// ImagePullSecrets are the names of Secrets holding registry credentials, made
	// outside the app.
	//
	// Default: none.
	ImagePullSecrets []string

	// RunAsUser is the numeric user and group of the Jobs.
	//
	// Default: [DefaultJobRunAsUser].
	RunAsUser int

	// Pod are further settings of the Jobs' pods.
	//
	// Default: none.
	Pod pod.Template
}

// Validate reports every invalid field.
func (p RotationProps) Validate() field.ErrorList {
	_, problems := p.resolve("")
	return problems
}

// resolve fills in the defaults and reports every invalid field.
func (p RotationProps) resolve(namespace string) (RotationProps, field.ErrorList) {
	var e rule.Errors
	given := p
	p.TimeZone = cmp.Or(p.TimeZone, DefaultTimeZone)
	p.ActiveDeadlineSeconds = cmp.Or(p.ActiveDeadlineSeconds, DefaultRotationActiveDeadlineSeconds)
	p.Resources = p.Resources.WithDefaults(kube.ScriptResources)
	p.RunAsUser = cmp.Or(p.RunAsUser, DefaultJobRunAsUser)
	p.validateDatabase(&e, namespace)
	e.Image("Image", p.Image)
	if p.Schedule != "" {
		e.Schedule("Schedule", p.Schedule)
	} else if given.TimeZone != "" {
		e.Add("TimeZone", given.TimeZone, "has no effect without Schedule")
	}
	e.TimeZone("TimeZone", p.TimeZone)
	e.Range("ActiveDeadlineSeconds", p.ActiveDeadlineSeconds, 1, math.MaxInt32)
	e.Join("Resources", given.Resources.Validate())
	e.Names("ImagePullSecrets", p.ImagePullSecrets)
	e.UserID("RunAsUser", p.RunAsUser)
	e.Join("Pod", p.Pod.Validate())
	kube.ValidateContainers(&e, "Pod", p.Pod, rotationContainer, "prune")
	kube.ValidateVolumes(&e, "Pod", p.Pod, tokenVolume)
	if p.Pod.TmpSize != "" {
		e.Add("Pod.TmpSize", p.Pod.TmpSize, "must not be given: the Jobs have no "+kube.TmpPath)
	}
	env := p.environment()
	for _, name := range rule.Keys(p.Pod.EnvKeys) {
		if env.Has(name) {
			e.Add(rule.Item("Pod.EnvKeys", name), "...", "must be another variable: the construct sets this one")
		}
	}
	return p, e.Err()
}

func (p RotationProps) validateDatabase(e *rule.Errors, namespace string) {
	d := p.Database.get()
	switch {
	case p.Database == nil:
		e.Add("Database", "", "is required: the server whose clients get a login of their own")
	case d.node == nil:
		e.Add("Database", "", "must be made by postgres.NewDatabase")
	case len(d.Name())+len(rotationSuffix) > labels.MaxCronJobName:
		e.Add("Database", d.Name(), fmt.Sprintf(
			"must have a name of at most %d characters, because the CronJob's is made of it",
			labels.MaxCronJobName-len(rotationSuffix)))
	case namespace != "" && d.node.Namespace() != "" && d.node.Namespace() != namespace:
		e.Add("Database", d.Name(), fmt.Sprintf("is in namespace %q, and the Rotation in %q: both must be in one namespace",
			d.node.Namespace(), namespace))
	}
}

// What the names of the objects have behind that of the database, and what is in
// the pods.
const (
	rotationSuffix    = "-rotation"
	loginSuffix       = "-login"
	rotationContainer = "rotate"
	tokenVolume       = "api"
)

// Rotation gives the clients of a [Database] a login of their own and changes
// it, without a moment at which one of them cannot log in. It is a [Connector]:
// a project names it as its Database.
//
// The login is in a Secret of its own, NAME-login after the database's name. Its
// values are made in the cluster. Two roles take turns: OWNER_1 and OWNER_2, both
// members of the owner. Their sessions act as the owner, which therefore owns
// every table. A run does these steps:
//
//   - It gives the idle role a new password and writes the login into the Secret.
//   - It restarts each Deployment of the app that reads the Secret, one after
//     another, and waits until every other pod with the old login has ended.
//   - It forbids the old role to log in and ends its sessions.
//
// A run that is killed or reaches ActiveDeadlineSeconds leaves both logins valid.
// The next run continues there.
//
// A Job fills in the Secret at first. A CronJob, the database's name and
// "-rotation", changes the login: by Schedule, and on demand by "kubectl create
// job --from=cronjob/NAME". Its account may get and patch that one Secret and
// those Deployments, list pods, list and delete Jobs, and patch the first one.
//
// Argo CD leaves the Secret's keys and the annotation on restarted pods alone,
// as it does after "kubectl rollout restart": no manifest has ever held them.
type Rotation struct {
	constructs.Construct

	node    *construct.Node
	props   RotationProps
	login   *secret.Secret
	job     *object.Object[*batchv1.Job]
	cronJob *object.Object[*batchv1.CronJob]
}

var (
	_ Connector        = (*Rotation)(nil)
	_ network.Source   = (*Rotation)(nil)
	_ network.Referrer = (*Rotation)(nil)
)

// NewRotation adds a [Rotation] called id to scope. Invalid props fail synthesis
// with the construct's path.
func NewRotation(scope constructs.Construct, id string, props RotationProps) *Rotation {
	props = clone.Of(props)
	r := &Rotation{}
	r.node = construct.Init(r, scope, id)
	resolved, problems := props.resolve(r.node.Namespace())
	r.node.Report(problems)
	r.props = resolved

	r.login = secret.New(r, "login", secret.Props{
		Name: r.database() + loginSuffix, Source: secret.Filled(secret.DatabaseKey, secret.UserKey, secret.PasswordKey),
	})
	kube.NewAPIAccess(r.node, r.Name(), labels.Rotation, props.Pod, r.rules)
	r.job = kube.NewJob(r.node, r.Name(), labels.Rotation, props.Pod, func() batchv1.JobSpec { return r.spec("fill") })
	r.cronJob = object.New(r, "CronJob", r.Name(), r.schedule)
	return r
}

// Connection returns the address of the database and the login of its clients.
func (r *Rotation) Connection() Connection {
	if r == nil || r.node == nil {
		return Connection{}.WithDefaults()
	}
	return Connection{Host: r.props.Database.Connection().Host, Secret: r.login}.WithDefaults()
}

// Database returns the server.
func (r *Rotation) Database() *Database {
	if r == nil {
		return nil
	}
	return r.props.Database
}

// Name returns the name of the CronJob, with which those of the Jobs start.
func (r *Rotation) Name() string { return r.database() + rotationSuffix }

// database returns the name of the database, or its default where it is missing.
func (r *Rotation) database() string { return cmp.Or(r.props.Database.Name(), DefaultName) }

// Selector returns the labels that select the pods.
func (r *Rotation) Selector() map[string]string { return labels.Selector(r.Name()) }

// Login returns the Secret with the login of the clients.
func (r *Rotation) Login() *secret.Secret { return r.login }

// Job returns the Job that fills in the Secret.
func (r *Rotation) Job() *object.Object[*batchv1.Job] { return r.job }

// CronJob returns the CronJob that changes the login.
func (r *Rotation) CronJob() *object.Object[*batchv1.CronJob] { return r.cronJob }

// ExternalReferences lists objects that the construct references and does not
// create.
func (r *Rotation) ExternalReferences() []network.Object {
	return kube.References(r.node.Namespace(), r.props.Pod, nil, r.props.ImagePullSecrets)
}

// Flows implements [network.Source].
func (r *Rotation) Flows() []network.Flow {
	flow := network.Flow{Name: r.Name(), Pods: r.Selector(), To: []network.Endpoint{{APIServer: true}}}
	if host := r.props.Database.Connection().Host; host != "" {
		server := r.Connection().Endpoint()
		server.Connections, server.Formula = 3, "a session, a try of the new login, and a run that waits"
		flow.To = append(flow.To, server)
	}
	return []network.Flow{flow}
}

// rules are what the runs may do.
func (r *Rotation) rules() []rbacv1.PolicyRule {
	rules := []rbacv1.PolicyRule{
		kube.FillRule(r.login.Name()),
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}},
		kube.PruneRule(),
		kube.AdoptRule(r.job),
	}
	if names := r.clients(); len(names) > 0 {
		slices.Sort(names)
		rules = append(rules, rbacv1.PolicyRule{
			APIGroups: []string{"apps"}, Resources: []string{"deployments"}, ResourceNames: names,
			Verbs: []string{"get", "patch"},
		})
	}
	return rules
}

// clients returns the Deployments of the app that read the Secret, in the order
// in which they are restarted: those first that keep their old pods where the new
// ones do not start.
func (r *Rotation) clients() []string {
	var rolling, recreated []string
	for _, c := range r.node.App().All() {
		o, ok := c.(*object.Object[*appsv1.Deployment])
		if !ok {
			continue
		}
		d := o.Content()
		switch {
		case d.Namespace != r.node.Namespace() || !kube.ReadsSecret(d.Spec.Template.Spec, r.login.Name()):
		case d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType:
			recreated = append(recreated, d.Name)
		default:
			rolling = append(rolling, d.Name)
		}
	}
	return append(rolling, recreated...)
}

// environment is how the runs reach the server: as its owner.
func (p RotationProps) environment() (env kube.Env) {
	owner := p.Database.Connection()
	env.Set("POSTGRES_HOST", owner.Host)
	env.Set("POSTGRES_PORT", fmt.Sprint(owner.Port))
	env.FromSecret(secret.DatabaseKey, owner.Secret.Name(), owner.NameKey)
	env.FromSecret("PGUSER", owner.Secret.Name(), owner.UserKey)
	env.FromSecret("PGPASSWORD", owner.Secret.Name(), owner.PasswordKey)
	return env
}

func (r *Rotation) schedule() *batchv1.CronJob {
	meta := kube.ObjectMeta(kube.Meta(r.node, r.Name(), labels.Rotation), r.props.Pod)
	job := meta.DeepCopy()
	job.Name = ""
	return &batchv1.CronJob{ObjectMeta: meta, Spec: batchv1.CronJobSpec{
		Schedule:                cmp.Or(rule.CronFields(r.props.Schedule), never),
		TimeZone:                &r.props.TimeZone,
		Suspend:                 new(r.props.Schedule == ""),
		ConcurrencyPolicy:       batchv1.ForbidConcurrent,
		StartingDeadlineSeconds: new(int64(3600)),
		JobTemplate:             batchv1.JobTemplateSpec{ObjectMeta: *job, Spec: r.spec("rotate")},
	}}
}

func (r *Rotation) spec(mode string) batchv1.JobSpec {
	p := r.props
	var mounts kube.Mounts
	mounts.APIToken(tokenVolume)
	token := mounts.Clone()
	mounts.Add("own-volume", p.Pod.Volumes, nil)
	env := p.environment()
	env.FromKeys(p.Pod.EnvKeys)
	run := corev1.Container{
		Name: rotationContainer, Image: p.Image, ImagePullPolicy: p.Pod.ImagePullPolicy,
		Command: script.Rotate(mode, r.login.Name(), r.clients()...),
		EnvFrom: kube.EnvFrom("", p.Pod.EnvFrom), Env: env.Vars,
		Resources: kube.Resources(p.Resources), VolumeMounts: mounts.Mounts,
	}
	spec := corev1.PodSpec{
		ServiceAccountName: r.Name(), RestartPolicy: corev1.RestartPolicyNever,
		ImagePullSecrets: kube.PullSecrets(p.ImagePullSecrets), SecurityContext: kube.PodSecurityContext(p.RunAsUser),
		Containers: []corev1.Container{run}, Volumes: mounts.Volumes,
	}
	if mode == "fill" {
		spec.InitContainers = []corev1.Container{kube.PruneJobs(p.Image, r.Name(), keptJobs, token, p.Pod)}
	}
	return batchv1.JobSpec{
		BackoffLimit:          new(int32(rotationRetries)),
		ActiveDeadlineSeconds: new(int64(p.ActiveDeadlineSeconds)),
		Template: kube.Pod{
			Name: r.Name(), Template: p.Pod, Meta: kube.Meta(r.node, r.Name(), labels.Rotation), Spec: spec,
		}.Build(),
	}
}

// keptJobs is the number of Jobs that have ended and are kept for their logs.
const keptJobs = 3
