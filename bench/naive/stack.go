package main

import (
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"
)

const (
	image     = "docker.io/example/django-app:1.0.0"
	env       = "django-env-secret"
	generator = env + "-generate"
	job       = generator + "-9365ec49"
	tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount"

	waveKey  = "argocd.argoproj.io/sync-wave"
	groupKey = "kapp.k14s.io/change-group"
	ruleKey  = "kapp.k14s.io/change-rule"
)

const lockScript = `exec 9>>"$0"
flock -n 9 || { echo "waiting for the server before this one to end"; flock 9; }
exec docker-entrypoint.sh "$@"`

const readyScript = `exec pg_isready -h 127.0.0.1 -U "$POSTGRES_USER" -d "$POSTGRES_DB"`

const takeOverScript = `pg_isready -q -h 127.0.0.1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" || exit 1
log=/proc/1/fd/2
( : >>"$log" ) 2>/dev/null || log=/dev/null
psql -qX -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" >>"$log" 2>&1 <<'SQL' ||
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
\set role ` + "`printenv POSTGRES_USER`" + `
\set password ` + "`printenv POSTGRES_PASSWORD`" + `
ALTER ROLE :"role" PASSWORD :'password';
SQL
echo "the role keeps its password, which may be another than the Secret's" >>"$log"
exit 0`

var generatedKeys = []string{"POSTGRES_PASSWORD", "SECRET_KEY"}

var (
	generateScript = script("generate.py")
	pruneScript    = script("prune.py")
)

func script(name string) string {
	content, err := os.ReadFile(filepath.Join("..", "..", "internal", "script", name))
	if err != nil {
		log.Fatal(err)
	}
	return string(content)
}

// NewDjangoStack adds the objects of the default app, in a namespace called id.
func NewDjangoStack(scope constructs.Construct, id string, isolated bool) cdk8s.Chart {
	chart := cdk8s.NewChart(scope, &id, &cdk8s.ChartProps{
		Namespace:                 &id,
		DisableResourceNameHashes: jsii.Bool(true),
	})
	labels := func(name, component, program string) *map[string]*string {
		return &map[string]*string{
			"app":                          &name,
			"app.kubernetes.io/component":  &component,
			"app.kubernetes.io/instance":   &name,
			"app.kubernetes.io/managed-by": jsii.String("cdk8s"),
			"app.kubernetes.io/name":       &program,
			"app.kubernetes.io/part-of":    &id,
		}
	}

	namespace := k8s.NewKubeNamespace(chart, jsii.String("namespace"), &k8s.KubeNamespaceProps{
		Metadata: &k8s.ObjectMeta{
			Name:        &id,
			Annotations: keepData("-4"),
			Labels: &map[string]*string{
				"app.kubernetes.io/managed-by":       jsii.String("cdk8s"),
				"app.kubernetes.io/part-of":          &id,
				"pod-security.kubernetes.io/audit":   jsii.String("restricted"),
				"pod-security.kubernetes.io/enforce": jsii.String("restricted"),
				"pod-security.kubernetes.io/warn":    jsii.String("restricted"),
			},
		},
	})
	// The chart gives its own namespace to every object.
	namespace.AddJsonPatch(cdk8s.JsonPatch_Remove(jsii.String("/metadata/namespace")))

	secretAnnotations := keepData("-4")
	(*secretAnnotations)["kapp.k14s.io/update-strategy"] = jsii.String("skip")
	(*secretAnnotations)["kustomize.toolkit.fluxcd.io/ssa"] = jsii.String("Merge")
	(*secretAnnotations)["django-cdk8s.example.com/generated-keys"] = jsii.String(strings.Join(generatedKeys, ","))
	k8s.NewKubeSecret(chart, jsii.String("secret"), &k8s.KubeSecretProps{
		Metadata: &k8s.ObjectMeta{
			Name:        jsii.String(env),
			Annotations: secretAnnotations,
			Labels:      labels(env, "credentials", "django"),
		},
		Type:      jsii.String("Opaque"),
		Immutable: jsii.Bool(false),
		StringData: &map[string]*string{
			"POSTGRES_DB":   jsii.String("django"),
			"POSTGRES_USER": jsii.String("django"),
		},
	})

	addGenerator(chart, id, labels(generator, "credentials", "django"))
	addDatabase(chart, id, labels("postgres", "database", "postgresql"))
	addWeb(chart, id, labels("django", "web", "django"))
	if isolated {
		addPolicies(chart, func(name string) *map[string]*string { return labels(name, "isolation", "kubernetes") })
	}
	return chart
}

