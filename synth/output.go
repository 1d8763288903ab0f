package synth

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// suffix ends the name of every file that cdk8s writes.
const suffix = ".k8s.yaml"

// output is a directory and the manifests that it is to hold.
type output struct {
	dir   string
	files map[string][]byte
}

// replace makes each directory hold exactly its manifests, besides files that
// are not the app's, whose paths it returns. root holds the marker.
//
// All files that change are first written beside the old ones; what can fail
// fails there, and leaves nothing behind. They are then moved into place one by
// one, and what is no longer rendered is removed at the very end. When one of
// these steps fails, those before it are undone.
//
// A program that is killed in between leaves new files beside old ones. Each of
// them is whole, and none is missing: no file goes before all new ones are
// there. The marker, which is moved first, names both, and the next run that
// succeeds brings the directory in order and removes what was staged. That the
// disk keeps the files when the machine itself dies is not guaranteed.
//
// A directory that exists is kept rather than exchanged, so that mount points
// and links to it, and a user's own files in it, survive. A file that does not
// change is not written.
//
// The directories of environments that the app no longer has are left, unless
// clean is set.
func replace(root string, outputs []output, app string, clean bool) (l left, err error) {
	p, err := newPlan(root, outputs, app, clean)
	if err != nil {
		return l, err
	}
	var created []string
	defer func() {
		for _, c := range p.changes {
			if c.staged != "" {
				_ = os.Remove(c.staged)
			}
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
			return l, err
		}
	}
	if err := p.stage(); err != nil {
		return l, err
	}
	if err := applyAll(p.changes); err != nil {
		return l, err
	}
	for _, dir := range p.emptied {
		_ = os.Remove(dir) // It stays if it holds anything else.
	}
	return p.left, nil
}

// left is what a run leaves in the output directory besides its own files.
type left struct {
	// foreign are manifests that the app has not written.
	foreign []string
	// gone are the directories of environments that the app no longer has.
	gone []string
}

// plan is what a run does to the output directory.
type plan struct {
	// changes are in the order in which they are made.
	changes []change
	// emptied are directories that hold no manifest any more.
	emptied []string
	left
}

// newPlan compares what is there with what is to be there. It changes nothing
// but removes what killed runs have staged.
func newPlan(root string, outputs []output, app string, clean bool) (*plan, error) {
	before, err := readMarker(root)
	if err != nil {
		return nil, err
	}
	p := &plan{}
	after := record{app: app}
	if app == "" {
		after.app = before.app
	}
	var gone []change
	for _, out := range outputs {
		for _, name := range slices.Sorted(maps.Keys(out.files)) {
			path := filepath.Join(out.dir, name)
			after.files = append(after.files, relative(root, path))
			old, err := readOld(path)
			if err != nil {
				return nil, err
			}
			if old == nil || !bytes.Equal(old, out.files[name]) {
				p.changes = append(p.changes, change{path: path, content: out.files[name], old: old})
			}
		}
		stale, overlaps, err := leftovers(out)
		if err != nil {
			return nil, err
		}
		mine, others := before.divide(root, stale, app, overlaps)
		if others != nil {
			return nil, refusal(others, before.app)
		}
		for _, path := range stale {
			if !slices.Contains(mine, path) {
				p.foreign = append(p.foreign, path)
				continue
			}
			old, err := readOld(path)
			if err != nil {
				return nil, err
			}
			gone = append(gone, change{path: path, old: old})
		}
	}
	if app != "" && !before.ownedBy(app) {
		if others := existingFiles(root, before.gone(root, outputs)); len(others) > 0 {
			return nil, refusal(others, before.app)
		}
	}
	removed, err := p.environments(root, outputs, before, &after, clean && before.ownedBy(app))
	if err != nil {
		return nil, err
	}
	p.addMarkers(root, after, append(gone, removed...))
	return p, nil
}

// existingFiles returns the paths of those files that exist, by directory.
func existingFiles(root string, byDirectory map[string][]string) []string {
	var found []string
	for _, dir := range slices.Sorted(maps.Keys(byDirectory)) {
		for _, file := range byDirectory[dir] {
			path := filepath.Join(root, filepath.FromSlash(file))
			if _, err := os.Lstat(path); err == nil {
				found = append(found, path)
			}
		}
	}
	return found
}

// environments returns the files of environments that are gone, if they are to be
// removed. Otherwise the marker keeps naming them.
func (p *plan) environments(root string, outputs []output, before record, after *record, clean bool) ([]change, error) {
	left := before.gone(root, outputs)
	var changes []change
	for _, dir := range slices.Sorted(maps.Keys(left)) {
		there := false
		for _, file := range left[dir] {
			path := filepath.Join(root, filepath.FromSlash(file))
			old, err := readOld(path)
			switch {
			case err != nil:
				return nil, err
			case old == nil:
				continue
			case clean:
				changes = append(changes, change{path: path, old: old})
			default:
				after.files = append(after.files, file)
			}
			there = true
		}
		switch path := filepath.Join(root, filepath.FromSlash(dir)); {
		case there && clean:
			p.emptied = append(p.emptied, path)
		case there:
			p.gone = append(p.gone, path)
		}
	}
	return changes, nil
}

