package django

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/valkey"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/host"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
	"example.com/django-cdk8s/internal/script"
)

// Defaults of [Project].
const (
	// DefaultName is the name of the project.
	DefaultName = "django"

	// DefaultRunAsUser is the user and group of every process.
	DefaultRunAsUser = 1000
)

// DefaultResources are the resources of the reference system.
var DefaultResources = pod.Resources{
	Requests: pod.Quantities{CPU: "500m", Memory: "512Mi"},
	Limits:   pod.Quantities{CPU: "1", Memory: "1Gi"},
}

// Project is what every process of one Django project shares. It is a plain
// value: two sites of one image are two copies of it that differ. Image and
// Database are required; the zero value of every other field means its default.
type Project struct {
	// Name is the name of the site, and what the names of the other processes
	// start with.
	//
	// Default: [DefaultName].
	Name string

	// Image is the container image of the project. It has python3 and manage.py
	// in its working directory, runs as a user that is not root, and needs no
	// writable file system but /tmp.
	//
	// Required.
	Image string

	// Hosts are the host names of the site, without scheme or port; a leading
	// dot includes subdomains. They become ALLOWED_HOSTS, together with the
	// names of the Service, and CSRF_TRUSTED_ORIGINS.
	//
	// Default: none; the site answers inside the cluster only.
	Hosts []string

	// HTTPS says that visitors use https, and that a proxy ends TLS and sends
	// X-Forwarded-Proto. CSRF_TRUSTED_ORIGINS then has that scheme, and
	// SECURE_PROXY_SSL_HEADER, SECURE_SSL_REDIRECT, SESSION_COOKIE_SECURE and
	// CSRF_COOKIE_SECURE are set, each unless Env has it.
	//
	// Default: false.
	HTTPS bool

	// Database is the database of the project: a [postgres.Database], a
	// [postgres.Rotation] of one, a [postgres.Cluster], or a [postgres.Connection]
	// to a server elsewhere. Only PostgreSQL is supported, because migrations and
	// beat take its advisory locks; behind a connection pooler they connect to the
	// server itself.
	//
	// Required.
	Database postgres.Connector

	// Secret is the Secret whose keys become environment variables.
	//
	// Default: the Secret of Database, or of the server behind a
	// [postgres.Rotation].
	Secret *secret.Secret

	// SecretKeys are the keys of Secret that no process starts without. Keys
	// that the cluster generates are always among them.
	//
	// Default: [secret.DjangoSecretKey].
	SecretKeys []string

	// Broker is the broker of Celery's messages: a valkey.Server, or a
	// [broker.Connection] to one elsewhere. It becomes CELERY_BROKER_URL.
	//
	// Default: none.
	Broker broker.Connector

	// Env are further environment variables of every process. A value may
	// contain $(NAME) of another variable; $$(NAME) is the text itself.
	// Credentials belong in Secret. The flags in GUNICORN_CMD_ARGS come before
	// those of [Gunicorn].
	//
	// Default: none.
	Env map[string]string

	// Media is the storage of uploaded files: a [MediaClaim] or an
	// [ObjectStore].
	//
	// Default: none; what is written into the container is lost with it.
	Media Media

	// Volumes are further volumes of every process. A Claim is mounted by the
	// site alone, as the other processes may run on other nodes.
	//
	// Default: none.
	Volumes []pod.Volume

	// ImagePullSecrets are the names of Secrets holding registry credentials,
	// made outside the app.
	//
	// Default: none.
	ImagePullSecrets []string

	// RunAsUser is the numeric user and group of every process.
	//
	// Default: [DefaultRunAsUser].
	RunAsUser int

	// WaitForMigrations keeps new pods from starting until "manage.py migrate
	// --check" finds every migration of the image applied, which a [Migration]
	// does. The pods of the release before go on meanwhile.
	//
	// Default: false.
	WaitForMigrations bool
}

// Validate reports every invalid field.
func (p Project) Validate() field.ErrorList {
	_, problems := p.resolve("")
	return problems
}

// project is a Project with its defaults, for pods of one namespace.
type project struct {
	Project

	namespace  string
	connection postgres.Connection
	broker     broker.Connection
}

// resolve fills in the defaults and reports every invalid field.
func (p Project) resolve(namespace string) (project, field.ErrorList) {
	var e rule.Errors
	p.Name = cmp.Or(p.Name, DefaultName)
	p.RunAsUser = cmp.Or(p.RunAsUser, DefaultRunAsUser)
	if p.SecretKeys == nil {
		p.SecretKeys = []string{secret.DjangoSecretKey}
	}
	r := project{Project: p, namespace: namespace}
	e.Label("Name", p.Name)
	e.Image("Image", p.Image)
	host.Validate(&e, "Hosts", p.Hosts)
	e.UserID("RunAsUser", p.RunAsUser)
	e.Names("ImagePullSecrets", p.ImagePullSecrets)
	for i, v := range p.Volumes {
		e.Join(rule.Item("Volumes", i), v.Validate())
	}
	r.resolveDatabase(&e)
	r.resolveBroker(&e)
	r.resolveMedia(&e)
	r.validateSecrets(&e)
	r.validateEnv(&e, userEnv{field: "Env", vars: p.Env, flags: true})
	return r, e.Err()
}

