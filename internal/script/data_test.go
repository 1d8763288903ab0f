package script

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The scripts of the store run here as they do in a container, against a stand-in
// for rclone whose store is a directory.

// rclone knows the commands that the scripts use, writes down each, and fails as
// the variable REFUSE says: a command and the end of a path. With the variable
// DAMAGE it changes what it copies to a path with that end.
const rclone = `#!/bin/sh
echo "$*" >>"$CALLS"
for last; do :; done
case "$*" in
"${REFUSE%% *} "*"${REFUSE#* }") [ -z "$REFUSE" ] || { echo "2026/11/25 02:30:00 ERROR : it is refused" >&2; exit 1; } ;;
esac
case "$1 $2" in
"lsf --recursive") cd "$last" && find . -mindepth 2 -maxdepth 2 -name manifest.json | sed 's#^\./##' ;;
"lsf --dirs-only") cd "$last" && for one in */; do echo "$one"; done ;;
"copyto "*)
  mkdir -p "$(dirname "$3")"
  # A path without an object is an empty directory.
  [ -e "$2" ] || exit 0
  cp "$2" "$3"
  case "$3" in *"$DAMAGE") [ -z "$DAMAGE" ] || printf X >>"$3" ;; esac
  ;;
"cat "*) cat "$2" ;;
"deletefile "*) rm "$2" ;;
"purge "*) rm -r "$2" ;;
"obscure -") tr a-z A-Z ;;
*) echo "ERROR : no command: $*" >&2; exit 1 ;;
esac
`

// container is where a script of the store runs.
type container struct {
	t              *testing.T
	scratch, store string
	home           string
	refuse, damage string
	password       string
	rows           map[string]int // By id; 5 where there is no entry.
}

func newContainer(t *testing.T) *container {
	t.Helper()
	c := &container{t: t, home: t.TempDir(), scratch: t.TempDir(), store: t.TempDir() + "/"}
	if err := os.WriteFile(filepath.Join(c.home, "rclone"), []byte(rclone), 0o700); err != nil { //nolint:gosec // It runs.
		t.Fatal(err)
	}
	return c
}

// run runs command and returns its output, the commands of rclone that change the
// store, and whether it succeeded.
func (c *container) run(command []string) (output string, calls []string, ok bool) {
	c.t.Helper()
	list := filepath.Join(c.home, "calls")
	_ = os.Remove(list)
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = []string{
		"PATH=" + c.home + ":" + os.Getenv("PATH"), "HOME=" + c.home, "SCRATCH=" + c.scratch, "STORE=" + c.store,
		"CALLS=" + list, "REFUSE=" + c.refuse, "DAMAGE=" + c.damage, "ENCRYPTION_PASSWORD=" + c.password,
	}
	out, err := cmd.CombinedOutput()
	all, _ := os.ReadFile(list)
	for line := range strings.Lines(string(all)) {
		line = strings.ReplaceAll(strings.TrimSpace(line), c.store, "")
		if !strings.HasPrefix(line, "lsf") && !strings.HasPrefix(line, "cat") {
			calls = append(calls, line)
		}
	}
	return string(out), calls, err == nil
}

// id is that of a backup some hours ago.
func id(hours int) string {
	return time.Now().UTC().Add(time.Duration(-hours)*time.Hour).Format("20060102T150405Z") + "-0a1b2c"
}

// dumped writes what the script dump leaves.
func (c *container) dumped(dir, id string) {
	c.t.Helper()
	var items []string
	for _, name := range []string{"database.dump", "media.tar"} {
		content := name + " of " + id
		write(c.t, filepath.Join(dir, name), content)
		sum := sha256.Sum256([]byte(content))
		items = append(items, fmt.Sprintf(`    {"name": %q, "size": %d, "sha256": "%x"}`, name, len(content), sum))
	}
	write(c.t, filepath.Join(dir, "manifest.json"),
		fmt.Sprintf("{\n  \"format\": 1,\n  \"id\": %q,\n  \"tables\": [\n%s\n  ],\n  \"files\": [\n%s\n  ]\n}\n",
			id, c.tables(id), strings.Join(items, ",\n")))
	write(c.t, filepath.Join(dir, "id"), id+"\n")
}

