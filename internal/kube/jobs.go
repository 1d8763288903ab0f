package kube

import (
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/script"
)

// ScriptResources is what a Python process with TLS needs: 25 MiB, measured,
// and room for interpreters that load more at start.
var ScriptResources = pod.Resources{
	Requests: pod.Quantities{CPU: "50m", Memory: "64Mi"},
	Limits:   pod.Quantities{CPU: "500m", Memory: "256Mi"},
}

// NewJob adds a Job whose name is name and a digest of everything else: its
// template is immutable, so that other content needs another Job. It has no
// time to live, after which the next apply would run it again.
func NewJob(n *construct.Node, name string, part labels.Part, t pod.Template,
	build func() batchv1.JobSpec) *object.Object[*batchv1.Job] {
	return object.NewHashed(n.Construct(), "Job", name, func() *batchv1.Job {
		return &batchv1.Job{ObjectMeta: ObjectMeta(Meta(n, name, part), t), Spec: build()}
	})
}

// PruneJobs returns an init container that deletes the Jobs labelled app: app
// that have ended, but for the newest. A Job whose name follows from its content
// makes way for the next one, and stays. account mounts the API token; image has
// python3, and t says when it is pulled.
func PruneJobs(image, app string, keep int, account Mounts, t pod.Template) corev1.Container {
	return corev1.Container{
		Name:            "prune",
		Image:           image,
		ImagePullPolicy: t.ImagePullPolicy,
		Command:         script.Prune(app, keep),
		Resources:       Resources(ScriptResources),
		VolumeMounts:    account.Mounts,
	}
}

// PruneRule returns what the account of that container may do. A Role cannot
// name the Jobs, because their names are not known beforehand.
func PruneRule() rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"list", "delete"}}
}
