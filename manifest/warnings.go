package manifest

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/internal/image"
)

// Warnings returns what is allowed and seldom wanted, each kind of mistake once:
//
//   - image-tags: images whose content may differ from node to node and from day
//     to day.
//   - disk: pods that may fill the disk of their node through an emptyDir.
//   - external-ips: Services with an empty list of external addresses, which
//     policies against such addresses may refuse.
func Warnings(objects []Object) []Problem {
	c := newChecker(objects, Options{})
	c.rule = "image-tags"
	c.imageTags()
	c.rule = "disk"
	for _, w := range c.workloads {
		c.disk(w)
	}
	c.rule = "external-ips"
	c.emptyExternalIPs()
	return c.problems
}

func (c *checker) imageTags() {
	seen := map[string]bool{}
	for _, w := range c.workloads {
		w.EachContainer(func(field string, container *corev1.Container, _ bool) {
			if !seen[container.Image] && image.Floating(container.Image) {
				c.add(w.Object, field+".image", container.Image,
					"has no tag, or the tag latest: pin a version, so that every pod runs the same code")
			}
			seen[container.Image] = true
		})
	}
}

// disk warns of the emptyDir volumes of one workload that have no limit of their
// own, where no container has one for all that it writes; see
// https://kubernetes.io/docs/concepts/storage/ephemeral-storage/. What is kept in
// memory counts as memory.
func (c *checker) disk(w *workload) {
	limited := false
	w.EachContainer(func(_ string, container *corev1.Container, _ bool) {
		_, has := container.Resources.Limits[corev1.ResourceEphemeralStorage]
		limited = limited || has
	})
	var fields, names []string
	for i, v := range w.Template.Spec.Volumes {
		if e := v.EmptyDir; e != nil && e.SizeLimit == nil && e.Medium != corev1.StorageMediumMemory {
			fields = append(fields, fmt.Sprintf("%s.volumes[%d].emptyDir.sizeLimit", w.Field, i))
			names = append(names, v.Name)
		}
	}
	if !limited && len(names) > 0 {
		c.add(w.Object, fields[0], strings.Join(names, ", "),
			"may fill the disk of the node: set sizeLimit, or a limit for ephemeral-storage in every container")
	}
}

// emptyExternalIPs is a warning, because cdk8s-plus renders the list for every
// Service.
func (c *checker) emptyExternalIPs() {
	services := slices.DeleteFunc(slices.Clone(c.services), func(s *service) bool {
		return s.Spec.ExternalIPs == nil || len(s.Spec.ExternalIPs) > 0
	})
	if len(services) > 0 {
		c.add(services[0].Object, "spec.externalIPs", "[]",
			"policies against external addresses may refuse the field even when it is empty: leave "+
				"it out of %s", list(services))
	}
}
