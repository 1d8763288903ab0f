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

// WithAdvisoryLock returns the command that runs another one under the advisory
// lock called name, which belongs to the database of the project.
func WithAdvisoryLock(name string, command ...string) []string {
	return slices.Concat([]string{"python3", "-c", exclusiveScript, name}, command)
}

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
