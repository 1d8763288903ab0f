package manifest_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"example.com/django-cdk8s/manifest"
)

// systemFile holds manifests that together break no rule under [systemOptions].
const systemFile = "testdata/system.yaml"

func systemOptions() manifest.Options {
	return manifest.Options{
		External: []manifest.External{
			{Kind: "Secret", Name: "django-env-secret", Namespace: "django-app", Keys: []string{"POSTGRES_PASSWORD", "SECRET_KEY"}},
			{Kind: "Secret", Name: "registry"},
			{Kind: "Secret", Name: "shop-tls", Namespace: "django-app"},
			{Kind: "PersistentVolumeClaim", Name: "backups", Namespace: "django-app"},
			{Kind: "Namespace", Name: "elsewhere"},
			{Kind: "Namespace", Name: "files"},
			{Kind: "Namespace", Name: "free"},
			{Kind: "Namespace", Name: "mail"},
			{Kind: "Namespace", Name: "monitoring"},
		},
		Plain: []manifest.External{
			{Kind: "Secret", Name: "django-env-secret", Namespace: "django-app", Keys: []string{"POSTGRES_DB", "POSTGRES_USER"}},
		},
		Tracked: true,
	}
}

// system is a file of manifests, document by document.
type system []document

type document struct {
	text    string
	objects []manifest.Object
}

const separator = "---\n"

func readSystem(t testing.TB) system { return readFile(t, systemFile) }

func readFile(t testing.TB, name string) system {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var s system
	for text := range strings.SplitSeq(string(content), separator) {
		s = append(s, document{text, parse(t, text)})
	}
	return s
}

func parse(t testing.TB, text string) []manifest.Object {
	t.Helper()
	objects, err := manifest.Parse("system.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func (s system) objects() []manifest.Object {
	var objects []manifest.Object
	for _, d := range s {
		objects = append(objects, d.objects...)
	}
	return objects
}

// edit is one small change to the manifests of [systemFile].
type edit struct {
	// in names the object to change, such as "Deployment django-app/django".
	// Empty: the objects in new are added.
	in string

	// old must be in the object exactly once; new takes its place.
	old, new string
}

// text returns the document that e makes, and its place among those of s.
func (e edit) text(t testing.TB, s system) (i int, text string) {
	t.Helper()
	if e.in == "" {
		return len(s), e.new
	}
	is := func(d document) bool { return len(d.objects) == 1 && d.objects[0].String() == e.in }
	i = slices.IndexFunc(s, is)
	if i < 0 || slices.ContainsFunc(s[i+1:], is) {
		t.Fatalf("the manifests do not hold %s once", e.in)
	}
	if n := strings.Count(s[i].text, e.old); n != 1 {
		t.Fatalf("%s holds %q %d times, want once", e.in, e.old, n)
	}
	return i, strings.Replace(s[i].text, e.old, e.new, 1)
}

func (s system) edit(t testing.TB, edits ...edit) system {
	t.Helper()
	s = slices.Clone(s)
	for _, e := range edits {
		if e == (edit{}) {
			continue
		}
		i, text := e.text(t, s)
		s = slices.Replace(s, i, min(i+1, len(s)), document{text, parse(t, text)})
	}
	return s
}

// problem is what a test expects of a [manifest.Problem]: everything to the
// letter, and of its text a part.
type problem struct{ object, rule, field, value, text string }

// mutation is one mistake and all that [manifest.Check] must say about it.
type mutation struct {
	name string
	edit
	options func(o *manifest.Options)
	want    []problem
}

func (m mutation) check(t *testing.T, s system) []manifest.Problem {
	t.Helper()
	options := systemOptions()
	if m.options != nil {
		m.options(&options)
	}
	return manifest.Check(s.edit(t, m.edit).objects(), options)
}

func expect(t *testing.T, got []manifest.Problem, want []problem) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("missing problem %d: %+v", i, want[i])
		case i >= len(want):
			t.Errorf("unexpected problem %d: %v", i, got[i])
		default:
			g, w := got[i], want[i]
			if g.Object.String() != w.object || g.Rule != w.rule || g.Field != w.field || g.Value != w.value || !strings.Contains(g.Text, w.text) {
				t.Errorf("problem %d:\n got %s %+v\nwant %+v", i, g.Object, problem{g.Object.String(), g.Rule, g.Field, g.Value, g.Text}, w)
			}
		}
	}
}

