package script

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
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
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The script runs here as it does in a container, against a stand-in for the API
// server and one for the database, which is a driver that asks the same server.

const rotationDriver = `
import json, os, urllib.request

class Error(Exception):
    pass

class OperationalError(Error):
    pass

class Connection:
    def __init__(self, user, password):
        self.user, self.password = user, password
        self.execute("LOG IN " + user + " " + password)

    def cursor(self):
        return self

    def execute(self, statement, values=None):
        body = json.dumps({"user": self.user, "statement": statement, "values": values}).encode()
        try:
            with urllib.request.urlopen(os.environ["SQL"], body) as answer:
                self.rows = json.loads(answer.read())
        except OSError as error:
            raise OperationalError(str(error))

    def fetchall(self):
        return self.rows

    def close(self):
        pass

def connect(user, password, **options):
    return Connection(user, password)
`

// role is one that clients log in as.
type role struct {
	verifier string
	login    bool
}

// pod is one that reads the Secret, and what it read of it.
type pod struct {
	app, user, password, rotation string
	created                       time.Time
}

// world is a cluster with a database: what rotate.py reads and changes.
type world struct {
	t       *testing.T
	mutex   sync.Mutex
	version int
	secret  map[string]string
	note    string
	roles   map[string]*role
	pods    []*pod
	// restarted are the Deployments, in order; owner is that of the Job.
	restarted []string
	owner     string
	// changes counts what was changed, and kill is called after that many.
	changes, killAfter int
	kill               func()
	clock              time.Time
}

func newWorld(t *testing.T) *world {
	return &world{t: t, secret: map[string]string{}, roles: map[string]*role{}, clock: time.Now().UTC()}
}

// changed counts one change, and may kill the script right after it.
func (w *world) changed() {
	w.changes++
	if w.changes == w.killAfter {
		w.kill()
	}
}

// start adds a pod of each Deployment that reads the Secret now.
func (w *world) start(apps ...string) {
	for _, app := range apps {
		w.pods = append(w.pods, &pod{
			app: app, user: w.secret["POSTGRES_USER"], password: w.secret["POSTGRES_PASSWORD"], created: w.clock.Add(-time.Hour),
		})
	}
}

// check fails unless every pod can log in.
func (w *world) check() {
	w.t.Helper()
	for _, p := range w.pods {
		if r := w.roles[p.user]; r == nil || !r.login || r.verifier != "" && !verifies(r.verifier, p.password) {
			w.t.Errorf("a pod of %s cannot log in as %q", p.app, p.user)
		}
	}
}

func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	out.Header().Set("Date", w.clock.Format(http.TimeFormat))
	body, _ := io.ReadAll(r.Body)
	const core, apps = "/api/v1/namespaces/shop", "/apis/apps/v1/namespaces/shop/deployments/"
	var answer any = map[string]any{}
	deployment, isDeployment := strings.CutPrefix(r.URL.Path, apps)
	switch {
	case r.URL.Path == "/sql":
		answer = w.sql(out, body)
	case r.URL.Path == core+"/secrets/login":
		answer = w.serveSecret(out, r.Method, body)
	case r.URL.Path == core+"/pods":
		answer = w.listPods()
	case isDeployment && r.Method == http.MethodPatch:
		w.restart(deployment, body)
	case isDeployment:
		answer = map[string]any{
			"metadata": map[string]any{"generation": 2}, "spec": map[string]any{"replicas": 1},
			"status": map[string]any{"observedGeneration": 2, "updatedReplicas": 1, "availableReplicas": 1, "replicas": 1},
		}
	case strings.HasPrefix(r.URL.Path, "/apis/batch/v1/namespaces/shop/jobs/"):
		w.owner = string(body)
	default:
		w.t.Errorf("asks for %s %s", r.Method, r.URL)
	}
	_ = json.NewEncoder(out).Encode(answer)
}

func (w *world) serveSecret(out http.ResponseWriter, method string, body []byte) any {
	version := fmt.Sprint(w.version)
	if method == http.MethodPatch {
		var patch struct {
			Metadata struct {
				ResourceVersion string
				Annotations     map[string]string
			}
			Data map[string]string
		}
		if err := json.Unmarshal(body, &patch); err != nil {
			w.t.Error(err)
		}
		if patch.Metadata.ResourceVersion != version {
			out.WriteHeader(http.StatusConflict)
			return map[string]any{"message": "the object has been modified"}
		}
		for key, value := range patch.Data {
			plain, _ := base64.StdEncoding.DecodeString(value)
			w.secret[key] = string(plain)
		}
		w.version++
		w.note = patch.Metadata.Annotations["django-cdk8s.example.com/rotation"]
		w.changed()
	}
	data := map[string]string{}
	for key, value := range w.secret {
		data[key] = base64.StdEncoding.EncodeToString([]byte(value))
	}
	return map[string]any{"data": data, "metadata": map[string]any{
		"uid": "secret-uid", "resourceVersion": fmt.Sprint(w.version),
		"annotations": map[string]string{"django-cdk8s.example.com/rotation": w.note},
	}}
}

