package django_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/valkey"
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

var wrongTemplates = map[string]mistake{
	"label: key":                  {withLabels(map[string]string{"a b": "c"}), `test/web: Pod.Labels[a b]: "c": has a key that is no label key`},
	"label: value":                {withLabels(map[string]string{"a": "b c"}), `test/web: Pod.Labels[a]: "b c": must be at most 63 letters`},
	"label: a number":             {withLabels(map[string]string{"a": "0o17"}), `test/web: Pod.Labels[a]: "0o17": must be written in another way`},
	"label: of the selector":      {withLabels(map[string]string{"app": "shop"}), `test/web: Pod.Labels[app]: "shop": is managed`},
	"label: of Kubernetes":        {withLabels(map[string]string{"app.kubernetes.io/name": "shop"}), `test/web: Pod.Labels[app.kubernetes.io/name]: "shop": is managed`},
	"label: of the object":        {withPod(pod.Template{ObjectLabels: map[string]string{"app": "a"}}), `test/web: Pod.ObjectLabels[app]: "a": is managed`},
	"label: value of the object":  {withPod(pod.Template{ObjectLabels: map[string]string{"a": "-"}}), `test/web: Pod.ObjectLabels[a]: "-": must be at most 63 letters`},
	"annotation: key":             {withAnnotations(map[string]string{"a b": "c"}), `test/web: Pod.Annotations[a b]: "a b": has a key that is no annotation key`},
	"annotation: control":         {withAnnotations(map[string]string{"a": "\x00"}), `test/web: Pod.Annotations[a]: "...": must be UTF-8 text`},
	"annotation: a number":        {withAnnotations(map[string]string{"a": "0o17"}), `test/web: Pod.Annotations[a]: "0o17": must be written in another way`},
	"annotation: too long":        {withAnnotations(map[string]string{"a": strings.Repeat("a", 256<<10)}), `test/web: Pod.Annotations: "...": must be at most 256 KiB together`},
	"annotation: of the object":   {withPod(pod.Template{ObjectAnnotations: map[string]string{"/a": "b"}}), `test/web: Pod.ObjectAnnotations[/a]: "/a": has a key that is no annotation key`},
	"node selector: key":          {withPod(pod.Template{NodeSelector: map[string]string{"": "b"}}), `test/web: Pod.NodeSelector[]: "b": has a key that is no label key`},
	"node selector: value":        {withPod(pod.Template{NodeSelector: map[string]string{"pool": "spot nodes"}}), `test/web: Pod.NodeSelector[pool]: "spot nodes": must be at most 63 letters`},
	"runtime class":               {withPod(pod.Template{RuntimeClassName: "gVisor"}), `test/web: Pod.RuntimeClassName: "gVisor": must be 1 to 253 lower-case`},
	"scheduler":                   {withPod(pod.Template{SchedulerName: "my scheduler"}), `test/web: Pod.SchedulerName: "my scheduler": must be 1 to 253 lower-case`},
	"account: name":               {withAccount(pod.ServiceAccount{Existing: "Shop"}), `test/web: Pod.ServiceAccount.Existing: "Shop": must be 1 to 253 lower-case`},
	"account: annotation":         {withAccount(pod.ServiceAccount{Annotations: map[string]string{"a b": "c"}}), `test/web: Pod.ServiceAccount.Annotations[a b]: "a b": has a key that is no annotation key`},
	"account: made and existing":  {withAccount(pod.ServiceAccount{Existing: "shop", Annotations: map[string]string{"a": "b"}}), `test/web: Pod.ServiceAccount.Existing: "shop": must not be given together with Annotations`},
	"toleration: operator":        {withToleration(corev1.Toleration{Key: "a", Operator: "In"}), `test/web: Pod.Tolerations[0].Operator: "In": must be one of Exists, Equal`},
	"toleration: effect":          {withToleration(corev1.Toleration{Key: "a", Effect: "Evict"}), `test/web: Pod.Tolerations[0].Effect: "Evict": must be one of NoSchedule, PreferNoSchedule, NoExecute`},
	"toleration: no key":          {withToleration(corev1.Toleration{Value: "shop"}), `test/web: Pod.Tolerations[0].Key: "": is required unless Operator is Exists`},
	"alias: name for an address":  {withAlias("legacy", "legacy.example.com"), `test/web: Pod.HostAliases[0].IP: "legacy": must be an IPv4 or IPv6 address`},
	"alias: no name":              {withAlias("192.0.2.7"), `test/web: Pod.HostAliases[0].Hostnames: "": is required: the names of the address`},
	"alias: name":                 {withAlias("192.0.2.7", "legacy", "my host"), `test/web: Pod.HostAliases[0].Hostnames[1]: "my host": must be a lower-case host name`},
	"DNS: policy":                 {withPod(pod.Template{DNSPolicy: "Cluster"}), `test/web: Pod.DNSPolicy: "Cluster": must be one of ClusterFirst, ClusterFirstWithHostNet, Default, None`},
	"DNS: none":                   {withPod(pod.Template{DNSPolicy: corev1.DNSNone}), `test/web: Pod.DNSConfig.Nameservers: "": is required with DNSPolicy None`},
	"spread: no skew":             {withSpread(0, "zone", corev1.DoNotSchedule), `test/web: Pod.TopologySpreadConstraints[0].MaxSkew: 0: must be between 1 and 2147483647`},
	"spread: no action":           {withSpread(1, "zone", ""), `test/web: Pod.TopologySpreadConstraints[0].WhenUnsatisfiable: "": must be one of DoNotSchedule, ScheduleAnyway`},
	"spread: no key":              {withSpread(1, "", corev1.DoNotSchedule), `test/web: Pod.TopologySpreadConstraints[0].TopologyKey: "": is required: a label of nodes`},
	"pull policy":                 {withPod(pod.Template{ImagePullPolicy: "Sometimes"}), `test/web: Pod.ImagePullPolicy: "Sometimes": must be one of Always, IfNotPresent, Never`},
	"container: name":             {withContainer(func(c *corev1.Container) { c.Name = "my.proxy" }), `test/web: Pod.Containers[0].Name: "my.proxy": must be 1 to 63 lower-case`},
	"container: no name":          {withContainer(func(c *corev1.Container) { c.Name = "" }), `test/web: Pod.Containers[0].Name: "": must be 1 to 63 lower-case`},
	"container: no image":         {withContainer(func(c *corev1.Container) { c.Image = "" }), `test/web: Pod.Containers[0].Image: "": is required`},
	"container: image":            {withContainer(func(c *corev1.Container) { c.Image = "Proxy" }), `test/web: Pod.Containers[0].Image: "Proxy": must be an image reference`},
	"container: of the construct": {withContainer(func(c *corev1.Container) { c.Name = "django" }), `test/web: Pod.Containers[0].Name: "django": must be another: the construct has a container of that name`},
	"container: of another field": {withPod(pod.Template{InitContainers: []corev1.Container{named("a")}, Containers: []corev1.Container{named("django")}}), `test/web: Pod.Containers[0].Name: "django": must be another`},
	"container: twice":            {withPod(pod.Template{InitContainers: []corev1.Container{named("a")}, Containers: []corev1.Container{named("a")}}), `test/web: Pod.Containers.Name: "a": is listed twice`},
	"container: unknown volume":   {withContainer(func(c *corev1.Container) { c.VolumeMounts = []corev1.VolumeMount{{Name: "data", MountPath: "/a"}} }), `test/web`},
	"container: no limit":         {withContainer(func(c *corev1.Container) { c.Resources.Limits = corev1.ResourceList{"cpu": resource.MustParse("1")} }), `test/web/Deployment: spec.template.spec.containers[1].resources.limits.memory: "": is required`},
	"container: privileged": {
		func(chart cdk8s.Chart) {
			namespace.New(chart, "namespace", namespace.Props{Name: cdktest.Namespace})
			withContainer(func(c *corev1.Container) {
				c.SecurityContext = &corev1.SecurityContext{Privileged: new(true), AllowPrivilegeEscalation: new(true)}
			})(chart)
		},
		`test/web/Deployment: spec.template`,
	},
	"init container: name":         {withInit(func(c *corev1.Container) { c.Name = "-" }), `test/web: Pod.InitContainers[0].Name: "-": must be 1 to 63 lower-case`},
	"init container: image":        {withInit(func(c *corev1.Container) { c.Image = "a:b:c" }), `test/web: Pod.InitContainers[0].Image: "a:b:c": must be an image reference`},
	"init container: restarted":    {withInit(func(c *corev1.Container) { c.RestartPolicy = new(corev1.ContainerRestartPolicy("Never")) }), `test/web: Pod.InitContainers[0].RestartPolicy: "Never": must be Always`},
	"init container: of construct": {withInit(func(c *corev1.Container) { c.Name = "collectstatic" }), `test/web: Pod.InitContainers[0].Name: "collectstatic": must be another`},

	"env from: nothing":      {withSource(pod.EnvSource{Prefix: "A_"}), `test/web: Pod.EnvFrom[0].ConfigMap: "": must be given, or Secret, and not both`},
	"env from: both":         {withSource(pod.EnvSource{ConfigMap: "a", Secret: "b", External: true}), `test/web: Pod.EnvFrom[0].ConfigMap: "a": must be given, or Secret, and not both`},
	"env from: ConfigMap":    {withSource(pod.EnvSource{ConfigMap: "My_Settings", External: true}), `test/web: Pod.EnvFrom[0].ConfigMap: "My_Settings": must be 1 to 253 lower-case`},
	"env from: Secret":       {withSource(pod.EnvSource{Secret: "a/b", External: true}), `test/web: Pod.EnvFrom[0].Secret: "a/b": must be 1 to 253 lower-case`},
	"env from: prefix":       {withSource(pod.EnvSource{Secret: "a", Prefix: "A-", External: true}), `test/web: Pod.EnvFrom[0].Prefix: "A-": must be 1 to 253 letters, digits and '_'`},
	"env from: nobody's":     {withSource(pod.EnvSource{ConfigMap: "settings"}), `test/web/Deployment: spec.template.spec.containers[0].envFrom[1].configMapRef.name: "settings": no ConfigMap of that name`},
	"env key: name":          {withKey("A-B", pod.EnvKey{Secret: "a", Key: "b", External: true}), `test/web: Pod.EnvKeys[A-B]: "A-B": must be 1 to 253 letters, digits and '_'`},
	"env key: nothing":       {withKey("A", pod.EnvKey{Key: "b"}), `test/web: Pod.EnvKeys[A].ConfigMap: "": must be given, or Secret, and not both`},
	"env key: no key":        {withKey("A", pod.EnvKey{Secret: "a", External: true}), `test/web: Pod.EnvKeys[A].Key: "": must be 1 to 253 letters`},
	"env key: key":           {withKey("A", pod.EnvKey{ConfigMap: "a", Key: "b c", External: true}), `test/web: Pod.EnvKeys[A].Key: "b c": must be 1 to 253 letters`},
	"env key: nobody's":      {withKey("A", pod.EnvKey{ConfigMap: "a", Key: "b"}), `test/web/Deployment: spec.template.spec.containers[0].env[`},
	"env key: managed":       {withKey("ALLOWED_HOSTS", pod.EnvKey{Secret: "a", Key: "b", External: true}), `test/web: Pod.EnvKeys[ALLOWED_HOSTS]: "...": is managed; set Hosts instead`},
	"env key: of the Secret": {withKey("SECRET_KEY", pod.EnvKey{Secret: "a", Key: "b", External: true}), `test/web: Pod.EnvKeys[SECRET_KEY]: "...": is managed; set Secret instead`},
	"env key: of gunicorn":   {withKey("GUNICORN_CMD_ARGS", pod.EnvKey{Secret: "a", Key: "b", External: true}), `test/web: Pod.EnvKeys[GUNICORN_CMD_ARGS]: "...": is managed; set Gunicorn`},
	"env key: also in Env": {
		withWeb(django.WebProps{
			Env: map[string]string{"A": "b"}, Pod: pod.Template{EnvKeys: map[string]pod.EnvKey{"A": {Secret: "a", Key: "b", External: true}}},
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

	"volume: no path":             {withVolumes(pod.Volume{EmptyDir: "1Gi"}), `test/web: Pod.Volumes[0].MountPath: "": must be an absolute path`},
	"volume: on /etc":             {withVolumes(pod.Volume{MountPath: "/etc", EmptyDir: "1Gi"}), `test/web: Pod.Volumes[0].MountPath: "/etc": must be another path: a volume there hides`},
	"volume: in /proc":            {withVolumes(pod.Volume{MountPath: "/proc/shop", EmptyDir: "1Gi"}), `test/web: Pod.Volumes[0].MountPath: "/proc/shop": must be another path: Linux itself`},
	"volume: on the token":        {withVolumes(pod.Volume{MountPath: "/var/run/secrets/kubernetes.io/serviceaccount", EmptyDir: "1Gi"}), `test/web: Pod.Volumes[0].MountPath: "/var/run/secrets/kubernetes.io/serviceaccount": must be another path`},
	"volume: on /tmp":             {withVolumes(pod.Volume{MountPath: "/tmp", EmptyDir: "1Gi"}), `test/web: Pod.Volumes[0].MountPath: "/tmp": must be another path: the construct mounts a writable directory there`},
	"volume: name":                {withVolumes(pod.Volume{MountPath: "/a", Name: "my.data", EmptyDir: "1Gi"}), `test/web: Pod.Volumes[0].Name: "my.data": must be 1 to 63 lower-case`},
	"volume: name of construct's": {withVolumes(pod.Volume{MountPath: "/a", Name: "tmp", EmptyDir: "1Gi"}), `test/web: Pod.Volumes[0].Name: "tmp": must be another: the construct has a volume of that name`},
	"volume: name twice":          {withVolumes(pod.Volume{MountPath: "/a", Name: "data", EmptyDir: "1Gi"}, pod.Volume{MountPath: "/b", Name: "data", EmptyDir: "1Gi"}), `test/web: Volumes.Name: "data": is listed twice`},
	"volume: absolute sub path":   {withVolumes(pod.Volume{MountPath: "/a", SubPath: "/b", EmptyDir: "1Gi"}), `test/web: Pod.Volumes[0].SubPath: "/b": must be a relative path`},
	"volume: sub path outside":    {withVolumes(pod.Volume{MountPath: "/a", SubPath: "../b", EmptyDir: "1Gi"}), `test/web: Pod.Volumes[0].SubPath: "../b": must be a relative path`},
	"volume: of nothing":          {withVolumes(pod.Volume{MountPath: "/a"}), `test/web: Pod.Volumes[0].MountPath: "/a": must be given exactly one of EmptyDir, Claim, ConfigMap, Secret, Projected and Ephemeral`},
	"volume: of two":              {withVolumes(pod.Volume{MountPath: "/a", EmptyDir: "1Gi", Projected: &corev1.ProjectedVolumeSource{}}), `test/web: Pod.Volumes[0].MountPath: "/a": must be given exactly one of`},
	"volume: size":                {withVolumes(pod.Volume{MountPath: "/a", EmptyDir: "1GB"}), `test/web: Pod.Volumes[0].EmptyDir: "1GB": must be a positive Kubernetes quantity`},
	"volume: ConfigMap":           {withVolumes(pod.Volume{MountPath: "/a", ConfigMap: "My", External: true}), `test/web: Pod.Volumes[0].ConfigMap: "My": must be 1 to 253 lower-case`},
	"volume: items of a claim":    {withVolumes(pod.Volume{MountPath: "/a", Claim: "a", Items: []corev1.KeyToPath{{Key: "a", Path: "b"}}, External: true}), `test/web: Pod.Volumes[0].Items: "...": must not be given without ConfigMap or Secret`},
	"volume: key of an item":      {withVolumes(pod.Volume{MountPath: "/a", Secret: "a", Items: []corev1.KeyToPath{{Key: "a b", Path: "b"}}, External: true}), `test/web: Pod.Volumes[0].Items[0].Key: "a b": must be 1 to 253 letters`},
	"volume: path of an item":     {withVolumes(pod.Volume{MountPath: "/a", Secret: "a", Items: []corev1.KeyToPath{{Key: "a", Path: "../b"}}, External: true}), `test/web: Pod.Volumes[0].Items[0].Path: "../b": must be a relative path`},
	"volume: mode of a directory": {withVolumes(pod.Volume{MountPath: "/a", EmptyDir: "1Gi", Mode: new(int32(0o440))}), `test/web: Pod.Volumes[0].Mode: 288: must be between 0 and 0o777, and only for a ConfigMap or Secret`},
	"volume: mode":                {withVolumes(pod.Volume{MountPath: "/a", ConfigMap: "a", Mode: new(int32(0o1000)), External: true}), `test/web: Pod.Volumes[0].Mode: 512: must be between 0 and 0o777`},
	"volume: external projection": {withVolumes(pod.Volume{MountPath: "/a", Projected: &corev1.ProjectedVolumeSource{}, External: true}), `test/web: Pod.Volumes[0].External: true: must not be set for a`},
	"volume: nobody's":            {withVolumes(pod.Volume{MountPath: "/a", ConfigMap: "settings"}), `test/web/Deployment: spec.template.spec.volumes[1].configMap.name: "settings": no ConfigMap of that name`},
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
		buildMigration(django.MigrationProps{Pod: pod.Template{Volumes: []pod.Volume{{MountPath: "/a", Name: "api", EmptyDir: "1Gi"}}}}, waiting),
		`test/migration: Pod.Volumes[0].Name: "api": must be another: the construct has a volume of that name`,
	},

	"service: type":            {withService(pod.Service{Type: "Ingress"}), `test/web: Service.Type: "Ingress": must be one of ClusterIP, NodePort, LoadBalancer`},
	"service: external name":   {withService(pod.Service{Type: corev1.ServiceTypeExternalName}), `test/web: Service.Type: "ExternalName": must be one of ClusterIP, NodePort, LoadBalancer`},
	"service: affinity":        {withService(pod.Service{SessionAffinity: "Cookie"}), `test/web: Service.SessionAffinity: "Cookie": must be one of None, ClientIP`},
	"service: annotation":      {withService(pod.Service{Annotations: map[string]string{"a/b/c": "d"}}), `test/web: Service.Annotations[a/b/c]: "a/b/c": has a key that is no annotation key`},
	"service: annotation text": {withService(pod.Service{Annotations: map[string]string{"a": "\x7f"}}), `test/web: Service.Annotations[a]: "...": must be UTF-8 text`},

	"rollout: negative surge":       {withRollout(pod.Rollout{MaxSurge: -1}), `test/web: Rollout.MaxSurge: -1: must be between 0 and 1000`},
	"rollout: surge":                {withRollout(pod.Rollout{MaxSurge: math.MaxInt}), `test/web: Rollout.MaxSurge: 9223372036854775807: must be between 0 and 1000`},
	"rollout: negative unavailable": {withRollout(pod.Rollout{MaxSurge: 1, MaxUnavailable: -1}), `test/web: Rollout.MaxUnavailable: -1: must be between 0 and 1000`},
	"rollout: unavailable":          {withRollout(pod.Rollout{MaxUnavailable: 1001}), `test/web: Rollout.MaxUnavailable: 1001: must be between 0 and 1000`},
	"rollout: ready":                {withRollout(pod.Rollout{MinReadySeconds: -1}), `test/web: Rollout.MinReadySeconds: -1: must be between 0 and 2147483647`},
	"rollout: negative deadline":    {withRollout(pod.Rollout{ProgressDeadlineSeconds: -1}), `test/web: Rollout.ProgressDeadlineSeconds: -1: must be`},
	"rollout: deadline":             {withRollout(pod.Rollout{ProgressDeadlineSeconds: 1 << 31}), `test/web: Rollout.ProgressDeadlineSeconds: 2147483648: must be between 0 and 2147483647`},
	"rollout: deadline before":      {withRollout(pod.Rollout{MinReadySeconds: 60, ProgressDeadlineSeconds: 60}), `test/web: Rollout.ProgressDeadlineSeconds: 60: must be above MinReadySeconds`},
	"rollout: ready after default":  {withRollout(pod.Rollout{MinReadySeconds: 600}), `test/web: Rollout.MinReadySeconds: 600: must be below ProgressDeadlineSeconds`},
	"rollout: deadline of a worker": {wrongWorker(django.WorkerProps{Rollout: pod.Rollout{ProgressDeadlineSeconds: 30}}), `test/worker: Rollout.ProgressDeadlineSeconds: 30: must be above MinReadySeconds`},

	"probe: period":    {withProbes(django.Probes{Startup: django.Probe{PeriodSeconds: -1}}), `test/web: Probes.Startup.PeriodSeconds: -1: must be between 1 and 86400`},
	"probe: timeout":   {withProbes(django.Probes{Readiness: django.Probe{TimeoutSeconds: 86401}}), `test/web: Probes.Readiness.TimeoutSeconds: 86401: must be between 1 and 86400`},
	"probe: threshold": {withProbes(django.Probes{Liveness: django.Probe{FailureThreshold: -3}}), `test/web: Probes.Liveness.FailureThreshold: -3: must be between 1 and 2147483647`},
	"probe: absurd":    {withProbes(django.Probes{Startup: django.Probe{FailureThreshold: math.MaxInt}}), `test/web: Probes.Startup.FailureThreshold: 9223372036854775807: must be between 1 and 2147483647`},
	"probe: day":       {withProbes(django.Probes{Liveness: django.Probe{PeriodSeconds: math.MaxInt}}), `test/web: Probes.Liveness.PeriodSeconds: 9223372036854775807: must be between 1 and 86400`},
}

func withService(s pod.Service) cdktest.Build { return withWeb(django.WebProps{Service: s}) }

func withRollout(r pod.Rollout) cdktest.Build { return withWeb(django.WebProps{Rollout: r}) }

func withProbes(p django.Probes) cdktest.Build { return withWeb(django.WebProps{Probes: p}) }

func TestWrongTemplates(t *testing.T) { checkMistakes(t, wrongTemplates) }

// wrongProcess changes one field of a valid process that is a server.
func wrongProcess(change func(p *django.ProcessProps)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := django.ProcessProps{
			Project: projectIn(chart, django.Project{}), NameSuffix: "channels", Command: []string{"daphne"}, Port: 8001,
		}
		change(&props)
		p := django.NewProcess(chart, "process", props)
		_, _, _, _ = p.Flows(), p.Selector(), p.Port(), p.ExternalReferences()
	}
}

var wrongProcesses = map[string]mistake{
	"no image":             {wrongProcess(func(p *django.ProcessProps) { p.Project.Image = "" }), `test/process: Project.Image: "": is required`},
	"no database":          {wrongProcess(func(p *django.ProcessProps) { p.Project.Database = nil }), `test/process: Project.Database: "": is required`},
	"no name":              {wrongProcess(func(p *django.ProcessProps) { p.NameSuffix = "" }), `test/process: NameSuffix: "": is required: the Deployment's name behind the project's name`},
	"name":                 {wrongProcess(func(p *django.ProcessProps) { p.NameSuffix = "web_sockets" }), `test/process: NameSuffix: "web_sockets": must be 1 to 63 lower-case`},
	"long name":            {wrongProcess(func(p *django.ProcessProps) { p.NameSuffix = long[:57] }), `test/process: NameSuffix: "` + long[:57] + `": must be shorter: with the project's name, django-` + long[:57] + ` is above 63 characters`},
	"longer name":          {wrongProcess(func(p *django.ProcessProps) { p.NameSuffix = long }), `test/process: NameSuffix: "` + long + `": must be shorter`},
	"project's long name":  {wrongProcess(func(p *django.ProcessProps) { p.Project.Name = long[:62] }), `test/process: Project.Name: "` + long[:62] + `": must be at most 61 characters`},
	"no command":           {wrongProcess(func(p *django.ProcessProps) { p.Command = nil }), `test/process: Command: "": is required: the program and its arguments`},
	"command of nothing":   {wrongProcess(func(p *django.ProcessProps) { p.Command = []string{""} }), `test/process: Command[0]: "": must be a program`},
	"command with NUL":     {wrongProcess(func(p *django.ProcessProps) { p.Command = []string{"a", "\x00"} }), `test/process: Command[1]: "...": must be UTF-8 text`},
	"port of root":         {wrongProcess(func(p *django.ProcessProps) { p.Port = 80 }), `test/process: Port: 80: must be between 1024 and 65535`},
	"negative port":        {wrongProcess(func(p *django.ProcessProps) { p.Port = -1 }), `test/process: Port: -1: must be between 1024 and 65535`},
	"port":                 {wrongProcess(func(p *django.ProcessProps) { p.Port = 65536 }), `test/process: Port: 65536: must be between 1024 and 65535`},
	"negative connections": {wrongProcess(func(p *django.ProcessProps) { p.Connections = -1 }), `test/process: Connections: -1: must be between 1 and 100000`},
	"absurd connections":   {wrongProcess(func(p *django.ProcessProps) { p.Connections = math.MaxInt }), `test/process: Connections: 9223372036854775807: must be between 1 and 100000`},
	"replicas":             {wrongProcess(func(p *django.ProcessProps) { p.Replicas = new(-1) }), `test/process: Replicas: -1: must be between 0 and 2147483647`},
	"both scalings":        {wrongProcess(func(p *django.ProcessProps) { p.Replicas, p.Autoscaling.MaxReplicas = new(2), 4 }), `test/process: Replicas: 2: must not be given with Autoscaling`},
	"crossed ends":         {wrongProcess(func(p *django.ProcessProps) { p.Autoscaling = pod.Autoscaling{MinReplicas: 3, MaxReplicas: 2} }), `test/process: Autoscaling.MinReplicas: 3: must not be above MaxReplicas, 2`},
	"rollout":              {wrongProcess(func(p *django.ProcessProps) { p.Rollout.MaxSurge = -1 }), `test/process: Rollout.MaxSurge: -1: must be between 0 and 1000`},
	"memory":               {wrongProcess(func(p *django.ProcessProps) { p.Resources = memory("1") }), `test/process: Resources.Limits.Memory: "1": must be at least 1Mi`},
	"no grace":             {wrongProcess(func(p *django.ProcessProps) { p.TerminationGracePeriodSeconds = -1 }), `test/process: TerminationGracePeriodSeconds: -1: must be between 1 and 172800`},
	"endless grace":        {wrongProcess(func(p *django.ProcessProps) { p.TerminationGracePeriodSeconds = 172801 }), `test/process: TerminationGracePeriodSeconds: 172801: must be between 1 and 172800`},
	"service":              {wrongProcess(func(p *django.ProcessProps) { p.Service.Type = "None" }), `test/process: Service.Type: "None": must be one of ClusterIP, NodePort, LoadBalancer`},
	"service of no server": {wrongProcess(func(p *django.ProcessProps) { p.Port, p.Service.SessionAffinity = 0, "ClientIP" }), `test/process: Service: "...": has no effect without Port`},
	"env":                  {wrongProcess(func(p *django.ProcessProps) { p.Env = map[string]string{"PORT": "9"} }), `test/process: Env[PORT]: "...": is managed; set Port instead`},
	"container":            {wrongProcess(func(p *django.ProcessProps) { p.Pod.Containers = []corev1.Container{named("process")} }), `test/process: Pod.Containers[0].Name: "process": must be another`},
	"name of a command": {
		func(chart cdk8s.Chart) {
			project := projectIn(chart, django.Project{})
			django.NewProcess(chart, "a", django.ProcessProps{Project: project, NameSuffix: "worker", Command: []string{"a"}})
			django.NewWorker(chart, "b", django.WorkerProps{Project: project, App: "shop"})
		},
		`test/b/Deployment: metadata.name: "django-worker": Deployment test/django-worker is also made by test/a/Deployment`,
	},
	"nobody migrates": {
		func(chart cdk8s.Chart) {
			project := projectIn(chart, django.Project{})
			project.Database = postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: project.Database.Connection().Secret})
			django.NewProcess(chart, "process", django.ProcessProps{Project: project, NameSuffix: "channels", Command: []string{"a"}})
		},
		`test/process: Project.WaitForMigrations: true: needs a django.Migration of this database in the app`,
	},
}

