package django

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/host"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/libpq"
	"example.com/django-cdk8s/internal/rule"
)

// Defaults of [WebProps].
const (
	// DefaultPort is the port of the server and of the Service.
	DefaultPort = 8000

	// DefaultReplicas is the number of pods.
	DefaultReplicas = 1

	// DefaultHealthPath is a page without login that answers 200 when URLs,
	// templates and middleware work.
	DefaultHealthPath = "/login"

	// DefaultPreStopSeconds is the time until every node and load balancer has
	// taken a pod that is to stop out of the Service. A busy node takes some
	// seconds.
	DefaultPreStopSeconds = 10
)

// WebProps configures [NewWeb]. Only Project is required; the zero value of
// every other field means its default.
type WebProps struct {
	// Project is the Django project that is served.
	//
	// Required.
	Project Project

	// Name is the name of the Deployment and of the Service. A second site of a
	// project needs another one.
	//
	// Default: the project's name.
	Name string

	// Hosts are the host names of this site; see [Project].Hosts. The first one
	// is the Host header of the probes.
	//
	// Default: those of the project.
	Hosts []string

	// Env are further environment variables of this site, which win over those
	// of the project.
	//
	// Default: none.
	Env map[string]string

	// Command replaces the image's entry point.
	//
	// Default: that of the image.
	Command []string

	// Args replaces the arguments of the entry point.
	//
	// Default: those of the image.
	Args []string

	// Port is the TCP port of the server and of the Service, at least 1024. The
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

	// Autoscaling sets the number of pods by their load, in place of Replicas.
	//
	// Default: off.
	Autoscaling pod.Autoscaling

	// Rollout are the numbers of an update.
	//
	// Default: each field's own.
	Rollout pod.Rollout

	// Resources are the requests and limits of each pod.
	//
	// Default: [DefaultResources].
	Resources pod.Resources

	// Gunicorn configures gunicorn.
	//
	// Default: each field's own.
	Gunicorn Gunicorn

	// DeployCheck runs "manage.py check --deploy" before the server. A finding
	// of this level or above keeps the pod from starting; the pods of the
	// release before go on.
	//
	// Default: none, no check.
	DeployCheck CheckLevel

	// StaticRoot runs "manage.py collectstatic" before the server, into an
	// empty directory of at most 1Gi at this path, which the server then reads.
	// It becomes the variable STATIC_ROOT.
	//
	// Default: none; the image has collected the files, and each pod starts
	// faster.
	StaticRoot string

	// Metrics are the port and path of the project's metrics for Prometheus.
	//
	// Default: none.
	Metrics Metrics

	// HealthPath is the path of the startup and the readiness probe.
	//
	// Default: [DefaultHealthPath].
	HealthPath string

	// LivenessPath is the path of the liveness probe. A page that needs the
	// database is a bad choice: its outage would restart every pod.
	//
	// Default: HealthPath.
	LivenessPath string

	// Probes are the timings of the probes.
	//
	// Default: each field's own.
	Probes Probes

	// PreStopSeconds is the time for which a pod that is to stop goes on
	// answering. The image needs a sleep program.
	//
	// Default: [DefaultPreStopSeconds].
	PreStopSeconds int

	// TerminationGracePeriodSeconds is the time from deletion to SIGKILL. It
	// must be above the sum of PreStopSeconds and
	// Gunicorn.GracefulTimeoutSeconds.
	//
	// Default: that sum and ten seconds.
	TerminationGracePeriodSeconds int

	// Service are settings of the Service.
	//
	// Default: each field's own.
	Service pod.Service

	// Pod are further settings of the pods.
	//
	// Default: none.
	Pod pod.Template
}

// Validate reports every invalid field.
func (p WebProps) Validate() field.ErrorList {
	_, _, problems := p.resolve("")
	return problems
}

