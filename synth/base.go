package synth

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/manifest/upgrade"
)

// head is the revision with whose manifests those of a run are compared.
const head = "HEAD"

// blob is a file that git has.
type blob struct{ path, hash string }

// base are the manifests that git has of the directories of a run.
type base struct {
	root string // the work tree
	// blobs are the manifests of each directory, by name.
	blobs map[string]map[string]blob
	// err says why git could not be asked for the manifests of its work tree.
	err error
}

// baseOf asks git for the manifests of dirs in revision. Where git has none, or
// cannot be asked, there are none.
func baseOf(revision string, dirs []string) base {
	b := base{blobs: map[string]map[string]blob{}}
	args := []string{"ls-tree", "-z", "--full-tree", "-r", revision, "--"}
	below := map[string]string{}
	for _, dir := range dirs {
		parent, rest, err := existing(dir)
		if err != nil {
			continue
		}
		root := workTree(parent)
		if root == "" || b.root != "" && root != b.root {
			continue
		}
		b.root = root
		inside, err := filepath.Rel(root, filepath.Join(parent, rest))
		if err != nil {
			continue
		}
		below[inside] = dir
		args = append(args, filepath.ToSlash(inside))
	}
	if b.root == "" {
		return b
	}
	answer, err := b.git(nil, args...)
	if err != nil {
		if _, unborn := b.git(nil, "rev-parse", "--git-dir"); unborn != nil {
			b.err = err
		}
		return b
	}
	for entry := range strings.SplitSeq(string(answer), "\x00") {
		facts, path, ok := strings.Cut(entry, "\t")
		fields := strings.Fields(facts)
		dir, known := below[filepath.Dir(filepath.FromSlash(path))]
		if !ok || len(fields) != 3 || !known || !strings.HasSuffix(path, suffix) {
			continue
		}
		if b.blobs[dir] == nil {
			b.blobs[dir] = map[string]blob{}
		}
		b.blobs[dir][filepath.Base(path)] = blob{path, fields[2]}
	}
	return b
}

func (b base) git(stdin []byte, args ...string) ([]byte, error) {
	command := exec.Command("git", append([]string{"-C", b.root}, args...)...)
	command.Stdin = bytes.NewReader(stdin)
	return command.Output()
}

// gitReason returns what git says of a failure, in one line.
func gitReason(err error) string {
	if failed, ok := errors.AsType[*exec.ExitError](err); ok && len(failed.Stderr) > 0 {
		line, _, _ := strings.Cut(string(failed.Stderr), "\n")
		return line
	}
	return err.Error()
}

// same reports whether files are what git has of dir.
func (b base) same(dir string, files map[string][]byte) bool {
	if len(b.blobs[dir]) != len(files) {
		return false
	}
	for name, content := range files {
		if known, ok := b.blobs[dir][name]; !ok || known.hash != hashOf(content, len(known.hash)) {
			return false
		}
	}
	return true
}

// hashOf is the name that git gives a file, in hexadecimal digits.
func hashOf(content []byte, digits int) string {
	h := sha1.New()
	if digits == hex.EncodedLen(sha256.Size) {
		h = sha256.New()
	}
	fmt.Fprintf(h, "blob %d\x00", len(content))
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil))
}

// files reads the manifests of dir.
func (b base) files(dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	if len(b.blobs[dir]) == 0 {
		return files, nil
	}
	var questions bytes.Buffer
	var names []string
	for name, blob := range b.blobs[dir] {
		names = append(names, name)
		fmt.Fprintln(&questions, blob.hash)
	}
	answer, err := b.git(questions.Bytes(), "cat-file", "--batch")
	if err != nil {
		return nil, fmt.Errorf("git cat-file: %w", err)
	}
	for _, name := range names {
		// HASH blob SIZE, a line break, the content, and another one.
		header, rest, _ := bytes.Cut(answer, []byte("\n"))
		_, count, _ := strings.Cut(string(header), " blob ")
		size, err := strconv.Atoi(count)
		if err != nil || size >= len(rest) {
			return nil, fmt.Errorf("git cat-file: unexpected answer %q", header)
		}
		files[name], answer = rest[:size], rest[size+1:]
	}
	return files, nil
}

// goneAt returns the directories of environments that the marker of a revision
// names and that are not among those of the run, with their files.
func (b base) goneAt(revision, root string, outputs []output) (map[string]map[string][]byte, error) {
	below, err := filepath.Rel(b.root, absolute(root))
	if err != nil || b.root == "" {
		return nil, nil
	}
	content, err := b.git(nil, "show", revision+":"+filepath.ToSlash(filepath.Join(below, marker)))
	if err != nil {
		return nil, nil // No app wrote there.
	}
	var lost []string
	for dir := range parseMarker(content).gone(root, outputs) {
		lost = append(lost, filepath.Join(root, filepath.FromSlash(dir)))
	}
	slices.Sort(lost)
	old := baseOf(revision, lost)
	found := map[string]map[string][]byte{}
	for _, dir := range lost {
		files, err := old.files(dir)
		if err != nil {
			return nil, err
		}
		if len(files) > 0 {
			found[dir] = files
		}
	}
	return found, nil
}

// absolute is the path of a directory with links followed, as far as it exists.
func absolute(dir string) string {
	parent, below, err := existing(dir)
	if err != nil {
		return dir
	}
	return filepath.Join(parent, below)
}

// guard compares the manifests of one environment with those that git has of
// dir. It returns a line for each change that a cluster refuses or that loses
// data and is not accepted, and a warning for what is accepted and does not
// happen.
func (b base) guard(dir string, files map[string][]byte,
	accepted []upgrade.Accepted,
) (problems []error, warnings []string) {
	if b.err != nil {
		return nil, []string{fmt.Sprintf("upgrade: nothing was compared: git cannot read %s: %s", b.root, gitReason(b.err))}
	}
	var changes []upgrade.Change
	if len(b.blobs[dir]) > 0 && !b.same(dir, files) {
		before, err := b.objects(dir)
		if err != nil {
			return nil, []string{fmt.Sprintf("upgrade: the manifests of %s cannot be compared: %v", head, err)}
		}
		after, err := parseAll(files)
		if err != nil {
			return nil, nil // Reported by the checks.
		}
		changes = upgrade.Compare(before, after)
	}
	used := make([]bool, len(accepted))
	for _, change := range changes {
		wanted := false
		for i, a := range accepted {
			if a.Accepts(change) {
				wanted, used[i] = true, true
			}
		}
		if !wanted {
			problems = append(problems, fmt.Errorf("upgrade: %w; where it is wanted, say so in Environment.Accept", change))
		}
	}
	for i, a := range accepted {
		if !used[i] {
			warnings = append(warnings, fmt.Sprintf(
				"upgrade: Environment.Accept: there is no change %s of %s against %s: remove the entry", a.Rule, a.Object, head))
		}
	}
	return problems, warnings
}

// objects reads the manifests of dir, as the types that the guard compares.
func (b base) objects(dir string) ([]manifest.Object, error) {
	files, err := b.files(dir)
	if err != nil {
		return nil, err
	}
	return parseAll(files)
}

func parseAll(files map[string][]byte) ([]manifest.Object, error) {
	var objects []manifest.Object
	for _, name := range slices.Sorted(maps.Keys(files)) {
		found, err := manifest.Parse(name, files[name])
		if err != nil {
			return nil, err
		}
		objects = append(objects, found...)
	}
	return objects, nil
}
