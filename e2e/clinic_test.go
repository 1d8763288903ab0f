package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/valkey"
	"example.com/django-cdk8s/e2e/cluster"
)

// What examples/clinic says.
const (
	clinicManifest = "../examples/clinic/dist/clinic.k8s.yaml"

	clinicName     = "clinic"
	clinicHost     = "clinic.example.com"
	clinicStaff    = "clinic-staff"
	clinicChannels = "clinic-channels"
	clinicWorker   = "clinic-worker"
	clinicMail     = "clinic-mail"
	clinicBeat     = "clinic-beat"

	databaseHost = "db.clinic.example.com"
	redisHost    = "redis.clinic.example.com"
	redisPort    = 6380
)

// TestClinic applies what is committed of examples/clinic, but for the images,
// and for the addresses of the two servers outside: those are pods of another
// namespace here.
func TestClinic(t *testing.T) {
	if err := gone(t.Context(), clinicName); err != nil {
		t.Fatal(err)
	}
	a, outside := newApp(t, "clinic"), newApp(t, "outside")
	a.namespace = clinicName
	labelNodes(t, "pool", "clinic")
	outside.createNamespace()
	a.createNamespace()

	ca := newAuthority(t)
	values := newClinicValues()
	database := outside.startDatabase(ca, values)
	redis := outside.startRedis(ca, values)
	a.createClinicSecrets(ca, values)
	visitor := outside.stranger(map[string]string{"app": "visitor"})
	outside.ready(postgres.DefaultName)
	outside.ready(valkey.DefaultName)

	dir := withStandIns(t, database, redis)
	begin := time.Now()
	a.apply(dir)
	for _, name := range []string{clinicName, clinicStaff, clinicChannels, clinicWorker, clinicMail, clinicBeat} {
		a.waitFor(name)
	}
	t.Logf("all of it is ready %s after it was applied", time.Since(begin).Round(100*time.Millisecond))
	a.secondApplyChangesNoVersion(dir)

	a.visit(visitor, clinicHost, "clinic.settings", "patients", values.sentry)
	a.visit(visitor, "staff."+clinicHost, "clinic.settings.staff", "staff", values.sentry)
	got := a.exec(a.ready(clinicStaff), "python3", "-c", knocking, clinicHost, "/login")
	if strings.TrimSpace(got) != "400" {
		t.Errorf("the staff's site answers %s for the patients' host; want 400", got)
	}
	a.opensWebsocket(visitor)
	a.runsTasks(outside)
	a.runsCommand(outside)
	a.shipsLogs()
	a.insistsOnTheCA(database)

	a.hasClinicTemplate()
	a.refusesPrivilegedPods()
	servers := []string{fmt.Sprintf("%s:5432", database), fmt.Sprintf("%s:%d", redis, redisPort)}
	staff := fmt.Sprintf("%s:8000", a.ready(clinicStaff).Status.PodIP)
	a.reaches(a.ready(clinicName), append(servers, staff), servers...)
	a.reaches(visitor, append(servers, staff), servers...)
}

// clinicValues is what nobody else knows.
type clinicValues struct{ user, password, redis, sentry string }

func newClinicValues() clinicValues {
	return clinicValues{
		user: "clinic", password: rand.Text(), redis: rand.Text(),
		sentry: "https://" + strings.ToLower(rand.Text()) + "@sentry.example.com/1",
	}
}

// createClinicSecrets makes the Secrets that examples/clinic leaves to others.
func (a *app) createClinicSecrets(ca authority, values clinicValues) {
	a.t.Helper()
	login := base64.StdEncoding.EncodeToString([]byte("nobody:" + rand.Text()))
	a.keep("clinic-env", corev1.SecretTypeOpaque, map[string]string{
		"SECRET_KEY": rand.Text() + rand.Text(), "DB_USER": values.user, "DB_PASSWORD": values.password,
		"SENTRY_DSN": values.sentry,
	})
	a.keep("clinic-broker", corev1.SecretTypeOpaque, map[string]string{"REDIS_PASSWORD": values.redis})
	a.keep("clinic-ca", corev1.SecretTypeOpaque, map[string]string{"ca.crt": ca.certificate})
	a.keep("registry", corev1.SecretTypeDockerConfigJson, map[string]string{
		corev1.DockerConfigJsonKey: fmt.Sprintf(`{"auths": {"registry.example.com": {"auth": %q}}}`, login),
	})
}

// keep makes a Secret.
func (a *app) keep(name string, kind corev1.SecretType, values map[string]string) {
	a.t.Helper()
	_, err := kube.Client.CoreV1().Secrets(a.namespace).Create(a.t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Type: kind, StringData: values,
	}, metav1.CreateOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
}

