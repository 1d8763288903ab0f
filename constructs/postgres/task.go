package postgres

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aws/constructs-go/constructs/v10"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/libpq"
	"example.com/django-cdk8s/internal/rule"
)

// Defaults of [BackupProps], [RestoreProps] and [RestoreDrillProps].
const (
	// DefaultScratchSize is the size limit of the directory that a dump passes
	// through, with the media and credentials beside it.
	DefaultScratchSize = "10Gi"

	// DefaultJobRunAsUser is the user and group of the pods: that of a Django
	// project, whose media they read and write.
	DefaultJobRunAsUser = 1000

	// DefaultJobActiveDeadlineSeconds is the time limit of a Job, with every
	// retry: four hours.
	DefaultJobActiveDeadlineSeconds = 4 * 3600

	// DefaultTimeZone is the time zone of a schedule.
	DefaultTimeZone = "Etc/UTC"

	// DefaultStartingDeadlineSeconds is the time after its schedule within which a
	// run that was missed still starts: an hour.
	DefaultStartingDeadlineSeconds = 3600

	// DefaultHistoryLimit is the number of Jobs that succeeded, and of those that
	// failed, that are kept for their logs.
	DefaultHistoryLimit = 3
)

// DefaultJobResources are the resources of a container that dumps or restores.
var DefaultJobResources = pod.Resources{
	Requests: pod.Quantities{CPU: "100m", Memory: "128Mi"},
	Limits:   pod.Quantities{CPU: "1", Memory: "512Mi"},
}

// task is what the pods of a backup, a restore and a drill have in common.
type task struct {
	name             string
	part             labels.Part
	store            Store
	runAsUser        int
	scratchSize      string
	activeDeadline   int
	backoff          int
	resources        pod.Resources
	imagePullSecrets []string
	template         pod.Template
}

func (t task) withDefaults() task {
	t.runAsUser = cmp.Or(t.runAsUser, DefaultJobRunAsUser)
	t.scratchSize = cmp.Or(t.scratchSize, DefaultScratchSize)
	t.activeDeadline = cmp.Or(t.activeDeadline, DefaultJobActiveDeadlineSeconds)
	return t
}

// The volumes of every pod, by mount path.
const (
	scratchPath   = "/scratch"
	scratchVolume = "scratch"
	tmpVolume     = "tmp"

	mediaPath   = "/media"
	mediaVolume = "media"

	credentialsPath   = "/credentials"
	credentialsVolume = "credentials"
)

// validateTask reports every invalid field. given are the resources without their
// defaults, own the names of the containers, and limit is the length of the
// longest name.
func (t task) validateTask(e *rule.Errors, given pod.Resources, limit int, why string, own ...string) {
	if len(t.name) > limit {
		e.TooLong("Name", t.name, limit, why, false)
	} else {
		e.Label("Name", t.name)
	}
	e.UserID("RunAsUser", t.runAsUser)
	e.Bytes("ScratchSize", t.scratchSize)
	e.Range("ActiveDeadlineSeconds", t.activeDeadline, 1, math.MaxInt32)
	e.Range("BackoffLimit", t.backoff, 0, 1000)
	e.Join("Resources", given.Validate())
	e.Names("ImagePullSecrets", t.imagePullSecrets)
	e.Join("Pod", t.template.Validate())
	kube.ValidateContainers(e, "Pod", t.template, own...)
	kube.ValidateVolumes(e, "Pod", t.template, scratchVolume, tmpVolume, mediaVolume, credentialsVolume,
		storeVolume, storeCA, drillDataVolume, drillSocketVolume, libpq.Volume)
	for i, v := range t.template.Volumes {
		taken := []string{
			scratchPath, kube.TmpPath, mediaPath, credentialsPath, storeMount, storeCAPath, libpq.Path,
			drillDataPath, drillSocketPath,
		}
		if slices.Contains(taken, v.MountPath) {
			e.Add(rule.Item("Pod.Volumes", i)+".MountPath", v.MountPath,
				"must be another path: the construct mounts a volume there")
		}
	}
}

// mounts are the directories of every container.
func (t task) mounts() kube.Mounts {
	var mounts kube.Mounts
	mounts.EmptyDir(scratchVolume, scratchPath, t.scratchSize)
	mounts.Tmp(t.template)
	mounts.Add("own-volume", t.template.Volumes, nil)
	return mounts
}

