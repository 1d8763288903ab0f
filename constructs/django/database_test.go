package django_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
)

// overTLS gives props a database elsewhere with the given TLS.
func overTLS(chart cdk8s.Chart, t postgres.TLS) postgres.Connection {
	return postgres.Connection{Host: "db.example.com", Secret: environment(chart, "django-env-secret"), TLS: t}
}

func withTLS(t postgres.TLS, change ...func(props *django.WebProps)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := django.WebProps{Project: django.Project{Database: overTLS(chart, t)}}
		for _, c := range change {
			c(&props)
		}
		withWeb(props)(chart)
	}
}

var wrongTLS = map[string]mistake{
	"unknown mode": {
		withTLS(postgres.TLS{Mode: "on"}), `test/web: Project.Database.TLS.Mode: "on": must be one of`,
	},
	"mode without a check": {
		withTLS(postgres.TLS{Mode: "prefer"}), `test/web: Project.Database.TLS.Mode: "prefer": must be one of`,
	},
	"mode in capitals": {
		withTLS(postgres.TLS{Mode: "VERIFY-FULL", CAFile: "/ca.crt"}),
		`test/web: Project.Database.TLS.Mode: "VERIFY-FULL": must be one of`,
	},
	"verification without an authority": {
		withTLS(postgres.TLS{Mode: postgres.SSLVerifyFull}),
		`test/web: Project.Database.TLS.Mode: "verify-full": needs the certificate of an authority`,
	},
	"half a verification without an authority": {
		withTLS(postgres.TLS{Mode: postgres.SSLVerifyCA, ClientSecret: "client"}),
		`test/web: Project.Database.TLS.Mode: "verify-ca": needs the certificate of an authority`,
	},
	"authority that is not asked": {
		withTLS(postgres.TLS{Mode: postgres.SSLRequire, CASecret: "ca"}),
		`test/web: Project.Database.TLS.Mode: "require": checks no certificate`,
	},
	"client without TLS": {
		withTLS(postgres.TLS{Mode: postgres.SSLDisable, ClientSecret: "client"}),
		`test/web: Project.Database.TLS.Mode: "disable": must be given alone`,
	},
	"authority without TLS": {
		withTLS(postgres.TLS{Mode: postgres.SSLDisable, CASecret: "ca"}),
		`test/web: Project.Database.TLS.Mode: "disable": must be given alone`,
	},
	"any host of the public authorities": {
		withTLS(postgres.TLS{Mode: postgres.SSLVerifyCA, CAFile: postgres.SystemCA}),
		`test/web: Project.Database.TLS.Mode: "verify-ca": must be verify-full`,
	},
	"two authorities": {
		withTLS(postgres.TLS{CASecret: "ca", CAConfigMap: "ca"}),
		`test/web: Project.Database.TLS.CASecret: "ca": at most one of`,
	},
	"authority and file": {
		withTLS(postgres.TLS{CAConfigMap: "ca", CAFile: "/etc/ca.crt"}),
		`test/web: Project.Database.TLS.CASecret: "ca": at most one of`,
	},
	"name of a Secret": {
		withTLS(postgres.TLS{CASecret: "Database CA"}), `test/web: Project.Database.TLS.CASecret: "Database CA": must be`,
	},
	"name of a ConfigMap": {
		withTLS(postgres.TLS{CAConfigMap: "ca/crt"}), `test/web: Project.Database.TLS.CAConfigMap: "ca/crt": must be`,
	},
	"name of the client's Secret": {
		withTLS(postgres.TLS{ClientSecret: "client_1"}), `test/web: Project.Database.TLS.ClientSecret: "client_1": must be`,
	},
	"file that is relative": {
		withTLS(postgres.TLS{CAFile: "ca.crt"}), `test/web: Project.Database.TLS.CAFile: "ca.crt": must be an absolute path`,
	},
	"key of no object": {
		withTLS(postgres.TLS{CAFile: "/ca.crt", CAKey: "ca.crt"}),
		`test/web: Project.Database.TLS.CAKey: "ca.crt": must not be given without CASecret or CAConfigMap`,
	},
	"key that is a path": {
		withTLS(postgres.TLS{CASecret: "ca", CAKey: "certs/ca.crt"}),
		`test/web: Project.Database.TLS.CAKey: "certs/ca.crt": must be`,
	},
	"variable of the mode": {
		withTLS(postgres.TLS{Mode: postgres.SSLRequire}, func(p *django.WebProps) {
			p.Env = map[string]string{"PGSSLMODE": "disable"}
		}),
		`test/web: Env[PGSSLMODE]: "...": is managed; set Database.TLS instead`,
	},
	"variable of the authority": {
		withTLS(postgres.TLS{CASecret: "ca"}, func(p *django.WebProps) {
			p.Project.Env = map[string]string{"PGSSLROOTCERT": "/ca.crt"}
		}),
		`test/web: Project.Env[PGSSLROOTCERT]: "...": is managed; set Database.TLS instead`,
	},
	"path of the certificates": {
		withTLS(postgres.TLS{CASecret: "ca"}, func(p *django.WebProps) {
			p.Pod.Volumes = []pod.Volume{{MountPath: "/etc/postgresql-tls", EmptyDir: "1Mi"}}
		}),
		`test/web: Pod.Volumes[0].MountPath: "/etc/postgresql-tls": must be another path: the construct mounts`,
	},
	"name of the volume": {
		withTLS(postgres.TLS{CASecret: "ca"}, func(p *django.WebProps) {
			p.Pod.Volumes = []pod.Volume{{MountPath: "/data", Name: "database-tls", EmptyDir: "1Mi"}}
		}),
		`test/web: Pod.Volumes[0].Name: "database-tls": must be another`,
	},
}

