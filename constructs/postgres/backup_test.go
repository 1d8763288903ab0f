package postgres_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
)

// onClaim adds a claim of backups and returns the store on it.
func onClaim(chart cdk8s.Chart) postgres.Store {
	claim := postgres.NewBackupClaim(chart, "backups", postgres.BackupClaimProps{})
	return postgres.Store{Claim: claim.Name()}
}

// inBucket returns an encrypted store in a bucket.
func inBucket(chart cdk8s.Chart) postgres.Store {
	keys := secret.New(chart, "store", secret.Props{
		Name: "backup-store", Source: secret.Existing("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
	})
	password := secret.New(chart, "password", secret.Props{
		Name: "backup-password", Source: secret.Existing("BACKUP_PASSWORD", "SALT"),
	})
	return postgres.Store{
		Bucket: postgres.ObjectStore{
			Bucket: "shop-backups", Endpoint: "https://s3.store.svc:9000", Region: "eu-central-1", Provider: "Ceph",
			Secret: keys, CASecret: "store-ca",
		},
		Path:       "production/shop",
		Encryption: postgres.Encryption{Secret: password, SaltKey: "SALT"},
	}
}

// elsewhere returns a server outside the cluster, with every certificate.
func elsewhere(chart cdk8s.Chart) postgres.Connection {
	return postgres.Connection{
		Host: "db.example.com", Name: "shop", Secret: credentials(chart),
		TLS: postgres.TLS{CASecret: "db-ca", ClientSecret: "db-client"},
	}
}

// uploads adds the claim of a project's media and returns its name.
func uploads(chart cdk8s.Chart) string {
	return django.NewMediaClaim(chart, "media", django.MediaClaimProps{AccessMode: django.ReadWriteMany}).Name()
}

// shop returns a project whose settings need more than the database.
func shop(chart cdk8s.Chart) django.Project {
	env := secret.New(chart, "env", secret.Props{Source: secret.Existing(
		"POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY", "PAYMENT_KEY", "PGPASSWORD")})
	return django.Project{
		Image: "shop:1", Database: postgres.Connection{Host: "db.example.com", Secret: env},
		Env:     map[string]string{"DJANGO_SETTINGS_MODULE": "shop.settings"},
		Volumes: []pod.Volume{{MountPath: "/etc/shop", ConfigMap: "shop", External: true}},
	}
}

// dataObjects are the constructs of backups, by the name of their golden file.
var dataObjects = map[string]cdktest.Build{
	"backup/minimal": func(chart cdk8s.Chart) {
		db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: credentials(chart)})
		postgres.NewBackup(chart, "backup", postgres.BackupProps{Database: db, Store: onClaim(chart)})
	},
	"backup/full": func(chart cdk8s.Chart) {
		db := elsewhere(chart)
		postgres.NewBackup(chart, "backup", postgres.BackupProps{
			Database: db, Store: inBucket(chart), Name: "shop-backup", Image: "postgres:17-alpine",
			Schedule: "@hourly", TimeZone: "Europe/Vienna", Keep: 48, KeepDays: 30, MediaClaim: uploads(chart),
			Credentials: db.Secret, ScratchSize: "50Gi", RunAsUser: 2000, BackoffLimit: new(0), HistoryLimit: new(1),
			ActiveDeadlineSeconds: 1800, StartingDeadlineSeconds: 600, ImagePullSecrets: []string{"registry"},
		})
	},
	"restore/minimal": func(chart cdk8s.Chart) {
		db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: credentials(chart)})
		postgres.NewRestore(chart, "restore", postgres.RestoreProps{Database: db, Store: onClaim(chart)})
	},
	"restore/full": func(chart cdk8s.Chart) {
		postgres.NewRestore(chart, "restore", postgres.RestoreProps{
			Database: elsewhere(chart), Store: inBucket(chart), Backup: "20261125T023000Z-5f0c1d", Image: "postgres:17",
			Scrub: "UPDATE auth_user SET email = 'user-' || id || '@example.com'", MediaClaim: uploads(chart),
		})
	},
	"restore/before the migration": func(chart cdk8s.Chart) {
		project := shop(chart)
		project.WaitForMigrations = true
		connection := project.Database.Connection()
		connection.TLS = postgres.TLS{CAConfigMap: "db-ca"}
		project.Database = connection
		restore := postgres.NewRestore(chart, "restore", postgres.RestoreProps{
			Database: connection, Store: inBucket(chart), Image: "postgres:17",
		})
		django.NewMigration(chart, "migration", django.MigrationProps{Project: project, Restore: restore})
	},
	"drill/minimal": func(chart cdk8s.Chart) {
		postgres.NewRestoreDrill(chart, "drill", postgres.RestoreDrillProps{Store: onClaim(chart), Check: shop(chart)})
	},
	"drill/full": func(chart cdk8s.Chart) {
		project := shop(chart)
		project.RunAsUser, project.ImagePullSecrets = 3000, []string{"shop-registry"}
		postgres.NewRestoreDrill(chart, "drill", postgres.RestoreDrillProps{
			Store: inBucket(chart), Check: project, Name: "shop-drill", MaxAgeHours: 3, Schedule: "@daily",
			Image: "postgres:17-alpine", DataSize: "100Gi", ScratchSize: "30Gi", ImagePullSecrets: []string{"registry"},
		})
	},
	"backupclaim/minimal": func(chart cdk8s.Chart) {
		postgres.NewBackupClaim(chart, "backups", postgres.BackupClaimProps{})
	},
}

