package django_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/pod"
)

const (
	required  = "RequiredDuringSchedulingIgnoredDuringExecution"
	preferred = "PreferredDuringSchedulingIgnoredDuringExecution[0]"
)

func withNodes(terms ...corev1.NodeSelectorTerm) cdktest.Build {
	return withPod(pod.Template{Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms},
	}}})
}

func withExpression(key string, operator corev1.NodeSelectorOperator, values ...string) cdktest.Build {
	return withNodes(corev1.NodeSelectorTerm{
		MatchExpressions: []corev1.NodeSelectorRequirement{{Key: key, Operator: operator, Values: values}},
	})
}

// withPreferred asks for nodes and for pods, each with a weight.
func withPreferred(nodes, pods int32) cdktest.Build {
	return withPod(pod.Template{Affinity: &corev1.Affinity{
		NodeAffinity: &corev1.NodeAffinity{
			PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: nodes}},
		},
		PodAntiAffinity: &corev1.PodAntiAffinity{
			PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{
				{Weight: pods, PodAffinityTerm: corev1.PodAffinityTerm{TopologyKey: "kubernetes.io/hostname"}},
			},
		},
	}})
}

func withPods(term corev1.PodAffinityTerm) cdktest.Build {
	return withPod(pod.Template{Affinity: &corev1.Affinity{PodAffinity: &corev1.PodAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{term},
	}}})
}

func withDNS(c corev1.PodDNSConfig) cdktest.Build { return withPod(pod.Template{DNSConfig: &c}) }

func withMount(change func(m *corev1.VolumeMount)) cdktest.Build {
	m := corev1.VolumeMount{Name: "cache", MountPath: "/cache"}
	change(&m)
	proxy := named("proxy")
	proxy.VolumeMounts = []corev1.VolumeMount{m}
	return withPod(pod.Template{
		Containers: []corev1.Container{proxy},
		Volumes:    []pod.Volume{{Name: "cache", MountPath: "/own", EmptyDir: "1Gi"}},
	})
}

func withContainerPort(p corev1.ContainerPort) cdktest.Build {
	return withContainer(func(c *corev1.Container) { c.Ports = []corev1.ContainerPort{p} })
}

func withVariables(v ...corev1.EnvVar) cdktest.Build {
	return withContainer(func(c *corev1.Container) { c.Env = v })
}

func withLimit(name corev1.ResourceName, amount string) cdktest.Build {
	return withContainer(func(c *corev1.Container) {
		c.Resources = *c.Resources.DeepCopy()
		c.Resources.Limits[name] = resource.MustParse(amount)
	})
}

