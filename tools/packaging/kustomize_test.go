package packaging

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/manifest/upgrade"
)

// transformers are kustomizations of a base, by what they do. image is that of
// the project.
func transformers(image string) map[string]string {
	return map[string]string{
		"nothing":              "",
		"name prefix":          "namePrefix: eu-",
		"name suffix":          "nameSuffix: -eu",
		"namespace":            "namespace: elsewhere",
		"image":                "images: [{name: " + image + ", newTag: 9.0.0}]",
		"replicas":             "replicas: [{name: django, count: 3}]",
		"labels":               "labels: [{pairs: {team: shop}}]",
		"labels of pods":       "labels: [{pairs: {team: shop}, includeTemplates: true}]",
		"labels of selectors":  "labels: [{pairs: {team: shop}, includeSelectors: true}]",
		"common annotations":   "commonAnnotations: {team: shop}",
		"patch of Deployments": patch("Deployment"),
		"patch of Jobs":        patch("Job"),
	}
}

func patch(kind string) string {
	return "patches:\n  - target: {kind: " + kind + "}\n" +
		"    patch: |\n      - {op: add, path: /spec/template/spec/priorityClassName, value: high}\n"
}

// The golden files hold what does not survive each transformer. A line that
// appears or goes away belongs into docs/kustomize-helm.md.
func TestWhatKustomizeBreaks(t *testing.T) {
	for name, base := range map[string]struct{ dir, image string }{
		"default":    {"dist", "docker.io/example/django-app"},
		"production": {"examples/production/dist", "registry.example.com/guestbook"},
		"vault":      {"examples/environments/dist/production", "registry.example.com/shop"},
	} {
		content := readBase(t, base.dir)
		before := parse(t, base.dir, content)
		for what, kustomization := range transformers(base.image) {
			t.Run(name+" "+what, func(t *testing.T) {
				after := kustomize(t, content, kustomization)
				if what != "nothing" && after == kustomize(t, content, "") && !strings.HasSuffix(what, "of Jobs") {
					t.Fatal("changes nothing")
				}
				file := filepath.Join("testdata", name, strings.ReplaceAll(strings.ToLower(what), " ", "-")+".txt")
				golden(t, file, strings.Join(broken(t, before, after), "\n"))
			})
		}
	}
}