func TestCheckFindsNothingInGoodManifests(t *testing.T) {
	content, err := os.ReadFile(systemFile)
	if err != nil {
		t.Fatal(err)
	}
	objects := parse(t, string(content))
	if want := strings.Count(string(content), "\nkind: "); len(objects) != want {
		t.Errorf("Parse read %d objects, want %d", len(objects), want)
	}
	expect(t, manifest.Check(objects, systemOptions()), nil)
	if warnings := manifest.Warnings(objects); len(warnings) > 0 {
		t.Errorf("Warnings() = %v", warnings)
	}
}

func TestCheckFindsEveryMistake(t *testing.T) {
	system := readSystem(t)
	for _, m := range mistakes() {
		t.Run(m.name, func(t *testing.T) {
			if len(m.want) == 0 {
				t.Fatal("a mistake expects no problem")
			}
			expect(t, m.check(t, system), m.want)
		})
	}
}

func TestCheckLetsPass(t *testing.T) {
	system := readSystem(t)
	for _, m := range slices.Concat(harmlessEdits(), harmlessReferences(), harmlessScaling(), harmlessPods(), harmlessExposure(), harmlessGitOps()) {
		t.Run(m.name, func(t *testing.T) {
			if len(m.want) > 0 {
				t.Fatal("a harmless edit expects problems")
			}
			expect(t, m.check(t, system), nil)
		})
	}
}

func mistakes() []mutation {
	return slices.Concat(mistakesInNames(), mistakesInObjects(), mistakesInReferences(), mistakesInScaling(), mistakesInPods(), mistakesInExposure(), mistakesInOrder(), mistakesInGitOps(), mistakesWithCredentials())
}

func TestEveryRuleHasAMistakeThatBreaksIt(t *testing.T) {
	broken := map[string]bool{}
	for _, m := range slices.Concat(mistakes(), mistakesInIsolation()) {
		for _, p := range m.want {
			broken[p.rule] = true
		}
	}
	for _, rule := range manifest.Rules() {
		if !broken[rule.Name] {
			t.Errorf("no test breaks rule %s", rule.Name)
		}
		if !strings.HasSuffix(rule.Doc, ".") {
			t.Errorf("rule %s: Doc %q is no sentence", rule.Name, rule.Doc)
		}
		delete(broken, rule.Name)
	}
	for name := range broken {
		t.Errorf("Rules() does not list rule %s, which problems name", name)
	}
}

// TestCheckIsDeterministic guards against ranging over a map.
func TestCheckIsDeterministic(t *testing.T) {
	objects := readSystem(t).edit(
		t,
		edit{"Deployment django-app/django", "- containerPort: 8000\n              name: http", "- containerPort: 8001\n              name: web"},
		edit{"Deployment django-app/postgres", "cpu: 500m\n              memory: 512Mi", "cpu: 2\n              memory: 2Gi"},
		edit{"", "", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: keys, namespace: django-app}\ndata: {A_TOKEN: not-a-secret, B_TOKEN: not-a-secret, C_TOKEN: not-a-secret}\n"},
	).objects()
	first := manifest.Check(objects, systemOptions())
	if len(first) < 8 {
		t.Fatalf("Check() = %v, want 8 problems or more", first)
	}
	for range 50 {
		if again := manifest.Check(objects, systemOptions()); !slices.Equal(again, first) {
			t.Fatalf("Check() = %v, then %v", first, again)
		}
	}
}

func TestProblemIsOneLine(t *testing.T) {
	p := manifest.Problem{
		Object: manifest.Object{Source: "App/Web"}, Rule: "ports", Field: "spec.ports[0].targetPort", Value: "https",
		Text: "is not among the ports of Deployment django-app/django",
	}
	want := `App/Web: spec.ports[0].targetPort: "https": is not among the ports of Deployment django-app/django (ports)`
	if got := p.Error(); got != want {
		t.Errorf("Error() = %s, want %s", got, want)
	}
	if _, ok := errors.AsType[manifest.Problem](error(p)); !ok {
		t.Error("a Problem is no error")
	}
}

func TestParseIdentifiesObjects(t *testing.T) {
	seen := map[string]manifest.Object{}
	for _, o := range readSystem(t).objects() {
		seen[o.String()] = o
	}
	namespace, ok := seen["Namespace django-app"]
	if !ok || namespace.Source != "system.yaml: Namespace django-app" {
		t.Errorf("Namespace = %+v", namespace)
	}
	django := seen["Deployment django-app/django"]
	if _, ok := django.Content.(*appsv1.Deployment); !ok || django.Source != "system.yaml: Deployment django-app/django" {
		t.Errorf("Deployment = %+v", django)
	}
	monitor, ok := seen["ServiceMonitor django-app/django"]
	if !ok || monitor.Content != nil {
		t.Errorf("a custom resource has Content %T, want nil", monitor.Content)
	}
}

