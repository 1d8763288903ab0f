// Command clinic renders the booking system of a clinic, whose platform team
// runs PostgreSQL and Redis outside the cluster: a site for patients and one for
// the staff, which run the same image with other settings, a server for
// websockets beside them, two workers, a schedule and three commands. Its nodes
// are tainted, its registry asks for credentials, and its cloud gives pods an
// identity by their ServiceAccount.
//
// Others make the Secrets clinic-env, clinic-broker, clinic-ca and registry.
package main

import (
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/route"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/synth"
)

const (
	image       = "registry.example.com/clinic:3.1.0"
	logShipper  = "registry.example.com/log-shipper:2.0.1"
	settingsMap = "clinic-settings"
)

func main() { synth.Main(build) }

func build(app cdk8s.App) {
	chart := cdk8s.NewChart(app, new("clinic"), &cdk8s.ChartProps{Namespace: new("clinic")})
	namespace.New(chart, "namespace", namespace.Props{})
	newSettings(chart)
	clinic := newProject(chart)

	patients := django.NewWeb(chart, "patients", django.WebProps{
		Project: clinic, Replicas: new(2), Pod: shipping(clinicPods()),
	})
	staff := django.NewWeb(chart, "staff", django.WebProps{
		Project: clinic, Name: "clinic-staff", Hosts: []string{"staff.clinic.example.com"},
		Env: map[string]string{"DJANGO_SETTINGS_MODULE": "clinic.settings.staff"}, Pod: clinicPods(),
	})
	channels := django.NewProcess(chart, "channels", django.ProcessProps{
		Project: clinic, NameSuffix: "channels", Port: 9000, Connections: 5, Pod: clinicPods(),
		Command: []string{"daphne", "--bind=0.0.0.0", "--port=9000", "clinic.asgi:application"},
	})
	django.NewMigration(chart, "migration", django.MigrationProps{Project: clinic, Pod: clinicPods()})
	newWorkers(chart, clinic)
	newCommands(chart, clinic)

	route.NewIngress(chart, "ingress", route.IngressProps{
		Site: patients, ClassName: "nginx", ClusterIssuer: "letsencrypt",
		Annotations: map[string]string{"nginx.ingress.kubernetes.io/proxy-body-size": "20m"},
		Paths:       []route.Path{{Prefix: "/", Backend: patients}, {Prefix: "/ws/", Backend: channels}},
	})
	route.NewIngress(chart, "staff-ingress", route.IngressProps{
		Site: staff, ClassName: "nginx", ClusterIssuer: "letsencrypt",
		Annotations: map[string]string{"nginx.ingress.kubernetes.io/whitelist-source-range": "10.0.0.0/8"},
	})
	isolation.New(chart, "isolation", isolation.Props{
		IngressFrom: []isolation.Peer{{Namespace: "ingress-nginx"}},
		Egress:      []isolation.Egress{{From: patients, Ports: []int{443}}, {From: staff, Ports: []int{443}}},
	})
}

// newSettings adds a settings file, which the image imports.
func newSettings(chart cdk8s.Chart) {
	object.New(chart, "settings", settingsMap, func() *corev1.ConfigMap {
		return &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: settingsMap},
			Data:       map[string]string{"local.py": "TIME_ZONE = \"Europe/Vienna\"\nLANGUAGE_CODE = \"de-at\"\n"},
		}
	})
}

