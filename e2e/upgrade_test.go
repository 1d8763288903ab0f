package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/e2e/cluster"
	"example.com/django-cdk8s/manifest/upgrade"
	"example.com/django-cdk8s/synth"
)

// The claims of the database, before and after.
const (
	firstClaim = postgres.DefaultName + "-pvc"
	nextClaim  = "postgres-17"
)

// A database moves to another major version of PostgreSQL, as docs/data.md says,
// and back. Its clients have a login of their own, which the new server does not
// know, nor the old one afterwards.
func TestMajorUpgrade(t *testing.T) {
	beside(t)
	m := newMajorUpgrade(t)
	m.must(m.write(m.before))
	m.commit()
	m.apply(m.dist)
	m.waitFor(postgres.DefaultName)
	m.waitFor(django.DefaultName)
	before := m.version()
	m.rotate("earlier")
	m.script(filling)
	row := m.add("before the upgrade")
	contents := m.script(listing)

	m.refuses(m.sameClaim, "does not start on the data of")
	m.refuses(m.after, "is not made any more, or has another name")

	m.scale(django.DefaultName, 0)
	m.succeeds(m.runNow(postgres.DefaultName + "-backup"))
	begin := time.Now()
	m.must(m.write(m.after, firstClaim))
	m.commit()
	m.applyOver()
	m.succeeds(m.jobOf(postgres.DefaultName + "-restore"))
	m.needsRotation()
	m.rotate("roles")
	m.waitFor(django.DefaultName)
	m.hasOneLogin(secret.DefaultUser + "_1")
	t.Logf("the site is on PostgreSQL %s, and was on %s, %s after the manifests were applied",
		m.version(), before, time.Since(begin).Round(time.Second))
	if after := m.version(); len(after) != len(before) || after[:2] <= before[:2] {
		t.Errorf("the version is %s, and was %s", after, before)
	}
	m.expectContents(contents)
	m.holds(row, "before the upgrade")
	later := m.add("after the upgrade")
	m.hasClaim(firstClaim)

	m.must(m.write(m.before, nextClaim))
	m.applyOver()
	m.waitFor(postgres.DefaultName)
	m.rotate("back")
	m.waitFor(django.DefaultName)
	m.hasOneLogin(secret.DefaultUser + "_2")
	if back := m.version(); back != before {
		t.Errorf("the version is %s, and was %s", back, before)
	}
	m.expectContents(contents)
	m.holds(row, "before the upgrade")
	m.holds(later, "")
	m.hasClaim(nextClaim)
}

// majorUpgrade is a site whose manifests are in git.
type majorUpgrade struct {
	*app

	dist string
}

func newMajorUpgrade(t *testing.T) *majorUpgrade {
	m := &majorUpgrade{app: newApp(t, "upgrade"), dist: filepath.Join(t.TempDir(), "dist")}
	m.git("init", "--quiet")
	return m
}

func (m *majorUpgrade) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *majorUpgrade) git(args ...string) {
	m.t.Helper()
	args = append([]string{"-C", filepath.Dir(m.dist), "-c", "user.name=test", "-c", "user.email=test@example.com"}, args...)
	if output, err := exec.Command("git", args...).CombinedOutput(); err != nil {
		m.t.Fatalf("git %v: %v: %s", args, err, output)
	}
}

func (m *majorUpgrade) commit() {
	m.t.Helper()
	m.git("add", ".")
	m.git("commit", "--quiet", "--message", "dist")
}

// write synthesises the app into the repository, where the claim of that name may
// leave the manifests.
func (m *majorUpgrade) write(build func(chart cdk8s.Chart), leaving ...string) error {
	e := synth.Environment{Build: func(app cdk8s.App) { build(m.chart(app)) }}
	for _, claim := range leaving {
		e.Accept = append(e.Accept, upgrade.Accepted{
			Rule: upgrade.ClaimRemoved, Object: fmt.Sprintf("PersistentVolumeClaim %s/%s", m.namespace, claim),
			Reason: "the upgrade of PostgreSQL",
		})
	}
	synthesis.Lock()
	defer synthesis.Unlock()
	return synth.Write(m.dist, m.t.Output(), e)
}

