package django

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/host"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// site is what a server of the project adds to the environment.
type site struct {
	name, staticRoot string
	hosts            []string
	port             int
	metrics          Metrics
	gunicorn         Gunicorn
}

// scraped reports whether Prometheus asks the server itself.
func (s *site) scraped() bool { return s != nil && s.metrics.onPort(s.port) }

// ownEnv returns the variables that the library gives every process, besides
// those that envFrom takes from the Secret. A variable may use those before it
// as $(NAME). s is nil for a process that is no server. given are variables of
// the user, which take the place of settings.
func (p project) ownEnv(s *site, given map[string]string) kube.Env {
	var env kube.Env
	hosts, name, port := p.Hosts, p.Name, DefaultPort
	if s != nil {
		hosts, name, port = s.hosts, s.name, s.port
	}
	p.databaseEnv(&env)
	p.brokerEnv(&env)
	p.secretEnv(&env)
	if s.scraped() {
		env.From("Metrics")
		env.FromField("POD_IP", "status.podIP")
	}
	env.From("Hosts")
	env.Set("ALLOWED_HOSTS", strings.Join(p.allowedHosts(hosts, name, s), ","))
	env.From("Hosts and HTTPS")
	env.Set("CSRF_TRUSTED_ORIGINS", strings.Join(p.trustedOrigins(hosts, name, port), ","))
	env.From("")
	for _, setting := range p.secureSettings(s) {
		if _, ok := given[setting.name]; !ok {
			env.Set(setting.name, setting.value)
		}
	}
	if s != nil && s.staticRoot != "" {
		env.From("StaticRoot")
		env.Set("STATIC_ROOT", s.staticRoot)
	}
	if !construct.IsNil(p.Media) {
		env.From("Media")
		p.Media.environment(&env)
	}
	return env
}

// reserved are variables that PostgreSQL's client library, gunicorn and the
// library's own server read, and the field that each would override in
// silence.
var reserved = map[string]string{
	"PORT":            "Port",
	"WEB_CONCURRENCY": "Gunicorn.Workers",
	"PGHOST":          "Database",
	"PGPORT":          "Database",
	"PGDATABASE":      "Database",
	"PGSERVICE":       "Database",
	"PGPASSFILE":      "Database",
}

// managed returns the variables that a user must not give, and the field that
// each follows from.
func (p project) managed() map[string]string {
	env := p.ownEnv(nil, nil)
	all := maps.Clone(reserved)
	for name, from := range env.Sources() {
		if from != "" {
			all[name] = from
		}
	}
	return all
}

// given returns the variables that the user gives a process.
func (p process) given() map[string]string {
	all := map[string]string{}
	maps.Copy(all, p.Env)
	if p.part != labels.Web {
		delete(all, gunicornArgs) // The project's are for its sites.
	}
	maps.Copy(all, p.env)
	return all
}

// ownVariables returns the variables of the library for the process.
func (p process) ownVariables() kube.Env {
	given := p.given()
	for name := range p.template.EnvKeys {
		given[name] = ""
	}
	env := p.ownEnv(p.site, given)
	if p.site != nil {
		env.Set("PORT", fmt.Sprint(p.site.port))
	}
	return env
}

// variables returns the environment of a container that is not gunicorn.
func (p process) variables() []corev1.EnvVar {
	env := p.ownVariables()
	p.addGiven(&env)
	return env.Vars
}

// serverVariables returns the environment of gunicorn.
func (p process) serverVariables() []corev1.EnvVar {
	env := p.ownVariables()
	p.addGiven(&env)
	if p.site.gunicorn != (Gunicorn{}) {
		env.Set(gunicornArgs, p.site.gunicorn.args(p.given()[gunicornArgs]))
	}
	return env.Vars
}

func (p process) addGiven(env *kube.Env) {
	env.FromKeys(p.template.EnvKeys)
	given := p.given()
	for _, name := range inOrder(given) {
		if name != gunicornArgs || p.part != labels.Web {
			env.Set(name, given[name])
		}
	}
}

// validateEnv checks the variables that the user gives the process alone.
func (p process) validateEnv(e *rule.Errors) {
	managed, keys := p.managed(), map[string]string{}
	for _, name := range rule.Keys(p.template.EnvKeys) {
		keys[name] = ""
		at := rule.Item("Pod.EnvKeys", name)
		if from, ok := managed[name]; ok {
			e.Add(at, "...", "is managed; set "+from+" instead")
		} else if _, ok := p.env[name]; ok {
			e.Add(at, "...", "must not be given: Env has a variable of that name")
		} else if _, ok := p.Env[name]; ok {
			e.Add(at, "...", "must not be given: Project.Env has a variable of that name")
		}
	}
	maps.Copy(keys, p.Env)
	p.project.validateEnv(e, userEnv{
		field: "Env", vars: p.env, shared: keys, flags: p.part == labels.Web,
	})
	p.validateReferences(e)
}

// validateReferences reports names that no variable of the process has, of its
// own variables and those of the project.
func (p process) validateReferences(e *rule.Errors) {
	known := p.knownVariables()
	given := p.given()
	for _, name := range rule.Keys(given) {
		at := rule.Item("Project.Env", name)
		if _, own := p.env[name]; own {
			at = rule.Item("Env", name)
		}
		for _, other := range references(given[name]) {
			if known != nil && !known[other] {
				e.Add(at, "...", fmt.Sprintf(
					"contains $(%[1]s), which no variable is called; write $$(%[1]s) for the text itself", other))
			}
		}
	}
}