func TestBackupsRestoresAndDrills(t *testing.T) {
	for name, build := range dataObjects {
		t.Run(name, func(t *testing.T) { cdktest.Golden(t, name, build) })
	}
}

// podsOf returns the pods that build makes.
func podsOf(t *testing.T, build cdktest.Build) (pods []corev1.PodTemplateSpec) {
	t.Helper()
	cdktest.Render(t, func(chart cdk8s.Chart) {
		build(chart)
		for _, c := range children(chart) {
			switch c := c.(type) {
			case *postgres.Backup:
				pods = append(pods, c.CronJob().Content().Spec.JobTemplate.Spec.Template)
			case *postgres.Restore:
				pods = append(pods, c.Job().Content().Spec.Template)
			case *postgres.RestoreDrill:
				pods = append(pods, c.CronJob().Content().Spec.JobTemplate.Spec.Template)
			}
		}
	})
	if len(pods) == 0 {
		t.Fatal("there is no pod")
	}
	return pods
}

func children(chart cdk8s.Chart) (all []any) {
	for _, c := range *chart.Node().Children() {
		all = append(all, c)
	}
	return all
}

// variables returns the names of the variables of c that come from Secrets, and
// the keys that they come from.
func keysOf(c corev1.Container) map[string]string {
	keys := map[string]string{}
	for _, v := range c.Env {
		if v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil {
			keys[v.Name] = v.ValueFrom.SecretKeyRef.Name + "/" + v.ValueFrom.SecretKeyRef.Key
		}
	}
	return keys
}

// What talks to the store has no credentials of the database, and the other way
// round.
func TestCredentialsStayApart(t *testing.T) {
	for name, build := range dataObjects {
		if name == "backupclaim/minimal" {
			continue
		}
		for _, p := range podsOf(t, build) {
			for _, c := range slices.Concat(p.Spec.InitContainers, p.Spec.Containers) {
				keys := keysOf(c)
				_, database := keys["PGPASSWORD"]
				_, store := keys["RCLONE_CONFIG_BUCKET_SECRET_ACCESS_KEY"]
				_, password := keys["ENCRYPTION_PASSWORD"]
				rclone := strings.HasPrefix(c.Image, "rclone/")
				if rclone && database || !rclone && (store || password) || len(c.EnvFrom) > 0 {
					t.Errorf("%s: container %s has %v", name, c.Name, keys)
				}
			}
		}
	}
}

// A drill must neither know nor reach the database that was backed up.
func TestADrillKnowsNothingOfTheDatabase(t *testing.T) {
	for _, p := range podsOf(t, dataObjects["drill/full"]) {
		for _, c := range slices.Concat(p.Spec.InitContainers, p.Spec.Containers) {
			for variable, key := range keysOf(c) {
				if strings.HasSuffix(key, "/POSTGRES_PASSWORD") || strings.HasSuffix(key, "/PGPASSWORD") {
					t.Errorf("container %s has %s of %s", c.Name, variable, key)
				}
			}
			for _, v := range c.Env {
				if strings.Contains(v.Value, "db.example.com") {
					t.Errorf("container %s has %s=%s", c.Name, v.Name, v.Value)
				}
			}
		}
	}
	cdktest.Render(t, func(chart cdk8s.Chart) {
		drill := postgres.NewRestoreDrill(chart, "drill", postgres.RestoreDrillProps{Store: inBucket(chart), Check: shop(chart)})
		want := []network.Endpoint{{Host: "s3.store.svc", Port: 9000}}
		if got := drill.Flows()[0].To; !reflect.DeepEqual(got, want) {
			t.Errorf("the drill connects to %+v, want %+v", got, want)
		}
	})
}

// A backup counts in the budget of its database.
func TestABackupTakesTwoConnections(t *testing.T) {
	got := cdktest.Problems(t, func(chart cdk8s.Chart) {
		db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{
			Secret: credentials(chart), Parameters: map[string]string{"max_connections": "11"},
		})
		postgres.NewBackup(chart, "backup", postgres.BackupProps{Database: db, Store: onClaim(chart)})
	})
	if len(got) != 1 || !strings.Contains(got[0], "must be at least 12: postgres-backup [a snapshot and a dump = 2] + reserve") {
		t.Errorf("problems: %q", got)
	}
}

// Pods that mount one claim are on one node, and everything of it belongs to one
// group.
func TestPodsOfAClaimKeepTogether(t *testing.T) {
	for _, name := range []string{"backup/minimal", "restore/minimal", "drill/minimal"} {
		for _, p := range podsOf(t, dataObjects[name]) {
			terms := p.Spec.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution
			if len(terms) != 1 || terms[0].TopologyKey != corev1.LabelHostname {
				t.Fatalf("%s: affinity %+v", name, terms)
			}
			for key, value := range terms[0].LabelSelector.MatchLabels {
				if p.Labels[key] != value {
					t.Errorf("%s: the first pod would wait for ever: its label %s is %q", name, key, p.Labels[key])
				}
			}
			if group := p.Spec.SecurityContext.FSGroup; group == nil || *group != 1000 {
				t.Errorf("%s: group %v", name, group)
			}
		}
	}
}

func ExampleNewBackup() {
	app := cdk8s.NewApp(nil)
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
	store := postgres.Store{Claim: postgres.NewBackupClaim(chart, "backups", postgres.BackupClaimProps{}).Name()}
	postgres.NewBackup(chart, "backup", postgres.BackupProps{Database: db, Store: store})
	postgres.NewRestoreDrill(chart, "drill", postgres.RestoreDrillProps{
		Store: store, Check: django.Project{Image: "example/shop:1.2.3", Database: db},
	})
	// Output:
}