// resolve fills in the defaults and reports every invalid field.
func (p WebProps) resolve(namespace string) (WebProps, process, field.ErrorList) {
	var e rule.Errors
	given := p
	p.Name = cmp.Or(p.Name, p.Project.Name, DefaultName)
	p.Port = cmp.Or(p.Port, DefaultPort)
	if p.Hosts == nil {
		p.Hosts = p.Project.Hosts
	} else {
		host.Validate(&e, "Hosts", p.Hosts)
	}
	p.Resources = p.Resources.WithDefaults(DefaultResources)
	p.Gunicorn = p.Gunicorn.withDefaults(p.Resources.Limits)
	p.Metrics = p.Metrics.withDefaults(p.Port)
	p.Rollout = p.Rollout.WithDefaults()
	p.HealthPath = cmp.Or(p.HealthPath, DefaultHealthPath)
	p.LivenessPath = cmp.Or(p.LivenessPath, p.HealthPath)
	p.Probes = p.Probes.withDefaults()
	p.PreStopSeconds = cmp.Or(p.PreStopSeconds, DefaultPreStopSeconds)
	p.TerminationGracePeriodSeconds = cmp.Or(p.TerminationGracePeriodSeconds,
		p.PreStopSeconds+p.Gunicorn.GracefulTimeoutSeconds+10)
	p.Project.validateName(&e, given.Name, p.Name, maxLabel, "")

	process := resolveProcess(&e, namespace, p.Project, process{
		name: p.Name, part: labels.Web, env: p.Env, resources: p.Resources, template: p.Pod, site: p.site(),
	}, "django", "check", "collectstatic", "wait-for-migrations")
	p.validateServer(&e, given)
	var metrics rule.Errors
	given.Metrics.validate(&metrics)
	e.Append(metrics.Err())
	p.Replicas, p.Autoscaling = resolveScale(&e, given.Replicas, given.Autoscaling)
	p.validateOneNode(&e, process, given.Rollout)
	p.validateManaged(&e, process)
	p.validateVolumes(&e, process)
	p.validateShutdown(&e)
	p.present(given, metrics.Err())
	return p, process, e.Err()
}

// site returns what the server adds to the environment.
func (p WebProps) site() *site {
	return &site{
		name: p.Name, hosts: p.Hosts, port: p.Port, metrics: p.Metrics, staticRoot: p.StaticRoot, gunicorn: p.Gunicorn,
	}
}

// present replaces a wrong port and wrong metrics, so that what asks for them
// does not report them again.
func (p *WebProps) present(given WebProps, metrics field.ErrorList) {
	if p.Port < 1024 || p.Port > 65535 {
		p.Port = DefaultPort
		p.Metrics = given.Metrics.withDefaults(p.Port)
	}
	if len(metrics) > 0 {
		p.Metrics = Metrics{Path: "/", Port: p.Port}
	}
}

func (p WebProps) validateServer(e *rule.Errors, given WebProps) {
	validateWords(e, "Command", p.Command)
	validateWords(e, "Args", p.Args)
	e.Range("Port", p.Port, 1024, 65535)
	e.Join("Resources", given.Resources.Validate())
	e.Join("Gunicorn", p.Gunicorn.Validate())
	p.DeployCheck.validate(e)
	e.Join("Rollout", p.Rollout.Validate())
	e.URLPath("HealthPath", p.HealthPath)
	if given.LivenessPath != "" {
		e.URLPath("LivenessPath", p.LivenessPath)
	}
	e.Join("Probes", p.Probes.Validate())
	e.Join("Service", p.Service.Validate())
}

// validateWords checks the words of a command.
func validateWords(e *rule.Errors, name string, words []string) {
	for i, word := range words {
		e.Text(rule.Item(name, i), word)
	}
	if len(words) > 0 && strings.TrimSpace(words[0]) == "" && name == "Command" {
		e.Add(rule.Item(name, 0), words[0], "must be a program")
	}
}

