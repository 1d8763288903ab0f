package manifest

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"example.com/django-cdk8s/manifest/pods"
)

func (c *checker) selectors() {
	for _, w := range c.workloads {
		switch {
		case w.selectorErr != nil:
			c.add(w.Object, "spec.selector", "", "%v", w.selectorErr)
		case w.selector == nil:
		case w.selector.Empty() || !w.selector.Matches(w.Labels()):
			c.add(w.Object, "spec.selector", w.selector.String(), "must match the labels of its own pods, %s",
				w.Labels())
		default:
			c.foreignPods(w)
		}
	}
	services, budgets := c.services, c.budgets
	for _, o := range c.objects {
		switch o.Content.(type) {
		case *corev1.Service:
			c.serviceSelector(services[0])
			services = services[1:]
		case *policyv1.PodDisruptionBudget:
			c.budgetSelector(budgets[0])
			budgets = budgets[1:]
		}
	}
}

// foreignPods reports other workloads whose pods w would take for its own.
func (c *checker) foreignPods(w *workload) {
	for _, other := range c.selected(w.Namespace, w.selector) {
		if other != w && !c.duplicates[w.Source] && !c.duplicates[other.Source] {
			c.colliding[other] = true
			c.add(w.Object, "spec.selector", w.selector.String(), "must not match the pods of %s, %s",
				other, other.Labels())
		}
	}
}

func (c *checker) serviceSelector(s *service) {
	if s.selector == nil {
		return
	}
	selected := c.selected(s.Namespace, s.selector)
	if len(selected) == 0 {
		c.add(s.Object, "spec.selector", s.selector.String(), "selects no pod of these manifests")
		return
	}
	jobs := c.jobs(selected)
	if len(jobs) > 0 && slices.ContainsFunc(selected, func(w *workload) bool { return !w.isJob() }) {
		c.add(s.Object, "spec.selector", s.selector.String(),
			"must not match the pods of %s, which would receive requests for those of others", list(jobs))
		c.collide(jobs)
	}
}

// budgetSelector reports, besides a selector that matches nothing, one that
// matches pods of Jobs, where the budget needs the number of replicas that their
// controller does not have. Such a budget forbids every eviction; see
// https://kubernetes.io/docs/tasks/run-application/configure-pdb/#arbitrary-controllers-and-selectors.
func (c *checker) budgetSelector(b *budget) {
	if b.err != nil {
		c.add(b.Object, "spec.selector", "", "%v", b.err)
		return
	}
	selected := c.selected(b.Namespace, b.selector)
	if len(selected) == 0 {
		c.add(b.Object, "spec.selector", b.selector.String(), "selects no pod of these manifests")
		return
	}
	percent := b.spec.MinAvailable != nil && b.spec.MinAvailable.Type == intstr.String
	if jobs := c.jobs(selected); len(jobs) > 0 && (b.spec.MaxUnavailable != nil || percent) {
		c.add(b.Object, "spec.selector", b.selector.String(),
			"must not match the pods of %s: a Job has no replicas to count, so that the budget lets no pod go and no "+
				"node can be drained", list(jobs))
		c.collide(jobs)
	}
}

func (c *checker) collide(workloads []*workload) {
	for _, w := range workloads {
		c.colliding[w] = true
	}
}

// jobs returns those among selected that make pods which come to an end, without
// those that the selector of another workload matches, too.
func (c *checker) jobs(selected []*workload) []*workload {
	var found []*workload
	for _, w := range selected {
		if w.isJob() && !c.colliding[w] {
			found = append(found, w)
		}
	}
	return found
}

func (c *checker) ports() {
	for _, w := range c.workloads {
		w.EachContainer(func(field string, container *corev1.Container, _ bool) {
			for _, p := range probesOf(container) {
				if p.HTTPGet != nil && !hasPort(container, p.HTTPGet.Port) {
					c.add(w.Object, field+"."+p.name+".httpGet.port", p.HTTPGet.Port.String(),
						"is not among the container's ports")
				}
				if p.TCPSocket != nil && !hasPort(container, p.TCPSocket.Port) {
					c.add(w.Object, field+"."+p.name+".tcpSocket.port", p.TCPSocket.Port.String(),
						"is not among the container's ports")
				}
				if p.GRPC != nil && !hasPort(container, intstr.FromInt32(p.GRPC.Port)) {
					c.add(w.Object, field+"."+p.name+".grpc.port", strconv.Itoa(int(p.GRPC.Port)),
						"is not among the container's ports")
				}
			}
		})
	}
	for _, s := range c.services {
		c.servicePorts(s)
	}
}

func (c *checker) servicePorts(s *service) {
	if s.selector == nil {
		return
	}
	selected := c.selected(s.Namespace, s.selector)
	for i, port := range s.Spec.Ports {
		target := pods.TargetPort(port)
		for _, w := range selected {
			if !w.hasPort(target) && !c.duplicates[s.Source] && !c.duplicates[w.Source] && !c.colliding[w] {
				c.add(s.Object, fmt.Sprintf("spec.ports[%d].targetPort", i), target.String(),
					"is not among the ports of %s", w)
			}
		}
	}
}

// hasPort reports whether a container of the pod listens on port.
func (w *workload) hasPort(port intstr.IntOrString) bool {
	found := false
	w.EachContainer(func(_ string, container *corev1.Container, _ bool) {
		found = found || hasPort(container, port)
	})
	return found
}

func hasPort(container *corev1.Container, port intstr.IntOrString) bool {
	for _, p := range container.Ports {
		if port.Type == intstr.String && p.Name == port.StrVal ||
			port.Type == intstr.Int && p.ContainerPort == port.IntVal {
			return true
		}
	}
	return false
}