// userEnv are the variables that a user gives for a field.
type userEnv struct {
	field string
	vars  map[string]string
	// shared are others of the same containers.
	shared map[string]string
	// flags is whether gunicorn's own variable gets flags of the library, too.
	flags bool
}

// validateEnv checks the variables of given.
func (p project) validateEnv(e *rule.Errors, given userEnv) {
	managed, env := p.managed(), given.vars
	for _, key := range rule.Keys(env) {
		at := rule.Item(given.field, key)
		e.Variable(at, key, env[key])
		if from, ok := managed[key]; ok {
			e.Add(at, "...", "is managed; set "+from+" instead")
		}
		if key == gunicornArgs && given.flags {
			validateArgs(e, at, env[key])
		}
	}
	if loop := cycle(env, given.shared); loop != "" {
		e.Add(rule.Item(given.field, loop), "...",
			"refers to itself through other variables, which Kubernetes does not fill in")
	}
}

// knownVariables returns the names that $(NAME) may use, or nil where a Secret
// or a ConfigMap does not tell its keys.
func (p process) knownVariables() map[string]bool {
	keys := p.Secret.Keys()
	if len(keys) == 0 || len(p.template.EnvFrom) > 0 {
		return nil
	}
	known := map[string]bool{}
	env := p.ownVariables()
	for name := range env.Sources() {
		known[name] = true
	}
	for _, key := range keys {
		known[key] = true
	}
	for name := range p.given() {
		known[name] = true
	}
	for name := range p.template.EnvKeys {
		known[name] = true
	}
	return known
}

// reference matches what Kubernetes fills in from a variable, and the escape
// that keeps it from doing so.
var reference = regexp.MustCompile(`\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)`)

// references returns the names of the variables in value.
func references(value string) []string {
	var names []string
	for _, found := range reference.FindAllStringSubmatch(value, -1) {
		if found[1] != "" {
			names = append(names, found[1])
		}
	}
	return names
}

// inOrder returns the names of the variables, each behind those that it
// refers to, and otherwise sorted: Kubernetes fills in what stands before.
func inOrder(env map[string]string) []string {
	var order []string
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if _, ok := env[name]; !ok || seen[name] {
			return
		}
		seen[name] = true
		for _, other := range references(env[name]) {
			visit(other)
		}
		order = append(order, name)
	}
	for _, name := range rule.Keys(env) {
		visit(name)
	}
	return order
}

// cycle returns the first variable of env that refers to itself, maybe through
// others, or "". What env lacks is in shared.
func cycle(env, shared map[string]string) string {
	all := maps.Clone(shared)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, env)
	for _, start := range rule.Keys(env) {
		seen := map[string]bool{}
		next := references(all[start])
		for len(next) > 0 {
			name := next[0]
			next = next[1:]
			if name == start {
				return start
			}
			if !seen[name] {
				seen[name] = true
				next = append(next, references(all[name])...)
			}
		}
	}
	return ""
}

// setting is a setting of Django that is set by a variable of its name.
type setting struct{ name, value string }

// secureSettings are what Django needs behind a proxy that ends https.
func (p project) secureSettings(s *site) []setting {
	if !p.HTTPS {
		return nil
	}
	settings := []setting{
		{"SECURE_PROXY_SSL_HEADER", "HTTP_X_FORWARDED_PROTO,https"},
		{"SECURE_SSL_REDIRECT", "true"},
		{"SESSION_COOKIE_SECURE", "true"},
		{"CSRF_COOKIE_SECURE", "true"},
	}
	if s.scraped() {
		// Django looks for it in the path without its first slash.
		path := strings.TrimPrefix(s.metrics.Path, "/")
		settings = append(settings, setting{"SECURE_REDIRECT_EXEMPT", "^" + regexp.QuoteMeta(path) + "$"})
	}
	return settings
}

func (p project) brokerEnv(env *kube.Env) {
	if p.Broker == nil {
		return
	}
	env.From("Broker")
	name := p.broker.Secret.Name()
	if p.broker.URL == "" {
		env.FromSecret(broker.URLVariable, name, p.broker.URLKey)
		return
	}
	if p.broker.PasswordKey != "" && !env.Has(p.broker.PasswordKey) {
		env.FromSecret(p.broker.PasswordKey, name, p.broker.PasswordKey)
	}
	env.Set(broker.URLVariable, p.broker.URL)
}

// secretEnv names the keys that no process starts without. envFrom alone would
// start it as soon as the Secret exists, with or without them.
func (p project) secretEnv(env *kube.Env) {
	if p.Secret == nil {
		return
	}
	env.From("Secret")
	keys := slices.Concat(p.SecretKeys, p.Secret.GeneratedKeys())
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		if !env.Has(key) && reserved[key] == "" {
			env.FromSecret(key, p.Secret.Name(), key)
		}
	}
}

// allowedHosts are the public hosts, the names by which other pods reach the
// Service, and, for Prometheus, the pod's own address.
func (p project) allowedHosts(hosts []string, name string, s *site) []string {
	all := slices.Concat(hosts, p.serviceNames(name))
	if s.scraped() {
		all = append(all, "$(POD_IP)")
	}
	return all
}

// trustedOrigins are the origins of forms: the public hosts, or, when there are
// none, the Service's own names. The list is never empty, because a project
// that splits it would find one empty origin, which Django refuses.
func (p project) trustedOrigins(hosts []string, name string, port int) []string {
	scheme := "http"
	if p.HTTPS {
		scheme = "https"
	}
	origins := host.Origins(scheme, hosts)
	if len(origins) > 0 {
		return origins
	}
	for _, name := range p.serviceNames(name) {
		origins = append(origins, fmt.Sprintf("http://%s:%d", name, port))
	}
	return origins
}