func (p *project) resolveDatabase(e *rule.Errors) {
	if construct.IsNil(p.Database) {
		e.Add("Database", "", "is required: a postgres.Database, or a postgres.Connection to a server elsewhere")
		p.Database = nil
		return
	}
	p.connection = p.Database.Connection().WithDefaults()
	credentials := p.connection.Secret
	if r, ok := p.Database.(*postgres.Rotation); ok {
		credentials = r.Database().Connection().Secret
	}
	own, maker := madeDatabase(p.Database)
	if own == nil {
		e.Join("Database", p.connection.Validate())
	} else if construct.Of(own) == nil {
		e.Add("Database", "", "must be made by postgres."+maker)
		p.Database = nil
	}
	if p.Secret == nil {
		p.Secret = credentials
	}
}

// madeDatabase returns the construct that makes the database, and the function
// that makes the construct; nil for a connection to a server elsewhere.
func madeDatabase(c postgres.Connector) (own constructs.IConstruct, maker string) {
	switch c := c.(type) {
	case *postgres.Database:
		return c, "NewDatabase"
	case *postgres.Cluster:
		return c, "NewCluster"
	case *postgres.Rotation:
		return c, "NewRotation"
	}
	return nil, ""
}

func (p *project) resolveBroker(e *rule.Errors) {
	if p.Broker == nil {
		return
	}
	if construct.IsNil(p.Broker) {
		e.Add("Broker", "", "must not be nil: leave it out, or name a valkey.Server or a broker.Connection")
		p.Broker = nil
		return
	}
	made, isConstruct := p.Broker.(constructs.IConstruct)
	p.broker = p.Broker.Broker()
	if isConstruct && p.broker == (broker.Connection{}) {
		e.Add("Broker", "", "must be made by valkey.NewServer")
		p.Broker = nil
		return
	}
	p.broker = p.broker.Broker()
	if _, own := made.(*valkey.Server); !own {
		e.Join("Broker", p.broker.Validate())
	}
	from := p.managed()[p.broker.PasswordKey]
	if p.broker.URL != "" && from != "" && from != "Broker" && from != "Secret" {
		e.Add("Broker.PasswordKey", p.broker.PasswordKey, "must be another key: the variable of that name is set from "+from)
	}
}

// validateSecrets reports each Secret that pods of the namespace cannot read,
// once, and keys that are not held or that another field sets.
func (p *project) validateSecrets(e *rule.Errors) {
	seen := map[*secret.Secret]bool{nil: true}
	use := func(name, what string, s *secret.Secret) {
		if !seen[s] {
			seen[s] = true
			e.Append(s.ValidateUse(name, what, p.namespace))
		}
	}
	// The connections report what is no Secret.
	for _, s := range []*secret.Secret{p.connection.Secret, p.broker.Secret} {
		seen[s] = s == nil || construct.Of(s) == nil
	}
	use("Database.Secret", "", p.connection.Secret)
	use("Secret", "the Secret whose keys become environment variables", p.Secret)
	use("Broker.Secret", "", p.broker.Secret)
	if store, ok := p.Media.(ObjectStore); ok {
		use("Media.Secret", "the Secret that holds the access key", store.Secret)
	}
	if p.Secret == nil {
		return
	}
	managed := p.managed()
	for i, key := range p.SecretKeys {
		at := rule.Item("SecretKeys", i)
		var named rule.Errors
		named.EnvName(at, key)
		if from := managed[key]; from != "" && from != "Secret" && !p.sameKey(key) {
			e.Add(at, key, "must not be given: the variable of that name is set from "+from)
		} else if e.Append(named.Err()); len(named.Err()) == 0 {
			e.Append(p.Secret.ValidateKeys(at, key))
		}
	}
	e.Unique("SecretKeys", p.SecretKeys)
}

// sameKey reports whether the variable called key is that key of Secret
// anyway, because the database or the broker takes it from there.
func (p *project) sameKey(key string) bool {
	c := p.connection
	database := map[string]string{
		secret.DatabaseKey: c.NameKey, secret.UserKey: c.UserKey, secret.PasswordKey: c.PasswordKey,
	}
	return p.Secret == c.Secret && database[key] == key || p.Secret == p.broker.Secret && p.broker.PasswordKey == key
}

