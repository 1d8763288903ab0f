// Package jsii starts and ends the Node.js process that cdk8s runs in, and removes
// its files.
package jsii

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/aws/jsii-runtime-go"

	"example.com/django-cdk8s/internal/jsii/early"
)

// jsii prints a banner of ten lines about every version of Node.js but one, of
// those that it runs on. README.md names the supported ones instead.
var quiet = map[string]string{
	"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": strconv.Itoa(MinMajor),
	"JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION":    "1",
}

// home is where Node.js keeps its files from Start to Close.
var home struct {
	sync.Mutex
	dir string
	// before is the value of TMPDIR, if it was set.
	before string
	set    bool
}

// Start prepares the process, which starts when a construct is first made.
//
// jsii copies the environment, and unpacks 2.6 MB into the temporary directory,
// when the packages that use it are imported. Start undoes both, so that the
// process begins later, with the variables set here, and with a directory of
// its own for all its files. A program whose package variables hold constructs
// or other objects of jsii has a process by now, and keeps it as it is.
func Start() {
	home.Lock()
	defer home.Unlock()
	for name, value := range quiet {
		if _, given := os.LookupEnv(name); !given {
			_ = os.Setenv(name, value)
		}
	}
	if early.Problem != "" || home.dir != "" || started() {
		return
	}
	jsii.Close()
	dir, err := os.MkdirTemp("", "synth-")
	if err != nil {
		return // jsii meets the same error, and reports it.
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return
	}
	home.before, home.set = os.LookupEnv("TMPDIR")
	home.dir = dir
	_ = os.Setenv("TMPDIR", dir)
}

// Close ends the process and removes its files.
func Close() {
	jsii.Close()
	removeHome()
	// jsii's own goroutine ends a moment after the process, which [Start] would
	// take it for.
	for range 1000 {
		if !started() {
			break
		}
		time.Sleep(time.Millisecond)
	}
}

// Kill is [Close] for a process that may not answer any more. It also kills
// every other process that this program has started, and waits up to a second
// for their end. The program must end after it.
func Kill() {
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		running := descendants(os.Getpid())
		if len(running) == 0 {
			break
		}
		for _, pid := range running {
			if process, err := os.FindProcess(pid); err == nil {
				_ = process.Kill()
			}
		}
	}
	removeHome()
}

func removeHome() {
	home.Lock()
	defer home.Unlock()
	if home.dir == "" {
		return
	}
	// A process that is about to end may still make files there: try again.
	for range 10 {
		if os.RemoveAll(home.dir) == nil {
			break
		}
	}
	home.dir = ""
	if home.set {
		_ = os.Setenv("TMPDIR", home.before)
	} else {
		_ = os.Unsetenv("TMPDIR")
	}
}

// started reports whether jsii has a process: it then reads what that prints.
func started() bool {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return bytes.Contains(stacks, []byte("jsii-runtime-go/internal/kernel/process."))
}
