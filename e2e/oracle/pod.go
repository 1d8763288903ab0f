package oracle

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"example.com/django-cdk8s/constructs/pod"
)

func drawResources(d drawer) pod.Resources {
	d = d.of("Resources").rarely()
	quantities := func(d drawer) pod.Quantities {
		return pod.Quantities{
			CPU:              field(d, "CPU", cpu, anything),
			Memory:           field(d, "Memory", bytes, anything),
			EphemeralStorage: field(d, "EphemeralStorage", bytes, anything),
		}
	}
	r := pod.Resources{Requests: quantities(d.of("Requests")), Limits: quantities(d.of("Limits"))}
	q, l := &r.Requests, &r.Limits
	if d.tame() {
		q.CPU, l.CPU = ordered(q.CPU, l.CPU)
		q.Memory, l.Memory = ordered(q.Memory, l.Memory)
		q.EphemeralStorage, l.EphemeralStorage = ordered(q.EphemeralStorage, l.EphemeralStorage)
	}
	return r
}

func drawReplicas(d drawer) *int {
	return field(d, "Replicas", rapid.Ptr(rapid.IntRange(0, 20), false), rapid.Ptr(number, false))
}

func drawAutoscaling(d drawer) pod.Autoscaling {
	if !d.flag("Autoscaling") {
		return pod.Autoscaling{}
	}
	d = d.of("Autoscaling")
	return pod.Autoscaling{
		MinReplicas: field(d, "MinReplicas", rapid.IntRange(1, 10), number),
		MaxReplicas: required(d, "MaxReplicas", rapid.IntRange(10, 100), number),
		CPUPercent:  field(d, "CPUPercent", rapid.IntRange(1, 1000), number),
	}
}

// drawScale draws who says how many pods there are.
func drawScale(d drawer) (*int, pod.Autoscaling) {
	replicas, autoscaling := drawReplicas(d), drawAutoscaling(d)
	if d.tame() && replicas != nil {
		autoscaling = pod.Autoscaling{}
	}
	return replicas, autoscaling
}

func drawRollout(d drawer) pod.Rollout {
	d = d.of("Rollout").rarely()
	return pod.Rollout{
		MaxSurge:                field(d, "MaxSurge", rapid.IntRange(1, 10), number),
		MaxUnavailable:          field(d, "MaxUnavailable", rapid.IntRange(1, 10), number),
		MinReadySeconds:         field(d, "MinReadySeconds", rapid.IntRange(1, 60), number),
		ProgressDeadlineSeconds: field(d, "ProgressDeadlineSeconds", rapid.IntRange(100, 3600), number),
	}
}

func drawService(d drawer) pod.Service {
	d = d.of("Service").rarely()
	return pod.Service{
		Annotations: field(d, "Annotations", annotations, wildTable),
		Type: oneOf(d, "Type",
			corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer),
		SessionAffinity: oneOf(d, "SessionAffinity", corev1.ServiceAffinityNone, corev1.ServiceAffinityClientIP),
	}
}

