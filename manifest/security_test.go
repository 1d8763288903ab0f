package manifest_test

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"example.com/django-cdk8s/manifest"
)

// mistakesInPods break the rule pod-security.
func mistakesInPods() []mutation {
	const (
		postgres  = "Deployment django-app/postgres"
		collector = "DaemonSet node-logging/log-collector"
		pod       = "spec.template.spec"
	)
	refused := func(object, field, level, text string) []problem {
		return []problem{{object, "pod-security", field, level, text}}
	}
	return []mutation{
		{
			name: "a privileged container",
			edit: edit{postgres, "allowPrivilegeEscalation: false", "privileged: true"},
			want: refused(postgres, pod, "restricted", `the namespace refuses the pod: privileged (container "postgres" must not set securityContext.privileged=true)`),
		},
		{
			name: "a container that may gain privileges",
			edit: edit{"StatefulSet django-app/valkey", "            allowPrivilegeEscalation: false\n", ""},
			want: refused("StatefulSet django-app/valkey", pod, "restricted", "allowPrivilegeEscalation != false"),
		},
		{
			name: "a container that runs as root",
			edit: edit{postgres, "runAsUser: 999", "runAsUser: 0"},
			want: refused(postgres, pod, "restricted", "runAsUser=0"),
		},
		{
			name: "a container that may run as root",
			edit: edit{"CronJob django-app/backup", "runAsNonRoot: true", "runAsNonRoot: false"},
			want: refused("CronJob django-app/backup", "spec.jobTemplate.spec.template.spec", "restricted", "runAsNonRoot != true"),
		},
		{
			name: "a volume of the node",
			edit: edit{"Deployment django-app/django", "emptyDir: {}", "hostPath: {path: /tmp}"},
			want: refused("Deployment django-app/django", pod, "restricted", `hostPath`),
		},
		{
			name: "no seccomp profile",
			edit: edit{"Job django-app/migrate", "        seccompProfile:\n          type: RuntimeDefault\n", ""},
			want: refused("Job django-app/migrate", pod, "restricted", "seccompProfile"),
		},
		{
			name: "a capability more",
			edit: edit{postgres, "            capabilities:\n", "            capabilities:\n              add: [NET_ADMIN]\n"},
			want: refused(postgres, pod, "restricted", `must not include "NET_ADMIN"`),
		},
		{
			name: "an init container that keeps its capabilities",
			edit: edit{"Deployment django-app/django", "allowPrivilegeEscalation: false\n            capabilities:\n              drop:\n                - ALL\n          volumeMounts:\n            - mountPath: /init-tmp", "allowPrivilegeEscalation: false\n          volumeMounts:\n            - mountPath: /init-tmp"},
			want: refused("Deployment django-app/django", pod, "restricted", `container "wait-for-migrations" must set securityContext.capabilities.drop=["ALL"]`),
		},
		{
			name: "a Job's init container that runs as root",
			edit: edit{"Job django-app/migrate", "      containers:\n", strings.NewReplacer("memory: 64Mi", "memory: 32Mi", "{allowPrivilegeEscalation", "{runAsUser: 0, allowPrivilegeEscalation").Replace(jobInit) + "      containers:\n"},
			want: refused("Job django-app/migrate", pod, "restricted", `container "wait" must not set runAsUser=0)`),
		},
		{
			name: "the node's network",
			edit: edit{postgres, "      containers:\n", "      hostNetwork: true\n      containers:\n"},
			want: refused(postgres, pod, "restricted", "hostNetwork=true"),
		},
		{
			name: "a privileged pod in a namespace that begins to enforce baseline",
			edit: edit{"Namespace node-logging", "metadata:\n", "metadata:\n  labels: {pod-security.kubernetes.io/enforce: baseline}\n"},
			want: refused(collector, pod, "baseline", "privileged"),
		},
		{
			name: "a privileged pod in a namespace that begins to enforce restricted as of some version",
			edit: edit{"Namespace node-logging", "metadata:\n", "metadata:\n  labels: {pod-security.kubernetes.io/enforce: restricted, pod-security.kubernetes.io/enforce-version: v1.28}\n"},
			want: refused(collector, pod, "restricted", "privileged"),
		},
		{
			name: "a level that does not exist, which Kubernetes takes for restricted",
			edit: edit{"Namespace node-logging", "metadata:\n", "metadata:\n  labels: {pod-security.kubernetes.io/enforce: strict}\n"},
			want: []problem{
				{"Namespace node-logging", "pod-security", "metadata.labels[pod-security.kubernetes.io/enforce]", "strict", "must be one of privileged, baseline, restricted"},
				{collector, "pod-security", pod, "restricted", "privileged"},
			},
		},
		{
			name: "a version that does not exist",
			edit: edit{"Namespace node-logging", "metadata:\n", "metadata:\n  labels: {pod-security.kubernetes.io/warn-version: \"1.28\"}\n"},
			want: []problem{{"Namespace node-logging", "pod-security", "metadata.labels[pod-security.kubernetes.io/warn-version]", "1.28", "must be"}},
		},
	}
}

