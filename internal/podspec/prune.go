package podspec

import (
	_ "embed"
	"fmt"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"

	"example.com/django-cdk8s/constructs/pod"
)

// ScriptResources is what a Python process with TLS needs: 25 MiB, measured,
// and room for interpreters that load more at start.
var ScriptResources = pod.Resources{
	Requests: pod.Amounts{CPU: "50m", Memory: "64Mi"},
	Limits:   pod.Amounts{CPU: "500m", Memory: "256Mi"},
}

//go:embed prune.py
var pruneScript string

// PruneJobs returns an init container that deletes the Jobs labelled app: app
// that have ended, but for the newest. A Job whose name follows from its content
// makes way for the next one, and stays; a time to live would let the next apply
// run it again. account mounts the API token; image has python3.
func PruneJobs(image, app string, keep int, account Mounts) k8s.Container {
	return k8s.Container{
		Name:            jsii.String("prune"),
		Image:           &image,
		ImagePullPolicy: PullPolicy(image),
		// Isolated from the project, whose modules could stand in for the
		// library's.
		Command:         jsii.Strings("python3", "-I", "-c", pruneScript, app, fmt.Sprint(keep)),
		Resources:       Resources(ScriptResources),
		SecurityContext: ContainerSecurityContext(),
		VolumeMounts:    account.VolumeMounts(),
	}
}

// PruneRule returns what the account of that container may do. A Role cannot
// name the Jobs, because their names are not known beforehand.
func PruneRule() k8s.PolicyRule {
	return k8s.PolicyRule{
		ApiGroups: jsii.Strings("batch"), Resources: jsii.Strings("jobs"), Verbs: jsii.Strings("list", "delete"),
	}
}
