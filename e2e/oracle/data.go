package oracle

import (
	"cmp"
	"slices"

	"pgregory.net/rapid"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/monitoring"
	"example.com/django-cdk8s/constructs/postgres"
)

// Stand-ins for the names of claims of the app.
const (
	aBackupClaim = "the-claim-of-the-backups"
	aMediaClaim  = "the-claim-of-the-media"
)

// directory is a relative path.
var directory = pattern(`[A-Za-z0-9_][A-Za-z0-9._-]{0,9}(/[A-Za-z0-9_][A-Za-z0-9_-]{0,9}){0,2}`)

// drawStore draws a claim of the app, one made elsewhere, or a bucket.
func drawStore(d drawer) postgres.Store {
	d = d.of("Store")
	s := postgres.Store{
		Path:      field(d, "Path", directory, anything),
		Image:     field(d, "Image", imageName, anything),
		Resources: drawResources(d),
	}
	switch rapid.IntRange(0, 2).Draw(d.T, d.name+"kind") {
	case 0:
		s.Bucket = drawBucket(d.of("Bucket"))
		s.Path = required(d, "Path", directory, anything)
		s.Claim = field(d.onlyWild(), "Claim", label, anything)
	case 1:
		s.Claim, s.External = required(d, "Claim", label, anything), true
	default:
		s.Claim, s.External = aBackupClaim, d.onlyWild().flag("External")
	}
	if d.flag("Encryption") {
		d := d.of("Encryption")
		s.Encryption = postgres.Encryption{
			Secret:      drawStandIn(d),
			PasswordKey: field(d, "PasswordKey", key, anything),
			SaltKey:     field(d, "SaltKey", pattern(`SALT[A-Z_]{0,9}`), anything),
		}
	}
	return s
}

func drawBucket(d drawer) postgres.ObjectStore {
	b := postgres.ObjectStore{
		Bucket: required(d, "Bucket", pattern(`[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]`), anything),
		Endpoint: field(d, "Endpoint",
			pattern(`https?://[a-z0-9]{1,9}(\.[a-z0-9]{1,9}){0,3}(:[1-9][0-9]{0,3})?/?`), anything),
		Region:             field(d, "Region", dnsName, anything),
		Provider:           field(d, "Provider", pattern(`[A-Z][A-Za-z0-9]{0,9}`), anything),
		Secret:             drawStandIn(d),
		AccessKeyIDKey:     field(d, "AccessKeyIDKey", key, anything),
		SecretAccessKeyKey: field(d, "SecretAccessKeyKey", key, anything),
		CASecret:           field(d, "CASecret", dnsName, anything),
	}
	if b.CASecret != "" {
		b.CAKey = field(d, "CAKey", key, anything)
	} else {
		b.CAKey = field(d.onlyWild(), "CAKey", key, anything)
	}
	return b
}

func drawBackupClaim(d drawer) postgres.BackupClaimProps {
	return postgres.BackupClaimProps{
		Name:         field(d, "Name", label, anything),
		Storage:      field(d, "Storage", bytes, anything),
		StorageClass: field(d, "StorageClass", dnsName, anything),
		AccessMode:   oneOf(d, "AccessMode", postgres.ReadWriteOnce, postgres.ReadWriteMany),
	}
}

// drawTarget draws a database that is required: a stand-in for that of the
// project.
func drawTarget(d drawer) postgres.Connector {
	if d.chance("Database", d.wild) {
		return nil
	}
	return aDatabase
}

func drawBackup(d drawer) postgres.BackupProps {
	p := postgres.BackupProps{
		Database:                drawTarget(d),
		Store:                   drawStore(d),
		Name:                    field(d, "Name", label.Filter(fits(52)), anything),
		Schedule:                field(d, "Schedule", schedule, wildSchedule),
		TimeZone:                field(d, "TimeZone", zone, wildZone),
		Suspend:                 d.flag("Suspend"),
		BeforeDeletion:          d.flag("BeforeDeletion"),
		MediaClaim:              field(d, "MediaClaim", rapid.Just(aMediaClaim), anything),
		Image:                   field(d, "Image", imageName, anything),
		ScratchSize:             field(d, "ScratchSize", bytes, anything),
		RunAsUser:               field(d, "RunAsUser", id, number),
		StartingDeadlineSeconds: field(d, "StartingDeadlineSeconds", rapid.IntRange(10, 3600), number),
		ActiveDeadlineSeconds:   field(d, "ActiveDeadlineSeconds", seconds, number),
		BackoffLimit:            few(d, "BackoffLimit"),
		HistoryLimit:            few(d, "HistoryLimit"),
		Resources:               drawResources(d),
		ImagePullSecrets:        field(d, "ImagePullSecrets", some(dnsName), wildList),
		Pod:                     drawTemplate(d),
	}
	if d.chance("KeepAll", 32) {
		p.KeepAll, p.Keep = true, field(d.onlyWild(), "Keep", number, number)
	} else {
		p.Keep = field(d, "Keep", rapid.IntRange(1, 1000), number)
		p.KeepDays = field(d, "KeepDays", rapid.IntRange(1, 1000), number)
	}
	if d.tame() && len(p.Name) > 49 {
		p.BeforeDeletion = false // The name of its Job would be too long.
	}
	if d.flag("Credentials") {
		p.Credentials = aSecret
	}
	if d.tame() && p.Credentials != nil {
		p.Store.Encryption.Secret = aSecret // Nothing else hides them.
	}
	return p
}

