package podspec

import (
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	kplus "github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"

	"example.com/django-cdk8s/internal/bind"
)

// NewAPIAccess adds a ServiceAccount called name that may do what rules say in
// its namespace, and nothing else. Pods get no token by themselves.
func NewAPIAccess(scope constructs.Construct, name string, labels *map[string]*string, rules ...k8s.PolicyRule) {
	metadata := func() *k8s.ObjectMeta { return &k8s.ObjectMeta{Name: &name, Labels: labels} }
	kplus.NewServiceAccount(scope, jsii.String("ServiceAccount"), &kplus.ServiceAccountProps{
		Metadata:       &cdk8s.ApiObjectMetadata{Name: &name, Labels: labels},
		AutomountToken: jsii.Bool(false),
	})
	k8s.NewKubeRole(scope, jsii.String("Role"), &k8s.KubeRoleProps{Metadata: metadata(), Rules: bind.List(rules...)})
	subject := k8s.Subject{Kind: jsii.String("ServiceAccount"), Name: &name}
	if ns := bind.Namespace(scope); ns != "" {
		subject.Namespace = &ns
	}
	k8s.NewKubeRoleBinding(scope, jsii.String("RoleBinding"), &k8s.KubeRoleBindingProps{
		Metadata: metadata(),
		RoleRef:  &k8s.RoleRef{ApiGroup: jsii.String("rbac.authorization.k8s.io"), Kind: jsii.String("Role"), Name: &name},
		Subjects: bind.List(subject),
	})
}
