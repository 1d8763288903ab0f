package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"example.com/django-cdk8s/constructs/cloudnativepg"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/e2e/cluster"
)

// operatorModule is the module that the operator's image is made of, too.
const operatorModule = "github.com/cloudnative-pg/cloudnative-pg@v1.27.1"

// operatorNamespace is where the operator's own manifest puts it.
const operatorNamespace = postgres.DefaultOperatorNamespace

// installOperator applies the manifest of the operator's release, webhooks
// included, and takes it away when the test has ended.
func installOperator(t *testing.T) {
	t.Helper()
	download := exec.Command("go", "mod", "download", "-json", operatorModule)
	download.Dir, download.Env = t.TempDir(), append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	out, err := download.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", operatorModule, err, out)
	}
	found := regexp.MustCompile(`"Dir": "(.*)"`).FindSubmatch(out)
	if found == nil {
		t.Fatalf("%s: no directory in %s", operatorModule, out)
	}
	content, err := os.ReadFile(filepath.Join(string(found[1]), "releases", "cnpg-1.27.1.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	// With a tenth of a CPU it takes a minute to begin.
	manifest := strings.Replace(string(content),
		"            cpu: 100m\n            memory: 200Mi", "            cpu: \"1\"\n            memory: 200Mi", 1)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "operator.yaml"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeOperator(t, dir) })
	if _, err := kube.Apply(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	kube.Refresh()
	operator := &app{t, operatorNamespace}
	took := operator.waitFor("cnpg-controller-manager")
	t.Logf("the operator is ready after %s", took)
}

func removeOperator(t *testing.T, dir string) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if t.Failed() {
		kube.Report(ctx, t.Output(), operatorNamespace)
	}
	if _, err := kube.Delete(ctx, dir); err != nil {
		t.Error(err)
	}
	if _, err := poll(ctx, func() error { return gone(ctx, operatorNamespace) }); err != nil {
		t.Error(err)
	}
}

// allowLoad lets the pods of a load, which are in no manifest, reach the site.
func (a *app) allowLoad() {
	a.t.Helper()
	load := metav1.LabelSelector{MatchLabels: map[string]string{"app": "load"}}
	site := metav1.LabelSelector{MatchLabels: map[string]string{"app": django.DefaultName}}
	for _, policy := range []networkingv1.NetworkPolicy{
		{
			ObjectMeta: metav1.ObjectMeta{Name: "load"},
			Spec: networkingv1.NetworkPolicySpec{PodSelector: load, Egress: []networkingv1.NetworkPolicyEgressRule{
				{To: []networkingv1.NetworkPolicyPeer{{PodSelector: &site}}},
			}, PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}},
		},
		{
			ObjectMeta: metav1.ObjectMeta{Name: "load-to-site"},
			Spec: networkingv1.NetworkPolicySpec{PodSelector: site, Ingress: []networkingv1.NetworkPolicyIngressRule{
				{From: []networkingv1.NetworkPolicyPeer{{PodSelector: &load}}},
			}},
		},
	} {
		_, err := kube.Client.NetworkingV1().NetworkPolicies(a.namespace).Create(a.t.Context(), &policy, metav1.CreateOptions{})
		if err != nil {
			a.t.Fatal(err)
		}
	}
}

// writeCluster synthesises a site on a cluster of two instances, in a closed
// namespace, with what change makes of the cluster's props.
func (a *app) writeCluster(change func(p *postgres.ClusterProps)) string {
	a.t.Helper()
	return a.synthesise(func(app cdk8s.App) {
		chart := cdk8s.NewChart(app, new(a.namespace), &cdk8s.ChartProps{Namespace: &a.namespace})
		namespace.New(chart, "namespace", namespace.Props{Name: a.namespace})
		env := secret.New(chart, "secret", secret.Props{Source: secret.Generated(secret.GeneratedProps{Image: siteImage})})
		props := postgres.ClusterProps{
			Image: postgresImage, RunAsUser: 999, Instances: 2, Storage: "1Gi", Resources: tiny, Locale: "en_US.utf8",
		}
		if change != nil {
			change(&props)
		}
		project := django.Project{
			Image: siteImage, Secret: env, WaitForMigrations: true,
			Database: postgres.NewCluster(chart, "database", props),
		}
		django.NewWeb(chart, "web", django.WebProps{Project: project, Resources: tiny})
		django.NewMigration(chart, "migration", django.MigrationProps{Project: project, Resources: tiny})
		isolation.New(chart, "isolation", isolation.Props{})
	})
}

