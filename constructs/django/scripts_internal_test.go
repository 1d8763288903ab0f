package django

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The scripts run here as they do in a container, against stand-ins: a driver
// whose database is a file, and an API server.

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
	script := strings.NewReplacer("INTERVAL = 2\n", "INTERVAL = 0.1\n", "GRACE = 10\n", "GRACE = 1\n").Replace(exclusiveScript)
	p := &process{Cmd: exec.Command("python3", "-c", script, "test", "sh", "-c", command), t: t, dir: dir, ended: make(chan int, 1)}
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

// job is what prune.py reads of one.
func job(name string, created int, conditions ...string) map[string]any {
	var list []map[string]string
	for _, condition := range conditions {
		list = append(list, map[string]string{"type": condition, "status": "True"})
	}
	return map[string]any{
		"metadata": map[string]any{"name": name, "creationTimestamp": time.Unix(int64(created), 0).UTC().Format(time.RFC3339)},
		"status":   map[string]any{"conditions": list},
	}
}

// api is an API server with these Jobs; refuse names the methods that it
// answers with 403.
type api struct {
	jobs   []map[string]any
	refuse string

	mutex   sync.Mutex
	deleted []string
	wrong   []string
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	const jobs = "/apis/batch/v1/namespaces/shop/jobs"
	name, single := strings.CutPrefix(r.URL.Path, jobs+"/")
	switch {
	case r.Header.Get("Authorization") != "Bearer token":
		a.wrong = append(a.wrong, "no token")
	case strings.Contains(a.refuse, r.Method):
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"message": "jobs.batch is forbidden"}`)
	case r.Method == http.MethodGet && r.URL.Path == jobs && r.URL.Query().Get("labelSelector") == "app=shop-migrate":
		_ = json.NewEncoder(w).Encode(map[string]any{"items": a.jobs})
	case r.Method == http.MethodDelete && single && r.URL.Query().Get("propagationPolicy") == "Background":
		a.deleted = append(a.deleted, name)
		_, _ = io.WriteString(w, "{}")
	default:
		a.wrong = append(a.wrong, r.Method+" "+r.URL.String())
	}
}

// prune runs prune.py against a, and fails unless it ends with 0.
func prune(t *testing.T, a *api, keep int) string {
	t.Helper()
	server := httptest.NewTLSServer(a)
	defer server.Close()
	account := t.TempDir()
	write(t, filepath.Join(account, "token"), "token\n")
	write(t, filepath.Join(account, "namespace"), "shop")
	write(t, filepath.Join(account, "ca.crt"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	script := strings.ReplaceAll(pruneScript, "/var/run/secrets/kubernetes.io/serviceaccount", account)
	command := exec.Command("python3", "-I", "-c", script, "shop-migrate", fmt.Sprint(keep))
	command.Env = append(os.Environ(), "KUBERNETES_SERVICE_HOST="+address.Hostname(), "KUBERNETES_SERVICE_PORT="+address.Port())
	output, err := command.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	if len(a.wrong) > 0 {
		t.Errorf("asks for %q", a.wrong)
	}
	return string(output)
}

func TestPruneKeepsTheNewestAndWhatRuns(t *testing.T) {
	jobs := []map[string]any{
		job("third", 3, "Complete"), job("running", 0), job("fourth", 4, "SuccessCriteriaMet", "Complete"),
		job("first", 1, "Failed"), job("failing", 0, "FailureTarget"), job("second", 2, "Complete"),
	}
	for keep, want := range map[int][]string{
		0: {"fourth", "third", "second", "first"},
		2: {"second", "first"},
		3: {"first"},
		4: nil,
		9: nil,
	} {
		a := &api{jobs: jobs}
		prune(t, a, keep)
		if !slices.Equal(a.deleted, want) {
			t.Errorf("keep %d: deletes %q, want %q", keep, a.deleted, want)
		}
	}
}

// What could not be deleted must not stop a migration.
func TestPruneNeverFails(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		if output := prune(t, &api{jobs: []map[string]any{job("first", 1, "Complete")}, refuse: method}, 0); !strings.Contains(output, "jobs.batch is forbidden") {
			t.Errorf("%s is refused, and the log does not say so: %s", method, output)
		}
	}
	prune(t, &api{jobs: []map[string]any{{"no": "job"}, {"status": nil}}}, 0)
}
