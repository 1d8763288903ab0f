package synth

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

// marker is the file in the output directory that says which app wrote which
// files there, so that an app removes its own alone. It is committed with them.
// Neither kubectl nor Argo CD reads it.
const marker = ".synth"

const markerComment = "# Which app wrote which files here: it removes no others. Commit this file with them.\n"

// record is what a marker says.
type record struct {
	// found is whether there is a marker.
	found bool
	// app is the import path of the app's main package; empty: not known.
	app string
	// files are relative to the output directory, with slashes.
	files []string
}

func (r record) content() []byte {
	var text strings.Builder
	text.WriteString(markerComment)
	if r.app != "" {
		text.WriteString("app " + r.app + "\n")
	}
	for _, file := range slices.Sorted(slices.Values(r.files)) {
		text.WriteString(file + "\n")
	}
	return []byte(text.String())
}

// readMarker returns what the marker in dir says, nothing where there is none.
// Lines that are neither an app nor a manifest, as those that git leaves in a
// conflict, say nothing.
func readMarker(dir string) (record, error) {
	content, err := os.ReadFile(filepath.Join(dir, marker))
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, nil
	}
	r := parseMarker(content)
	r.found = err == nil
	return r, err
}

func parseMarker(content []byte) record {
	r := record{found: true}
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if app, found := strings.CutPrefix(line, "app "); found {
			r.app = app
		} else if strings.HasSuffix(line, suffix) && filepath.IsLocal(filepath.FromSlash(line)) {
			r.files = append(r.files, line)
		}
	}
	return r
}

// ownedBy reports whether the app of that name wrote the files, as far as is
// known.
func (r record) ownedBy(app string) bool { return r.app == app || r.app == "" || app == "" }

// gone returns the files of r below root that are in the directory of none of the
// outputs, by their own: those of environments that the app no longer has.
func (r record) gone(root string, outputs []output) map[string][]string {
	isOutput := func(dir string) bool {
		return slices.ContainsFunc(outputs, func(out output) bool { return relative(root, out.dir) == dir })
	}
	found := map[string][]string{}
	for _, file := range r.files {
		if dir := path.Dir(file); dir != "." && !isOutput(dir) {
			found[dir] = append(found[dir], file)
		}
	}
	return found
}

// self returns the import path of this program's main package: the app. A test
// of that package counts as the app. Nothing is returned where it is not known,
// as after "go run main.go".
func self() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Path == "command-line-arguments" {
		return ""
	}
	return strings.TrimSuffix(info.Path, ".test")
}
