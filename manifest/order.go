package manifest

import (
	"slices"
	"strconv"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	own "example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/manifest/pods"
)

// argoOptions is the annotation by which Argo CD is told how to apply an object;
// see https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/.
const argoOptions = "argocd.argoproj.io/sync-options"

// order reports what never ends when Argo CD applies the manifests: it applies a
// wave when all objects of the one before are healthy, and does not wait for the
// last.
func (c *checker) order() {
	waves := map[string]int{} // By the source of the object.
	last := 0
	for _, o := range c.objects {
		wave, ok := c.waveOf(o)
		if !ok {
			return
		}
		waves[o.Source] = wave
		if o.annotation(own.ArgoHook) == "" {
			last = max(last, wave)
		}
	}
	for _, w := range c.workloads {
		c.early(w, waves)
		c.hooks(w)
	}
	for _, o := range c.objects {
		switch o.Content.(type) {
		case *corev1.PersistentVolumeClaim:
			c.claimWave(o, waves, last)
		case *networkingv1.Ingress:
			c.lastWave(o, waves[o.Source], last)
		}
		c.replaced(o)
	}
}

// annotation returns an annotation of o, of a custom kind too.
func (o Object) annotation(key string) string {
	if meta, ok := o.Content.(metav1.Object); ok {
		return meta.GetAnnotations()[key]
	}
	var meta metav1.PartialObjectMetadata
	_ = o.DecodeCustom(&meta) // It was read before, by Parse.
	return meta.Annotations[key]
}

// waveOf returns the wave of o, and reports one that is no number.
func (c *checker) waveOf(o Object) (wave int, ok bool) {
	given := o.annotation(own.ArgoWave)
	if given == "" {
		return 0, true
	}
	wave, err := strconv.Atoi(given)
	if err != nil {
		c.add(o, "metadata.annotations["+own.ArgoWave+"]", given, "must be a whole number")
	}
	return wave, err == nil
}

// early reports what the pods of w wait for and what is applied after them.
func (c *checker) early(w *workload, waves map[string]int) {
	report := func(field, value string, other Object) {
		if wave := waves[other.Source]; wave > waves[w.Source] && w.Kind != "CronJob" {
			c.add(w.Object, field, value, "is %s, which Argo CD applies in wave %d, after these pods in wave %d, which wait "+
				"for it: give one of them another %s", other, wave, waves[w.Source], own.ArgoWave)
		}
	}
	seen := map[identity]bool{}
	w.eachNeed(func(r pods.Reference) {
		id := identity{r.Kind, w.Namespace, r.Name}
		if seen[id] {
			return
		}
		seen[id] = true
		for _, other := range c.byName[id] {
			report(r.Field, r.Name, other)
		}
	})
	for _, d := range w.Destinations() {
		n := pods.ServiceOf(w.Namespace, d.Host)
		s := c.service[types.NamespacedName{Namespace: n.Namespace, Name: n.Name}]
		if s == nil || seen[identity{s.Kind, s.Namespace, s.Name}] {
			continue
		}
		seen[identity{s.Kind, s.Namespace, s.Name}] = true
		report(d.Field, d.Host, s.Object)
		if s.selector == nil {
			continue
		}
		for _, server := range c.selected(s.Namespace, s.selector) {
			if server != w && waves[s.Source] <= waves[w.Source] {
				report(d.Field, d.Host, server.Object)
			}
		}
	}
}

// hooks reports a hook that runs before the objects of these manifests exist.
func (c *checker) hooks(w *workload) {
	if !slices.Contains(strings.Split(w.annotation(own.ArgoHook), ","), "PreSync") {
		return
	}
	w.eachNeed(func(r pods.Reference) {
		for _, other := range c.byName[identity{r.Kind, w.Namespace, r.Name}] {
			if other.annotation(own.ArgoHook) == "" {
				c.addOnce("hook "+w.Source, w.Object, "metadata.annotations["+own.ArgoHook+"]", "PreSync",
					"runs before Argo CD applies %s, without which the pods do not start: leave the hook out", other)
			}
		}
	})
}

// claimWave reports a claim in an earlier wave than the pods that mount it. Most
// storage classes make the volume when the first of them starts, and Argo CD
// waits for the volume.
func (c *checker) claimWave(o Object, waves map[string]int, last int) {
	wave := waves[o.Source]
	if wave == last {
		return
	}
	uses := c.claimed[types.NamespacedName{Namespace: o.Namespace, Name: o.Name}]
	if !slices.ContainsFunc(uses, func(use claimUse) bool {
		return waves[use.workload.Source] <= wave && use.workload.Kind != "CronJob"
	}) {
		c.add(o, "metadata.annotations["+own.ArgoWave+"]", strconv.Itoa(wave),
			"no pods of this wave mount the claim, and Argo CD waits until some have: "+
				"give it the wave of the first that do")
	}
}

// lastWave reports an Ingress, which Argo CD takes for healthy when its controller
// has written an address into it. Some never do.
func (c *checker) lastWave(o Object, wave, last int) {
	if wave < last {
		c.add(o, "metadata.annotations["+own.ArgoWave+"]", strconv.Itoa(wave),
			"must be the last wave, %d: Argo CD waits until %s has an address", last, o)
	}
}

// replaced reports options by which Argo CD deletes an object to apply it.
func (c *checker) replaced(o Object) {
	options := o.annotation(argoOptions)
	for option := range strings.SplitSeq(options, ",") {
		option = strings.TrimSpace(option)
		if option != "Replace=true" && option != "Force=true" {
			continue
		}
		_, isClaim := o.Content.(*corev1.PersistentVolumeClaim)
		_, isJob := o.Content.(*batchv1.Job)
		if isClaim || isJob {
			c.add(o, "metadata.annotations["+argoOptions+"]", options,
				"must not hold %s: Argo CD deletes the %s to apply it again", option, o.Kind)
		}
	}
}
