package manifest

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func (c *checker) scaling() {
	for _, a := range c.autoscalers {
		c.autoscaler(a)
	}
	for _, w := range c.workloads {
		// 0 pauses the autoscaler; see
		// https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/ under
		// "Implicit maintenance-mode deactivation".
		if a := c.autoscalersOf(w); len(a) > 0 && w.replicas != nil && *w.replicas != 0 {
			c.add(w.Object, "spec.replicas", strconv.Itoa(int(*w.replicas)),
				"must not be given: %s sets it, and each apply would set it back", a[0])
		}
	}
	budgets := c.budgets
	for _, o := range c.objects {
		switch content := o.Content.(type) {
		case *policyv1.PodDisruptionBudget:
			c.disruptions(budgets[0])
			budgets = budgets[1:]
		case *corev1.PersistentVolumeClaim:
			c.mounts(o, content.Spec.AccessModes)
		}
	}
}

// autoscaler is a HorizontalPodAutoscaler of any version.
type autoscaler struct {
	Object

	// kind and target name the workload that it scales.
	kind, target string
	min, max     int
	utilizations []utilization
}

// utilization is a metric that is a share of what containers ask for: of all,
// or of the one that field names.
type utilization struct {
	resource         corev1.ResourceName
	field, container string
}

func autoscalerOf(o Object) (*autoscaler, bool) {
	// Without any metric, Kubernetes takes the utilization of the CPU.
	cpu := []utilization{{resource: corev1.ResourceCPU}}
	switch content := o.Content.(type) {
	case *autoscalingv1.HorizontalPodAutoscaler:
		spec := content.Spec
		return &autoscaler{
			o, spec.ScaleTargetRef.Kind, spec.ScaleTargetRef.Name, orOne(spec.MinReplicas),
			int(spec.MaxReplicas), cpu,
		}, true
	case *autoscalingv2.HorizontalPodAutoscaler:
		spec := content.Spec
		if len(spec.Metrics) > 0 {
			cpu = utilizationsIn(spec.Metrics)
		}
		return &autoscaler{
			o, spec.ScaleTargetRef.Kind, spec.ScaleTargetRef.Name, orOne(spec.MinReplicas),
			int(spec.MaxReplicas), cpu,
		}, true
	}
	return nil, false
}

func utilizationsIn(metrics []autoscalingv2.MetricSpec) []utilization {
	var found []utilization
	for i, m := range metrics {
		if r := m.Resource; r != nil && r.Target.AverageUtilization != nil {
			found = append(found, utilization{resource: r.Name})
		}
		if r := m.ContainerResource; r != nil && r.Target.AverageUtilization != nil {
			found = append(found,
				utilization{r.Name, fmt.Sprintf("spec.metrics[%d].containerResource.container", i), r.Container})
		}
	}
	return found
}

// orOne returns the number of pods, which is 1 where the manifest says nothing.
func orOne(n *int32) int {
	if n == nil {
		return 1
	}
	return int(*n)
}

// scaled identifies the workload that a scales.
func (a *autoscaler) scaled() identity { return identity{a.kind, a.Namespace, a.target} }

// autoscalersOf returns the autoscalers of w.
func (c *checker) autoscalersOf(w *workload) []*autoscaler {
	return c.scalers[identity{w.Kind, w.Namespace, w.Name}]
}

// scaledBy returns the autoscaler that needs container to ask for resource. An
// init container counts as long as it runs beside the others.
func (c *checker) scaledBy(w *workload, container *corev1.Container, init bool,
	resource corev1.ResourceName,
) (*autoscaler, bool) {
	if init && (container.RestartPolicy == nil || *container.RestartPolicy != corev1.ContainerRestartPolicyAlways) {
		return nil, false
	}
	for _, a := range c.autoscalersOf(w) {
		if slices.ContainsFunc(a.utilizations, func(u utilization) bool {
			return u.resource == resource && (u.container == "" || u.container == container.Name)
		}) {
			return a, true
		}
	}
	return nil, false
}

func (c *checker) autoscaler(a *autoscaler) {
	if a.max < a.min {
		c.add(a.Object, "spec.maxReplicas", strconv.Itoa(a.max), "must not be below minReplicas %d", a.min)
	}
	for _, earlier := range c.scalers[a.scaled()] {
		if earlier == a {
			break
		}
		if earlier.Name != a.Name {
			c.add(a.Object, "spec.scaleTargetRef.name", a.target,
				"is also scaled by %s: keep one of them, with the metrics of both", earlier)
			break
		}
	}
	for _, w := range c.workloadsOf(a) {
		for _, u := range a.utilizations {
			if u.container != "" && !slices.Contains(w.containerNames(), u.container) {
				c.add(a.Object, u.field, u.container, "is not a container of %s", w)
			}
		}
	}
}

// workloadsOf returns the workloads that a scales: one, unless it is made twice.
func (c *checker) workloadsOf(a *autoscaler) []*workload { return c.workloadByName[a.scaled()] }

// countOf returns the fewest and the most pods that w has when nothing fails.
func (c *checker) countOf(w *workload) (fewest, most int) {
	switch content := w.Content.(type) {
	case *appsv1.DaemonSet:
		return 0, math.MaxInt
	case *batchv1.Job:
		return parallel(content.Spec)
	case *batchv1.CronJob:
		if isTrue(content.Spec.Suspend) {
			return 0, 0
		}
		return parallel(content.Spec.JobTemplate.Spec)
	}
	n := orOne(w.replicas)
	if a := c.autoscalersOf(w); len(a) > 0 && n != 0 {
		return a[0].min, a[0].max
	}
	return n, n
}

