package single_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/valkey"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

// servers are the constructs that run one server on one volume.
var servers = map[string]func(chart cdk8s.Chart, template pod.Template){
	"postgres": func(chart cdk8s.Chart, template pod.Template) {
		postgres.NewDatabase(chart, "server", postgres.DatabaseProps{
			Secret: credentials(chart), Pod: template, Exporter: postgres.Exporter{Image: "exporter:1"},
		})
	},
	"valkey": func(chart cdk8s.Chart, template pod.Template) {
		valkey.NewServer(chart, "server", valkey.ServerProps{Secret: credentials(chart), Pod: template})
	},
}

func credentials(chart cdk8s.Chart) *secret.Secret {
	return secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "VALKEY_PASSWORD"),
	})
}

func container(name string) corev1.Container {
	amounts := corev1.ResourceList{"cpu": resource.MustParse("10m"), "memory": resource.MustParse("16Mi")}
	return corev1.Container{
		Name: name, Image: "sidecar:1", Resources: corev1.ResourceRequirements{Requests: amounts, Limits: amounts},
	}
}

var template = pod.Template{
	Labels:            map[string]string{"team": "shop"},
	Annotations:       map[string]string{"example.com/scan": "no"},
	ObjectLabels:      map[string]string{"tier": "data"},
	ObjectAnnotations: map[string]string{"example.com/owner": "shop"},
	NodeSelector:      map[string]string{"disk": "ssd"},
	Affinity:          &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{}},
	Tolerations:       []corev1.Toleration{{Key: "data", Operator: corev1.TolerationOpExists}},
	TopologySpreadConstraints: []corev1.TopologySpreadConstraint{
		{MaxSkew: 1, TopologyKey: "rack", WhenUnsatisfiable: corev1.ScheduleAnyway},
	},
	PriorityClassName: "important",
	RuntimeClassName:  "gvisor",
	SchedulerName:     "stork",
	ServiceAccount:    pod.ServiceAccount{Annotations: map[string]string{"example.com/role": "data"}},
	HostAliases:       []corev1.HostAlias{{IP: "10.0.0.1", Hostnames: []string{"backup.example.com"}}},
	DNSPolicy:         corev1.DNSDefault,
	DNSConfig:         &corev1.PodDNSConfig{Searches: []string{"example.com"}},
	InitContainers:    []corev1.Container{container("before")},
	Containers:        []corev1.Container{container("beside")},
	EnvFrom:           []pod.EnvSource{{ConfigMap: "settings", External: true}},
	EnvKeys:           map[string]pod.EnvKey{"TZ": {ConfigMap: "settings", Key: "zone", External: true}},
	Volumes:           []pod.Volume{{MountPath: "/etc/tls", Secret: "tls", External: true}},
	ImagePullPolicy:   corev1.PullAlways,
	TmpSize:           "64Mi",
}

func TestEveryFieldOfTheTemplateReachesTheManifest(t *testing.T) {
	cdktest.EveryField(t, pod.Template{}, template, servers["postgres"])
}

// Everything of a template comes together, and what is the server's own stays.
func TestTemplate(t *testing.T) {
	for name, build := range servers {
		t.Run(name, func(t *testing.T) {
			template := template
			if name == "valkey" {
				template.TmpSize = ""
			}
			cdktest.Golden(t, name, func(chart cdk8s.Chart) { build(chart, template) })
		})
	}
}

