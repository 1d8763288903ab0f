package synth

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// The commands of an app; the name of the one that writes is empty.
const (
	diffCommand = "diff"
	drawCommand = "draw"
)

// command is what the arguments of an app ask for.
type command struct {
	name     string
	clean    bool
	markdown bool
	dot      bool
	// argument is the revision of diff, and the environment of draw.
	argument string
}

const usage = `Usage:
  %[1]s [-clean]                renders, checks and writes the manifests
  %[1]s diff [-markdown] [REV]  says what that changes against REV of git, HEAD by default; writes no manifest
  %[1]s draw [-dot] [NAME]      draws the app, or the environment of that name, as text; writes no manifest

The manifests go to CDK8S_OUTDIR, %[2]s by default. %[3]s limits the time for one environment, %[4]v by default.

  -clean     removes the directories of environments that the app no longer has
  -markdown  writes the report as Markdown, for a pull request
  -dot       draws for Graphviz instead of Mermaid, which GitHub and GitLab show in Markdown
  -version   prints the version of the library that the app is built with

Exit status: 0; 1 for problems, and for differences; 2 for problems of diff and draw, and for wrong arguments.
`

// parse reads the arguments of an app. done is set when there is nothing to do
// but to end with the status.
func parse(args []string, stdout, stderr io.Writer) (c command, status int, done bool) {
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		c.name, args = args[0], args[1:]
	}
	flags := flag.NewFlagSet(filepath.Base(os.Args[0]), flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	version := flags.Bool("version", false, "")
	switch c.name {
	case "":
		flags.BoolVar(&c.clean, "clean", false, "")
	case diffCommand:
		c.argument = head
		flags.BoolVar(&c.markdown, "markdown", false, "")
	case drawCommand:
		flags.BoolVar(&c.dot, "dot", false, "")
	case "help":
		args = []string{"-h"}
	default:
		fmt.Fprintf(stderr,
			"%q: is not a command: use diff, draw, or no command to write the manifests; -h prints the usage\n", c.name)
		return c, 2, true
	}
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(stdout, usage, flags.Name(), DefaultDir, TimeoutVariable, DefaultTimeout)
		return c, 0, true
	}
	if err == nil && *version {
		fmt.Fprintln(stdout, Version)
		return c, 0, true
	}
	rest := flags.Args()
	switch {
	case err != nil:
	case c.name != "" && len(rest) == 1:
		c.argument = rest[0]
	case len(rest) > 0:
		err = fmt.Errorf("%q: one argument too many", rest[len(rest)-1])
	}
	if err != nil {
		fmt.Fprintf(stderr, "%v; -h explains the arguments\n", err)
		return c, 2, true
	}
	return c, 0, false
}

// arguments are those of the program, or what it has left of them after it has
// parsed flags of its own.
func arguments() []string {
	if flag.Parsed() {
		return flag.Args()
	}
	return os.Args[1:]
}

// title names one of several outputs.
func title(e Environment, dir string) string { return cmp.Or(e.Name, filepath.ToSlash(dir)) }
