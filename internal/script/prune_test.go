package script

import (
	"encoding/json"
	"encoding/pem"
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
	"testing"
	"time"
)

// The script runs here as it does in a container, against a stand-in for the API
// server.

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
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
	writeFile(t, filepath.Join(account, "token"), "token\n")
	writeFile(t, filepath.Join(account, "namespace"), "shop")
	writeFile(t, filepath.Join(account, "ca.crt"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
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
