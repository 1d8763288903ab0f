package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// report is what kube-score prints for a Deployment with a critical finding, a
// warning, a pass and a skipped test, and a Job with the same critical finding.
const report = `[
  {
    "type_meta": {"kind": "Job"}, "object_meta": {"name": "migrate"}, "file_name": "/b.yaml", "file_row": 1,
    "checks": [{"check": {"id": "container-resources"}, "grade": 1, "comments": [{"path": "web", "summary": "No limit"}]}]
  },
  {
    "type_meta": {"kind": "Deployment"}, "object_meta": {"name": "django"}, "file_name": "/a.yaml", "file_row": 7,
    "checks": [
      {"check": {"id": "deployment-replicas"}, "grade": 5, "comments": []},
      {"check": {"id": "container-resources"}, "grade": 1, "comments": [
        {"path": "web", "summary": "No CPU limit"},
        {"path": "web", "summary": "No memory limit"}
      ]},
      {"check": {"id": "label-values"}, "grade": 10, "comments": []},
      {"check": {"id": "container-seccomp-profile"}, "grade": 1, "skipped": true, "comments": [{"summary": "Skipped"}]}
    ]
  }
]`

// kubeScore returns a scorer whose kube-score prints something and exits with a
// status, as the real one does on findings.
func kubeScore(t *testing.T, stdout, status string) scorer {
	t.Helper()
	script := filepath.Join(t.TempDir(), "kube-score")
	content := "#!/bin/sh\ncat <<'END'\n" + stdout + "\nEND\nexit " + status + "\n"
	if err := os.WriteFile(script, []byte(content), 0o700); err != nil {
		t.Fatal(err)
	}
	return scorer{command: script, kubernetes: "1.37"}
}

func TestJudge(t *testing.T) {
	const (
		django   = "CRITICAL /a.yaml:7: Deployment/django: container-resources: web: No CPU limit"
		memory   = "CRITICAL /a.yaml:7: Deployment/django: container-resources: web: No memory limit"
		replicas = "WARNING  /a.yaml:7: Deployment/django: deployment-replicas"
		migrate  = "CRITICAL /b.yaml:1: Job/migrate: container-resources: web: No limit"
	)
	for name, test := range map[string]struct {
		ignores string
		open    []string
		stale   []string
	}{
		"nothing ignored":           {"", []string{django, memory, replicas, migrate}, nil},
		"one test on all objects":   {"container-resources # x", []string{replicas}, nil},
		"one test on one object":    {"container-resources Job/migrate # x", []string{django, memory, replicas}, nil},
		"all":                       {"container-resources # x\ndeployment-replicas # y", nil, nil},
		"a test that passes":        {"label-values # x", []string{django, memory, replicas, migrate}, []string{"label-values"}},
		"a test that was skipped":   {"container-seccomp-profile # x", []string{django, memory, replicas, migrate}, []string{"container-seccomp-profile"}},
		"a test that is unknown":    {"no-such-test # x", []string{django, memory, replicas, migrate}, []string{"no-such-test"}},
		"an object that is unknown": {"deployment-replicas Deployment/x # x", []string{django, memory, replicas, migrate}, []string{"deployment-replicas Deployment/x"}},
		"the same twice":            {"container-resources # x\ncontainer-resources Job/migrate # y", []string{replicas}, []string{"container-resources Job/migrate"}},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := kubeScore(t, report, "1").score([]string{"a.yaml", "b.yaml"})
			if err != nil {
				t.Fatal(err)
			}
			ignores, err := parseIgnores(strings.NewReader(test.ignores))
			if err != nil {
				t.Fatal(err)
			}
			open, stale := judge(objects, ignores)
			if got := printed(open); !slices.Equal(got, test.open) {
				t.Errorf("open: got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.open, "\n"))
			}
			if got := printed(stale); !slices.Equal(got, test.stale) {
				t.Errorf("stale: got %q, want %q", got, test.stale)
			}
		})
	}
}

// printed returns the lines that items print as.
func printed[T interface{ String() string }](items []T) []string {
	var lines []string
	for _, item := range items {
		lines = append(lines, strings.Split(item.String(), "\n")...)
	}
	return lines
}

func TestScoreFailsWithoutAReport(t *testing.T) {
	for name, stdout := range map[string]string{"nothing": "", "prose": "Failed to score files"} {
		t.Run(name, func(t *testing.T) {
			if _, err := kubeScore(t, stdout, "1").score([]string{"a.yaml"}); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestParseIgnoresReadsTestObjectAndLine(t *testing.T) {
	got, err := parseIgnores(strings.NewReader("# A header # with a mark.\n\na # why\n\tb  Kind/name  # why # and more\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []ignore{{3, "a", ""}, {4, "b", "Kind/name"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestParseIgnoresReportsEveryBadLine(t *testing.T) {
	for _, line := range []string{"a", "a #", "a # ", "a#why", "a #why", "a b # why", "a b/c d # why"} {
		_, err := parseIgnores(strings.NewReader("ok # why\n" + line + "\n" + line + "\n"))
		if err == nil {
			t.Errorf("%q: accepted", line)
			continue
		}
		for _, want := range []string{"line 2: ", "line 3: "} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: got %v, want it to mention %q", line, err, want)
			}
		}
	}
}

func TestManifestsAreGroupedByDirectory(t *testing.T) {
	root := t.TempDir()
	for _, file := range []string{"prod/a.yaml", "prod/b.yml", "prod/notes.txt", "test/a.yaml", "empty/notes.txt"} {
		path := filepath.Join(root, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}

	got, err := manifests([]string{root, filepath.Join(root, "test")})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{filepath.Join(root, "prod", "a.yaml"), filepath.Join(root, "prod", "b.yml")},
		{filepath.Join(root, "test", "a.yaml")},
	}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %v, want %v", got, want)
	}

	for _, dir := range []string{"empty", "missing"} {
		if _, err := manifests([]string{root, filepath.Join(root, dir)}); err == nil {
			t.Errorf("%s: accepted", dir)
		}
	}
}