// refuses checks that the upgrade guard does, and why.
func (m *majorUpgrade) refuses(build func(chart cdk8s.Chart), why string) {
	m.t.Helper()
	want := fmt.Sprintf("upgrade: PersistentVolumeClaim %s/%s: ", m.namespace, firstClaim)
	if err := m.write(build); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), why) {
		m.t.Errorf("%v; want %s ... %s", err, want, why)
	}
}

// before is the site as it is at first.
func (m *majorUpgrade) before(chart cdk8s.Chart) {
	m.compose(chart, func(*postgres.DatabaseProps) {}, false)
}

// sameClaim changes the image alone.
func (m *majorUpgrade) sameClaim(chart cdk8s.Chart) {
	m.compose(chart, func(p *postgres.DatabaseProps) { p.Image = nextPostgres }, false)
}

// after restores the backup into another claim.
func (m *majorUpgrade) after(chart cdk8s.Chart) {
	m.compose(chart, func(p *postgres.DatabaseProps) { p.Image, p.ClaimName = nextPostgres, nextClaim }, true)
}

func (m *majorUpgrade) compose(chart cdk8s.Chart, change func(p *postgres.DatabaseProps), restored bool) {
	project := m.site(chart, change)
	db := project.Database.(*postgres.Database)
	project.Database = postgres.NewRotation(chart, "rotation", postgres.RotationProps{Database: db, Image: siteImage})
	postgres.NewBackupClaim(chart, "claim", postgres.BackupClaimProps{Storage: "1Gi"})
	backups := postgres.Store{Image: rcloneImage, Claim: postgres.DefaultBackupClaimName, Path: "production", Resources: tiny}
	postgres.NewBackup(chart, "backup", postgres.BackupProps{Database: db, Store: backups, Resources: tiny})
	migration := django.MigrationProps{Project: project, Resources: tiny}
	if restored {
		migration.Restore = postgres.NewRestore(chart, "restore", postgres.RestoreProps{
			Database: db, Store: backups, Resources: tiny,
		})
	}
	django.NewMigration(chart, "migration", migration)
	django.NewWeb(chart, "web", django.WebProps{Project: project, Resources: small})
}

// applyOver applies the manifests, and takes back what was scaled by hand.
func (m *majorUpgrade) applyOver() {
	m.t.Helper()
	_, err := kube.ApplyOver(m.t.Context(), m.dist)
	m.must(err)
}

// needsRotation checks that the new server has no login of the clients, and that
// the site waits for one.
func (m *majorUpgrade) needsRotation() {
	m.t.Helper()
	if roles := m.sql("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'"); roles != secret.DefaultUser+"\n" {
		m.t.Errorf("the new server has the roles %q", strings.Fields(roles))
	}
	for _, p := range m.pods(django.DefaultName) {
		if cluster.IsReady(p) {
			m.t.Errorf("%s is ready", p.Name)
		}
	}
}

// version returns that of the server, such as "150012".
func (m *majorUpgrade) version() string {
	m.t.Helper()
	return strings.TrimSpace(m.sql("SHOW server_version_num"))
}

// holds checks the text of a row that the site returns; "" when it must not be
// there.
func (m *majorUpgrade) holds(id int, text string) {
	m.t.Helper()
	if got := m.rows()[id]; got != text {
		m.t.Errorf("row %d is %q, and was %q", id, got, text)
	}
}

// hasClaim checks that the claim is there, with its volume.
func (m *majorUpgrade) hasClaim(name string) {
	m.t.Helper()
	claim, err := kube.Client.CoreV1().PersistentVolumeClaims(m.namespace).Get(m.t.Context(), name, metav1.GetOptions{})
	m.must(err)
	if claim.Status.Phase != corev1.ClaimBound {
		m.t.Errorf("claim %s is %s", name, claim.Status.Phase)
	}
}