func (w *world) listPods() any {
	env := []any{map[string]any{"valueFrom": map[string]any{"secretKeyRef": map[string]any{"name": "login"}}}}
	items := []any{map[string]any{
		"metadata": map[string]any{"name": "other", "creationTimestamp": "2020-01-01T00:00:00Z"},
		"spec":     map[string]any{"containers": []any{map[string]any{"env": []any{}}}},
	}}
	for i, p := range w.pods {
		items = append(items, map[string]any{
			"metadata": map[string]any{
				"name": fmt.Sprintf("%s-%d", p.app, i), "creationTimestamp": p.created.Format(time.RFC3339),
				"labels":      map[string]string{"app": p.app},
				"annotations": map[string]string{"django-cdk8s.example.com/rotation": p.rotation},
			},
			"spec":   map[string]any{"containers": []any{map[string]any{"env": env}}},
			"status": map[string]any{"phase": "Running"},
		})
	}
	return map[string]any{"items": items}
}

// restart replaces the pods of a Deployment by one that reads the Secret anew.
func (w *world) restart(app string, body []byte) {
	rotation := annotated.FindSubmatch(body)
	if rotation == nil {
		w.t.Errorf("restarts %s by %s", app, body)
		return
	}
	w.restarted = append(w.restarted, app)
	w.pods = slices.DeleteFunc(w.pods, func(p *pod) bool { return p.app == app })
	w.clock = w.clock.Add(time.Minute)
	w.start(app)
	w.pods[len(w.pods)-1].created, w.pods[len(w.pods)-1].rotation = w.clock, string(rotation[1])
	w.changed()
	w.check()
}

var (
	annotated = regexp.MustCompile(`"django-cdk8s\.example\.com/rotation": "([^"]*)"`)

	created  = regexp.MustCompile(`CREATE ROLE "(\w+)"`)
	opened   = regexp.MustCompile(`ALTER ROLE "(\w+)" LOGIN INHERIT PASSWORD '([^']+)'`)
	closed   = regexp.MustCompile(`^ALTER ROLE "(\w+)" NOLOGIN$`)
	loggedIn = regexp.MustCompile(`^LOG IN (\S+) (\S+)$`)
)

func (w *world) sql(out http.ResponseWriter, body []byte) any {
	var q struct {
		User, Statement string
		Values          []any
	}
	if err := json.Unmarshal(body, &q); err != nil {
		w.t.Error(err)
	}
	rows := [][]any{}
	switch s := q.Statement; {
	case loggedIn.MatchString(s):
		m := loggedIn.FindStringSubmatch(s)
		if r := w.roles[m[1]]; m[1] != "shop" && (r == nil || !r.login || !verifies(r.verifier, m[2])) {
			out.WriteHeader(http.StatusForbidden)
		}
	case strings.Contains(s, "pg_try_advisory_lock"):
		rows = append(rows, []any{true})
	case strings.Contains(s, "FROM pg_roles r"):
		for _, name := range []string{"shop_1", "shop_2"} {
			if r := w.roles[name]; r != nil && r.login {
				rows = append(rows, []any{name})
			}
		}
	case strings.HasPrefix(s, "SELECT 1 FROM pg_roles"):
		if w.roles[q.Values[0].(string)] != nil {
			rows = append(rows, []any{1})
		}
	case opened.MatchString(s):
		if m := created.FindStringSubmatch(s); m != nil {
			w.roles[m[1]] = &role{}
		}
		m := opened.FindStringSubmatch(s)
		*w.roles[m[1]] = role{verifier: m[2], login: true}
		w.changed()
		w.check()
	case closed.MatchString(s):
		w.roles[closed.FindStringSubmatch(s)[1]].login = false
		w.changed()
		w.check()
	case strings.HasPrefix(s, "SELECT set_config("):
	case strings.Contains(s, "pg_terminate_backend"):
		rows = append(rows, []any{0})
	default:
		w.t.Errorf("asks the database %q", s)
	}
	return rows
}

