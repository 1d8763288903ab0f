package jsii

import (
	"bufio"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// last is the status with which the process died.
var last atomic.Pointer[string]

// Ended is the error for a process that died before its work was done.
type Ended struct{}

// Error implements error.
func (Ended) Error() string {
	how := ""
	if status := last.Load(); status != nil {
		how = " (" + *status + ")"
	}
	return "node: ended before the manifests were rendered" + how + ": memory is the usual cause: " +
		"give it more, with NODE_OPTIONS=--max-old-space-size=8192 where the machine has it"
}

// Gone reports whether jsii panics with text because the process is not there
// any more.
func Gone(text string) bool {
	switch text {
	case "no response received from child process", "this process has been closed", "EOF", "unexpected EOF":
		return true
	}
	return strings.HasSuffix(text, "broken pipe") || strings.HasSuffix(text, "file already closed")
}

// Capture hands what is written to os.Stderr on to w, line by line, until the
// function that it returns is called. Nothing is handed on when [Check] fails,
// and what Node.js and jsii say when the process dies becomes part of [Ended].
func Capture(w io.Writer) (release func()) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return func() {}
	}
	before := os.Stderr
	os.Stderr = writer
	done := make(chan struct{})
	go func() {
		defer close(done)
		pump(w, reader)
	}()
	return func() {
		os.Stderr = before
		writer.Close()
		// A process that the program has started may still hold the other end.
		select {
		case <-done:
		case <-time.After(time.Second):
		}
	}
}

func pump(w io.Writer, r io.Reader) {
	lines := bufio.NewReader(r)
	quiet, blank := false, ""
	for {
		line, err := lines.ReadString('\n')
		if text, found := exit(line); found {
			last.Store(&text)
		}
		// The first lines of what V8 prints when it is out of memory, or broken, and
		// of what the runtime prints when Node.js ends while it is written to.
		for _, beginning := range []string{
			exited, "<--- Last few GCs --->", "FATAL ERROR: ", "# Fatal error in ", "Error on jsii API channel ",
		} {
			quiet = quiet || strings.Contains(line, beginning)
		}
		// V8 begins with an empty line, which is no line of ours either.
		if line == "\n" {
			blank += line
			continue
		}
		if line != "" && !quiet && Check() == nil {
			_, _ = io.WriteString(w, blank+strings.TrimSuffix(line, "\n")+"\n")
		}
		blank = ""
		if err != nil {
			return
		}
	}
}

// exited begins what jsii prints when the process has died.
const exited = "Runtime process exited abnormally: "

func exit(line string) (status string, found bool) {
	_, status, found = strings.Cut(line, exited)
	return strings.TrimSpace(status), found
}