func TestWrongTLS(t *testing.T) { checkMistakes(t, wrongTLS) }

// TestSettingsOfTLS compares what libpq reads: the variables, and the
// parameters of the URL.
func TestSettingsOfTLS(t *testing.T) {
	const files = "/etc/postgresql-tls/"
	for name, tc := range map[string]struct {
		tls  postgres.TLS
		want map[string]string
	}{
		"nothing":     {postgres.TLS{}, nil},
		"none":        {postgres.TLS{Mode: postgres.SSLDisable}, map[string]string{"PGSSLMODE": "disable"}},
		"any":         {postgres.TLS{Mode: postgres.SSLRequire}, map[string]string{"PGSSLMODE": "require"}},
		"a Secret":    {postgres.TLS{CASecret: "ca"}, map[string]string{"PGSSLMODE": "verify-full", "PGSSLROOTCERT": files + "ca.crt"}},
		"a ConfigMap": {postgres.TLS{CAConfigMap: "ca"}, map[string]string{"PGSSLMODE": "verify-full", "PGSSLROOTCERT": files + "ca.crt"}},
		"any host": {
			postgres.TLS{Mode: postgres.SSLVerifyCA, CASecret: "ca", CAKey: "root.pem"},
			map[string]string{"PGSSLMODE": "verify-ca", "PGSSLROOTCERT": files + "ca.crt"},
		},
		"a file": {
			postgres.TLS{CAFile: "/app/certs/database ca.pem"},
			map[string]string{"PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/app/certs/database ca.pem"},
		},
		"the image": {
			postgres.TLS{CAFile: postgres.SystemCA}, map[string]string{"PGSSLMODE": "verify-full", "PGSSLROOTCERT": "system"},
		},
		"a client": {
			postgres.TLS{ClientSecret: "client"},
			map[string]string{"PGSSLMODE": "require", "PGSSLCERT": files + "tls.crt", "PGSSLKEY": files + "tls.key"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			site := one[*appsv1.Deployment](t, func(chart cdk8s.Chart) {
				web(chart, django.WebProps{Project: django.Project{Database: overTLS(chart, tc.tls)}})
			}).Spec.Template.Spec.Containers[0]
			got, address := map[string]string{}, ""
			for _, v := range site.Env {
				if strings.HasPrefix(v.Name, "PGSSL") {
					got[v.Name] = v.Value
				}
				if v.Name == "DATABASE_URL" {
					address = v.Value
				}
			}
			if !maps.Equal(got, tc.want) {
				t.Errorf("%v, want %v", got, tc.want)
			}
			if want := urlOf(tc.want); address != want {
				t.Errorf("DATABASE_URL: %s, want %s", address, want)
			}
		})
	}
}

// urlOf writes the address of the database with settings as its parameters.
func urlOf(settings map[string]string) string {
	address, sep := "postgres://$(POSTGRES_HOST):$(POSTGRES_PORT)/$(POSTGRES_DB)", "?"
	encode := strings.NewReplacer("/", "%2F", " ", "+")
	for _, name := range []string{"PGSSLCERT", "PGSSLKEY", "PGSSLMODE", "PGSSLROOTCERT"} {
		if value := settings[name]; value != "" {
			address += sep + strings.ToLower(strings.TrimPrefix(name, "PG")) + "=" + encode.Replace(value)
			sep = "&"
		}
	}
	return address
}

