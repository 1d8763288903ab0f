package e2e

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	"github.com/minio/minio-go/v7/pkg/credentials"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/e2e/cluster"
)

// The backups of one database, by the path of each in its store.
const (
	encrypted = "encrypted" // With the uploads and the credentials of the site.
	plain     = "plain"     // With the uploads.
	onClaim   = "claim"     // On a claim.
	denied    = "denied"    // With a wrong access key.
	full      = "full"      // To a store that is full.
	killed    = "killed"    // By a pg_dump that does not reach its end.
	deleted   = "deleted"   // By a pod that is deleted while it dumps.
)

// TestBackups takes backups of 210,000 rows while others are written, in an app
// that is isolated. Some succeed; those that fail leave what was there before.
// The backups are then damaged in every way. Drills pass on the good ones alone,
// a second site refuses the others and takes a good one, and the first site gets
// its data back after its database is gone, by a restore that is killed once.
func TestBackups(t *testing.T) {
	beside(t)
	b := newBackups(t)
	begin := time.Now()
	b.apply(b.compose(nil))
	b.waitFor(postgres.DefaultName)
	b.waitFor(django.DefaultName)
	b.upload("hello.txt", "hello")
	b.script(filling)
	b.contents = b.script(listing)
	t.Logf("the site and its data are there after %s", time.Since(begin).Round(time.Second))

	b.succeeds(b.runNow(backupOf(encrypted)))
	w := b.writeRows(time.Minute)
	b.takesBackups()
	b.keepsBackupsWhenAnotherFails()
	b.writes = w.expectNoneFailed(t)
	b.readsBack()
	b.holdsCredentials()
	b.isolates()
	b.damage()

	t.Run("drills", func(t *testing.T) { beside(t); b.in(t).drills() })
	t.Run("second site", func(t *testing.T) { beside(t); b.in(t).cloneInto(newApp(t, "clone")) })
	t.Run("disaster", func(t *testing.T) { beside(t); b.in(t).recovers() })
}

// backups is a site, and the stores of its backups.
type backups struct {
	*app

	store, small *objectStore
	contents     string // What the tables hold, as listing prints it.
	writes       int    // How many rows were written while backups ran.
}

func newBackups(t *testing.T) *backups {
	stores := newApp(t, "stores")
	b := &backups{app: newApp(t, "backups")}
	stores.createNamespace()
	b.createNamespace()
	b.store = stores.startStore("store", "")
	b.small = stores.startStore("small", "24Mi")
	b.keepStoreSecrets(b.app)
	return b
}

// in returns b for a test within that of b.
func (b *backups) in(t *testing.T) *backups {
	c := *b
	c.app = &app{t: t, namespace: b.namespace}
	store := *b.store
	store.app = &app{t: t, namespace: b.store.app.namespace}
	c.store = &store
	return &c
}

// keepStoreSecrets makes the Secrets that pods of a need for the stores.
func (b *backups) keepStoreSecrets(a *app) {
	b.t.Helper()
	for name, keys := range map[string]credentials.Value{
		"writer": b.store.writer, "small-writer": b.small.writer, "reader": b.store.reader, "nobody": newKeys("writer"),
	} {
		a.keep(name, corev1.SecretTypeOpaque, map[string]string{
			postgres.AccessKeyIDKey: keys.AccessKeyID, postgres.SecretAccessKeyKey: keys.SecretAccessKey,
		})
	}
	for name, password := range map[string]string{
		"encryption": `ein Paßwort mit '"$ and spaces`, "wrong-password": "another",
	} {
		a.keep(name, corev1.SecretTypeOpaque, map[string]string{postgres.DefaultEncryptionPasswordKey: password})
	}
}

// storage makes values that lead to the stores.
type storage struct {
	b       *backups
	secrets map[string]*secret.Secret
}

