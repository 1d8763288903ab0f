package django

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"

	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/podspec"
	"example.com/django-cdk8s/internal/rule"
)

// projectEnv returns the variables that the construct gives every process of
// the project, besides those that envFrom takes from the Secret. A variable may
// use those before it as $(NAME).
func (w *Web) projectEnv() podspec.Env {
	var env podspec.Env
	w.databaseEnv(&env)
	w.brokerEnv(&env)
	w.secretEnv(&env)
	if w.props.scraped() {
		env.FromField("POD_IP", "status.podIP")
	}
	env.Set("ALLOWED_HOSTS", strings.Join(w.allowedHosts(), ","))
	env.Set("CSRF_TRUSTED_ORIGINS", strings.Join(w.trustedOrigins(), ","))
	for _, setting := range w.props.secureSettings() {
		if _, given := w.props.Env[setting.name]; !given {
			env.Set(setting.name, setting.value)
		}
	}
	if w.props.StaticRoot != "" {
		env.Set("STATIC_ROOT", w.props.StaticRoot)
	}
	if !rule.IsNil(w.props.Media) {
		w.props.Media.environment(&env)
	}
	return env
}

// environment returns the variables of a process that is not the server.
func (w *Web) environment() *[]*k8s.EnvVar {
	env := w.projectEnv()
	w.userEnv(&env)
	return env.List()
}

// serverEnv returns the variables of the server.
func (w *Web) serverEnv() *[]*k8s.EnvVar {
	env := w.projectEnv()
	env.Set("PORT", fmt.Sprint(w.props.Port))
	w.userEnv(&env)
	env.Set(gunicornArgs, w.props.Gunicorn.args(w.props.Env[gunicornArgs]))
	return env.List()
}

func (w *Web) userEnv(env *podspec.Env) {
	for _, name := range rule.Keys(w.props.Env) {
		if name != gunicornArgs {
			env.Set(name, w.props.Env[name])
		}
	}
}

// setting is a setting of Django that is set by a variable of its name.
type setting struct{ name, value string }

// secureSettings are what Django needs behind a proxy that ends https.
func (p WebProps) secureSettings() []setting {
	if !p.HTTPS {
		return nil
	}
	settings := []setting{
		{"SECURE_PROXY_SSL_HEADER", "HTTP_X_FORWARDED_PROTO,https"},
		{"SECURE_SSL_REDIRECT", "true"},
		{"SESSION_COOKIE_SECURE", "true"},
		{"CSRF_COOKIE_SECURE", "true"},
	}
	if p.scraped() {
		// Django looks for it in the path without its first slash.
		path := strings.TrimPrefix(p.Metrics.Path, "/")
		settings = append(settings, setting{"SECURE_REDIRECT_EXEMPT", "^" + regexp.QuoteMeta(path) + "$"})
	}
	return settings
}

// scraped reports whether Prometheus asks the server itself.
func (p WebProps) scraped() bool { return p.Metrics.onPort(p.Port) }

func (w *Web) brokerEnv(env *podspec.Env) {
	if rule.IsNil(w.props.Broker) {
		return
	}
	c := w.props.Broker.Broker()
	name := c.Secret.Name()
	if c.URL == "" {
		env.FromSecret(broker.URLVariable, name, c.URLKey)
		return
	}
	env.FromSecret(c.PasswordKey, name, c.PasswordKey)
	env.Set(broker.URLVariable, c.URL)
}

// reserved are the variables that the construct sets, and the field that each
// is set from, or would be overridden by: PostgreSQL's client library, gunicorn
// and Django would read a second value in silence.
func (p WebProps) reserved() map[string]string {
	names := map[string]string{
		"ALLOWED_HOSTS":        "Hosts",
		"CSRF_TRUSTED_ORIGINS": "Hosts and HTTPS",
		"PORT":                 "Port",
		"WEB_CONCURRENCY":      "Gunicorn.Workers",
		"DATABASE_URL":         "Database",
		"POSTGRES_HOST":        "Database",
		"POSTGRES_PORT":        "Database",
		"POSTGRES_DB":          "Database",
		"POSTGRES_USER":        "Database",
		"POSTGRES_PASSWORD":    "Database",
		"PGHOST":               "Database",
		"PGPORT":               "Database",
		"PGDATABASE":           "Database",
		"PGSERVICE":            "Database",
		"PGPASSFILE":           "Database",
		"PGUSER":               "Database",
		"PGPASSWORD":           "Database",
	}
	if p.scraped() {
		names["POD_IP"] = "Metrics"
	}
	if p.StaticRoot != "" {
		names["STATIC_ROOT"] = "StaticRoot"
	}
	if !rule.IsNil(p.Media) {
		var env podspec.Env
		p.Media.environment(&env)
		for _, variable := range env {
			names[*variable.Name] = "Media"
		}
	}
	if !rule.IsNil(p.Broker) {
		names[broker.URLVariable] = "Broker"
		if key := p.Broker.Broker().PasswordKey; key != "" && names[key] == "" {
			names[key] = "Broker"
		}
	}
	return names
}

// databaseEnv says how to reach the database in each of the ways that Django
// projects read it. DATABASE_URL leaves the credentials out: in a URL a
// password needs its special characters encoded, which Kubernetes cannot do,
// while libpq takes PGUSER and PGPASSWORD as they are.
func (w *Web) databaseEnv(env *podspec.Env) {
	c, _ := w.props.connection()
	name := c.Secret.Name()
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
	reserved := w.props.reserved()
	for _, key := range slices.Compact(keys) {
		if _, taken := reserved[key]; !taken {
			env.FromSecret(key, w.props.Secret.Name(), key)
		}
	}
}

// allowedHosts are the public hosts, the names under which other pods reach the
// Service, and, for Prometheus, the pod's own address.
func (w *Web) allowedHosts() []string {
	hosts := slices.Concat(w.props.Hosts, w.serviceNames())
	if w.props.scraped() {
		hosts = append(hosts, "$(POD_IP)")
	}
	return hosts
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
