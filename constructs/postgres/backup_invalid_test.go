package postgres_test

import (
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
)

// with returns a build of a backup that is right but for what change does.
func backupWith(change func(p *postgres.BackupProps)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: credentials(chart)})
		props := postgres.BackupProps{Database: db, Store: onClaim(chart)}
		change(&props)
		postgres.NewBackup(chart, "backup", props)
	}
}

// bucketWith is the same for a store that is a bucket.
func bucketWith(change func(s *postgres.Store)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := postgres.BackupProps{Database: elsewhere(chart), Store: inBucket(chart), Image: "postgres:17"}
		change(&props.Store)
		postgres.NewBackup(chart, "backup", props)
	}
}

func restoreWith(change func(p *postgres.RestoreProps)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: credentials(chart)})
		props := postgres.RestoreProps{Database: db, Store: onClaim(chart)}
		change(&props)
		postgres.NewRestore(chart, "restore", props)
	}
}

func drillWith(change func(p *postgres.RestoreDrillProps)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := postgres.RestoreDrillProps{Store: onClaim(chart), Check: shop(chart)}
		change(&props)
		postgres.NewRestoreDrill(chart, "drill", props)
	}
}

func claimWith(props postgres.BackupClaimProps) cdktest.Build {
	return func(chart cdk8s.Chart) { postgres.NewBackupClaim(chart, "backups", props) }
}

// mistake is one wrong value, with the one line that it must give.
type mistake struct {
	build cdktest.Build
	line  string
}

var (
	proxy   = map[string]pod.EnvKey{"PGUSER": {Secret: "proxy", Key: "user", External: true}}
	scratch = []pod.Volume{{Name: "scratch", MountPath: "/x", EmptyDir: "1Gi"}}
)

