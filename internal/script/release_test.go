package script

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// lockDriver is a PostgreSQL driver whose lock another session has until it is
// asked for it.
const lockDriver = `
import os

class Error(Exception):
    pass

class Connection:
    def cursor(self):
        return self

    def execute(self, statement, values):
        assert "pg_try_advisory_lock" in statement and values == ("lock",)
        self.free = not os.path.exists(os.environ["LOCK"])
        if not self.free:
            os.rename(os.environ["LOCK"], os.environ["LOCK"] + "-asked")

    def fetchone(self):
        return [self.free]

    def close(self):
        pass

def connect(**options):
    return Connection()
`

// releases is an API server with a ConfigMap that names a Job; refusals is how
// many times it answers with 503 first.
type releases struct {
	wanted   string
	refusals int
	// held is whether another session has the lock, at first.
	held bool

	mutex   sync.Mutex
	deleted []string
}

func (r *releases) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	switch {
	case r.refusals > 0:
		r.refusals--
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"message": "not now"}`)
	case q.Method == http.MethodGet && q.URL.Path == "/api/v1/namespaces/shop/configmaps/migrate-release":
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]string{"job": r.wanted}})
	case q.Method == http.MethodDelete && q.URL.Query().Get("propagationPolicy") == "Background":
		r.deleted = append(r.deleted, q.URL.Path)
		_, _ = io.WriteString(w, "{}")
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// waitForRelease runs release.py as the Job migrate-own against r.
func waitForRelease(t *testing.T, r *releases) (string, error) {
	t.Helper()
	server := httptest.NewTLSServer(r)
	defer server.Close()
	account := t.TempDir()
	for file, content := range map[string]string{
		"token": "token", "namespace": "shop", "job": "migrate-own", "psycopg.py": lockDriver,
		"ca.crt": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})),
	} {
		writeFile(t, filepath.Join(account, file), content)
	}
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	program := strings.NewReplacer("/var/run/secrets/kubernetes.io/serviceaccount", account,
		"INTERVAL = 2\n", "INTERVAL = 0.05\n", "SETTLE = 10\n", "SETTLE = 0.2\n", "PATIENCE = 120\n", "PATIENCE = 0\n").
		Replace("import sys; sys.path.insert(0, " + strconv.Quote(account) + ")\n" + releaseScript)
	command := exec.Command("python3", "-I", "-c", program, "migrate-release", "lock")
	command.Env = append(os.Environ(), "KUBERNETES_SERVICE_HOST="+address.Hostname(), "KUBERNETES_SERVICE_PORT="+address.Port(),
		"POSTGRES_HOST=h", "POSTGRES_PORT=1", "POSTGRES_DB=d", "LOCK="+filepath.Join(account, "held"))
	if r.held {
		writeFile(t, filepath.Join(account, "held"), "")
	}
	output, err := command.CombinedOutput()
	return string(output), err
}

func TestReleaseLetsTheWantedJobGoOn(t *testing.T) {
	for _, refusals := range []int{0, 3} {
		r := &releases{wanted: "migrate-own", refusals: refusals}
		if log, err := waitForRelease(t, r); err != nil || len(r.deleted) > 0 {
			t.Errorf("after %d refusals: %v, deletes %q\n%s", refusals, err, r.deleted, log)
		}
	}
}

func TestReleaseWaitsForTheLock(t *testing.T) {
	log, err := waitForRelease(t, &releases{wanted: "migrate-own", held: true})
	if err != nil || !strings.Contains(log, "lock is held by another process") {
		t.Errorf("%v\n%s", err, log)
	}
}

func TestReleaseDeletesAJobThatIsNotWanted(t *testing.T) {
	r := &releases{wanted: "migrate-other", held: true}
	log, err := waitForRelease(t, r)
	if err == nil || len(r.deleted) != 1 || r.deleted[0] != "/apis/batch/v1/namespaces/shop/jobs/migrate-own" {
		t.Errorf("%v, deletes %q", err, r.deleted)
	}
	if !strings.Contains(log, "migrate-own is not wanted any more: the release is that of migrate-other") {
		t.Errorf("its log does not say why: %s", log)
	}
}