// run runs rotate.py as the Job called name and returns its log and whether it
// ended well. killAfter is after how many changes it is killed; 0 for never.
func (w *world) run(mode, name string, killAfter int) (string, bool) {
	w.t.Helper()
	server := httptest.NewTLSServer(w)
	defer server.Close()
	plain := httptest.NewServer(w)
	defer plain.Close()
	account := w.t.TempDir()
	for file, content := range map[string]string{
		"token": "token", "namespace": "shop", "job": name, "psycopg.py": rotationDriver,
		"ca.crt": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})),
	} {
		writeFile(w.t, filepath.Join(account, file), content)
	}
	address, err := url.Parse(server.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	script := strings.NewReplacer("/var/run/secrets/kubernetes.io/serviceaccount", account,
		"INTERVAL = 2\n", "INTERVAL = 0.05\n").Replace(rotateScript)
	command := exec.Command("python3", "-c", script, mode, "login", "worker", "web")
	command.Dir = account
	command.Env = append(os.Environ(), "KUBERNETES_SERVICE_HOST="+address.Hostname(), "SQL="+plain.URL+"/sql",
		"KUBERNETES_SERVICE_PORT="+address.Port(), "POSTGRES_HOST=h", "POSTGRES_PORT=1", "POSTGRES_DB=shop",
		"PGUSER=shop", "PGPASSWORD=p", "PYTHONDONTWRITEBYTECODE=1")
	w.changes, w.killAfter, w.kill = 0, killAfter, func() { _ = command.Process.Kill() }
	output, err := command.CombinedOutput()
	return string(output), err == nil
}

// settled fails unless one role may log in: that of the Secret, with its
// password.
func (w *world) settled() {
	w.t.Helper()
	w.check()
	for name, r := range w.roles {
		if r.login != (name == w.secret["POSTGRES_USER"]) {
			w.t.Errorf("the Secret names %s, and for %s LOGIN is %v", w.secret["POSTGRES_USER"], name, r.login)
		}
	}
	if r := w.roles[w.secret["POSTGRES_USER"]]; r == nil || !verifies(r.verifier, w.secret["POSTGRES_PASSWORD"]) {
		w.t.Error("the login of the Secret is not that of its role")
	}
}

// verifies reports whether a SCRAM verifier is that of password; see
// https://www.rfc-editor.org/rfc/rfc5802#section-3.
func verifies(verifier, password string) bool {
	parts := strings.FieldsFunc(verifier, func(r rune) bool { return r == '$' || r == ':' })
	if len(parts) != 5 || parts[0] != "SCRAM-SHA-256" || parts[1] != "4096" {
		return false
	}
	salt, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return false
	}
	salted, err := pbkdf2.Key(sha256.New, password, salt, 4096, sha256.Size)
	if err != nil {
		return false
	}
	key := func(name string) []byte {
		h := hmac.New(sha256.New, salted)
		h.Write([]byte(name))
		return h.Sum(nil)
	}
	stored := sha256.Sum256(key("Client Key"))
	return parts[3] == base64.StdEncoding.EncodeToString(stored[:]) &&
		parts[4] == base64.StdEncoding.EncodeToString(key("Server Key"))
}

// filled returns a world whose clients have a login.
func filled(t *testing.T) *world {
	w := newWorld(t)
	if log, ok := w.run("fill", "fill-1", 0); !ok {
		t.Fatal(log)
	}
	w.start("web", "worker")
	return w
}

func TestRotationFillsOnce(t *testing.T) {
	w := filled(t)
	w.settled()
	first := w.secret["POSTGRES_PASSWORD"]
	if w.secret["POSTGRES_USER"] != "shop_1" || w.secret["POSTGRES_DB"] != "shop" || len(first) < 64 {
		t.Errorf("the Secret holds %q", w.secret)
	}
	if !strings.Contains(w.owner, "secret-uid") {
		t.Errorf("the Job does not go with the Secret: %s", w.owner)
	}
	if log, ok := w.run("fill", "fill-2", 0); !ok || w.changes != 0 || w.secret["POSTGRES_PASSWORD"] != first {
		t.Errorf("a second one changes %d things: %s", w.changes, log)
	}
}

