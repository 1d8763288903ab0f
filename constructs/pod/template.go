package pod

import (
	"fmt"
	"math"

	corev1 "k8s.io/api/core/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// DefaultTmpSize is the size limit of /tmp.
const DefaultTmpSize = "1Gi"

// Template holds further settings of the pods of any workload. Its types are
// those of Kubernetes. The zero value adds nothing.
//
// Containers get the security context that Pod Security "restricted" asks for,
// each field unless it is set, and need requests and limits. For what no field
// offers see package object.
type Template struct {
	// Labels are further labels of the pods.
	//
	// Default: none.
	Labels map[string]string

	// Annotations are annotations of the pods.
	//
	// Default: none.
	Annotations map[string]string

	// ObjectLabels are further labels of the Deployment, Job or CronJob.
	//
	// Default: none.
	ObjectLabels map[string]string

	// ObjectAnnotations are annotations of the Deployment, Job or CronJob.
	//
	// Default: none.
	ObjectAnnotations map[string]string

	// NodeSelector are labels that a node must have.
	//
	// Default: none; any node.
	NodeSelector map[string]string

	// Affinity constrains the pods to nodes, or to the nodes of other pods.
	//
	// Default: none.
	Affinity *corev1.Affinity

	// Tolerations allow nodes with matching taints.
	//
	// Default: none.
	Tolerations []corev1.Toleration

	// TopologySpreadConstraints are further constraints on how the pods spread.
	// One without a LabelSelector gets that of the workload.
	//
	// Default: none.
	TopologySpreadConstraints []corev1.TopologySpreadConstraint

	// PriorityClassName is the name of a PriorityClass of the cluster, which
	// sets scheduling priority and preemption.
	//
	// Default: the cluster's default class.
	PriorityClassName string

	// RuntimeClassName is the name of a RuntimeClass of the cluster.
	//
	// Default: none; the node's own runtime.
	RuntimeClassName string

	// SchedulerName is the name of the scheduler of the pods.
	//
	// Default: none; the default scheduler.
	SchedulerName string

	// ServiceAccount is the identity of the pods.
	//
	// Default: the namespace's default account, without a token.
	ServiceAccount ServiceAccount

	// HostAliases are entries of /etc/hosts.
	//
	// Default: none.
	HostAliases []corev1.HostAlias

	// DNSPolicy is the DNS policy of the pods.
	//
	// Default: none; ClusterFirst.
	DNSPolicy corev1.DNSPolicy

	// DNSConfig are further settings of the resolver.
	//
	// Default: none.
	DNSConfig *corev1.PodDNSConfig

	// InitContainers run before the containers, and before those of the
	// construct, one after the other. One with RestartPolicy Always is a
	// sidecar: it starts before the containers and ends after them.
	//
	// Default: none.
	InitContainers []corev1.Container

	// Containers run beside the construct's own.
	//
	// Default: none.
	Containers []corev1.Container

	// EnvFrom are ConfigMaps and Secrets whose keys all become environment
	// variables of the construct's containers.
	//
	// Default: none.
	EnvFrom []EnvSource

	// EnvKeys are environment variables of the construct's containers, by name,
	// each from one key of a ConfigMap or Secret.
	//
	// Default: none.
	EnvKeys map[string]EnvKey

	// Volumes are further volumes, which the construct's containers mount.
	//
	// Default: none.
	Volumes []Volume

	// TmpSize is the size limit of /tmp, such as "5Gi". It is a directory on the
	// node's disk; above the limit the pod is evicted.
	//
	// Default: [DefaultTmpSize].
	TmpSize string

	// ImagePullPolicy is the pull policy of the construct's own containers.
	//
	// Default: Always for an image without a tag or with the tag latest,
	// IfNotPresent for any other.
	ImagePullPolicy corev1.PullPolicy
}

// ServiceAccount is the identity of pods: an existing account, or one that is
// made, when it has annotations.
type ServiceAccount struct {
	// Existing is the name of a ServiceAccount that is made elsewhere.
	//
	// Default: none.
	Existing string

	// Annotations are those of a ServiceAccount that is made for the workload
	// and named like it, such as eks.amazonaws.com/role-arn.
	//
	// Default: none.
	Annotations map[string]string

	// AutomountToken mounts the token of the account into every container.
	//
	// Default: false.
	AutomountToken bool
}

// EnvSource is a ConfigMap or a Secret whose keys become environment variables.
// Exactly one of both is given.
type EnvSource struct {
	// ConfigMap is the name of a ConfigMap.
	//
	// Default: none.
	ConfigMap string

	// Secret is the name of a Secret.
	//
	// Default: none.
	Secret string

	// Prefix is put before each key.
	//
	// Default: none.
	Prefix string

	// Optional lets the pod start without the object.
	//
	// Default: false.
	Optional bool

	// External marks an object that is made outside this app.
	//
	// Default: false.
	External bool
}

// EnvKey is one key of a ConfigMap or a Secret. Exactly one of both is given.
type EnvKey struct {
	// ConfigMap is the name of a ConfigMap.
	//
	// Default: none.
	ConfigMap string

	// Secret is the name of a Secret.
	//
	// Default: none.
	Secret string

	// Key is the key of the ConfigMap or Secret.
	//
	// Required.
	Key string

	// Optional lets the pod start without the object or the key.
	//
	// Default: false.
	Optional bool

	// External marks an object that is made outside this app.
	//
	// Default: false.
	External bool
}

// Scheduling returns the part of t that says where pods run and from where
// their images come: NodeSelector, Affinity, Tolerations, RuntimeClassName,
// SchedulerName, HostAliases, DNSPolicy, DNSConfig and ImagePullPolicy.
func (t Template) Scheduling() Template {
	return Template{
		NodeSelector: t.NodeSelector, Affinity: t.Affinity, Tolerations: t.Tolerations,
		RuntimeClassName: t.RuntimeClassName, SchedulerName: t.SchedulerName, HostAliases: t.HostAliases,
		DNSPolicy: t.DNSPolicy, DNSConfig: t.DNSConfig, ImagePullPolicy: t.ImagePullPolicy,
	}
}

// Validate reports every invalid field.
func (t Template) Validate() field.ErrorList {
	var e rule.Errors
	validateLabels(&e, "Labels", t.Labels)
	validateLabels(&e, "ObjectLabels", t.ObjectLabels)
	e.Annotations("Annotations", t.Annotations, nil)
	e.Annotations("ObjectAnnotations", t.ObjectAnnotations, nil)
	e.Labels("NodeSelector", t.NodeSelector)
	e.OptionalName("PriorityClassName", t.PriorityClassName)
	e.OptionalName("RuntimeClassName", t.RuntimeClassName)
	e.OptionalName("SchedulerName", t.SchedulerName)
	t.validateAccount(&e)
	t.validateTolerations(&e)
	t.validateSpread(&e)
	validateAffinity(&e, t.Affinity)
	t.validateNames(&e)
	t.validateContainers(&e)
	t.validateEnv(&e)
	for i, v := range t.Volumes {
		e.Join(rule.Item("Volumes", i), v.Validate())
	}
	if t.TmpSize != "" {
		e.Bytes("TmpSize", t.TmpSize)
	}
	if t.ImagePullPolicy != "" {
		validatePullPolicy(&e, "ImagePullPolicy", t.ImagePullPolicy)
	}
	return e.Err()
}

func validatePullPolicy(e *rule.Errors, at string, policy corev1.PullPolicy) {
	e.OneOf(at, string(policy), string(corev1.PullAlways), string(corev1.PullIfNotPresent), string(corev1.PullNever))
}

func validateLabels(e *rule.Errors, name string, l map[string]string) {
	e.Labels(name, l)
	for _, key := range rule.Keys(l) {
		if labels.Reserved(key) {
			e.Add(rule.Item(name, key), l[key], "is managed: selectors and tools find the objects by it")
		}
	}
}

func (t Template) validateAccount(e *rule.Errors) {
	a := t.ServiceAccount
	e.OptionalName("ServiceAccount.Existing", a.Existing)
	e.Annotations("ServiceAccount.Annotations", a.Annotations, nil)
	if a.Existing != "" && len(a.Annotations) > 0 {
		e.Add("ServiceAccount.Existing", a.Existing, "must not be given together with Annotations, which make an account")
	}
}

func (t Template) validateTolerations(e *rule.Errors) {
	for i, toleration := range t.Tolerations {
		at := rule.Item("Tolerations", i)
		if toleration.Operator != "" {
			e.OneOf(at+".Operator", string(toleration.Operator), string(corev1.TolerationOpExists),
				string(corev1.TolerationOpEqual))
		}
		if toleration.Effect != "" {
			e.OneOf(at+".Effect", string(toleration.Effect),
				string(corev1.TaintEffectNoSchedule), string(corev1.TaintEffectPreferNoSchedule),
				string(corev1.TaintEffectNoExecute))
		}
		equal := toleration.Operator == "" || toleration.Operator == corev1.TolerationOpEqual
		switch exists := toleration.Operator == corev1.TolerationOpExists; {
		case toleration.Key == "" && equal:
			e.Add(at+".Key", "", "is required unless Operator is Exists")
		case exists && toleration.Value != "":
			e.Add(at+".Value", toleration.Value, "must not be given with the operator Exists")
		case toleration.Key != "" && len(validation.IsQualifiedName(toleration.Key)) > 0:
			e.Add(at+".Key", toleration.Key, "must be the key of a taint: [PREFIX/]NAME")
		case equal && len(validation.IsValidLabelValue(toleration.Value)) > 0:
			e.Add(at+".Value", toleration.Value, "must be the value of a taint: at most 63 letters, digits, '-', '_' or '.'")
		}
		if toleration.TolerationSeconds != nil && toleration.Effect != corev1.TaintEffectNoExecute {
			e.Add(at+".TolerationSeconds", *toleration.TolerationSeconds, "must not be given without the effect NoExecute")
		}
	}
}

func (t Template) validateSpread(e *rule.Errors) {
	spread := map[string]bool{}
	for i, c := range t.TopologySpreadConstraints {
		at := rule.Item("TopologySpreadConstraints", i)
		e.Range(at+".MaxSkew", int(c.MaxSkew), 1, math.MaxInt32)
		e.OneOf(at+".WhenUnsatisfiable", string(c.WhenUnsatisfiable), string(corev1.DoNotSchedule),
			string(corev1.ScheduleAnyway))
		validateTopologyKey(e, at, c.TopologyKey)
		e.Join(at+".LabelSelector", metav1validation.ValidateLabelSelector(c.LabelSelector, strict, nil))
		pair := c.TopologyKey + " " + string(c.WhenUnsatisfiable)
		if spread[pair] {
			e.Add(at+".TopologyKey", c.TopologyKey, "is listed twice with WhenUnsatisfiable "+string(c.WhenUnsatisfiable))
		}
		spread[pair] = true
	}
}

func (t Template) validateNames(e *rule.Errors) {
	for i, alias := range t.HostAliases {
		at := rule.Item("HostAliases", i)
		e.IP(at+".IP", alias.IP)
		if len(alias.Hostnames) == 0 {
			e.Add(at+".Hostnames", "", "is required: the names of the address")
		}
		for j, name := range alias.Hostnames {
			e.Address(rule.Item(at+".Hostnames", j), name)
		}
	}
	if t.DNSPolicy != "" {
		e.OneOf("DNSPolicy", string(t.DNSPolicy),
			string(corev1.DNSClusterFirst), string(corev1.DNSClusterFirstWithHostNet), string(corev1.DNSDefault),
			string(corev1.DNSNone))
	}
	if t.DNSConfig != nil {
		validateDNS(e, *t.DNSConfig)
	}
	if t.DNSPolicy == corev1.DNSNone && (t.DNSConfig == nil || len(t.DNSConfig.Nameservers) == 0) {
		e.Add("DNSConfig.Nameservers", "", "is required with DNSPolicy None")
	}
}

func (t Template) validateContainers(e *rule.Errors) {
	var names []string
	check := func(at string, c corev1.Container) {
		e.ContainerName(at+".Name", c.Name)
		e.Image(at+".Image", c.Image)
		if c.ImagePullPolicy != "" {
			validatePullPolicy(e, at+".ImagePullPolicy", c.ImagePullPolicy)
		}
		validateContainer(e, at, c)
		names = append(names, c.Name)
	}
	for i, c := range t.InitContainers {
		check(rule.Item("InitContainers", i), c)
		if p := c.RestartPolicy; p != nil && *p != corev1.ContainerRestartPolicyAlways {
			e.Add(rule.Item("InitContainers", i)+".RestartPolicy", string(*p), "must be Always, for a sidecar, or left out")
		}
		probes := c.LivenessProbe != nil || c.ReadinessProbe != nil || c.StartupProbe != nil
		if c.RestartPolicy == nil && (probes || c.Lifecycle != nil) {
			e.Add(rule.Item("InitContainers", i)+".RestartPolicy", "", "must be Always where probes or Lifecycle are given")
		}
	}
	for i, c := range t.Containers {
		check(rule.Item("Containers", i), c)
	}
	e.Unique("Containers.Name", names)
}

func (t Template) validateEnv(e *rule.Errors) {
	source := func(at, configMap, secret string) {
		switch {
		case (configMap == "") == (secret == ""):
			e.Add(at+".ConfigMap", configMap, "exactly one of ConfigMap and Secret must be given")
		case configMap != "":
			e.Name(at+".ConfigMap", configMap)
		default:
			e.Name(at+".Secret", secret)
		}
	}
	for i, s := range t.EnvFrom {
		source(rule.Item("EnvFrom", i), s.ConfigMap, s.Secret)
		if s.Prefix != "" {
			e.EnvName(rule.Item("EnvFrom", i)+".Prefix", s.Prefix)
		}
	}
	for _, name := range rule.Keys(t.EnvKeys) {
		at, key := rule.Item("EnvKeys", name), t.EnvKeys[name]
		e.EnvName(at, name)
		source(at, key.ConfigMap, key.Secret)
		e.SecretKey(at+".Key", key.Key)
	}
}

// VolumeName returns the name of the i-th of the given volumes, whose default
// begins with prefix.
func VolumeName(prefix string, volumes []Volume, i int) string {
	if volumes[i].Name != "" {
		return volumes[i].Name
	}
	return fmt.Sprintf("%s-%d", prefix, i)
}