func drawTemplate(d drawer) pod.Template {
	if !d.flag("Pod") {
		return pod.Template{}
	}
	d = d.of("Pod").rarely()
	t := pod.Template{
		Labels:            field(d, "Labels", labelTable, wildTable),
		Annotations:       field(d, "Annotations", annotations, wildTable),
		ObjectLabels:      field(d, "ObjectLabels", labelTable, wildTable),
		ObjectAnnotations: field(d, "ObjectAnnotations", annotations, wildTable),
		NodeSelector:      field(d, "NodeSelector", labelTable, wildTable),
		Affinity:          field(d, "Affinity", affinity, affinity),
		Tolerations:       field(d, "Tolerations", list(toleration(true)), list(toleration(false))),
		TopologySpreadConstraints: field(d, "TopologySpreadConstraints",
			rapid.SliceOfNDistinct(spread(true), 0, 3, spreadKey), list(spread(false))),
		PriorityClassName: field(d, "PriorityClassName", dnsName, anything),
		RuntimeClassName:  field(d, "RuntimeClassName", dnsName, anything),
		SchedulerName:     field(d, "SchedulerName", dnsName, anything),
		ServiceAccount:    drawAccount(d),
		HostAliases:       field(d, "HostAliases", list(alias(address, server)), list(alias(anything, anything))),
		DNSPolicy:         oneOf(d, "DNSPolicy", corev1.DNSClusterFirst, corev1.DNSDefault, corev1.DNSNone),
		DNSConfig:         field(d, "DNSConfig", resolver(address), resolver(rapid.OneOf(address, anything))),
		EnvFrom:           elements(d, "EnvFrom", drawEnvSource),
		EnvKeys:           drawEnvKeys(d),
		Volumes:           elements(d, "Volumes", drawVolume),
		TmpSize:           field(d, "TmpSize", bytes, anything),
		ImagePullPolicy:   oneOf(d, "ImagePullPolicy", corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever),
	}
	t.InitContainers = elements(d, "InitContainers", func(d drawer) corev1.Container {
		c := drawContainer(d)
		c.RestartPolicy = field(d, "RestartPolicy", rapid.Just(new(corev1.ContainerRestartPolicyAlways)),
			rapid.Just(new(corev1.ContainerRestartPolicyOnFailure)))
		return c
	})
	t.Containers = elements(d, "Containers", drawContainer)
	if d.tame() && t.DNSPolicy == corev1.DNSNone && t.DNSConfig == nil {
		t.DNSConfig = &corev1.PodDNSConfig{Nameservers: []string{"192.0.2.53"}}
	}
	return t
}

func drawAccount(d drawer) pod.ServiceAccount {
	d = d.of("ServiceAccount")
	a := pod.ServiceAccount{AutomountToken: d.flag("AutomountToken")}
	if d.chance("Existing", 64) {
		a.Existing = field(d, "Existing", dnsName, anything)
	} else {
		a.Annotations = field(d, "Annotations", annotations, wildTable)
	}
	return a
}

// drawObject draws the name of a ConfigMap or of a Secret that is made
// elsewhere.
func drawObject(d drawer) (configMap, secret string) {
	name := required(d, "Object", dnsName, anything)
	if d.chance("Secret", 64) {
		return "", name
	}
	return name, field(d.onlyWild(), "Secret", dnsName, anything)
}

func drawEnvSource(d drawer) pod.EnvSource {
	configMap, secret := drawObject(d)
	return pod.EnvSource{
		ConfigMap: configMap, Secret: secret, External: true,
		Prefix:   field(d, "Prefix", envName, anything),
		Optional: d.chance("Optional", 32),
	}
}

func drawEnvKeys(d drawer) map[string]pod.EnvKey {
	keys := map[string]pod.EnvKey{}
	for _, one := range elements(d, "EnvKeys", func(d drawer) pod.EnvKey {
		configMap, secret := drawObject(d)
		return pod.EnvKey{
			ConfigMap: configMap, Secret: secret, External: true,
			Key:      required(d, "Key", key, anything),
			Optional: d.chance("Optional", 32),
		}
	}) {
		keys[required(d, "EnvKeys", envName, anything)] = one
	}
	return keys
}