func addGenerator(chart cdk8s.Chart, namespace string, labels *map[string]*string) {
	metadata := &k8s.ObjectMeta{Name: jsii.String(generator), Annotations: inWave("-4"), Labels: labels}
	k8s.NewKubeServiceAccount(chart, jsii.String("generator-account"), &k8s.KubeServiceAccountProps{
		Metadata:                     metadata,
		AutomountServiceAccountToken: jsii.Bool(false),
	})
	k8s.NewKubeRole(chart, jsii.String("generator-role"), &k8s.KubeRoleProps{
		Metadata: metadata,
		Rules: &[]*k8s.PolicyRule{
			{
				ApiGroups:     jsii.Strings(""),
				Resources:     jsii.Strings("secrets"),
				ResourceNames: jsii.Strings(env),
				Verbs:         jsii.Strings("get", "patch"),
			},
			{
				ApiGroups: jsii.Strings("batch"),
				Resources: jsii.Strings("jobs"),
				Verbs:     jsii.Strings("list", "delete"),
			},
			{
				ApiGroups:     jsii.Strings("batch"),
				Resources:     jsii.Strings("jobs"),
				ResourceNames: jsii.Strings(job),
				Verbs:         jsii.Strings("patch"),
			},
		},
	})
	k8s.NewKubeRoleBinding(chart, jsii.String("generator-binding"), &k8s.KubeRoleBindingProps{
		Metadata: metadata,
		RoleRef: &k8s.RoleRef{
			ApiGroup: jsii.String("rbac.authorization.k8s.io"),
			Kind:     jsii.String("Role"),
			Name:     jsii.String(generator),
		},
		Subjects: &[]*k8s.Subject{{
			Kind:      jsii.String("ServiceAccount"),
			Name:      jsii.String(generator),
			Namespace: &namespace,
		}},
	})

	mounts := &[]*k8s.VolumeMount{{
		Name:      jsii.String("api"),
		MountPath: jsii.String(tokenPath),
		ReadOnly:  jsii.Bool(true),
	}}
	k8s.NewKubeJob(chart, jsii.String("generator-job"), &k8s.KubeJobProps{
		Metadata: &k8s.ObjectMeta{
			Name: jsii.String(job),
			Annotations: &map[string]*string{
				waveKey:  jsii.String("-4"),
				groupKey: group(namespace, "credentials"),
			},
			Labels: labels,
		},
		Spec: &k8s.JobSpec{
			BackoffLimit: jsii.Number(6),
			Template: &k8s.PodTemplateSpec{
				Metadata: &k8s.ObjectMeta{Labels: labels},
				Spec: &k8s.PodSpec{
					ServiceAccountName:           jsii.String(generator),
					AutomountServiceAccountToken: jsii.Bool(false),
					EnableServiceLinks:           jsii.Bool(false),
					RestartPolicy:                jsii.String("Never"),
					SecurityContext:              podSecurity(1000),
					InitContainers: &[]*k8s.Container{{
						Name:            jsii.String("prune"),
						Image:           jsii.String(image),
						ImagePullPolicy: jsii.String("IfNotPresent"),
						Command:         jsii.Strings("python3", "-I", "-c", pruneScript, generator, "3"),
						Resources:       resources("50m", "64Mi", "500m", "256Mi"),
						SecurityContext: containerSecurity(),
						VolumeMounts:    mounts,
					}},
					Containers: &[]*k8s.Container{{
						Name:            jsii.String("generate"),
						Image:           jsii.String(image),
						ImagePullPolicy: jsii.String("IfNotPresent"),
						Command:         jsii.Strings("python3", "-I", "-c", generateScript),
						Args:            jsii.Strings(append([]string{env}, generatedKeys...)...),
						Resources:       resources("50m", "64Mi", "500m", "256Mi"),
						SecurityContext: containerSecurity(),
						VolumeMounts:    mounts,
					}},
					Volumes: &[]*k8s.Volume{{
						Name: jsii.String("api"),
						Projected: &k8s.ProjectedVolumeSource{Sources: &[]*k8s.VolumeProjection{
							{ServiceAccountToken: &k8s.ServiceAccountTokenProjection{
								Path:              jsii.String("token"),
								ExpirationSeconds: jsii.Number(3600),
							}},
							{ConfigMap: &k8s.ConfigMapProjection{
								Name:  jsii.String("kube-root-ca.crt"),
								Items: &[]*k8s.KeyToPath{{Key: jsii.String("ca.crt"), Path: jsii.String("ca.crt")}},
							}},
							{DownwardApi: &k8s.DownwardApiProjection{Items: &[]*k8s.DownwardApiVolumeFile{
								field("namespace", "metadata.namespace"),
								field("job", "metadata.labels['batch.kubernetes.io/job-name']"),
							}}},
						}},
					}},
				},
			},
		},
	})
}