// startDatabase starts the PostgreSQL that another team runs, and returns the
// address of its Service.
func (a *app) startDatabase(ca authority, values clinicValues) string {
	a.t.Helper()
	a.keep("postgres-env", corev1.SecretTypeOpaque, map[string]string{
		"POSTGRES_USER": values.user, "POSTGRES_PASSWORD": values.password, "POSTGRES_DB": "clinic",
	})
	a.keep(postgres.DefaultName, corev1.SecretTypeOpaque, ca.issue(a.t, databaseHost))
	return a.startServer(postgres.DefaultName, postgres.DefaultPort, corev1.Container{
		Image: postgresImage,
		Args: []string{
			"-c", "ssl=on", "-c", "ssl_cert_file=/etc/server/tls.crt", "-c", "ssl_key_file=/etc/server/tls.key",
		},
		EnvFrom: []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: "postgres-env"},
		}}},
	})
}

// startRedis does the same for Redis, which answers over TLS only.
func (a *app) startRedis(ca authority, values clinicValues) string {
	a.t.Helper()
	files := ca.issue(a.t, redisHost)
	files["valkey.conf"] = fmt.Sprintf("port 0\ntls-port %d\ntls-auth-clients no\nrequirepass %s\n"+
		"tls-cert-file /etc/server/tls.crt\ntls-key-file /etc/server/tls.key\n", redisPort, values.redis)
	a.keep(valkey.DefaultName, corev1.SecretTypeOpaque, files)
	return a.startServer(valkey.DefaultName, redisPort, corev1.Container{
		Image: valkeyImage, Args: []string{"valkey-server", "/etc/server/valkey.conf"},
	})
}

// startServer starts a server that reads the Secret of its name in /etc/server.
func (a *app) startServer(name string, port int32, container corev1.Container) string {
	a.t.Helper()
	container.Name = name
	container.VolumeMounts = []corev1.VolumeMount{{Name: "files", MountPath: "/etc/server", ReadOnly: true}}
	// Later, a probe without TLS would fill the log.
	container.StartupProbe = &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(port)}},
		PeriodSeconds: 1, FailureThreshold: 60,
	}
	meta := metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": name}}
	spec := corev1.PodSpec{
		Containers: []corev1.Container{container},
		// Both images start as root and go on as user and group 999. PostgreSQL refuses a key that others may read.
		SecurityContext:               &corev1.PodSecurityContext{FSGroup: new(int64(999))},
		AutomountServiceAccountToken:  new(false),
		TerminationGracePeriodSeconds: new(int64(5)),
		Volumes: []corev1.Volume{{Name: "files", VolumeSource: corev1.VolumeSource{
			Secret: &corev1.SecretVolumeSource{SecretName: name, DefaultMode: new(int32(0o640))},
		}}},
	}
	pod := &corev1.Pod{ObjectMeta: meta, Spec: spec}
	if _, err := kube.Client.CoreV1().Pods(a.namespace).Create(a.t.Context(), pod, metav1.CreateOptions{}); err != nil {
		a.t.Fatal(err)
	}
	service, err := kube.Client.CoreV1().Services(a.namespace).Create(a.t.Context(), &corev1.Service{
		ObjectMeta: meta, Spec: corev1.ServiceSpec{Selector: meta.Labels, Ports: []corev1.ServicePort{{Port: port}}},
	}, metav1.CreateOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	return service.Spec.ClusterIP
}

// withStandIns returns a copy of the committed manifest that runs the suite's
// own images, finds the servers at other addresses, and reserves less of a
// small node.
func withStandIns(t *testing.T, database, redis string) string {
	t.Helper()
	content, err := os.ReadFile(clinicManifest)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer(
		"registry.example.com/clinic:3.1.0", releaseImage("clinic"),
		"registry.example.com/log-shipper:2.0.1", releaseImage("log-shipper"),
		"192.0.2.10", database, "192.0.2.11", redis,
	).Replace(string(content))
	if strings.Contains(changed, "registry.example.com/") || strings.Contains(changed, "192.0.2.") {
		t.Fatalf("%s names another image or address", clinicManifest)
	}
	changed = regexp.MustCompile(`(requests:\n +cpu: )500m\n`).ReplaceAllString(changed, "${1}50m\n")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, filepath.Base(clinicManifest)), []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// labelNodes gives every node a label that it lacks, until the test ends.
func labelNodes(t *testing.T, key, value string) {
	t.Helper()
	nodes, err := kube.Client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{LabelSelector: "!" + key})
	if err != nil {
		t.Fatal(err)
	}
	patch := func(ctx context.Context, node string, value any) error {
		document, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": map[string]any{key: value}}})
		if err != nil {
			return err
		}
		_, err = kube.Client.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, document, metav1.PatchOptions{})
		return err
	}
	for _, node := range nodes.Items {
		if err := patch(t.Context(), node.Name, value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := patch(context.Background(), node.Name, nil); err != nil {
				t.Error(err)
			}
		})
	}
}

