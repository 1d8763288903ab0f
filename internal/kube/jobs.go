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
	build func() batchv1.JobSpec,
) *object.Object[*batchv1.Job] {
	return object.NewHashed(n.Construct(), "Job", name, func() *batchv1.Job {
		return &batchv1.Job{ObjectMeta: ObjectMeta(Meta(n, name, part), t), Spec: build()}
	})
}

// ReleaseKey is the key of a ConfigMap with the name of the Job of the release
// that was applied last, whichever Jobs of other releases are still there.
const ReleaseKey = "job"

// NameOf returns the name that job has in the manifest, with its hash.
func NameOf(job *object.Object[*batchv1.Job]) string {
	doc, _ := job.Render() // Its problems are reported where it is rendered.
	return doc["metadata"].(map[string]any)["name"].(string)
}

// ReleaseRule returns what the account of a Job may do that waits for its
// release, which the ConfigMap called name tells.
func ReleaseRule(name string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{
		APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{name}, Verbs: []string{"get"},
	}
}

// FillRule returns what the account of a Job may do that fills in the Secret
// called name.
func FillRule(name string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{
		APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{name},
		Verbs: []string{"get", "patch"},
	}
}

// AdoptRule returns what the account of job may do to let it go with the object
// that it fills in: once that is deleted, so is the Job, and the next apply makes
// both again.
func AdoptRule(job *object.Object[*batchv1.Job]) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{
		APIGroups: []string{"batch"}, Resources: []string{"jobs"}, ResourceNames: []string{NameOf(job)},
		Verbs: []string{"patch"},
	}
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