// golden compares text with the file at path. UPDATE_GOLDEN rewrites the file, and
// the test still fails, so that somebody reads the difference.
func golden(t *testing.T, path, text string) {
	t.Helper()
	if text != "" {
		text += "\n"
	}
	want, err := os.ReadFile(path)
	if err == nil && string(want) == text {
		return
	}
	if os.Getenv("UPDATE_GOLDEN") == "" {
		t.Fatalf("%s differs, %v; UPDATE_GOLDEN=1 rewrites it. Got\n%s", path, err, text)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Errorf("%s was rewritten; read the difference", path)
}

// readBase returns the one manifest of a directory of the repository.
func readBase(t *testing.T, base string) []byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, base, "*.yaml"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%s: %d files, %v", base, len(files), err)
	}
	content, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func parse(t *testing.T, source string, content []byte) []manifest.Object {
	t.Helper()
	objects, err := manifest.Parse(source, content)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// kustomize returns what a kustomization makes of a base.
func kustomize(t *testing.T, base []byte, kustomization string) string {
	t.Helper()
	files := filesys.MakeFsInMemory()
	for name, content := range map[string]string{
		"base/manifests/app.yaml": string(base), "base/kustomization.yaml": "resources: [manifests/app.yaml]\n",
		"overlay/kustomization.yaml": "resources: [../base]\n" + kustomization + "\n",
	} {
		if err := files.WriteFile(name, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, "overlay")
	if err != nil {
		t.Fatal(err)
	}
	content, err := made.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// broken returns a line for each thing that is wrong with content, which was
// before: by the rules for manifests, by those for an upgrade, and where it still
// has a name that is gone.
func broken(t *testing.T, before []manifest.Object, content string) []string {
	t.Helper()
	after := parse(t, "kustomize", []byte(content))
	options := manifest.Options{External: externals(t, before)}
	var lines []string
	for _, p := range manifest.Check(after, options) {
		lines = append(lines, fmt.Sprintf("%s: %s: %s: %q: %s", p.Rule, p.Object, p.Field, p.Value, p.Text))
	}
	for _, change := range upgrade.Compare(before, after) {
		lines = append(lines, "upgrade: "+change.Error())
	}
	return append(lines, leftovers(t, before, after, content)...)
}

// externals are what a base refers to and does not hold. Nothing else may be wrong
// with it.
func externals(t *testing.T, base []manifest.Object) []manifest.External {
	t.Helper()
	var all []manifest.External
	for _, p := range manifest.Check(base, manifest.Options{}) {
		kind, missing := strings.CutPrefix(p.Text, "no ")
		kind, _, _ = strings.Cut(kind, " ")
		if !missing {
			t.Fatal(p)
		}
		all = append(all, manifest.External{Kind: kind, Name: p.Value})
	}
	return all
}

var (
	// host matches the DNS name of a Service.
	host = regexp.MustCompile(`[a-z0-9-]+\.[a-z0-9-]+\.svc\b`)

	// env matches the end of the path of a variable.
	env = regexp.MustCompile(`env\[.*\]\.value$`)

	// quoted matches a text in a query of Prometheus.
	quoted = regexp.MustCompile(`"([^"]+)"`)
)

// byName are the kinds of objects that programs in the pods, and Roles, call by
// name.
var byName = []string{"Secret", "ConfigMap", "Job", "CronJob", "Lease", "ServiceAccount"}

// leftovers returns a line for each field that names an object or a namespace as it
// was, where no rule looks: hosts in variables; namespaces; and names in commands,
// Roles, annotations and queries.
func leftovers(t *testing.T, before, after []manifest.Object, content string) []string {
	t.Helper()
	now := map[string]bool{}
	for _, o := range after {
		now[o.Name], now[o.Namespace], now[o.Name+"."+o.Namespace+".svc"] = true, true, true
	}
	names, hosts, namespaces := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, o := range before {
		service := o.Name + "." + o.Namespace + ".svc"
		names[o.Name] = names[o.Name] || !now[o.Name] && slices.Contains(byName, o.Kind)
		hosts[service] = hosts[service] || !now[service] && o.Kind == "Service"
		namespaces[o.Namespace] = !now[o.Namespace]
	}
	lines := map[string]bool{}
	for document := range strings.SplitSeq(content, "\n---\n") {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatal(err)
		}
		walk("", object, func(path, text string) {
			add := func(gone map[string]bool, name string) {
				if gone[name] {
					lines[fmt.Sprintf("leftover: %s: %s: %s", object["kind"], strings.TrimPrefix(path, "."), name)] = true
				}
			}
			if variable := env.FindString(path); variable != "" {
				for _, name := range host.FindAllString(text, -1) {
					if hosts[name] {
						lines["leftover: pods: "+variable+": "+name] = true
					}
				}
				return
			}
			if !strings.HasSuffix(path, "app.kubernetes.io/part-of") {
				add(namespaces, text)
			}
			for _, field := range []string{".command[]", ".args[]", ".resourceNames[]", ".annotations.", ".target.name"} {
				if strings.Contains(path, field) {
					add(names, text)
				}
			}
			if strings.HasSuffix(path, ".expr") {
				for _, found := range quoted.FindAllStringSubmatch(text, -1) {
					add(names, found[1])
					add(namespaces, found[1])
				}
			}
		})
	}
	return slices.Sorted(maps.Keys(lines))
}

// walk calls visit with every text in value. Elements of a list have no number, but
// variables their name.
func walk(path string, value any, visit func(path, text string)) {
	switch value := value.(type) {
	case string:
		visit(path, value)
	case map[string]any:
		for key, one := range value {
			walk(path+"."+key, one, visit)
		}
	case []any:
		for _, one := range value {
			at := path + "[]"
			if m, ok := one.(map[string]any); ok && strings.HasSuffix(path, ".env") {
				at = fmt.Sprintf("%s[%v]", path, m["name"])
			}
			walk(at, one, visit)
		}
	}
}