func parallel(job batchv1.JobSpec) (fewest, most int) {
	if isTrue(job.Suspend) {
		return 0, 0
	}
	most = orOne(job.Parallelism)
	if job.Completions != nil {
		most = min(most, int(*job.Completions))
	}
	return 0, most
}

// disruptions reports a PodDisruptionBudget that forbids every eviction, so that no
// node can be drained.
func (c *checker) disruptions(b *budget) {
	if most := b.spec.MaxUnavailable; most != nil {
		if isZero(*most) {
			c.add(b.Object, "spec.maxUnavailable", most.String(),
				"lets no pod go, so that no node can be drained: allow 1 or more")
		}
		return
	}
	if b.err != nil {
		return
	}
	total, selected := 0, c.selected(b.Namespace, b.selector)
	for _, w := range selected {
		if !w.scalable() {
			return
		}
		fewest, _ := c.countOf(w)
		total += fewest
	}
	// Kubernetes rounds percentages up. An absent or invalid number is 0.
	needed, _ := intstr.GetScaledValueFromIntOrPercent(b.spec.MinAvailable, total, true)
	if total > 0 && needed >= total {
		c.add(b.Object, "spec.minAvailable", b.spec.MinAvailable.String(),
			"lets no pod go, so that no node can be drained, when %s has %d: run more replicas, ask for fewer, or "+
				"leave the budget out", list(selected), total)
	}
}

// isZero reports whether n is 0 or 0%.
func isZero(n intstr.IntOrString) bool {
	// A percentage of 100 is its own number.
	value, err := intstr.GetScaledValueFromIntOrPercent(&n, 100, true)
	return err == nil && value == 0
}

// mounts reports pods that need one claim on several nodes, although its access
// modes allow one node or one pod.
func (c *checker) mounts(claim Object, modes []corev1.PersistentVolumeAccessMode) {
	onePod := slices.Contains(modes, corev1.ReadWriteOncePod)
	if len(modes) == 0 || slices.Contains(modes, corev1.ReadWriteMany) ||
		slices.Contains(modes, corev1.ReadOnlyMany) || c.duplicates[claim.Source] {
		return
	}
	var users []*workload
	for _, use := range c.claimed[types.NamespacedName{Namespace: claim.Namespace, Name: claim.Name}] {
		w := use.workload
		_, most := c.countOf(w)
		if most == 0 || c.duplicates[w.Source] || !onePod && w.onOneNode() {
			continue
		}
		users = append(users, w)
		if why := c.spreads(w, most); why != "" {
			c.add(w.Object, use.field, claim.Name, "is %s, but %s", modes[0], why)
		}
	}
	if len(users) > 1 {
		c.add(claim, "spec.accessModes[0]", string(modes[0]),
			"must be %s, because the pods of %s mount the claim and may run on "+
				"different nodes", corev1.ReadWriteMany, list(users))
	}
}

// claimUse is a workload whose pods use a claim, and the field that names it.
type claimUse struct {
	workload *workload
	field    string
}

// indexClaims notes the claims that the pods of w use, each once.
func (c *checker) indexClaims(w *workload) {
	for i, v := range w.Template.Spec.Volumes {
		if v.PersistentVolumeClaim == nil {
			continue
		}
		id := types.NamespacedName{Namespace: w.Namespace, Name: v.PersistentVolumeClaim.ClaimName}
		if uses := c.claimed[id]; len(uses) == 0 || uses[len(uses)-1].workload != w {
			c.claimed[id] = append(uses,
				claimUse{w, fmt.Sprintf("%s.volumes[%d].persistentVolumeClaim.claimName", w.Field, i)})
		}
	}
}

// onOneNode reports whether all pods of w run on one node: a node of a given
// name, or the node of some other pod.
func (w *workload) onOneNode() bool {
	spec := w.Template.Spec
	if spec.NodeName != "" || spec.NodeSelector[corev1.LabelHostname] != "" {
		return true
	}
	if spec.Affinity == nil || spec.Affinity.PodAffinity == nil {
		return false
	}
	return slices.ContainsFunc(spec.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution,
		func(term corev1.PodAffinityTerm) bool {
			return term.TopologyKey == corev1.LabelHostname
		})
}

// spreads says why w, of which at most the given number of pods run, needs its
// volumes in several pods at once; empty when it does not.
func (c *checker) spreads(w *workload, most int) string {
	const fix = "or let the claim be ReadWriteMany"
	if w.Kind == "DaemonSet" {
		return "a DaemonSet mounts it on every node: let the claim be ReadWriteMany"
	}
	if most > 1 {
		return fmt.Sprintf("up to %d pods mount it: run one, %s", most, fix)
	}
	if w.surges() {
		return "a rollout starts the new pod beside the old one, which may still hold it: use the " +
			"strategy Recreate, " + fix
	}
	return ""
}

// surges reports whether a rollout of w, which has one pod, starts the new pod
// before the old one ends.
func (w *workload) surges() bool {
	deployment, ok := w.Content.(*appsv1.Deployment)
	if !ok || deployment.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		return false
	}
	// The default is 25%, and percentages are rounded up.
	rolling := deployment.Spec.Strategy.RollingUpdate
	return rolling == nil || rolling.MaxSurge == nil || !isZero(*rolling.MaxSurge)
}