func drawRestore(d drawer) postgres.RestoreProps {
	return postgres.RestoreProps{
		Database:              drawTarget(d),
		Store:                 drawStore(d),
		Backup:                field(d, "Backup", pattern(`20[0-9]{6}T[0-9]{6}Z-[0-9a-f]{6}`), anything),
		Scrub:                 field(d, "Scrub", texts, anything),
		Name:                  field(d, "Name", label.Filter(fits(54)), anything),
		MediaClaim:            field(d, "MediaClaim", rapid.Just(aMediaClaim), anything),
		Image:                 field(d, "Image", imageName, anything),
		ScratchSize:           field(d, "ScratchSize", bytes, anything),
		RunAsUser:             field(d, "RunAsUser", id, number),
		ActiveDeadlineSeconds: field(d, "ActiveDeadlineSeconds", seconds, number),
		BackoffLimit:          few(d, "BackoffLimit"),
		Resources:             drawResources(d),
		ImagePullSecrets:      field(d, "ImagePullSecrets", some(dnsName), wildList),
		Pod:                   drawTemplate(d),
	}
}

func drawDrill(d drawer) postgres.RestoreDrillProps {
	p := postgres.RestoreDrillProps{
		Store:                   drawStore(d),
		Name:                    field(d, "Name", label.Filter(fits(52)), anything),
		MaxAgeHours:             field(d, "MaxAgeHours", rapid.IntRange(1, 1000), number),
		Schedule:                field(d, "Schedule", schedule, wildSchedule),
		TimeZone:                field(d, "TimeZone", zone, wildZone),
		Suspend:                 d.flag("Suspend"),
		Image:                   field(d, "Image", imageName, anything),
		ServerUser:              field(d, "ServerUser", id, number),
		ScratchSize:             field(d, "ScratchSize", bytes, anything),
		DataSize:                field(d, "DataSize", bytes, anything),
		RunAsUser:               field(d, "RunAsUser", id, number),
		StartingDeadlineSeconds: field(d, "StartingDeadlineSeconds", rapid.IntRange(10, 3600), number),
		ActiveDeadlineSeconds:   field(d, "ActiveDeadlineSeconds", seconds, number),
		BackoffLimit:            few(d, "BackoffLimit"),
		HistoryLimit:            few(d, "HistoryLimit"),
		Resources:               drawResources(d),
		CheckResources:          drawResources(d.of("Check")),
		ImagePullSecrets:        field(d, "ImagePullSecrets", some(dnsName), wildList),
		Pod:                     drawTemplate(d),
	}
	if !d.chance("Check", d.wild) {
		p.Check = django.Project{} // Later the project of the system.
	}
	return p
}

func drawRotation(d drawer) postgres.RotationProps {
	p := postgres.RotationProps{
		Image:                 required(d, "Image", imageName, anything),
		Schedule:              field(d, "Schedule", schedule, wildSchedule),
		ActiveDeadlineSeconds: field(d, "ActiveDeadlineSeconds", seconds, number),
		Resources:             drawResources(d),
		ImagePullSecrets:      field(d, "ImagePullSecrets", some(dnsName), wildList),
		RunAsUser:             field(d, "RunAsUser", id, number),
		Pod:                   drawTemplate(d),
	}
	if !d.chance("Database", d.wild) {
		p.Database = new(postgres.Database)
	}
	if p.Schedule != "" || !d.tame() {
		p.TimeZone = field(d, "TimeZone", zone, wildZone)
	}
	if d.tame() {
		p.Pod.TmpSize = "" // There is no /tmp.
	}
	return p
}

