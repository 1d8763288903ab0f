package django_test

import (
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/pod"
)

// fullTemplate has every field that a Template with its own ServiceAccount can
// have.
var fullTemplate = pod.Template{
	Labels:            map[string]string{"team": "shop"},
	Annotations:       map[string]string{"linkerd.io/inject": "enabled"},
	ObjectLabels:      map[string]string{"tier": "front"},
	ObjectAnnotations: map[string]string{"reloader.stakater.com/auto": "true"},
	NodeSelector:      map[string]string{"kubernetes.io/arch": "arm64"},
	Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{
			Weight: 10,
			Preference: corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{
				Key: "pool", Operator: corev1.NodeSelectorOpIn, Values: []string{"spot"},
			}}},
		}},
	}},
	Tolerations: []corev1.Toleration{
		{Key: "spot", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
		{Key: "dedicated", Value: "shop"},
	},
	TopologySpreadConstraints: []corev1.TopologySpreadConstraint{
		{MaxSkew: 2, TopologyKey: "topology.kubernetes.io/region", WhenUnsatisfiable: corev1.DoNotSchedule},
	},
	PriorityClassName: "storefront",
	RuntimeClassName:  "gvisor",
	SchedulerName:     "batch-scheduler",
	ServiceAccount: pod.ServiceAccount{
		Annotations:    map[string]string{"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/shop"},
		AutomountToken: true,
	},
	HostAliases: []corev1.HostAlias{{IP: "192.0.2.7", Hostnames: []string{"legacy.example.com", "legacy"}}},
	DNSPolicy:   corev1.DNSDefault,
	DNSConfig: &corev1.PodDNSConfig{
		Searches: []string{"example.com"}, Options: []corev1.PodDNSConfigOption{{Name: "ndots", Value: new("2")}},
	},
	InitContainers: []corev1.Container{
		{Name: "certificates", Image: "example/certificates:1", Resources: containerResources},
		{
			Name: "proxy", Image: "example/proxy:2", Resources: containerResources,
			RestartPolicy: new(corev1.ContainerRestartPolicyAlways),
		},
	},
	Containers: []corev1.Container{{
		Name: "logs", Image: "example/logs", Resources: containerResources,
		VolumeMounts: []corev1.VolumeMount{{Name: "tmp", MountPath: "/tmp"}},
	}},
	EnvFrom: []pod.EnvSource{
		{ConfigMap: "shop-settings", External: true},
		{Secret: "shop-extra", Prefix: "EXTRA_", Optional: true, External: true},
	},
	EnvKeys: map[string]pod.EnvKey{
		"SENTRY_DSN": {Secret: "sentry", Key: "dsn", External: true},
		"REGION":     {ConfigMap: "cluster", Key: "region", Optional: true, External: true},
	},
	Volumes: []pod.Volume{
		{Name: "scratch", MountPath: "/scratch", EmptyDir: "1Gi"},
		{MountPath: "/data", Claim: "data", SubPath: "shop", ReadOnly: true, External: true},
		{
			MountPath: "/etc/shop/shop.ini", ConfigMap: "shop", SubPath: "shop.ini", Mode: new(int32(0o440)),
			Items: []corev1.KeyToPath{{Key: "ini", Path: "shop.ini"}}, External: true,
		},
		{MountPath: "/etc/tls", Secret: "shop-tls", External: true},
		{MountPath: "/etc/pod", Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{{
			DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{
				Path: "labels", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.labels"},
			}}},
		}}}},
		{MountPath: "/spool", Ephemeral: &corev1.EphemeralVolumeSource{
			VolumeClaimTemplate: &corev1.PersistentVolumeClaimTemplate{Spec: corev1.PersistentVolumeClaimSpec{
				AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
				Resources: corev1.VolumeResourceRequirements{
					Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("2Gi")},
				},
			}},
		}},
	},
	TmpSize:         "2Gi",
	ImagePullPolicy: corev1.PullAlways,
}

var containerResources = corev1.ResourceRequirements{
	Requests: corev1.ResourceList{"cpu": resource.MustParse("10m"), "memory": resource.MustParse("16Mi")},
	Limits:   corev1.ResourceList{"cpu": resource.MustParse("100m"), "memory": resource.MustParse("64Mi")},
}

