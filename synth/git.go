package synth

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// asked are the directories that git is being asked about, each with the answer.
var asked struct {
	sync.Mutex
	answers map[string]func() bool
}

// askGit asks git about dirs, all at once and in the background, so that
// [tracked] has the answers. They are forgotten when forget is called.
func askGit(dirs []string) (forget func()) {
	asked.Lock()
	defer asked.Unlock()
	if asked.answers == nil {
		asked.answers = map[string]func() bool{}
	}
	answers := sync.OnceValue(func() []bool { return trackedOf(dirs) })
	for i, dir := range dirs {
		asked.answers[dir] = func() bool { return answers()[i] }
	}
	go answers()
	return func() {
		asked.Lock()
		defer asked.Unlock()
		for _, dir := range dirs {
			delete(asked.answers, dir)
		}
	}
}

// tracked reports whether git would commit a manifest written to dir: it lies
// in a work tree and is not ignored, or git has manifests of it already. Where
// git cannot be asked, a work tree counts as one that tracks.
func tracked(dir string) bool {
	asked.Lock()
	answer, ok := asked.answers[dir]
	asked.Unlock()
	if ok {
		return answer()
	}
	return trackedOf([]string{dir})[0]
}

// trackedOf is [tracked] for several directories. It runs git once for every
// work tree, and once more where something is ignored.
func trackedOf(dirs []string) []bool {
	answers := make([]bool, len(dirs))
	trees := map[string][]int{}
	paths := make([]string, len(dirs))
	for i, dir := range dirs {
		parent, below, err := existing(dir)
		if err != nil {
			answers[i] = true
			continue
		}
		if root := workTree(parent); root != "" {
			paths[i] = filepath.Join(parent, below)
			trees[root] = append(trees[root], i)
		}
	}
	for root, members := range trees {
		var inside []string
		for _, i := range members {
			inside = append(inside, paths[i])
		}
		ignored := ignoredOf(root, inside)
		for _, i := range members {
			answers[i] = !slices.Contains(ignored, paths[i])
		}
		if len(ignored) == 0 {
			continue
		}
		committed, err := committedOf(root, ignored)
		for _, i := range members {
			answers[i] = answers[i] || err != nil || slices.Contains(committed, paths[i])
		}
	}
	return answers
}

// ignoredOf returns those of dirs whose manifests git ignores.
func ignoredOf(root string, dirs []string) []string {
	const example = "x" + suffix
	command := exec.Command("git", "-C", root, "check-ignore", "--stdin", "-z")
	var questions strings.Builder
	for _, dir := range dirs {
		questions.WriteString(filepath.Join(dir, example) + "\x00")
	}
	command.Stdin = strings.NewReader(questions.String())
	// git also exits with 1 when none is ignored.
	answer, _ := command.Output()
	var ignored []string
	for path := range strings.SplitSeq(string(answer), "\x00") {
		if path != "" {
			ignored = append(ignored, filepath.Dir(path))
		}
	}
	return ignored
}

// committedOf returns those of dirs that hold manifests which git has.
func committedOf(root string, dirs []string) ([]string, error) {
	args := []string{"-C", root, "ls-files", "-z", "--"}
	for _, dir := range dirs {
		args = append(args, ":(literal)"+dir)
	}
	answer, err := exec.Command("git", args...).Output()
	if err != nil {
		return nil, err
	}
	var committed []string
	for path := range strings.SplitSeq(string(answer), "\x00") {
		if strings.HasSuffix(path, suffix) {
			committed = append(committed, filepath.Join(root, filepath.Dir(path)))
		}
	}
	return committed, nil
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

// inRepository returns the path of dir from the root of the work tree that it lies
// in, with slashes, or nothing where it lies in none.
func inRepository(dir string) string {
	parent, below, err := existing(dir)
	if err != nil {
		return ""
	}
	root := workTree(parent)
	if root == "" {
		return ""
	}
	path, err := filepath.Rel(root, filepath.Join(parent, below))
	if err != nil {
		return ""
	}
	return filepath.ToSlash(path)
}

// workTree returns the root of the work tree that dir lies in, or nothing.
func workTree(dir string) string {
	for {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
		dir = filepath.Dir(dir)
	}
}