func harmlessPods() []mutation {
	const label = "pod-security.kubernetes.io/"
	return []mutation{
		{
			name: "a privileged pod in a namespace that only warns",
			edit: edit{"Namespace node-logging", "metadata:\n", "metadata:\n  labels: {" + label + "warn: restricted, " + label + "audit: restricted}\n"},
		},
		{
			name: "a privileged pod in a namespace that enforces privileged",
			edit: edit{"Namespace node-logging", "metadata:\n", "metadata:\n  labels: {" + label + "enforce: privileged}\n"},
		},
		{
			name: "a restricted pod in a namespace that enforces baseline",
			edit: edit{"Namespace django-app", label + "enforce: restricted", label + "enforce: baseline"},
		},
		{
			name:    "a privileged pod in a namespace that is made elsewhere",
			edit:    edit{"Namespace node-logging", "name: node-logging", "name: elsewhere"},
			options: also(manifest.External{Kind: "Namespace", Name: "node-logging"}),
		},
		{
			name: "the capability that restricted allows",
			edit: edit{"Deployment django-app/postgres", "            capabilities:\n", "            capabilities:\n              add: [NET_BIND_SERVICE]\n"},
		},
		{
			name: "a profile of the container instead of the pod's",
			edit: edit{"Deployment django-app/postgres", "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: false\n            seccompProfile: {type: Localhost, localhostProfile: postgres.json}"},
		},
	}
}

// TestPodSecurityIsTheNamespacesChoice makes the mistakes of [mistakesInPods]
// in a namespace that enforces nothing.
func TestPodSecurityIsTheNamespacesChoice(t *testing.T) {
	system := readSystem(t).edit(t, edit{"Namespace django-app", "  labels:\n    pod-security.kubernetes.io/enforce: restricted\n", ""})
	for _, m := range mistakesInPods() {
		if strings.HasPrefix(m.in, "Namespace ") {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			expect(t, m.check(t, system), nil)
		})
	}
}

const (
	undeclared     = "git may commit these manifests: take the value from an existing Secret or let the cluster generate it, or render into a directory that git ignores"
	likeCredential = "looks like a credential, and git may commit these manifests"
	urlPassword    = "holds a URL with a password, and git may commit these manifests"
)