func addDatabase(chart cdk8s.Chart, namespace string, labels *map[string]*string) {
	claimAnnotations := keepData("-3")
	(*claimAnnotations)["django-cdk8s.example.com/postgresql-major"] = jsii.String("15")
	k8s.NewKubePersistentVolumeClaim(chart, jsii.String("database-claim"), &k8s.KubePersistentVolumeClaimProps{
		Metadata: &k8s.ObjectMeta{Name: jsii.String("postgres-pvc"), Annotations: claimAnnotations, Labels: labels},
		Spec: &k8s.PersistentVolumeClaimSpec{
			AccessModes: jsii.Strings("ReadWriteOnce"),
			Resources:   &k8s.ResourceRequirements{Requests: &map[string]k8s.Quantity{"storage": quantity("5Gi")}},
		},
	})

	name := jsii.String("postgres")
	shell := func(script string) *k8s.ExecAction {
		return &k8s.ExecAction{Command: jsii.Strings("sh", "-c", script)}
	}
	k8s.NewKubeDeployment(chart, jsii.String("database"), &k8s.KubeDeploymentProps{
		Metadata: &k8s.ObjectMeta{
			Name: name,
			Annotations: &map[string]*string{
				waveKey:  jsii.String("-3"),
				groupKey: group(namespace, "database"),
				ruleKey:  after(namespace, "credentials"),
			},
			Labels: labels,
		},
		Spec: &k8s.DeploymentSpec{
			Replicas:                jsii.Number(1),
			ProgressDeadlineSeconds: jsii.Number(2100),
			Selector:                &k8s.LabelSelector{MatchLabels: &map[string]*string{"app": name}},
			Strategy:                &k8s.DeploymentStrategy{Type: jsii.String("Recreate")},
			Template: &k8s.PodTemplateSpec{
				Metadata: &k8s.ObjectMeta{Labels: labels},
				Spec: &k8s.PodSpec{
					AutomountServiceAccountToken:  jsii.Bool(false),
					EnableServiceLinks:            jsii.Bool(false),
					TerminationGracePeriodSeconds: jsii.Number(120),
					SecurityContext:               podSecurity(999),
					Containers: &[]*k8s.Container{{
						Name:            name,
						Image:           jsii.String("postgres:15-bookworm"),
						ImagePullPolicy: jsii.String("IfNotPresent"),
						Command:         jsii.Strings("sh", "-c", lockScript, "/var/lib/postgresql/data/server.lock"),
						Args: jsii.Strings("postgres",
							"-c", "effective_cache_size=512MB", "-c", "maintenance_work_mem=64MB",
							"-c", "shared_buffers=256MB", "-c", "work_mem=2621kB"),
						Ports: &[]*k8s.ContainerPort{{Name: name, ContainerPort: jsii.Number(5432)}},
						Env: &[]*k8s.EnvVar{
							value("PGDATA", "/var/lib/postgresql/data/pgdata"),
							value("POSTGRES_INITDB_ARGS", "--data-checksums"),
							fromSecret("POSTGRES_DB", "POSTGRES_DB"),
							fromSecret("POSTGRES_USER", "POSTGRES_USER"),
							fromSecret("POSTGRES_PASSWORD", "POSTGRES_PASSWORD"),
						},
						StartupProbe: &k8s.Probe{
							Exec:             shell(takeOverScript),
							PeriodSeconds:    jsii.Number(5),
							TimeoutSeconds:   jsii.Number(5),
							FailureThreshold: jsii.Number(360),
						},
						ReadinessProbe: &k8s.Probe{
							Exec:             shell(readyScript),
							PeriodSeconds:    jsii.Number(10),
							TimeoutSeconds:   jsii.Number(5),
							FailureThreshold: jsii.Number(3),
						},
						Resources:       resources("500m", "512Mi", "1", "1Gi"),
						SecurityContext: containerSecurity(),
						VolumeMounts: &[]*k8s.VolumeMount{
							mount("data", "/var/lib/postgresql/data"),
							mount("shm", "/dev/shm"),
							mount("run", "/var/run/postgresql"),
							mount("tmp", "/tmp"),
						},
					}},
					Volumes: &[]*k8s.Volume{
						{
							Name: jsii.String("data"),
							PersistentVolumeClaim: &k8s.PersistentVolumeClaimVolumeSource{
								ClaimName: jsii.String("postgres-pvc"),
							},
						},
						memory("shm", "256Mi"),
						emptyDir("run", "16Mi"),
						emptyDir("tmp", "1Gi"),
					},
				},
			},
		},
	})
	addService(chart, "postgres", "postgres", 5432, inWave("-3"), labels)
}

