package django

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"

	"example.com/django-cdk8s/constructs/broker"
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

	// HTTPS says that visitors use https, which a proxy ends, and that the
	// proxy tells so by X-Forwarded-Proto. CSRF_TRUSTED_ORIGINS then has that
	// scheme; SECURE_PROXY_SSL_HEADER, SECURE_SSL_REDIRECT,
	// SESSION_COOKIE_SECURE and CSRF_COOKIE_SECURE are set, for the settings of
	// these names, each unless Env has it; and the probes say
	// X-Forwarded-Proto: https, so that they are not redirected.
	//
	// Default: false.
	HTTPS bool

	// Port is the TCP port on which the server listens, and the Service's. The
	// server learns it from PORT, which gunicorn reads.
	//
	// Default: [DefaultPort].
	Port int

	// Replicas is the number of pods; a pointer to zero stops the site. From
	// two on, the pods are spread over nodes and zones where that is possible,
	// and a PodDisruptionBudget lets a drain take one at a time.
	//
	// Default: [DefaultReplicas].
	Replicas *int

	// Autoscaling makes the number of pods follow the load, in place of
	// Replicas.
	//
	// Default: off.
	Autoscaling Autoscaling

	// PriorityClassName is the name of a PriorityClass of the cluster, which
	// says whose pods stay when a node is full.
	//
	// Default: the cluster's default class.
	PriorityClassName string

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

	// Broker is where Celery's messages go: a valkey.Server, or a
	// [broker.Connection] to one elsewhere. It becomes CELERY_BROKER_URL.
	//
	// Default: none.
	Broker broker.Connector

	// Env are further environment variables. A value may hold $(NAME) of a
	// variable from Secret, as Kubernetes expands it; credentials themselves
	// belong into Secret. What GUNICORN_CMD_ARGS holds comes before the flags
	// of Gunicorn.
	//
	// Default: none.
	Env map[string]string

	// Gunicorn says how gunicorn serves the project.
	//
	// Default: each field's own.
	Gunicorn Gunicorn

	// WaitForMigrations keeps a new pod from serving until "manage.py migrate
	// --check" finds that the database has every migration of its image. The
	// pods before it go on serving meanwhile. [NewMigration] applies them.
	//
	// Default: false.
	WaitForMigrations bool

	// DeployCheck runs "manage.py check --deploy" before the server, and keeps
	// the pod from starting when it finds something of this level or above. The
	// pods before it go on serving.
	//
	// Default: none, no check.
	DeployCheck CheckLevel

	// StaticRoot runs "manage.py collectstatic" before the server, into an
	// empty directory of at most 1Gi at this path, which the server then reads.
	// STATIC_ROOT names it to the settings.
	//
	// Default: none; the image has collected the files, and each pod starts
	// faster.
	StaticRoot string

	// Media is where uploaded files go: a [MediaClaim] or an [ObjectStore].
	//
	// Default: none; what is written into the container is lost with it.
	Media Media

	// Metrics says where Prometheus finds the project's metrics.
	//
	// Default: none.
	Metrics Metrics

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
	//
	// Default: none.
	ImagePullSecrets []string

	// RunAsUser is the numeric user and group of the server.
	//
	// Default: [DefaultRunAsUser].
	RunAsUser int

	// Volumes are directories to mount besides /tmp, which is always writable.
	// A Claim is mounted by the server alone: the other processes of the
	// project may run on another node.
	//
	// Default: none.
	Volumes []pod.Volume

	// PreStopSeconds is how long a pod that is to stop goes on answering. The
	// image needs a sleep program.
	//
	// Default: [DefaultPreStopSeconds].
	PreStopSeconds int

	// TerminationGracePeriodSeconds is when the pod is killed. It must be above
	// the sum of PreStopSeconds and Gunicorn.GracefulTimeoutSeconds.
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
	p.Autoscaling.validate(&e, given.Replicas)
	if p.PriorityClassName != "" {
		e.Name("PriorityClassName", p.PriorityClassName)
	}
	e.Join("Resources", given.Resources.Validate())
	e.URLPath("HealthPath", p.HealthPath)
	e.UserID("RunAsUser", p.RunAsUser)
	e.Names("ImagePullSecrets", p.ImagePullSecrets)
	e.Join("Gunicorn", p.Gunicorn.Validate())
	p.DeployCheck.validate(&e)
	given.Metrics.validate(&e)
	p.validateDatabase(&e)
	p.validateBroker(&e)
	p.validateEnv(&e)
	p.validateMedia(&e)
	p.validateVolumes(&e)
	p.validateShutdown(&e)
	return e.Err()
}

func (p WebProps) validateBroker(e *rule.Errors) {
	if rule.IsNil(p.Broker) {
		if p.Broker != nil {
			e.Add("Broker", "", "must not be nil: leave it out, or name a valkey.Server or a broker.Connection")
		}
		return
	}
	c := p.Broker.Broker()
	// A Server reports its own mistakes.
	if _, own := p.Broker.(constructs.Construct); !own {
		e.Join("Broker", c.Validate())
	}
	if from := p.reserved()[c.PasswordKey]; c.URL != "" && from != "" && from != "Broker" {
		e.Add("Broker.PasswordKey", c.PasswordKey, "must be another: the variable of that name is set from "+from)
	}
}

