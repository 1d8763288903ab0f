package django

import (
	"fmt"
	"net/url"

	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/libpq"
)

// databaseEnv names the database in each of the ways that Django projects read
// it. DATABASE_URL leaves the credentials out: in a URL a password needs its
// special characters encoded, which Kubernetes cannot do, while libpq takes
// PGUSER and PGPASSWORD as they are.
func (p project) databaseEnv(env *kube.Env) {
	c := p.connection
	name := c.Secret.Name()
	env.From("Database")
	env.Set("POSTGRES_HOST", c.Host)
	env.Set("POSTGRES_PORT", fmt.Sprint(c.Port))
	if c.Name != "" {
		env.Set(secret.DatabaseKey, c.Name)
	} else {
		env.FromSecret(secret.DatabaseKey, name, c.NameKey)
	}
	env.FromSecret(secret.UserKey, name, c.UserKey)
	env.FromSecret(secret.PasswordKey, name, c.PasswordKey)
	env.FromSecret("PGUSER", name, c.UserKey)
	env.FromSecret("PGPASSWORD", name, c.PasswordKey)
	query := url.Values{}
	env.From("Database.TLS")
	for _, s := range p.tls().Settings() {
		env.Set(s.Variable, s.Value)
		query.Set(s.Parameter, s.Value)
	}
	env.From("Database")
	address := "postgres://$(POSTGRES_HOST):$(POSTGRES_PORT)/$(POSTGRES_DB)"
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	env.Set("DATABASE_URL", address)
	p.poolerEnv(env)
}

// poolerEnv names the settings of Django that the mode of a connection pooler
// asks for, by variables of their names; see
// https://docs.djangoproject.com/en/stable/ref/databases/#transaction-pooling-and-server-side-cursors.
func (p project) poolerEnv(env *kube.Env) {
	env.From("Database")
	switch p.connection.PoolMode {
	case postgres.PoolTransaction:
		// A cursor of the server belongs to a session, and the next query may
		// reach another one.
		env.Set("DISABLE_SERVER_SIDE_CURSORS", "true")
	case postgres.PoolSession:
		// A thread that keeps its connection keeps one of the pool, for ever.
		env.Set("CONN_MAX_AGE", "0")
	}
}

// tls returns how the project's clients talk TLS to the database.
func (p project) tls() libpq.TLS {
	t := p.connection.TLS
	return libpq.TLS{
		Mode: string(t.Mode), CASecret: t.CASecret, CAConfigMap: t.CAConfigMap, CAKey: t.CAKey, CAFile: t.CAFile,
		ClientSecret: t.ClientSecret,
	}
}
