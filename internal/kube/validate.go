package kube

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/rule"
)

// ValidateContainers reports further containers of t, the field called at, that
// are called like one of the construct's own.
func ValidateContainers(e *rule.Errors, at string, t pod.Template, own ...string) {
	check := func(field string, containers []corev1.Container) {
		for i, c := range containers {
			if slices.Contains(own, c.Name) {
				e.Add(rule.Item(at+"."+field, i)+".Name", c.Name,
					"must be another name: the construct has a container of that name")
			}
			if s := c.SecurityContext; s != nil && privileged(*s) && s.AllowPrivilegeEscalation != nil &&
				!*s.AllowPrivilegeEscalation {
				e.Add(rule.Item(at+"."+field, i)+".SecurityContext.AllowPrivilegeEscalation", false,
					"must not be false for a container that is privileged or has SYS_ADMIN")
			}
		}
	}
	check("InitContainers", t.InitContainers)
	check("Containers", t.Containers)
}

// ValidateVolumes reports volumes of t, the field called at, that are called
// like one of the construct's own, and names and paths that two of them have.
func ValidateVolumes(e *rule.Errors, at string, t pod.Template, own ...string) {
	var names, paths []string
	for i, v := range t.Volumes {
		name := pod.VolumeName("own-volume", t.Volumes, i)
		if slices.Contains(own, name) {
			e.Add(rule.Item(at+".Volumes", i)+".Name", name, "must be another name: the construct has a volume of that name")
		}
		names, paths = append(names, name), append(paths, v.MountPath)
	}
	e.Unique(at+".Volumes.Name", names)
	e.Unique(at+".Volumes.MountPath", paths)
}
