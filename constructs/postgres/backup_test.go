package postgres_test

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/manifest"
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
	"backup/once more before a deletion": func(chart cdk8s.Chart) {
		db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: credentials(chart)})
		postgres.NewBackup(chart, "backup", postgres.BackupProps{Database: db, Store: onClaim(chart), BeforeDeletion: true})
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

// keysOf returns the variables of c that come from Secrets, and the keys that they
// come from.
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

// Programs and variables hold nothing that the check of committed manifests takes
// for a credential.
func TestDataManifestsCanBeCommitted(t *testing.T) {
	for name, build := range dataObjects {
		canBeCommitted(t, name, build)
	}
	canBeCommitted(t, "rotation", func(chart cdk8s.Chart) { rotation(chart, fullRotation) })
}

func canBeCommitted(t *testing.T, name string, build cdktest.Build) {
	t.Helper()
	objects, err := manifest.Parse(name, []byte(cdktest.Render(t, build)))
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range manifest.Check(objects, manifest.Options{Tracked: true}) {
		if problem.Rule == "credentials" {
			t.Error(problem)
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
		drill := postgres.NewRestoreDrill(chart, "drill", postgres.RestoreDrillProps{
			Store: inBucket(chart), Check: shop(chart),
		})
		want := []network.Endpoint{{Host: "s3.store.svc", Port: 9000}}
		if got := drill.Flows()[0].To; !reflect.DeepEqual(got, want) {
			t.Errorf("the drill connects to %+v, want %+v", got, want)
		}
	})
}

func TestEveryFieldOfBackupsRestoresAndDrills(t *testing.T) {
	aside := func() cdk8s.Chart { return cdk8s.NewChart(cdk8s.NewApp(nil), new("aside"), nil) }
	resources := pod.Resources{Limits: pod.Quantities{Memory: "2Gi"}}
	more := pod.Template{NodeSelector: map[string]string{"disk": "large"}}
	// Every chart has the same objects, so that a field shows in the pods.
	world := func(chart cdk8s.Chart) (*postgres.Database, postgres.Store) {
		db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: credentials(chart)})
		uploads(chart)
		return db, inBucket(chart)
	}
	t.Run("backup", func(t *testing.T) {
		full := postgres.BackupProps{
			Database: postgres.Connection{}, Store: postgres.Store{Path: "other"}, Name: "nightly", Schedule: "@hourly",
			TimeZone: "Europe/Vienna", Suspend: true, Keep: 3, KeepDays: 4, KeepAll: true, MediaClaim: "django-media",
			BeforeDeletion: true,
			Credentials:    credentials(aside()), Image: "postgres:17", ScratchSize: "1Gi", RunAsUser: 7,
			StartingDeadlineSeconds: 60, ActiveDeadlineSeconds: 60, BackoffLimit: new(9), HistoryLimit: new(9),
			Resources: resources, ImagePullSecrets: []string{"registry"}, Pod: more,
		}
		cdktest.EveryField(t, postgres.BackupProps{}, full, func(chart cdk8s.Chart, props postgres.BackupProps) {
			db, store := world(chart)
			store.Path += props.Store.Path
			props.Store, props.Image = store, cmp.Or(props.Image, "postgres:15")
			if props.Database == nil {
				props.Database = db
			} else {
				props.Database = postgres.Connection{Host: "db.example.com", Secret: db.Connection().Secret}
			}
			if props.Credentials != nil {
				props.Credentials = db.Connection().Secret
			}
			postgres.NewBackup(chart, "backup", props)
		})
	})
	t.Run("restore", func(t *testing.T) {
		full := postgres.RestoreProps{
			Database: postgres.Connection{}, Store: postgres.Store{Path: "other"}, Backup: "20261125T023000Z-5f0c1d",
			Scrub: "DELETE FROM django_session", Name: "clone", MediaClaim: "django-media", Image: "postgres:17",
			ScratchSize: "1Gi", RunAsUser: 7, ActiveDeadlineSeconds: 60, BackoffLimit: new(9), Resources: resources,
			ImagePullSecrets: []string{"registry"}, Pod: more,
		}
		cdktest.EveryField(t, postgres.RestoreProps{}, full, func(chart cdk8s.Chart, props postgres.RestoreProps) {
			db, store := world(chart)
			store.Path += props.Store.Path
			props.Store, props.Image = store, cmp.Or(props.Image, "postgres:15")
			if props.Database == nil {
				props.Database = db
			} else {
				props.Database = postgres.Connection{Host: "db.example.com", Secret: db.Connection().Secret}
			}
			postgres.NewRestore(chart, "restore", props)
		})
	})
	t.Run("drill", func(t *testing.T) {
		full := postgres.RestoreDrillProps{
			Store: postgres.Store{Path: "other"}, Check: django.Project{Image: "shop:2"}, Name: "drill", MaxAgeHours: 1,
			Schedule: "@daily", TimeZone: "Europe/Vienna", Suspend: true, Image: "postgres:17", ServerUser: 7,
			ScratchSize: "1Gi", DataSize: "1Gi", RunAsUser: 7, StartingDeadlineSeconds: 60, ActiveDeadlineSeconds: 60,
			BackoffLimit: new(9), HistoryLimit: new(9), Resources: resources, CheckResources: resources,
			ImagePullSecrets: []string{"registry"}, Pod: more,
		}
		minimal := postgres.RestoreDrillProps{Check: django.Project{Image: "shop:1"}}
		cdktest.EveryField(t, minimal, full, func(chart cdk8s.Chart, props postgres.RestoreDrillProps) {
			_, store := world(chart)
			store.Path += props.Store.Path
			project := shop(chart)
			project.Image = props.Check.(django.Project).Image
			props.Store, props.Check = store, project
			postgres.NewRestoreDrill(chart, "drill", props)
		})
	})
	t.Run("claim", func(t *testing.T) {
		full := postgres.BackupClaimProps{Name: "b", Storage: "1Gi", StorageClass: "slow", AccessMode: postgres.ReadWriteMany}
		cdktest.EveryField(t, postgres.BackupClaimProps{}, full, func(chart cdk8s.Chart, props postgres.BackupClaimProps) {
			postgres.NewBackupClaim(chart, "backups", props)
		})
	})
}

