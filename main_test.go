package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/synth"
)

func TestMain(m *testing.M) {
	// The committed manifests are those of the default image.
	_ = os.Unsetenv("DJANGO_IMAGE")
	cdktest.Main(m)
}

func TestDistIsCurrent(t *testing.T) {
	cdktest.Current(t, synth.DefaultDir, synth.Environment{Build: build})
}

func TestTheImageComesFromTheEnvironment(t *testing.T) {
	t.Setenv("DJANGO_IMAGE", "registry.example.com/shop:2.0.0")
	result, err := synth.Render(t.TempDir(), synth.Environment{Build: build})
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(result.Files["django-app.k8s.yaml"]), "image: registry.example.com/shop:2.0.0\n"); n != 3 {
		t.Errorf("%d containers run the image, want 3", n)
	}
}

// The call site is what people see first: few lines, none of which is longer
// than an editor shows.
func TestTheCallSiteIsShortAndPlain(t *testing.T) {
	for file, most := range map[string]int{"main.go": 30, "examples/production/main.go": 98, "examples/clinic/main.go": 165} {
		source := read(t, file)
		if lines := strings.Count(source, "\n"); lines > most {
			t.Errorf("%s has %d lines, more than %d", file, lines, most)
		}
		for line := range strings.Lines(source) {
			if columns := len(strings.ReplaceAll(line, "\t", "    ")) - 1; columns > 120 {
				t.Errorf("%s has a line of %d columns, more than 120:\n%s", file, columns, line)
			}
		}
		for _, noise := range []string{"jsii.", "&[]*"} {
			if strings.Contains(source, noise) {
				t.Errorf("%s holds %q", file, noise)
			}
		}
	}
}

// committed are the manifests of every golden file, of dist/ and of the
// examples: what the library can render, by the file that holds it.
func committed(t *testing.T) map[string][]manifest.Object {
	t.Helper()
	all := map[string][]manifest.Object{}
	for _, pattern := range []string{"dist/*.yaml", "examples/*/dist/*.yaml", "examples/*/dist/*/*.yaml", "constructs/*/testdata/*/*.yaml"} {
		for _, path := range glob(t, pattern) {
			var err error
			if all[path], err = manifest.Parse(path, []byte(read(t, path))); err != nil {
				t.Error(err)
			}
		}
	}
	return all
}

// check fails for every problem that the named rule finds in what is committed.
func check(t *testing.T, rule string) {
	t.Helper()
	if !slices.ContainsFunc(manifest.Rules(), func(r manifest.Rule) bool { return r.Name == rule }) {
		t.Fatalf("there is no rule %s", rule)
	}
	for path, objects := range committed(t) {
		for _, problem := range manifest.Check(objects, manifest.Options{}) {
			if problem.Rule == rule {
				t.Errorf("%s: %v", path, problem)
			}
		}
	}
}

func TestManifestsDecodeStrictly(t *testing.T)     { committed(t) }
func TestSelectorsMatchPodLabels(t *testing.T)     { check(t, "selectors") }
func TestServicesTargetARealPort(t *testing.T)     { check(t, "ports") }
func TestEveryContainerHasResources(t *testing.T)  { check(t, "resources") }
func TestMountsHaveTheirVolumes(t *testing.T)      { check(t, "volumes") }
func TestEveryPodMeetsItsPodSecurity(t *testing.T) { check(t, "pod-security") }
func TestPodsScaleAndDrain(t *testing.T)           { check(t, "scaling") }
func TestNetworkPoliciesFitTogether(t *testing.T)  { check(t, "isolation") }
func TestNoTwoObjectsAreTheSame(t *testing.T)      { check(t, "unique") }
func TestWhatIsReferredToInDistExists(t *testing.T) {
	objects, err := manifest.Load(synth.DefaultDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range manifest.Check(objects, manifest.Options{}) {
		t.Error(problem)
	}
}

func TestNoSecretValues(t *testing.T) {
	objects, err := manifest.Load(synth.DefaultDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range manifest.Check(objects, manifest.Options{Tracked: true}) {
		if problem.Rule == "credentials" {
			t.Error(problem)
		}
	}
}