func (p *project) resolveMedia(e *rule.Errors) {
	if p.Media == nil {
		return
	}
	if construct.IsNil(p.Media) {
		e.Add("Media", "", "must not be nil: leave it out, or name a MediaClaim or an ObjectStore")
		p.Media = nil
		return
	}
	if store, ok := p.Media.(*ObjectStore); ok {
		p.Media = *store
	}
	switch media := p.Media.(type) {
	case ObjectStore:
		e.Join("Media", media.Validate())
	case *MediaClaim:
		if media.node == nil {
			e.Add("Media", "", "must be made by NewMediaClaim")
			p.Media = nil
		} else if own := media.node.Namespace(); own != "" && p.namespace != "" && own != p.namespace {
			e.Add("Media", media.Name(),
				fmt.Sprintf("is in namespace %q, and pods of namespace %q cannot mount it", own, p.namespace))
		}
	}
}

// claim returns the claim of the media, or nil.
func (p project) claim() *MediaClaim {
	claim, _ := p.Media.(*MediaClaim)
	return claim
}

// oneNode reports whether all pods that mount the media must be on one node.
func (p project) oneNode() bool {
	return p.claim() != nil && p.claim().props.AccessMode == ReadWriteOnce
}

// servers returns what every process connects to. The process opens the given
// number of connections to the database.
func (p project) servers(connections int, formula string) []network.Endpoint {
	database := p.connection.Endpoint()
	database.Connections, database.Formula = connections, formula
	to := []network.Endpoint{database}
	if p.Broker != nil {
		to = append(to, p.broker.Endpoint())
	}
	if store, ok := p.Media.(ObjectStore); ok {
		to = append(to, store.endpoint())
	}
	return to
}

// process is one workload of a project.
type process struct {
	project

	node *construct.Node
	name string
	part labels.Part
	env  map[string]string
	// site is what a server adds, or nil.
	site      *site
	resources pod.Resources
	template  pod.Template
}

// resolveProcess resolves the project of a process and what the process has of
// its own, and reports every problem of both. own are the names of its
// containers.
func resolveProcess(e *rule.Errors, namespace string, p Project, process process, own ...string) process {
	resolved, problems := p.resolve(namespace)
	e.Join("Project", problems)
	process.project = resolved
	if process.part == labels.Migration || process.part == labels.Beat {
		// They hold an advisory lock of the server, which a pooler may lose.
		process.connection = process.connection.Direct()
	}
	var named rule.Errors
	if named.Label("", process.name); len(named.Err()) > 0 {
		process.name = DefaultName // The name is reported where it is given.
	}
	e.Join("Pod", process.template.Validate())
	kube.ValidateContainers(e, "Pod", process.template, own...)
	process.validateEnv(e)
	return process
}

// validateName checks the name of a process, of at most limit characters for a
// reason of its own. given is what the user says; the default is made of the
// project's name, whose mistakes the project reports.
func (p Project) validateName(e *rule.Errors, given, name string, limit int, why string) {
	var own rule.Errors
	own.Label("", cmp.Or(p.Name, DefaultName))
	switch {
	case given == "" && len(own.Err()) > 0:
	case len(name) > limit:
		e.TooLong("Name", name, limit, why, given == "")
	default:
		e.Label("Name", name)
	}
}

// validateSuffix checks the name of an object of the given kind, which is the
// project's name, a dash and suffix, and has at most limit characters for a
// reason of its own.
func (p Project) validateSuffix(e *rule.Errors, suffix, kind string, limit int, why string) {
	project := cmp.Or(p.Name, DefaultName)
	var own rule.Errors
	own.Label("", project)
	right := len(own.Err()) == 0
	switch name := project + "-" + suffix; {
	case suffix == "":
		e.Add("NameSuffix", "", "is required: the "+kind+"'s name behind the project's name")
	case right && len(project)+1 >= limit:
		e.Add("Project.Name", project, fmt.Sprintf(
			"must be at most %d characters: the %s's name, at most %d, starts with it and a dash",
			limit-2, kind, limit))
	case right && len(name) > limit:
		e.Add("NameSuffix", suffix, fmt.Sprintf(
			"must be shorter: with the project's name, %s is above %d characters%s", name, limit, why))
	default:
		e.Label("NameSuffix", suffix)
	}
}

// maxLabel is the length of the longest name that a Deployment may have here,
// because it is a label of its pods.
const maxLabel = 63

func (p process) selector() map[string]string { return labels.Selector(p.name) }

// references lists objects that the process references and does not create.
func (p process) references() []network.Object {
	return append(kube.References(p.namespace, p.template, p.Volumes, p.ImagePullSecrets),
		p.tls().References(p.namespace)...)
}

// flow returns what the process connects to.
func (p process) flow(connections int, formula string) network.Flow {
	return network.Flow{Name: p.name, Pods: p.selector(), To: p.servers(connections, formula)}
}