// secondApplyChangesNoVersion applies dir again. What a controller has changed
// of a status meanwhile is not the files' doing.
func (a *app) secondApplyChangesNoVersion(dir string) {
	a.t.Helper()
	objects, err := cluster.Read(dir)
	if err != nil {
		a.t.Fatal(err)
	}
	for i, object := range objects {
		if objects[i], err = kube.Get(a.t.Context(), object); err != nil {
			a.t.Fatal(err)
		}
	}
	running := a.running()
	for i, after := range a.apply(dir) {
		before := objects[i]
		sameStatus := reflect.DeepEqual(before.Object["status"], after.Object["status"])
		if before.GetGeneration() != after.GetGeneration() ||
			sameStatus && before.GetResourceVersion() != after.GetResourceVersion() {
			a.t.Errorf("%s %s is changed by a second apply", after.GetKind(), after.GetName())
		}
	}
	a.t.Logf("applied %d objects again", len(objects))
	if now := a.running(); !reflect.DeepEqual(running, now) {
		a.t.Errorf("a second apply replaces or restarts pods:\n%v\n%v", running, now)
	}
}

// secureBrowsing asks a proxy for a page of a host, by https. Nobody here issues
// the proxy's certificate.
const secureBrowsing = `
import http.client, ssl, sys
address, host, path, headers = *sys.argv[1:4], dict(h.split("=") for h in sys.argv[4:])
connection = http.client.HTTPSConnection(address, timeout=10, context=ssl._create_unverified_context())
connection.request("GET", path, headers={"Host": host, **headers})
response = connection.getresponse()
print(response.status)
if response.status == 101:
    kind, length = response.fp.read(2)
    print(response.fp.read(length).decode())
else:
    print(response.read().decode())
`

// browse waits until the answer to a visitor is good.
func (a *app) browse(visitor corev1.Pod, host, path string, good func(status, body string) error, headers ...string) {
	a.t.Helper()
	proxy := secureProxy(a.t)
	command := append([]string{"python3", "-c", secureBrowsing, proxy, host, path}, headers...)
	eventually(a.t, time.Minute, "the Ingress leads to "+host+path, func(ctx context.Context) error {
		out, err := kube.Exec(ctx, visitor, command...)
		if err != nil {
			return err
		}
		status, body, _ := strings.Cut(out, "\n")
		if err := good(status, strings.TrimSpace(body)); err != nil {
			return fmt.Errorf("it answers %s: %.300s: %w", status, body, err)
		}
		return nil
	})
}

// visit checks by which settings the site of host answers. The time zone and
// the language are those of the ConfigMap.
func (a *app) visit(visitor corev1.Pod, host, module, site, sentry string) {
	a.t.Helper()
	want := map[string]string{
		"module": module, "site": site, "time_zone": "Europe/Vienna", "language": "de-at", "sentry_dsn": sentry,
	}
	a.browse(visitor, host, "/about", func(status, body string) error {
		var got map[string]string
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			return err
		}
		if status != "200" || !reflect.DeepEqual(got, want) {
			return fmt.Errorf("want %v", want)
		}
		return nil
	})
}

// opensWebsocket checks that the second server answers below /ws/.
func (a *app) opensWebsocket(visitor corev1.Pod) {
	a.t.Helper()
	a.browse(visitor, clinicHost, "/ws/queue", func(status, body string) error {
		if want := "/ws/queue of patients, Europe/Vienna"; status != "101" || body != want {
			return fmt.Errorf("want 101: %s", want)
		}
		return nil
	}, "Connection=Upgrade", "Upgrade=websocket", "Sec-WebSocket-Version=13", "Sec-WebSocket-Key="+rand.Text())
}

// secureProxy returns the address at which the Ingress controller's pod takes
// https.
func secureProxy(t *testing.T) string {
	t.Helper()
	pods, err := kube.Pods(t.Context(), "ingress-nginx", "app.kubernetes.io/component=controller")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pods {
		for _, port := range p.Spec.Containers[0].Ports {
			if port.Name == "https" {
				return fmt.Sprintf("%s:%d", p.Status.PodIP, port.ContainerPort)
			}
		}
	}
	t.Fatal(errors.New("no pod in namespace ingress-nginx has a port https"))
	return ""
}