func TestTemplate(t *testing.T) {
	for name, build := range map[string]cdktest.Build{
		"web/template": func(chart cdk8s.Chart) { web(chart, django.WebProps{Pod: fullTemplate, Replicas: new(2)}) },
		"web/existing service account": func(chart cdk8s.Chart) {
			web(chart, django.WebProps{Pod: pod.Template{ServiceAccount: pod.ServiceAccount{Existing: "shop"}}})
		},
		"web/resolver of its own": func(chart cdk8s.Chart) {
			web(chart, django.WebProps{Pod: pod.Template{
				DNSPolicy: corev1.DNSNone, DNSConfig: &corev1.PodDNSConfig{Nameservers: []string{"192.0.2.53"}},
			}})
		},
		"migration/template": buildMigration(django.MigrationProps{Pod: fullTemplate}, waiting),
		"command/template":   buildCommand(django.ScheduledCommandProps{Pod: fullTemplate}, waiting),
	} {
		t.Run(name, func(t *testing.T) { cdktest.Golden(t, name, build) })
	}
}

func TestEveryFieldOfTheTemplate(t *testing.T) {
	cdktest.EveryField(t, pod.Template{}, fullTemplate, func(chart cdk8s.Chart, template pod.Template) {
		buildWorker(django.WorkerProps{Pod: template}, nil)(chart)
	})
}

// Every process of a project takes every field of a Template.
func TestEveryProcessTakesTheTemplate(t *testing.T) {
	for name, build := range map[string]func(t pod.Template) cdktest.Build{
		"web": withPod,
		"migration": func(t pod.Template) cdktest.Build {
			return buildMigration(django.MigrationProps{Pod: t}, waiting)
		},
		"beat": func(t pod.Template) cdktest.Build { return buildBeat(django.BeatProps{Pod: t}, nil) },
		"command": func(t pod.Template) cdktest.Build {
			return buildCommand(django.ScheduledCommandProps{Pod: t}, nil)
		},
		"process": func(t pod.Template) cdktest.Build {
			return buildProcess(django.ProcessProps{NameSuffix: "channels", Command: []string{"daphne"}, Pod: t}, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			cdktest.EveryField(t, pod.Template{}, fullTemplate, func(chart cdk8s.Chart, template pod.Template) {
				build(template)(chart)
			})
		})
	}
}

func TestEveryFieldOfTheServiceAccount(t *testing.T) {
	// An account that is made has annotations, and another has none.
	annotations := map[string]string{"iam.gke.io/gcp-service-account": "shop@example.iam.gserviceaccount.com"}
	full := pod.ServiceAccount{Existing: "shop", Annotations: annotations, AutomountToken: true}
	cdktest.EveryField(t, pod.ServiceAccount{}, full, func(chart cdk8s.Chart, account pod.ServiceAccount) {
		buildWorker(django.WorkerProps{Pod: pod.Template{ServiceAccount: account}}, nil)(chart)
	})
}

func TestEveryFieldOfRolloutProbesAndService(t *testing.T) {
	t.Run("rollout", func(t *testing.T) {
		full := pod.Rollout{MaxSurge: 3, MaxUnavailable: 1, MinReadySeconds: 5, ProgressDeadlineSeconds: 300}
		cdktest.EveryField(t, pod.Rollout{}, full, func(chart cdk8s.Chart, rollout pod.Rollout) {
			web(chart, django.WebProps{Rollout: rollout})
		})
	})
	probe := django.Probe{PeriodSeconds: 3, TimeoutSeconds: 2, FailureThreshold: 9}
	t.Run("probes", func(t *testing.T) {
		full := django.Probes{Startup: probe, Readiness: probe, Liveness: probe}
		cdktest.EveryField(t, django.Probes{}, full, func(chart cdk8s.Chart, probes django.Probes) {
			web(chart, django.WebProps{Probes: probes})
		})
	})
	t.Run("probe", func(t *testing.T) {
		cdktest.EveryField(t, django.Probe{}, probe, func(chart cdk8s.Chart, probe django.Probe) {
			web(chart, django.WebProps{Probes: django.Probes{Liveness: probe}})
		})
	})
	t.Run("service", func(t *testing.T) {
		full := pod.Service{
			Annotations: map[string]string{"service.beta.kubernetes.io/aws-load-balancer-type": "external"},
			Type:        corev1.ServiceTypeLoadBalancer, SessionAffinity: corev1.ServiceAffinityClientIP,
		}
		cdktest.EveryField(t, pod.Service{}, full, func(chart cdk8s.Chart, service pod.Service) {
			web(chart, django.WebProps{Service: service})
		})
	})
}