func TestRotationAlternates(t *testing.T) {
	w := filled(t)
	for i, want := range []string{"shop_2", "shop_1", "shop_2"} {
		before := w.secret["POSTGRES_PASSWORD"]
		log, ok := w.run("rotate", fmt.Sprintf("rotate-%d", i), 0)
		if !ok || w.secret["POSTGRES_USER"] != want || w.secret["POSTGRES_PASSWORD"] == before {
			t.Errorf("run %d: the Secret names %s, want %s\n%s", i, w.secret["POSTGRES_USER"], want, log)
		}
		if strings.Contains(log, w.secret["POSTGRES_PASSWORD"]) {
			t.Errorf("the log holds the password")
		}
		w.settled()
	}
	if got := w.restarted[:2]; !slices.Equal(got, []string{"worker", "web"}) {
		t.Errorf("restarts %q", got)
	}
}

// Five changes: the role, the Secret, two Deployments, the role before.
func TestRotationGoesOnWhereItWasKilled(t *testing.T) {
	for after := 1; after <= 5; after++ {
		for _, next := range []string{"its own retry", "the next run", "the next apply"} {
			t.Run(fmt.Sprintf("after %d changes, then %s", after, next), func(t *testing.T) {
				w := filled(t)
				if log, ok := w.run("rotate", "rotate-1", after); ok || w.changes < after {
					t.Fatalf("it is not killed after %d of %d changes: %s", after, w.changes, log)
				}
				w.check()
				mode, name := "rotate", "rotate-1"
				switch next {
				case "the next run":
					name = "rotate-2"
				case "the next apply":
					mode, name = "fill", "fill-2"
				}
				if log, ok := w.run(mode, name, 0); !ok {
					t.Fatal(log)
				}
				w.settled()
				// The retry of a run that has named the role does not name another.
				if want := "shop_2"; next == "its own retry" && w.secret["POSTGRES_USER"] != want {
					t.Errorf("the Secret names %s, want %s", w.secret["POSTGRES_USER"], want)
				}
			})
		}
	}
}

// A pod that is no Deployment's, such as that of a Job, keeps its login.
func TestRotationWaitsForOtherPods(t *testing.T) {
	w := filled(t)
	w.start("report")
	done := make(chan bool)
	go func() {
		log, ok := w.run("rotate", "rotate-1", 0)
		if !ok || !strings.Contains(log, "waiting for the end of report-") {
			t.Errorf("it does not say what it waits for: %s", log)
		}
		close(done)
	}()
	time.Sleep(2 * time.Second)
	w.mutex.Lock()
	if !w.roles["shop_1"].login || w.secret["POSTGRES_USER"] != "shop_2" {
		t.Error("the role before cannot log in while a pod has its login")
	}
	w.pods = slices.DeleteFunc(w.pods, func(p *pod) bool { return p.app == "report" })
	w.mutex.Unlock()
	<-done
	w.settled()
}

// A new claim has no roles, and the clients have the login of the old one.
func TestRotationMakesALostRoleAgain(t *testing.T) {
	for _, mode := range []string{"fill", "rotate"} {
		w := filled(t)
		w.roles = map[string]*role{}
		if log, ok := w.run(mode, mode+"-2", 0); !ok {
			t.Fatal(log)
		}
		w.settled()
		if mode == "fill" && len(w.restarted) > 0 {
			t.Errorf("restarts %q, whose login has not changed", w.restarted)
		}
	}
}

// The claim of before a restore is used again. Its roles have the logins of then.
func TestRotationTakesOverAnOlderDatabase(t *testing.T) {
	for _, mode := range []string{"fill", "rotate"} {
		w := filled(t)
		if log, ok := w.run("rotate", "rotate-1", 0); !ok {
			t.Fatal(log)
		}
		older := w.roles
		w.roles = map[string]*role{}
		if log, ok := w.run("rotate", "rotate-2", 0); !ok || w.secret["POSTGRES_USER"] != "shop_1" || !older["shop_2"].login {
			t.Fatalf("the Secret names %s: %s", w.secret["POSTGRES_USER"], log)
		}
		w.roles = older
		if log, ok := w.run(mode, mode+"-3", 0); !ok {
			t.Fatal(log)
		}
		w.settled()
	}
}

// A Secret that was deleted and applied again gets the login of the other role.
func TestRotationFillsALostSecret(t *testing.T) {
	w := filled(t)
	w.secret, w.note = map[string]string{}, ""
	w.version++
	if log, ok := w.run("fill", "fill-2", 0); !ok || w.secret["POSTGRES_USER"] != "shop_2" || len(w.restarted) != 2 {
		t.Errorf("the Secret names %q, and %q are restarted: %s", w.secret["POSTGRES_USER"], w.restarted, log)
	}
	w.settled()
}
