package synth

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/internal/jsii"
	"example.com/django-cdk8s/internal/rule"
	"example.com/django-cdk8s/manifest"
)

// TimeoutVariable is the environment variable that says how long one
// environment may take to render, as Go writes durations, such as 30m. A run
// that takes longer ends: Node.js does not answer any more.
const TimeoutVariable = "SYNTH_TIMEOUT"

// DefaultTimeout is the time that one environment may take to render.
const DefaultTimeout = 10 * time.Minute

// Main renders what build adds to an app into the output directory and ends
// the program. It prints one line a problem to standard error, and on a
// terminal one line for every environment that has been rendered. The exit
// status is 0 when the manifests are written and 1 when there is a problem. Of
// diff and draw it is 2 when there is a problem, and of diff it is 1 when there
// are differences. It is 2 for wrong arguments, and 130 or 143 after SIGINT or
// SIGTERM. Temporary files are removed in each case.
//
// The arguments of the program may ask for something else: diff says what a run
// would change, draw draws the app, and -h explains both. A program with flags of
// its own parses them first, by package flag, and leaves the rest.
func Main(build func(app cdk8s.App), external ...manifest.External) {
	MainEnvironments(Environment{Build: build, External: external})
}

// MainEnvironments is [Main] for an app that is rendered for several places,
// each into a subdirectory. Nothing is written unless all of them are right.
func MainEnvironments(environments ...Environment) {
	os.Exit(run(arguments(), os.Stdout, os.Stderr, environments))
}

func run(args []string, stdout io.Writer, stderr *os.File, environments []Environment) int {
	asked, status, done := parse(args, stdout, stderr)
	if done {
		return status
	}
	failed := 1
	if asked.name != "" {
		failed = 2
	}
	go func() { _ = jsii.Check() }()
	limit, err := timeout()
	if err != nil {
		fmt.Fprintln(stderr, err)
		return failed
	}
	if os.Getenv("GOGC") == "" {
		// A short run with little garbage: a fifth of its CPU time went into
		// collecting that.
		debug.SetGCPercent(400)
	}
	jsii.Start()
	release := jsii.Capture(stderr)
	var warnings, report bytes.Buffer
	w := watch{stderr: stderr, limit: limit, progress: make(chan struct{})}
	go w.watch()
	out := writer{
		dir:      cmp.Or(os.Getenv("CDK8S_OUTDIR"), DefaultDir),
		warnings: &warnings,
		rendered: w.rendered,
		ready:    jsii.Check,
		commit:   w.commit,
		clean:    asked.clean,
		revision: head,
	}
	switch asked.name {
	case diffCommand:
		out.revision = asked.argument
		out.instead = out.differences(&report, asked.markdown)
	case drawCommand:
		out.instead = drawing(&report, asked.argument, asked.dot)
	}
	err = out.write(environments)
	jsii.Close()
	release()
	if _, ended := errors.AsType[jsii.Ended](err); ended {
		// Ctrl-C ends Node.js, too. watch then reports the signal instead.
		time.Sleep(200 * time.Millisecond)
	}

	// From here on, watch cannot end the program.
	w.ending.Lock()
	_, _ = stderr.Write(warnings.Bytes())
	_, _ = stdout.Write(report.Bytes())
	if errors.Is(err, errDiffers) {
		return 1
	}
	for _, one := range rule.Split(err) {
		fmt.Fprintln(stderr, oneLine(one))
	}
	if err != nil {
		return failed
	}
	return 0
}

func timeout() (time.Duration, error) {
	given := os.Getenv(TimeoutVariable)
	if given == "" {
		return DefaultTimeout, nil
	}
	limit, err := time.ParseDuration(given)
	if err != nil || limit <= 0 {
		return 0, fmt.Errorf("%s: %q: must be a duration such as 30m", TimeoutVariable, given)
	}
	return limit, nil
}

// watch ends a run that a signal interrupts, or whose Node.js hangs.
type watch struct {
	stderr   *os.File
	limit    time.Duration
	progress chan struct{}

	// ending is held while files are moved, and from the beginning of the
	// program's end.
	ending  sync.Mutex
	written bool
}

func (w *watch) watch() {
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	timer := time.NewTimer(w.limit)
	for {
		select {
		case <-w.progress:
			timer.Reset(w.limit)
		case s := <-signals:
			status := 130
			if s == syscall.SIGTERM {
				status = 143
			}
			w.end(status, func() string { return fmt.Sprintf("synth: %v: %s", s, w.state()) })
		case <-timer.C:
			w.end(1, func() string {
				return fmt.Sprintf("node: no answer for %v: %s: memory is the usual cause; %s=30m waits longer",
					w.limit, w.state(), TimeoutVariable)
			})
		}
	}
}

func (w *watch) state() string {
	if w.written {
		return "the manifests were written already"
	}
	return "nothing was written"
}

// end ends the program, unless it is about to end by itself.
func (w *watch) end(status int, line func() string) {
	w.ending.Lock()
	jsii.Kill()
	fmt.Fprintln(w.stderr, line())
	os.Exit(status)
}

func (w *watch) commit(write func() error) error {
	w.ending.Lock()
	defer w.ending.Unlock()
	err := write()
	w.written = err == nil
	return err
}

// rendered notes that an environment is done, and says so on a terminal.
func (w *watch) rendered(target string, result Result, took time.Duration) {
	w.progress <- struct{}{}
	info, err := w.stderr.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 || contentCheck(result) != nil {
		return
	}
	fmt.Fprintf(w.stderr, "%s: rendered in %.1fs\n", target, took.Seconds())
}