func (b *backups) storage(chart cdk8s.Chart) storage {
	s := storage{b, map[string]*secret.Secret{}}
	for _, name := range []string{"writer", "small-writer", "reader", "nobody"} {
		s.secrets[name] = secret.New(chart, name, secret.Props{
			Name: name, Source: secret.Existing(postgres.AccessKeyIDKey, postgres.SecretAccessKeyKey),
		})
	}
	for _, name := range []string{"encryption", "wrong-password"} {
		s.secrets[name] = secret.New(chart, name, secret.Props{
			Name: name, Source: secret.Existing(postgres.DefaultEncryptionPasswordKey),
		})
	}
	return s
}

// at is the store at path, for whoever has the keys.
func (s storage) at(path, keys string) postgres.Store {
	store := postgres.Store{Image: rcloneImage, Path: path, Resources: tiny, Bucket: postgres.ObjectStore{
		Endpoint: s.b.store.endpoint(), Bucket: storeBucket, Secret: s.secrets[keys],
	}}
	switch path {
	case encrypted, scrambled:
		store.Encryption.Secret = s.secrets["encryption"]
	case full:
		store.Bucket.Endpoint = s.b.small.endpoint()
	case onClaim:
		store.Bucket, store.Claim = postgres.ObjectStore{}, postgres.DefaultBackupClaimName
	}
	return store
}

// site makes a project with a database of its own, whose props each change
// changes.
func (a *app) site(chart cdk8s.Chart, changes ...func(p *postgres.DatabaseProps)) django.Project {
	namespace.New(chart, "namespace", namespace.Props{Name: a.namespace})
	env := secret.New(chart, "secret", secret.Props{Source: secret.Generated(secret.GeneratedProps{Image: siteImage})})
	props := postgres.DatabaseProps{Image: postgresImage, Secret: env, Resources: small, Storage: "1Gi"}
	for _, change := range changes {
		change(&props)
	}
	return django.Project{
		Image: siteImage, Secret: env, WaitForMigrations: true,
		Media:    django.NewMediaClaim(chart, "media", django.MediaClaimProps{Storage: "1Gi"}),
		Database: postgres.NewDatabase(chart, "database", props),
	}
}

func (a *app) chart(app cdk8s.App) cdk8s.Chart {
	return cdk8s.NewChart(app, new(a.namespace), &cdk8s.ChartProps{Namespace: &a.namespace})
}

// compose writes the site with every backup and drill. Its migration waits for
// what restore returns.
func (b *backups) compose(restore func(chart cdk8s.Chart, project django.Project, s storage) *postgres.Restore) string {
	b.t.Helper()
	return b.synthesise(func(app cdk8s.App) {
		chart := b.chart(app)
		project, s := b.site(chart), b.storage(chart)
		migration := django.MigrationProps{Project: project, Resources: tiny}
		if restore != nil {
			migration.Restore = restore(chart, project, s)
		}
		django.NewMigration(chart, "migration", migration)
		django.NewWeb(chart, "web", django.WebProps{Project: project, Resources: small})
		isolation.New(chart, "isolation", isolation.Props{})
		postgres.NewBackupClaim(chart, "claim", postgres.BackupClaimProps{Storage: "1Gi"})
		for _, path := range []string{encrypted, plain, onClaim, denied, full, killed, deleted} {
			b.newBackup(chart, path, project, s)
		}
		for _, d := range drills {
			postgres.NewRestoreDrill(chart, drillOf(d.path), postgres.RestoreDrillProps{
				Store: d.store(s), Check: project, Name: drillOf(d.path), Image: postgresImage,
				BackoffLimit: new(0), Resources: tiny, CheckResources: tiny,
			})
		}
	})
}

func backupOf(path string) string { return "backup-" + path }

func (b *backups) newBackup(chart cdk8s.Chart, path string, project django.Project, s storage) {
	props := postgres.BackupProps{
		Database: project.Database, Store: s.at(path, "writer"), Name: backupOf(path), Resources: tiny,
		// Whatever is deleted too early is missed.
		Keep: 1, BackoffLimit: new(0),
	}
	switch path {
	case encrypted:
		props.Credentials = project.Secret
		props.MediaClaim, props.Pod.Affinity = django.DefaultMediaName, nearSite()
	case plain:
		props.MediaClaim, props.Pod.Affinity = django.DefaultMediaName, nearSite()
	case denied:
		props.Store = s.at(path, "nobody")
	case full:
		props.Store = s.at(path, "small-writer")
	case killed, deleted:
		// The dump takes its time.
		props.Resources.Limits = pod.Quantities{CPU: "100m"}
	}
	postgres.NewBackup(chart, backupOf(path), props)
}