// container returns one of the construct's own. Where it fails, the last lines of
// its log are the reason that Kubernetes shows.
func (t task) container(name, image string, command []string, env kube.Env, resources pod.Resources,
	mounts kube.Mounts,
) corev1.Container {
	env.FromKeys(t.template.EnvKeys)
	return corev1.Container{
		Name:                     name,
		Image:                    image,
		ImagePullPolicy:          t.template.ImagePullPolicy,
		Command:                  command,
		EnvFrom:                  kube.EnvFrom("", t.template.EnvFrom),
		Env:                      env.Vars,
		Resources:                kube.Resources(resources),
		VolumeMounts:             mounts.Mounts,
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
}

// rclone returns a container that runs command, which reads or writes the store.
func (t task) rclone(name string, command []string, readOnly bool) (corev1.Container, kube.Mounts) {
	mounts := t.mounts()
	t.store.mount(&mounts, readOnly)
	return t.container(name, t.store.Image, command, t.store.environment(), t.store.Resources, mounts), mounts
}

// podOf returns the pod of the given containers, the first of which run before the
// last ones. all are the volumes of them.
func (t task) podOf(n *construct.Node, before, containers []corev1.Container, all ...kube.Mounts) kube.Pod {
	var volumes []corev1.Volume
	for _, mounts := range all {
		for _, v := range mounts.Volumes {
			if !slices.ContainsFunc(volumes, func(other corev1.Volume) bool { return other.Name == v.Name }) {
				volumes = append(volumes, v)
			}
		}
	}
	p := kube.Pod{
		Name: t.name, Template: t.template, Meta: kube.Meta(n, t.name, t.part),
		Spec: corev1.PodSpec{
			ImagePullSecrets: kube.PullSecrets(t.imagePullSecrets),
			RestartPolicy:    corev1.RestartPolicyNever,
			SecurityContext:  kube.PodSecurityContext(t.runAsUser),
			InitContainers:   before,
			Containers:       containers,
			Volumes:          volumes,
		},
	}
	if t.store.Claim != "" {
		p.Meta.Labels[labels.BackupClaim] = t.store.Claim
		p.Template.Affinity = besides(p.Template.Affinity, map[string]string{labels.BackupClaim: t.store.Claim})
	}
	return p
}

// besides returns given and the demand to run on the node of the pods with these
// labels. A pod that has the labels itself may be the first, but only where it has
// no other demand of the kind, so that one that is given has the say.
func besides(given *corev1.Affinity, pods map[string]string) *corev1.Affinity {
	a := given.DeepCopy()
	if a == nil {
		a = &corev1.Affinity{}
	}
	if a.PodAffinity == nil {
		a.PodAffinity = &corev1.PodAffinity{}
	}
	required := &a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if len(*required) == 0 {
		*required = []corev1.PodAffinityTerm{{
			LabelSelector: &metav1.LabelSelector{MatchLabels: pods}, TopologyKey: corev1.LabelHostname,
		}}
	}
	return a
}

func (t task) jobSpec(p kube.Pod) batchv1.JobSpec {
	return batchv1.JobSpec{
		BackoffLimit:          new(int32(t.backoff)),
		ActiveDeadlineSeconds: new(int64(t.activeDeadline)),
		Template:              p.Build(),
	}
}

func (t task) references(namespace string) []network.Object {
	return append(kube.References(namespace, t.template, nil, t.imagePullSecrets), t.store.references(namespace)...)
}

// schedule is when a CronJob runs.
type schedule struct {
	cron, timeZone   string
	suspend          bool
	startingDeadline int
	history          int
}

func (s schedule) withDefaults() schedule {
	s.timeZone = cmp.Or(s.timeZone, DefaultTimeZone)
	s.startingDeadline = cmp.Or(s.startingDeadline, DefaultStartingDeadlineSeconds)
	return s
}

func (s schedule) validateSchedule(e *rule.Errors) {
	const week = 7 * 24 * 3600
	e.Schedule("Schedule", s.cron)
	e.TimeZone("TimeZone", s.timeZone)
	// Below ten seconds the controller, which looks every ten, may never start it.
	e.Range("StartingDeadlineSeconds", s.startingDeadline, 10, week)
	e.Range("HistoryLimit", s.history, 0, 1000)
}

// newCronJob adds the CronJob of t, whose pod build returns. Two runs at once would
// read and delete each other's backups.
func (t task) newCronJob(n *construct.Node, s schedule, build func() kube.Pod) *object.Object[*batchv1.CronJob] {
	kube.NewServiceAccount(n, t.name, t.part, t.template)
	return object.New(n.Construct(), "CronJob", t.name, func() *batchv1.CronJob {
		meta := kube.ObjectMeta(kube.Meta(n, t.name, t.part), t.template)
		job := meta.DeepCopy()
		job.Name = ""
		return &batchv1.CronJob{ObjectMeta: meta, Spec: batchv1.CronJobSpec{
			Schedule:                   rule.CronFields(s.cron),
			TimeZone:                   &s.timeZone,
			Suspend:                    &s.suspend,
			ConcurrencyPolicy:          batchv1.ForbidConcurrent,
			StartingDeadlineSeconds:    new(int64(s.startingDeadline)),
			SuccessfulJobsHistoryLimit: new(int32(s.history)),
			FailedJobsHistoryLimit:     new(int32(s.history)),
			JobTemplate:                batchv1.JobTemplateSpec{ObjectMeta: *job, Spec: t.jobSpec(build())},
		}}
	})
}

// target is the database of a backup or a restore.
type target struct {
	connection Connection
	// name is that of the server, and image its image, where they are known.
	name, image string
}

// resolveTarget returns the database that c leads to, and reports what is wrong
// with it for pods of the given namespace.
func resolveTarget(e *rule.Errors, c Connector, namespace string) target {
	if construct.IsNil(c) {
		e.Add("Database", "", "is required: a postgres.Database, a postgres.Cluster, or a postgres.Connection "+
			"to a server elsewhere")
		return target{}
	}
	if r, ok := c.(*Rotation); ok {
		c = r.Database() // Its owner needs no login of the day.
	}
	// A snapshot, and a restore in one transaction, belong to a session.
	t := target{connection: c.Connection().Direct(), name: DefaultName}
	made, isConstruct := c.(constructs.IConstruct)
	if isConstruct && construct.Of(made) == nil {
		e.Add("Database", "", "must be made by postgres.NewDatabase or postgres.NewCluster")
		return target{}
	}
	if server, ok := c.(server); ok {
		t.name, t.image = server.Name(), server.serverImage()
	}
	if !isConstruct {
		e.Join("Database", t.connection.Validate())
	}
	if s := t.connection.Secret; s != nil && construct.Of(s) != nil {
		e.Append(s.ValidateUse("Database.Secret", "", namespace))
	}
	return t
}

// server is a [Connector] that runs the server itself.
type server interface {
	Name() string
	// serverImage returns the image of the server.
	serverImage() string
}

func (d *Database) serverImage() string { return d.get().props.Image }
func (c *Cluster) serverImage() string  { return c.get().props.Image }

// validateServerImage reports an image that is not given and not known.
func validateServerImage(e *rule.Errors, image string) {
	if image == "" {
		e.Add("Image", "", "is required for a server elsewhere: an image with psql, pg_dump and pg_restore "+
			"of its major version, such as "+DefaultImage)
		return
	}
	e.Image("Image", image)
}

// environment returns the variables by which libpq finds the database, and the
// directory of the program.
func (c Connection) environment() (env kube.Env) {
	env.From("Database")
	env.Set("SCRATCH", scratchPath)
	env.Set("PGHOST", c.Host)
	env.Set("PGPORT", fmt.Sprint(c.Port))
	if c.Name != "" {
		env.Set("PGDATABASE", c.Name)
	} else {
		env.FromSecret("PGDATABASE", c.Secret.Name(), c.NameKey)
	}
	env.FromSecret("PGUSER", c.Secret.Name(), c.UserKey)
	env.FromSecret("PGPASSWORD", c.Secret.Name(), c.PasswordKey)
	env.Set("PGCLIENTENCODING", "UTF8")
	for _, s := range c.libpq().Settings() {
		env.Set(s.Variable, s.Value)
	}
	return env
}

func (c Connection) libpq() libpq.TLS {
	t := c.TLS.WithDefaults()
	return libpq.TLS{
		Mode: string(t.Mode), CASecret: t.CASecret, CAConfigMap: t.CAConfigMap, CAKey: t.CAKey, CAFile: t.CAFile,
		ClientSecret: t.ClientSecret,
	}
}

// validateVariables reports variables of t that the construct sets itself.
func validateVariables(e *rule.Errors, t pod.Template, own ...kube.Env) {
	for _, name := range rule.Keys(t.EnvKeys) {
		if slices.ContainsFunc(own, func(env kube.Env) bool { return env.Has(name) }) {
			e.Add(rule.Item("Pod.EnvKeys", name), "...", "must be another variable: the construct sets this one")
		}
	}
}
