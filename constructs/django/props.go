package django

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/podspec"
	"example.com/django-cdk8s/internal/rule"
)

// Defaults of [WebProps].
const (
	// DefaultName is the name of the Deployment and of the Service.
	DefaultName = "django"

	// DefaultPort is the port of the server and of the Service.
	DefaultPort = 8000

	// DefaultReplicas is the number of pods.
	DefaultReplicas = 1

	// DefaultHealthPath is a page that every visitor may see and that answers
	// 200 when URLs, templates and middleware work.
	DefaultHealthPath = "/login"

	// DefaultRunAsUser is the user and group of the server.
	DefaultRunAsUser = 1000

	// DefaultPreStopSeconds is how long a pod that is to stop goes on
	// answering, so that every node and load balancer learns to send it nothing
	// new. A busy node takes some seconds.
	DefaultPreStopSeconds = 10

	// DefaultGracefulTimeoutSeconds is gunicorn's own default.
	DefaultGracefulTimeoutSeconds = 30
)

// DefaultResources are the resources of the reference system.
var DefaultResources = pod.Resources{
	Requests: pod.Amounts{CPU: "500m", Memory: "512Mi"},
	Limits:   pod.Amounts{CPU: "1", Memory: "1Gi"},
}

// WebProps configures [NewWeb]. Image and Database are required; the zero value
// of every other field means its default.
type WebProps struct {
	// Name names the Deployment and the Service.
	//
	// Default: [DefaultName].
	Name string

	// Image is the container image of the Django project. It runs a WSGI or
	// ASGI server, as a user that is not root, and needs no writable file
	// system but /tmp.
	//
	// Required.
	Image string

	// Command replaces the image's entry point.
	//
	// Default: what the image says.
	Command []string

	// Args replaces the arguments of the entry point.
	//
	// Default: what the image says.
	Args []string

	// Hosts are the host names under which the site is visited, without scheme
	// or port; a leading dot takes in subdomains. They become ALLOWED_HOSTS,
	// together with the Service's own names, and CSRF_TRUSTED_ORIGINS, and the
	// first one is the Host header of the probes.
	//
	// Default: none, so that the site answers inside the cluster only.
	Hosts []string

	// HTTPS says that visitors use https, which a proxy in front of the cluster
	// ends. CSRF_TRUSTED_ORIGINS then has that scheme, and the probes say
	// X-Forwarded-Proto: https, so that SECURE_SSL_REDIRECT does not turn them
	// away.
	//
	// Default: false.
	HTTPS bool

	// Port is the TCP port on which the server listens, and the Service's. The
	// server learns it from PORT, which gunicorn reads.
	//
	// Default: [DefaultPort].
	Port int

	// Replicas is the number of pods; a pointer to zero stops the site.
	//
	// Default: [DefaultReplicas].
	Replicas *int

	// Resources says how much CPU and memory each pod gets.
	//
	// Default: [DefaultResources].
	Resources pod.Resources

	// Database is the database of the project: a [postgres.Database], or a
	// [postgres.Connection] to a server elsewhere.
	//
	// Required.
	Database postgres.Connector

	// Secret is the Secret whose keys become environment variables.
	//
	// Default: the Secret of Database.
	Secret *secret.Secret

	// SecretKeys are the keys of Secret without which the server must not
	// start. Those that the cluster generates are always among them.
	//
	// Default: [secret.DjangoKey].
	SecretKeys []string

	// Env are further environment variables. A value may hold $(NAME) of a
	// variable from Secret, as Kubernetes expands it; credentials themselves
	// belong into Secret. The construct adds to a
	// GUNICORN_CMD_ARGS.
	Env map[string]string

	// HealthPath is the path that the probes ask for.
	//
	// Default: [DefaultHealthPath].
	HealthPath string

	// LivenessPath is the path that the liveness probe asks for. A page that
	// needs the database is a bad choice: its outage would restart every pod.
	//
	// Default: HealthPath.
	LivenessPath string

	// ImagePullSecrets are the names of Secrets, made outside the app, by which
	// the node shows the image's registry who pulls.
	ImagePullSecrets []string

	// RunAsUser is the numeric user and group of the server.
	//
	// Default: [DefaultRunAsUser].
	RunAsUser int

	// Volumes are directories to mount besides /tmp, which is always writable.
	Volumes []pod.Volume

	// PreStopSeconds is how long a pod that is to stop goes on answering. The
	// image needs a sleep program.
	//
	// Default: [DefaultPreStopSeconds].
	PreStopSeconds int

	// GracefulTimeoutSeconds is how long the requests that are then still
	// running may take. It becomes gunicorn's --graceful-timeout.
	//
	// Default: [DefaultGracefulTimeoutSeconds].
	GracefulTimeoutSeconds int

	// TerminationGracePeriodSeconds is when the pod is killed. It must be above
	// the sum of the two before it.
	//
	// Default: that sum and ten seconds.
	TerminationGracePeriodSeconds int
}

// Validate reports every invalid field.
func (p WebProps) Validate() error {
	var e rule.Errors
	if p.LivenessPath != "" {
		e.URLPath("LivenessPath", p.LivenessPath)
	}
	given := p
	p = p.withDefaults()
	e.Label("Name", p.Name)
	e.Image("Image", p.Image)
	for i, word := range p.Command {
		e.Text(rule.Item("Command", i), word)
	}
	for i, word := range p.Args {
		e.Text(rule.Item("Args", i), word)
	}
	for i, host := range p.Hosts {
		e.Host(rule.Item("Hosts", i), host)
	}
	e.Unique("Hosts", p.Hosts)
	e.Port("Port", p.Port)
	e.Range("Replicas", *p.Replicas, 0, math.MaxInt32)
	e.Join("Resources", given.Resources.Validate())
	e.URLPath("HealthPath", p.HealthPath)
	e.UserID("RunAsUser", p.RunAsUser)
	e.Names("ImagePullSecrets", p.ImagePullSecrets)
	p.validateDatabase(&e)
	p.validateEnv(&e)
	p.validateVolumes(&e)
	p.validateShutdown(&e)
	return e.Err()
}