func TestParseSkipsWhatHoldsNoObject(t *testing.T) {
	object := "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n"
	for name, text := range map[string]string{
		"nothing":              "",
		"blank lines":          "\n \n",
		"separators":           "---\n---\n---",
		"a comment":            "# Nothing here.\n",
		"a comment above":      "# Written by hand.\n---\n" + object,
		"a comment below":      object + "---\n# The end.\n",
		"an empty document":    "---\n\n---\n" + object + "---\n",
		"a comment on the bar": "--- # first\n" + object,
		"carriage returns":     strings.ReplaceAll("---\n"+object+"---\n", "\n", "\r\n"),
		"null":                 "null\n---\n" + object,
	} {
		t.Run(name, func(t *testing.T) {
			if objects, want := parse(t, text), strings.Count(text, "kind"); len(objects) != want {
				t.Errorf("Parse() = %v, want %d objects", objects, want)
			}
		})
	}
}

func TestParseRefusesWhatTheServerWould(t *testing.T) {
	system := readSystem(t)
	for _, test := range []struct {
		name string
		edit
		want []string
	}{
		{
			"a field that the kind does not have",
			edit{"Deployment django-app/django", "  selector:\n", "  replica: 2\n  selector:\n"},
			[]string{"system.yaml: Deployment django-app/django: ", `unknown field "spec.replica"`},
		},
		{
			"a field in the wrong place",
			edit{"Deployment django-app/postgres", "      containers:\n", "      strategy: {}\n      containers:\n"},
			[]string{`unknown field "spec.template.spec.strategy"`},
		},
		{
			"the same key twice",
			edit{"Service django-app/django", "    app: django", "    app: django\n    app: django"},
			[]string{"Service django-app/django", `"app" already set in map`},
		},
		{
			"a quantity that is none",
			edit{"PersistentVolumeClaim django-app/postgres-pvc", "storage: 5Gi", "storage: 5 GB"},
			[]string{"system.yaml: PersistentVolumeClaim django-app/postgres-pvc: ", "quantities must match"},
		},
		{
			"a number that is none",
			edit{"HorizontalPodAutoscaler django-app/django", "maxReplicas: 5", "maxReplicas: five"},
			[]string{"HorizontalPodAutoscaler django-app/django", "maxReplicas of type int32"},
		},
		{
			"a number where a string belongs",
			edit{"Deployment django-app/django", `value: "8000"`, "value: 8000"},
			[]string{"Deployment django-app/django", "env.value of type string"},
		},
		{
			"the group of another kind",
			edit{"HorizontalPodAutoscaler django-app/django", "apiVersion: autoscaling/v2", "apiVersion: apps/v1"},
			[]string{"HorizontalPodAutoscaler django-app/django", "apps/v1", "Kubernetes has no such kind there"},
		},
		{
			"a version that is gone",
			edit{"Ingress django-app/django", "networking.k8s.io/v1\n", "networking.k8s.io/v1beta1\n"},
			[]string{"Ingress django-app/django", "networking.k8s.io/v1beta1", "Kubernetes has no such kind there"},
		},
		{
			"a group that is gone",
			edit{"Ingress django-app/django", "networking.k8s.io/v1\n", "extensions/v1beta1\n"},
			[]string{"Ingress django-app/django", "extensions/v1beta1", "Kubernetes has no such kind there"},
		},
		{
			"a port of an HTTPRoute that is no number",
			edit{"HTTPRoute django-app/django", "port: 80", "port: http"},
			[]string{"system.yaml: HTTPRoute django-app/django: ", "backendRefs", "port of type int32"},
		},
		{
			"a port of a ServiceMonitor that is no name",
			edit{"ServiceMonitor django-app/django", "port: http", "port: 8000"},
			[]string{"system.yaml: ServiceMonitor django-app/django: ", "endpoints", "port of type string"},
		},
		{
			"a kind that does not exist",
			edit{"Deployment django-app/django", "kind: Deployment", "kind: Deploy"},
			[]string{"Deploy django-app/django", "apps/v1", "Kubernetes has no such kind there"},
		},
		{
			"no name",
			edit{"Service django-app/postgres", "  name: postgres\n  namespace", "  namespace"},
			[]string{"system.yaml: Service django-app/: apiVersion, kind and metadata.name are required"},
		},
		{
			"no kind",
			edit{"Service django-app/postgres", "kind: Service\n", ""},
			[]string{"django-app/postgres: apiVersion, kind and metadata.name are required"},
		},
		{
			"no apiVersion",
			edit{"Service django-app/postgres", "apiVersion: v1\n", ""},
			[]string{"Service django-app/postgres: apiVersion, kind and metadata.name are required"},
		},
		{
			"no YAML",
			edit{"Service django-app/postgres", "spec:\n", "spec: [\n"},
			[]string{"system.yaml: ", "yaml: line"},
		},
		{"an empty object", edit{new: "{}\n"}, []string{"system.yaml: ", "apiVersion, kind and metadata.name are required"}},
		{"a list", edit{new: "- a\n- b\n"}, []string{"system.yaml: ", "cannot unmarshal array"}},
		{"a separator with a tail", edit{new: "--- a tail\n"}, []string{"system.yaml: ", "invalid Yaml document separator: a tail"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, text := test.text(t, system)
			_, err := manifest.Parse("system.yaml", []byte(text))
			if err == nil {
				t.Fatal("Parse found no error")
			}
			for _, part := range test.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("Parse() = %v, want %q in it", err, part)
				}
			}
		})
	}
}