// tables are the lines of a manifest about two tables.
func (c *container) tables(id string) string {
	rows, ok := c.rows[id]
	if !ok {
		rows = 5
	}
	const line = `    {"schema": "public", "table": %q, "rows": %d}`
	return fmt.Sprintf(line+",\n"+line, "auth_user", 1, "entries", rows-1)
}

// stored adds complete backups to the store.
func (c *container) stored(ids ...string) {
	c.t.Helper()
	for _, id := range ids {
		dir := filepath.Join(c.store, id)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			c.t.Fatal(err)
		}
		c.dumped(dir, id)
	}
}

// list returns the names in the store.
func (c *container) list() (names []string) {
	entries, err := os.ReadDir(c.store)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// A manifest says that everything before it is there.
func TestStoreWritesTheManifestLast(t *testing.T) {
	c := newContainer(t)
	now := id(0)
	c.dumped(c.scratch, now)
	output, calls, ok := c.run(Store(14, 0, 3600))
	want := []string{
		"copyto database.dump " + now + "/database.dump", "copyto media.tar " + now + "/media.tar",
		"copyto manifest.json " + now + "/manifest.json",
	}
	if !ok || !slices.Equal(calls, want) {
		t.Errorf("rclone is called with %q\n%s", calls, output)
	}
}

// Whatever goes wrong, there is no manifest of the new backup, one line says why,
// and nothing is deleted.
func TestStoreThatFails(t *testing.T) {
	for name, tc := range map[string]struct{ refuse, damage, line string }{
		"dump refused":     {"copyto database.dump", "", "store: cannot copy database.dump of backup ID to the store: it is refused"},
		"media refused":    {"copyto media.tar", "", "store: cannot copy media.tar of backup ID to the store: it is refused"},
		"dump unreadable":  {"cat database.dump", "", "store: database.dump of backup ID in the store differs from its SHA-256 sum"},
		"dump damaged":     {"", "database.dump", "store: database.dump of backup ID in the store differs from its SHA-256 sum"},
		"manifest refused": {"copyto manifest.json", "", "store: cannot copy manifest.json of backup ID to the store: it is refused"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newContainer(t)
			c.refuse, c.damage = tc.refuse, tc.damage
			now, old := id(0), []string{id(30), id(20), id(10)}
			c.stored(old...)
			c.dumped(c.scratch, now)
			output, _, ok := c.run(Store(1, 0, 3600))
			if ok || !strings.Contains(output, strings.ReplaceAll(tc.line, "ID", now)) {
				t.Errorf("ends with success %v and\n%s", ok, output)
			}
			if _, err := os.Stat(filepath.Join(c.store, now, "manifest.json")); err == nil {
				t.Error("the backup has a manifest")
			}
			for _, one := range old {
				if !slices.Contains(c.list(), one) {
					t.Errorf("%s is gone", one)
				}
			}
		})
	}
}

func TestStoreKeepsTheNewest(t *testing.T) {
	ids := []string{id(0), id(30), id(60), id(90), id(120)}
	for name, tc := range map[string]struct {
		keep, days int
		refuse     string
		want       []string
	}{
		"every one":         {5, 0, "", ids},
		"two":               {2, 0, "", ids[:2]},
		"two, or two days":  {2, 2, "", ids[:2]},
		"two, or four days": {2, 4, "", ids[:4]},
		"all":               {0, 0, "", ids},
		"all, list refused": {2, 0, "lsf ", ids},
	} {
		t.Run(name, func(t *testing.T) {
			c := newContainer(t)
			c.refuse = tc.refuse
			c.stored(ids[1:]...)
			c.dumped(c.scratch, ids[0])
			output, calls, ok := c.run(Store(tc.keep, tc.days, 3600))
			if got := c.list(); !slices.Equal(got, slices.Sorted(slices.Values(tc.want))) || ok != (tc.refuse == "") {
				t.Errorf("keeps %q, want %q\n%s", got, tc.want, output)
			}
			for i, call := range calls {
				// A backup that is half deleted has no manifest.
				if one, purged := strings.CutPrefix(call, "purge "); purged && calls[i-1] != "deletefile "+one+"/manifest.json" {
					t.Errorf("%s is deleted in this order: %q", one, calls)
				}
			}
		})
	}
}