// mistakesWithCredentials break the rule credentials, each in another field;
// what counts as a credential is in [TestCredentialsAreRecognised].
func mistakesWithCredentials() []mutation {
	const (
		secret = "Secret django-app/django-env-secret"
		django = "Deployment django-app/django"
		main   = "spec.template.spec.containers[0]"
	)
	plain := func(objects ...manifest.External) func(o *manifest.Options) {
		return func(o *manifest.Options) { o.Plain = objects }
	}
	return []mutation{
		{
			name: "a Secret's value that is not declared plain",
			edit: edit{secret, "stringData:\n", "stringData:\n  SITE: not-a-secret\n"},
			want: []problem{{secret, "credentials", "stringData[SITE]", "...", undeclared}},
		},
		{
			name: "a Secret's encoded value that is not declared plain",
			edit: edit{secret, "stringData:\n", "data:\n  SITE: bm90LWEtc2VjcmV0\nstringData:\n"},
			want: []problem{{secret, "credentials", "data[SITE]", "...", undeclared}},
		},
		{
			name: "values of a Secret with generated keys",
			edit: edit{new: strings.Replace(generatedSecret, "{USER: shop}", "{USER: shop, B: not-a-secret, API_TOKEN: not-a-secret}\ndata: {D: bm90LWEtc2VjcmV0}", 1)},
			want: []problem{
				{"Secret files/made", "credentials", "data[D]", "...", undeclared},
				{"Secret files/made", "credentials", "stringData[API_TOKEN]", "...", likeCredential},
				{"Secret files/made", "credentials", "stringData[B]", "...", undeclared},
			},
		},
		{
			name: "a Secret of which nothing is declared",
			edit: edit{new: "apiVersion: v1\nkind: Secret\nmetadata: {name: keys, namespace: django-app}\ndata: {b: bm90LWEtc2VjcmV0}\nstringData: {a: not-a-secret, c: not-a-secret}\n"},
			want: []problem{
				{"Secret django-app/keys", "credentials", "data[b]", "...", undeclared},
				{"Secret django-app/keys", "credentials", "stringData[a]", "...", undeclared},
				{"Secret django-app/keys", "credentials", "stringData[c]", "...", undeclared},
			},
		},
		{
			name:    "plain keys of another Secret",
			options: plain(manifest.External{Kind: "Secret", Name: "other", Keys: []string{"POSTGRES_DB", "POSTGRES_USER"}}),
			want: []problem{
				{secret, "credentials", "stringData[POSTGRES_DB]", "...", undeclared},
				{secret, "credentials", "stringData[POSTGRES_USER]", "...", undeclared},
			},
		},
		{
			name:    "plain keys of a Secret in another namespace",
			options: plain(manifest.External{Kind: "Secret", Name: "django-env-secret", Namespace: "node-logging", Keys: []string{"POSTGRES_DB", "POSTGRES_USER"}}),
			want: []problem{
				{secret, "credentials", "stringData[POSTGRES_DB]", "...", undeclared},
				{secret, "credentials", "stringData[POSTGRES_USER]", "...", undeclared},
			},
		},
		{
			name: "a plain Secret without keys, which declares nothing",
			options: plain(
				manifest.External{Kind: "Secret", Name: "django-env-secret"},
				manifest.External{Kind: "Secret", Name: "django-env-secret", Keys: []string{"POSTGRES_DB"}},
			),
			want: []problem{{secret, "credentials", "stringData[POSTGRES_USER]", "...", undeclared}},
		},
		{
			name: "a plain value with a password",
			edit: edit{secret, "POSTGRES_DB: django", "POSTGRES_DB: postgres://django:not-a-secret@postgres/django"},
			want: []problem{{secret, "credentials", "stringData[POSTGRES_DB]", "...", urlPassword}},
		},
		{
			name:    "a plain value by the name of a credential",
			edit:    edit{secret, "stringData:\n", "stringData:\n  API_KEY: not-a-secret\n"},
			options: func(o *manifest.Options) { o.Plain[0].Keys = append(o.Plain[0].Keys, "API_KEY") },
			want:    []problem{{secret, "credentials", "stringData[API_KEY]", "...", likeCredential}},
		},
		{
			name: "a variable",
			edit: edit{django, "- name: PORT", "- name: EMAIL_HOST_PASSWORD\n              value: not-a-secret\n            - name: PORT"},
			want: []problem{{django, "credentials", main + ".env[EMAIL_HOST_PASSWORD]", "...", likeCredential}},
		},
		{
			name: "a variable of an init container",
			edit: edit{django, "name: wait-for-migrations\n", "name: wait-for-migrations\n          env: [{name: SECRET_KEY, value: not-a-secret}]\n"},
			want: []problem{{django, "credentials", "spec.template.spec.initContainers[0].env[SECRET_KEY]", "...", likeCredential}},
		},
		{
			name: "a variable of a CronJob",
			edit: edit{"CronJob django-app/backup", "name: dump\n", "name: dump\n              env: [{name: RESTIC_REPOSITORY, value: 'rest:https://backup:not-a-secret@backup.example.com/'}]\n"},
			want: []problem{{"CronJob django-app/backup", "credentials", "spec.jobTemplate.spec.template.spec.containers[0].env[RESTIC_REPOSITORY]", "...", urlPassword}},
		},
		{
			name: "an argument",
			edit: edit{django, "- shop.wsgi", "- --statsd=http://statsd:not-a-secret@metrics.example.com"},
			want: []problem{{django, "credentials", main + ".args[1]", "...", urlPassword}},
		},
		{
			name: "a command",
			edit: edit{django, "- manage.py", "- redis://:not-a-secret@valkey:6379/0"},
			want: []problem{{django, "credentials", "spec.template.spec.initContainers[0].command[1]", "...", urlPassword}},
		},
		{
			name: "a ConfigMap's value",
			edit: edit{"ConfigMap django-app/django-settings", "\ndata:\n", "\ndata:\n  SENTRY_TOKEN: not-a-secret\n"},
			want: []problem{{"ConfigMap django-app/django-settings", "credentials", "data[SENTRY_TOKEN]", "...", likeCredential}},
		},
		{
			name: "a ConfigMap's file",
			edit: edit{"ConfigMap django-app/django-settings", `'{"version": 1}'`, "|\n    {\n      \"CACHE\": \"redis://:not-a-secret@valkey:6379/0\"\n    }"},
			want: []problem{{"ConfigMap django-app/django-settings", "credentials", "data[logging.json]", "...", urlPassword}},
		},
	}
}

