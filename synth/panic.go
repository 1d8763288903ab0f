package synth

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"

	"example.com/django-cdk8s/internal/jsii"
)

// StackVariable is the environment variable that adds the stack to what a panic
// in an app's own code says.
const StackVariable = "SYNTH_STACK"

// panicked is the error for a panic.
type panicked struct {
	line string
	// stack is empty unless [StackVariable] asks for it.
	stack string
}

// Error implements error.
func (p *panicked) Error() string {
	if p.stack == "" {
		return p.line
	}
	return p.line + "\n" + p.stack
}

// recovered calls f and returns what it panics with, in one line, with the
// place in the app's own code where it happened: cdk8s and jsii report wrong
// values by panicking.
func recovered(f func()) (err error) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		text, _, _ := strings.Cut(strings.TrimSpace(fmt.Sprint(r)), "\n")
		text = strings.TrimPrefix(text, "Error: ")
		file, line, thrower := place()
		if strings.HasPrefix(thrower, "github.com/aws/jsii-runtime-go/") && jsii.Gone(text) {
			err = jsii.Ended{}
			return
		}
		p := &panicked{line: "synth: " + text}
		if file != "" {
			p.line = fmt.Sprintf("%s:%d: %s", file, line, text)
		}
		if os.Getenv(StackVariable) != "" {
			p.stack = string(debug.Stack())
		} else if _, mistake := r.(runtime.Error); mistake {
			p.line += " (" + StackVariable + "=1 shows the stack)"
		}
		err = p
	}()
	f()
	return nil
}

// place returns where the app's own code stood when it panicked, nothing when
// it was not on the stack, and the function that panicked. It must be called by
// the function that recovers.
func place() (file string, line int, thrower string) {
	callers := make([]uintptr, 1<<10)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	library := ""
	for panicking, more := false, true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		switch {
		case frame.Function == own+"/synth.recovered":
			return "", 0, thrower // What follows has called this package.
		case frame.Function == "runtime.gopanic":
			panicking = true
			library = strings.TrimSuffix(frame.File, "runtime/panic.go")
			thrower = ""
		case !panicking || strings.HasPrefix(frame.Function, "runtime."):
		default:
			thrower = cmp.Or(thrower, frame.Function)
			if !foreign(frame, library) {
				return short(frame.File), frame.Line, thrower
			}
		}
	}
	return "", 0, thrower
}

// own is the path of this module.
var own = strings.TrimSuffix(reflect.TypeFor[Environment]().PkgPath(), "/synth")

// foreign reports whether a frame is that of a library rather than of an app:
// of Go's own, which is in the directory given, of cdk8s, or of this module.
func foreign(frame runtime.Frame, library string) bool {
	if library != "" && strings.HasPrefix(frame.File, library) {
		return true
	}
	for _, path := range []string{
		"github.com/aws/jsii-runtime-go/", "github.com/aws/constructs-go/", "github.com/cdk8s-team/",
		own + "/constructs/", own + "/internal/", own + "/imports/", own + "/synth.", own + "/cdktest.",
	} {
		// A package's tests are an app.
		if strings.HasPrefix(frame.Function, path) && !strings.HasSuffix(frame.File, "_test.go") {
			return true
		}
	}
	return strings.HasPrefix(frame.Function, "github.com/aws/jsii-runtime-go.")
}

// short is a path relative to the working directory, where it is below that.
func short(path string) string {
	dir, err := os.Getwd()
	if err != nil {
		return path
	}
	below, err := filepath.Rel(dir, path)
	if err != nil || !filepath.IsLocal(below) {
		return path
	}
	return below
}