// isClaim reports whether v is a claim, which the site alone mounts.
func isClaim(v pod.Volume) bool { return v.Claim != "" }

func notClaim(v pod.Volume) bool { return !isClaim(v) }

// mounts are the directories of every process: a writable /tmp, certificates,
// the volumes of the project, and media that several nodes can share.
func (p process) mounts() kube.Mounts {
	var mounts kube.Mounts
	mounts.Tmp(p.template)
	p.tls().Mount(&mounts)
	mounts.Add("volume", p.Volumes, notClaim)
	mounts.Add("own-volume", p.template.Volumes, nil)
	if claim := p.claim(); claim != nil && !p.oneNode() {
		mounts.Claim("media", claim.props.MountPath, claim.props.Name)
	}
	return mounts
}

// container returns one that runs command on the project.
func (p process) container(name string, command []string, mounts kube.Mounts) corev1.Container {
	return corev1.Container{
		Name:            name,
		Image:           p.Image,
		ImagePullPolicy: p.template.ImagePullPolicy,
		Command:         command,
		EnvFrom:         kube.EnvFrom(p.Secret.Name(), p.template.EnvFrom),
		Env:             p.variables(),
		Resources:       kube.Resources(p.resources),
		VolumeMounts:    mounts.Mounts,
	}
}

// pod returns the pods of the process, of one container and those before it.
func (p process) pod(mounts kube.Mounts, container corev1.Container, before ...corev1.Container) kube.Pod {
	return kube.Pod{
		Name: p.name, Template: p.template, Meta: kube.Meta(p.node, p.name, p.part),
		Spec: corev1.PodSpec{
			ImagePullSecrets: kube.PullSecrets(p.ImagePullSecrets),
			SecurityContext:  kube.PodSecurityContext(p.RunAsUser),
			InitContainers:   before,
			Containers:       []corev1.Container{container},
			Volumes:          mounts.Volumes,
		},
	}
}

// waitScript asks again until no migration is missing. --plan names those that
// are, and keeps older versions of Django from running anything.
const waitScript = `trap 'exit 143' TERM
until python3 manage.py migrate --check --plan; do
  echo "waiting until every migration of this image is applied"
  sleep 3
done`

// waitForMigrations returns the init container that holds a pod back while the
// database lacks migrations; none where that is not asked for.
func (p process) waitForMigrations(mounts kube.Mounts) []corev1.Container {
	if !p.WaitForMigrations {
		return nil
	}
	return []corev1.Container{p.container("wait-for-migrations", []string{"sh", "-c", waitScript}, mounts)}
}

// How often a process that serves no requests shows that the database lets it
// log in, and after how many failures it is not ready, in seconds and times.
const (
	loginPeriod   = 30
	loginFailures = 2
)

// logsIn returns the probe that logs in to the database. It loads the PostgreSQL
// driver alone, not the project: 0.2 s of CPU.
func logsIn() *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: script.LogIn()}},
		PeriodSeconds: loginPeriod, TimeoutSeconds: 10, FailureThreshold: loginFailures,
	}
}

// manage returns the command that runs a management command.
func manage(args ...string) []string { return slices.Concat([]string{"python3", "manage.py"}, args) }

// checkMigrated reports a process that waits for migrations of a database of
// this app, which nothing in the app applies.
func (p process) checkMigrated() field.ErrorList {
	var e rule.Errors
	if made, _ := madeDatabase(p.Database); !p.WaitForMigrations || made == nil {
		return nil
	}
	for _, c := range p.node.App().All() {
		if m, ok := c.(*Migration); ok && sameDatabase(server(m.process.Database), server(p.Database)) {
			return nil
		}
	}
	e.Add("Project.WaitForMigrations", true,
		"needs a django.Migration of this database in the app, or the pods wait for ever")
	return e.Err()
}

// server returns how the owner of the database reaches the server itself.
func server(c postgres.Connector) postgres.Connection {
	if r, ok := c.(*postgres.Rotation); ok {
		c = r.Database()
	}
	if c == nil {
		return postgres.Connection{}
	}
	return c.Connection().WithDefaults().Direct()
}

// sameDatabase reports whether a and b are one database of one server.
func sameDatabase(a, b postgres.Connection) bool {
	sameName := a.Name == b.Name && (a.Name != "" || a.Secret == b.Secret)
	return a.Host == b.Host && a.Port == b.Port && sameName
}

// serviceNames are the DNS names of the Service called name, from the shortest.
// The last one is that of clusters with the default domain.
func (p project) serviceNames(name string) []string {
	if p.namespace == "" {
		return []string{name}
	}
	full := strings.Join([]string{name, p.namespace, "svc"}, ".")
	return []string{name, name + "." + p.namespace, full, full + ".cluster.local"}
}