func TestCredentialsMayBeInManifestsThatGitIgnores(t *testing.T) {
	system := readSystem(t)
	for _, m := range mistakesWithCredentials() {
		t.Run(m.name, func(t *testing.T) {
			declared := m.options
			m.options = func(o *manifest.Options) {
				if declared != nil {
					declared(o)
				}
				o.Tracked = false
			}
			expect(t, m.check(t, system), nil)
		})
	}
}

func TestProblemsDoNotRepeatTheCredential(t *testing.T) {
	system := readSystem(t)
	for _, m := range mistakesWithCredentials() {
		t.Run(m.name, func(t *testing.T) {
			expectNoValue(t, m.check(t, system))
		})
	}
}

func expectNoValue(t *testing.T, problems []manifest.Problem) {
	t.Helper()
	for _, p := range problems {
		if strings.Contains(p.Error(), "not-a-secret") {
			t.Errorf("Error() = %v, which holds the credential", p)
		}
	}
}

func TestCredentialsAreRecognised(t *testing.T) {
	const word = "not-a-secret"
	system := readSystem(t)
	for _, test := range []struct{ key, value, text string }{
		{"POSTGRES_PASSWORD", word, likeCredential},
		{"PGPASSWORD", word, likeCredential},
		{"password", word, likeCredential},
		{"db.password", word, likeCredential},
		{"DB_PASSWD", word, likeCredential},
		{"GPG_PASSPHRASE", word, likeCredential},
		{"OAUTH_CLIENT_SECRET", word, likeCredential},
		{"GITHUB_TOKEN", word, likeCredential},
		{"SECRET_KEY", word, likeCredential},
		{"DJANGO_SECRET_KEY", word, likeCredential},
		{"SECRET_KEY_FALLBACKS", word + "," + word, likeCredential},
		{"STRIPE_API_KEY", word, likeCredential},
		{"api-key", word, likeCredential},
		{"APIKEY", word, likeCredential},
		{"AWS_SECRET_ACCESS_KEY", word, likeCredential},
		{"JWT_PRIVATE_KEY", "-----BEGIN " + "PRIVATE KEY-----\n" + word, likeCredential},
		{"FIELD_ENCRYPTION_KEY", word, likeCredential},
		{"SESSION_SIGNING_KEY", word, likeCredential},
		{"TAILSCALE_AUTH_KEY", word, likeCredential},
		{"BILLING_SERVICE_KEY", word, likeCredential},
		{"STORAGE_ACCOUNT_KEY", word, likeCredential},
		{"clientSecret", word, likeCredential},
		{"accessToken", word, likeCredential},
		{"apiKey", word, likeCredential},
		{"SMTP_CREDENTIALS", "user:" + word, likeCredential},
		{"POSTGRES_PASSWORD", "123456-" + word, likeCredential},
		{"POSTGRES_PASSWORD", "true" + word, likeCredential},
		{"POSTGRES_PASSWORD", "/" + word, likeCredential},
		{"POSTGRES_PASSWORD", "/" + word + "/+w==", likeCredential},
		{"POSTGRES_PASSWORD", "$(PREFIX)" + word, likeCredential},
		{"POSTGRES_PASSWORD", word + "$(SUFFIX)", likeCredential},
		{"POSTGRES_PASSWORD", "$" + word, likeCredential},

		{"DB_PASS", word, likeCredential},
		{"DB_PWD", word, likeCredential},
		{"GITHUB_PAT", word, likeCredential},
		{"APP_SECRETS", word, likeCredential},
		{"PASSWORD_2", word, likeCredential},

		{"STRIPE", "sk_live_" + word, "has the form of a credential"},
		{"DEPLOY", "ghp_" + word, "has the form of a credential"},
		{"ID", "AKIA" + strings.Repeat("A", 16), "has the form of a credential"},
		{"PEM", "-----BEGIN RSA " + "PRIVATE KEY-----\n" + word, "has the form of a credential"},
		{"SIGNED", "eyJ" + strings.Repeat("a", 10) + ".eyJ" + word, "has the form of a credential"},

		{"FLAGS", "--user=x --password=" + word, "sets a credential"},
		{"DATABASES", `{"default": {"PASSWORD": "` + word + `"}}`, "sets a credential"},
		{"CONNINFO", "host=db password=" + word, "sets a credential"},
		{"settings.ini", "[db]\npassword = " + word + "\n", "sets a credential"},

		{"DATABASE_URL", "postgres://django:" + word + "@postgres:5432/django", urlPassword},
		{"DATABASE_URL", "POSTGRES://django:" + word + "@postgres/django", urlPassword},
		{"DATABASE_URL", "postgres://$(POSTGRES_USER):" + word + "@$(POSTGRES_HOST)/$(POSTGRES_DB)", urlPassword},
		{"DATABASE_URL", "postgres://django:$(PREFIX)" + word + "@postgres/django", urlPassword},
		{"DATABASE_URL", "postgres://django:5432@postgres/django", urlPassword},
		{"DATABASE_URL", "postgres://django:what?#" + word + "@postgres/django", urlPassword},
		{"DATABASE_URL", "postgres://django:5432!" + word + "@postgres/django", urlPassword},
		{"DATABASE_URL", "postgres://django:a:" + word + "@postgres/django", urlPassword},
		{"DATABASE_URL", "postgres://django:" + word + "%40x@postgres/django?sslmode=require#x", urlPassword},
		{"DATABASE_URL", "postgres://django:" + word + "@[::1]:5432/django", urlPassword},
		{"CACHE_URL", "redis://:" + word + "@valkey:6379/0", urlPassword},
		{"BROKER_URL", "amqp+ssl://django:" + word + "@rabbit//", urlPassword},
		{"CACHE_URLS", "redis://valkey-0:6379/0,redis://:" + word + "@valkey-1:6379/0", urlPassword},
		{"ORIGINS", "http://shop.example.com:8000 http://admin:" + word + "@shop.example.com", urlPassword},
		{"CONFIG", `{"origin":"http://shop:8000","cache":"redis://:` + word + `@valkey"}`, urlPassword},
		{"NEXT", "https://shop.example.com:443/?next=https://admin:" + word + "@shop.example.com", urlPassword},
	} {
		inEveryPlace(t, system, test.key, test.value, func(t *testing.T, place place, problems []manifest.Problem) {
			expect(t, problems, []problem{{place.object, "credentials", place.field, "...", test.text}})
			expectNoValue(t, problems)
		})
	}
}

