package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/postgres"
)

// What a good backup is made into, by path.
const (
	flipped     = "flipped"     // One byte of the dump is another.
	scrambled   = "scrambled"   // The same, of an encrypted one.
	truncated   = "truncated"   // The end of the dump is missing.
	unfinished  = "unfinished"  // There is no manifest.
	missing     = "missing"     // The manifest counts a row more than the dump holds.
	old         = "old"         // It is three days old.
	unreachable = "unreachable" // Nobody answers at the address of the store.
	locked      = "locked"      // It is encrypted with another password.
)

// drill is one of a backup at path, and words of the line by which it fails, if
// it does.
type drill struct {
	path string
	why  []string
}

// drills are one of each.
var drills = []drill{
	{encrypted, nil},
	{plain, nil},
	{onClaim, nil},
	{flipped, []string{"fetch: database.dump of backup", "differs from the SHA-256 sum in its manifest"}},
	{scrambled, []string{"fetch: cannot read database.dump of backup"}},
	{truncated, []string{"fetch: database.dump of backup", "differs from the SHA-256 sum in its manifest"}},
	{unfinished, []string{"fetch: the store holds no complete backup"}},
	{missing, []string{"restore: backup", "table public.customers has 100000 rows, and 100001 in the manifest"}},
	{old, []string{"fetch: backup", "is older than 26 hours"}},
	{unreachable, []string{"fetch: cannot list the store"}},
	{locked, []string{"fetch: cannot read manifest.json of backup", "encrypted with another password"}},
}

func drillOf(path string) string { return "drill-" + path }

// store is where the backup of d is, for a reader.
func (d drill) store(s storage) postgres.Store {
	switch d.path {
	case unreachable:
		store := s.at(d.path, "reader")
		store.Bucket.Endpoint = strings.Replace(store.Bucket.Endpoint, "store.", "nowhere.", 1)
		return store
	case locked:
		store := s.at(encrypted, "reader")
		store.Encryption.Secret = s.secrets["wrong-password"]
		return store
	}
	return s.at(d.path, "reader")
}

// damage makes the damaged backups out of the good ones.
func (b *backups) damage() {
	b.t.Helper()
	dump := func(change func(content []byte) []byte) func(string, []byte) (string, []byte) {
		return func(name string, content []byte) (string, []byte) {
			if strings.Contains(name, "/database.dump") {
				content = change(content)
			}
			return name, content
		}
	}
	flip := dump(func(content []byte) []byte {
		content[len(content)/2] ^= 1
		return content
	})
	b.store.copy(plain, flipped, flip)
	b.store.copy(encrypted, scrambled, flip)
	b.store.copy(plain, truncated, dump(func(content []byte) []byte { return content[:len(content)*2/3] }))
	b.store.copy(plain, unfinished, func(name string, content []byte) (string, []byte) {
		if strings.HasSuffix(name, "manifest.json") {
			name = ""
		}
		return name, content
	})
	const rows = `"table": "customers", "rows": `
	b.store.copy(plain, missing, b.inManifest(rows+"100000", rows+"100001"))
	id := b.manifest(plain).ID
	past := time.Now().UTC().AddDate(0, 0, -3).Format("20060102T150405Z") + id[len("20060102T150405Z"):]
	rename := b.inManifest(id, past)
	b.store.copy(plain, old, func(name string, content []byte) (string, []byte) {
		name, content = rename(name, content)
		return strings.Replace(name, id, past, 1), content
	})
}

// inManifest replaces a text in the manifest.
func (b *backups) inManifest(text, by string) func(name string, content []byte) (string, []byte) {
	return func(name string, content []byte) (string, []byte) {
		if !strings.HasSuffix(name, "/manifest.json") {
			return name, content
		}
		changed := bytes.ReplaceAll(content, []byte(text), []byte(by))
		if bytes.Equal(changed, content) {
			b.t.Fatalf("the manifest does not have %s:\n%s", text, content)
		}
		return name, changed
	}
}

// drills runs every drill.
func (b *backups) drills() {
	b.t.Helper()
	jobs := make([]string, len(drills))
	for i, d := range drills {
		jobs[i] = b.runNow(drillOf(d.path))
	}
	for i, d := range drills {
		if d.why != nil {
			b.fails(jobs[i], d.why...)
			continue
		}
		if log := b.succeeds(jobs[i]); !strings.Contains(log, "check: the application takes the restored database") {
			b.t.Errorf("the drill of %s did not ask the application:\n%s", d.path, log)
		}
	}
}

// cloneInto restores into a second site, with keys that may only read. It refuses
// what is damaged, and its migration waits meanwhile; then it takes a good backup
// without the names of customers, and after that none.
func (b *backups) cloneInto(a *app) {
	b.t.Helper()
	a.createNamespace()
	b.keepStoreSecrets(a)
	a.apply(b.composeClone(a, flipped, flipped, truncated, unfinished, missing, scrambled, locked))
	a.waitFor(postgres.DefaultName)
	refused := 0
	for _, d := range drills {
		switch d.path {
		case flipped, truncated, unfinished, missing, scrambled, locked:
			a.fails(a.jobOf(restoreOf(d.path)), d.why...)
			refused++
		}
	}
	const tables = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)'"
	if found := strings.Fields(a.sql(tables)); len(found) > 0 || refused != 6 {
		b.t.Errorf("after %d restores that were refused, the database has the tables %q", refused, found)
	}
	a.waits(a.jobOf(migrationName), "wait-for-restore")

	a.apply(b.composeClone(a, plain, plain))
	a.succeeds(a.jobOf(restoreOf(plain)))
	a.waitFor(django.DefaultName)
	for _, one := range b.manifest(plain).Tables {
		if n := a.rowsIn(fmt.Sprintf(`%q.%q`, one.Schema, one.Table)); n != one.Rows {
			b.t.Errorf("%s has %d rows; want those of the manifest, %d", one.Table, n, one.Rows)
		}
	}
	if names := a.sql("SELECT count(DISTINCT name) FROM customers"); strings.TrimSpace(names) != "1" {
		b.t.Errorf("the customers still have %s names", strings.TrimSpace(names))
	}
	if got, err := a.get(a.web(), "/files/hello.txt"); err != nil || got.body != "hello" {
		b.t.Errorf("the upload is %d %q: %v", got.status, got.body, err)
	}
	a.apply(b.composeClone(a, plain, plain, encrypted))
	a.fails(a.jobOf(restoreOf(encrypted)), "restore: backup", "is not empty: it has")
}

func restoreOf(path string) string { return "restore-" + path }

// composeClone writes a site with a restore from each path. The migration waits
// for the one that is named first.
func (b *backups) composeClone(a *app, first string, paths ...string) string {
	b.t.Helper()
	return a.synthesise(func(app cdk8s.App) {
		chart := a.chart(app)
		project, s := a.site(chart), b.storage(chart)
		migration := django.MigrationProps{Project: project, Resources: tiny}
		for _, path := range paths {
			props := postgres.RestoreProps{
				Database: project.Database, Store: drill{path: path}.store(s), Name: restoreOf(path),
				Scrub: "UPDATE customers SET name = 'Kundin', notes = NULL", Resources: tiny, BackoffLimit: new(0),
			}
			if path == plain {
				props.MediaClaim, props.Pod.Affinity = django.DefaultMediaName, nearSite()
			}
			restore := postgres.NewRestore(chart, restoreOf(path), props)
			if path == first {
				migration.Restore = restore
			}
		}
		django.NewMigration(chart, "migration", migration)
		django.NewWeb(chart, "web", django.WebProps{Project: project, Resources: small})
	})
}
