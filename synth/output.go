package synth

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// suffix ends the name of every file that cdk8s writes.
const suffix = ".k8s.yaml"

// output is a directory and the manifests that it is to hold.
type output struct {
	dir   string
	files map[string][]byte
}

// replace makes each directory hold exactly its manifests. All of them are
// first written beside the old ones; what can fail fails there, and leaves
// nothing behind. A directory that exists is kept rather than exchanged, so
// that mount points and links to it, and a user's own files in it, survive.
func replace(outputs []output) (err error) {
	var changes []change
	var created []string
	defer func() {
		for _, c := range changes {
			_ = os.Remove(c.staged)
		}
		if err != nil {
			for _, dir := range slices.Backward(created) {
				_ = os.Remove(dir)
			}
		}
	}()
	for _, out := range outputs {
		made, err := makeDir(out.dir)
		created = append(created, made...)
		if err != nil {
			return err
		}
		staged, err := stage(out)
		changes = append(changes, staged...)
		if err != nil {
			return err
		}
	}
	return applyAll(changes)
}

// applyAll applies changes, or none of them.
func applyAll(changes []change) error {
	for i, c := range changes {
		if err := c.apply(); err != nil {
			for _, done := range changes[:i] {
				err = errors.Join(err, done.undo())
			}
			return err
		}
	}
	return nil
}

// makeDir makes dir and returns the directories that it had to make.
func makeDir(dir string) (created []string, err error) {
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		created = slices.Insert(created, 0, d)
	}
	return created, os.MkdirAll(dir, 0o755)
}

// change is one file that is to get new content, or to go.
type change struct {
	path string
	// staged is the new content's file; empty: the file goes.
	staged string
	// old is the content before; nil: there was no file.
	old []byte
}

func stage(out output) ([]change, error) {
	existing, err := os.ReadDir(out.dir)
	if err != nil {
		return nil, err
	}
	var changes []change
	for _, entry := range existing {
		if _, ok := out.files[entry.Name()]; !ok && strings.HasSuffix(entry.Name(), suffix) {
			path := filepath.Join(out.dir, entry.Name())
			old, err := os.ReadFile(path)
			if err != nil {
				return changes, err
			}
			changes = append(changes, change{path: path, old: old})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(out.files)) {
		path := filepath.Join(out.dir, name)
		old, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return changes, err
		}
		if err == nil && bytes.Equal(old, out.files[name]) {
			continue
		}
		c := change{path: path, staged: filepath.Join(out.dir, fmt.Sprintf(".%s.%d", name, os.Getpid())), old: old}
		changes = append(changes, c)
		if err := os.WriteFile(c.staged, out.files[name], 0o644); err != nil {
			return changes, err
		}
	}
	return changes, nil
}

func (c change) apply() error {
	if c.staged == "" {
		return os.Remove(c.path)
	}
	return os.Rename(c.staged, c.path)
}

func (c change) undo() error {
	if c.old == nil {
		return os.Remove(c.path)
	}
	return os.WriteFile(c.path, c.old, 0o644)
}

// tracked reports whether git would commit a manifest written to dir: it lies
// in a work tree and is not ignored, or git has manifests of it already. Where
// git cannot be asked, a work tree counts as one that tracks.
func tracked(dir string) bool {
	parent, below, err := existing(dir)
	if err != nil {
		return true
	}
	if !inWorkTree(parent) {
		return false
	}
	path := filepath.Join(parent, below)
	committed, err := exec.Command("git", "-C", parent, "ls-files", "--", filepath.Join(path, "*"+suffix)).Output()
	if err != nil || len(committed) > 0 {
		return true
	}
	return exec.Command("git", "-C", parent, "check-ignore", "--quiet", filepath.Join(path, "x"+suffix)).Run() != nil
}

// existing splits the path of dir, with links followed, into the part that
// exists and the rest.
func existing(dir string) (parent, below string, err error) {
	parent, err = filepath.Abs(dir)
	if err != nil {
		return "", "", err
	}
	for {
		resolved, err := filepath.EvalSymlinks(parent)
		if !errors.Is(err, fs.ErrNotExist) || parent == filepath.Dir(parent) {
			return resolved, below, err
		}
		parent, below = filepath.Dir(parent), filepath.Join(filepath.Base(parent), below)
	}
}

// inWorkTree reports whether dir or one above it is the root of a work tree.
func inWorkTree(dir string) bool {
	for {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
		dir = filepath.Dir(dir)
	}
}
