package script

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The script runs here as it does in a container, against a stand-in: a driver
// whose database is a file.

// driver is a PostgreSQL driver with one advisory lock and one way to fail.
const driver = `
import fcntl, os

class Error(Exception):
    pass

class Connection:
    def __init__(self):
        self.up()
        self.file = open("lock", "w")

    def up(self):
        if os.path.exists("outage"):
            raise Error("the server is down")

    def cursor(self):
        return self

    def execute(self, statement, values):
        self.up()
        self.answer = 1
        if "pg_try_advisory_lock" in statement:
            try:
                fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.answer = False
        elif "pg_terminate_backend" in statement:
            self.answer = int(os.path.exists("leftover"))
            if self.answer:
                os.rename("leftover", "ended")

    def fetchone(self):
        return [self.answer]

def connect(**options):
    return Connection()
`

// process is a run of exclusive.py.
type process struct {
	*exec.Cmd

	t     *testing.T
	dir   string
	ended chan int
}

// lockDir returns a directory that holds the stand-in for the database.
func lockDir(t *testing.T) string {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "psycopg.py"), driver)
	return dir
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// hold starts a shell command under the lock in dir. Like a container, it takes
// what it started with it.
func hold(t *testing.T, dir, command string) *process {
	t.Helper()
	return holdWithin(t, dir, "0", command)
}

// holdWithin is [hold] for a command that gives up after so many seconds.
func holdWithin(t *testing.T, dir, seconds, command string) *process {
	t.Helper()
	script := strings.NewReplacer("INTERVAL = 2\n", "INTERVAL = 0.1\n", "GRACE = 10\n", "GRACE = 1\n").Replace(exclusiveScript)
	p := &process{Cmd: exec.Command("python3", "-c", script, "test", seconds, "sh", "-c", command), t: t, dir: dir, ended: make(chan int, 1)}
	p.Dir = dir
	p.Env = append(os.Environ(), "POSTGRES_HOST=h", "POSTGRES_PORT=1", "POSTGRES_DB=d", "PYTHONDONTWRITEBYTECODE=1")
	p.Stderr = t.Output()
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.Wait()
		p.ended <- p.ProcessState.ExitCode()
	}()
	t.Cleanup(func() { _ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL) })
	return p
}

// status waits for the end and returns the exit code.
func (p *process) status() int {
	p.t.Helper()
	select {
	case code := <-p.ended:
		return code
	case <-time.After(20 * time.Second):
		p.t.Fatal("the process does not end")
		return 0
	}
}

// appears waits for a file that a command writes.
func (p *process) appears(name string) {
	p.t.Helper()
	for range 200 {
		if p.exists(name) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.t.Fatalf("%s does not appear", name)
}

func (p *process) exists(name string) bool {
	_, err := os.Stat(filepath.Join(p.dir, name))
	return !errors.Is(err, os.ErrNotExist)
}

func TestExclusiveKeepsTheExitCode(t *testing.T) {
	for command, want := range map[string]int{"exit 0": 0, "exit 3": 3, "kill -9 $$": 137} {
		if got := hold(t, lockDir(t), command).status(); got != want {
			t.Errorf("%q ends with %d, want %d", command, got, want)
		}
	}
}

func TestExclusivePassesTheSignalToStop(t *testing.T) {
	p := hold(t, lockDir(t), `trap 'touch told; exit 7' TERM; touch started; while :; do sleep 0.1; done`)
	p.appears("started")
	_ = p.Process.Signal(syscall.SIGTERM)
	if got := p.status(); got != 7 || !p.exists("told") {
		t.Errorf("ends with %d, want the 7 of the command's own handler", got)
	}
	p = hold(t, lockDir(t), `touch started; exec sleep 60`)
	p.appears("started")
	_ = p.Process.Signal(syscall.SIGTERM)
	if got := p.status(); got != 143 {
		t.Errorf("a command that the signal ends gives %d, want 143", got)
	}
}

func TestExclusiveWaitsForTheHolder(t *testing.T) {
	for name, end := range map[string]func(p *process){
		"it ends":      func(p *process) { write(t, filepath.Join(p.dir, "go"), "") },
		"it is killed": func(p *process) { _ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := lockDir(t)
			first := hold(t, dir, `touch first; until [ -e go ]; do sleep 0.1; done`)
			first.appears("first")
			second := hold(t, dir, `touch second`)
			time.Sleep(time.Second)
			if second.exists("second") {
				t.Fatal("two hold the lock at once")
			}
			end(first)
			if got := second.status(); got != 0 || !second.exists("second") {
				t.Errorf("the second one ends with %d", got)
			}
		})
	}
}

func TestExclusiveGivesUp(t *testing.T) {
	dir := lockDir(t)
	hold(t, dir, `touch first; sleep 60`).appears("first")
	second := holdWithin(t, dir, "1", `touch second`)
	if got := second.status(); got != NotLocked || second.exists("second") {
		t.Errorf("ends with %d, want %d and no command", got, NotLocked)
	}
	write(t, filepath.Join(dir, "outage"), "")
	if got := holdWithin(t, dir, "1", `touch second`).status(); got != NotLocked {
		t.Errorf("without the database it ends with %d, want %d", got, NotLocked)
	}
}

func TestExclusiveStopsWhileItWaits(t *testing.T) {
	dir := lockDir(t)
	hold(t, dir, `touch first; sleep 60`).appears("first")
	second := hold(t, dir, `touch second`)
	time.Sleep(time.Second)
	_ = second.Process.Signal(syscall.SIGTERM)
	if got := second.status(); got != 143 || second.exists("second") {
		t.Errorf("ends with %d, want 143 and no command", got)
	}
}

func TestExclusiveWaitsForTheDatabase(t *testing.T) {
	dir := lockDir(t)
	write(t, filepath.Join(dir, "outage"), "")
	p := hold(t, dir, `touch started`)
	time.Sleep(time.Second)
	if p.exists("started") {
		t.Fatal("runs without the database")
	}
	if err := os.Remove(filepath.Join(dir, "outage")); err != nil {
		t.Fatal(err)
	}
	if got := p.status(); got != 0 || !p.exists("started") {
		t.Errorf("ends with %d", got)
	}
}

// Without its session, another process may have the lock.
func TestExclusiveStopsTheCommandThatLosesTheLock(t *testing.T) {
	for name, command := range map[string]string{
		"polite":   `touch started; exec sleep 60`,
		"stubborn": `trap '' TERM; touch started; while :; do sleep 0.1; done`,
	} {
		t.Run(name, func(t *testing.T) {
			p := hold(t, lockDir(t), command)
			p.appears("started")
			write(t, filepath.Join(p.dir, "outage"), "")
			if got := p.status(); got != 1 {
				t.Errorf("ends with %d, want 1", got)
			}
		})
	}
}

// The server goes on with the statement of a client that was killed.
func TestExclusiveEndsWhatAKilledCommandHasLeft(t *testing.T) {
	dir := lockDir(t)
	write(t, filepath.Join(dir, "leftover"), "")
	p := hold(t, dir, `[ -e ended ] && [ ! -e leftover ] && [ "$PGAPPNAME" = "test: command" ]`)
	if got := p.status(); got != 0 {
		t.Errorf("ends with %d: the command starts beside what the last one has left, or its sessions have no name", got)
	}
}
