package broker_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/construct"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

func newSecret(source secret.Source) *secret.Secret {
	return secret.New(cdk8s.NewChart(cdk8s.NewApp(nil), new("test"), nil), "secret", secret.Props{Source: source})
}

func TestConnection(t *testing.T) {
	env := newSecret(secret.Existing("CELERY_BROKER_URL", "PASSWORD", "url", "password"))
	for name, tc := range map[string]struct {
		connection broker.Connection
		port       int
	}{
		"a URL in the Secret":     {broker.Connection{}, 0},
		"a URL under another key": {broker.Connection{URLKey: "url", Port: 5671}, 5671},
		"a password":              {broker.Connection{PasswordKey: "PASSWORD", URL: "redis://:$(PASSWORD)@redis:6380/0"}, 6380},
		"a user and a password":   {broker.Connection{PasswordKey: "password", URL: "amqps://shop:$(password)@mq.example.com/orders%2Feu?heartbeat=10"}, 0},
		"the same port twice":     {broker.Connection{PasswordKey: "PASSWORD", URL: "rediss://:$(PASSWORD)@10.0.0.1:6379", Port: 6379}, 6379},
		"an IPv6 address":         {broker.Connection{PasswordKey: "PASSWORD", URL: "redis://:$(PASSWORD)@[fd00::1]:6379/0"}, 6379},
	} {
		t.Run(name, func(t *testing.T) {
			tc.connection.Secret = env
			if err := tc.connection.Validate(); err != nil {
				t.Error(err)
			}
			if got := tc.connection.Endpoint(); got.Port != tc.port || (got.Host == "") != (tc.connection.URL == "") {
				t.Errorf("Endpoint() = %+v", got)
			}
			if got := tc.connection.Broker().Port; got != tc.port {
				t.Errorf("the port is %d, want %d", got, tc.port)
			}
		})
	}
}