func drawVolume(d drawer) pod.Volume {
	v := pod.Volume{
		MountPath: required(d, "MountPath", path, anything),
		Name:      field(d, "Name", pattern(`[a-z]{10,20}`), anything),
		SubPath:   field(d, "SubPath", below, anything),
		ReadOnly:  d.chance("ReadOnly", 32),
		External:  true,
	}
	switch kind := rapid.IntRange(0, 6).Draw(d.T, d.name+"kind"); kind {
	case 1:
		v.Claim = required(d, "Claim", dnsName, anything)
	case 2:
		v.ConfigMap = required(d, "ConfigMap", dnsName, anything)
	case 3:
		v.Secret = required(d, "Secret", dnsName, anything)
	case 4:
		v.Projected, v.External = projected.Draw(d.T, d.name+"Projected"), false
	case 5:
		v.Ephemeral, v.External = ephemeral.Draw(d.T, d.name+"Ephemeral"), false
	default:
		v.EmptyDir, v.External = required(d, "EmptyDir", bytes, anything), false
		// Two kinds at once, or files of a directory.
		v.Claim = field(d.onlyWild(), "Claim", dnsName, anything)
	}
	if v.ConfigMap != "" || v.Secret != "" || d.chance("Items", d.wild) {
		v.Items = field(d, "Items", list(item(key, below)), list(item(anything, anything)))
		v.Mode = field(d, "Mode", rapid.Ptr(rapid.Int32Range(0, 0o777), false), rapid.Ptr(rapid.Int32(), false))
	}
	return v
}

func item(keys, paths *rapid.Generator[string]) *rapid.Generator[corev1.KeyToPath] {
	return rapid.Custom(func(t *rapid.T) corev1.KeyToPath {
		return corev1.KeyToPath{Key: keys.Draw(t, "Key"), Path: paths.Draw(t, "Path")}
	})
}

// drawContainer draws a further container. One of its own security context is
// left alone by the library, so that it must meet the namespace's standard.
func drawContainer(d drawer) corev1.Container {
	amounts := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("16Mi"),
	}
	return corev1.Container{
		Name:      required(d, "Name", pattern(`[a-z]{9,20}`), anything),
		Image:     required(d, "Image", imageName, anything),
		Command:   field(d, "Command", words, words),
		Resources: corev1.ResourceRequirements{Requests: amounts, Limits: amounts},
		SecurityContext: field(d, "SecurityContext",
			rapid.Just(&corev1.SecurityContext{RunAsUser: new(int64(1234))}),
			rapid.SampledFrom([]*corev1.SecurityContext{
				{Privileged: new(true)}, {RunAsUser: new(int64(0))}, {AllowPrivilegeEscalation: new(true)},
			})),
	}
}

// pick returns a generator of one of the values, and of those in bad unless all
// of them are to be good.
func pick[T any](good bool, values, bad []T) *rapid.Generator[T] {
	if !good {
		values = append(values, bad...)
	}
	return rapid.SampledFrom(values)
}

// affinity has no wild values: what is in it is up to the API server.
var affinity = rapid.Custom(func(t *rapid.T) *corev1.Affinity {
	term := corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{
		Key:      "kubernetes.io/arch",
		Operator: rapid.SampledFrom([]corev1.NodeSelectorOperator{"In", "NotIn"}).Draw(t, "Operator"),
		Values:   []string{"arm64"},
	}}}
	near := corev1.PodAffinityTerm{
		TopologyKey:   corev1.LabelHostname,
		LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "cache"}},
	}
	weight := rapid.Int32Range(1, 100).Draw(t, "Weight")
	return rapid.SampledFrom([]*corev1.Affinity{
		{},
		{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{term},
			},
		}},
		{NodeAffinity: &corev1.NodeAffinity{
			PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{
				{Weight: weight, Preference: term},
			},
		}},
		{PodAffinity: &corev1.PodAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{near},
		}},
		{PodAntiAffinity: &corev1.PodAntiAffinity{
			PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{
				{Weight: weight, PodAffinityTerm: near},
			},
		}},
	}).Draw(t, "kind")
})