// instances returns the pods of the servers, and the primary among them.
func (a *app) instances(ctx context.Context) (all []corev1.Pod, primary corev1.Pod, err error) {
	selector := fmt.Sprintf("%s=%s,%s=%s", cloudnativepg.ClusterLabel, postgres.DefaultName,
		cloudnativepg.PodRoleLabel, cloudnativepg.InstanceRole)
	all, err = kube.Pods(ctx, a.namespace, selector)
	if err != nil {
		return nil, primary, err
	}
	for _, p := range all {
		if p.Labels["cnpg.io/instanceRole"] == "primary" {
			return all, p, nil
		}
	}
	return all, primary, errors.New("there is no primary")
}

// waitForStandby waits until both instances are ready and the primary
// acknowledges nothing that the standby does not have.
func (a *app) waitForStandby() time.Duration {
	a.t.Helper()
	// Two servers start one after the other, the second from a copy of the first.
	return eventually(a.t, 2*startLimit, "a standby has what the primary has", func(ctx context.Context) error {
		all, primary, err := a.instances(ctx)
		if err != nil {
			return err
		}
		for _, p := range all {
			if !cluster.IsReady(p) {
				return fmt.Errorf("%s: %s", p.Name, cluster.State(p))
			}
		}
		state, err := kube.Exec(ctx, primary, "psql", "-Atc", "SELECT string_agg(sync_state, ',') FROM pg_stat_replication")
		if err == nil && strings.TrimSpace(state) != "quorum" {
			err = fmt.Errorf("the state of the standbys is %q", state)
		}
		return err
	})
}

// Django works on a cluster that the operator runs, in a namespace that denies
// what no construct declares; and whatever becomes of the primary's pod, what the
// site has acknowledged is there.
func TestCloudNativePGLosesNoAcknowledgedWrite(t *testing.T) {
	beside(t)
	installOperator(t)
	a := newApp(t, "cnpg")
	begin := time.Now()
	a.apply(a.writeCluster(nil))
	if err := operatorRefuses(t.Context(), a.namespace); err != nil {
		t.Error(err)
	}
	took := a.waitForStandby()
	t.Logf("two instances after %s", took)
	a.waitFor(django.DefaultName)
	t.Logf("%s: started and migrated in %s", a.namespace, time.Since(begin).Round(100*time.Millisecond))
	a.sayTLS()

	a.allowLoad()
	l := a.load(writers(40))
	for _, deletion := range []struct {
		how   string
		grace *int64
	}{
		{"at once", new(int64(0))},
		{"in its own time", nil},
	} {
		a.waitForMoreRows(30)
		a.failOver(deletion.how, deletion.grace)
		a.waitForStandby()
	}
	a.waitForMoreRows(30)
	a.compareRows(l.stop())

	// One value more, and Django connects through PgBouncer, migrations around it.
	a.apply(a.writeCluster(func(p *postgres.ClusterProps) {
		p.Pooler = postgres.Pooler{Mode: postgres.PoolTransaction, Instances: 1, Resources: tiny}
	}))
	a.waitFor(postgres.DefaultName + "-pooler")
	a.waitFor(django.DefaultName)
	a.sayTLS()
	if id := a.add("through the pooler"); a.rows()[id] != "through the pooler" {
		t.Error("the row is not there")
	}
	a.sayLocks()
}

