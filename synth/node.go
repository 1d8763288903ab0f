package synth

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// MinNode is the oldest major version of Node.js that cdk8s runs on.
const MinNode = 20

// checkNode makes sure that jsii finds a Node.js that it can use. jsii itself
// would end the program with a stack trace. JSII_NODE names another program
// than node, and JSII_RUNTIME replaces the runtime as a whole, as in jsii.
func checkNode() error {
	if os.Getenv("JSII_RUNTIME") != "" {
		return nil
	}
	program := cmp.Or(os.Getenv("JSII_NODE"), "node")
	answer, err := exec.Command(program, "--version").Output()
	if err != nil {
		return fmt.Errorf("node: %q: cannot be run: cdk8s needs Node.js %d or later in PATH, or named by JSII_NODE", program, MinNode)
	}
	version := strings.TrimSpace(string(answer))
	digits, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	major, err := strconv.Atoi(digits)
	if err != nil || major < MinNode {
		return fmt.Errorf("node: %q: is too old: cdk8s needs Node.js %d or later", version, MinNode)
	}
	return nil
}
