package django

import (
	"net/url"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/kube"
)

var _ postgres.Checker = Project{}

// checkScript applies what the backup is older than, and asks whether every
// migration of the image is applied: what a [Migration] and the pods that wait for
// it do after a restore.
const checkScript = `python3 manage.py migrate --noinput && exec python3 manage.py migrate --check`

// DatabaseCheck implements [postgres.Checker]. The settings get every variable of
// the project, but those of the database lead to server, those of the broker lead
// nowhere, and no credentials of either are among them.
func (p Project) DatabaseCheck(namespace string, server postgres.Connection, user string) postgres.Check {
	resolved, problems := p.resolve(namespace)
	check := postgres.Check{
		Image:            resolved.Image,
		Command:          []string{"sh", "-c", checkScript},
		RunAsUser:        resolved.RunAsUser,
		ImagePullSecrets: resolved.ImagePullSecrets,
		References:       kube.References(namespace, process{}.template, resolved.Volumes, nil),
		Problems:         problems,
	}
	if len(problems) > 0 {
		check.Problems = append(field.ErrorList(nil), problems...)
		return check
	}
	check.Env = resolved.drillEnv(server, user)
	var mounts kube.Mounts
	mounts.Add("volume", resolved.Volumes, notClaim)
	check.Volumes, check.Mounts = mounts.Volumes, mounts.Mounts
	return check
}

// drillEnv returns the variables of the project, with the database that server
// says. It names keys of the Secret one by one: envFrom would hand over the
// credentials of the database.
func (p project) drillEnv(server postgres.Connection, user string) []corev1.EnvVar {
	own := p.ownEnv(nil, p.Env)
	var env kube.Env
	address := server.WithDefaults()
	env.Set("POSTGRES_HOST", address.Host)
	env.Set("POSTGRES_PORT", "5432")
	env.Set(secret.DatabaseKey, address.Name)
	env.Set(secret.UserKey, user)
	// The server asks for none, but settings may.
	env.Set(secret.PasswordKey, "$("+secret.UserKey+")")
	env.Set("PGUSER", user)
	env.Set("DATABASE_URL", "postgres://"+user+"@"+url.PathEscape(address.Host)+":5432/"+address.Name)
	if p.Broker != nil {
		env.Set(broker.URLVariable, noBroker)
	}
	credentials := p.credentialKeys()
	elsewhere := []string{"Database", "Database.TLS", "Broker"}
	for _, v := range own.Vars {
		if !slices.Contains(elsewhere, own.Sources()[v.Name]) && !credentials[v.Name] {
			add(&env, v)
		}
	}
	if p.Secret != nil {
		for _, key := range p.Secret.Keys() {
			if !env.Has(key) && reserved[key] == "" && !slices.Contains(elsewhere, own.Sources()[key]) && !credentials[key] {
				env.FromSecret(key, p.Secret.Name(), key)
				env.Vars[len(env.Vars)-1].ValueFrom.SecretKeyRef.Optional = new(true)
			}
		}
	}
	for _, name := range inOrder(p.Env) {
		if name != gunicornArgs {
			env.Set(name, p.Env[name])
		}
	}
	return env.Vars
}

// noBroker is the URL of a broker within the process: a task that a data migration
// sends must not reach the workers of the live site.
const noBroker = "memory://"

// credentialKeys are the keys of the project's Secret that hold the credentials of
// its database and of its broker.
func (p project) credentialKeys() map[string]bool {
	keys := map[string]bool{}
	for _, c := range []postgres.Connection{p.connection, server(p.Database)} {
		if p.Secret == c.Secret {
			keys[c.UserKey], keys[c.PasswordKey], keys[c.NameKey] = true, true, true
		}
	}
	if p.Broker != nil && p.Secret == p.broker.Secret {
		keys[p.broker.PasswordKey], keys[p.broker.URLKey] = true, true
	}
	return keys
}

// add adds a variable as it is.
func add(env *kube.Env, v corev1.EnvVar) {
	env.Set(v.Name, v.Value)
	env.Vars[len(env.Vars)-1].ValueFrom = v.ValueFrom
}