// What the database held before it was emptied is kept, whatever its age, until the
// database holds about as much again.
func TestStoreKeepsWhatAnEmptiedDatabaseHeld(t *testing.T) {
	ids := []string{id(0), id(30), id(60), id(90), id(120)}
	for name, tc := range map[string]struct {
		rows []int
		want []int
	}{
		"a database that grows":          {[]int{500, 400, 300, 200, 100}, []int{0, 1}},
		"one that loses a third":         {[]int{200, 300, 300, 300, 300}, []int{0, 1}},
		"emptied":                        {[]int{1, 1, 1, 900, 800}, []int{0, 1, 3}},
		"emptied, and filled again":      {[]int{500, 1, 1, 900, 800}, []int{0, 1}},
		"emptied twice":                  {[]int{1, 1, 10, 9, 800}, []int{0, 1, 2, 4}},
		"emptied, and still among those": {[]int{1, 900, 800, 700, 600}, []int{0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newContainer(t)
			c.rows = map[string]int{}
			var want []string
			for i, n := range tc.rows {
				c.rows[ids[i]] = n
			}
			for _, i := range tc.want {
				want = append(want, ids[i])
			}
			c.stored(ids[1:]...)
			c.dumped(c.scratch, ids[0])
			output, _, ok := c.run(Store(2, 0, 3600))
			if got := c.list(); !slices.Equal(got, slices.Sorted(slices.Values(want))) || !ok {
				t.Errorf("keeps %q, want %q\n%s", got, want, output)
			}
			if kept := strings.Contains(output, "has the database been emptied?"); kept != (len(want) > 2) {
				t.Errorf("the log says %q", output)
			}
		})
	}
	t.Run("a manifest that cannot be read", func(t *testing.T) {
		c := newContainer(t)
		c.refuse = "cat " + ids[4] + "/manifest.json"
		c.stored(ids[1:]...)
		c.dumped(c.scratch, ids[0])
		if output, _, ok := c.run(Store(2, 0, 3600)); ok || !slices.Contains(c.list(), ids[4]) {
			t.Errorf("deleted\n%s", output)
		}
	})
}

// What has no manifest is left alone as long as a pod may be at work on it; what is
// no backup is, too.
func TestStoreDeletesRemains(t *testing.T) {
	c := newContainer(t)
	now, busy, dead := id(0), id(1), id(3)
	c.stored(busy, dead)
	for _, one := range []string{busy, dead} {
		if err := os.Remove(filepath.Join(c.store, one, "manifest.json")); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(c.store, "notes"), 0o700); err != nil {
		t.Fatal(err)
	}
	c.dumped(c.scratch, now)
	output, _, ok := c.run(Store(14, 0, 2*3600))
	if got, want := c.list(), []string{busy, now, "notes"}; !ok || !slices.Equal(got, want) {
		t.Errorf("keeps %q, want %q\n%s", got, want, output)
	}
}

