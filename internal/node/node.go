// Package node sees to the Node.js that jsii runs on.
package node

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// MinMajor is the oldest major version of Node.js that cdk8s runs on.
const MinMajor = 20

// jsii prints a banner of ten lines about every version of Node.js but one, of
// those that it runs on. README.md names the supported ones instead. The
// variables must be set before jsii's own package is initialised: this one is
// earlier, because Go initialises packages in the order of their import paths
// once their imports are done, and jsii's waits for golang.org/x/sys. Under a
// module path behind that it comes too late, and the banner shows. A value that
// the user has set stands.
func init() {
	for name, value := range map[string]string{
		"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": strconv.Itoa(MinMajor),
		"JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION":    "1",
	} {
		if _, given := os.LookupEnv(name); !given {
			_ = os.Setenv(name, value)
		}
	}
}

// Check makes sure that jsii finds a Node.js that it can use. jsii itself
// would end the program with a stack trace. JSII_NODE names another program
// than node, and JSII_RUNTIME replaces the runtime as a whole, as in jsii.
func Check() error {
	if os.Getenv("JSII_RUNTIME") != "" {
		return nil
	}
	program := cmp.Or(os.Getenv("JSII_NODE"), "node")
	answer, err := exec.Command(program, "--version").Output()
	if err != nil {
		return fmt.Errorf("node: %q: cannot be run: cdk8s needs Node.js %d or later in PATH, or named by JSII_NODE", program, MinMajor)
	}
	version := strings.TrimSpace(string(answer))
	digits, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	major, err := strconv.Atoi(digits)
	if err != nil || major < MinMajor {
		return fmt.Errorf("node: %q: is too old: cdk8s needs Node.js %d or later", version, MinMajor)
	}
	return nil
}
