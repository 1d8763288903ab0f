package secret

import (
	"cmp"
	"maps"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/clone"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
	"example.com/django-cdk8s/internal/script"
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
	// manifest. Another value replaces the pods of the Deployments of the app that
	// read the Secret.
	//
	// Default: [DatabaseKey] is [DefaultDatabase], [UserKey] is [DefaultUser].
	Values map[string]string

	// Keys are further keys to generate.
	//
	// Default: [PasswordKey] and [DjangoSecretKey], which are always generated.
	Keys []string

	// ImagePullSecrets are the names of Secrets holding registry credentials, made
	// outside the app.
	//
	// Default: none.
	ImagePullSecrets []string

	// RunAsUser is the numeric user and group of the Job.
	//
	// Default: [DefaultRunAsUser].
	RunAsUser int

	// Resources are the requests and limits of the Job.
	//
	// Default: requests of 50m and 64Mi, limits of 500m and 256Mi.
	Resources pod.Resources

	// Pod are further settings of the Job's pods.
	//
	// Default: none.
	Pod pod.Template
}

// Generated is a Secret whose credentials are made in the cluster and exist
// nowhere else. The manifest carries the values that are no secret; a Job gives
// each missing key 64 random URL-safe characters (384 bits) and never touches a
// key that has a value, so that applying again changes nothing. Its
// ServiceAccount may get and patch this one Secret and its own Job, and list and
// delete Jobs: the last few that have ended stay. Workloads that name a generated
// key wait in CreateContainerConfigError until the Job has run.
//
// The Secret becomes the owner of the Job: with a Secret that is deleted goes the
// Job, and the next apply makes both again, with new values. A postgres.Database
// takes the new password over when it is restarted; docs/secrets.md says how.
func Generated(props GeneratedProps) Source { return newGenerated(props) }

// newGenerated resolves the defaults and leaves props as it is.
func newGenerated(props GeneratedProps) generated {
	props = clone.Of(props)
	public := props.Values
	values := map[string]string{DatabaseKey: DefaultDatabase, UserKey: DefaultUser}
	maps.Copy(values, props.Values)
	props.Values = values
	props.Keys = slices.Concat([]string{PasswordKey, DjangoSecretKey}, props.Keys)
	props.RunAsUser = cmp.Or(props.RunAsUser, DefaultRunAsUser)
	given := props.Resources
	props.Resources = given.WithDefaults(kube.ScriptResources)
	return generated{props, given, public}
}

type generated struct {
	GeneratedProps

	resources pod.Resources
	public    map[string]string
}

func (g generated) keys() (inManifest, elsewhere []string) {
	return rule.Keys(g.Values), slices.Clone(g.Keys)
}

func (g generated) given() map[string]string { return g.public }

// maxGeneratedName leaves room for the Job's suffix within the 63 characters of
// a label value, which the Job controller makes of the Job's name.
const maxGeneratedName = 63 - len("-generate-00000000")

func (g generated) validate(e *rule.Errors, p Props) {
	validateName(e, p.Name, maxGeneratedName, "the Job's name is made of it")
	e.Image("Source.Image", g.Image)
	e.UserID("Source.RunAsUser", g.RunAsUser)
	e.Names("Source.ImagePullSecrets", g.ImagePullSecrets)
	e.Join("Source.Resources", g.resources.Validate())
	e.Join("Source.Pod", g.Pod.Validate())
	kube.ValidateContainers(e, "Source.Pod", g.Pod, "generate", "prune")
	kube.ValidateVolumes(e, "Source.Pod", g.Pod, "api")
	if g.Pod.TmpSize != "" {
		e.Add("Source.Pod.TmpSize", g.Pod.TmpSize, "must not be given: the Job has no "+kube.TmpPath)
	}
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
	s.object = newSecret(s, g.Values, filledElsewhere(g.Keys))
	var job *object.Object[*batchv1.Job]
	kube.NewAPIAccess(s.node, s.generator(), labels.Credentials, g.Pod, func() []rbacv1.PolicyRule {
		return []rbacv1.PolicyRule{kube.FillRule(s.name), kube.PruneRule(), kube.AdoptRule(job)}
	})
	job = kube.NewJob(s.node, s.generator(), labels.Credentials, g.Pod, func() batchv1.JobSpec {
		return batchv1.JobSpec{BackoffLimit: new(int32(6)), Template: g.pod(s)}
	})
}

// generator is the name of the objects that generate the values.
func (s *Secret) generator() string { return s.name + "-generate" }

// keptJobs is the number of Jobs that have ended and are kept for their logs.
const keptJobs = 3

func (g generated) pod(s *Secret) corev1.PodTemplateSpec {
	name := s.generator()
	var token, mounts kube.Mounts
	token.APIToken("api")
	mounts = token.Clone()
	mounts.Add("own-volume", g.Pod.Volumes, nil)
	var env kube.Env
	env.FromKeys(g.Pod.EnvKeys)
	return kube.Pod{
		Name: name, Template: g.Pod, Meta: kube.Meta(s.node, name, labels.Credentials),
		Spec: corev1.PodSpec{
			ServiceAccountName: name,
			ImagePullSecrets:   kube.PullSecrets(g.ImagePullSecrets),
			RestartPolicy:      corev1.RestartPolicyNever,
			SecurityContext:    kube.PodSecurityContext(g.RunAsUser),
			InitContainers:     []corev1.Container{kube.PruneJobs(g.Image, name, keptJobs, token, g.Pod)},
			Containers: []corev1.Container{{
				Name:            "generate",
				Image:           g.Image,
				ImagePullPolicy: g.Pod.ImagePullPolicy,
				Command:         script.Generate(),
				Args:            append([]string{s.name}, g.Keys...),
				EnvFrom:         kube.EnvFrom("", g.Pod.EnvFrom),
				Env:             env.Vars,
				Resources:       kube.Resources(g.Resources),
				VolumeMounts:    mounts.Mounts,
			}},
			Volumes: mounts.Volumes,
		},
	}.Build()
}