// wrongKubernetes are mistakes in fields of Kubernetes' own types.
var wrongKubernetes = map[string]mistake{
	"nodes: no term": {withNodes(), `test/web: Pod.Affinity.NodeAffinity.` + required + `.NodeSelectorTerms: "": is required`},
	"nodes: operator": {
		withExpression("disk", "Equals", "ssd"), `test/web: Pod.Affinity.NodeAffinity.` + required +
			`.NodeSelectorTerms[0].MatchExpressions[0].Operator: "Equals": must be one of In, NotIn, Exists`,
	},
	"nodes: no operator": {
		withExpression("disk", "", "ssd"), `test/web: Pod.Affinity.NodeAffinity.` + required +
			`.NodeSelectorTerms[0].MatchExpressions[0].Operator: "": must be one of In`,
	},
	"nodes: key": {
		withExpression("a b", corev1.NodeSelectorOpExists), `test/web: Pod.Affinity.NodeAffinity.` + required +
			`.NodeSelectorTerms[0].MatchExpressions[0]: "a b Exists []": must be a requirement of labels: key: `,
	},
	"nodes: value": {
		withExpression("disk", corev1.NodeSelectorOpIn, "a b"), `test/web: Pod.Affinity.NodeAffinity.` + required +
			`.NodeSelectorTerms[0].MatchExpressions[0]: "disk In [\"a b\"]": must be a requirement of labels`,
	},
	"nodes: no value": {
		withExpression("disk", corev1.NodeSelectorOpIn), `test/web: Pod.Affinity.NodeAffinity.` + required +
			`.NodeSelectorTerms[0].MatchExpressions[0]: "disk In []": must be a requirement of labels`,
	},
	"nodes: value of Exists": {
		withExpression("disk", corev1.NodeSelectorOpExists, "ssd"), `test/web: Pod.Affinity.NodeAffinity.` + required +
			`.NodeSelectorTerms[0].MatchExpressions[0]: "disk Exists [\"ssd\"]": must be a requirement of labels`,
	},
	"nodes: greater than a word": {
		withExpression("cores", corev1.NodeSelectorOpGt, "many"), `test/web: Pod.Affinity.NodeAffinity.` + required +
			`.NodeSelectorTerms[0].MatchExpressions[0]: "cores Gt [\"many\"]": must be a requirement of labels`,
	},
	"nodes: field": {
		withNodes(corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{
			{Key: "metadata.uid", Operator: corev1.NodeSelectorOpIn, Values: []string{"a"}},
		}}),
		`test/web: Pod.Affinity.NodeAffinity.` + required + `.NodeSelectorTerms[0].MatchFields[0]: "metadata.uid In `,
	},
	"nodes: no weight":  {withPreferred(0, 1), `test/web: Pod.Affinity.NodeAffinity.` + preferred + `.Weight: 0: must be between 1 and 100`},
	"pods: weight":      {withPreferred(1, 101), `test/web: Pod.Affinity.PodAntiAffinity.` + preferred + `.Weight: 101: must be between 1 and 100`},
	"pods: no topology": {withPods(corev1.PodAffinityTerm{}), `test/web: Pod.Affinity.PodAffinity.` + required + `[0].TopologyKey: "": is required`},
	"pods: topology": {
		withPods(corev1.PodAffinityTerm{TopologyKey: "a b"}),
		`test/web: Pod.Affinity.PodAffinity.` + required + `[0].TopologyKey: "a b": must be the key of a label of nodes`,
	},
	"pods: selector": {
		withPods(corev1.PodAffinityTerm{
			TopologyKey: "zone", LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b c"}},
		}),
		`test/web: Pod.Affinity.PodAffinity.` + required + `[0].LabelSelector.matchLabels: "b c": `,
	},
	"spread: key": {withSpread(1, "a b", corev1.DoNotSchedule), `test/web: Pod.TopologySpreadConstraints[0].TopologyKey: "a b": must be the key of a label`},
	"dns: search": {withDNS(corev1.PodDNSConfig{Searches: []string{"a b"}}), `test/web: Pod.DNSConfig.Searches[0]: "a b": must be a domain`},
	"dns: option": {withDNS(corev1.PodDNSConfig{Options: []corev1.PodDNSConfigOption{{}}}), `test/web: Pod.DNSConfig.Options[0].Name: "": is required`},
	"dns: four servers": {
		withDNS(corev1.PodDNSConfig{Nameservers: []string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}}),
		`test/web: Pod.DNSConfig.Nameservers: 4: must be at most 3`,
	},
	"dns: searches":        {withDNS(corev1.PodDNSConfig{Searches: make33()}), `test/web: Pod.DNSConfig.Searches: 33: must be at most 32`},
	"mount: no path":       {withMount(func(m *corev1.VolumeMount) { m.MountPath = "" }), `test/web: Pod.Containers[0].VolumeMounts[0].MountPath: "": must be an absolute path`},
	"mount: relative":      {withMount(func(m *corev1.VolumeMount) { m.MountPath = "cache" }), `test/web: Pod.Containers[0].VolumeMounts[0].MountPath: "cache": must be an absolute path`},
	"mount: colon":         {withMount(func(m *corev1.VolumeMount) { m.MountPath = "/a:ro" }), `test/web: Pod.Containers[0].VolumeMounts[0].MountPath: "/a:ro": must be an absolute path`},
	"mount: no volume":     {withMount(func(m *corev1.VolumeMount) { m.Name = "" }), `test/web: Pod.Containers[0].VolumeMounts[0].Name: "": is required`},
	"mount: above":         {withMount(func(m *corev1.VolumeMount) { m.SubPath = "../x" }), `test/web: Pod.Containers[0].VolumeMounts[0].SubPath: "../x": must be a relative path`},
	"mount: absolute":      {withMount(func(m *corev1.VolumeMount) { m.SubPath = "/x" }), `test/web: Pod.Containers[0].VolumeMounts[0].SubPath: "/x": must be a relative path`},
	"mount: both paths":    {withMount(func(m *corev1.VolumeMount) { m.SubPath, m.SubPathExpr = "a", "b" }), `test/web: Pod.Containers[0].VolumeMounts[0].SubPathExpr: "b": must not be given together`},
	"mount: expression":    {withMount(func(m *corev1.VolumeMount) { m.SubPathExpr = "../$(A)" }), `test/web: Pod.Containers[0].VolumeMounts[0].SubPathExpr: "../$(A)": must be a relative path`},
	"port: none":           {withContainerPort(corev1.ContainerPort{}), `test/web: Pod.Containers[0].Ports[0].ContainerPort: 0: must be between 1 and 65535`},
	"port: name":           {withContainerPort(corev1.ContainerPort{ContainerPort: 9000, Name: "the_metrics_port"}), `test/web: Pod.Containers[0].Ports[0].Name: "the_metrics_port": must be 1 to 15`},
	"port: protocol":       {withContainerPort(corev1.ContainerPort{ContainerPort: 9000, Protocol: "tcp"}), `test/web: Pod.Containers[0].Ports[0].Protocol: "tcp": must be one of TCP, UDP, SCTP`},
	"variable: no name":    {withVariables(corev1.EnvVar{Value: "a"}), `test/web: Pod.Containers[0].Env[0].Name: "": must be the name of a variable`},
	"variable: assignment": {withVariables(corev1.EnvVar{Name: "A=B"}), `test/web: Pod.Containers[0].Env[0].Name: "A=B": must be the name of a variable`},
	"variable: twice":      {withVariables(corev1.EnvVar{Name: "A"}, corev1.EnvVar{Name: "A"}), `test/web: Pod.Containers[0].Env.Name: "A": is listed twice`},
	"limit: unknown":       {withLimit("gpu", "1"), `test/web: Pod.Containers[0].Resources.Limits[gpu]: "1": must be cpu, memory, ephemeral-storage, or DOMAIN/NAME`},
	"limit: negative":      {withLimit("example.com/gpu", "-1"), `test/web: Pod.Containers[0].Resources.Limits[example.com/gpu]: "-1": must not be negative`},
	"request: device without a limit": {
		withContainer(func(c *corev1.Container) {
			c.Resources.Requests = corev1.ResourceList{"nvidia.com/gpu": resource.MustParse("1")}
		}),
		`test/web: Pod.Containers[0].Resources.Requests[nvidia.com/gpu]: "1": must be given in Limits`,
	},
	"init container: probe": {
		withPod(pod.Template{InitContainers: []corev1.Container{{
			Name: "load", Image: "example/load:1.0.0", ReadinessProbe: &corev1.Probe{},
		}}}),
		`test/web: Pod.InitContainers[0].RestartPolicy: "": must be Always where probes or Lifecycle are given`,
	},
	"toleration: value": {
		withPod(pod.Template{Tolerations: []corev1.Toleration{{Key: "pool", Value: "a b"}}}),
		`test/web: Pod.Tolerations[0].Value: "a b": must be the value of a taint`,
	},
	"toleration: operator": {
		withPod(pod.Template{Tolerations: []corev1.Toleration{{Operator: "exists"}}}),
		`test/web: Pod.Tolerations[0].Operator: "exists": must be one of Exists, Equal`,
	},
	"dns: zone":      {withDNS(corev1.PodDNSConfig{Nameservers: []string{"fe80::1%eth0"}}), `test/web: Pod.DNSConfig.Nameservers[0]: "fe80::1%eth0": must be an IPv4 or IPv6 address`},
	"dns: IPv4 in 6": {withDNS(corev1.PodDNSConfig{Nameservers: []string{"::ffff:10.0.0.1"}}), `test/web: Pod.DNSConfig.Nameservers[0]: "::ffff:10.0.0.1": must be an IPv4 or IPv6 address`},
	"container: message": {
		withContainer(func(c *corev1.Container) { c.TerminationMessagePolicy = "Log" }),
		`test/web: Pod.Containers[0].TerminationMessagePolicy: "Log": must be one of File, FallbackToLogsOnError`,
	},
	"container: directory with NUL": {
		withContainer(func(c *corev1.Container) { c.WorkingDir = "/a\x00" }),
		`test/web/Deployment: spec.template.spec.containers[1].workingDir: "...": must be UTF-8 text`,
	},
	"container: directory in octal": {
		withContainer(func(c *corev1.Container) { c.WorkingDir = "0o7" }),
		`test/web/Deployment: spec.template.spec.containers[1].workingDir: "0o7": would be parsed as a YAML number`,
	},
	"container: argument that is no UTF-8": {
		withContainer(func(c *corev1.Container) { c.Args = []string{"a\xff"} }),
		`test/web/Deployment: spec.template.spec.containers[1].args[0]: "...": must be UTF-8 text`,
	},
}

// make33 returns one domain more than a pod may search.
func make33() []string {
	domains := make([]string, 33)
	for i := range domains {
		domains[i] = "example.com"
	}
	return domains
}

func TestWrongKubernetes(t *testing.T) { checkMistakes(t, wrongKubernetes) }