// runsTasks checks that a task of each queue runs in the worker of that queue,
// and that one process holds the lock of beat, and ticks.
func (a *app) runsTasks(outside *app) {
	a.t.Helper()
	const send = `from entries.tasks import tick; [tick.apply_async((q,), queue=q) for q in ("default", "mail", "sms")]`
	a.exec(a.ready(clinicName), "python3", "manage.py", "shell", "-c", send)
	for _, one := range []struct{ from, worker string }{
		{"default", clinicWorker},
		{"mail", clinicMail},
		{"sms", clinicMail},
		{a.ready(clinicBeat).Name, clinicWorker},
	} {
		outside.waitForRow(fmt.Sprintf("tick beat=%s worker=%s", one.from, a.ready(one.worker).Name))
	}
	const holders = `SELECT client_addr FROM pg_locks JOIN pg_stat_activity USING (pid)
		WHERE locktype = 'advisory' AND granted AND application_name = 'celery-beat:clinic'`
	if got, want := strings.TrimSpace(outside.sql(holders)), a.ready(clinicBeat).Status.PodIP; got != want {
		a.t.Errorf("the lock of beat is held from %q; want %s", got, want)
	}
}

// runsCommand runs the Job of a CronJob now.
func (a *app) runsCommand(outside *app) {
	a.t.Helper()
	a.succeeds(a.runNow("clinic-reminders"))
	if n := outside.count("reminders for 24 hours"); n != 1 {
		a.t.Errorf("the command has added %d rows; want 1", n)
	}
}

// shipsLogs checks that the sidecar of each pod of the site reads what the site
// writes.
func (a *app) shipsLogs() {
	a.t.Helper()
	for _, p := range a.pods(clinicName) {
		path := "/of-" + p.Name
		a.exec(p, "python3", "-c", knocking, clinicHost, path)
		eventually(a.t, 30*time.Second, "the sidecar of "+p.Name+" reads the log", func(ctx context.Context) error {
			log, err := kube.Logs(ctx, p, "log-shipper", false)
			if err == nil && !strings.Contains(log, path) {
				err = errors.New("it has not yet")
			}
			return err
		})
	}
}

// insistsOnTheCA checks that Django connects neither to a server that another
// CA has certified nor to one under a name that is not in its certificate.
func (a *app) insistsOnTheCA(address string) {
	a.t.Helper()
	p := a.ready(clinicName)
	const ask = `printf %s "$0" >/tmp/ca.crt; export "$1"; exec python3 manage.py migrate --check`
	another := newAuthority(a.t).certificate
	for variable, want := range map[string]string{
		"PGSSLROOTCERT=/tmp/ca.crt": "certificate verify failed",
		"POSTGRES_HOST=" + address:  "does not match host name",
		"TZ=UTC":                    "",
	} {
		_, err := kube.Exec(a.t.Context(), p, "sh", "-c", ask, another, variable)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			a.t.Errorf("%s: %v; want %q", variable, err, want)
		}
	}
}

// hasClinicTemplate checks what every pod of the clinic has.
func (a *app) hasClinicTemplate() {
	a.t.Helper()
	pods, err := kube.Pods(a.t.Context(), a.namespace, "")
	if err != nil {
		a.t.Fatal(err)
	}
	accounts, err := kube.Client.CoreV1().ServiceAccounts(a.namespace).List(a.t.Context(), metav1.ListOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	identities := map[string]string{}
	for _, account := range accounts.Items {
		identities[account.Name] = account.Annotations["iam.example.com/role"]
	}
	for _, p := range pods {
		got := []string{
			p.Annotations["example.com/cost-center"], p.Spec.NodeSelector["pool"],
			identities[p.Spec.ServiceAccountName],
		}
		if want := []string{"clinic", "clinic", "clinic"}; !slices.Equal(got, want) {
			a.t.Errorf("pod %s has the annotation, node selector and identity %q; want %q", p.Name, got, want)
		}
		if secrets := p.Spec.ImagePullSecrets; len(secrets) != 1 || secrets[0].Name != "registry" {
			a.t.Errorf("pod %s pulls its image with %v", p.Name, secrets)
		}
		if n := restarts(p); n > 0 {
			a.t.Errorf("pod %s has restarted %d times", p.Name, n)
		}
	}
	a.t.Logf("%d pods, %d ServiceAccounts", len(pods), len(identities))
}

// authority is a CA that issues certificates of servers for a day.
type authority struct {
	certificate string
	parent      *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "CA of " + t.Name()},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	document := sign(t, template, template, key, key)
	parent, err := x509.ParseCertificate(document)
	if err != nil {
		t.Fatal(err)
	}
	return authority{encode("CERTIFICATE", document), parent, key}
}

// issue returns the files of a server that is called host.
func (c authority) issue(t *testing.T, host string) map[string]string {
	t.Helper()
	key := newKey(t)
	document := sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: c.parent.NotBefore, NotAfter: c.parent.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, c.parent, key, c.key)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		corev1.TLSCertKey: encode("CERTIFICATE", document), corev1.TLSPrivateKeyKey: encode("PRIVATE KEY", private),
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) []byte {
	t.Helper()
	document, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func encode(kind string, document []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: document}))
}
