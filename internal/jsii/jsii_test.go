package jsii

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/constructs-go/constructs/v10"
)

func TestNothingIsLeftOfTheProcess(t *testing.T) {
	tmp := t.TempDir()
	for _, end := range []func(){Close, Kill} {
		t.Setenv("TMPDIR", tmp)
		Start()
		if os.Getenv("TMPDIR") == tmp {
			t.Fatal("Node.js has no directory of its own")
		}
		constructs.NewRootConstruct(new("root"))
		if len(descendants(os.Getpid())) == 0 {
			t.Error("Node.js does not run")
		}
		end()
		if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
			t.Errorf("the temporary directory holds %v, %v", left, err)
		}
		if got := os.Getenv("TMPDIR"); got != tmp {
			t.Errorf("TMPDIR is %q afterwards, want %q", got, tmp)
		}
	}
}

func TestDescendants(t *testing.T) {
	command := exec.Command("sh", "-c", "sleep 60 & echo $!; wait")
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	// The shell and its child have started once it speaks.
	if _, err := output.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	all := descendants(os.Getpid())
	if !slices.Contains(all, command.Process.Pid) || len(descendants(command.Process.Pid)) != 1 {
		t.Errorf("found %v, with the shell %d and its child", all, command.Process.Pid)
	}
	Kill()
	if err := command.Wait(); err == nil || command.ProcessState.Exited() {
		t.Errorf("the shell was not killed: %v", err)
	}
}

// What is printed is shown as it is, without what Node.js and jsii say at the
// end.
func TestWhatNodeSaysWhenItDies(t *testing.T) {
	for name, c := range map[string]struct{ printed, shown, said string }{
		"nothing": {"one\n\ntwo", "one\n\ntwo\n", "rendered: memory"},
		"out of memory": {
			"mine\n\n<--- Last few GCs --->\n\n[1:0x2] 30 ms: Mark-Compact\nFATAL ERROR: Reached heap limit\n" +
				" 1: 0xb9c1f0 node::Abort()\nRuntime process exited abnormally: exit status 134",
			"mine\n", "rendered (exit status 134): memory",
		},
		"lost": {
			"mine\nError on jsii API channel to child process: Error: read ECONNRESET\n    at Pipe.onStreamRead\n" +
				"Runtime process exited abnormally: exit status 130",
			"mine\n", "rendered (exit status 130): memory",
		},
		"killed": {"Runtime process exited abnormally: signal: killed", "", "rendered (signal: killed): memory"},
	} {
		t.Run(name, func(t *testing.T) {
			last.Store(nil)
			var shown strings.Builder
			pump(&shown, strings.NewReader(c.printed))
			if shown.String() != c.shown {
				t.Errorf("shown: %q, want %q", shown.String(), c.shown)
			}
			if said := (Ended{}).Error(); !strings.Contains(said, c.said) {
				t.Errorf("said: %q, want %q", said, c.said)
			}
		})
	}
}

func TestThePlaceForFilesIsGivenBack(t *testing.T) {
	before, set := os.LookupEnv("TMPDIR")
	t.Setenv("TMPDIR", "") // Restores it.
	_ = os.Unsetenv("TMPDIR")
	Start()
	if dir := os.Getenv("TMPDIR"); !filepath.IsAbs(dir) {
		t.Errorf("TMPDIR is %q", dir)
	}
	Close()
	if now, still := os.LookupEnv("TMPDIR"); still {
		t.Errorf("TMPDIR is %q, before it was %q, %v", now, before, set)
	}
}
