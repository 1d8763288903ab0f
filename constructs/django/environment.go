package django

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"

	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/podspec"
	"example.com/django-cdk8s/internal/rule"
)

// environment returns the variables of the server besides those that envFrom
// takes from the Secret. A variable may use those before it as $(NAME).
func environment(w *Web) *[]*k8s.EnvVar {
	var env podspec.Env
	w.databaseEnv(&env)
	w.secretEnv(&env)
	env.Set("ALLOWED_HOSTS", strings.Join(w.allowedHosts(), ","))
	env.Set("CSRF_TRUSTED_ORIGINS", strings.Join(w.trustedOrigins(), ","))
	env.Set("PORT", fmt.Sprint(w.props.Port))
	for _, name := range rule.Keys(w.props.Env) {
		if name != gunicornArgs {
			env.Set(name, w.props.Env[name])
		}
	}
	// The pod's shutdown is reckoned with it. The last of two equal flags wins.
	env.Set(gunicornArgs, strings.TrimSpace(fmt.Sprintf("%s --graceful-timeout=%d",
		w.props.Env[gunicornArgs], w.props.GracefulTimeoutSeconds)))
	return env.List()
}

const gunicornArgs = "GUNICORN_CMD_ARGS"

// databaseEnv says how to reach the database in each of the ways that Django
// projects read it. DATABASE_URL leaves the credentials out: in a URL a
// password needs its special characters encoded, which Kubernetes cannot do,
// while libpq takes PGUSER and PGPASSWORD as they are.
func (w *Web) databaseEnv(env *podspec.Env) {
	c, _ := w.props.connection()
	name := ""
	if c.Secret != nil {
		name = c.Secret.Name()
	}
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
	env.Set("DATABASE_URL", "postgres://$(POSTGRES_HOST):$(POSTGRES_PORT)/$(POSTGRES_DB)")
}

// secretEnv names the keys without which the server must not start. envFrom
// alone would start it as soon as the Secret exists, with or without them.
func (w *Web) secretEnv(env *podspec.Env) {
	if w.props.Secret == nil {
		return
	}
	keys := slices.Concat(w.props.SecretKeys, w.props.Secret.GeneratedKeys())
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		if _, taken := reserved[key]; !taken {
			env.FromSecret(key, w.props.Secret.Name(), key)
		}
	}
}

// allowedHosts are the public hosts, and the names under which other pods reach
// the Service.
func (w *Web) allowedHosts() []string {
	return slices.Concat(w.props.Hosts, w.serviceNames())
}

// serviceNames are the DNS names of the Service, from the shortest.
func (w *Web) serviceNames() []string {
	names := []string{w.props.Name}
	if ns := bind.Namespace(w); ns != "" {
		names = append(names, w.props.Name+"."+ns, w.props.Name+"."+ns+".svc", bind.ServiceHost(w, w.props.Name))
	}
	return names
}

// trustedOrigins are the origins from which a form may come: the public hosts,
// or, when there are none, the Service's own names. The list is never empty,
// because a project that splits it would find one empty origin, which Django
// refuses.
func (w *Web) trustedOrigins() []string {
	var origins []string
	for _, host := range w.props.Hosts {
		scheme := "http://"
		if w.props.HTTPS {
			scheme = "https://"
		}
		if domain, ok := strings.CutPrefix(host, "."); ok {
			origins = append(origins, scheme+domain, scheme+"*."+domain)
		} else {
			origins = append(origins, scheme+host)
		}
	}
	if len(origins) > 0 {
		return origins
	}
	for _, name := range w.serviceNames() {
		origins = append(origins, fmt.Sprintf("http://%s:%d", name, w.props.Port))
	}
	return origins
}
