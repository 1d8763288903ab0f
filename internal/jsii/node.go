package jsii

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"example.com/django-cdk8s/internal/jsii/early"
)

// MinMajor is the oldest major version of Node.js that cdk8s runs on.
const MinMajor = 20

// Check makes sure that there is a Node.js that jsii can use, and a directory
// for its files. Where there is none, jsii itself panics. JSII_NODE names
// another program than node, and JSII_RUNTIME replaces the runtime as a whole,
// as in jsii. It looks once, which takes as long as Node.js needs to start: call
// it in the background, and again for the answer.
var Check = sync.OnceValue(check)

func check() error {
	if early.Problem != "" {
		return errors.New(early.Problem)
	}
	if os.Getenv("JSII_RUNTIME") != "" {
		return nil
	}
	program := cmp.Or(os.Getenv("JSII_NODE"), "node")
	answer, err := exec.Command(program, "--version").Output()
	if err != nil {
		return fmt.Errorf("node: %q: cannot be run: cdk8s needs Node.js %d or later in PATH, or named by JSII_NODE",
			program, MinMajor)
	}
	version := strings.TrimSpace(string(answer))
	digits, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	major, err := strconv.Atoi(digits)
	if err != nil || major < MinMajor {
		return fmt.Errorf("node: %q: is too old: cdk8s needs Node.js %d or later", version, MinMajor)
	}
	return nil
}