func TestParseJoinsTheErrorsOfAFile(t *testing.T) {
	system := readSystem(t)
	for _, e := range []edit{
		{"PersistentVolumeClaim django-app/postgres-pvc", "storage: 5Gi", "storage: 5 GB"},
		{"Deployment django-app/django", "  selector:\n", "  replica: 2\n  selector:\n"},
		{"Ingress django-app/django", "networking.k8s.io/v1\n", "networking.k8s.io/v1beta1\n"},
	} {
		i, text := e.text(t, system)
		system[i].text = text
	}
	var texts []string
	for _, d := range system {
		texts = append(texts, d.text)
	}
	objects, err := manifest.Parse("system.yaml", []byte(strings.Join(append(texts, "--- a tail\n"), separator)))
	if err == nil {
		t.Fatal("Parse found no error")
	}
	for _, part := range []string{"quantities must match", `unknown field "spec.replica"`, "no such kind there", "a tail"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("Parse() = %v, want %q in it", err, part)
		}
	}
	for _, o := range objects {
		if o.String() == "Deployment django-app/django" {
			t.Error("Parse returned an object that it refuses")
		}
	}
}

// TestParseKeepsValuesOfSecretsToItself: errors end up in logs.
func TestParseKeepsValuesOfSecretsToItself(t *testing.T) {
	for name, text := range map[string]string{
		"no base64":     "data:\n  KEY: not-a-secret!",
		"unknown field": "stringdata:\n  KEY: not-a-secret",
		"nested":        "stringData:\n  KEY:\n    inner: not-a-secret",
		"duplicate key": "stringData:\n  KEY: not-a-secret\n  KEY: not-a-secret",
		"no YAML":       "stringData:\n  KEY: not-a-secret: x",
		"unclosed":      "stringData:\n  KEY: \"not-a-secret",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := manifest.Parse("secret.yaml", []byte("apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n"+text+"\n"))
			if err == nil {
				t.Fatal("Parse found no error")
			}
			if strings.Contains(err.Error(), "not-a-secret") {
				t.Errorf("Parse() = %v, which holds the value", err)
			}
		})
	}
}

func namespace(name string) string {
	return "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: " + name + "\n"
}

func writeEnvironments(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "dist [1]")
	write(t, dir, "0001-b.k8s.yaml", namespace("b")+"---\n"+namespace("c"))
	write(t, dir, "0000-a.yml", namespace("a"))
	write(t, dir, "README.md", "no YAML: [")
	write(t, dir, "values.yaml.tmpl", "no YAML: [")
	write(t, filepath.Join(dir, "staging"), "d.json", `{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "d"}}`)
	write(t, filepath.Join(dir, "staging", "charts.yaml"), "e.yaml", namespace("e"))
	write(t, filepath.Join(dir, "docs"), "index.md", "Nothing to apply.")
	return dir
}