func drawRules(d drawer) monitoring.PrometheusRuleProps {
	scheduled := []monitoring.Scheduled{aBackup, aDrill, aCommand, aRotation}
	stored := []monitoring.Stored{aBackups, aDatabase, aClaim, aServer}
	return monitoring.PrometheusRuleProps{
		Name:   field(d, "Name", label, anything),
		Labels: field(d, "Labels", labelTable, wildTable),
		CronJobs: elements(d, "CronJobs", func(d drawer) monitoring.CronJob {
			c := monitoring.CronJob{MaxAgeHours: field(d, "MaxAgeHours", rapid.IntRange(1, 1000), number)}
			if !d.chance("Target", d.wild) {
				c.Target = rapid.SampledFrom(scheduled).Draw(d.T, d.name+"Target")
			}
			return c
		}),
		Claims: elements(d, "Claims", func(d drawer) monitoring.Claim {
			c := monitoring.Claim{FreePercent: field(d, "FreePercent", rapid.IntRange(1, 99), number)}
			if !d.chance("Target", d.wild) {
				c.Target = rapid.SampledFrom(stored).Draw(d.T, d.name+"Target")
			}
			return c
		}),
	}
}

// drawData draws what keeps the data of a system.
func (s *system) drawData(of func(part string) drawer, with func(part string, needed ...string) bool) {
	s.rotation = drawRotation(of("rotation"))
	if drawn := drawBackup(of("backup")); with("backup", "rules") {
		s.backup = &drawn
	}
	restores := s.migration != nil && s.migration.Restore != nil
	if drawn := drawRestore(of("restore")); with("restore") || restores {
		s.restore = &drawn
	}
	if drawn := drawDrill(of("drill")); with("drill", "rules") {
		s.drill = &drawn
	}
	if drawn := drawRules(of("rules")); with("rules") {
		s.rules = &drawn
	}
	claims := slices.ContainsFunc(s.stores(), func(store *postgres.Store) bool { return store.Claim == aBackupClaim })
	if drawn := drawBackupClaim(of("backups")); with("backups", "rules") || claims || s.rules != nil {
		s.backups = &drawn
	}
}

// stores are where the backups of a system are.
func (s *system) stores() []*postgres.Store {
	var stores []*postgres.Store
	if s.backup != nil {
		stores = append(stores, &s.backup.Store)
	}
	if s.restore != nil {
		stores = append(stores, &s.restore.Store)
	}
	if s.drill != nil {
		stores = append(stores, &s.drill.Store)
	}
	return stores
}

// fitData makes what keeps the data fit to the project.
func (s *system) fitData(tame func(part string) bool) {
	_, elsewhere := s.project.Database.(postgres.Connection)
	const serverImage = "postgres:17"
	media := false
	if s.backup != nil {
		media = s.backup.MediaClaim == aMediaClaim
		if elsewhere && tame("backup") {
			s.backup.Image = cmp.Or(s.backup.Image, serverImage)
		}
	}
	if s.restore != nil {
		media = media || s.restore.MediaClaim == aMediaClaim
		if elsewhere && tame("restore") {
			s.restore.Image = cmp.Or(s.restore.Image, serverImage)
		}
	}
	if media && tame("project") {
		s.project.Media = aClaim
	}
	named := s.backup != nil || s.restore != nil || s.rotates()
	if named && tame("database") && len(s.database.Name) > 43 {
		s.database.Name = "" // The names of Jobs are made of it.
	}
	s.fitRules(tame)
}

// fitRules leaves out the rules for what the system has not.
func (s *system) fitRules(tame func(part string) bool) {
	if s.rules == nil {
		return
	}
	p := s.rules
	p.CronJobs = slices.DeleteFunc(p.CronJobs, func(c monitoring.CronJob) bool { return !s.has(c.Target) })
	p.Claims = slices.DeleteFunc(p.Claims, func(c monitoring.Claim) bool { return !s.has(c.Target) })
	if tame("rules") && len(p.CronJobs)+len(p.Claims) == 0 {
		p.Claims = []monitoring.Claim{{Target: aBackups}}
	}
}

// has reports whether the construct that there is a stand-in for, if any, is
// made.
func (s *system) has(standIn any) bool {
	switch standIn {
	case aBackup:
		return s.backup != nil
	case aDrill:
		return s.drill != nil
	case aCommand:
		return s.command != nil
	case aRotation:
		return s.rotates()
	case aDatabase:
		return s.serves()
	case aClaim:
		return s.project.Media == django.Media(aClaim)
	case aServer:
		return s.passwordKeys() != nil
	}
	return true
}

// serves reports whether the database of the project is in the app.
func (s *system) serves() bool {
	return s.project.Database == postgres.Connector(aDatabase) || s.rotates()
}

// rotates reports whether the project has a login that changes.
func (s *system) rotates() bool { return s.project.Database == postgres.Connector(aRotation) }
