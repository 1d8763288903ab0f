package django

import (
	"fmt"
	"net/url"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2/k8s"

	"example.com/django-cdk8s/constructs/broker"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/declare"
	"example.com/django-cdk8s/internal/podspec"
	"example.com/django-cdk8s/internal/rule"
)

// What every process of a project has in common, whatever it does: the image,
// the environment, the files.

const claimKind = "PersistentVolumeClaim"

// projectMounts are the directories of every process: a writable /tmp, the
// user's volumes, and media that several nodes can share. A claim that one node
// holds is the server's alone.
func (w *Web) projectMounts() podspec.Mounts {
	var mounts podspec.Mounts
	mounts.EmptyDir("tmp", podspec.TmpPath, "")
	for i, v := range w.props.Volumes {
		if kind, _ := v.Source(); kind != claimKind {
			mounts.Volume(podspec.VolumeName(i), v)
		}
	}
	if claim, ok := w.props.Media.(*MediaClaim); ok && claim != nil && !w.props.oneNode() {
		mounts.Volume("media", pod.Volume{MountPath: claim.props.MountPath, Claim: claim.props.Name})
	}
	return mounts
}

// process returns a container that runs command on the project.
func (w *Web) process(name string, command *[]*string, resources pod.Resources, mounts podspec.Mounts) k8s.Container {
	return k8s.Container{
		Name:            &name,
		Image:           &w.props.Image,
		ImagePullPolicy: podspec.PullPolicy(w.props.Image),
		Command:         command,
		EnvFrom:         fromSecret(w.props.Secret),
		Env:             w.environment(),
		Resources:       podspec.Resources(resources),
		SecurityContext: podspec.ContainerSecurityContext(),
		VolumeMounts:    mounts.VolumeMounts(),
	}
}

// related returns a name for another workload of the project, and resources
// those of the server. Without a site, which is reported, they return what is
// valid.
func (w *Web) related(suffix string) string {
	if w == nil {
		return DefaultName + "-" + suffix
	}
	return w.props.Name + "-" + suffix
}

// validateName checks the name of another workload of the project, of at most
// limit characters. given is what the user says; the default is made of the
// site's name, whose mistakes the site reports.
func (w *Web) validateName(e *rule.Errors, given, name string, limit int, why string) {
	switch {
	case given == "" && w.misnamed():
	case given == "" && len(name) > limit:
		e.Add("Name", name, fmt.Sprintf("is the default, made of the site's name, and must be at most %d characters%s: give another Name", limit, why))
	case len(name) > limit && limit < maxLabel:
		e.Add("Name", name, fmt.Sprintf("must be at most %d characters%s", limit, why))
	default:
		e.Label("Name", name)
	}
}

// maxLabel is the length of the longest name that a Deployment may have here,
// because it is a label of its pods.
const maxLabel = 63

// misnamed reports whether the site's own name is wrong, which the site reports.
func (w *Web) misnamed() bool {
	var e rule.Errors
	if w != nil {
		e.Label("Name", w.props.Name)
	}
	return e.Err() != nil
}

func (w *Web) resources() pod.Resources {
	if w == nil {
		return DefaultResources
	}
	return w.props.Resources
}

// reachableFrom reports that another workload of the project is not in the
// site's namespace, where the Secret is.
func (w *Web) reachableFrom(scope constructs.Construct) error {
	var e rule.Errors
	if own, other := bind.Namespace(w), bind.Namespace(scope); own != other && own != "" && other != "" {
		e.Add("Web", w.props.Name, fmt.Sprintf("is in namespace %q, and must be in the same one, %q", own, other))
	}
	return e.Err()
}

// projectExternals declares what every process of the project takes from
// elsewhere.
func (w *Web) projectExternals(namespace string) []declare.Object {
	if w == nil {
		return nil
	}
	return append(podspec.Externals(namespace, w.props.Volumes), podspec.ExternalPullSecrets(namespace, w.props.ImagePullSecrets)...)
}

// servers returns what every process of the project connects to.
func (w *Web) servers() []declare.Destination {
	var to []declare.Destination
	if database, ok := w.props.connection(); ok {
		to = append(to, database.Destination())
	}
	if !rule.IsNil(w.props.Broker) {
		to = append(to, brokerDestination(w.props.Broker))
	}
	// One whose address is wrong is reported itself.
	if store, ok := w.props.Media.(ObjectStore); ok && store.destination().Port != 0 {
		to = append(to, store.destination())
	}
	return to
}

// workload is what has pods.
type workload interface {
	Name() string
	Selector() map[string]string
}

// traffic returns what a workload of the project connects to.
func (w *Web) traffic(of workload) []declare.Traffic {
	if w == nil {
		return nil
	}
	return []declare.Traffic{{Name: of.Name(), Pods: of.Selector(), To: w.servers()}}
}

// brokerDestination returns the pods of a broker that knows them, or else what
// is known of its address.
func brokerDestination(b broker.Connector) declare.Destination {
	c := b.Broker()
	to := declare.Destination{Port: c.Port}
	if u, err := url.Parse(c.URL); err == nil {
		to.Host = u.Hostname()
	}
	if server, ok := b.(interface {
		constructs.Construct
		Selector() map[string]string
	}); ok {
		to.Pods, to.Namespace = server.Selector(), bind.Namespace(server)
	}
	return to
}

// addClient counts connections against the budget of a database of this app.
func (w *Web) addClient(name string, connections int, why string) {
	connection, _ := w.props.connection()
	connection.AddClient(postgres.Client{Name: name, Connections: connections, Why: why})
}

// podSpec returns a pod of one container with the given mounts.
func (w *Web) podSpec(mounts podspec.Mounts, container k8s.Container) *k8s.PodSpec {
	return &k8s.PodSpec{
		AutomountServiceAccountToken: jsii.Bool(false),
		EnableServiceLinks:           jsii.Bool(false),
		ImagePullSecrets:             podspec.PullSecrets(w.props.ImagePullSecrets),
		SecurityContext:              podspec.SecurityContext(w.props.RunAsUser),
		Containers:                   bind.List(container),
		Volumes:                      mounts.Volumes(),
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
func (w *Web) waitForMigrations(resources pod.Resources, mounts podspec.Mounts) []k8s.Container {
	if !w.props.WaitForMigrations {
		return nil
	}
	return []k8s.Container{w.process("wait-for-migrations", jsii.Strings("sh", "-c", waitScript), resources, mounts)}
}