var wrongBackups = map[string]mistake{
	"no database": {
		backupWith(func(p *postgres.BackupProps) { p.Database = nil }),
		`test/backup: Database: "": is required: a postgres.Database`,
	},
	"no store": {
		backupWith(func(p *postgres.BackupProps) { p.Store = postgres.Store{} }),
		`test/backup: Store.Claim: "": exactly one of Claim and Bucket must be given`,
	},
	"claim and bucket": {
		bucketWith(func(s *postgres.Store) { s.Claim = "backups" }),
		`test/backup: Store.Claim: "backups": exactly one of`,
	},
	"claim in capitals": {
		backupWith(func(p *postgres.BackupProps) { p.Store.Claim = "Backups" }),
		`test/backup: Store.Claim: "Backups": must be 1 to 63 lower-case`,
	},
	"unknown claim": {
		backupWith(func(p *postgres.BackupProps) { p.Store.Claim = "backup" }),
		`no PersistentVolumeClaim of that name`,
	},
	"external bucket": {
		bucketWith(func(s *postgres.Store) { s.External = true }),
		`test/backup: Store.External: true: must not be set without Claim`,
	},
	"path that leaves": {
		backupWith(func(p *postgres.BackupProps) { p.Store.Path = "a/../../b" }),
		`test/backup: Store.Path: "a/../../b": must be a relative path`,
	},
	"absolute path": {
		backupWith(func(p *postgres.BackupProps) { p.Store.Path = "/backups" }),
		`test/backup: Store.Path: "/backups": must be a relative path`,
	},
	"no path": {
		bucketWith(func(s *postgres.Store) { s.Path = "" }),
		`test/backup: Store.Path: "": is required with Bucket`,
	},
	"image of rclone": {
		backupWith(func(p *postgres.BackupProps) { p.Store.Image = "Rclone" }),
		`test/backup: Store.Image: "Rclone": must be an image reference`,
	},
	"memory of rclone": {
		backupWith(func(p *postgres.BackupProps) { p.Store.Resources.Limits.Memory = "lots" }),
		`test/backup: Store.Resources.Limits.Memory: "lots": must be a positive Kubernetes quantity`,
	},
	"endpoint with a password": {
		bucketWith(func(s *postgres.Store) { s.Bucket.Endpoint = "https://user@s3.example.com" }),
		`test/backup: Store.Bucket.Endpoint: "https://user@s3.example.com": must be a URL such as`,
	},
	"bucket in capitals": {
		bucketWith(func(s *postgres.Store) { s.Bucket.Bucket = "Shop" }),
		`test/backup: Store.Bucket.Bucket: "Shop": must be 3 to 63`,
	},
	"provider": {
		bucketWith(func(s *postgres.Store) { s.Bucket.Provider = "a b" }),
		`test/backup: Store.Bucket.Provider: "a b": must be a name that rclone has`,
	},
	"bucket's secret": {
		bucketWith(func(s *postgres.Store) { s.Bucket.Secret = nil }),
		`test/backup: Store.Bucket.Secret: "": is required: the Secret that holds the access key`,
	},
	"bucket's key": {
		bucketWith(func(s *postgres.Store) { s.Bucket.AccessKeyIDKey = "ID" }),
		`test/backup: Store.Bucket.AccessKeyIDKey: "ID": is not a key of Secret "backup-store"`,
	},
	"authority's key": {
		bucketWith(func(s *postgres.Store) { s.Bucket.CASecret, s.Bucket.CAKey = "", "ca.pem" }),
		`test/backup: Store.Bucket.CAKey: "ca.pem": must not be given without CASecret`,
	},
	"encryption's key": {
		bucketWith(func(s *postgres.Store) { s.Encryption.PasswordKey = "PW" }),
		`test/backup: Store.Encryption.PasswordKey: "PW": is not a key of Secret "backup-password"`,
	},
	"salt is the password": {
		bucketWith(func(s *postgres.Store) { s.Encryption.SaltKey = "BACKUP_PASSWORD" }),
		`test/backup: Store.Encryption.SaltKey: "BACKUP_PASSWORD": must be another key`,
	},
	"no password": {
		bucketWith(func(s *postgres.Store) { s.Encryption.Secret = nil }),
		`test/backup: Store.Encryption.Secret: "": is required: the Secret that holds the password`,
	},
	"long name": {
		backupWith(func(p *postgres.BackupProps) { p.Name = strings.Repeat("b", 53) }),
		`must be at most 52 characters, which the Jobs' names are made of`,
	},
	"schedule": {
		backupWith(func(p *postgres.BackupProps) { p.Schedule = "daily" }),
		`test/backup: Schedule: "daily": `,
	},
	"time zone": {
		backupWith(func(p *postgres.BackupProps) { p.TimeZone = "Mars" }),
		`test/backup: TimeZone: "Mars": `,
	},
	"keep none": {
		backupWith(func(p *postgres.BackupProps) { p.Keep = -1 }),
		`test/backup: Keep: -1: must be between 1 and`,
	},
	"days": {
		backupWith(func(p *postgres.BackupProps) { p.KeepDays = -1 }),
		`test/backup: KeepDays: -1: must be between 0 and`,
	},
	"name before a deletion": {
		backupWith(func(p *postgres.BackupProps) { p.Name, p.BeforeDeletion = strings.Repeat("a", 50), true }),
		`must be at most 49 characters, which the Jobs' names are made of`,
	},
	"keep all and some": {
		backupWith(func(p *postgres.BackupProps) { p.Keep, p.KeepAll = 3, true }),
		`test/backup: KeepAll: true: must be given without Keep and KeepDays`,
	},
	"media on the store": {
		backupWith(func(p *postgres.BackupProps) { p.MediaClaim = p.Store.Claim }),
		`test/backup: MediaClaim: "postgres-backups": must be another claim`,
	},
	"plain credentials": {
		backupWith(func(p *postgres.BackupProps) { p.Credentials = p.Database.Connection().Secret }),
		`test/backup: Credentials: "django-env-secret": needs Store.Encryption`,
	},
	"password inside": {
		func(chart cdk8s.Chart) {
			store := inBucket(chart)
			postgres.NewBackup(chart, "backup", postgres.BackupProps{
				Database: elsewhere(chart), Image: "postgres:17", Store: store, Credentials: store.Encryption.Secret,
			})
		},
		`test/backup: Credentials: "backup-password": must be another Secret than that of Store.Encryption`,
	},
	"no image": {
		func(chart cdk8s.Chart) {
			postgres.NewBackup(chart, "backup", postgres.BackupProps{Database: elsewhere(chart), Store: inBucket(chart)})
		},
		`test/backup: Image: "": is required for a server elsewhere`,
	},
	"scratch": {
		backupWith(func(p *postgres.BackupProps) { p.ScratchSize = "10" }),
		`test/backup: ScratchSize: "10": must be at least 1Mi`,
	},
	"root": {
		backupWith(func(p *postgres.BackupProps) { p.RunAsUser = -1 }),
		`test/backup: RunAsUser: -1: must be between 1 and`,
	},
	"starting": {
		backupWith(func(p *postgres.BackupProps) { p.StartingDeadlineSeconds = 5 }),
		`test/backup: StartingDeadlineSeconds: 5: must be between 10 and`,
	},
	"deadline": {
		backupWith(func(p *postgres.BackupProps) { p.ActiveDeadlineSeconds = -1 }),
		`test/backup: ActiveDeadlineSeconds: -1: must be between 1 and`,
	},
	"retries": {
		backupWith(func(p *postgres.BackupProps) { p.BackoffLimit = new(-1) }),
		`test/backup: BackoffLimit: -1: must be between 0 and`,
	},
	"history": {
		backupWith(func(p *postgres.BackupProps) { p.HistoryLimit = new(-1) }),
		`test/backup: HistoryLimit: -1: must be between 0 and`,
	},
	"cpu": {
		backupWith(func(p *postgres.BackupProps) { p.Resources.Limits.CPU = "1Gi" }),
		`test/backup: Resources.Limits.CPU: "1Gi": must be a number of cores`,
	},
	"pull secret": {
		backupWith(func(p *postgres.BackupProps) { p.ImagePullSecrets = []string{"A"} }),
		`test/backup: ImagePullSecrets[0]: "A": must be`,
	},
	"own variable": {
		backupWith(func(p *postgres.BackupProps) { p.Pod.EnvKeys = proxy }),
		`test/backup: Pod.EnvKeys[PGUSER]: "...": must be another`,
	},
	"own volume": {
		backupWith(func(p *postgres.BackupProps) { p.Pod.Volumes = scratch }),
		`test/backup: Pod.Volumes[0].Name: "scratch": must be another`,
	},
	"own container": {
		backupWith(func(p *postgres.BackupProps) { p.Pod.InitContainers = []corev1.Container{sidecar("dump")} }),
		`test/backup: Pod.InitContainers[0].Name: "dump": must be another`,
	},
	"two in one place": {
		twoBackups,
		`test/second: Store.Path: "postgres": must be another path: test/first writes its backups there`,
	},
}

