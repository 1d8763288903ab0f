package reference

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// sourceOf parses a package of constructs with one file.
func sourceOf(t *testing.T, text string) *source {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "constructs", "cache"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "constructs", "cache", "cache.go"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := readSource(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const cache = `// Package cache runs a cache.
package cache

import "github.com/aws/constructs-go/constructs/v10"

// DefaultName is the name.
const DefaultName = "cache"

// Props configures [New].
type Props struct {
	// Name is the name of the Deployment; see docs/pods.md.
	//
	// Default: [DefaultName].
	Name string

	// Sizes are the sizes, as [Props.Name] | <b> says.
	//
	// Required.
	Sizes map[string][]Size
}

// Size is a size.
type Size struct {
	// Bytes is a number.
	//
	// Default: 0.
	Bytes int
}

// Cache is a cache.
type Cache struct{ constructs.Construct }

// New adds a [Cache] called id to scope.
func New(scope constructs.Construct, id string, props Props) *Cache { return nil }
`

func TestPropsTable(t *testing.T) {
	s := sourceOf(t, cache)
	all := s.constructors()
	if len(all) != 1 || all[0].page() != "cache.md" {
		t.Fatalf("constructors %+v", all)
	}
	m := markup{source: s, in: all[0].of.in, pages: map[*typ]string{all[0].of.in.types["Size"]: "values.md#cachesize"}}
	const want = "| field | type | default | meaning |\n|---|---|---|---|\n" +
		"| `Name` | `string` | `cache` | The name of the Deployment; see [docs/pods.md](../pods.md). |\n" +
		"| `Sizes` | map\\[`string`\\]\\[\\][`cache.Size`](values.md#cachesize) | **required** | " +
		"The sizes, as `Props.Name` \\| \\<b\\> says. |\n"
	if got := m.table(all[0].props); got != want || len(s.problems) > 0 {
		t.Errorf("the table is\n%s, want\n%s, problems %v", got, want, s.problems)
	}
	if values := s.values(all); len(values) != 1 || values[0].full() != "cache.Size" {
		t.Errorf("values %v, want cache.Size", values)
	}
}

// A comment that leaves out what the page needs is named with its place.
func TestProblemsHaveAPlace(t *testing.T) {
	for name, c := range map[string]struct{ old, wrong, want string }{
		"no default": {
			"\t// Bytes is a number.\n\t//\n\t// Default: 0.\n", "\t// Bytes is a number.\n",
			`constructs/cache/cache.go:25: the comment of cache.Size.Bytes must say what it is, and end in a paragraph "Required."`,
		},
		"no meaning": {
			"\t// Bytes is a number.\n\t//\n", "", `cache.go:25: the comment of cache.Size.Bytes must say what it is`,
		},
		"no such name": {
			"[DefaultName]", "[DefaultNames]", "constructs/cache/cache.go:14: the comment names [DefaultNames], which is nothing",
		},
	} {
		s := sourceOf(t, strings.Replace(cache, c.old, c.wrong, 1))
		all := s.constructors()
		m := markup{source: s, in: all[0].of.in}
		m.table(all[0].props)
		s.values(all)
		if err := errors.Join(s.problems...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("word ", 30))
	got := wrap("- " + long + "\n| " + long + " |\n```\n" + long + "\n```")
	lines := strings.Split(got, "\n")
	if len(lines) != 7 || len(lines[0]) > width || !strings.HasPrefix(lines[1], "  word") || lines[2] != "| "+long+" |" || lines[4] != long {
		t.Errorf("%d lines:\n%s", len(lines), got)
	}
}

func TestShorten(t *testing.T) {
	program := strings.Repeat("    line\n", longText+1)
	got, cut := shorten("args:\n  - |-\n" + program + "  - end\n")
	want := "args:\n  - |-\n" + strings.Repeat("    line\n", textKept) + "    [... 13 more lines]\n  - end\n"
	if got != want || !cut {
		t.Errorf("%q, cut %v, want %q", got, cut, want)
	}
	short := "args:\n  - |-\n" + strings.Repeat("    line\n", longText) + "  - end\n"
	if got, cut := shorten(short); got != short || cut {
		t.Errorf("a text of %d lines is cut: %q", longText, got)
	}
}

// A pod needs what its containers need together, or its largest init container
// beside the sidecars that have started by then.
func TestNeedOf(t *testing.T) {
	container := func(cpu string, sidecar bool) corev1.Container {
		c := corev1.Container{Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)},
		}}
		if sidecar {
			c.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
		}
		return c
	}
	for want, spec := range map[string]corev1.PodSpec{
		"300m": {Containers: []corev1.Container{container("100m", false), container("200m", false)}},
		"500m": {
			InitContainers: []corev1.Container{container("500m", false)}, Containers: []corev1.Container{container("100m", false)},
		},
		"600m": {
			InitContainers: []corev1.Container{container("100m", true), container("500m", false)},
			Containers:     []corev1.Container{container("100m", false)},
		},
		"150m": {
			InitContainers: []corev1.Container{container("120m", false), container("50m", true)},
			Containers:     []corev1.Container{container("100m", false)},
		},
	} {
		if got := needOf(spec, func(c corev1.Container) resource.Quantity { return c.Resources.Requests[corev1.ResourceCPU] }); got.String() != want {
			t.Errorf("needOf() = %s, want %s", got.String(), want)
		}
	}
}

// go doc shows each constructor with a call that compiles.
func TestEveryConstructorHasAnExample(t *testing.T) {
	s, err := readSource("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s.constructors() {
		files, err := filepath.Glob("../../constructs/" + c.of.in.name + "/*_test.go")
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			found = found || strings.Contains(string(text), "\nfunc Example"+c.function.Name+"()")
		}
		if !found {
			t.Errorf("constructs/%s has no Example%s", c.of.in.name, c.function.Name)
		}
	}
}
