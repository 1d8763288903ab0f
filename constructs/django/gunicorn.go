package django

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/rule"
)

// Defaults of [Gunicorn].
const (
	// DefaultThreads is the number of requests that a worker serves at a time.
	DefaultThreads = 1

	// DefaultTimeoutSeconds is gunicorn's own default.
	DefaultTimeoutSeconds = 30

	// DefaultGracefulTimeoutSeconds is gunicorn's own default.
	DefaultGracefulTimeoutSeconds = 30
)

// Gunicorn says how gunicorn serves the project. It becomes GUNICORN_CMD_ARGS,
// which wins over gunicorn's configuration file and loses to its command line:
// an image that names a flag there keeps its own value; see
// https://docs.gunicorn.org/en/stable/configure.html.
type Gunicorn struct {
	// Workers is the number of processes. The product of Workers and Threads is
	// how many requests a pod serves at a time, and how many connections to the
	// database it may hold.
	//
	// Default: twice the CPU limit and one, as gunicorn advises
	// (https://docs.gunicorn.org/en/stable/design.html#how-many-workers), and
	// at most one for every 128Mi of the memory limit and 12 in all.
	Workers int

	// Threads is the number of requests that each worker serves at a time.
	// From two on, gunicorn takes its gthread worker, which keeps idle
	// connections open.
	//
	// Default: [DefaultThreads].
	Threads int

	// TimeoutSeconds is after how long a worker that does not report back is
	// killed. With one thread, no request may take longer; with several, a
	// worker reports back while its requests run.
	//
	// Default: [DefaultTimeoutSeconds].
	TimeoutSeconds int

	// GracefulTimeoutSeconds is how long running requests may take once the
	// server is to stop.
	//
	// Default: [DefaultGracefulTimeoutSeconds].
	GracefulTimeoutSeconds int

	// MaxRequests is after how many requests a worker is replaced, which
	// bounds what leaks.
	//
	// Default: none; a worker stays.
	MaxRequests int

	// MaxRequestsJitter is the upper bound of a random number that is added to
	// MaxRequests, so that workers are not all replaced at once.
	//
	// Default: a tenth of MaxRequests.
	MaxRequestsJitter int
}

const day = 24 * 60 * 60

// Validate reports every invalid field.
func (g Gunicorn) Validate() field.ErrorList {
	g = g.withDefaults(DefaultResources.Limits)
	var e rule.Errors
	e.Range("Workers", g.Workers, 1, maxProcesses)
	e.Range("Threads", g.Threads, 1, 1000)
	e.Range("TimeoutSeconds", g.TimeoutSeconds, 1, day)
	e.Range("GracefulTimeoutSeconds", g.GracefulTimeoutSeconds, 1, day)
	e.Range("MaxRequests", g.MaxRequests, 0, 1_000_000_000)
	switch {
	case g.MaxRequestsJitter > 0 && g.MaxRequests == 0:
		e.Add("MaxRequestsJitter", g.MaxRequestsJitter, "has no effect without MaxRequests")
	case g.MaxRequests <= 1_000_000_000: // The default follows from it.
		e.Range("MaxRequestsJitter", g.MaxRequestsJitter, 0, 1_000_000_000)
	}
	return e.Err()
}

func (g Gunicorn) withDefaults(limits pod.Quantities) Gunicorn {
	g.Workers = cmp.Or(g.Workers, defaultWorkers(limits))
	g.Threads = cmp.Or(g.Threads, DefaultThreads)
	g.TimeoutSeconds = cmp.Or(g.TimeoutSeconds, DefaultTimeoutSeconds)
	g.GracefulTimeoutSeconds = cmp.Or(g.GracefulTimeoutSeconds, DefaultGracefulTimeoutSeconds)
	g.MaxRequestsJitter = cmp.Or(g.MaxRequestsJitter, max(g.MaxRequests, 0)/10)
	return g
}

// Bounds of the default number of workers: what a worker of a Django project
// needs at least, and where more stop helping.
const (
	workerMemory = 128 << 20
	maxWorkers   = 12
)

func defaultWorkers(limits pod.Quantities) int {
	workers := min(2*cores(limits.CPU)+1, maxWorkers)
	if memory, err := resource.ParseQuantity(limits.Memory); err == nil {
		workers = min(workers, memory.Value()/workerMemory)
	}
	return int(max(workers, 1))
}

// maxProcesses bounds what a pod may be asked to run.
const maxProcesses = 1000

// cores returns an amount of CPU in whole cores, rounded up, and 1 for one that
// is wrong.
func cores(cpu string) int64 {
	q, err := resource.ParseQuantity(cpu)
	if err != nil {
		return 1
	}
	return min(max(q.Value(), 1), maxProcesses)
}

// heartbeatPath is where each worker touches a file to show that it is alive.
// On a disk that blocks, a healthy worker would be killed; memory does not
// block; see
// https://docs.gunicorn.org/en/stable/faq.html#how-do-i-avoid-gunicorn-excessively-blocking-in-os-fchmod.
const heartbeatPath = "/run/gunicorn"

const gunicornArgs = "GUNICORN_CMD_ARGS"

// args returns the value of GUNICORN_CMD_ARGS: what the user gives, and then
// the construct's own, because the last of two equal flags wins.
func (g Gunicorn) args(given string) string {
	flags := []string{}
	if given = strings.TrimSpace(given); given != "" {
		flags = append(flags, given)
	}
	set := func(flag string, value any) { flags = append(flags, fmt.Sprintf("--%s=%v", flag, value)) }
	set("workers", g.Workers)
	set("threads", g.Threads)
	set("timeout", g.TimeoutSeconds)
	set("graceful-timeout", g.GracefulTimeoutSeconds)
	if g.MaxRequests > 0 {
		set("max-requests", g.MaxRequests)
		set("max-requests-jitter", g.MaxRequestsJitter)
	}
	set("worker-tmp-dir", heartbeatPath)
	return strings.Join(flags, " ")
}

// ownFlags are the flags of gunicorn that the construct sets, or that the
// Service and the probes depend on.
var ownFlags = []string{
	"bind", "workers", "threads", "timeout", "graceful-timeout", "max-requests", "max-requests-jitter", "worker-tmp-dir",
}

// shortFlag and longFlag find flags in what is given for gunicorn.
var (
	shortFlag = regexp.MustCompile(`(?:^|\s)(-[bwt])`)
	longFlag  = regexp.MustCompile(`(?:^|\s)--([a-z][a-z-]*)`)
)

// ownFlag returns the first flag in args that is one of the construct's, or an
// abbreviation of it, which gunicorn takes as well.
func ownFlag(args string) string {
	if found := shortFlag.FindStringSubmatch(args); found != nil {
		return found[1]
	}
	for _, found := range longFlag.FindAllStringSubmatch(args, -1) {
		for _, own := range ownFlags {
			if strings.HasPrefix(own, found[1]) {
				return "--" + found[1]
			}
		}
	}
	return ""
}

// quotedText finds what gunicorn, which splits the variable as a shell does,
// takes for one piece.
var quotedText = regexp.MustCompile(`'[^']*'|"(?:[^"\\]|\\.)*"|\\.`)

// validateArgs checks a GUNICORN_CMD_ARGS that the user gives.
func validateArgs(e *rule.Errors, field, args string) {
	args = quotedText.ReplaceAllString(args, "")
	if flag := ownFlag(args); flag != "" {
		e.Add(field, flag, "is managed; set Port and Gunicorn instead")
	}
	if strings.ContainsAny(args, `'"\`) {
		e.Add(field, "...", "must close each quote, or gunicorn does not start")
	}
}