// nearSite keeps pods on the node of the site's: it has the volume of the uploads.
func nearSite() *corev1.Affinity {
	return &corev1.Affinity{PodAffinity: &corev1.PodAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": django.DefaultName}},
			TopologyKey:   corev1.LabelHostname,
		}},
	}}
}

// takesBackups takes each that succeeds.
func (b *backups) takesBackups() {
	b.t.Helper()
	var jobs []string
	for _, path := range []string{plain, encrypted, onClaim} {
		jobs = append(jobs, b.runNow(backupOf(path)))
	}
	for _, job := range jobs {
		for line := range strings.Lines(b.succeeds(job)) {
			if strings.HasPrefix(line, "dump: ") {
				b.t.Log(strings.TrimSpace(line))
			}
		}
	}
	// The second one of a site has replaced the first.
	if found := b.manifests(); len(found) != 2 {
		b.t.Errorf("the stores hold the backups %q; want one of each", found)
	}
}

// keepsBackupsWhenAnotherFails checks that a backup which fails says why, makes
// no manifest, and deletes none.
func (b *backups) keepsBackupsWhenAnotherFails() {
	b.t.Helper()
	b.store.copy(plain, denied, nil)
	b.store.copy(plain, killed, nil)
	b.store.copy(plain, deleted, nil)
	for _, key := range b.store.keys(plain + "/") {
		b.small.write(full+strings.TrimPrefix(key, plain), b.store.read(key))
	}
	b.small.fill()
	before := b.manifests()
	jobs := map[string]string{}
	for _, path := range []string{denied, full, killed, deleted} {
		jobs[path] = b.runNow(backupOf(path))
	}
	b.killDump(jobs[killed])
	b.deletePod(b.dumps(jobs[deleted]), nil)
	b.fails(jobs[killed], "dump: pg_dump failed")
	b.fails(jobs[denied], "store: cannot copy database.dump of backup", "StatusCode: 403")
	b.fails(jobs[full], "store: cannot copy database.dump of backup")
	if b.ended(jobs[deleted]) {
		b.t.Errorf("the backup whose pod was deleted has succeeded:\n%s", b.printed(jobs[deleted]))
	}
	if after := b.manifests(); !slices.Equal(before, after) || len(after) != 6 {
		b.t.Errorf("the backups are %q, and were %q before others failed", after, before)
	}
	last := b.manifest(deleted).ID
	b.succeeds(b.runNow(backupOf(deleted)))
	if next := b.manifest(deleted).ID; next <= last || len(b.manifests()) != 6 {
		b.t.Errorf("after the next run the backup is %s, and was %s; all are %q", next, last, b.manifests())
	}
}

// manifests returns the names of the manifests in the stores.
func (b *backups) manifests() []string {
	b.t.Helper()
	return slices.DeleteFunc(slices.Concat(b.store.keys(""), b.small.keys("")), func(key string) bool {
		return !strings.HasPrefix(path.Base(key), "manifest.json")
	})
}

// dumps waits until the Job has written a part of the dump, and returns its pod.
func (b *backups) dumps(job string) corev1.Pod {
	b.t.Helper()
	p := b.runs(job, "dump")
	const wait = `until [ -s /scratch/database.dump ]; do sleep 0.1; done`
	if _, err := kube.ExecIn(b.t.Context(), p, "dump", "sh", "-c", wait); err != nil {
		b.t.Fatal(err)
	}
	return p
}