// probe is a probe of a container and the field that holds it.
type probe struct {
	name string
	*corev1.Probe
}

func probesOf(container *corev1.Container) []probe {
	probes := []probe{
		{"startupProbe", container.StartupProbe},
		{"readinessProbe", container.ReadinessProbe},
		{"livenessProbe", container.LivenessProbe},
	}
	return slices.DeleteFunc(probes, func(p probe) bool { return p.Probe == nil })
}

// environment reports variables that a container lists twice: a plain apply takes
// the last, and a server-side one refuses the object.
func (c *checker) environment() {
	for _, w := range c.workloads {
		w.EachContainer(func(field string, container *corev1.Container, _ bool) {
			times := map[string]int{}
			for _, env := range container.Env {
				if times[env.Name]++; times[env.Name] == 2 {
					c.add(w.Object, fmt.Sprintf("%s.env[%s]", field, env.Name), env.Name,
						"is listed twice: keep one of them, since server-side apply refuses both")
				}
			}
		})
	}
}

func (c *checker) resources() {
	for _, w := range c.workloads {
		w.EachContainer(func(field string, container *corev1.Container, init bool) {
			for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
				request, limit := container.Resources.Requests[name], container.Resources.Limits[name]
				if request.IsZero() {
					why := ""
					if a, ok := c.scaledBy(w, container, init, name); ok {
						why = fmt.Sprintf(": %s asks how much of it the pods use, and does nothing without it", a)
					}
					c.add(w.Object, fmt.Sprintf("%s.resources.requests.%s", field, name), "", "is required%s", why)
				}
				if limit.IsZero() {
					c.add(w.Object, fmt.Sprintf("%s.resources.limits.%s", field, name), "", "is required")
				}
			}
			for _, name := range slices.Sorted(maps.Keys(container.Resources.Requests)) {
				request := container.Resources.Requests[name]
				if limit, ok := container.Resources.Limits[name]; ok && request.Cmp(limit) > 0 {
					c.add(w.Object, fmt.Sprintf("%s.resources.requests.%s", field, name), request.String(),
						"must not be above its limit %s", limit.String())
				}
			}
		})
	}
}

func (c *checker) volumes() {
	for _, w := range c.workloads {
		volumes := w.volumes()
		w.EachContainer(func(field string, container *corev1.Container, _ bool) {
			seen := map[string]bool{}
			for i, mount := range container.VolumeMounts {
				at := fmt.Sprintf("%s.volumeMounts[%d]", field, i)
				n := slices.IndexFunc(volumes, func(v corev1.Volume) bool { return v.Name == mount.Name })
				if n < 0 {
					c.add(w.Object, at+".name", mount.Name, "is not among the pod's volumes: %s", namesOf(volumes))
				}
				if seen[mount.MountPath] {
					c.add(w.Object, at+".mountPath", mount.MountPath, "is mounted twice")
				} else if n >= 0 && hides(volumes[n], mount.MountPath) {
					c.add(w.Object, at+".mountPath", mount.MountPath,
						"mounts over what the container itself needs there: choose a path of its own, such "+
							"as one below it")
				}
				seen[mount.MountPath] = true
			}
		})
		for i, claim := range w.claims {
			c.claim(w.Object, fmt.Sprintf("spec.volumeClaimTemplates[%d].spec", i), claim.Spec)
		}
	}
	for _, o := range c.objects {
		if claim, ok := o.Content.(*corev1.PersistentVolumeClaim); ok {
			c.claim(o, "spec", claim.Spec)
		}
	}
}

// volumes returns the volumes of the pods, with those of the claim templates.
func (w *workload) volumes() []corev1.Volume {
	volumes := slices.Clone(w.Template.Spec.Volumes)
	for _, claim := range w.claims {
		volumes = append(volumes, corev1.Volume{Name: claim.Name})
	}
	return volumes
}

func namesOf(volumes []corev1.Volume) string {
	var names []string
	for _, v := range volumes {
		names = append(names, v.Name)
	}
	return strings.Join(names, ", ")
}

// needed are the directories without which a program does not start, and those
// that the runtime mounts itself.
var needed = []string{"/", "/bin", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr"}

// tokenPath is where pods find the token of their ServiceAccount; see
// https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-token-volume.
const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount"

// hides reports whether a volume mounted on p hides what the container needs
// there. A hostPath volume is allowed: programs that watch a node mount its
// directories in the same places.
func hides(v corev1.Volume, p string) bool {
	p = path.Clean(p)
	if p == tokenPath {
		return v.Projected == nil ||
			!slices.ContainsFunc(v.Projected.Sources,
				func(s corev1.VolumeProjection) bool { return s.ServiceAccountToken != nil })
	}
	return v.HostPath == nil && slices.Contains(needed, p)
}

var accessModes = []corev1.PersistentVolumeAccessMode{
	corev1.ReadWriteOnce, corev1.ReadWriteOncePod, corev1.ReadOnlyMany, corev1.ReadWriteMany,
}

func (c *checker) claim(o Object, field string, spec corev1.PersistentVolumeClaimSpec) {
	if len(spec.AccessModes) == 0 {
		c.add(o, field+".accessModes", "", "is required: some of %v", accessModes)
	}
	for i, mode := range spec.AccessModes {
		if !slices.Contains(accessModes, mode) {
			c.add(o, fmt.Sprintf("%s.accessModes[%d]", field, i), string(mode), "must be one of %v", accessModes)
		}
	}
	if size := spec.Resources.Requests[corev1.ResourceStorage]; size.Sign() <= 0 {
		c.add(o, field+".resources.requests.storage", size.String(), "must be positive")
	}
}
