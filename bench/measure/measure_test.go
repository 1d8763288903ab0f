//go:build linux

package main

import (
	"errors"
	"fmt"
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
  app.kubernetes.io/nam> {"api":"invoke","method":"toJson"}
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

func TestARoleOfAnotherNamespaceNamesJobsWithoutTheirDigest(t *testing.T) {
	const role = "kind: Role\nmetadata: {name: a, namespace: %s}\nrules:\n" +
		"- {resources: [secrets], resourceNames: [s-0123abcd]}\n" +
		"- {resources: [jobs], resourceNames: [%s]}\n- {resources: [jobs]}\n"
	for namespace, job := range map[string]string{"django-app": "j-0123abcd", "django-app-1": "j"} {
		got, want := objects{}, objects{}
		if err := got.add(fmt.Sprintf(role, namespace, "j-0123abcd")); err != nil {
			t.Fatal(err)
		}
		key := "Role " + namespace + " a"
		want[key] = map[string]any{
			"kind":     "Role",
			"metadata": map[string]any{"name": "a", "namespace": namespace},
			"rules": []any{
				map[string]any{"resources": []any{"secrets"}, "resourceNames": []any{"s-0123abcd"}},
				map[string]any{"resources": []any{"jobs"}, "resourceNames": []any{job}},
				map[string]any{"resources": []any{"jobs"}},
			},
		}
		if found := differences("", want, got); found != nil {
			t.Errorf("%s: %q", namespace, found)
		}
	}
}

// script runs text with a shell.
func script(t *testing.T, limit time.Duration, text string) (sample, error) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	return command{args: []string{"sh", "-c", text}}.run(t.Context(), limit, log)
}

func TestACommandIsMeasuredWithItsChildren(t *testing.T) {
	const busy = `i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done`
	// It lives for a second, so that a busy machine finds the time to look at
	// its memory, and may take a minute.
	s, err := script(t, time.Minute, "("+busy+"; true) & wait; sleep 1")
	if err != nil || s.CPU < 10*time.Millisecond || s.Wall < time.Second || s.Memory == 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestACommandIsEndedAtTheLimit(t *testing.T) {
	if s, err := script(t, time.Second, "sleep 60 & wait"); !errors.Is(err, errLimit) || s.Wall > 10*time.Second {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestAFailureTellsWhatTheCommandSaid(t *testing.T) {
	if _, err := script(t, time.Minute, "echo no such thing >&2; exit 3"); err == nil || !strings.Contains(err.Error(), "no such thing") {
		t.Errorf("%v", err)
	}
}

func TestTheCellsOfATable(t *testing.T) {
	own := &cell{program: ours, samples: []sample{{Wall: time.Second}, {Wall: 3 * time.Second}, {Wall: 2 * time.Second}}}
	peer := &cell{program: naive, samples: []sample{{Wall: 2 * time.Second}, {Wall: 3 * time.Second}, {Wall: 8 * time.Second}}}
	r := row{
		limit: DefaultLimit,
		cells: []*cell{own, peer, {program: typeScript, slow: true}, {program: helm, failed: true}},
	}
	for program, want := range map[string]string{
		ours: "2.00 s", naive: "3.00 s (× 0.50)", typeScript: "ended at 180 s", helm: "failed", kustomize: "–",
	} {
		if got := tables[0].cell(r, program); got != want {
			t.Errorf("%s: %q, want %q", program, got, want)
		}
	}
}

func TestThePageTellsWhatItMeasured(t *testing.T) {
	samples := func(s sample) []*cell { return []*cell{{program: ours, samples: []sample{s}}} }
	text := report{
		rows: []row{
			{name: "10 Apps", series: manyApps, stacks: 10, cells: samples(sample{time.Second, time.Second, 1 << 20})},
			{name: "40 Apps", series: manyApps, stacks: 40, cells: samples(sample{4 * time.Second, 2 * time.Second, 1 << 20})},
		},
		crossings: []namedCrossings{{"10 Apps", ours, crossings{Requests: 5, Callbacks: 2}}},
	}.text()
	for _, line := range []string{
		"### CPU time\n",
		"| 40 Apps | 4.00 s | – | – | – | – |\n",
		"40 stacks against 10: how many times as much; 4 is in proportion.\n",
		"| this library | × 4.0 | × 2.0 | × 1.0 |\n",
		"| TypeScript | – | – | – |\n",
		"| 10 Apps | this library | 5 | 2 | 7 |\n",
	} {
		if !strings.Contains(text, "\n"+line) {
			t.Errorf("%q is missing in\n%s", line, text)
		}
	}
	if strings.Contains(text, "Growth: "+oneApp) {
		t.Errorf("a series of no rows grows:\n%s", text)
	}
	if text := (report{crossings: []namedCrossings{{}}}).text(); strings.Contains(text, "CPU") {
		t.Errorf("there are tables of no rows:\n%s", text)
	}
}

func TestAnotherNodeRunsWhatItIsSaidTo(t *testing.T) {
	b := &bench{root: "/r"}
	for program, want := range map[string]string{"node": b.node24() + "/node", "app": "app"} {
		before := command{args: []string{program, "main.js"}}
		c := b.onNode24(before)
		if c.args[0] != want || c.args[1] != "main.js" || before.args[0] != program {
			t.Errorf("%q becomes %q, and was %q", program, c.args, before.args)
		}
		if len(c.env) != 1 || !strings.HasPrefix(c.env[0], "PATH="+b.node24()+":") {
			t.Errorf("%q", c.env)
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