// killDump kills the pg_dump of the Job, as the kernel does when memory is
// short, once a part of the dump is written.
func (b *backups) killDump(job string) {
	b.t.Helper()
	const kill = `for process in /proc/[0-9]*; do
  if [ "$(cat "$process/comm")" = pg_dump ]; then kill -KILL "${process#/proc/}"; fi
done`
	if _, err := kube.ExecIn(b.t.Context(), b.dumps(job), "dump", "sh", "-c", kill); err != nil {
		b.t.Fatal(err)
	}
}

// manifest is what a backup says of itself.
type manifest struct {
	ID     string `json:"id"`
	Tables []struct {
		Schema string `json:"schema"`
		Table  string `json:"table"`
		Rows   int    `json:"rows"`
	} `json:"tables"`
	Files []struct {
		Name   string `json:"name"`
		Size   int    `json:"size"`
		SHA256 string `json:"sha256"`
	} `json:"files"`
}

// manifest reads the one manifest below path.
func (b *backups) manifest(path string) (m manifest) {
	b.t.Helper()
	for _, key := range b.store.keys(path + "/") {
		if strings.HasSuffix(key, "/manifest.json") {
			if err := json.Unmarshal(b.store.read(key), &m); err != nil {
				b.t.Fatal(err)
			}
			return m
		}
	}
	b.t.Fatalf("there is no manifest below %s", path)
	return m
}

// readsBack reads the files of a backup with another client than the one that
// wrote them.
func (b *backups) readsBack() {
	b.t.Helper()
	m := b.manifest(plain)
	for _, file := range m.Files {
		content := b.store.read(path.Join(plain, m.ID, file.Name))
		sum := sha256.Sum256(content)
		if len(content) != file.Size || hex.EncodeToString(sum[:]) != file.SHA256 {
			b.t.Errorf("%s has %d bytes and the sum %x; want %v", file.Name, len(content), sum, file)
		}
		b.t.Logf("another client reads %d bytes of %s, with the sum of the manifest", len(content), file.Name)
	}
	for _, key := range b.store.keys(encrypted + "/") {
		if strings.Contains(string(b.store.read(key)), "customers") {
			b.t.Errorf("%s is not encrypted", key)
		}
	}
}

// unpacking prints a key of the Secret that is in the newest backup.
const unpacking = `RCLONE_CONFIG_CRYPT_PASSWORD=$(printf %s "$ENCRYPTION_PASSWORD" | rclone obscure -)
export RCLONE_CONFIG_CRYPT_PASSWORD
newest=$(rclone lsf "$STORE" | sort | tail -n 1)
rclone cat "$STORE${newest}credentials.tar" | tar -x -O -f - "./$0"`

// holdsCredentials checks that the key of Django is in the encrypted backup: a
// database is of little use without it. The pod is that of a drill.
func (b *backups) holdsCredentials() {
	b.t.Helper()
	cron, err := kube.Client.BatchV1().CronJobs(b.namespace).Get(b.t.Context(), drillOf(encrypted), metav1.GetOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "unpack-", Labels: cron.Spec.JobTemplate.Spec.Template.Labels,
	}, Spec: cron.Spec.JobTemplate.Spec.Template.Spec}
	p.Spec.Containers, p.Spec.InitContainers = p.Spec.InitContainers[:1], nil
	p.Spec.Containers[0].Command = []string{"sleep", "300"}
	const key = secret.DjangoSecretKey
	got, want := b.exec(b.run(p), "sh", "-c", unpacking, key), string(b.credentials()[key])
	if got != want {
		b.t.Errorf("the backup holds a %s of %d bytes, and not the one of %d bytes", key, len(got), len(want))
	}
}

// isolates checks that the pods of a backup reach the database and the store,
// and those of a drill the store alone.
func (b *backups) isolates() {
	b.t.Helper()
	database := fmt.Sprintf("%s:%d", b.database().Status.PodIP, postgres.DefaultPort)
	store := fmt.Sprintf("%s:%d", b.store.host(), storePort)
	web := fmt.Sprintf("%s:%d", b.web().Status.PodIP, django.DefaultPort)
	all := []string{database, store, web}
	b.reaches(b.stranger(map[string]string{"app": backupOf(encrypted)}), all, database, store)
	b.reaches(b.stranger(map[string]string{"app": drillOf(encrypted)}), all, store)
}