func twoBackups(chart cdk8s.Chart) {
	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: credentials(chart)})
	store := onClaim(chart)
	postgres.NewBackup(chart, "first", postgres.BackupProps{Database: db, Store: store, Name: "first"})
	postgres.NewBackup(chart, "second", postgres.BackupProps{Database: db, Store: store, Name: "second"})
}

var wrongRestores = map[string]mistake{
	"no database": {
		restoreWith(func(p *postgres.RestoreProps) { p.Database = nil }),
		`test/restore: Database: "": is required`,
	},
	"zero database": {
		restoreWith(func(p *postgres.RestoreProps) { p.Database = &postgres.Database{} }),
		`test/restore: Database: "": must be made by postgres.NewDatabase`,
	},
	"zero connection": {
		restoreWith(func(p *postgres.RestoreProps) { p.Database, p.Image = postgres.Connection{Host: "db"}, "postgres:17" }),
		`test/restore: Database.Secret: "": is required`,
	},
	"no store": {
		restoreWith(func(p *postgres.RestoreProps) { p.Store = postgres.Store{} }),
		`test/restore: Store.Claim: "": exactly one of`,
	},
	"backup": {
		restoreWith(func(p *postgres.RestoreProps) { p.Backup = "newest" }),
		`test/restore: Backup: "newest": must be the ID of a backup`,
	},
	"scrub": {
		restoreWith(func(p *postgres.RestoreProps) { p.Scrub = "a\x00b" }),
		`test/restore: Scrub: "...": must be UTF-8 text`,
	},
	"long name": {
		restoreWith(func(p *postgres.RestoreProps) { p.Name = strings.Repeat("r", 55) }),
		`must be at most 54 characters, because the Jobs' names are made of it`,
	},
	"media in capital": {
		restoreWith(func(p *postgres.RestoreProps) { p.MediaClaim = "Media" }),
		`test/restore: MediaClaim: "Media": must be`,
	},
	"media are backup": {
		restoreWith(func(p *postgres.RestoreProps) { p.MediaClaim = p.Store.Claim }),
		`test/restore: MediaClaim: "postgres-backups": must be another claim`,
	},
	"image": {
		restoreWith(func(p *postgres.RestoreProps) { p.Image = "a b" }),
		`test/restore: Image: "a b": must be an image reference`,
	},
	"scratch": {
		restoreWith(func(p *postgres.RestoreProps) { p.ScratchSize = "-1Gi" }),
		`test/restore: ScratchSize: "-1Gi": must be a positive`,
	},
	"root": {
		restoreWith(func(p *postgres.RestoreProps) { p.RunAsUser = -1 }),
		`test/restore: RunAsUser: -1: must be between 1 and`,
	},
	"deadline": {
		restoreWith(func(p *postgres.RestoreProps) { p.ActiveDeadlineSeconds = -1 }),
		`test/restore: ActiveDeadlineSeconds: -1: must be`,
	},
	"retries": {
		restoreWith(func(p *postgres.RestoreProps) { p.BackoffLimit = new(-1) }),
		`test/restore: BackoffLimit: -1: must be`,
	},
	"own volume": {
		restoreWith(func(p *postgres.RestoreProps) { p.Pod.Volumes = scratch }),
		`test/restore: Pod.Volumes[0].Name: "scratch": must be another`,
	},
	"own variable": {
		restoreWith(func(p *postgres.RestoreProps) { p.Pod.EnvKeys = proxy }),
		`test/restore: Pod.EnvKeys[PGUSER]: "...": must be another`,
	},
	"other database": {
		func(chart cdk8s.Chart) {
			project := shop(chart)
			project.WaitForMigrations = true
			other := project.Database.Connection()
			other.Host = "other.example.com"
			restore := postgres.NewRestore(chart, "restore", postgres.RestoreProps{
				Database: other, Store: onClaim(chart), Image: "postgres:17",
			})
			django.NewMigration(chart, "migration", django.MigrationProps{Project: project, Restore: restore})
		},
		`test/migration: Restore: "postgres-restore": restores into another database than that of the project`,
	},
	"zero restore": {
		func(chart cdk8s.Chart) {
			project := shop(chart)
			project.WaitForMigrations = true
			django.NewMigration(chart, "migration", django.MigrationProps{Project: project, Restore: &postgres.Restore{}})
		},
		`test/migration: Restore: "": must be made by postgres.NewRestore`,
	},
}