func TestFetch(t *testing.T) {
	newest, middle, oldest := id(2), id(30), id(60)
	for name, tc := range map[string]struct {
		command  []string
		prepare  func(c *container)
		line, id string
	}{
		"newest":       {Fetch("", 0, false, "database.dump"), nil, "fetch: backup ", newest},
		"named":        {Fetch(oldest, 0, false, "database.dump", "media.tar"), nil, "fetch: backup ", oldest},
		"young enough": {Fetch("", 3, true, "database.dump"), nil, "fetch: backup ", newest},
		"too old":      {Fetch("", 1, true, "database.dump"), nil, "fetch: backup " + newest + " is older than 1 hours", ""},
		"no such one": {
			Fetch("20200101T000000Z-000000", 0, false, "database.dump"), nil,
			"fetch: backup 20200101T000000Z-000000 is not in the store, or not complete: it has no manifest", "",
		},
		"without a manifest": {Fetch("", 0, false, "database.dump"), remove(newest, "manifest.json"), "fetch: backup ", middle},
		"nothing":            {Fetch("", 0, false, "database.dump"), empty, "fetch: the store holds no complete backup", ""},
		"not to be listed": {
			Fetch("", 0, false, "database.dump"), func(c *container) { c.refuse = "lsf " }, "fetch: cannot list the store: it is refused", "",
		},
		"flipped byte": {
			Fetch("", 0, false, "database.dump"), change(newest, "database.dump", "x"),
			"fetch: database.dump of backup " + newest + " differs from the SHA-256 sum in its manifest", "",
		},
		"other file damaged":       {Fetch("", 0, true, "database.dump"), change(newest, "media.tar", "x"), "fetch: media.tar of backup " + newest + " in the store differs from its SHA-256 sum", ""},
		"other file is not needed": {Fetch("", 0, false, "database.dump"), change(newest, "media.tar", "x"), "fetch: backup ", newest},
		"dump is gone": {
			Fetch("", 0, false, "database.dump"), remove(newest, "database.dump"), "fetch: database.dump of backup " + newest + " is not in the store", "",
		},
		"manifest of another": {
			Fetch("", 0, false, "database.dump"), change(newest, "manifest.json", "{\n  \"format\": 1,\n  \"id\": \"x\",\n}\n"),
			"fetch: the manifest of backup " + newest + " is damaged, or of a newer format", "",
		},
		"no media": {
			Fetch("", 0, false, "database.dump", "notes.tar"), nil, "fetch: backup " + newest + " holds no notes.tar", "",
		},
		"other password": {
			Fetch("", 0, false, "database.dump"), func(c *container) { c.refuse, c.password = "copyto manifest.json", "other" },
			"fetch: cannot read manifest.json of backup " + newest + ": damaged, or encrypted with another password; it is refused", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newContainer(t)
			c.stored(newest, middle, oldest)
			if tc.prepare != nil {
				tc.prepare(c)
			}
			output, _, ok := c.run(tc.command)
			if ok != (tc.id != "") || !strings.Contains(output, tc.line+tc.id) {
				t.Errorf("ends with success %v and\n%s", ok, output)
			}
			got, _ := os.ReadFile(filepath.Join(c.scratch, "database.dump"))
			if tc.id != "" && string(got) != "database.dump of "+tc.id {
				t.Errorf("copies %q", got)
			}
		})
	}
}

func remove(id, name string) func(c *container) {
	return func(c *container) { _ = os.Remove(filepath.Join(c.store, id, name)) }
}

func change(id, name, content string) func(c *container) {
	return func(c *container) { write(c.t, filepath.Join(c.store, id, name), content) }
}

func empty(c *container) { _ = os.RemoveAll(c.store); _ = os.Mkdir(c.store, 0o700) }

// What rclone reads from its environment is the password of the Secret, obscured.
func TestPasswordIsObscured(t *testing.T) {
	c := newContainer(t)
	c.password = "correct horse/+\"'$"
	output, _, ok := c.run(shell("test", commonScript, remoteScript, `echo "<$RCLONE_CONFIG_CRYPT_PASSWORD${ENCRYPTION_PASSWORD-}>"`))
	if !ok || !strings.Contains(output, "<CORRECT HORSE/+\"'$>") {
		t.Errorf("got %s", output)
	}
}