// A field of the store shows in the pods of all three.
func TestEveryFieldOfTheStore(t *testing.T) {
	bucket := func(keys *secret.Secret) postgres.ObjectStore {
		return postgres.ObjectStore{Bucket: "backups", Secret: keys}
	}
	build := func(change func(s *postgres.Store, keys *secret.Secret)) cdktest.Build {
		return func(chart cdk8s.Chart) {
			keys := secret.New(chart, "keys", secret.Props{Name: "keys", Source: secret.Existing(
				"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "BACKUP_PASSWORD", "ID", "KEY", "SALT")})
			store := postgres.Store{Bucket: bucket(keys), Path: "shop", Encryption: postgres.Encryption{Secret: keys}}
			change(&store, keys)
			db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: credentials(chart)})
			postgres.NewBackup(chart, "backup", postgres.BackupProps{Database: db, Store: store})
		}
	}
	plain := cdktest.Render(t, build(func(*postgres.Store, *secret.Secret) {}))
	for name, change := range map[string]func(s *postgres.Store, keys *secret.Secret){
		"Claim": func(s *postgres.Store, _ *secret.Secret) {
			s.Claim, s.External, s.Bucket = "backups", true, postgres.ObjectStore{}
		},
		"Path":               func(s *postgres.Store, _ *secret.Secret) { s.Path = "other" },
		"Encryption":         func(s *postgres.Store, _ *secret.Secret) { s.Encryption = postgres.Encryption{} },
		"PasswordKey":        func(s *postgres.Store, _ *secret.Secret) { s.Encryption.PasswordKey = "KEY" },
		"SaltKey":            func(s *postgres.Store, _ *secret.Secret) { s.Encryption.SaltKey = "SALT" },
		"Image":              func(s *postgres.Store, _ *secret.Secret) { s.Image = "rclone/rclone:1.75.0" },
		"Resources":          func(s *postgres.Store, _ *secret.Secret) { s.Resources.Limits.Memory = "1Gi" },
		"Bucket":             func(s *postgres.Store, _ *secret.Secret) { s.Bucket.Bucket = "other" },
		"Endpoint":           func(s *postgres.Store, _ *secret.Secret) { s.Bucket.Endpoint = "https://s3.example.com" },
		"Region":             func(s *postgres.Store, _ *secret.Secret) { s.Bucket.Region = "eu-west-1" },
		"Provider":           func(s *postgres.Store, _ *secret.Secret) { s.Bucket.Provider = "Wasabi" },
		"AccessKeyIDKey":     func(s *postgres.Store, _ *secret.Secret) { s.Bucket.AccessKeyIDKey = "ID" },
		"SecretAccessKeyKey": func(s *postgres.Store, _ *secret.Secret) { s.Bucket.SecretAccessKeyKey = "KEY" },
		"CASecret":           func(s *postgres.Store, _ *secret.Secret) { s.Bucket.CASecret = "ca" },
		"CAKey": func(s *postgres.Store, _ *secret.Secret) {
			s.Bucket.CASecret, s.Bucket.CAKey = "ca", "ca.pem"
		},
	} {
		if cdktest.Render(t, build(change)) == plain {
			t.Errorf("%s changes nothing in the manifest", name)
		}
	}
}

// A backup counts in the budget of its database.
func TestABackupTakesTwoConnections(t *testing.T) {
	got := cdktest.Problems(t, func(chart cdk8s.Chart) {
		db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{
			Secret: credentials(chart), Parameters: map[string]string{"max_connections": "11"},
		})
		postgres.NewBackup(chart, "backup", postgres.BackupProps{Database: db, Store: onClaim(chart)})
	})
	const want = "must be at least 12: postgres-backup [a snapshot and a dump = 2] + reserve"
	if len(got) != 1 || !strings.Contains(got[0], want) {
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

// The scheduler lets the first of some pods start only where it has no other demand
// of the kind.
func TestAGivenNodeIsTheOnlyDemand(t *testing.T) {
	site := corev1.PodAffinityTerm{
		TopologyKey: corev1.LabelHostname, LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "django"}},
	}
	given := &corev1.Affinity{PodAffinity: &corev1.PodAffinity{}}
	given.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution = []corev1.PodAffinityTerm{site}
	p := podsOf(t, func(chart cdk8s.Chart) {
		db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: credentials(chart)})
		postgres.NewBackup(chart, "backup", postgres.BackupProps{
			Database: db, Store: onClaim(chart), Pod: pod.Template{Affinity: given},
		})
	})[0]
	if got := p.Spec.Affinity; !reflect.DeepEqual(got, given) {
		t.Errorf("affinity %+v, want %+v", got, given)
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

func ExampleNewBackupClaim() {
	app := cdk8s.NewApp(nil)
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	claim := postgres.NewBackupClaim(chart, "backups", postgres.BackupClaimProps{Storage: "100Gi"})
	fmt.Println(claim.Name(), claim.Claim().Content().Spec.Resources.Requests.Storage())
	// Output: postgres-backups 100Gi
}

func ExampleNewRestore() {
	app := cdk8s.NewApp(nil)
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env, ClaimName: "postgres-2"})
	restore := postgres.NewRestore(chart, "restore", postgres.RestoreProps{
		Database: db, Store: postgres.Store{Claim: "backups", External: true},
	})
	project := django.Project{Image: "example/shop:1.2.3", Database: db, WaitForMigrations: true}
	django.NewMigration(chart, "migration", django.MigrationProps{Project: project, Restore: restore})
	fmt.Println(restore.Name(), restore.ActiveDeadlineSeconds())
	// Output: postgres-restore 14400
}

func ExampleNewRestoreDrill() {
	app := cdk8s.NewApp(nil)
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
	drill := postgres.NewRestoreDrill(chart, "drill", postgres.RestoreDrillProps{
		Store: postgres.Store{Claim: "backups", External: true},
		Check: django.Project{Image: "example/shop:1.2.3", Database: db},
	})
	fmt.Println(drill.Name(), drill.CronJob().Content().Spec.Schedule)
	// Output: postgres-drill 30 5 * * 0
}
