package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/stack"
)

// filler is a container beside the server that can fill its volume.
const filler = "filler"

// A server that is asked for all that it allows stays within its memory limit.
func TestServerTakesEveryConnection(t *testing.T) {
	beside(t)
	a := newApp(t, "memory")
	a.start()
	begin := time.Now()
	const connections = 90
	out := a.exec(a.web(), "python3", "-c", sorting, fmt.Sprint(connections))
	t.Logf("%d connections sorted at once for %s", connections, time.Since(begin).Round(100*time.Millisecond))
	if !strings.HasPrefix(out, "0 ") {
		t.Errorf("of %d connections that sort at once fail: %s", connections, out)
	}
	if n := restarts(a.database()); n > 0 {
		t.Errorf("the server has restarted %d times", n)
	}
}

// A server whose volume runs full says so, and goes on by itself once there is
// room.
func TestVolumeRunsFull(t *testing.T) {
	beside(t)
	a := newApp(t, "full")
	a.apply(a.synthesise(func(app cdk8s.App) {
		s := stack.New(app, a.namespace, stack.Props{
			Namespace: namespace.Props{Name: a.namespace},
			Database: postgres.DatabaseProps{
				Image: postgresImage, Resources: small, Storage: "1Gi", Pod: pod.Template{Containers: []corev1.Container{{
					Name: filler, Image: siteImage, Command: []string{"sh", "-c", "trap exit TERM; sleep 3600 & wait"},
					Resources: corev1.ResourceRequirements{
						Requests: pod.Quantities{CPU: "10m", Memory: "16Mi"}.List(),
						// What it writes counts as its memory.
						Limits: pod.Quantities{CPU: "500m", Memory: "256Mi"}.List(),
					},
					VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: "/data"}},
				}}},
			},
			Web: django.WebProps{Project: django.Project{Image: siteImage}, Resources: small},
		})
		// A volume of memory has a size that the kernel keeps to.
		s.Database().Deployment().Change(func(d *appsv1.Deployment) {
			for i, v := range d.Spec.Template.Spec.Volumes {
				if v.Name == "data" {
					d.Spec.Template.Spec.Volumes[i].VolumeSource = corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{
						Medium: corev1.StorageMediumMemory, SizeLimit: new(resource.MustParse("192Mi")),
					}}
				}
			}
		})
	}))
	a.waitFor(postgres.DefaultName)
	a.waitFor(django.DefaultName)
	a.migrate()

	a.runsFull()
}

// sorting holds as many connections as the site's role may have. All of them
// sort at once what does not fit into the memory of the server.
const sorting = `
import os, sys, threading
import psycopg2

connections, failed = int(sys.argv[1]), []
together = threading.Barrier(connections)

def sort():
    try:
        c = psycopg2.connect(host=os.environ["POSTGRES_HOST"], dbname=os.environ["POSTGRES_DB"],
                             user=os.environ["POSTGRES_USER"], password=os.environ["POSTGRES_PASSWORD"])
        together.wait(60)
        cursor = c.cursor()
        cursor.execute("SELECT count(*) FROM (SELECT repeat(md5(g::text), 50) AS m FROM generate_series(1, 10000) g"
                       " ORDER BY m OFFSET 0) s")
    except Exception as e:
        failed.append(str(e))
        together.abort()

threads = [threading.Thread(target=sort) for _ in range(connections)]
[t.start() for t in threads]
[t.join() for t in threads]
print(len(failed), failed[:1])
`

// runsFull fills the volume of the database under writes, and makes room.
func (a *app) runsFull() {
	a.t.Helper()
	server := a.database()
	const fill = `cd /data && dd if=/dev/zero of=filled bs=1M count=$(($(df --output=avail --block-size=1M . | tail -n 1) - 1))`
	if _, err := kube.ExecIn(a.t.Context(), server, filler, "sh", "-c", fill); err != nil {
		a.t.Fatal(err)
	}
	a.sql("CREATE TABLE filling (text text)")
	const insert = `psql -h 127.0.0.1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "$0"`
	const some = "INSERT INTO filling SELECT md5(random()::text) FROM generate_series(1, 500)"
	acknowledged := 0
	eventually(a.t, 2*time.Minute, "the server says that its volume is full", func(ctx context.Context) error {
		_, err := kube.Exec(ctx, server, "sh", "-c", insert, some)
		if err == nil {
			acknowledged += 500
			return fmt.Errorf("%d rows are written", acknowledged)
		}
		log, failed := kube.Logs(ctx, server, "postgres", false)
		if failed == nil && !strings.Contains(log, "No space left on device") {
			return fmt.Errorf("it does not: %w", err)
		}
		return failed
	})
	if _, err := kube.ExecIn(a.t.Context(), server, filler, "rm", "/data/filled"); err != nil {
		a.t.Fatal(err)
	}
	took := eventually(a.t, 3*time.Minute, "the site writes again", func(context.Context) error {
		got, err := a.request(a.web(), "POST", "/entries", map[string][]string{"text": {"there is room"}})
		if err == nil && got.status != 201 {
			err = fmt.Errorf("%d: %s", got.status, got.body)
		}
		return err
	})
	have := strings.TrimSpace(a.sql("SELECT count(*) FROM filling"))
	a.t.Logf("full after %d rows; with room again, the site writes after %s; %s rows", acknowledged, took, have)
	if have != fmt.Sprint(acknowledged) {
		a.t.Errorf("%d rows were acknowledged, and %s are there", acknowledged, have)
	}
}