func TestLoadReadsTheManifestsBelowADirectory(t *testing.T) {
	objects, err := manifest.Load(writeEnvironments(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"0000-a.yml: Namespace a", "0001-b.k8s.yaml: Namespace b", "0001-b.k8s.yaml: Namespace c",
		"staging/d.json: Namespace d", "staging/charts.yaml/e.yaml: Namespace e",
	}
	if got := sources(objects); !slices.Equal(got, want) {
		t.Errorf("Load() found %q, want %q", got, want)
	}
}

func sources(objects []manifest.Object) []string {
	var all []string
	for _, o := range objects {
		all = append(all, o.Source)
	}
	return all
}

func TestLoadSetsSaysWhatItReadAndWhatNot(t *testing.T) {
	sets, err := manifest.LoadSets(writeEnvironments(t))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range sets {
		got = append(got, fmt.Sprint(s.Dir, s.Files, s.Others, len(s.Objects)))
	}
	want := []string{
		".[0000-a.yml 0001-b.k8s.yaml] [README.md values.yaml.tmpl] 3", "docs[] [index.md] 0",
		"staging[d.json] [] 1", "staging/charts.yaml[e.yaml] [] 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("LoadSets() =\n%q, want\n%q", got, want)
	}
}

// TestLoadOfNothingIsAnError: no problem would be found in what was not read.
func TestLoadOfNothingIsAnError(t *testing.T) {
	empty, comments := t.TempDir(), t.TempDir()
	write(t, empty, "secret.yaml.bak", "no YAML: [")
	write(t, comments, "a.yaml", "# Nothing here.\n")
	for _, dir := range []string{t.TempDir(), empty, comments} {
		if _, err := manifest.Load(dir); err == nil || !strings.Contains(err.Error(), "holds no object in any file named [.yaml .yml .json]") {
			t.Errorf("Load() = %v, want that nothing was read", err)
		}
	}
}

func TestLoadDoesNotPassOverLinksToDirectories(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.yaml", namespace("a"))
	if err := os.Symlink(t.TempDir(), filepath.Join(dir, "linked")); err != nil {
		t.Fatal(err)
	}
	if _, err := manifest.Load(dir); err == nil || !strings.Contains(err.Error(), "linked: is a directory") {
		t.Errorf("Load() = %v, want that linked is a directory", err)
	}
}

func TestParseReadsTheObjectsOfLists(t *testing.T) {
	const list = `apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {a: not-a-secret}}
  - {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Namespace, metadata: {name: b}}]}
---
apiVersion: v1
kind: ConfigMapList
items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}]
---
apiVersion: v1
kind: List
items: []
`
	objects := parse(t, list)
	want := []string{"system.yaml: Secret a", "system.yaml: Namespace b", "system.yaml: ConfigMap c"}
	if got := sources(objects); !slices.Equal(got, want) {
		t.Errorf("Parse() = %q, want %q", got, want)
	}
	if problems := manifest.Check(objects, manifest.Options{Tracked: true}); len(problems) != 1 || problems[0].Rule != "credentials" {
		t.Errorf("Check() = %v, want one credential", problems)
	}
	_, err := manifest.Parse("list.yaml", []byte(strings.Replace(list, "stringData:", "stringdata:", 1)))
	if err == nil || !strings.Contains(err.Error(), `list.yaml: Secret a: strict decoding error: unknown field "stringdata"`) {
		t.Errorf("Parse() = %v, want that the Secret has no such field", err)
	}
}

func TestSkipLeavesRulesOut(t *testing.T) {
	const text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: a}]}\n"
	expect(t, manifest.Check(parse(t, text), manifest.Options{Skip: []string{"resources"}}), nil)
	problems := manifest.Check(parse(t, text), manifest.Options{Skip: []string{"resources", "isolaton", "disk"}})
	if len(problems) != 2 {
		t.Fatalf("Check() = %v, want two problems", problems)
	}
	if got := problems[0].Error(); !strings.HasPrefix(got, `Options: Skip[1]: "isolaton": must be one of names, unique, `) {
		t.Errorf("Error() = %s", got)
	}
}

func TestLoadReportsEveryFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.yaml", "kind: Secret\n")
	write(t, dir, "b.yaml", "kind: Service\n")
	if err := os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "c.yaml")); err != nil {
		t.Fatal(err)
	}
	_, err := manifest.Load(dir)
	for _, part := range []string{"a.yaml: Secret", "b.yaml: Service", "c.yaml: no such file"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("Load() = %v, want %q in it", err, part)
		}
	}
}