// addMarkers puts the marker before the changes, and what goes after them. A
// marker that is written before files go still names those.
func (p *plan) addMarkers(root string, after record, gone []change) {
	path := filepath.Join(root, marker)
	old, _ := readOld(path)
	last := change{path: path, content: after.content(), old: old}
	if len(gone) > 0 {
		both := record{app: after.app, files: slices.Clone(after.files)}
		for _, c := range gone {
			both.files = append(both.files, relative(root, c.path))
		}
		first := change{path: path, content: both.content(), old: old}
		last.old = first.content
		p.changes = append([]change{first}, append(append(p.changes, gone...), last)...)
		return
	}
	if !bytes.Equal(old, last.content) {
		p.changes = append([]change{last}, p.changes...)
	}
}

// divide splits the stale files of a directory into those that this app may
// remove and those of another app, for which the run must stop. What no app is
// known to have written is in neither, and stays.
//
// An app's own files are those that its marker names. Where there is no marker,
// as in what earlier versions wrote, or an app's name is not known, a directory
// is taken for the app's own if overlaps: it holds a file of a name that this
// run writes, too.
func (r record) divide(root string, stale []string, app string, overlaps bool) (mine, others []string) {
	named := r.app != "" && app != ""
	own := named && r.app == app || !named && overlaps
	for _, path := range stale {
		switch {
		case r.found && !slices.Contains(r.files, relative(root, path)):
		case own:
			mine = append(mine, path)
		default:
			others = append(others, path)
		}
	}
	return mine, others
}

// refused is the error for a run that would remove files of another app.
type refused string

// Error implements error.
func (r refused) Error() string { return string(r) }

func refusal(paths []string, owner string) error {
	more, belongs, them := "", "is not known to be this app's", "it"
	if len(paths) > 1 {
		more, them = fmt.Sprintf(" and %d more", len(paths)-1), "them"
	}
	if owner != "" {
		belongs = "belongs to another app, " + owner
	}
	return refused(fmt.Sprintf("output: %q%s: %s, and would be removed: "+
		"set CDK8S_OUTDIR to a directory of this app's own, or remove %s first", paths[0], more, belongs, them))
}

// leftovers returns the manifests in the directory that this run does not
// write, and whether it holds some that it does. It removes what killed runs
// have staged.
func leftovers(out output) (stale []string, overlaps bool, err error) {
	entries, err := os.ReadDir(out.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, false, err
	}
	for _, entry := range entries {
		path := filepath.Join(out.dir, entry.Name())
		if abandoned(entry.Name()) {
			_ = os.Remove(path)
		}
		if entry.IsDir() || !strings.HasSuffix(entry.Name(), suffix) {
			continue
		}
		if _, ok := out.files[entry.Name()]; ok {
			overlaps = true
		} else {
			stale = append(stale, path)
		}
	}
	return stale, overlaps, nil
}

// stagedName is the name of a staged file: it tells the process that wrote it.
var stagedName = regexp.MustCompile(`^\.synth-(\d+)-\d+\.tmp$`)

// abandoned reports whether name is that of a file which was staged by a
// process that is not there any more.
func abandoned(name string) bool {
	match := stagedName.FindStringSubmatch(name)
	if match == nil {
		return false
	}
	pid, err := strconv.Atoi(match[1])
	if err != nil || pid == os.Getpid() {
		return true
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return true
	}
	err = process.Signal(syscall.Signal(0))
	return err != nil && !errors.Is(err, os.ErrPermission)
}

// relative is the path of a file as the marker has it.
func relative(root, path string) string {
	below, err := filepath.Rel(root, path)
	if err != nil {
		return filepath.ToSlash(path)
	}
	return filepath.ToSlash(below)
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
	// content is the new content; nil: the file goes.
	content []byte
	// old is the content before; nil: there was no file.
	old []byte
	// staged is the file that holds the new content, once there is one.
	staged string
}

// readOld returns the content of a file, nil where there is none.
func readOld(path string) ([]byte, error) {
	old, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && old == nil {
		old = []byte{}
	}
	return old, err
}

// stage writes the new contents beside the files that they are for.
func (p *plan) stage() error {
	for i := range p.changes {
		c := &p.changes[i]
		if c.content == nil {
			continue
		}
		c.staged = filepath.Join(filepath.Dir(c.path), fmt.Sprintf(".synth-%d-%d.tmp", os.Getpid(), i))
		if err := os.WriteFile(c.staged, c.content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// applyAll applies changes, or none of them.
func applyAll(changes []change) error {
	for i, c := range changes {
		if err := c.apply(); err != nil {
			for _, done := range slices.Backward(changes[:i]) {
				err = errors.Join(err, done.undo())
			}
			return err
		}
	}
	return nil
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

// checkDir checks the path of an output directory.
func checkDir(dir string) error {
	rule := ""
	switch {
	case strings.ContainsFunc(dir, func(r rune) bool { return r < ' ' || r == 0x7f }):
		rule = "must not hold line breaks or other control characters"
	case strings.TrimSpace(dir) == "":
		rule = "must name a directory"
	case strings.TrimSpace(dir) != dir:
		rule = "must not begin or end with a blank"
	case strings.HasPrefix(dir, "~"):
		rule = "must not begin with ~, which nobody but a shell replaces: write the whole path, or ./~ for that name"
	default:
		return nil
	}
	return fmt.Errorf("output: %q: %s", dir, rule)
}

// checkLink refuses a link that leads nowhere.
func checkLink(dir string) error {
	target, err := os.Readlink(dir)
	if err != nil {
		return nil // It is none.
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("output: %q: is a link to %q, which does not exist: make that directory, or remove the link",
			dir, target)
	}
	return nil
}
