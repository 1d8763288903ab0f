package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/postgres"
)

// greeting resolves a name, connects, and asks what listens there whether it
// speaks TLS, which is the first message of PostgreSQL's protocol: it answers
// N or S. It prints the address and the answer.
const greeting = `
import socket, struct, sys
address = socket.getaddrinfo(sys.argv[1], 5432, socket.AF_UNSPEC, socket.SOCK_STREAM)[0][4][0]
with socket.create_connection((address, 5432), timeout=10) as connection:
    connection.sendall(struct.pack("!ii", 8, 80877103))
    print(address, connection.recv(1).decode())
`

func TestNames(t *testing.T) {
	beside(t)
	a := newApp(t, "names")
	a.start()

	name := postgres.DefaultName + "." + a.namespace + ".svc"
	service, err := kube.Client.CoreV1().Services(a.namespace).Get(t.Context(), postgres.DefaultName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	out := strings.Fields(a.exec(a.web(), "python3", "-c", greeting, name))
	t.Logf("%s answers Django's pod from %s", name, out)
	if len(out) != 2 || out[0] != service.Spec.ClusterIP || out[1] != "N" && out[1] != "S" {
		t.Errorf("%s: answers %q; want the Service's address %s and N or S", name, out, service.Spec.ClusterIP)
	}

	for _, suffix := range []string{"", "." + a.namespace, "." + a.namespace + ".svc", "." + a.namespace + ".svc.cluster.local"} {
		if got := a.ask(django.DefaultName+suffix, "/login"); got.status != 200 {
			t.Errorf("%s: %d: %s", django.DefaultName+suffix, got.status, got.body)
		}
	}
	a.leadsTo(django.DefaultName, 8000)
	a.leadsTo(postgres.DefaultName, 5432)
}

// leadsTo checks that the Service leads to port of exactly the ready pods of
// the workload that has its name.
func (a *app) leadsTo(service string, port int32) {
	a.t.Helper()
	want := fmt.Sprintf("%s:%d", a.ready(service).Status.PodIP, port)
	eventually(a.t, 30*time.Second, service+" leads to "+want, func(ctx context.Context) error {
		slices, err := kube.Client.DiscoveryV1().EndpointSlices(a.namespace).List(ctx, metav1.ListOptions{
			LabelSelector: discoveryv1.LabelServiceName + "=" + service,
		})
		if err != nil {
			return err
		}
		if got := endpoints(slices.Items); len(got) != 1 || got[0] != want {
			return fmt.Errorf("it leads to %q", got)
		}
		return nil
	})
}

func endpoints(all []discoveryv1.EndpointSlice) []string {
	found := map[string]bool{}
	for _, slice := range all {
		for _, endpoint := range slice.Endpoints {
			for _, port := range slice.Ports {
				for _, address := range endpoint.Addresses {
					found[fmt.Sprintf("%s:%d", address, *port.Port)] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}