func (p WebProps) validateDatabase(e *rule.Errors) {
	connection, ok := p.connection()
	if !ok {
		e.Add("Database", "", "is required: a postgres.Database, or a postgres.Connection to a server elsewhere")
		return
	}
	// A Database reports its own mistakes.
	if _, own := p.Database.(*postgres.Database); !own {
		e.Join("Database", connection.Validate())
	}
	if p.Secret == nil {
		return
	}
	for i, key := range p.SecretKeys {
		field := rule.Item("SecretKeys", i)
		e.EnvName(field, key)
		e.HeldKey(field, p.Secret, key)
	}
	e.Unique("SecretKeys", p.SecretKeys)
}

func (p WebProps) validateEnv(e *rule.Errors) {
	for _, name := range rule.Keys(p.Env) {
		field := rule.Item("Env", name)
		e.EnvName(field, name)
		e.Text(field, p.Env[name])
		if from, ok := reserved[name]; ok {
			e.Add(field, "...", "must not be given: it is set from "+from)
		}
		if flag := strings.TrimSpace(ownFlag.FindString(p.Env[name])); name == gunicornArgs && flag != "" {
			e.Add(field, flag, "must not be given: it is set from Port and GracefulTimeoutSeconds")
		}
		if slices.Contains(p.SecretKeys, name) {
			e.Add(field, "...", "must not be given: it is set from Secret")
		}
	}
}

// reserved are the variables that [WebProps] sets, and the field that each is
// set from, or would be overridden by: PostgreSQL's client library and Django
// would read a second value in silence.
var reserved = map[string]string{
	"ALLOWED_HOSTS":        "Hosts",
	"CSRF_TRUSTED_ORIGINS": "Hosts and HTTPS",
	"PORT":                 "Port",
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

// ownFlag matches the flags of gunicorn that the Service, the probes and the
// pod's shutdown depend on.
var ownFlag = regexp.MustCompile(`(^|\s)(--bind|-b|--graceful-timeout)\b`)

func (p WebProps) validateVolumes(e *rule.Errors) {
	var paths []string
	for i, v := range p.Volumes {
		e.Join(rule.Item("Volumes", i), v.Validate())
		if v.MountPath == podspec.TmpPath {
			e.Add(rule.Item("Volumes", i)+".MountPath", v.MountPath, "must be another: the construct mounts a writable directory there")
		}
		paths = append(paths, v.MountPath)
	}
	e.Unique("Volumes.MountPath", paths)
}

func (p WebProps) validateShutdown(e *rule.Errors) {
	const day = 24 * 60 * 60
	e.Range("PreStopSeconds", p.PreStopSeconds, 1, day)
	e.Range("GracefulTimeoutSeconds", p.GracefulTimeoutSeconds, 1, day)
	if sum := p.PreStopSeconds + p.GracefulTimeoutSeconds; p.TerminationGracePeriodSeconds <= sum {
		e.Add("TerminationGracePeriodSeconds", p.TerminationGracePeriodSeconds, fmt.Sprintf(
			"must be above PreStopSeconds + GracefulTimeoutSeconds = %d + %d = %d, or requests are cut off",
			p.PreStopSeconds, p.GracefulTimeoutSeconds, sum))
	} else if p.TerminationGracePeriodSeconds > 2*day+10 {
		e.Add("TerminationGracePeriodSeconds", p.TerminationGracePeriodSeconds, "must be at most two days and ten seconds")
	}
}

// connection returns the database's connection, if there is one.
func (p WebProps) connection() (postgres.Connection, bool) {
	if v := reflect.ValueOf(p.Database); p.Database == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		return postgres.Connection{}.Connection(), false
	}
	return p.Database.Connection(), true
}

func (p WebProps) withDefaults() WebProps {
	p.Name = cmp.Or(p.Name, DefaultName)
	p.Port = cmp.Or(p.Port, DefaultPort)
	if p.Replicas == nil {
		p.Replicas = new(DefaultReplicas)
	}
	p.Resources = p.Resources.WithDefaults(DefaultResources)
	if p.Secret == nil {
		connection, _ := p.connection()
		p.Secret = connection.Secret
	}
	if p.SecretKeys == nil {
		p.SecretKeys = []string{secret.DjangoKey}
	}
	p.HealthPath = cmp.Or(p.HealthPath, DefaultHealthPath)
	p.LivenessPath = cmp.Or(p.LivenessPath, p.HealthPath)
	p.RunAsUser = cmp.Or(p.RunAsUser, DefaultRunAsUser)
	p.PreStopSeconds = cmp.Or(p.PreStopSeconds, DefaultPreStopSeconds)
	p.GracefulTimeoutSeconds = cmp.Or(p.GracefulTimeoutSeconds, DefaultGracefulTimeoutSeconds)
	p.TerminationGracePeriodSeconds = cmp.Or(p.TerminationGracePeriodSeconds, p.PreStopSeconds+p.GracefulTimeoutSeconds+10)
	return p
}