// What a template may not take from any server, with the one line that it must
// give.
func TestWhatIsTheServersOwn(t *testing.T) {
	volume := func(v pod.Volume) pod.Template {
		v.EmptyDir = "1Mi"
		return pod.Template{Volumes: []pod.Volume{v}}
	}
	const (
		path = `test/server: Pod.Volumes[0].MountPath: "$": must be another path: `
		data = path + "the data is there"
		own  = path + "the construct mounts a volume there"
	)
	for _, tc := range []struct {
		server   string
		template pod.Template
		line     string
	}{
		{"postgres", volume(pod.Volume{MountPath: "/var/lib/postgresql/data"}), data},
		{"postgres", volume(pod.Volume{MountPath: "/var/lib/postgresql/data/pgdata"}), data},
		{"postgres", volume(pod.Volume{MountPath: "/var/lib/postgresql/data/pgdata/conf.d"}), data},
		{"postgres", volume(pod.Volume{MountPath: "/var/lib/postgresql"}), data},
		{"postgres", volume(pod.Volume{MountPath: "/var/lib"}), path + "a volume there hides what the image or"},
		{"postgres", volume(pod.Volume{MountPath: "/dev/shm"}), path + "Linux itself provides what is there"},
		{"postgres", volume(pod.Volume{MountPath: "/run/postgresql"}), own},
		{"postgres", volume(pod.Volume{MountPath: "/tmp"}), own},
		{"postgres", volume(pod.Volume{MountPath: "/a/"}), path[:len(path)-len("must be another path: ")] + "must be an absolute path"},
		{"valkey", volume(pod.Volume{MountPath: "/data"}), data},
		{"valkey", volume(pod.Volume{MountPath: "/data/appendonlydir"}), data},
		{"postgres", volume(pod.Volume{MountPath: "/a", Name: "shm"}), `test/server: Pod.Volumes[0].Name: "shm": must be another`},
		{"valkey", volume(pod.Volume{MountPath: "/a", Name: "data"}), `test/server: Pod.Volumes[0].Name: "data": must be another`},
		{
			"valkey",
			pod.Template{Volumes: []pod.Volume{{MountPath: "/a", EmptyDir: "1Mi"}, {MountPath: "/a", EmptyDir: "1Mi"}}},
			`test/server: Pod.Volumes.MountPath: "/a": is listed twice`,
		},
		{
			"valkey",
			pod.Template{Volumes: []pod.Volume{
				{Name: "a", MountPath: "/a", EmptyDir: "1Mi"}, {Name: "a", MountPath: "/b", EmptyDir: "1Mi"},
			}},
			`test/server: Pod.Volumes.Name: "a": is listed twice`,
		},
		{"valkey", pod.Template{TmpSize: "1Gi"}, `test/server: Pod.TmpSize: "1Gi": must not be given: the server has no /tmp`},
		{
			"postgres",
			pod.Template{Containers: []corev1.Container{container("beside"), container("postgres")}},
			`test/server: Pod.Containers[1].Name: "postgres": must be another name: the construct has a container of that name`,
		},
		{
			"valkey",
			pod.Template{InitContainers: []corev1.Container{container("valkey")}},
			`test/server: Pod.InitContainers[0].Name: "valkey": must be another`,
		},
		{
			"postgres",
			pod.Template{EnvKeys: map[string]pod.EnvKey{"PGDATA": {Secret: "a", Key: "b", External: true}}},
			`test/server: Pod.EnvKeys[PGDATA]: "...": must be another variable: the construct sets this one`,
		},
		{
			"valkey",
			pod.Template{EnvKeys: map[string]pod.EnvKey{"REDISCLI_AUTH": {Secret: "a", Key: "b", External: true}}},
			`test/server: Pod.EnvKeys[REDISCLI_AUTH]: "...": must be another`,
		},
	} {
		path := ""
		if len(tc.template.Volumes) > 0 {
			path = tc.template.Volumes[0].MountPath
		}
		line := strings.ReplaceAll(tc.line, "$", path)
		t.Run(line, func(t *testing.T) {
			got := cdktest.Problems(t, func(chart cdk8s.Chart) { servers[tc.server](chart, tc.template) })
			if len(got) != 1 || !strings.HasPrefix(got[0], line) {
				t.Errorf("problems:\n%s\nwant one line with\n%s", strings.Join(got, "\n"), line)
			}
		})
	}
}

// The name of a container that a construct could have, but has not, is free.
func TestASidecarMayBeCalledExporter(t *testing.T) {
	got := cdktest.Render(t, func(chart cdk8s.Chart) {
		postgres.NewDatabase(chart, "server", postgres.DatabaseProps{
			Secret: credentials(chart), Pod: pod.Template{Containers: []corev1.Container{container("exporter")}},
		})
	})
	if !slices.Contains(strings.Split(got, "\n"), "          name: exporter") {
		t.Error("the sidecar is missing")
	}
}