func addWeb(chart cdk8s.Chart, namespace string, labels *map[string]*string) {
	name := jsii.String("django")
	var hosts, origins []string
	inside := "." + namespace
	for _, domain := range []string{"", inside, inside + ".svc", inside + ".svc.cluster.local"} {
		hosts = append(hosts, *name+domain)
		origins = append(origins, "http://"+*name+domain+":8000")
	}
	probe := func(period, timeout, failures float64) *k8s.Probe {
		return &k8s.Probe{
			HttpGet: &k8s.HttpGetAction{
				Path:        jsii.String("/login"),
				Port:        k8s.IntOrString_FromString(jsii.String("http")),
				HttpHeaders: &[]*k8s.HttpHeader{{Name: jsii.String("Host"), Value: name}},
			},
			PeriodSeconds:    &period,
			TimeoutSeconds:   &timeout,
			FailureThreshold: &failures,
		}
	}
	k8s.NewKubeDeployment(chart, jsii.String("web"), &k8s.KubeDeploymentProps{
		Metadata: &k8s.ObjectMeta{
			Name:        name,
			Annotations: &map[string]*string{ruleKey: after(namespace, "database")},
			Labels:      labels,
		},
		Spec: &k8s.DeploymentSpec{
			Replicas: jsii.Number(1),
			Selector: &k8s.LabelSelector{MatchLabels: &map[string]*string{"app": name}},
			Strategy: &k8s.DeploymentStrategy{
				Type:          jsii.String("RollingUpdate"),
				RollingUpdate: &k8s.RollingUpdateDeployment{MaxSurge: number(1), MaxUnavailable: number(0)},
			},
			Template: &k8s.PodTemplateSpec{
				Metadata: &k8s.ObjectMeta{Labels: labels},
				Spec: &k8s.PodSpec{
					AutomountServiceAccountToken:  jsii.Bool(false),
					EnableServiceLinks:            jsii.Bool(false),
					TerminationGracePeriodSeconds: jsii.Number(50),
					SecurityContext:               podSecurity(1000),
					Containers: &[]*k8s.Container{{
						Name:            name,
						Image:           jsii.String(image),
						ImagePullPolicy: jsii.String("IfNotPresent"),
						Ports:           &[]*k8s.ContainerPort{{Name: jsii.String("http"), ContainerPort: jsii.Number(8000)}},
						EnvFrom:         &[]*k8s.EnvFromSource{{SecretRef: &k8s.SecretEnvSource{Name: jsii.String(env)}}},
						Env: &[]*k8s.EnvVar{
							value("POSTGRES_HOST", "postgres."+namespace+".svc"),
							value("POSTGRES_PORT", "5432"),
							fromSecret("POSTGRES_DB", "POSTGRES_DB"),
							fromSecret("POSTGRES_USER", "POSTGRES_USER"),
							fromSecret("POSTGRES_PASSWORD", "POSTGRES_PASSWORD"),
							fromSecret("PGUSER", "POSTGRES_USER"),
							fromSecret("PGPASSWORD", "POSTGRES_PASSWORD"),
							value("DATABASE_URL", "postgres://$(POSTGRES_HOST):$(POSTGRES_PORT)/$(POSTGRES_DB)"),
							fromSecret("SECRET_KEY", "SECRET_KEY"),
							value("ALLOWED_HOSTS", strings.Join(hosts, ",")),
							value("CSRF_TRUSTED_ORIGINS", strings.Join(origins, ",")),
							value("PORT", "8000"),
							value("GUNICORN_CMD_ARGS", "--workers=3 --threads=1 --timeout=30 "+
								"--graceful-timeout=30 --worker-tmp-dir=/run/gunicorn"),
						},
						Lifecycle: &k8s.Lifecycle{
							PreStop: &k8s.LifecycleHandler{Exec: &k8s.ExecAction{Command: jsii.Strings("sleep", "10")}},
						},
						StartupProbe:    probe(5, 5, 60),
						ReadinessProbe:  probe(10, 5, 3),
						LivenessProbe:   probe(20, 10, 6),
						Resources:       resources("500m", "512Mi", "1", "1Gi"),
						SecurityContext: containerSecurity(),
						VolumeMounts: &[]*k8s.VolumeMount{
							mount("tmp", "/tmp"),
							mount("gunicorn", "/run/gunicorn"),
						},
					}},
					Volumes: &[]*k8s.Volume{
						emptyDir("tmp", "1Gi"),
						memory("gunicorn", "1Mi"),
					},
				},
			},
		},
	})
	addService(chart, "django", "http", 8000, nil, labels)
}

