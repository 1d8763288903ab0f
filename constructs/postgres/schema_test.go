package postgres_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"sigs.k8s.io/yaml"
)

// schema is a schema of a CustomResourceDefinition: as much of it as the API
// server compares objects with.
type schema struct {
	Type                 string
	Properties           map[string]*schema
	AdditionalProperties *schema
	Items                *schema
	Required             []string
	Enum                 []any
	Pattern              string
	Minimum, Maximum     *float64
	IntOrString          bool `json:"x-kubernetes-int-or-string"`
	Open                 bool `json:"x-kubernetes-preserve-unknown-fields"`
}

// schemas are the schemas of the custom resources, by apiVersion and kind, from
// the modules that their operators publish.
var schemas = sync.OnceValues(func() (map[string]*schema, error) {
	out, err := exec.Command("../../imports/definitions.sh", "all").Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return nil, err
	}
	all := map[string]*schema{}
	for path := range strings.FieldsSeq(string(out)) {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var d struct {
			Spec struct {
				Group    string
				Names    struct{ Kind string }
				Versions []struct {
					Name   string
					Schema struct{ OpenAPIV3Schema *schema }
				}
			}
		}
		if err := yaml.Unmarshal(content, &d); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for _, v := range d.Spec.Versions {
			all[d.Spec.Group+"/"+v.Name+" "+d.Spec.Names.Kind] = v.Schema.OpenAPIV3Schema
		}
	}
	return all, nil
})

// check returns what the API server, under strict validation, finds wrong with
// value, at the given path.
func (s *schema) check(at string, value any) []string {
	if s.Open || s.Type == "" && !s.IntOrString {
		return nil
	}
	wrong := func(format string, args ...any) []string { return []string{at + ": " + fmt.Sprintf(format, args...)} }
	if s.IntOrString {
		if _, isText := value.(string); isText || isWhole(value) {
			return nil
		}
		return wrong("%v is no number and no string", value)
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, value) {
		return wrong("%v is none of %v", value, s.Enum)
	}
	switch value := value.(type) {
	case map[string]any:
		if s.Type == "object" {
			return s.checkObject(at, value)
		}
	case []any:
		if s.Type == "array" {
			var all []string
			for i, one := range value {
				all = append(all, s.Items.check(fmt.Sprintf("%s[%d]", at, i), one)...)
			}
			return all
		}
	case string:
		if s.Type == "string" {
			if s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(value) {
				return wrong("%q does not match %s", value, s.Pattern)
			}
			return nil
		}
	case bool:
		if s.Type == "boolean" {
			return nil
		}
	case float64:
		switch {
		case s.Type != "number" && (s.Type != "integer" || !isWhole(value)):
		case s.Minimum != nil && value < *s.Minimum, s.Maximum != nil && value > *s.Maximum:
			return wrong("%v is out of range", value)
		default:
			return nil
		}
	}
	return wrong("%v is no %s", value, s.Type)
}

func isWhole(value any) bool {
	number, ok := value.(float64)
	return ok && number == float64(int64(number))
}

func (s *schema) checkObject(at string, value map[string]any) []string {
	var all []string
	for _, name := range s.Required {
		if _, ok := value[name]; !ok {
			all = append(all, at+"."+name+": is required")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(value)) {
		property, ok := s.Properties[name]
		switch {
		case ok:
			all = append(all, property.check(at+"."+name, value[name])...)
		case s.AdditionalProperties != nil:
			all = append(all, s.AdditionalProperties.check(at+"."+name, value[name])...)
		case len(s.Properties) > 0:
			all = append(all, at+"."+name+": is not known")
		}
	}
	return all
}

// checkCustom returns how many custom resources a manifest holds, and what is
// wrong with them.
func checkCustom(t *testing.T, manifest string) (count int, wrong []string) {
	t.Helper()
	known, err := schemas()
	if err != nil {
		t.Fatal(err)
	}
	for document := range strings.SplitSeq(manifest, "\n---\n") {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatal(err)
		}
		kind := fmt.Sprint(object["apiVersion"], " ", object["kind"])
		if s := known[kind]; s != nil {
			count++
			wrong = append(wrong, s.check(kind, object)...)
		} else if strings.Contains(kind, "cnpg.io/") || strings.Contains(kind, "monitoring.coreos.com/") {
			t.Errorf("there is no definition of %s", kind)
		}
	}
	return count, wrong
}

// What the operators' own definitions say of the custom resources in the golden
// files.
func TestCustomResourcesMeetTheirDefinitions(t *testing.T) {
	files, err := filepath.Glob("testdata/cluster/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("there is no golden file of a cluster", err)
	}
	sum := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		count, wrong := checkCustom(t, string(content))
		sum += count
		for _, line := range wrong {
			t.Errorf("%s: %s", file, line)
		}
	}
	t.Logf("%d objects in %d files", sum, len(files))
}

// The check itself finds what the API server would.
func TestDefinitionsRefuseWrongObjects(t *testing.T) {
	const cluster = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: a}\nspec: "
	for spec, want := range map[string]string{
		"{instances: 3}":                        "",
		"{}":                                    ".spec.instances: is required",
		"{instances: three}":                    ".spec.instances: three is no integer",
		"{instances: 0}":                        ".spec.instances: 0 is out of range",
		"{instances: 3, storrage: {size: 1Gi}}": ".spec.storrage: is not known",
		"{instances: 3, storage: {sise: 1Gi}}":  ".spec.storage.sise: is not known",
		"{instances: 3, primaryUpdateStrategy: fast}":     ".spec.primaryUpdateStrategy: fast is none of",
		"{instances: 3, resources: {limits: {cpu: [1]}}}": ".limits.cpu: [1] is no number and no string",
	} {
		_, wrong := checkCustom(t, cluster+spec)
		if got := strings.Join(wrong, "\n"); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", spec, got, want)
		}
	}
}