// TestLoadOfNoDirectory: a misspelt directory must not pass as a good one.
func TestLoadOfNoDirectory(t *testing.T) {
	if _, err := manifest.Load(filepath.Join(t.TempDir(), "dist")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Load() = %v, want that the directory does not exist", err)
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

var garbage = []string{
	"", "\x00", "\xff\xfe", "---", "--- ---", "a", "a: b", "[]", "[[[[", "{", "}", ":", "- -", "&a *a", "*a", "&a [*a]", "!!binary x",
	"? a", "%YAML 9.9\n---\n", "kind: 1", "kind: []", "metadata: a", "{apiVersion: v1, kind: Pod, metadata: {name: 1}}",
	"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:",
	"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [null]}",
	"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{resources: {limits: {cpu: -1e999999999}}}]}",
	"apiVersion: v1\nkind: List\nmetadata: {name: a}\nitems: [{kind: Pod}]",
	"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selector: {a: b}, ports: [{port: 1, targetPort: {}}]}",
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {selector: {matchExpressions: [{operator: In}]}}",
	"apiVersion: apps/v1/v1\nkind: Deployment\nmetadata: {name: a}",
	"apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {pod-security.kubernetes.io/enforce: \"\"}}",
	"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec: {rules: [{}, {http: {paths: [{}]}}], tls: [{}]}",
	"apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a}",
	"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a}\nspec: {rules: [null, {backendRefs: [null, {}]}]}",
	"apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: a}\nspec: {endpoints: [null, {}]}",
	"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\nspec: {ingress: [{}, {from: [{}, {ipBlock: {}}], ports: [{}]}], egress: [{}, {to: [{}, {ipBlock: {cidr: a, except: [b]}}]}], policyTypes: [a]}",
	"apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec: {metrics: [{}, {resource: {}}, {containerResource: {}}]}",
	"apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a}\nspec: {minAvailable: a, maxUnavailable: b}",
	"apiVersion: example.com/v1\nkind: Anything\nmetadata: {name: a}\nspec: [1, null, {}]",
	strings.Repeat("[", 10_000), strings.Repeat("{a: ", 10_000), strings.Repeat("---\n", 1_000),
}

func TestGarbageNeverPanics(*testing.T) {
	for _, text := range garbage {
		checkAnything(text)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range garbage {
		f.Add(text)
	}
	for _, d := range readSystem(f) {
		f.Add(d.text)
	}
	f.Fuzz(func(_ *testing.T, text string) { checkAnything(text) })
}

// checkAnything runs everything that reads manifests; it must not panic.
func checkAnything(text string) {
	objects, _ := manifest.Parse("fuzz.yaml", []byte(text))
	manifest.Check(objects, manifest.Options{Tracked: true})
	manifest.Warnings(objects)
}

func TestCustomObjectsCanBeDecoded(t *testing.T) {
	objects, err := manifest.Parse("a.yaml", []byte("apiVersion: example.org/v1\nkind: Cache\nmetadata: {name: a}\nspec: {size: 3}\n"+
		"---\napiVersion: v1\nkind: Service\nmetadata: {name: b}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{3, 0} {
		var into struct {
			Spec struct {
				Size int `json:"size"`
			} `json:"spec"`
		}
		if err := objects[i].DecodeCustom(&into); err != nil || into.Spec.Size != want {
			t.Errorf("%s: size %d, %v; want %d", objects[i], into.Spec.Size, err, want)
		}
	}
	var wrong struct {
		Spec string `json:"spec"`
	}
	if objects[0].DecodeCustom(&wrong) == nil {
		t.Error("an object was decoded into what does not fit")
	}
}

func TestNetworkHoldsHostsAndPathsOfRoutes(t *testing.T) {
	const routes = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  defaultBackend: {service: {name: rest, port: {number: 80}}}
  rules:
    - host: a.example.com
      http: {paths: [{path: /api, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  hostnames: [b.example.com, c.example.com]
  rules:
    - matches: [{path: {value: /admin}}]
      backendRefs: [{name: web, port: 80}]
    - matches: [{path: {value: /x}}, {path: {value: /y}}]
      backendRefs: [{name: web, port: 80}]
`
	objects, err := manifest.Parse("a.yaml", []byte(routes))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range manifest.Network(objects).Routes {
		got = append(got, fmt.Sprintf("%d %s %s:%s %v %q", r.Index, r.Kind, r.ServiceName, r.ServicePort.String(), r.Hosts, r.Path))
	}
	want := []string{
		`0 Ingress rest:80 [] ""`, `0 Ingress web:http [a.example.com] "/api"`,
		`1 HTTPRoute web:80 [b.example.com c.example.com] "/admin"`, `1 HTTPRoute web:80 [b.example.com c.example.com] ""`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
