package kube

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/rule"
)

// Kubernetes refuses a container that is privileged and may not raise its
// privileges.
func TestPrivilegedContainers(t *testing.T) {
	admin := &corev1.Capabilities{Add: []corev1.Capability{"SYS_ADMIN"}}
	for name, given := range map[string]corev1.SecurityContext{
		"privileged": {Privileged: new(true)},
		"SYS_ADMIN":  {Capabilities: admin},
	} {
		if got := restrict(&given).AllowPrivilegeEscalation; got != nil {
			t.Errorf("%s: allowPrivilegeEscalation is %v", name, *got)
		}
		given.AllowPrivilegeEscalation = new(false)
		var e rule.Errors
		ValidateContainers(&e, "Pod", pod.Template{Containers: []corev1.Container{{Name: "side", SecurityContext: &given}}})
		if len(e.Err()) != 1 {
			t.Errorf("%s: problems %v, want one", name, e.Err())
		}
	}
	if got := restrict(nil).AllowPrivilegeEscalation; got == nil || *got {
		t.Errorf("allowPrivilegeEscalation is %v by default", got)
	}
}
