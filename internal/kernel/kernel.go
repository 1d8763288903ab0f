// Package kernel ends the Node process that jsii keeps.
package kernel

import (
	"os"

	"github.com/aws/jsii-runtime-go"
)

// Close ends the process and removes the 2.3 MB that jsii unpacks into the
// temporary directory of every program that imports it, whether used or not.
// Nothing may be printed to os.Stderr after it: jsii waits for the process in
// two goroutines, and the one that comes second reports "no child processes"
// there, so that the variable is pointed elsewhere.
func Close() {
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stderr = null
	}
	jsii.Close()
}