// failOver deletes the primary's pod and waits for the standby to take over.
func (a *app) failOver(how string, grace *int64) {
	a.t.Helper()
	_, victim, err := a.instances(a.t.Context())
	if err != nil {
		a.t.Fatal(err)
	}
	start := time.Now()
	a.deletePod(victim, grace)
	eventually(a.t, startLimit, "another primary is ready", func(ctx context.Context) error {
		_, primary, err := a.instances(ctx)
		if err == nil && (primary.Name == victim.Name || !cluster.IsReady(primary)) {
			err = fmt.Errorf("%s: %s", primary.Name, cluster.State(primary))
		}
		return err
	})
	promoted := time.Since(start)
	a.waitForMoreRows(1)
	a.t.Logf("primary's pod deleted %s: another primary after %.1f s, writes go on after %.1f s", how,
		promoted.Seconds(), time.Since(start).Seconds())
}

// compareRows fails for each acknowledged row that is not there.
func (a *app) compareRows(counted result) {
	a.t.Helper()
	a.t.Log(counted)
	rows, lost := a.rows(), 0
	for id, text := range counted.acknowledged {
		if rows[id] != text {
			lost++
			a.t.Errorf("row %d was acknowledged as %q and is now %q", id, text, rows[id])
		}
	}
	a.t.Logf("%d rows acknowledged, %d lost; %d rows in the database", len(counted.acknowledged), lost, len(rows))
	if len(counted.acknowledged) < 100 {
		a.t.Errorf("only %d rows were acknowledged: too few to prove anything", len(counted.acknowledged))
	}
}

// python runs code in the site's pod, after Django's own setup.
func (a *app) python(code string) string {
	a.t.Helper()
	return strings.TrimSpace(a.exec(a.web(), "python3", "-c", "import django; django.setup()\n"+code))
}

// sayTLS fails unless the site checks the certificate of what it connects to.
func (a *app) sayTLS() {
	a.t.Helper()
	got := a.python(`from django.db import connection
connection.ensure_connection()
c = connection.connection.info
print(c.host, c.ssl_in_use, c.ssl_attribute("protocol"), c.dsn_parameters["sslmode"])`)
	a.t.Log(got)
	if !strings.Contains(got, " True TLSv1.3 verify-full") {
		a.t.Errorf("the site does not check the certificate: %s", got)
	}
}

// sayLocks fails unless a migration is told to connect to the primary, and the
// site to the pooler, without cursors of the server.
func (a *app) sayLocks() {
	a.t.Helper()
	jobs, err := kube.Client.BatchV1().Jobs(a.namespace).List(a.t.Context(), metav1.ListOptions{LabelSelector: "app=django-migrate"})
	if err != nil {
		a.t.Fatal(err)
	}
	for _, job := range jobs.Items {
		for _, v := range job.Spec.Template.Spec.Containers[0].Env {
			if v.Name == "POSTGRES_HOST" && !strings.HasPrefix(v.Value, postgres.DefaultName+"-rw.") {
				a.t.Errorf("%s takes its lock at %s", job.Name, v.Value)
			}
		}
	}
	got := a.python(`from django.db import connection
print(connection.settings_dict["HOST"], connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"))`)
	if !strings.HasPrefix(got, postgres.DefaultName+"-pooler.") || !strings.HasSuffix(got, " True") {
		a.t.Errorf("behind the pooler, the site's settings are %s", got)
	}
}

// operatorRefuses returns an error unless the operator's webhook refuses a cluster
// that the definition lets pass.
func operatorRefuses(ctx context.Context, namespace string) error {
	wrong := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster",
		"metadata": map[string]any{"name": "wrong", "namespace": namespace},
		"spec":     map[string]any{"instances": int64(1), "imageName": "postgres:latest", "storage": map[string]any{"size": "1Gi"}},
	}}
	err := kube.DryCreate(ctx, wrong)
	if err == nil {
		return errors.New("the webhook takes an image without a version")
	}
	if !apierrors.IsInvalid(err) {
		return err
	}
	return nil
}
