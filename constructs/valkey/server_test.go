package valkey_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/valkey"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

// credentials adds a Secret with all that a server asks for.
func credentials(chart cdk8s.Chart) *secret.Secret {
	return secret.New(chart, "secret", secret.Props{Source: secret.Existing("VALKEY_PASSWORD", "BROKER_PASSWORD")})
}

func server(chart cdk8s.Chart, props valkey.ServerProps) *valkey.Server {
	props.Secret = credentials(chart)
	return valkey.NewServer(chart, "broker", props)
}

func TestServer(t *testing.T) {
	for name, props := range map[string]valkey.ServerProps{
		"minimal":                         {},
		"full":                            full,
		"floating image is always pulled": {Image: "registry.example.com/valkey:latest"},
		"small limit lowers the rest":     {Resources: limits("50m", "64Mi")},
	} {
		t.Run(name, func(t *testing.T) {
			cdktest.Golden(t, "server/"+name, func(chart cdk8s.Chart) { server(chart, props) })
		})
	}
}

var full = valkey.ServerProps{
	Name:         "queue",
	Image:        "registry.example.com/valkey:9.0.4",
	PasswordKey:  "BROKER_PASSWORD",
	Storage:      "2560Mi",
	StorageClass: "fast",
	Resources: pod.Resources{
		Requests: pod.Quantities{CPU: "200m", Memory: "300Mi"},
		Limits:   pod.Quantities{CPU: "1", Memory: "320Mi"},
	},
	Pod:              pod.Template{PriorityClassName: "important"},
	Service:          pod.Service{Annotations: map[string]string{"example.com/team": "shop"}},
	ImagePullSecrets: []string{"registry", "mirror"},
	RunAsUser:        1234,
}

func TestEveryFieldReachesTheManifest(t *testing.T) {
	other := full
	other.Secret = secret.New(cdk8s.NewChart(cdk8s.NewApp(nil), new("aside"), nil), "secret", secret.Props{
		Name:   "queue-env",
		Source: secret.Existing("VALKEY_PASSWORD", "BROKER_PASSWORD"),
	})
	cdktest.EveryField(t, valkey.ServerProps{}, other, func(chart cdk8s.Chart, props valkey.ServerProps) {
		if props.Secret == nil {
			props.Secret = credentials(chart)
		} else {
			props.Secret = secret.New(chart, "other", secret.Props{Name: props.Secret.Name(), Source: secret.Existing(props.Secret.Keys()...)})
		}
		valkey.NewServer(chart, "broker", props)
	})
}

// Two servers on one volume corrupt it; no props may lead there.
func TestThereIsOneWriter(t *testing.T) {
	got := cdktest.Render(t, func(chart cdk8s.Chart) { server(chart, full) })
	for _, line := range []string{"  replicas: 1\n", "  strategy:\n    type: Recreate\n", "    - ReadWriteOnce\n", "exec 9>>\"$0\"\n"} {
		if !strings.Contains(got, line) {
			t.Errorf("the manifest lacks %q", line)
		}
	}
}

// The share is of the bytes that the limit stands for, whatever its unit.
func TestMessagesMayFillAShareOfTheMemory(t *testing.T) {
	for limit, want := range map[string]string{
		"256Mi":     "201326592",
		"100M":      "75000000",
		"0.25Gi":    "201326592",
		"134217728": "100663296",
	} {
		t.Run(limit, func(t *testing.T) {
			got := cdktest.Render(t, func(chart cdk8s.Chart) { server(chart, valkey.ServerProps{Resources: limits("", limit)}) })
			if line := "- --maxmemory\n            - \"" + want + "\"\n"; !strings.Contains(got, line) {
				t.Errorf("the manifest lacks %q", line)
			}
		})
	}
}

// What the server says of itself is what its clients get.
func TestConnection(t *testing.T) {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	s := server(chart, full)
	got := s.Broker()
	if err := got.Validate(); len(err) > 0 {
		t.Error(err)
	}
	if want := "redis://:$(BROKER_PASSWORD)@queue.shop.svc:6379/0"; got.URL != want {
		t.Errorf("the URL is %q, want %q", got.URL, want)
	}
	if port := s.Service().Content().Spec.Ports[0].Port; int32(got.Port) != port {
		t.Errorf("the port is %v, and the Service's is %v", got.Port, port)
	}
}

// The server connects to nobody, and clients find it by its labels.
func TestFlows(t *testing.T) {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), nil)
	flows := server(chart, full).Flows()
	if len(flows) != 1 || flows[0].Name != "queue" || flows[0].Pods["app"] != "queue" || len(flows[0].To) > 0 {
		t.Errorf("flows: %+v", flows)
	}
}

// What somebody makes without NewServer has nothing to say, and says it.
func TestMethodsOfNoServer(t *testing.T) {
	for name, s := range map[string]*valkey.Server{"nil": nil, "zero value": {}} {
		if s.Name() != "" || s.Flows() != nil || s.ExternalReferences() != nil || s.Broker() != (broker.Connection{}) {
			t.Errorf("%s: %+v", name, s)
		}
		_, _, _, _ = s.Claim(), s.Deployment(), s.Service(), s.Selector()
	}
}

func ExampleNewServer() {
	app := cdk8s.NewApp(nil)
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Generated(secret.GeneratedProps{
			Image: "example/shop:1.2.3",
			Keys:  []string{valkey.PasswordKey},
		}),
	})
	server := valkey.NewServer(chart, "broker", valkey.ServerProps{Secret: env})
	fmt.Println(server.Broker().URL)
	// Output: redis://:$(VALKEY_PASSWORD)@valkey.shop.svc:6379/0
}
