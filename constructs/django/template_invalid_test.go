package django_test

import (
	"math"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/pod"
)

// mistake is a chart with one mistake, and the start of the one line that it
// must give.
type mistake struct {
	build cdktest.Build
	line  string
}

func checkMistakes(t *testing.T, mistakes map[string]mistake) {
	t.Helper()
	for name, tc := range mistakes {
		t.Run(name, func(t *testing.T) {
			got := cdktest.Problems(t, tc.build)
			if len(got) != 1 || !strings.HasPrefix(got[0], tc.line) {
				t.Errorf("problems:\n%s\nwant one line that starts with\n%s", strings.Join(got, "\n"), tc.line)
			}
		})
	}
}

func withLabels(l map[string]string) cdktest.Build { return withPod(pod.Template{Labels: l}) }

func withAnnotations(a map[string]string) cdktest.Build { return withPod(pod.Template{Annotations: a}) }

func withAccount(a pod.ServiceAccount) cdktest.Build {
	return withPod(pod.Template{ServiceAccount: a})
}

func withToleration(t corev1.Toleration) cdktest.Build {
	return withPod(pod.Template{Tolerations: []corev1.Toleration{t}})
}

func withAlias(ip string, names ...string) cdktest.Build {
	return withPod(pod.Template{HostAliases: []corev1.HostAlias{{IP: ip, Hostnames: names}}})
}

func withSpread(skew int32, key string, when corev1.UnsatisfiableConstraintAction) cdktest.Build {
	return withPod(pod.Template{TopologySpreadConstraints: []corev1.TopologySpreadConstraint{
		{MaxSkew: skew, TopologyKey: key, WhenUnsatisfiable: when},
	}})
}

// named returns a container that is right.
func named(name string) corev1.Container {
	return corev1.Container{Name: name, Image: "example/proxy:1", Resources: containerResources}
}

// withContainer builds a server with a container beside it that is right but
// for what change does.
func withContainer(change func(c *corev1.Container)) cdktest.Build {
	c := named("proxy")
	change(&c)
	return withPod(pod.Template{Containers: []corev1.Container{c}})
}

func withInit(change func(c *corev1.Container)) cdktest.Build {
	c := named("proxy")
	change(&c)
	return withPod(pod.Template{InitContainers: []corev1.Container{c}})
}

func withSource(s pod.EnvSource) cdktest.Build {
	return withPod(pod.Template{EnvFrom: []pod.EnvSource{s}})
}

func withKey(name string, k pod.EnvKey) cdktest.Build {
	return withPod(pod.Template{EnvKeys: map[string]pod.EnvKey{name: k}})
}

func withVolumes(v ...pod.Volume) cdktest.Build { return withPod(pod.Template{Volumes: v}) }

// withItem builds a server with a volume of one item.
func withItem(v pod.Volume, item corev1.KeyToPath) cdktest.Build {
	v.MountPath, v.External, v.Items = "/a", true, []corev1.KeyToPath{item}
	return withVolumes(v)
}

func containers(name string) []corev1.Container { return []corev1.Container{named(name)} }