// TestCertificatesReachEveryProcess asks for the files in every container of
// every process, with the permission that libpq asks for.
func TestCertificatesReachEveryProcess(t *testing.T) {
	build := func(chart cdk8s.Chart) {
		p := django.Project{
			Image: "shop:1", WaitForMigrations: true,
			Database: overTLS(chart, postgres.TLS{CAConfigMap: "database-ca", CAKey: "root.pem", ClientSecret: "shop-client"}),
		}
		django.NewWeb(chart, "web", django.WebProps{Project: p, StaticRoot: "/app/static", DeployCheck: django.CheckError})
		django.NewMigration(chart, "migration", django.MigrationProps{Project: p})
		django.NewProcess(chart, "process", django.ProcessProps{Project: p, NameSuffix: "queue", Command: []string{"queue"}})
		django.NewScheduledCommand(chart, "command", django.ScheduledCommandProps{
			Project: p, NameSuffix: "clean", Args: []string{"clean"}, Schedule: "@daily", TimeZone: "Etc/UTC",
		})
	}
	var pods []corev1.PodSpec
	for _, d := range workloads[*appsv1.Deployment](t, build) {
		pods = append(pods, d.Spec.Template.Spec)
	}
	for _, j := range workloads[*batchv1.Job](t, build) {
		pods = append(pods, j.Spec.Template.Spec)
	}
	for _, c := range workloads[*batchv1.CronJob](t, build) {
		pods = append(pods, c.Spec.JobTemplate.Spec.Template.Spec)
	}
	if len(pods) != 4 {
		t.Fatalf("%d pods, want 4", len(pods))
	}
	for _, spec := range pods {
		source := volume(spec, "database-tls").Projected
		if source == nil || *source.DefaultMode != 0o440 {
			t.Fatalf("%s: the files are %v", spec.Containers[0].Name, source)
		}
		for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
			mounted := slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool {
				return m.Name == "database-tls" && m.MountPath == "/etc/postgresql-tls" && m.ReadOnly
			})
			if c.Name != "prune" && !mounted {
				t.Errorf("%s does not mount the certificates: %v", c.Name, c.VolumeMounts)
			}
		}
	}
}

// outside is a construct of an importing project that runs a database and a
// broker, and names no defaults.
type outside struct {
	constructs.Construct

	secret *secret.Secret
	url    string
}

func (o *outside) Connection() postgres.Connection {
	return postgres.Connection{Host: "pg.shop.svc", Secret: o.secret, TLS: postgres.TLS{CASecret: "ca"}}
}

func (o *outside) Broker() broker.Connection {
	return broker.Connection{Secret: o.secret, URL: o.url}
}

func newOutside(chart cdk8s.Chart, url string) *outside {
	o := &outside{secret: jobSecret(chart), url: url}
	constructs.NewConstruct_Override(o, chart, new("outside"))
	object.New(o, "settings", "settings", func() *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "settings"}}
	})
	return o
}

// TestConnectorsGetTheirDefaults runs a site on constructs of another library.
func TestConnectorsGetTheirDefaults(t *testing.T) {
	site := one[*appsv1.Deployment](t, func(chart cdk8s.Chart) {
		o := newOutside(chart, "")
		web(chart, django.WebProps{Project: django.Project{Database: o, Broker: o}})
	}).Spec.Template.Spec.Containers[0]
	env := map[string]string{}
	for _, v := range site.Env {
		env[v.Name] = v.Value
		if v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil {
			env[v.Name] = v.ValueFrom.SecretKeyRef.Key
		}
	}
	for name, want := range map[string]string{
		"POSTGRES_PORT": "5432", "PGPASSWORD": "POSTGRES_PASSWORD", "PGSSLMODE": "verify-full",
		"CELERY_BROKER_URL": "CELERY_BROKER_URL",
	} {
		if env[name] != want {
			t.Errorf("%s is %q, want %q", name, env[name], want)
		}
	}
}

var wrongConnectors = map[string]mistake{
	"password in the URL of another library's broker": {
		func(chart cdk8s.Chart) {
			o := newOutside(chart, "redis://:password@redis:6379/0")
			web(chart, django.WebProps{Project: django.Project{Database: o, Broker: o}})
		},
		`test/web: Project.Broker.`,
	},
	"volume in the certificates": {
		withTLS(postgres.TLS{CASecret: "ca"}, func(p *django.WebProps) {
			p.Pod.Volumes = []pod.Volume{{MountPath: "/etc/postgresql-tls/more", EmptyDir: "1Mi"}}
		}),
		`test/web: Volumes.MountPath: "/etc/postgresql-tls/more": must be another path`,
	},
	"rollout of one node": {
		withClaim(django.MediaClaimProps{}, func(p *django.WebProps) { p.Rollout = pod.Rollout{MaxSurge: 3} }),
		`test/web: Rollout: "...": must not set MaxSurge or MaxUnavailable`,
	},
}

func TestWrongConnectors(t *testing.T) { checkMistakes(t, wrongConnectors) }

// TestAMigrationOfTheSameServerCounts migrates through the address of the
// database that the site names itself.
func TestAMigrationOfTheSameServerCounts(t *testing.T) {
	cdktest.Render(t, func(chart cdk8s.Chart) {
		db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: environment(chart, "django-env-secret")})
		p := django.Project{Image: "shop:1", Database: db, WaitForMigrations: true}
		django.NewWeb(chart, "web", django.WebProps{Project: p})
		p.Database = db.Connection()
		django.NewMigration(chart, "migration", django.MigrationProps{Project: p})
	})
}
