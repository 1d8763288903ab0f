package diagram

import (
	"cmp"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/manifest/pods"
)

// claims adds what pods mount.
func (b *builder) claims() {
	sizes := map[string]string{}
	for _, o := range b.objects {
		if claim, ok := o.Content.(*corev1.PersistentVolumeClaim); ok {
			size := claim.Spec.Resources.Requests[corev1.ResourceStorage]
			sizes[o.String()] = size.String()
		}
	}
	for i, w := range b.network.Workloads {
		for _, v := range w.Template.Spec.Volumes {
			if v.PersistentVolumeClaim == nil {
				continue
			}
			name := v.PersistentVolumeClaim.ClaimName
			id := idOf("PersistentVolumeClaim", w.Namespace, name)
			b.add(Node{
				ID: id, Kind: Claim, Namespace: w.Namespace, Name: name,
				Details: []string{cmp.Or(sizes[id], "made elsewhere")},
			})
			b.connect(b.ids[i], id, Stores, mode(w.Pods, v.Name))
		}
		set, ok := b.objects[w.Index].Content.(*appsv1.StatefulSet)
		if !ok {
			continue
		}
		for _, claim := range set.Spec.VolumeClaimTemplates {
			size := claim.Spec.Resources.Requests[corev1.ResourceStorage]
			id := idOf("PersistentVolumeClaim", w.Namespace, claim.Name+"-"+w.Name)
			b.add(Node{
				ID: id, Kind: Claim, Namespace: w.Namespace, Name: claim.Name + "-" + w.Name,
				Details: []string{size.String() + " for each pod"},
			})
			b.connect(b.ids[i], id, Stores, mode(w.Pods, claim.Name))
		}
	}
}

// mode says whether pods only read a volume.
func mode(p pods.Pods, volume string) string {
	mode := "read only"
	p.EachContainer(func(_ string, container *corev1.Container, _ bool) {
		for _, mount := range container.VolumeMounts {
			if mount.Name == volume && !mount.ReadOnly {
				mode = ""
			}
		}
	})
	return mode
}
