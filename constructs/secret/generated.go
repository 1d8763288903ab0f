package secret

import (
	"cmp"
	_ "embed"
	"maps"
	"slices"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"

	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/podspec"
	"example.com/django-cdk8s/internal/rule"
)

// Defaults of [GeneratedProps].
const (
	// DefaultDatabase is the value of [DatabaseKey].
	DefaultDatabase = "django"

	// DefaultUser is the value of [UserKey].
	DefaultUser = "django"

	// DefaultRunAsUser is the user of the Job that generates the values.
	DefaultRunAsUser = 1000
)

// GeneratedProps configures [Generated].
type GeneratedProps struct {
	// Image is the container image of the Job that generates the values. All it
	// needs is python3 of version 3.6 or later in its PATH, so the image of the
	// Django project serves.
	//
	// Required.
	Image string

	// Values are further values that anybody may read; they are part of the
	// manifest.
	//
	// Default: [DatabaseKey] is [DefaultDatabase], [UserKey] is [DefaultUser].
	Values map[string]string

	// Keys are further keys to generate.
	//
	// Default: [PasswordKey] and [DjangoKey], which are always generated.
	Keys []string

	// ImagePullSecrets are the names of Secrets, made outside the app, by which
	// the node shows the image's registry who pulls.
	//
	// Default: none.
	ImagePullSecrets []string

	// RunAsUser is the numeric user and group of the Job.
	//
	// Default: [DefaultRunAsUser].
	RunAsUser int
}

// Generated is a Secret whose credentials are made in the cluster and exist
// nowhere else. The manifest carries the values that are no secret; a Job gives
// each missing key 64 random URL-safe characters (384 bits) and never touches a
// key that has a value, so that applying again changes nothing. Its
// ServiceAccount may get and patch this one Secret, and list and delete Jobs: the
// last few that have ended stay. Workloads that name a generated key wait in
// CreateContainerConfigError until the Job has run.
//
// Deleting the Secret while the database's claim stays locks the application
// out, because PostgreSQL keeps the password of its first start; docs/secrets.md
// says how to get back in.
func Generated(props GeneratedProps) Source { return newGenerated(props) }

// newGenerated resolves the defaults and leaves props as it is.
func newGenerated(props GeneratedProps) generated {
	values := map[string]string{DatabaseKey: DefaultDatabase, UserKey: DefaultUser}
	maps.Copy(values, props.Values)
	props.Values = values
	props.Keys = slices.Concat([]string{PasswordKey, DjangoKey}, props.Keys)
	props.RunAsUser = cmp.Or(props.RunAsUser, DefaultRunAsUser)
	return generated{props}
}

type generated struct{ GeneratedProps }

func (g generated) keys() (inManifest, elsewhere []string) {
	return rule.Keys(g.Values), slices.Clone(g.Keys)
}

// maxGeneratedName leaves room for the Job's suffix within the 63 characters of
// a label value, which the Job controller makes of the Job's name.
const maxGeneratedName = 63 - len("-generate-00000000")

func (g generated) validate(e *rule.Errors, p Props) {
	validateName(e, p.Name, maxGeneratedName, "the Job's name is made of it")
	e.Image("Source.Image", g.Image)
	e.UserID("Source.RunAsUser", g.RunAsUser)
	e.Names("Source.ImagePullSecrets", g.ImagePullSecrets)
	e.Unique("Source.Keys", g.Keys)
	for _, key := range g.Keys {
		e.EnvName(rule.Item("Source.Keys", key), key)
		if _, ok := g.Values[key]; ok {
			e.Add(rule.Item("Source.Values", key), "...", "must not be given: it is generated")
		}
	}
	for _, key := range rule.Keys(g.Values) {
		e.EnvName(rule.Item("Source.Values", key), key)
		e.Text(rule.Item("Source.Values", key), g.Values[key])
	}
	e.DatabaseName(rule.Item("Source.Values", DatabaseKey), g.Values[DatabaseKey])
	e.RoleName(rule.Item("Source.Values", UserKey), g.Values[UserKey])
}

func (g generated) build(s *Secret) {
	s.object = newSecret(s, g.Values, map[string]string{labels.SyncOptions: labels.KeepData})
	podspec.NewAPIAccess(s, s.generator(), s.generatorLabels(), k8s.PolicyRule{
		ApiGroups:     jsii.Strings(""),
		Resources:     jsii.Strings("secrets"),
		ResourceNames: jsii.Strings(s.name),
		Verbs:         jsii.Strings("get", "patch"),
	}, podspec.PruneRule())
	newJob(s, g)
}

// generator is the name of the objects that generate the values.
func (s *Secret) generator() string { return s.name + "-generate" }

func (s *Secret) generatorLabels() *map[string]*string {
	return bind.Map(labels.Object(s.generator(), labels.Credentials, bind.PartOf(s)))
}

// newJob adds the Job under a name that follows from its content: a Job's
// template is immutable, so that a new image needs a new Job. A time to live
// would let the next apply run it again.
func newJob(s *Secret, g generated) {
	build := func(scope constructs.Construct, name string) k8s.KubeJob {
		return k8s.NewKubeJob(scope, new("Job"), &k8s.KubeJobProps{
			Metadata: &k8s.ObjectMeta{Name: &name, Labels: s.generatorLabels()},
			Spec: &k8s.JobSpec{
				BackoffLimit: jsii.Number(6),
				Template: &k8s.PodTemplateSpec{
					Metadata: &k8s.ObjectMeta{Labels: s.generatorLabels()},
					Spec:     jobPod(s, g),
				},
			},
		})
	}
	digest := bind.Digest(func(scope constructs.Construct) cdk8s.ApiObject { return build(scope, s.generator()) })
	build(s, s.generator()+"-"+digest)
}

// keptJobs is the number of Jobs that have ended and are kept for their logs.
const keptJobs = 3

//go:embed generate.py
var script string

func jobPod(s *Secret, g generated) *k8s.PodSpec {
	var mounts podspec.Mounts
	mounts.APIToken("api")
	return &k8s.PodSpec{
		ServiceAccountName:           new(s.generator()),
		AutomountServiceAccountToken: jsii.Bool(false),
		EnableServiceLinks:           jsii.Bool(false),
		ImagePullSecrets:             podspec.PullSecrets(g.ImagePullSecrets),
		RestartPolicy:                new("Never"),
		SecurityContext:              podspec.SecurityContext(g.RunAsUser),
		InitContainers:               bind.List(podspec.PruneJobs(g.Image, s.generator(), keptJobs, mounts)),
		Containers: bind.List(k8s.Container{
			Name:            new("generate"),
			Image:           &g.Image,
			ImagePullPolicy: podspec.PullPolicy(g.Image),
			// Isolated from the project, whose modules could stand in for the
			// library's.
			Command:         jsii.Strings("python3", "-I", "-c", script),
			Args:            bind.Strings(append([]string{s.name}, g.Keys...)),
			Resources:       podspec.Resources(podspec.ScriptResources),
			SecurityContext: podspec.ContainerSecurityContext(),
			VolumeMounts:    mounts.VolumeMounts(),
		}),
		Volumes: mounts.Volumes(),
	}
}