func TestOtherValuesAreNoCredentials(t *testing.T) {
	system := readSystem(t)
	for _, test := range []struct{ key, value string }{
		{"COMPASS", "north"},
		{"BYPASS", "internal"},
		{"SCRIPT", "with open(path) as token:\n    read(token)"},
		{"CONNINFO", "host=db password=$(POSTGRES_PASSWORD)"},
		{"FLAGS", "--password=$PASSWORD --token ${TOKEN}"},
		{"FLAGS", "--password-file=/run/secrets/password"},
		{"POSTGRES_PASSWORD_FILE", "/run/secrets/postgres/password"},
		{"PASSWORD_HASHERS", "django.contrib.auth.hashers.Argon2PasswordHasher"},
		{"PASSWORD_RESET_TIMEOUT", "259200"},
		{"SECRET_NAME", "django-env-secret"},
		{"TOKEN_URL", "https://login.example.com/token"},
		{"TOKENIZER", "unicode61"},
		{"CACHE_KEY_PREFIX", "shop"},
		{"CACHE_KEY_FUNCTION", "shop.cache.key"},
		{"SORT_KEY", "name"},
		{"MONKEY", "bars"},
		{"PUBLIC_KEY", "ssh-ed25519 AAAA django"},
		{"STRIPE_PUBLISHABLE_KEY", "pk-shop"},
		{"AWS_ACCESS_KEY_ID", "django"},
		{"GOOGLE_APPLICATION_CREDENTIALS", "/run/secrets/google/service-account.json"},
		{"TLS_PRIVATE_KEY", "/etc/tls/tls.key"},
		{"CORS_ALLOW_CREDENTIALS", "True"},
		{"REQUIRE_TOKEN", "false"},
		{"MAX_TOKEN", "4096"},
		{"SECRET_KEY", ""},
		{"PGPASSWORD", "$(POSTGRES_PASSWORD)"},
		{"API_KEY", "$(KEY_ID).$(KEY_VALUE)"},
		{"API_KEY", "${API_KEY}"},

		{"DATABASE_URL", "postgres://$(POSTGRES_HOST):$(POSTGRES_PORT)/$(POSTGRES_DB)"},
		{"DATABASE_URL", "postgres://$(POSTGRES_HOST):$(POSTGRES_PORT)/db"},
		{"DATABASE_URL", "postgres://$(POSTGRES_USER):$(POSTGRES_PASSWORD)@$(POSTGRES_HOST):5432/db"},
		{"DATABASE_URL", "postgres://django:$(POSTGRES_PASSWORD)@postgres/db"},
		{"DATABASE_URL", "postgres://django:${POSTGRES_PASSWORD}@postgres/db"},
		{"SCRIPT", `exec psql "postgres://$POSTGRES_USER:$POSTGRES_PASSWORD@postgres/db"`},
		{"DATABASE_URL", "postgres://django@postgres:5432/django"},
		{"DATABASE_URL", "postgres://django:@postgres:5432/django"},
		{"DATABASE_URL", "sqlite:////data/db.sqlite3"},
		{"ORIGIN", "https://shop.example.com"},
		{"URL", "http://host:80/a@b"},
		{"URL", "http://host:80/?mail=a@b"},
		{"URL", "http://host:80?mail=a@b"},
		{"URL", "http://host:80#a@b"},
		{"URL", "http://$(HOST):$(PORT)?mail=a@b"},
		{"URL", "http://host/a:b@c"},
		{"URL", "http://host?at=a:b@c"},
		{"URL", "http://host#a:b@c"},
		{"URL", "http://[::1]:80/a@b"},
		{"ORIGINS", "http://django:8000,http://django.django-app:8000"},
		{"CONTACTS", "http://django:8000 admin@example.com"},
		{"CONTACTS", "http://django:8000,admin@example.com"},
		{"REPOSITORY", "git@git.example.com:shop/shop.git"},
		{"REPOSITORY", "ssh://git@git.example.com:22/shop/shop.git"},
		{"SENTRY_DSN", "https://shop@sentry.example.com/1"},
		{"ADMIN", "mailto:admin@example.com"},
		{"CONFIG", `{"origin":"http://django:8000","mail":"admin@example.com"}`},
		{"CONFIG", `{"origin":"http://django","mail":"admin@example.com"}`},
		{"CONFIG", "{'origin':'http://django:8000','mail':'admin@example.com'}"},
		{"CONFIG", "origin: http://django:8000\nmail: admin@example.com\n"},
		{"LINK", "<http://django:8000>admin@example.com"},
	} {
		inEveryPlace(t, system, test.key, test.value, func(t *testing.T, _ place, problems []manifest.Problem) {
			expect(t, problems, nil)
		})
	}
}