// recovers loses the database with its claim, and gets it back.
func (b *backups) recovers() {
	b.t.Helper()
	ctx := b.t.Context()
	lost := b.database()
	now := metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)}
	deployments := kube.Client.AppsV1().Deployments(b.namespace)
	claims := kube.Client.CoreV1().PersistentVolumeClaims(b.namespace)
	var claim string
	for _, volume := range lost.Spec.Volumes {
		if volume.PersistentVolumeClaim != nil {
			claim = volume.PersistentVolumeClaim.ClaimName
		}
	}
	if err := errors.Join(deployments.Delete(ctx, postgres.DefaultName, now), claims.Delete(ctx, claim, now)); err != nil {
		b.t.Fatal(err)
	}
	eventually(b.t, time.Minute, "the database is gone", func(ctx context.Context) error {
		_, err := claims.Get(ctx, claim, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return cmp.Or(err, errors.New("its claim is there"))
	})

	begin := time.Now()
	b.apply(b.compose(func(chart cdk8s.Chart, project django.Project, s storage) *postgres.Restore {
		return postgres.NewRestore(chart, "restore", postgres.RestoreProps{
			Database: project.Database, Store: s.at(encrypted, "reader"), Resources: tiny,
		})
	}))
	restore := b.jobOf(postgres.DefaultName + "-restore")
	b.interrupt(restore)
	if log := b.succeeds(restore); !strings.Contains(log, "restore: backup") {
		b.t.Errorf("no try of the restore has failed:\n%s", log)
	}
	b.waitFor(django.DefaultName)
	b.t.Logf("the data is back %s after the manifests were applied", time.Since(begin).Round(time.Second))
	b.expectContents(b.contents)
	if n := b.rowsIn("written"); n == 0 || n >= b.writes {
		b.t.Errorf("%d of the %d rows that were written around the backup are in it", n, b.writes)
	}
	// Sequences go on.
	got := b.script(`SELECT nextval('tickets'); INSERT INTO customers (name) VALUES ('new') RETURNING id;
		INSERT INTO readings (customer) VALUES (100001) RETURNING id;`)
	if want := "1041\n100001\n80001\n"; got != want {
		b.t.Errorf("the next values are %q; want %q", got, want)
	}
	eventually(b.t, time.Minute, "the site reaches the database", func(context.Context) error {
		return b.reachesDatabase(b.web(), 200)
	})
	b.add("after the restore")
}

// interrupt ends the session of a restore while it writes rows, as a restart of
// the server does. The next try starts over.
func (b *backups) interrupt(job string) {
	b.t.Helper()
	b.waitFor(postgres.DefaultName)
	const end = `until psql -XAt -h 127.0.0.1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "
	SELECT pg_terminate_backend(pid) FROM pg_stat_progress_copy WHERE command = 'COPY FROM'" | grep t; do sleep 0.05; done`
	ctx, cancel := context.WithTimeout(b.t.Context(), startLimit)
	defer cancel()
	if _, err := kube.Exec(ctx, b.database(), "bash", "-c", end); err != nil {
		b.t.Fatalf("the restore is not seen to write: %v\n%s", err, b.printed(job))
	}
}

// jobOf returns the name of the one Job of that workload.
func (a *app) jobOf(name string) string {
	a.t.Helper()
	selected := metav1.ListOptions{LabelSelector: "app=" + name}
	list, err := kube.Client.BatchV1().Jobs(a.namespace).List(a.t.Context(), selected)
	if err != nil || len(list.Items) != 1 {
		a.t.Fatalf("%d Jobs of %s: %v", len(list.Items), name, err)
	}
	return list.Items[0].Name
}

// waits checks that the pod of the Job is held by the init container.
func (a *app) waits(job, container string) {
	a.t.Helper()
	p := a.runs(job, container)
	for _, status := range p.Status.ContainerStatuses {
		if status.State.Waiting == nil {
			a.t.Errorf("%s does not wait: %s", job, cluster.State(p))
		}
	}
}
