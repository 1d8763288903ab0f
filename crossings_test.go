package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// crossing matches what the kernel prints, with JSII_DEBUG=1, for a request of
// Go and for a callback into Go.
var crossing = regexp.MustCompile(`> \{"api":|< \{"callback":`)

// Each question to the kernel costs about 0.3 ms of CPU. The numbers are those
// of today: fewer is better, and more needs a reason.
func TestKernelCrossings(t *testing.T) {
	for app, most := range map[string]int{".": 28, "./examples/production": 109} {
		t.Run(filepath.Base(app), func(t *testing.T) {
			binary := filepath.Join(t.TempDir(), "app")
			if output, err := exec.Command("go", "build", "-o", binary, app).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			run := exec.Command(binary)
			run.Env = append(os.Environ(), "JSII_DEBUG=1", "CDK8S_OUTDIR="+t.TempDir())
			output, err := run.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			found := len(crossing.FindAll(output, -1))
			if found > most || found == 0 {
				t.Errorf("%s asks the kernel %d times, and did so %d times before", app, found, most)
			}
			t.Logf("%s asks the kernel %d times", app, found)
		})
	}
}