// place is where a manifest can say a value aloud.
type place struct{ name, object, field string }

// inEveryPlace calls f with what Check finds when value stands under key in a
// variable, a ConfigMap and a Secret whose key is declared plain.
func inEveryPlace(t *testing.T, system system, key, value string, f func(t *testing.T, place place, problems []manifest.Problem)) {
	quoted := strconv.Quote(value)
	for _, test := range []struct {
		place
		edit
	}{
		{
			place{"variable", "Job django-app/migrate", "spec.template.spec.containers[0].env[" + key + "]"},
			edit{"Job django-app/migrate", "          name: migrate\n", "          name: migrate\n          env:\n            - name: " + key + "\n              value: " + quoted + "\n"},
		},
		{
			place{"ConfigMap", "ConfigMap django-app/django-settings", "data[" + key + "]"},
			edit{"ConfigMap django-app/django-settings", "\ndata:\n", "\ndata:\n  " + key + ": " + quoted + "\n"},
		},
		{
			place{"Secret", "Secret django-app/django-env-secret", "stringData[" + key + "]"},
			edit{"Secret django-app/django-env-secret", "stringData:\n", "stringData:\n  " + key + ": " + quoted + "\n"},
		},
		{
			place{"encoded Secret", "Secret django-app/django-env-secret", "data[" + key + "]"},
			edit{"Secret django-app/django-env-secret", "stringData:\n", "data:\n  " + key + ": " + base64.StdEncoding.EncodeToString([]byte(value)) + "\nstringData:\n"},
		},
	} {
		t.Run(fmt.Sprintf("%s=%s in a %s", key, value, test.name), func(t *testing.T) {
			options := systemOptions()
			options.Plain = append(options.Plain, manifest.External{Kind: "Secret", Name: "django-env-secret", Keys: []string{key}})
			f(t, test.place, manifest.Check(system.edit(t, test.edit).objects(), options))
		})
	}
}

