//go:build linux

package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCrossingsAreCounted(t *testing.T) {
	said := `> {"api":"load","name":"cdk8s"}
[@jsii/kernel] load {
  api: 'load',
}
< {"ok":{"assembly":"cdk8s","types":37}}
> {"api":"invoke","method":"toJson"}
< {"callback":{"cookie":"Validate"}}
> {"complete":{"cbid":"jsii::callback::20000","result":[]}}
< {"ok":{}}`
	got, err := countCrossings(strings.NewReader(said))
	if want := (crossings{Requests: 2, Callbacks: 1}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

func TestObjectsAreComparedFieldByField(t *testing.T) {
	want, got := objects{}, objects{}
	for o, manifests := range map[*objects]string{
		&want: "kind: A\nmetadata: {name: a}\nspec: {n: 1, l: [1, 2], only: here}\n---\nkind: B\nmetadata: {name: b}\n",
		&got:  "---\nkind: A\nmetadata: {name: a}\nspec: {l: [1, 3], n: 1}\n---\nkind: C\nmetadata: {name: c}\n",
	} {
		if err := o.add(manifests); err != nil {
			t.Fatal(err)
		}
	}
	found := differences("", want, got)
	if lines := []string{
		`/A  a/spec/l[1]: "3" instead of "2"`,
		"/A  a/spec/only: is missing",
		"/B  b: is missing",
		"/C  c: is there, and should not be",
	}; !slices.Equal(found, lines) {
		t.Errorf("%q, want %q", found, lines)
	}
	if same := differences("", want, want); same != nil {
		t.Errorf("%q of the same objects", same)
	}
}

func TestOnlyTheDigestOfAJobOfAnotherNamespaceIsLeftOut(t *testing.T) {
	o := objects{}
	if err := o.add("kind: Job\nmetadata: {name: a-0123abcd, namespace: django-app}\n" +
		"---\nkind: Job\nmetadata: {name: a-0123abcd, namespace: django-app-1}\n"); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"Job django-app a-0123abcd", "Job django-app-1 a"} {
		if o[key] == nil {
			t.Errorf("%q is missing in %v", key, o)
		}
	}
}

// script runs text with a shell for at most a second.
func script(t *testing.T, text string) (sample, error) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	return command{args: []string{"sh", "-c", text}}.run(t.Context(), time.Second, log)
}

func TestACommandIsMeasuredWithItsChildren(t *testing.T) {
	const busy = `i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done`
	s, err := script(t, "("+busy+"; true) & wait; sleep 0.1")
	if err != nil || s.CPU < 10*time.Millisecond || s.Wall < 100*time.Millisecond || s.Memory == 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestACommandIsEndedAtTheLimit(t *testing.T) {
	if s, err := script(t, "sleep 60 & wait"); !errors.Is(err, errLimit) || s.Wall > 10*time.Second {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestAFailureTellsWhatTheCommandSaid(t *testing.T) {
	if _, err := script(t, "echo no such thing >&2; exit 3"); err == nil || !strings.Contains(err.Error(), "no such thing") {
		t.Errorf("%v", err)
	}
}

func TestTheCellsOfATable(t *testing.T) {
	own := &cell{program: ours, samples: []sample{{Wall: time.Second}, {Wall: 3 * time.Second}, {Wall: 2 * time.Second}}}
	peer := &cell{program: naive, samples: []sample{{Wall: 2 * time.Second}, {Wall: 3 * time.Second}, {Wall: 8 * time.Second}}}
	r := row{cells: []*cell{own, peer, {program: typeScript, slow: true}, {program: helm, failed: true}}}
	for program, want := range map[string]string{
		ours: "2.00 s", naive: "3.00 s (× 0.50)", typeScript: "> 180 s", helm: "failed", kustomize: "–",
	} {
		if got := tables[0].cell(r, program, DefaultLimit); got != want {
			t.Errorf("%s: %q, want %q", program, got, want)
		}
	}
}

func TestOnlyTheGeneratedPartIsReplaced(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(file, []byte("before\n"+begin+"old\n"+end+"after\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := replaceGenerated(file, "new\n"); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(file); string(got) != "before\n"+begin+"new\n"+end+"after\n" {
		t.Errorf("%s", got)
	}
	if err := replaceGenerated("../../README.md", "new\n"); err == nil {
		t.Error("a page without the two lines is replaced")
	}
}

func TestThePageHasAPlaceForTheTables(t *testing.T) {
	content, err := os.ReadFile("../../" + page)
	if err != nil || !strings.Contains(string(content), begin) || !strings.Contains(string(content), end) {
		t.Errorf("%s: %v", page, err)
	}
}
