package synth

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// When one of several files cannot be moved into place at the very end, those
// that were get their old content back.
func TestAChangeIsUndone(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for name, content := range map[string]string{
		"changed": "old", "changed.new": "new", "removed": "old", "added.new": "new",
		"twice": "old", "twice.1": "1", "twice.2": "2",
	} {
		if err := os.WriteFile(path(name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	err := applyAll([]change{
		{path: path("twice"), staged: path("twice.1"), old: []byte("old")},
		{path: path("changed"), staged: path("changed.new"), old: []byte("old")},
		{path: path("removed"), old: []byte("old")},
		{path: path("added"), staged: path("added.new")},
		{path: path("twice"), staged: path("twice.2"), old: []byte("1")},
		{path: path("fails"), staged: path("missing")},
	})
	if err == nil {
		t.Fatal("a file that is not there was moved")
	}
	for name, want := range map[string]string{"changed": "old", "removed": "old", "added": "", "twice": "old"} {
		if got, _ := os.ReadFile(path(name)); string(got) != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
}

// The tests below run a process that dies after so many changes to a directory.
const diesAfter, diesIn = "SYNTH_TEST_DIES_AFTER", "SYNTH_TEST_DIES_IN"

var (
	oldFiles = map[string][]byte{"kept.k8s.yaml": []byte("old"), "removed.k8s.yaml": []byte("old")}
	newFiles = map[string][]byte{"kept.k8s.yaml": []byte("new"), "added.k8s.yaml": []byte("new")}
)

func TestDies(t *testing.T) {
	dir := os.Getenv(diesIn)
	if dir == "" {
		t.Skip("is run by another test")
	}
	after, err := strconv.Atoi(os.Getenv(diesAfter))
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPlan(dir, []output{{dir, newFiles}}, "app", false)
	if err == nil {
		err = p.stage()
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range p.changes[:min(after, len(p.changes))] {
		if err := c.apply(); err != nil {
			t.Fatal(err)
		}
	}
	if after > len(p.changes) {
		os.Exit(99)
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func TestTheNextRunRepairsWhatAKilledOneLeft(t *testing.T) {
	for after := 0; ; after++ {
		dir := t.TempDir()
		if _, err := replace(dir, []output{{dir, oldFiles}}, "app", false); err != nil {
			t.Fatal(err)
		}
		command := exec.Command(os.Args[0], "-test.run", "^TestDies$")
		command.Env = append(os.Environ(), diesIn+"="+dir, fmt.Sprintf("%s=%d", diesAfter, after))
		output, _ := command.CombinedOutput()
		if command.ProcessState.ExitCode() == 99 {
			if after < 6 {
				t.Errorf("there were %d changes", after-1)
			}
			return
		}
		if command.ProcessState.Exited() {
			t.Fatalf("the process was not killed:\n%s", output)
		}
		wholeAndComplete(t, after, dir)
		repaired(t, after, dir)
	}
}

// wholeAndComplete fails when a file is neither old nor new, or one has gone
// before all new ones were there.
func wholeAndComplete(t *testing.T, after int, dir string) {
	t.Helper()
	if got, _ := os.ReadFile(filepath.Join(dir, "kept.k8s.yaml")); string(got) != "old" && string(got) != "new" {
		t.Errorf("after %d changes, a file holds %q", after, got)
	}
	_, removed := os.Stat(filepath.Join(dir, "removed.k8s.yaml"))
	for name, content := range newFiles {
		if got, _ := os.ReadFile(filepath.Join(dir, name)); removed != nil && !bytes.Equal(got, content) {
			t.Errorf("after %d changes, a file is removed and %s holds %q", after, name, got)
		}
	}
}

// repaired runs again, and fails when the directory holds anything but what
// that run has written.
func repaired(t *testing.T, after int, dir string) {
	t.Helper()
	left, err := replace(dir, []output{{dir, newFiles}}, "app", false)
	if err != nil || len(left.foreign) > 0 {
		t.Errorf("after %d changes: %v, %v", after, left, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(newFiles)+1 {
		t.Errorf("after %d changes and another run, the directory holds %v, %v", after, entries, err)
	}
	for name, content := range newFiles {
		if got, _ := os.ReadFile(filepath.Join(dir, name)); !bytes.Equal(got, content) {
			t.Errorf("after %d changes and another run, %s holds %q", after, name, got)
		}
	}
}

// What another run is staging at this moment stays.
func TestStagedFilesOfARunningProcessStay(t *testing.T) {
	for name, want := range map[string]bool{
		fmt.Sprintf(".synth-%d-0.tmp", os.Getppid()): false,
		fmt.Sprintf(".synth-%d-0.tmp", os.Getpid()):  true,
		".synth-4194305-0.tmp":                       true, // Beyond the largest id on Linux.
		".synth":                                     false,
		"synth-1-0.tmp":                              false,
	} {
		if got := abandoned(name); got != want {
			t.Errorf("%s: abandoned is %v", name, got)
		}
	}
}