// TestArgumentsHaveNoNames: only a URL with a password gives itself away there.
func TestArgumentsHaveNoNames(t *testing.T) {
	objects := readSystem(t).edit(t, edit{"Deployment django-app/django", "- shop.wsgi", "- SECRET_KEY\n            - POSTGRES_PASSWORD"}).objects()
	expect(t, manifest.Check(objects, systemOptions()), nil)
}

func TestArgumentsOfCredentialFlagsAreRecognised(t *testing.T) {
	const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: shop, namespace: shop}\nspec:\n  containers:\n    - name: c\n      image: shop:1\n      args: [%s]\n"
	for args, want := range map[string]int{
		`--password, not-a-secret`:              1,
		`-x, --db-password, not-a-secret, last`: 1,
		`--api-key, not-a-secret`:               1,
		`--password, $(POSTGRES_PASSWORD)`:      0,
		`--no-password, --verbose`:              0,
		`--password-file, /run/secrets/db/file`: 0,
	} {
		objects, err := manifest.Parse("test", fmt.Appendf(nil, pod, args))
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, problem := range manifest.Check(objects, manifest.Options{Tracked: true}) {
			if problem.Rule == "credentials" {
				found++
			}
		}
		if found != want {
			t.Errorf("%s: %d problems, want %d", args, found, want)
		}
	}
}