func addService(chart cdk8s.Chart, name, portName string, port float64, annotations, labels *map[string]*string) {
	k8s.NewKubeService(chart, jsii.String(name+"-service"), &k8s.KubeServiceProps{
		Metadata: &k8s.ObjectMeta{Name: &name, Annotations: annotations, Labels: labels},
		Spec: &k8s.ServiceSpec{
			Type:     jsii.String("ClusterIP"),
			Ports:    &[]*k8s.ServicePort{{Name: &portName, Port: &port, TargetPort: number(port)}},
			Selector: &map[string]*string{"app": &name},
		},
	})
}

func addPolicies(chart cdk8s.Chart, labels func(name string) *map[string]*string) {
	add := func(name string, spec *k8s.NetworkPolicySpec) {
		k8s.NewKubeNetworkPolicy(chart, jsii.String("policy-"+name), &k8s.KubeNetworkPolicyProps{
			Metadata: &k8s.ObjectMeta{Name: &name, Annotations: inWave("-4"), Labels: labels(name)},
			Spec:     spec,
		})
	}
	pods := func(label, value string) *k8s.LabelSelector {
		return &k8s.LabelSelector{MatchLabels: &map[string]*string{label: &value}}
	}
	port := func(port float64, protocol string) *k8s.NetworkPolicyPort {
		return &k8s.NetworkPolicyPort{Port: number(port), Protocol: &protocol}
	}

	add("default-deny", &k8s.NetworkPolicySpec{
		PodSelector: &k8s.LabelSelector{},
		PolicyTypes: jsii.Strings("Ingress", "Egress"),
	})
	add("allow-dns", &k8s.NetworkPolicySpec{
		PodSelector: &k8s.LabelSelector{},
		PolicyTypes: jsii.Strings("Egress"),
		Egress: &[]*k8s.NetworkPolicyEgressRule{{
			Ports: &[]*k8s.NetworkPolicyPort{port(53, "UDP"), port(53, "TCP")},
			To: &[]*k8s.NetworkPolicyPeer{{
				NamespaceSelector: pods("kubernetes.io/metadata.name", "kube-system"),
				PodSelector:       pods("k8s-app", "kube-dns"),
			}},
		}},
	})
	add("django", &k8s.NetworkPolicySpec{
		PodSelector: pods("app", "django"),
		PolicyTypes: jsii.Strings("Egress"),
		Egress: &[]*k8s.NetworkPolicyEgressRule{{
			Ports: &[]*k8s.NetworkPolicyPort{port(5432, "TCP")},
			To:    &[]*k8s.NetworkPolicyPeer{{PodSelector: pods("app", "postgres")}},
		}},
	})
	add(generator, &k8s.NetworkPolicySpec{
		PodSelector: pods("app", generator),
		PolicyTypes: jsii.Strings("Egress"),
		Egress: &[]*k8s.NetworkPolicyEgressRule{{
			Ports: &[]*k8s.NetworkPolicyPort{port(443, "TCP"), port(6443, "TCP")},
			To:    &[]*k8s.NetworkPolicyPeer{{IpBlock: &k8s.IpBlock{Cidr: jsii.String("0.0.0.0/0")}}},
		}},
	})
	add("postgres", &k8s.NetworkPolicySpec{
		PodSelector: pods("app", "postgres"),
		PolicyTypes: jsii.Strings("Ingress"),
		Ingress: &[]*k8s.NetworkPolicyIngressRule{{
			Ports: &[]*k8s.NetworkPolicyPort{port(5432, "TCP")},
			From:  &[]*k8s.NetworkPolicyPeer{{PodSelector: pods("app", "django")}},
		}},
	})
}