// newProject returns what every process of the clinic shares.
func newProject(chart cdk8s.Chart) django.Project {
	env := secret.New(chart, "env", secret.Props{
		Name:   "clinic-env",
		Source: secret.Existing("SECRET_KEY", "DB_USER", "DB_PASSWORD", "SENTRY_DSN"),
	})
	queue := secret.New(chart, "broker", secret.Props{Name: "clinic-broker", Source: secret.Existing("REDIS_PASSWORD")})
	return django.Project{
		Name: "clinic", Image: image, ImagePullSecrets: []string{"registry"}, WaitForMigrations: true,
		Hosts: []string{"clinic.example.com"}, HTTPS: true,
		Database: postgres.Connection{
			Host: "db.clinic.example.com", Name: "clinic", Secret: env, UserKey: "DB_USER", PasswordKey: "DB_PASSWORD",
			TLS: postgres.TLS{CASecret: "clinic-ca"},
		},
		Secret: env, SecretKeys: []string{"SECRET_KEY", "SENTRY_DSN"},
		Broker: broker.Connection{
			Secret: queue, PasswordKey: "REDIS_PASSWORD",
			URL: "rediss://:$(REDIS_PASSWORD)@redis.clinic.example.com:6380/0",
		},
		Env: map[string]string{"DJANGO_SETTINGS_MODULE": "clinic.settings"},
		Volumes: []pod.Volume{
			{MountPath: "/app/clinic/settings/local.py", ConfigMap: settingsMap, SubPath: "local.py"},
		},
	}
}

// clinicPods are the nodes and the identity of every pod.
func clinicPods() pod.Template {
	return pod.Template{
		NodeSelector:   map[string]string{"pool": "clinic"},
		Tolerations:    []corev1.Toleration{{Key: "pool", Value: "clinic", Effect: corev1.TaintEffectNoSchedule}},
		Annotations:    map[string]string{"example.com/cost-center": "clinic"},
		ServiceAccount: pod.ServiceAccount{Annotations: map[string]string{"iam.example.com/role": "clinic"}},
		HostAliases: []corev1.HostAlias{
			{IP: "192.0.2.10", Hostnames: []string{"db.clinic.example.com"}},
			{IP: "192.0.2.11", Hostnames: []string{"redis.clinic.example.com"}},
		},
	}
}

// shipping adds a sidecar that ships the log files in /var/log/clinic.
func shipping(t pod.Template) pod.Template {
	t.Volumes = []pod.Volume{{Name: "logs", MountPath: "/var/log/clinic", EmptyDir: "100Mi"}}
	t.InitContainers = []corev1.Container{{
		Name: "log-shipper", Image: logShipper, RestartPolicy: new(corev1.ContainerRestartPolicyAlways),
		Resources: corev1.ResourceRequirements{
			Requests: pod.Quantities{CPU: "10m", Memory: "32Mi"}.List(),
			Limits:   pod.Quantities{CPU: "100m", Memory: "64Mi"}.List(),
		},
		VolumeMounts: []corev1.VolumeMount{{Name: "logs", MountPath: "/var/log/clinic", ReadOnly: true}},
	}}
	return t
}

func newWorkers(chart cdk8s.Chart, clinic django.Project) {
	django.NewWorker(chart, "worker", django.WorkerProps{
		Project: clinic, App: "clinic", Queues: []string{"default"}, MaxTasksPerChild: 100, Pod: clinicPods(),
	})
	django.NewWorker(chart, "mail-worker", django.WorkerProps{
		Project: clinic, App: "clinic", Name: "clinic-mail", Queues: []string{"mail", "sms"},
		Concurrency: 8, Pool: "threads", Pod: clinicPods(),
	})
	django.NewBeat(chart, "beat", django.BeatProps{Project: clinic, App: "clinic", Pod: clinicPods()})
}

func newCommands(chart cdk8s.Chart, clinic django.Project) {
	for _, c := range []struct {
		name, schedule string
		args           []string
	}{
		{"clearsessions", "30 4 * * *", []string{"clearsessions"}},
		{"reminders", "0 7-19 * * MON-SAT", []string{"send_reminders", "--hours=24"}},
		{"statistics", "@monthly", []string{"statistics", "--month=last"}},
	} {
		django.NewScheduledCommand(chart, c.name, django.ScheduledCommandProps{
			Project: clinic, NameSuffix: c.name, Args: c.args, Schedule: c.schedule, TimeZone: "Europe/Vienna",
			Pod: clinicPods(),
		})
	}
}
