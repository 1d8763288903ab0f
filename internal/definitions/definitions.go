// Package definitions compares custom resources with the definitions that their
// operators publish, as the API server does under strict validation. It is for
// tests: the definitions are files of Go modules, which imports/definitions.sh
// names.
package definitions

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

	"sigs.k8s.io/yaml"
)

// script prints the paths of the definitions.
const script = "imports/definitions.sh"

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
	MinLength            int
	MaxLength            *int
	Minimum, Maximum     *float64
	MinProperties        int
	MaxProperties        *int
	IntOrString          bool `json:"x-kubernetes-int-or-string"`
	Open                 bool `json:"x-kubernetes-preserve-unknown-fields"`
}

// schemas are the schemas of the custom resources, by apiVersion and kind.
var schemas = sync.OnceValues(func() (map[string]*schema, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	out, err := exec.Command(path, "all").Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return nil, err
	}
	all := map[string]*schema{}
	for path := range strings.FieldsSeq(string(out)) {
		if err := read(path, all); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return all, nil
})

// find returns the path of the script, from the directory of a test upwards.
func find() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		path := filepath.Join(dir, script)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s: is in no directory above", script)
		}
		dir = filepath.Dir(dir)
	}
}

// read adds the schemas of the definition in a file.
func read(path string, to map[string]*schema) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
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
		return err
	}
	for _, v := range d.Spec.Versions {
		to[d.Spec.Group+"/"+v.Name+" "+d.Spec.Names.Kind] = v.Schema.OpenAPIV3Schema
	}
	return nil
}

// Check returns how many custom resources a manifest holds, and what is wrong
// with them, a line each. Those whose API group ends with one of groups must have
// a definition.
func Check(manifest string, groups ...string) (count int, wrong []string, err error) {
	known, err := schemas()
	if err != nil {
		return 0, nil, err
	}
	for document := range strings.SplitSeq(manifest, "\n---\n") {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			return 0, nil, err
		}
		kind := fmt.Sprint(object["apiVersion"], " ", object["kind"])
		group, _, _ := strings.Cut(kind, "/")
		if s := known[kind]; s != nil {
			count++
			wrong = append(wrong, s.check(kind, object)...)
		} else if slices.ContainsFunc(groups, func(end string) bool { return strings.HasSuffix(group, end) }) {
			return 0, nil, fmt.Errorf("there is no definition of %s", kind)
		}
	}
	return count, wrong, nil
}

// CheckFiles is [Check] for every file that a pattern matches. It is an error if
// there is none.
func CheckFiles(pattern string, groups ...string) (count int, wrong []string, err error) {
	files, err := filepath.Glob(pattern)
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: there is no such file", pattern)
	}
	for _, file := range files {
		content, readErr := os.ReadFile(file)
		n, lines, checkErr := Check(string(content), groups...)
		if err = errors.Join(readErr, checkErr); err != nil {
			return count, wrong, fmt.Errorf("%s: %w", file, err)
		}
		count += n
		for _, line := range lines {
			wrong = append(wrong, file+": "+line)
		}
	}
	return count, wrong, err
}

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
			if n := len([]rune(value)); n < s.MinLength || s.MaxLength != nil && n > *s.MaxLength {
				return wrong("%q has %d characters", value, n)
			}
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
	if n := len(value); n < s.MinProperties || s.MaxProperties != nil && n > *s.MaxProperties {
		all = append(all, fmt.Sprintf("%s: has %d properties", at, n))
	}
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