func (p WebProps) validateMedia(e *rule.Errors) {
	if rule.IsNil(p.Media) {
		if p.Media != nil {
			e.Add("Media", "", "must not be nil: leave it out, or name a MediaClaim or an ObjectStore")
		}
		return
	}
	if store, ok := p.Media.(ObjectStore); ok {
		e.Join("Media", store.Validate())
	}
	if p.oneNode() && p.maxReplicas() > 1 {
		e.Add("Media", p.Media.(*MediaClaim).Name(), fmt.Sprintf(
			"is a ReadWriteOnce claim, which pods on two nodes cannot share, and there may be %d pods: use ReadWriteMany or an ObjectStore, or one pod", p.maxReplicas()))
	}
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
	reserved := p.reserved()
	for _, name := range rule.Keys(p.Env) {
		field := rule.Item("Env", name)
		e.EnvName(field, name)
		e.Text(field, p.Env[name])
		if from, ok := reserved[name]; ok {
			e.Add(field, "...", "must not be given: it is set from "+from)
		}
		if name == gunicornArgs {
			validateArgs(e, field, p.Env[name])
		}
		if slices.Contains(p.SecretKeys, name) {
			e.Add(field, "...", "must not be given: it is set from Secret")
		}
	}
}

func (p WebProps) validateVolumes(e *rule.Errors) {
	own := map[string]string{podspec.TmpPath: "a writable directory", heartbeatPath: "gunicorn's heartbeat"}
	mount := func(field, path, what string) {
		if taken, ok := own[path]; ok {
			e.Add(field, path, "must be another path: the construct mounts "+taken+" there")
		}
		if what != "" {
			own[path] = what
		}
	}
	if claim, ok := p.Media.(*MediaClaim); ok && claim != nil {
		mount("Media.MountPath", claim.props.MountPath, "Media")
	}
	if p.StaticRoot != "" {
		e.AbsolutePath("StaticRoot", p.StaticRoot)
		mount("StaticRoot", p.StaticRoot, "StaticRoot")
	}
	var paths []string
	for i, v := range p.Volumes {
		e.Join(rule.Item("Volumes", i), v.Validate())
		mount(rule.Item("Volumes", i)+".MountPath", v.MountPath, "")
		paths = append(paths, v.MountPath)
	}
	e.Unique("Volumes.MountPath", paths)
	p.validateStaticRoot(e, append(paths, rule.Keys(own)...))
}

// validateStaticRoot reports directories in StaticRoot: the server mounts it
// read-only, so that no other can be mounted in it.
func (p WebProps) validateStaticRoot(e *rule.Errors, paths []string) {
	for _, path := range paths {
		if p.StaticRoot != "" && strings.HasPrefix(path, p.StaticRoot+"/") {
			e.Add("StaticRoot", p.StaticRoot, "must be another path: "+path+" is in it, which cannot be mounted because the server only reads StaticRoot")
			return
		}
	}
}

func (p WebProps) validateShutdown(e *rule.Errors) {
	e.Range("PreStopSeconds", p.PreStopSeconds, 1, day)
	graceful := p.Gunicorn.GracefulTimeoutSeconds
	if min(p.PreStopSeconds, graceful) < 1 || max(p.PreStopSeconds, graceful) > day {
		// These are reported themselves, and their sum means nothing.
		return
	}
	if sum := p.PreStopSeconds + graceful; p.TerminationGracePeriodSeconds <= sum {
		e.Add("TerminationGracePeriodSeconds", p.TerminationGracePeriodSeconds, fmt.Sprintf(
			"must be above PreStopSeconds + Gunicorn.GracefulTimeoutSeconds = %d + %d = %d, or requests are cut off",
			p.PreStopSeconds, graceful, sum))
	} else if p.TerminationGracePeriodSeconds > 2*day+10 {
		e.Add("TerminationGracePeriodSeconds", p.TerminationGracePeriodSeconds, "must be at most two days and ten seconds")
	}
}

// connection returns the database's connection, if there is one.
func (p WebProps) connection() (postgres.Connection, bool) {
	if rule.IsNil(p.Database) {
		return postgres.Connection{}.Connection(), false
	}
	return p.Database.Connection(), true
}

// oneNode reports whether all pods must be on one node.
func (p WebProps) oneNode() bool {
	claim, ok := p.Media.(*MediaClaim)
	return ok && claim != nil && claim.props.AccessMode == ReadWriteOnce
}

// maxReplicas returns the highest number of pods besides one more in an
// update.
func (p WebProps) maxReplicas() int { return p.Autoscaling.max(p.Replicas) }

func (p WebProps) withDefaults() WebProps {
	p.Name = cmp.Or(p.Name, DefaultName)
	p.Port = cmp.Or(p.Port, DefaultPort)
	p.Autoscaling = p.Autoscaling.withDefaults()
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
	p.Gunicorn = p.Gunicorn.withDefaults(p.Resources.Limits)
	p.TerminationGracePeriodSeconds = cmp.Or(p.TerminationGracePeriodSeconds, p.PreStopSeconds+p.Gunicorn.GracefulTimeoutSeconds+10)
	p.Metrics = p.Metrics.withDefaults(p.Port)
	if store, ok := p.Media.(*ObjectStore); ok && store != nil {
		p.Media = *store
	}
	return p
}
