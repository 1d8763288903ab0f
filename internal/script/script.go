// Package script holds the programs that run inside the cluster, in the image of
// the Django project.
package script

import (
	_ "embed"
	"fmt"
	"slices"
)

//go:embed exclusive.py
var exclusiveScript string

//go:embed generate.py
var generateScript string

//go:embed prune.py
var pruneScript string

//go:embed rotate.py
var rotateScript string

//go:embed login.py
var loginScript string

//go:embed release.py
var releaseScript string

// WithAdvisoryLock returns the command that runs another one under the advisory
// lock called name, which belongs to the database of the project. It ends with
// [NotLocked] when it has waited for the lock for that many seconds; 0 is for
// ever.
func WithAdvisoryLock(name string, seconds int, command ...string) []string {
	return slices.Concat([]string{"python3", "-c", exclusiveScript, name, fmt.Sprint(seconds)}, command)
}

// NotLocked is the exit status of a command that did not get its lock.
const NotLocked = 75

// isolated runs a program apart from the project, whose modules could stand in
// for those of the library.
func isolated(program string) []string { return []string{"python3", "-I", "-c", program} }

// Generate returns the command that gives the missing keys of a Secret random
// values. Its arguments are the name of the Secret and the keys.
func Generate() []string { return isolated(generateScript) }

// Prune returns the command that deletes the Jobs labelled app: app that have
// ended, but for the newest.
func Prune(app string, keep int) []string {
	return append(isolated(pruneScript), app, fmt.Sprint(keep))
}

// Rotate returns the command that gives the clients of a database, whose login is
// in the Secret called secret, another one, and restarts the Deployments. mode
// is "rotate", or "fill" for a Secret that has none.
func Rotate(mode, secret string, deployments ...string) []string {
	return slices.Concat([]string{"python3", "-c", rotateScript, mode, secret}, deployments)
}

// LogIn returns the command that fails unless the database of the project lets
// the pod log in.
func LogIn() []string { return []string{"python3", "-c", loginScript} }

// WaitForRelease returns the command that waits for the advisory lock called lock,
// and deletes its own Job unless the ConfigMap called name says that its release
// is the one that is wanted.
func WaitForRelease(name, lock string) []string { return append(isolated(releaseScript), name, lock) }