func inWave(wave string) *map[string]*string { return &map[string]*string{waveKey: &wave} }

func group(namespace, name string) *string {
	return jsii.String(namespace + ".django-cdk8s.example.com/" + name)
}

func after(namespace, name string) *string {
	return jsii.String("upsert after upserting " + *group(namespace, name))
}

func keepData(wave string) *map[string]*string {
	return &map[string]*string{
		waveKey:                             &wave,
		"argocd.argoproj.io/sync-options":   jsii.String("Prune=false,Delete=false"),
		"kapp.k14s.io/delete-strategy":      jsii.String("orphan"),
		"kustomize.toolkit.fluxcd.io/prune": jsii.String("disabled"),
	}
}

func containerSecurity() *k8s.SecurityContext {
	return &k8s.SecurityContext{
		AllowPrivilegeEscalation: jsii.Bool(false),
		Capabilities:             &k8s.Capabilities{Drop: jsii.Strings("ALL")},
		ReadOnlyRootFilesystem:   jsii.Bool(true),
	}
}

func podSecurity(user float64) *k8s.PodSecurityContext {
	return &k8s.PodSecurityContext{
		FsGroup:             &user,
		FsGroupChangePolicy: jsii.String("OnRootMismatch"),
		RunAsGroup:          &user,
		RunAsNonRoot:        jsii.Bool(true),
		RunAsUser:           &user,
		SeccompProfile:      &k8s.SeccompProfile{Type: jsii.String("RuntimeDefault")},
	}
}

func resources(cpu, memory, maxCPU, maxMemory string) *k8s.ResourceRequirements {
	return &k8s.ResourceRequirements{
		Requests: &map[string]k8s.Quantity{"cpu": quantity(cpu), "memory": quantity(memory)},
		Limits:   &map[string]k8s.Quantity{"cpu": quantity(maxCPU), "memory": quantity(maxMemory)},
	}
}

func quantity(text string) k8s.Quantity { return k8s.Quantity_FromString(&text) }

func number(n float64) k8s.IntOrString { return k8s.IntOrString_FromNumber(&n) }

func value(name, value string) *k8s.EnvVar { return &k8s.EnvVar{Name: &name, Value: &value} }

func fromSecret(name, key string) *k8s.EnvVar {
	return &k8s.EnvVar{
		Name:      &name,
		ValueFrom: &k8s.EnvVarSource{SecretKeyRef: &k8s.SecretKeySelector{Name: jsii.String(env), Key: &key}},
	}
}

func field(file, path string) *k8s.DownwardApiVolumeFile {
	return &k8s.DownwardApiVolumeFile{
		Path:     &file,
		FieldRef: &k8s.ObjectFieldSelector{ApiVersion: jsii.String("v1"), FieldPath: &path},
	}
}

func mount(name, path string) *k8s.VolumeMount {
	return &k8s.VolumeMount{Name: &name, MountPath: &path}
}

func emptyDir(name, size string) *k8s.Volume {
	return &k8s.Volume{Name: &name, EmptyDir: &k8s.EmptyDirVolumeSource{SizeLimit: quantity(size)}}
}

func memory(name, size string) *k8s.Volume {
	return &k8s.Volume{
		Name:     &name,
		EmptyDir: &k8s.EmptyDirVolumeSource{Medium: jsii.String("Memory"), SizeLimit: quantity(size)},
	}
}