func toleration(good bool) *rapid.Generator[corev1.Toleration] {
	return rapid.Custom(func(t *rapid.T) corev1.Toleration {
		one := corev1.Toleration{
			Key: pick(good, []string{"spot", "example.com/dedicated"}, []string{"", "a b"}).Draw(t, "Key"),
			Effect: pick(good, []corev1.TaintEffect{"", "NoSchedule", "PreferNoSchedule", "NoExecute"},
				[]corev1.TaintEffect{"Never"}).Draw(t, "Effect"),
			Operator: pick(good, []corev1.TolerationOperator{"", "Equal", "Exists"},
				[]corev1.TolerationOperator{"Like", "Lt"}).Draw(t, "Operator"),
			Value: "shop",
		}
		if good && one.Operator == corev1.TolerationOpExists {
			one.Value = ""
		}
		if one.Effect == corev1.TaintEffectNoExecute || !good {
			one.TolerationSeconds = rapid.SampledFrom([]*int64{nil, new(int64(60))}).Draw(t, "Seconds")
		}
		return one
	})
}

func spread(good bool) *rapid.Generator[corev1.TopologySpreadConstraint] {
	return rapid.Custom(func(t *rapid.T) corev1.TopologySpreadConstraint {
		return corev1.TopologySpreadConstraint{
			MaxSkew: pick(good, []int32{1, 5}, []int32{0, -1}).Draw(t, "MaxSkew"),
			TopologyKey: pick(good, []string{"example.com/rack", "topology.kubernetes.io/region"},
				[]string{""}).Draw(t, "TopologyKey"),
			WhenUnsatisfiable: pick(good, []corev1.UnsatisfiableConstraintAction{"DoNotSchedule", "ScheduleAnyway"},
				[]corev1.UnsatisfiableConstraintAction{"", "Never"}).Draw(t, "WhenUnsatisfiable"),
			LabelSelector: rapid.SampledFrom([]*metav1.LabelSelector{
				nil, {MatchLabels: map[string]string{"app": "cache"}},
			}).Draw(t, "LabelSelector"),
		}
	})
}

// spreadKey is what no two constraints may have in common.
func spreadKey(c corev1.TopologySpreadConstraint) string {
	return c.TopologyKey + string(c.WhenUnsatisfiable)
}

func alias(ips, names *rapid.Generator[string]) *rapid.Generator[corev1.HostAlias] {
	return rapid.Custom(func(t *rapid.T) corev1.HostAlias {
		return corev1.HostAlias{IP: ips.Draw(t, "IP"), Hostnames: rapid.SliceOfN(names, 1, 2).Draw(t, "Hostnames")}
	})
}

func resolver(servers *rapid.Generator[string]) *rapid.Generator[*corev1.PodDNSConfig] {
	return rapid.Custom(func(t *rapid.T) *corev1.PodDNSConfig {
		c := &corev1.PodDNSConfig{
			Nameservers: rapid.SliceOfNDistinct(servers, 1, 3, rapid.ID[string]).Draw(t, "Nameservers"),
			Searches:    list(dnsName).Draw(t, "Searches"),
		}
		if rapid.Bool().Draw(t, "Options?") {
			c.Options = []corev1.PodDNSConfigOption{{Name: "ndots", Value: new("2")}}
		}
		return c
	})
}

// projected and ephemeral have no wild values either.
var (
	projected = rapid.Custom(func(t *rapid.T) *corev1.ProjectedVolumeSource {
		configMap := &corev1.ConfigMapProjection{Optional: new(true)}
		configMap.Name = dnsName.Draw(t, "ConfigMap")
		return &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{rapid.SampledFrom([]corev1.VolumeProjection{
			{ConfigMap: configMap},
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: new(int64(600))}},
			{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{
				Path: "labels", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.labels"},
			}}}},
		}).Draw(t, "Sources")}}
	})

	ephemeral = rapid.Custom(func(t *rapid.T) *corev1.EphemeralVolumeSource {
		claim := corev1.PersistentVolumeClaimSpec{AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}}
		claim.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(bytes.Draw(t, "Storage"))}
		return &corev1.EphemeralVolumeSource{VolumeClaimTemplate: &corev1.PersistentVolumeClaimTemplate{Spec: claim}}
	})
)