// resolveScale returns the number of pods, of which one of both says.
func resolveScale(e *rule.Errors, replicas *int, a pod.Autoscaling) (*int, pod.Autoscaling) {
	e.Join("Autoscaling", a.Validate())
	switch {
	case replicas == nil:
		replicas = new(DefaultReplicas)
	case a != (pod.Autoscaling{}):
		e.Add("Replicas", *replicas, "must not be given with Autoscaling, which sets it")
	default:
		e.Range("Replicas", *replicas, 0, math.MaxInt32)
	}
	return replicas, a.WithDefaults()
}

func (p WebProps) validateOneNode(e *rule.Errors, process process, given pod.Rollout) {
	if process.oneNode() && given.MaxSurge+given.MaxUnavailable != 0 {
		e.Add("Rollout", "...", "must not set MaxSurge or MaxUnavailable: the old pod goes first, because Project.Media "+
			"is a ReadWriteOnce claim")
	}
	most := *p.Replicas
	if p.Autoscaling.Enabled() {
		most = p.Autoscaling.MaxReplicas
	}
	if process.oneNode() && most > 1 {
		e.Add("Project.Media", process.claim().Name(),
			fmt.Sprintf("is a ReadWriteOnce claim, which pods on two nodes cannot share, "+
				"and there may be %d pods: use ReadWriteMany or an ObjectStore, or one pod", most))
	}
}

// validateManaged reports variables of the user that the site sets.
func (p WebProps) validateManaged(e *rule.Errors, process process) {
	s := process.site
	report := func(variable, from string) {
		_, shared := process.Env[variable]
		_, own := p.Env[variable]
		_, key := p.Pod.EnvKeys[variable]
		for _, one := range []struct {
			field string
			given bool
		}{{"Project.Env", shared}, {"Env", own}, {"Pod.EnvKeys", key}} {
			if one.given {
				e.Add(rule.Item(one.field, variable), "...", "is managed; set "+from+" instead")
			}
		}
	}
	if s.scraped() {
		report("POD_IP", "Metrics")
	}
	if p.StaticRoot != "" {
		report("STATIC_ROOT", "StaticRoot")
	}
	if _, given := p.Pod.EnvKeys[gunicornArgs]; given {
		e.Add(rule.Item("Pod.EnvKeys", gunicornArgs), "...",
			"is managed; set Gunicorn, or the variable in Env, instead")
	}
	if s.scraped() && process.broker.PasswordKey == "POD_IP" && process.broker.URL != "" {
		e.Add("Project.Broker.PasswordKey", "POD_IP", "must be another key: the variable of that name is set from Metrics")
	}
}

func (p WebProps) validateVolumes(e *rule.Errors, process process) {
	own := map[string]string{kube.TmpPath: "a writable directory", heartbeatPath: "gunicorn's heartbeat"}
	root := p.StaticRoot
	var wrong rule.Errors
	if root != "" {
		wrong.MountPath("StaticRoot", root)
	}
	if len(wrong.Err()) > 0 {
		e.Append(wrong.Err())
		root = ""
	}
	paths := process.validateVolumes(e, own, root)
	for _, path := range paths {
		if strings.HasPrefix(path, libpq.Path+"/") && process.tls().HasFiles() {
			e.Add("Volumes.MountPath", path, "must be another path: nothing can be mounted in the certificates for the database")
		}
	}
	// The server mounts StaticRoot read-only, so that no other volume can be
	// mounted in it.
	for _, path := range append(paths, rule.Keys(own)...) {
		if root != "" && strings.HasPrefix(path, root+"/") {
			e.Add("StaticRoot", root, "must be another path: "+path+
				" is in it, which cannot be mounted because the server only reads StaticRoot")
			return
		}
	}
}