func TestGeneratedPasswordsFitURLs(t *testing.T) {
	env := newSecret(secret.Generated(secret.GeneratedProps{Image: "shop:1", Keys: []string{"PASSWORD"}}))
	for key, want := range map[string]bool{"PASSWORD": true, "POSTGRES_USER": false} {
		c := broker.Connection{Secret: env, PasswordKey: key, URL: "redis://:$(" + key + ")@redis:6379/0"}
		if err := c.Validate(); (err == nil) != want {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestWrongConnections(t *testing.T) {
	env := newSecret(secret.Existing("CELERY_BROKER_URL", "PASSWORD", "pass-word"))
	literal := newSecret(secret.Literal(map[string]string{"PASSWORD": "a@b"}))
	const invalidURL = `URL: "...": must be a URL such as redis://:$(PASSWORD)@redis.example.com:6379/0`
	for name, tc := range map[string]struct {
		connection broker.Connection
		line       string
	}{
		"no secret":              {broker.Connection{}, `Secret: "": is required`},
		"no URL":                 {broker.Connection{Secret: literal}, `URLKey: "CELERY_BROKER_URL": is not a key of Secret "django-env-secret", which holds PASSWORD`},
		"unknown key":            {broker.Connection{Secret: env, URLKey: "url"}, `URLKey: "url": is not a key of Secret`},
		"password without a URL": {broker.Connection{Secret: env, PasswordKey: "PASSWORD"}, `PasswordKey: "PASSWORD": must not be given without URL`},
		"URL without a password": {broker.Connection{Secret: env, URL: "redis://redis:6379/0"}, `PasswordKey: "": is required with URL`},
		"unknown password":       {broker.Connection{Secret: env, PasswordKey: "OTHER", URL: "redis://:$(OTHER)@redis"}, `PasswordKey: "OTHER": is not a key of Secret`},
		"key of no variable":     {broker.Connection{Secret: env, PasswordKey: "pass-word", URL: "redis://:$(pass-word)@redis"}, `PasswordKey: "pass-word": must be 1 to 253 letters`},
		"variable of the URL":    {broker.Connection{Secret: env, PasswordKey: "CELERY_BROKER_URL", URL: "redis://:$(CELERY_BROKER_URL)@redis"}, `PasswordKey: "CELERY_BROKER_URL": must be another`},
		"characters of a URL":    {broker.Connection{Secret: literal, PasswordKey: "PASSWORD", URL: "redis://:$(PASSWORD)@redis"}, `PasswordKey: "PASSWORD": has a value in Secret "django-env-secret" that does not fit into a URL`},
		"password in the URL":    {broker.Connection{Secret: env, PasswordKey: "PASSWORD", URL: "redis://:plain@redis:6379/0"}, invalidURL},
		"password elsewhere":     {broker.Connection{Secret: env, PasswordKey: "PASSWORD", URL: "redis://$(PASSWORD)@redis:6379/0"}, invalidURL},
		"escaped reference":      {broker.Connection{Secret: env, PasswordKey: "PASSWORD", URL: "redis://:$$(PASSWORD)@redis:6379/0"}, invalidURL},
		"other variable":         {broker.Connection{Secret: env, PasswordKey: "PASSWORD", URL: "redis://:$(PASSWORD)@$(HOST):6379/0"}, invalidURL},
		"no scheme":              {broker.Connection{Secret: env, PasswordKey: "PASSWORD", URL: ":$(PASSWORD)@redis:6379/0"}, invalidURL},
		"no host":                {broker.Connection{Secret: env, PasswordKey: "PASSWORD", URL: "redis://:$(PASSWORD)@:6379/0"}, invalidURL},
		"line break":             {broker.Connection{Secret: env, PasswordKey: "PASSWORD", URL: "redis://:$(PASSWORD)@redis:6379/0\n"}, invalidURL},
		"blank":                  {broker.Connection{Secret: env, PasswordKey: "PASSWORD", URL: "redis://:$(PASSWORD)@redis:6379/0 "}, invalidURL},
		"YAML's line break":      {broker.Connection{Secret: env, PasswordKey: "PASSWORD", URL: "redis://:$(PASSWORD)@redis:6379/\u2028"}, invalidURL},
		"port":                   {broker.Connection{Secret: env, Port: 70000}, `Port: 70000: must be between 1 and 65535`},
		"port of the URL":        {broker.Connection{Secret: env, PasswordKey: "PASSWORD", URL: "redis://:$(PASSWORD)@redis:65536/0"}, `Port: 65536: must be between 1 and 65535`},
		"port 0":                 {broker.Connection{Secret: env, PasswordKey: "PASSWORD", URL: "redis://:$(PASSWORD)@redis:0/0"}, `URL: "...": must not have port 0`},
		"port 00":                {broker.Connection{Secret: env, PasswordKey: "PASSWORD", URL: "redis://:$(PASSWORD)@redis:00/0", Port: 6379}, `URL: "...": must not have port 0`},
		"secret of no source":    {broker.Connection{Secret: &secret.Secret{}}, `Secret: "": must be made by secret.New`},
		"another port":           {broker.Connection{Secret: env, PasswordKey: "PASSWORD", URL: "redis://:$(PASSWORD)@redis:6379/0", Port: 6380}, `Port: 6380: contradicts URL, whose port is 6379`},
	} {
		t.Run(name, func(t *testing.T) {
			problems := tc.connection.Validate()
			if len(problems) != 1 || !strings.HasPrefix(construct.Line(problems[0]), tc.line) {
				t.Errorf("problems:\n%v\nwant one line that starts with\n%s", problems, tc.line)
			}
		})
	}
}

// A password that was written into the URL must not reach a log.
func TestNoURLIsShown(t *testing.T) {
	env := newSecret(secret.Existing("PASSWORD"))
	problems := broker.Connection{Secret: env, PasswordKey: "PASSWORD", URL: "redis://:plain@redis:6379/0"}.Validate()
	if len(problems) == 0 || strings.Contains(problems.ToAggregate().Error(), "plain") {
		t.Error(problems)
	}
}

func ExampleConnection() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), nil)
	env := secret.New(chart, "secret", secret.Props{Source: secret.Existing("RABBITMQ_PASSWORD")})
	managed := broker.Connection{
		Secret:      env,
		URL:         "amqps://shop:$(RABBITMQ_PASSWORD)@mq.example.com:5671/shop",
		PasswordKey: "RABBITMQ_PASSWORD",
	}
	fmt.Println(managed.Validate(), managed.Broker().Port)
	managed.URL = ""
	managed.PasswordKey = ""
	fmt.Println(managed.Validate())
	// Output:
	// [] 5671
	// [URLKey: Invalid value: "CELERY_BROKER_URL": is not a key of Secret "django-env-secret", which holds RABBITMQ_PASSWORD]
}