var wrongDrills = map[string]mistake{
	"no store": {
		drillWith(func(p *postgres.RestoreDrillProps) { p.Store = postgres.Store{} }),
		`test/drill: Store.Claim: "": exactly one of`,
	},
	"no check": {
		drillWith(func(p *postgres.RestoreDrillProps) { p.Check = nil }),
		`test/drill: Check: "": is required`,
	},
	"wrong project": {
		drillWith(func(p *postgres.RestoreDrillProps) { p.Check = noImage(p.Check) }),
		`test/drill: Check.Image: "": is required`,
	},
	"age": {
		drillWith(func(p *postgres.RestoreDrillProps) { p.MaxAgeHours = -1 }),
		`test/drill: MaxAgeHours: -1: must be between 1 and`,
	},
	"schedule": {
		drillWith(func(p *postgres.RestoreDrillProps) { p.Schedule = "* * *" }),
		`test/drill: Schedule: "* * *": `,
	},
	"time zone": {
		drillWith(func(p *postgres.RestoreDrillProps) { p.TimeZone = "Nowhere" }),
		`test/drill: TimeZone: "Nowhere": `,
	},
	"image": {
		drillWith(func(p *postgres.RestoreDrillProps) { p.Image = "a b" }),
		`test/drill: Image: "a b": must be an image reference`,
	},
	"server's user": {
		drillWith(func(p *postgres.RestoreDrillProps) { p.ServerUser = -1 }),
		`test/drill: ServerUser: -1: must be between 1 and`,
	},
	"scratch": {
		drillWith(func(p *postgres.RestoreDrillProps) { p.ScratchSize = "x" }),
		`test/drill: ScratchSize: "x": must be a positive`,
	},
	"data": {
		drillWith(func(p *postgres.RestoreDrillProps) { p.DataSize = "1" }),
		`test/drill: DataSize: "1": must be at least 1Mi`,
	},
	"root": {
		drillWith(func(p *postgres.RestoreDrillProps) { p.RunAsUser = -1 }),
		`test/drill: RunAsUser: -1: must be`,
	},
	"check's cpu": {
		drillWith(func(p *postgres.RestoreDrillProps) { p.CheckResources.Limits.CPU = "x" }),
		`test/drill: CheckResources.Limits.CPU: "x": must be`,
	},
	"long name": {
		drillWith(func(p *postgres.RestoreDrillProps) { p.Name = strings.Repeat("d", 53) }),
		`must be at most 52 characters`,
	},
	"retries": {
		drillWith(func(p *postgres.RestoreDrillProps) { p.BackoffLimit = new(-1) }),
		`test/drill: BackoffLimit: -1: must be`,
	},
	"own variable": {
		drillWith(func(p *postgres.RestoreDrillProps) { p.Pod.EnvKeys = proxy }),
		`test/drill: Pod.EnvKeys[PGUSER]: "...": must be another`,
	},
	"own container": {
		drillWith(func(p *postgres.RestoreDrillProps) { p.Pod.Containers = []corev1.Container{sidecar("server")} }),
		`test/drill: Pod.Containers[0].Name: "server": must be another`,
	},
	"own path": {drillWith(func(p *postgres.RestoreDrillProps) {
		p.Pod.Volumes = []pod.Volume{{MountPath: "/drill/data", EmptyDir: "1Gi"}}
	}), `test/drill: Pod.Volumes[0].MountPath: "/drill/data": must be another path`},
}