// validateVolumes reports volumes of the user at a path that is taken, and
// names that are taken. It returns the paths. own are those of the construct,
// and what is there.
func (p process) validateVolumes(e *rule.Errors, own map[string]string, staticRoot string) (paths []string) {
	mount := func(name, path, what string) {
		if taken, ok := own[path]; ok {
			e.Add(name, path, "must be another path: the construct mounts "+taken+" there")
		}
		if what != "" {
			own[path] = what
		}
	}
	if p.tls().HasFiles() {
		own[libpq.Path] = "the certificates for the database"
	}
	if claim := p.claim(); claim != nil {
		mount("Project.Media.MountPath", claim.props.MountPath, "Media")
	}
	if staticRoot != "" {
		mount("StaticRoot", staticRoot, "StaticRoot")
	}
	var names []string
	all := func(field, prefix string, volumes []pod.Volume) {
		for i, v := range volumes {
			mount(rule.Item(field, i)+".MountPath", v.MountPath, "")
			name := pod.VolumeName(prefix, volumes, i)
			if slices.Contains(ownVolumes, name) {
				e.Add(rule.Item(field, i)+".Name", name, "must be another name: the construct has a volume of that name")
			}
			paths, names = append(paths, v.MountPath), append(names, name)
		}
	}
	all("Project.Volumes", "volume", p.Volumes)
	all("Pod.Volumes", "own-volume", p.template.Volumes)
	e.Unique("Volumes.MountPath", paths)
	e.Unique("Volumes.Name", names)
	return paths
}

// ownVolumes are the names of the volumes of the constructs.
var ownVolumes = []string{"tmp", "media", "static", "gunicorn", "api", libpq.Volume}

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

// Probes are the timings of the probes of a [Web].
type Probes struct {
	// Startup is the probe until a pod first answers. The default leaves five
	// minutes for imports and a cold disk.
	//
	// Default: every 5 s, timeout 5 s, 60 failures.
	Startup Probe

	// Readiness is the probe that puts a pod into the Service and takes it out.
	//
	// Default: every 10 s, timeout 5 s, 3 failures.
	Readiness Probe

	// Liveness is the probe after which a pod is restarted. The default is
	// gentler than readiness: a busy pod is out of the Service after half a
	// minute, and restarted after two.
	//
	// Default: every 20 s, timeout 10 s, 6 failures.
	Liveness Probe
}

// Probe are the timings of one probe.
type Probe struct {
	// PeriodSeconds is the time between two requests.
	//
	// Default: that of the probe in [Probes].
	PeriodSeconds int

	// TimeoutSeconds is the time for an answer.
	//
	// Default: that of the probe in [Probes].
	TimeoutSeconds int

	// FailureThreshold is the number of failures in a row after which the pod is
	// out of the Service, or restarted.
	//
	// Default: that of the probe in [Probes].
	FailureThreshold int
}

// Validate reports every invalid field.
func (p Probes) Validate() field.ErrorList {
	var e rule.Errors
	p = p.withDefaults()
	for _, one := range []struct {
		name string
		Probe
	}{{"Startup", p.Startup}, {"Readiness", p.Readiness}, {"Liveness", p.Liveness}} {
		e.Range(one.name+".PeriodSeconds", one.PeriodSeconds, 1, day)
		e.Range(one.name+".TimeoutSeconds", one.TimeoutSeconds, 1, day)
		e.Range(one.name+".FailureThreshold", one.FailureThreshold, 1, math.MaxInt32)
	}
	return e.Err()
}

func (p Probes) withDefaults() Probes {
	p.Startup = p.Startup.or(Probe{5, 5, 60})
	p.Readiness = p.Readiness.or(Probe{10, 5, 3})
	p.Liveness = p.Liveness.or(Probe{20, 10, 6})
	return p
}

func (p Probe) or(d Probe) Probe {
	return Probe{
		cmp.Or(p.PeriodSeconds, d.PeriodSeconds), cmp.Or(p.TimeoutSeconds, d.TimeoutSeconds),
		cmp.Or(p.FailureThreshold, d.FailureThreshold),
	}
}

func (p Probe) build(handler corev1.ProbeHandler) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler: handler, PeriodSeconds: int32(p.PeriodSeconds), TimeoutSeconds: int32(p.TimeoutSeconds),
		FailureThreshold: int32(p.FailureThreshold),
	}
}
