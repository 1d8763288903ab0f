// Command kubescore fails on every kube-score finding that no ignore covers,
// and on every ignore that covers no finding.
//
//	go run ./kubescore -kube-score PATH -kubernetes 1.37 -ignores FILE DIR...
//
// kube-score itself can be told to leave a test out, but not why, not for one
// object only, and not to say when the reason is gone. Its kube-score/ignore
// annotations are disabled here for the same cause: the ignore file is the one
// place to look.
//
// A line of the ignore file is a test id, then optionally the one object meant,
// then the reason:
//
//	deployment-replicas Deployment/postgres # one writer per volume
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Grades of kube-score, which counts upwards: everything above a warning
// passes.
const (
	gradeCritical = 1
	gradeWarning  = 5
)

func main() {
	var s scorer
	flag.StringVar(&s.command, "kube-score", "kube-score", "kube-score executable")
	flag.StringVar(&s.kubernetes, "kubernetes", "", "Kubernetes version to judge deprecations by, as in 1.37")
	ignoreFile := flag.String("ignores", "", "file of ignores")
	flag.Parse()
	if flag.NArg() == 0 || s.kubernetes == "" || *ignoreFile == "" {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(s, *ignoreFile, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "kubescore:", err)
		os.Exit(1)
	}
}

func run(s scorer, ignoreFile string, dirs []string) error {
	ignores, err := readIgnores(ignoreFile)
	if err != nil {
		return err
	}
	groups, err := manifests(dirs)
	if err != nil {
		return err
	}
	var objects []object
	for _, files := range groups {
		scored, err := s.score(files)
		if err != nil {
			return err
		}
		objects = append(objects, scored...)
	}

	open, stale := judge(objects, ignores)
	for _, f := range open {
		fmt.Println(f)
	}
	for _, i := range stale {
		fmt.Printf("STALE    %s:%d: %s: silences nothing; remove the line\n", ignoreFile, i.line, i)
	}
	fmt.Printf("kube-score: %d objects, %d findings, %d ignores of which %d stale\n",
		len(objects), len(open), len(ignores), len(stale))
	if len(open)+len(stale) > 0 {
		return errors.New("not clean")
	}
	return nil
}

// manifests returns the YAML files below some directories, one group for each
// directory that has any. Groups are scored apart, because kube-score looks
// across files: the Service of one environment must not count for the pods of
// another.
func manifests(dirs []string) ([][]string, error) {
	groups := map[string][]string{}
	for _, dir := range dirs {
		found := false
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			if ext := filepath.Ext(path); ext == ".yaml" || ext == ".yml" {
				found = true
				parent := filepath.Dir(path)
				if !slices.Contains(groups[parent], path) {
					groups[parent] = append(groups[parent], path)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, fmt.Errorf("%s: has no .yaml or .yml files", dir)
		}
	}
	var sorted [][]string
	for _, dir := range slices.Sorted(maps.Keys(groups)) {
		sorted = append(sorted, groups[dir])
	}
	return sorted, nil
}

// scorer runs kube-score.
type scorer struct {
	command    string
	kubernetes string
}

// object is what kube-score says about one object.
type object struct {
	Type struct {
		Kind string `json:"kind"`
	} `json:"type_meta"`
	Meta struct {
		Name string `json:"name"`
	} `json:"object_meta"`
	File   string  `json:"file_name"`
	Line   int     `json:"file_row"`
	Checks []check `json:"checks"`
}

// String names the object as the ignore file does.
func (o object) String() string { return o.Type.Kind + "/" + o.Meta.Name }

// check is the outcome of one test on one object.
type check struct {
	Check struct {
		ID string `json:"id"`
	} `json:"check"`
	Grade    int       `json:"grade"`
	Skipped  bool      `json:"skipped"`
	Comments []comment `json:"comments"`
}

type comment struct {
	Path    string `json:"path"`
	Summary string `json:"summary"`
}

// score returns what kube-score says about all objects in some files, in the
// order of the files.
func (s scorer) score(files []string) ([]object, error) {
	args := append([]string{
		"score", "--output-format", "json", "--disable-ignore-checks-annotations",
		"--kubernetes-version", "v" + s.kubernetes,
	}, files...)
	cmd := exec.Command(s.command, args...)
	cmd.Stderr = os.Stderr
	out, runErr := cmd.Output()
	// It exits 1 on a finding as well as on a failure; only the former comes
	// with a report.
	var objects []object
	if err := json.Unmarshal(out, &objects); err != nil {
		return nil, fmt.Errorf("kube-score: no report: %w", errors.Join(runErr, err))
	}
	// Its own order changes from run to run.
	slices.SortFunc(objects, func(a, b object) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.String(), b.String()))
	})
	for _, o := range objects {
		slices.SortFunc(o.Checks, func(a, b check) int { return cmp.Compare(a.Check.ID, b.Check.ID) })
	}
	return objects, nil
}

