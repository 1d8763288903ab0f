package valkey_test

import (
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/valkey"
)

func limits(cpu, memory string) pod.Resources {
	return pod.Resources{Limits: pod.Quantities{CPU: cpu, Memory: memory}}
}

func with(props valkey.ServerProps) cdktest.Build {
	return func(chart cdk8s.Chart) {
		// A wrong server must not break what is built on it.
		s := server(chart, props)
		_, _ = s.Service().Path(), s.Broker()
	}
}

// withSecret reads the password from the key of a Secret of the given source.
func withSecret(key string, source secret.Source) cdktest.Build {
	return func(chart cdk8s.Chart) {
		env := secret.New(chart, "secret", secret.Props{Source: source})
		valkey.NewServer(chart, "broker", valkey.ServerProps{Secret: env, PasswordKey: key})
	}
}

var wrong = map[string]struct {
	build cdktest.Build
	line  string
}{
	"name":               {with(valkey.ServerProps{Name: "Valkey"}), `test/broker: Name: "Valkey": must be 1 to 63 lower-case`},
	"long name":          {with(valkey.ServerProps{Name: strings.Repeat("a", 60)}), `must be at most 59 characters, because the claim's name is made of it`},
	"longer name":        {with(valkey.ServerProps{Name: strings.Repeat("a", 64)}), `must be at most 59 characters, because the claim's name is made of it`},
	"image":              {with(valkey.ServerProps{Image: "Valkey:8"}), `test/broker: Image: "Valkey:8": must be an image reference`},
	"image of Redis":     {with(valkey.ServerProps{Image: "docker.io/library/redis:7"}), `test/broker: Image: "docker.io/library/redis:7": must be an image of Valkey, such as valkey/valkey:8.1`},
	"image of Bitnami":   {with(valkey.ServerProps{Image: "bitnami/valkey:8.1"}), `test/broker: Image: "bitnami/valkey:8.1": must be the official image or one built on it`},
	"storage":            {with(valkey.ServerProps{Storage: "1GB"}), `test/broker: Storage: "1GB": must be a positive Kubernetes quantity`},
	"storage below":      {with(valkey.ServerProps{Storage: "767Mi"}), `test/broker: Storage: "767Mi": must be at least 3 times the memory limit 256Mi`},
	"memory above":       {with(valkey.ServerProps{Resources: limits("", "512Mi")}), `test/broker: Storage: "1Gi": must be at least 3 times the memory limit 512Mi`},
	"little memory":      {with(valkey.ServerProps{Resources: limits("", "16Mi")}), `test/broker: Resources.Limits.Memory: "16Mi": must be at least 32Mi`},
	"memory in bytes":    {with(valkey.ServerProps{Resources: limits("", "256")}), `test/broker: Resources.Limits.Memory: "256": must be at least 1Mi`},
	"memory":             {with(valkey.ServerProps{Resources: limits("", "much")}), `test/broker: Resources.Limits.Memory: "much": must be a positive Kubernetes quantity`},
	"cpu":                {with(valkey.ServerProps{Resources: limits("half", "")}), `test/broker: Resources.Limits.CPU: "half": must be a positive Kubernetes quantity`},
	"request":            {with(valkey.ServerProps{Resources: pod.Resources{Requests: pod.Quantities{CPU: "2"}, Limits: pod.Quantities{CPU: "1"}}}), `test/broker: Resources.Requests.CPU: "2": must not be above its limit 1`},
	"storage class":      {with(valkey.ServerProps{StorageClass: "Fast Disk"}), `test/broker: StorageClass: "Fast Disk": must be 1 to 253 lower-case`},
	"priority class":     {with(valkey.ServerProps{Pod: pod.Template{PriorityClassName: "Important"}}), `test/broker: Pod.PriorityClassName: "Important": must be 1 to 253 lower-case`},
	"pull secret":        {with(valkey.ServerProps{ImagePullSecrets: []string{"my registry"}}), `test/broker: ImagePullSecrets[0]: "my registry": must be 1 to 253 lower-case`},
	"pull secret twice":  {with(valkey.ServerProps{ImagePullSecrets: []string{"a", "a"}}), `test/broker: ImagePullSecrets: "a": is listed twice`},
	"root":               {with(valkey.ServerProps{RunAsUser: -1}), `test/broker: RunAsUser: -1: must be between 1 and 2147483647`},
	"key":                {with(valkey.ServerProps{PasswordKey: "REDIS_PASSWORD"}), `test/broker: PasswordKey: "REDIS_PASSWORD": is not a key of Secret "django-env-secret", which holds BROKER_PASSWORD, VALKEY_PASSWORD`},
	"key of no variable": {withSecret("password.txt", secret.Existing("password.txt")), `test/broker: PasswordKey: "password.txt": must be 1 to 253 letters, digits and '_'`},
	"key of the URL":     {withSecret("CELERY_BROKER_URL", secret.Existing("CELERY_BROKER_URL")), `test/broker: PasswordKey: "CELERY_BROKER_URL": must be another`},
	"password in a URL":  {withSecret("", secret.Literal(map[string]string{"VALKEY_PASSWORD": "a/b"})), `test/broker: PasswordKey: "VALKEY_PASSWORD": has a value in Secret "django-env-secret" that does not fit into a URL`},
	"empty password":     {withSecret("", secret.Literal(map[string]string{"VALKEY_PASSWORD": ""})), `test/broker: PasswordKey: "VALKEY_PASSWORD": has a value in Secret "django-env-secret" that does not fit into a URL`},
	"public password": {
		withSecret("POSTGRES_DB", secret.Generated(secret.GeneratedProps{Image: "shop:1"})),
		`test/broker: PasswordKey: "POSTGRES_DB": is in Secret "django-env-secret" a value that anybody may read`,
	},
	"password that is not generated": {
		withSecret("", secret.Generated(secret.GeneratedProps{Image: "shop:1"})),
		`test/broker: PasswordKey: "VALKEY_PASSWORD": is not a key of Secret "django-env-secret"`,
	},
	"secret of no source": {
		func(chart cdk8s.Chart) {
			valkey.NewServer(chart, "broker", valkey.ServerProps{Secret: &secret.Secret{}})
		},
		`test/broker: Secret: "": must be made by secret.New: the Secret that holds the password`,
	},
	"memory above any node's": {
		with(valkey.ServerProps{Resources: limits("", "2Pi")}),
		`test/broker: Resources.Limits.Memory: "2Pi": must be at most 1Pi`,
	},
	"no secret": {
		func(chart cdk8s.Chart) { _ = valkey.NewServer(chart, "broker", valkey.ServerProps{}).Broker() },
		`test/broker: Secret: "": is required: the Secret that holds the password`,
	},
	"secret of another namespace": {
		func(chart cdk8s.Chart) {
			elsewhere := cdk8s.NewChart(chart, new("elsewhere"), &cdk8s.ChartProps{Namespace: new("elsewhere")})
			valkey.NewServer(chart, "broker", valkey.ServerProps{Secret: credentials(elsewhere)})
		},
		`test/broker: Secret: "django-env-secret": is in namespace "elsewhere", and pods of namespace "test" cannot read it`,
	},
}

func TestWrongValues(t *testing.T) {
	for name, tc := range wrong {
		t.Run(name, func(t *testing.T) {
			got := cdktest.Problems(t, tc.build)
			if len(got) != 1 || !strings.Contains(got[0], tc.line) || strings.Contains(got[0], "\n") {
				t.Errorf("problems:\n%s\nwant one line with\n%s", strings.Join(got, "\n"), tc.line)
			}
		})
	}
}