func TestWrongProcesses(t *testing.T) { checkMistakes(t, wrongProcesses) }

func withEnv(env map[string]string) cdktest.Build { return withWeb(django.WebProps{Env: env}) }

func withProjectEnv(env map[string]string) cdktest.Build {
	return withProject(django.Project{Env: env})
}

// onGenerated builds a server with a Secret whose keys the cluster generates.
func onGenerated(p django.Project, keys ...string) cdktest.Build {
	return func(chart cdk8s.Chart) {
		env := secret.New(chart, "secret", secret.Props{Source: secret.Generated(secret.GeneratedProps{Image: "shop:1", Keys: keys})})
		p := p
		p.Database = postgres.Connection{Host: "db.example.com", Secret: env}
		withProject(p)(chart)
	}
}

var wrongEnvironments = map[string]mistake{
	"unknown": {withEnv(map[string]string{"A": "$(Z)"}), `test/web: Env[A]: "...": contains $(Z), which no variable is called; write $$(Z) for the text itself`},
	"unknown of the project": {
		withProjectEnv(map[string]string{"A": "http://$(Z)/"}), `test/web: Project.Env[A]: "...": contains $(Z), which no variable is called`,
	},
	"unknown behind an escape": {withEnv(map[string]string{"A": "$$$(Z)"}), `test/web: Env[A]: "...": contains $(Z), which no variable is called`},
	"unknown in lower case":    {withEnv(map[string]string{"A": "$(postgres_host)"}), `test/web: Env[A]: "...": contains $(postgres_host), which`},
	"unknown with a dot":       {withEnv(map[string]string{"A": "$(api.key)"}), `test/web: Env[A]: "...": contains $(api.key), which`},
	"unknown among known":      {withEnv(map[string]string{"A": "$(PORT)$(B)$(Z)", "B": "b"}), `test/web: Env[A]: "...": contains $(Z), which`},
	"unknown twice":            {withEnv(map[string]string{"A": "$(Z) $(Z)"}), `test/web: Env[A]: "...": contains $(Z), which`},
	"unknown to the project": {
		withWeb(django.WebProps{Project: django.Project{Env: map[string]string{"A": "$(B)"}}, Env: map[string]string{"B": "b"}}),
		`test/web: Project.Env[A]: "...": contains $(B), which no variable is called`,
	},
	"unknown to a worker":    {wrongWorker(django.WorkerProps{Env: map[string]string{"A": "$(Z)"}}), `test/worker: Env[A]: "...": contains $(Z), which`},
	"unknown to beat":        {wrongBeat(django.BeatProps{Env: map[string]string{"A": "$(Z)"}}), `test/beat: Env[A]: "...": contains $(Z), which`},
	"unknown to a migration": {wrongMigration(django.MigrationProps{Env: map[string]string{"A": "$(Z)"}}), `test/migration: Env[A]: "...": contains $(Z), which`},
	"unknown to a command": {
		wrongCommand(func(p *django.ScheduledCommandProps) { p.Env = map[string]string{"A": "$(Z)"} }), `test/command: Env[A]: "...": contains $(Z), which`,
	},
	"unknown to a process": {
		wrongProcess(func(p *django.ProcessProps) { p.Env = map[string]string{"A": "$(Z)"} }), `test/process: Env[A]: "...": contains $(Z), which`,
	},
	"itself":      {withEnv(map[string]string{"A": "a:$(A)"}), `test/web: Env[A]: "...": refers to itself`},
	"one another": {withEnv(map[string]string{"A": "$(B)", "B": "$(A)"}), `test/web: Env[A]: "...": refers to itself through other variables`},
	"three in a circle": {
		withProjectEnv(map[string]string{"C": "$(A)", "B": "$(C)", "A": "$(B)"}), `test/web: Project.Env[A]: "...": refers to itself through other variables`,
	},
	"circle aside": {withEnv(map[string]string{"A": "$(B)", "B": "$(C)", "C": "$(B)"}), `test/web: Env[B]: "...": refers to itself`},
	"value of the project": {
		withWeb(django.WebProps{Project: django.Project{Env: map[string]string{"A": "a"}}, Env: map[string]string{"A": "$(A):b"}}),
		`test/web: Env[A]: "...": refers to itself`,
	},
	"circle through the project": {
		withWeb(django.WebProps{Project: django.Project{Env: map[string]string{"A": "a", "B": "$(A)"}}, Env: map[string]string{"A": "$(B)"}}),
		`test/web: Env[A]: "...": refers to itself through other variables`,
	},
	"no name":              {withEnv(map[string]string{"": "a"}), `test/web: Env[]: "": must be 1 to 253 letters`},
	"name with a dash":     {withEnv(map[string]string{"A-B": "a"}), `test/web: Env[A-B]: "A-B": must be 1 to 253 letters`},
	"name of a digit":      {withEnv(map[string]string{"1A": "a"}), `test/web: Env[1A]: "1A": must be 1 to 253 letters`},
	"name with a sign":     {withEnv(map[string]string{"A=B": "a"}), `test/web: Env[A=B]: "A=B": must be 1 to 253 letters`},
	"name with a dot":      {wrongWorker(django.WorkerProps{Env: map[string]string{"a.b": "a"}}), `test/worker: Env[a.b]: "a.b": must be 1 to 253 letters`},
	"hosts":                {withEnv(map[string]string{"ALLOWED_HOSTS": "*"}), `test/web: Env[ALLOWED_HOSTS]: "...": is managed; set Hosts instead`},
	"database of a worker": {wrongWorker(django.WorkerProps{Env: map[string]string{"PGPASSWORD": "a"}}), `test/worker: Env[PGPASSWORD]: "...": is managed; set Database instead`},
	"broker of beat":       {wrongBeat(django.BeatProps{Env: map[string]string{"CELERY_BROKER_URL": "a"}}), `test/beat: Env[CELERY_BROKER_URL]: "...": is managed; set Broker instead`},
	"static files": {
		withWeb(django.WebProps{StaticRoot: "/srv", Env: map[string]string{"STATIC_ROOT": "/a"}}),
		`test/web: Env[STATIC_ROOT]: "...": is managed; set StaticRoot instead`,
	},
	"address": {
		withWeb(django.WebProps{Metrics: django.Metrics{Path: "/metrics"}, Env: map[string]string{"POD_IP": "a"}}),
		`test/web: Env[POD_IP]: "...": is managed; set Metrics instead`,
	},
	"address of the broker's password": {
		withBroker(func(c *broker.Connection) { c.URL, c.PasswordKey = "redis://:$(POD_IP)@redis", "POD_IP" },
			func(props *django.WebProps) { props.Metrics.Path = "/metrics" }),
		`test/web: Project.Broker.PasswordKey: "POD_IP": must be another: the variable of that name is set from Metrics`,
	},
	"gunicorn's workers": {withEnv(map[string]string{"GUNICORN_CMD_ARGS": "-w 9"}), `test/web: Env[GUNICORN_CMD_ARGS]: "-w": is managed; set Port and Gunicorn instead`},
	// Found in a review: argparse takes any prefix of a flag.
	"abbreviated flag":   {withArgs("--bin=127.0.0.1:9"), `test/web: Project.Env[GUNICORN_CMD_ARGS]: "--bin": is managed; set Port and Gunicorn instead`},
	"abbreviated worker": {withEnv(map[string]string{"GUNICORN_CMD_ARGS": "--preload --work 9"}), `test/web: Env[GUNICORN_CMD_ARGS]: "--work": is managed`},
	// Found in a review: Linux counts the name, too.
	"value just too long":   {withEnv(map[string]string{"A": strings.Repeat("a", 131_070)}), `test/web: Env[A]: "...": must be at most 128 KiB together with its name`},
	"value as long as both": {withEnv(map[string]string{"A": strings.Repeat("a", 131_071)}), `test/web: Env[A]: "...": must be at most 128 KiB together with its name`},
	"value too long":        {withEnv(map[string]string{"A": strings.Repeat("a", 131_072)}), `test/web: Env[A]: "...": must be at most 128 KiB, the longest text`},
	// Found in a review: the same name twice, or a key that nothing reads.
	"generated key": {
		onGenerated(django.Project{Env: map[string]string{"FEATURES": "dev"}}, "FEATURES"),
		`test/web: Project.Env[FEATURES]: "...": is managed; set Secret instead`,
	},
	"key that is generated anyway": {
		onGenerated(django.Project{SecretKeys: []string{"FEATURES"}, Env: map[string]string{"SECRET_KEY": "a"}}, "FEATURES"),
		`test/web: Project.Env[SECRET_KEY]: "...": is managed; set Secret instead`,
	},
	"key of another field": {
		func(chart cdk8s.Chart) {
			env := holding(chart, "env", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY", "DATABASE_URL")
			withProject(django.Project{
				Database: postgres.Connection{Host: "db.example.com", Secret: env}, SecretKeys: []string{"SECRET_KEY", "DATABASE_URL"},
			})(chart)
		},
		`test/web: Project.SecretKeys[1]: "DATABASE_URL": must not be given: the variable of that name is set from Database`,
	},
	"key of the broker": {
		withBroker(right, func(props *django.WebProps) { props.Project.SecretKeys = []string{"REDIS_PASSWORD"} }),
		`test/web: Project.SecretKeys[0]: "REDIS_PASSWORD": must not be given: the variable of that name is set from Broker`,
	},
}

// A variable comes behind those that it refers to, and each comes once.
func TestVariablesThatReferToOthers(t *testing.T) {
	props := django.WebProps{
		Project: django.Project{Env: map[string]string{
			"A": "$(Z)/a", "LANG": "C", "Z": "$(Y)", "URL": "https://$(STRIPE_API_KEY)@example.com:$(PORT)", "TEXT": "$$(NOPE)",
		}},
		Env: map[string]string{"LANG": "C.UTF-8", "Y": "$(TOKEN)", "Z": "$(Y)z"},
		Pod: pod.Template{EnvKeys: map[string]pod.EnvKey{"TOKEN": {Secret: "token", Key: "token", External: true}}},
	}
	props.Project.Env["Y"] = "y"
	spec := one[*appsv1.Deployment](t, onOutside(props)).Spec.Template.Spec
	var names []string
	for _, v := range spec.Containers[0].Env {
		names = append(names, v.Name)
	}
	if got := names[len(names)-8:]; !slices.Equal(got, []string{"TOKEN", "Y", "Z", "A", "LANG", "TEXT", "URL", "GUNICORN_CMD_ARGS"}) {
		t.Errorf("the last variables are %q", got)
	}
	slices.Sort(names)
	if once := slices.Compact(slices.Clone(names)); !slices.Equal(once, names) {
		t.Errorf("some of %q come twice", names)
	}
}

// onOutside builds a server alone.
func onOutside(props django.WebProps) cdktest.Build {
	return func(chart cdk8s.Chart) { web(chart, props) }
}

// A ConfigMap whose keys are not known may hold any variable.
func TestVariablesOfAConfigMap(t *testing.T) {
	cdktest.Render(t, withWeb(django.WebProps{
		Env: map[string]string{"A": "$(FROM_THE_MAP)"},
		Pod: pod.Template{EnvFrom: []pod.EnvSource{{ConfigMap: "settings", External: true}}},
	}))
}

// The project's flags of gunicorn are for its sites; another server has its own.
func TestFlagsOfGunicorn(t *testing.T) {
	flags := func(build cdktest.Build) string {
		for _, v := range one[*appsv1.Deployment](t, build).Spec.Template.Spec.Containers[0].Env {
			if v.Name == "GUNICORN_CMD_ARGS" {
				return v.Value
			}
		}
		return ""
	}
	props := django.ProcessProps{NameSuffix: "channels", Command: []string{"gunicorn"}, Port: 8001}
	if got := flags(buildProcess(props, elaborate)); got != "" {
		t.Errorf("a process gets %q of the project", got)
	}
	props.Env = map[string]string{"GUNICORN_CMD_ARGS": "--bind=0.0.0.0:8001"}
	if got := flags(buildProcess(props, elaborate)); got != "--bind=0.0.0.0:8001" {
		t.Errorf("a process gets %q instead of its own", got)
	}
	site := django.WebProps{Env: map[string]string{"GUNICORN_CMD_ARGS": "--preload"}}
	site.Project.Env = map[string]string{"GUNICORN_CMD_ARGS": "--access-logfile=-"}
	if got := flags(onOutside(site)); !strings.HasPrefix(got, "--preload --workers=") {
		t.Errorf("a site gets %q", got)
	}
}

func TestWrongEnvironments(t *testing.T) { checkMistakes(t, wrongEnvironments) }

func withImage(image string) cdktest.Build {
	return func(chart cdk8s.Chart) { web(chart, django.WebProps{Project: django.Project{Image: image}}) }
}

func withSchedule(schedule string) cdktest.Build {
	return wrongCommand(func(p *django.ScheduledCommandProps) { p.Schedule = schedule })
}

func withPort(port int) cdktest.Build { return withWeb(django.WebProps{Port: port}) }

var wrongFields = map[string]mistake{
	"image: upper case":    {withImage("Shop:1"), `test/web: Project.Image: "Shop:1": must be an image reference`},
	"image: two tags":      {withImage("shop:1:2"), `test/web: Project.Image: "shop:1:2": must be an image reference`},
	"image: no name":       {withImage(":1"), `test/web: Project.Image: ":1": must be an image reference`},
	"image: short digest":  {withImage("shop@sha256:abc"), `test/web: Project.Image: "shop@sha256:abc": must be an image reference`},
	"image: scheme":        {withImage("docker://shop:1"), `test/web: Project.Image: "docker://shop:1": must be an image reference`},
	"image: blank":         {withImage("shop:1 "), `test/web: Project.Image: "shop:1 ": must be an image reference`},
	"image: variable":      {withImage("shop:$TAG"), `test/web: Project.Image: "shop:$TAG": must be an image reference`},
	"image: line break":    {withImage("shop:1\n"), `test/web: Project.Image: "shop:1\n": must be an image reference`},
	"command: nothing":     {withWeb(django.WebProps{Command: []string{""}}), `test/web: Command[0]: "": must be a program`},
	"command: blank":       {withWeb(django.WebProps{Command: []string{" ", "a"}}), `test/web: Command[0]: " ": must be a program`},
	"port: 80":             {withPort(80), `test/web: Port: 80: must be between 1024 and 65535`},
	"port: 443":            {withPort(443), `test/web: Port: 443: must be between 1024 and 65535`},
	"port: 1023":           {withPort(1023), `test/web: Port: 1023: must be between 1024 and 65535`},
	"port: 65536":          {withPort(65536), `test/web: Port: 65536: must be between 1024 and 65535`},
	"name: of a site":      {withWeb(django.WebProps{Name: "My_Shop"}), `test/web: Name: "My_Shop": must be 1 to 63 lower-case`},
	"name: long":           {withWeb(django.WebProps{Name: long}), `test/web: Name: "` + long + `": must be at most 63 characters`},
	"hosts: of a site":     {withWeb(django.WebProps{Hosts: []string{"*"}}), `test/web: Hosts[0]: "*": would turn Django's check of the Host header off`},
	"hosts: twice":         {withWeb(django.WebProps{Hosts: []string{"a.example.com", "a.example.com"}}), `test/web: Hosts: "a.example.com": is listed twice`},
	"pool":                 {wrongWorker(django.WorkerProps{Pool: "fork"}), `test/worker: Pool: "fork": must be one of prefork, solo, threads, gevent, eventlet`},
	"tasks per child":      {wrongWorker(django.WorkerProps{MaxTasksPerChild: -1}), `test/worker: MaxTasksPerChild: -1: must be between 0 and 1000000000`},
	"log level":            {wrongWorker(django.WorkerProps{LogLevel: "info"}), `test/worker: LogLevel: "info": must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL`},
	"log level of beat":    {wrongBeat(django.BeatProps{LogLevel: "TRACE"}), `test/beat: LogLevel: "TRACE": must be one of DEBUG, INFO`},
	"arguments":            {wrongWorker(django.WorkerProps{Args: []string{"--a", "\x00"}}), `test/worker: Args[1]: "...": must be UTF-8 text`},
	"schedule: Sunday":     {withSchedule("0 4 * * 7"), `test/command: Schedule: "0 4 * * 7": must have a day of the week between 0 and 6: Sunday is 0`},
	"schedule: to Sunday":  {withSchedule("0 4 * * 1-7"), `test/command: Schedule: "0 4 * * 1-7": must have a day of the week between 0 and 6`},
	"schedule: long step":  {withSchedule("*/100 * * * *"), `test/command: Schedule: "*/100 * * * *": must have steps below 60 in field 1`},
	"schedule: an hour":    {withSchedule("*/60 * * * *"), `test/command: Schedule: "*/60 * * * *": must have steps below 60 in field 1`},
	"schedule: a day":      {withSchedule("0 */24 * * *"), `test/command: Schedule: "0 */24 * * *": must have steps below 24 in field 2`},
	"schedule: a second":   {withSchedule("@every 1s"), `test/command: Schedule: "@every 1s": must be at least a minute`},
	"schedule: the past":   {withSchedule("@every -1h"), `test/command: Schedule: "@every -1h": must be at least a minute`},
	"schedule: no time":    {withSchedule("@every day"), `test/command: Schedule: "@every day": must be at least a minute`},
	"schedule: at boot":    {withSchedule("@reboot"), `test/command: Schedule: "@reboot": must be the five fields of cron`},
	"schedule: two lines":  {withSchedule("0 4 * * *\n"), `test/command: Schedule: "0 4 * * *\n": must be the five fields of cron`},
	"schedule: time zone":  {withSchedule("CRON_TZ=UTC 0 4 * * *"), `test/command: Schedule: "CRON_TZ=UTC 0 4 * * *": must not name a time zone`},
	"schedule: 31 April":   {withSchedule("0 0 31 4 *"), `test/command: Schedule: "0 0 31 4 *": is never due`},
	"schedule: four":       {withSchedule("0 4 * *"), `test/command: Schedule: "0 4 * *": must be the five fields of cron`},
	"schedule: minute 60":  {withSchedule("60 4 * * *"), `test/command: Schedule: "60 4 * * *": must be the five fields of cron`},
	"zero: Secret":         {withProject(django.Project{Secret: &secret.Secret{}}), `test/web: Project.Secret: "": must be made by secret.New`},
	"zero: Database":       {withProject(django.Project{Database: &postgres.Database{}}), `test/web: Project.Database: "": must be made by postgres.NewDatabase`},
	"zero: MediaClaim":     {withProject(django.Project{Media: &django.MediaClaim{}}), `test/web: Project.Media: "": must be made by NewMediaClaim`},
	"zero: Server":         {withProject(django.Project{Broker: &valkey.Server{}}), `test/web: Project.Broker: "": must be made by valkey.NewServer`},
	"zero: Connection":     {withProject(django.Project{Broker: &broker.Connection{}}), `test/web: Project.Broker.Secret: "": is required`},
	"zero: store's Secret": {withStore(func(s *django.ObjectStore) { s.Secret = &secret.Secret{} }), `test/web: Project.Media.Secret: "": must be made by secret.New`},
	"zero: broker's Secret": {
		withBroker(func(c *broker.Connection) { c.Secret = &secret.Secret{} }), `test/web: Project.Broker.Secret: "": must be made by secret.New`,
	},
	"zero: database's Secret": {
		withProject(django.Project{Database: postgres.Connection{Host: "db.example.com", Secret: &secret.Secret{}}}),
		`test/web: Project.Database.Secret: "": must be made by secret.New`,
	},
	"nil: Database":   {func(chart cdk8s.Chart) { wrongDatabase(chart, (*postgres.Database)(nil)) }, `test/web: Project.Database: "": is required`},
	"nil: Connection": {func(chart cdk8s.Chart) { wrongDatabase(chart, (*postgres.Connection)(nil)) }, `test/web: Project.Database: "": is required`},
	"nil: Server":     {withProject(django.Project{Broker: (*valkey.Server)(nil)}), `test/web: Project.Broker: "": must not be nil`},
	"nil: broker":     {withProject(django.Project{Broker: (*broker.Connection)(nil)}), `test/web: Project.Broker: "": must not be nil`},
	"nil: MediaClaim": {withProject(django.Project{Media: (*django.MediaClaim)(nil)}), `test/web: Project.Media: "": must not be nil`},
	"zero: database of a worker": {
		func(chart cdk8s.Chart) {
			project := projectIn(chart, django.Project{})
			project.Database = &postgres.Database{}
			django.NewWorker(chart, "worker", django.WorkerProps{Project: project, App: "shop"})
		},
		`test/worker: Project.Database: "": must be made by postgres.NewDatabase`,
	},
	"zero: broker of a worker": {
		func(chart cdk8s.Chart) {
			project := projectIn(chart, django.Project{})
			project.Broker = &valkey.Server{}
			django.NewWorker(chart, "worker", django.WorkerProps{Project: project, App: "shop"})
		},
		`test/worker: Project.Broker: "": must be made by valkey.NewServer`,
	},
	"nil: broker of beat": {
		func(chart cdk8s.Chart) {
			project := projectIn(chart, django.Project{})
			project.Broker = (*valkey.Server)(nil)
			django.NewBeat(chart, "beat", django.BeatProps{Project: project, App: "shop"})
		},
		`test/beat: Project.Broker: "": must not be nil`,
	},
	"nobody migrates": {
		withProject(django.Project{WaitForMigrations: true}),
		`test/web: Project.WaitForMigrations: true: needs a django.Migration of this database in the app`,
	},
}

// wrongDatabase adds a Web on a database that is none.
func wrongDatabase(chart cdk8s.Chart, database postgres.Connector) {
	django.NewWeb(chart, "web", django.WebProps{Project: django.Project{Image: "shop:1", Database: database}})
}

func TestWrongFields(t *testing.T) { checkMistakes(t, wrongFields) }