// noImage returns a project without an image.
func noImage(c postgres.Checker) postgres.Checker {
	project := c.(django.Project)
	project.Image = ""
	return project
}

var wrongClaims = map[string]mistake{
	"name": {
		claimWith(postgres.BackupClaimProps{Name: "A"}),
		`test/backups: Name: "A": must be`,
	},
	"long name": {
		claimWith(postgres.BackupClaimProps{Name: strings.Repeat("b", 64)}),
		`must be 1 to 63 lower-case`,
	},
	"storage": {
		claimWith(postgres.BackupClaimProps{Storage: "big"}),
		`test/backups: Storage: "big": must be a positive`,
	},
	"class": {
		claimWith(postgres.BackupClaimProps{StorageClass: "A b"}),
		`test/backups: StorageClass: "A b": must be`,
	},
	"access mode": {
		claimWith(postgres.BackupClaimProps{AccessMode: "ReadOnlyMany"}),
		`test/backups: AccessMode: "ReadOnlyMany": must be one of ReadWriteOnce, ReadWriteMany`,
	},
	"no storage": {
		claimWith(postgres.BackupClaimProps{Storage: "-1Gi"}),
		`test/backups: Storage: "-1Gi": must be a positive`,
	},
	"bytes": {
		claimWith(postgres.BackupClaimProps{Storage: "20"}),
		`test/backups: Storage: "20": must be at least 1Mi`,
	},
	"thousandths": {
		claimWith(postgres.BackupClaimProps{Storage: "2000000000500m"}),
		`test/backups: Storage: "2000000000500m": must be a whole number`,
	},
	"too much": {
		claimWith(postgres.BackupClaimProps{Storage: "2Ei"}),
		`test/backups: Storage: "2Ei": must be at most 1Pi`,
	},
	"dash": {
		claimWith(postgres.BackupClaimProps{Name: "backups-"}),
		`test/backups: Name: "backups-": must be`,
	},
}

func TestWrongBackupsRestoresAndDrills(t *testing.T) {
	for kind, table := range map[string]map[string]mistake{
		"backup": wrongBackups, "restore": wrongRestores, "drill": wrongDrills, "claim": wrongClaims,
	} {
		for name, tc := range table {
			t.Run(kind+"/"+name, func(t *testing.T) {
				got := cdktest.Problems(t, tc.build)
				if len(got) != 1 || !strings.Contains(got[0], tc.line) || strings.Contains(got[0], "\n") {
					t.Errorf("problems:\n%s\nwant one line with\n%s", strings.Join(got, "\n"), tc.line)
				}
			})
		}
	}
}