var wrongTemplates = map[string]mistake{
	"label: key": {
		withLabels(map[string]string{"a b": "c"}), `test/web: Pod.Labels[a b]: "c": has a key that is no label key`,
	},
	"label: value": {
		withLabels(map[string]string{"a": "b c"}), `test/web: Pod.Labels[a]: "b c": must be at most 63 letters`,
	},
	"label: a number": {
		withLabels(map[string]string{"a": "0o17"}), `test/web: Pod.Labels[a]: "0o17": would be parsed as a YAML number`,
	},
	"label: of the selector": {
		withLabels(map[string]string{"app": "shop"}), `test/web: Pod.Labels[app]: "shop": is managed`,
	},
	"label: of Kubernetes": {
		withLabels(map[string]string{"app.kubernetes.io/name": "shop"}),
		`test/web: Pod.Labels[app.kubernetes.io/name]: "shop": is managed`,
	},
	"label: of the object": {
		withPod(pod.Template{ObjectLabels: map[string]string{"app": "a"}}),
		`test/web: Pod.ObjectLabels[app]: "a": is managed`,
	},
	"label: value of the object": {
		withPod(pod.Template{ObjectLabels: map[string]string{"a": "-"}}),
		`test/web: Pod.ObjectLabels[a]: "-": must be at most 63 letters`,
	},
	"annotation: key": {
		withAnnotations(map[string]string{"a b": "c"}),
		`test/web: Pod.Annotations[a b]: "a b": has a key that is no annotation key`,
	},
	"annotation: control": {
		withAnnotations(map[string]string{"a": "\x00"}), `test/web: Pod.Annotations[a]: "...": must be UTF-8 text`,
	},
	"annotation: a number": {
		withAnnotations(map[string]string{"a": "0o17"}),
		`test/web: Pod.Annotations[a]: "0o17": would be parsed as a YAML number`,
	},
	"annotation: too long": {
		withAnnotations(map[string]string{"a": strings.Repeat("a", 256<<10)}),
		`test/web: Pod.Annotations: "...": must be at most 256 KiB together`,
	},
	"annotation: of the object": {
		withPod(pod.Template{ObjectAnnotations: map[string]string{"/a": "b"}}),
		`test/web: Pod.ObjectAnnotations[/a]: "/a": has a key that is no annotation key`,
	},
	"node selector: key": {
		withPod(pod.Template{NodeSelector: map[string]string{"": "b"}}),
		`test/web: Pod.NodeSelector[]: "b": has a key that is no label key`,
	},
	"node selector: value": {
		withPod(pod.Template{NodeSelector: map[string]string{"pool": "spot nodes"}}),
		`test/web: Pod.NodeSelector[pool]: "spot nodes": must be at most 63 letters`,
	},
	"runtime class": {
		withPod(pod.Template{RuntimeClassName: "gVisor"}),
		`test/web: Pod.RuntimeClassName: "gVisor": must be 1 to 253 lower-case`,
	},
	"scheduler": {
		withPod(pod.Template{SchedulerName: "my scheduler"}),
		`test/web: Pod.SchedulerName: "my scheduler": must be 1 to 253 lower-case`,
	},
	"account: name": {
		withAccount(pod.ServiceAccount{Existing: "Shop"}),
		`test/web: Pod.ServiceAccount.Existing: "Shop": must be 1 to 253 lower-case`,
	},
	"account: annotation": {
		withAccount(pod.ServiceAccount{Annotations: map[string]string{"a b": "c"}}),
		`test/web: Pod.ServiceAccount.Annotations[a b]: "a b": has a key that is no annotation key`,
	},
	"account: made and existing": {
		withAccount(pod.ServiceAccount{Existing: "shop", Annotations: map[string]string{"a": "b"}}),
		`test/web: Pod.ServiceAccount.Existing: "shop": must not be given together with Annotations`,
	},
	"toleration: operator": {
		withToleration(corev1.Toleration{Key: "a", Operator: "In"}),
		`test/web: Pod.Tolerations[0].Operator: "In": must be one of Exists, Equal`,
	},
	"toleration: effect": {
		withToleration(corev1.Toleration{Key: "a", Effect: "Evict"}),
		`test/web: Pod.Tolerations[0].Effect: "Evict": must be one of NoSchedule, PreferNoSchedule, NoExecute`,
	},
	"toleration: no key": {
		withToleration(corev1.Toleration{Value: "shop"}),
		`test/web: Pod.Tolerations[0].Key: "": is required unless Operator is Exists`,
	},
	"toleration: value of any": {
		withToleration(corev1.Toleration{Key: "pool", Operator: corev1.TolerationOpExists, Value: "spot"}),
		`test/web: Pod.Tolerations[0].Value: "spot": must not be given with the operator Exists`,
	},
	"toleration: odd key": {
		withToleration(corev1.Toleration{Key: "a b", Operator: corev1.TolerationOpExists}),
		`test/web: Pod.Tolerations[0].Key: "a b": must be the key of a taint`,
	},
	"toleration: seconds": {
		withToleration(corev1.Toleration{Key: "pool", Value: "spot", TolerationSeconds: new(int64(60))}),
		`test/web: Pod.Tolerations[0].TolerationSeconds: 60: must not be given without the effect NoExecute`,
	},
	"DNS: server": {
		withPod(pod.Template{DNSConfig: &corev1.PodDNSConfig{Nameservers: []string{"dns.example.com"}}}),
		`test/web: Pod.DNSConfig.Nameservers[0]: "dns.example.com": must be an IPv4 or IPv6 address`,
	},
	"spread: twice": {
		withPod(pod.Template{TopologySpreadConstraints: []corev1.TopologySpreadConstraint{
			{MaxSkew: 1, TopologyKey: "rack", WhenUnsatisfiable: corev1.DoNotSchedule},
			{MaxSkew: 2, TopologyKey: "rack", WhenUnsatisfiable: corev1.DoNotSchedule},
		}}),
		`test/web: Pod.TopologySpreadConstraints[1].TopologyKey: "rack": is listed twice`,
	},
	"alias: name for an address": {
		withAlias("legacy", "legacy.example.com"),
		`test/web: Pod.HostAliases[0].IP: "legacy": must be an IPv4 or IPv6 address`,
	},
	"alias: no name": {
		withAlias("192.0.2.7"), `test/web: Pod.HostAliases[0].Hostnames: "": is required: the names of the address`,
	},
	"alias: name": {
		withAlias("192.0.2.7", "legacy", "my host"),
		`test/web: Pod.HostAliases[0].Hostnames[1]: "my host": must be a lower-case host name`,
	},
	"DNS: policy": {
		withPod(pod.Template{DNSPolicy: "Cluster"}),
		`test/web: Pod.DNSPolicy: "Cluster": must be one of ClusterFirst, ClusterFirstWithHostNet, Default, None`,
	},
	"DNS: none": {
		withPod(pod.Template{DNSPolicy: corev1.DNSNone}),
		`test/web: Pod.DNSConfig.Nameservers: "": is required with DNSPolicy None`,
	},
	"spread: no skew": {
		withSpread(0, "zone", corev1.DoNotSchedule),
		`test/web: Pod.TopologySpreadConstraints[0].MaxSkew: 0: must be between 1 and 2147483647`,
	},
	"spread: no action": {
		withSpread(1, "zone", ""),
		`test/web: Pod.TopologySpreadConstraints[0].WhenUnsatisfiable: "": must be one of DoNotSchedule`,
	},
	"spread: no key": {
		withSpread(1, "", corev1.DoNotSchedule),
		`test/web: Pod.TopologySpreadConstraints[0].TopologyKey: "": is required: a label of nodes`,
	},
	"pull policy": {
		withPod(pod.Template{ImagePullPolicy: "Sometimes"}),
		`test/web: Pod.ImagePullPolicy: "Sometimes": must be one of Always, IfNotPresent, Never`,
	},
	"container: name": {
		withContainer(func(c *corev1.Container) { c.Name = "my.proxy" }),
		`test/web: Pod.Containers[0].Name: "my.proxy": must be 1 to 63 lower-case`,
	},
	"container: no name": {
		withContainer(func(c *corev1.Container) { c.Name = "" }),
		`test/web: Pod.Containers[0].Name: "": must be 1 to 63 lower-case`,
	},
	"container: no image": {
		withContainer(func(c *corev1.Container) { c.Image = "" }), `test/web: Pod.Containers[0].Image: "": is required`,
	},
	"container: image": {
		withContainer(func(c *corev1.Container) { c.Image = "Proxy" }),
		`test/web: Pod.Containers[0].Image: "Proxy": must be an image reference`,
	},
	"container: of the construct": {
		withContainer(func(c *corev1.Container) { c.Name = "django" }),
		`test/web: Pod.Containers[0].Name: "django": must be another name: the construct has a container of that name`,
	},
	"container: of another field": {
		withPod(pod.Template{InitContainers: containers("a"), Containers: containers("django")}),
		`test/web: Pod.Containers[0].Name: "django": must be another`,
	},
	"container: twice": {
		withPod(pod.Template{InitContainers: containers("a"), Containers: containers("a")}),
		`test/web: Pod.Containers.Name: "a": is listed twice`,
	},
	"container: unknown volume": {
		withContainer(func(c *corev1.Container) {
			c.VolumeMounts = []corev1.VolumeMount{{Name: "data", MountPath: "/a"}}
		}),
		`test/web`,
	},
	"container: no limit": {
		withContainer(func(c *corev1.Container) {
			c.Resources.Limits = corev1.ResourceList{"cpu": resource.MustParse("1")}
		}),
		`test/web/Deployment: spec.template.spec.containers[1].resources.limits.memory: "": is required`,
	},
	"container: privileged": {
		func(chart cdk8s.Chart) {
			namespace.New(chart, "namespace", namespace.Props{Name: cdktest.Namespace})
			withContainer(func(c *corev1.Container) {
				c.SecurityContext = &corev1.SecurityContext{Privileged: new(true), AllowPrivilegeEscalation: new(true)}
			})(chart)
		},
		`test/web/Deployment: spec.template`,
	},
	"init container: name": {
		withInit(func(c *corev1.Container) { c.Name = "-" }),
		`test/web: Pod.InitContainers[0].Name: "-": must be 1 to 63 lower-case`,
	},
	"init container: image": {
		withInit(func(c *corev1.Container) { c.Image = "a:b:c" }),
		`test/web: Pod.InitContainers[0].Image: "a:b:c": must be an image reference`,
	},
	"init container: restarted": {
		withInit(func(c *corev1.Container) { c.RestartPolicy = new(corev1.ContainerRestartPolicy("Never")) }),
		`test/web: Pod.InitContainers[0].RestartPolicy: "Never": must be Always`,
	},
	"init container: of construct": {
		withInit(func(c *corev1.Container) { c.Name = "collectstatic" }),
		`test/web: Pod.InitContainers[0].Name: "collectstatic": must be another`,
	},

	"env from: nothing": {
		withSource(pod.EnvSource{Prefix: "A_"}),
		`test/web: Pod.EnvFrom[0].ConfigMap: "": exactly one of ConfigMap and Secret must be given`,
	},
	"env from: both": {
		withSource(pod.EnvSource{ConfigMap: "a", Secret: "b", External: true}),
		`test/web: Pod.EnvFrom[0].ConfigMap: "a": exactly one of ConfigMap and Secret must be given`,
	},
	"env from: ConfigMap": {
		withSource(pod.EnvSource{ConfigMap: "My_Settings", External: true}),
		`test/web: Pod.EnvFrom[0].ConfigMap: "My_Settings": must be 1 to 253 lower-case`,
	},
	"env from: Secret": {
		withSource(pod.EnvSource{Secret: "a/b", External: true}),
		`test/web: Pod.EnvFrom[0].Secret: "a/b": must be 1 to 253 lower-case`,
	},
	"env from: prefix": {
		withSource(pod.EnvSource{Secret: "a", Prefix: "A-", External: true}),
		`test/web: Pod.EnvFrom[0].Prefix: "A-": must be 1 to 253 letters, digits and '_'`,
	},
	"env from: nobody's": {
		withSource(pod.EnvSource{ConfigMap: "settings"}),
		`test/web/Deployment: spec.template.spec.containers[0].envFrom[1].configMapRef.name: "settings": no ConfigMap`,
	},
	"env key: name": {
		withKey("A-B", pod.EnvKey{Secret: "a", Key: "b", External: true}),
		`test/web: Pod.EnvKeys[A-B]: "A-B": must be 1 to 253 letters, digits and '_'`,
	},
	"env key: nothing": {
		withKey("A", pod.EnvKey{Key: "b"}),
		`test/web: Pod.EnvKeys[A].ConfigMap: "": exactly one of ConfigMap and Secret must be given`,
	},
	"env key: no key": {
		withKey("A", pod.EnvKey{Secret: "a", External: true}),
		`test/web: Pod.EnvKeys[A].Key: "": must be 1 to 253 letters`,
	},
	"env key: key": {
		withKey("A", pod.EnvKey{ConfigMap: "a", Key: "b c", External: true}),
		`test/web: Pod.EnvKeys[A].Key: "b c": must be 1 to 253 letters`,
	},
	"env key: nobody's": {
		withKey("A", pod.EnvKey{ConfigMap: "a", Key: "b"}),
		`test/web/Deployment: spec.template.spec.containers[0].env[`,
	},
	"env key: managed": {
		withKey("ALLOWED_HOSTS", pod.EnvKey{Secret: "a", Key: "b", External: true}),
		`test/web: Pod.EnvKeys[ALLOWED_HOSTS]: "...": is managed; set Hosts instead`,
	},
	"env key: of the Secret": {
		withKey("SECRET_KEY", pod.EnvKey{Secret: "a", Key: "b", External: true}),
		`test/web: Pod.EnvKeys[SECRET_KEY]: "...": is managed; set Secret instead`,
	},
	"env key: of gunicorn": {
		withKey("GUNICORN_CMD_ARGS", pod.EnvKey{Secret: "a", Key: "b", External: true}),
		`test/web: Pod.EnvKeys[GUNICORN_CMD_ARGS]: "...": is managed; set Gunicorn`,
	},
	"env key: also in Env": {
		withWeb(django.WebProps{
			Env: map[string]string{"A": "b"},
			Pod: pod.Template{EnvKeys: map[string]pod.EnvKey{"A": {Secret: "a", Key: "b", External: true}}},
		}),
		`test/web: Pod.EnvKeys[A]: "...": must not be given: Env has a variable of that name`,
	},
	"env key: also in the project's Env": {
		withWeb(django.WebProps{
			Project: django.Project{Env: map[string]string{"A": "b"}},
			Pod:     pod.Template{EnvKeys: map[string]pod.EnvKey{"A": {Secret: "a", Key: "b", External: true}}},
		}),
		`test/web: Pod.EnvKeys[A]: "...": must not be given: Project.Env has a variable of that name`,
	},

	"volume: no path": {
		withVolumes(pod.Volume{EmptyDir: "1Gi"}), `test/web: Pod.Volumes[0].MountPath: "": must be an absolute path`,
	},
	"volume: on /etc": {
		withVolumes(pod.Volume{MountPath: "/etc", EmptyDir: "1Gi"}),
		`test/web: Pod.Volumes[0].MountPath: "/etc": must be another path: a volume there hides`,
	},
	"volume: in /proc": {
		withVolumes(pod.Volume{MountPath: "/proc/shop", EmptyDir: "1Gi"}),
		`test/web: Pod.Volumes[0].MountPath: "/proc/shop": must be another path: Linux itself`,
	},
	"volume: on the token": {
		withVolumes(pod.Volume{MountPath: "/var/run/secrets/kubernetes.io/serviceaccount", EmptyDir: "1Gi"}),
		`test/web: Pod.Volumes[0].MountPath: "/var/run/secrets/kubernetes.io/serviceaccount": must be another path`,
	},
	"volume: on /tmp": {
		withVolumes(pod.Volume{MountPath: "/tmp", EmptyDir: "1Gi"}),
		`test/web: Pod.Volumes[0].MountPath: "/tmp": must be another path: the construct mounts a writable directory`,
	},
	"volume: name": {
		withVolumes(pod.Volume{MountPath: "/a", Name: "my.data", EmptyDir: "1Gi"}),
		`test/web: Pod.Volumes[0].Name: "my.data": must be 1 to 63 lower-case`,
	},
	"volume: name of construct's": {
		withVolumes(pod.Volume{MountPath: "/a", Name: "tmp", EmptyDir: "1Gi"}),
		`test/web: Pod.Volumes[0].Name: "tmp": must be another name: the construct has a volume of that name`,
	},
	"volume: name twice": {
		withVolumes(
			pod.Volume{MountPath: "/a", Name: "data", EmptyDir: "1Gi"},
			pod.Volume{MountPath: "/b", Name: "data", EmptyDir: "1Gi"},
		),
		`test/web: Volumes.Name: "data": is listed twice`,
	},
	"volume: absolute sub path": {
		withVolumes(pod.Volume{MountPath: "/a", SubPath: "/b", EmptyDir: "1Gi"}),
		`test/web: Pod.Volumes[0].SubPath: "/b": must be a relative path`,
	},
	"volume: sub path outside": {
		withVolumes(pod.Volume{MountPath: "/a", SubPath: "../b", EmptyDir: "1Gi"}),
		`test/web: Pod.Volumes[0].SubPath: "../b": must be a relative path`,
	},
	"volume: of nothing": {
		withVolumes(pod.Volume{MountPath: "/a"}),
		`test/web: Pod.Volumes[0].MountPath: "/a": needs exactly one of EmptyDir, Claim, ConfigMap,`,
	},
	"volume: of two": {
		withVolumes(pod.Volume{MountPath: "/a", EmptyDir: "1Gi", Projected: &corev1.ProjectedVolumeSource{}}),
		`test/web: Pod.Volumes[0].MountPath: "/a": needs exactly one of`,
	},
	"volume: size": {
		withVolumes(pod.Volume{MountPath: "/a", EmptyDir: "1GB"}),
		`test/web: Pod.Volumes[0].EmptyDir: "1GB": must be a positive Kubernetes quantity`,
	},
	"volume: ConfigMap": {
		withVolumes(pod.Volume{MountPath: "/a", ConfigMap: "My", External: true}),
		`test/web: Pod.Volumes[0].ConfigMap: "My": must be 1 to 253 lower-case`,
	},
	"volume: items of a claim": {
		withItem(pod.Volume{Claim: "a"}, corev1.KeyToPath{Key: "a", Path: "b"}),
		`test/web: Pod.Volumes[0].Items: "...": must not be given without ConfigMap or Secret`,
	},
	"volume: key of an item": {
		withItem(pod.Volume{Secret: "a"}, corev1.KeyToPath{Key: "a b", Path: "b"}),
		`test/web: Pod.Volumes[0].Items[0].Key: "a b": must be 1 to 253 letters`,
	},
	"volume: path of an item": {
		withItem(pod.Volume{Secret: "a"}, corev1.KeyToPath{Key: "a", Path: "../b"}),
		`test/web: Pod.Volumes[0].Items[0].Path: "../b": must be a relative path`,
	},
	"volume: mode of a directory": {
		withVolumes(pod.Volume{MountPath: "/a", EmptyDir: "1Gi", Mode: new(int32(0o440))}),
		`test/web: Pod.Volumes[0].Mode: 288: must be between 0 and 0o777, and only for a ConfigMap or Secret`,
	},
	"volume: mode": {
		withVolumes(pod.Volume{MountPath: "/a", ConfigMap: "a", Mode: new(int32(0o1000)), External: true}),
		`test/web: Pod.Volumes[0].Mode: 512: must be between 0 and 0o777`,
	},
	"volume: external projection": {
		withVolumes(pod.Volume{MountPath: "/a", Projected: &corev1.ProjectedVolumeSource{}, External: true}),
		`test/web: Pod.Volumes[0].External: true: must not be set for a`,
	},
	"volume: nobody's": {
		withVolumes(pod.Volume{MountPath: "/a", ConfigMap: "settings"}),
		`test/web/Deployment: spec.template.spec.volumes[1].configMap.name: "settings": no ConfigMap of that name`,
	},
	"volume: where the project has one": {
		withWeb(django.WebProps{
			Project: django.Project{Volumes: []pod.Volume{{MountPath: "/a", EmptyDir: "1Gi"}}},
			Pod:     pod.Template{Volumes: []pod.Volume{{MountPath: "/a", EmptyDir: "1Gi"}}},
		}),
		`test/web: Volumes.MountPath: "/a": is listed twice`,
	},
	"volume: name of a default": {
		withWeb(django.WebProps{
			Project: django.Project{Volumes: []pod.Volume{{MountPath: "/a", EmptyDir: "1Gi"}}},
			Pod:     pod.Template{Volumes: []pod.Volume{{MountPath: "/b", Name: "volume-0", EmptyDir: "1Gi"}}},
		}),
		`test/web: Volumes.Name: "volume-0": is listed twice`,
	},
	"volume: name of a token": {
		wrongMigration(django.MigrationProps{
			Pod: pod.Template{Volumes: []pod.Volume{{MountPath: "/a", Name: "api", EmptyDir: "1Gi"}}},
		}),
		`test/migration: Pod.Volumes[0].Name: "api": must be another name: the construct has a volume of that name`,
	},

	"service: type": {
		withService(pod.Service{Type: "Ingress"}),
		`test/web: Service.Type: "Ingress": must be one of ClusterIP, NodePort, LoadBalancer`,
	},
	"service: external name": {
		withService(pod.Service{Type: corev1.ServiceTypeExternalName}),
		`test/web: Service.Type: "ExternalName": must be one of ClusterIP, NodePort, LoadBalancer`,
	},
	"service: affinity": {
		withService(pod.Service{SessionAffinity: "Cookie"}),
		`test/web: Service.SessionAffinity: "Cookie": must be one of None, ClientIP`,
	},
	"service: annotation": {
		withService(pod.Service{Annotations: map[string]string{"a/b/c": "d"}}),
		`test/web: Service.Annotations[a/b/c]: "a/b/c": has a key that is no annotation key`,
	},
	"service: annotation text": {
		withService(pod.Service{Annotations: map[string]string{"a": "\x7f"}}),
		`test/web: Service.Annotations[a]: "...": must be UTF-8 text`,
	},

	"rollout: negative surge": {
		withRollout(pod.Rollout{MaxSurge: -1}), `test/web: Rollout.MaxSurge: -1: must be between 0 and 1000`,
	},
	"rollout: surge": {
		withRollout(pod.Rollout{MaxSurge: math.MaxInt}),
		`test/web: Rollout.MaxSurge: 9223372036854775807: must be between 0 and 1000`,
	},
	"rollout: negative unavailable": {
		withRollout(pod.Rollout{MaxSurge: 1, MaxUnavailable: -1}),
		`test/web: Rollout.MaxUnavailable: -1: must be between 0 and 1000`,
	},
	"rollout: unavailable": {
		withRollout(pod.Rollout{MaxUnavailable: 1001}),
		`test/web: Rollout.MaxUnavailable: 1001: must be between 0 and 1000`,
	},
	"rollout: ready": {
		withRollout(pod.Rollout{MinReadySeconds: -1}),
		`test/web: Rollout.MinReadySeconds: -1: must be between 0 and 2147483647`,
	},
	"rollout: negative deadline": {
		withRollout(pod.Rollout{ProgressDeadlineSeconds: -1}), `test/web: Rollout.ProgressDeadlineSeconds: -1: must be`,
	},
	"rollout: deadline": {
		withRollout(pod.Rollout{ProgressDeadlineSeconds: 1 << 31}),
		`test/web: Rollout.ProgressDeadlineSeconds: 2147483648: must be between 0 and 2147483647`,
	},
	"rollout: deadline before": {
		withRollout(pod.Rollout{MinReadySeconds: 60, ProgressDeadlineSeconds: 60}),
		`test/web: Rollout.ProgressDeadlineSeconds: 60: must be above MinReadySeconds`,
	},
	"rollout: ready after default": {
		withRollout(pod.Rollout{MinReadySeconds: 600}),
		`test/web: Rollout.MinReadySeconds: 600: must be below ProgressDeadlineSeconds`,
	},
	"rollout: deadline of a worker": {
		wrongWorker(django.WorkerProps{Rollout: pod.Rollout{ProgressDeadlineSeconds: 30}}),
		`test/worker: Rollout.ProgressDeadlineSeconds: 30: must be above MinReadySeconds`,
	},

	"probe: period": {
		withProbes(django.Probes{Startup: django.Probe{PeriodSeconds: -1}}),
		`test/web: Probes.Startup.PeriodSeconds: -1: must be between 1 and 86400`,
	},
	"probe: timeout": {
		withProbes(django.Probes{Readiness: django.Probe{TimeoutSeconds: 86401}}),
		`test/web: Probes.Readiness.TimeoutSeconds: 86401: must be between 1 and 86400`,
	},
	"probe: threshold": {
		withProbes(django.Probes{Liveness: django.Probe{FailureThreshold: -3}}),
		`test/web: Probes.Liveness.FailureThreshold: -3: must be between 1 and 2147483647`,
	},
	"probe: absurd": {
		withProbes(django.Probes{Startup: django.Probe{FailureThreshold: math.MaxInt}}),
		`test/web: Probes.Startup.FailureThreshold: 9223372036854775807: must be between 1 and 2147483647`,
	},
	"probe: day": {
		withProbes(django.Probes{Liveness: django.Probe{PeriodSeconds: math.MaxInt}}),
		`test/web: Probes.Liveness.PeriodSeconds: 9223372036854775807: must be between 1 and 86400`,
	},
}

func withService(s pod.Service) cdktest.Build { return withWeb(django.WebProps{Service: s}) }

func withRollout(r pod.Rollout) cdktest.Build { return withWeb(django.WebProps{Rollout: r}) }

func withProbes(p django.Probes) cdktest.Build { return withWeb(django.WebProps{Probes: p}) }

func TestWrongTemplates(t *testing.T) { checkMistakes(t, wrongTemplates) }