// finding is a failed check.
type finding struct {
	object object
	check  check
}

// String has one line for each thing that is wrong.
func (f finding) String() string {
	grade := "WARNING "
	if f.check.Grade <= gradeCritical {
		grade = "CRITICAL"
	}
	head := fmt.Sprintf("%s %s:%d: %s: %s", grade, local(f.object.File), f.object.Line, f.object, f.check.Check.ID)
	if len(f.check.Comments) == 0 {
		return head
	}
	var lines []string
	for _, c := range f.check.Comments {
		line := head + ": "
		if c.Path != "" {
			line += c.Path + ": "
		}
		lines = append(lines, line+c.Summary)
	}
	return strings.Join(lines, "\n")
}

// local shortens a path below the working directory.
func local(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	if relative, err := filepath.Rel(wd, path); err == nil && filepath.IsLocal(relative) {
		return relative
	}
	return path
}

// judge returns the findings that no ignore covers and the ignores that cover
// none. The first ignore that fits a finding takes it, so one that only repeats
// an earlier one comes out as stale.
func judge(objects []object, ignores []ignore) (open []finding, stale []ignore) {
	used := make([]bool, len(ignores))
	for _, o := range objects {
		for _, c := range o.Checks {
			if c.Skipped || c.Grade > gradeWarning {
				continue
			}
			i := slices.IndexFunc(ignores, func(i ignore) bool { return i.covers(o, c) })
			if i < 0 {
				open = append(open, finding{o, c})
				continue
			}
			used[i] = true
		}
	}
	for i, ignore := range ignores {
		if !used[i] {
			stale = append(stale, ignore)
		}
	}
	return open, stale
}

// ignore is one line of the ignore file.
type ignore struct {
	line   int
	test   string
	object string // Kind/name, empty for all objects.
}

func (i ignore) covers(o object, c check) bool {
	return i.test == c.Check.ID && (i.object == "" || i.object == o.String())
}

// String is the line without its reason.
func (i ignore) String() string { return strings.TrimSpace(i.test + " " + i.object) }

func readIgnores(path string) ([]ignore, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	ignores, err := parseIgnores(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ignores, nil
}

// parseIgnores reads the lines of an ignore file and reports all that are
// wrong.
func parseIgnores(r io.Reader) ([]ignore, error) {
	var ignores []ignore
	var problems []error
	lines := bufio.NewScanner(r)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		what, reason, _ := strings.Cut(line, " # ")
		fields := strings.Fields(what)
		switch {
		case strings.TrimSpace(reason) == "":
			problems = append(problems, fmt.Errorf(
				"line %d: %q: a reason must follow the test id after \" # \"", number, line))
		case len(fields) > 2 || len(fields) == 2 && !strings.Contains(fields[1], "/"):
			problems = append(problems, fmt.Errorf(
				"line %d: %q: only Kind/name may stand between the test id and the reason", number, line))
		case len(fields) == 2:
			ignores = append(ignores, ignore{number, fields[0], fields[1]})
		default:
			ignores = append(ignores, ignore{number, fields[0], ""})
		}
	}
	return ignores, errors.Join(append(problems, lines.Err())...)
}
