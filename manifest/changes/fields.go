package changes

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// compare returns the fields in which two documents differ.
func compare(before, after document) []Field {
	c := comparison{secret: after.text("kind") == "Secret"}
	c.values("", map[string]any(before), map[string]any(after))
	return c.fields
}

type comparison struct {
	fields []Field
	secret bool
}

func (c *comparison) values(path string, before, after any) {
	if path == "metadata.annotations" || path == "metadata.labels" {
		// The first of them is as good as any other.
		was, _ := before.(map[string]any)
		is, _ := after.(map[string]any)
		c.objects(path, was, is)
		return
	}
	switch was := before.(type) {
	case map[string]any:
		if is, ok := after.(map[string]any); ok {
			c.objects(path, was, is)
			return
		}
	case []any:
		if is, ok := after.([]any); ok {
			c.lists(path, was, is)
			return
		}
	}
	if !reflect.DeepEqual(before, after) {
		c.fields = append(c.fields, Field{path, c.show(path, before), c.show(path, after)})
	}
}

func (c *comparison) objects(path string, before, after map[string]any) {
	all := maps.Clone(before)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, after)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		inner := key
		switch {
		case strings.ContainsAny(key, "./") && path != "":
			inner = path + "[" + key + "]"
		case path != "":
			inner = path + "." + key
		}
		c.values(inner, before[key], after[key])
	}
}

// lists compares the items of two lists by what they are known by. Items that are
// known by nothing are compared by their numbers, and those that are no objects as
// one value.
func (c *comparison) lists(path string, before, after []any) {
	was, is := byName(before), byName(after)
	switch {
	case was != nil && is != nil:
		all := maps.Clone(was)
		maps.Copy(all, is)
		for _, name := range slices.Sorted(maps.Keys(all)) {
			c.values(path+"["+name+"]", was[name], is[name])
		}
		if len(was) == len(is) && !slices.Equal(namesOf(before), namesOf(after)) && strings.HasSuffix(path, "ontainers") {
			c.fields = append(c.fields, Field{path, strings.Join(namesOf(before), ", "), strings.Join(namesOf(after), ", ")})
		}
	case len(before) == len(after) && areObjects(before) && areObjects(after):
		for i := range before {
			c.values(fmt.Sprintf("%s[%d]", path, i), before[i], after[i])
		}
	case !reflect.DeepEqual(before, after):
		c.fields = append(c.fields, Field{path, c.show(path, before), c.show(path, after)})
	}
}

func areObjects(items []any) bool {
	return !slices.ContainsFunc(items, func(item any) bool { _, ok := item.(map[string]any); return !ok })
}

// names are the keys by which Kubernetes knows the items of its lists, the best
// first.
var names = []string{"mountPath", "name", "containerPort", "port", "host", "key", "ip", "topologyKey"}

// nameOf returns what an item of a list is known by.
func nameOf(item any, key string) string {
	object, _ := item.(map[string]any)
	if value, ok := object[key]; ok {
		return fmt.Sprint(value)
	}
	return ""
}

// byName returns the items of a list by what each is known by, or nil where that
// is not unique.
func byName(items []any) map[string]any {
	for _, key := range names {
		found := map[string]any{}
		for _, item := range items {
			if name := nameOf(item, key); name != "" {
				found[name] = item
			}
		}
		if len(found) == len(items) {
			return found
		}
	}
	return nil
}

func namesOf(items []any) []string {
	var all []string
	for _, item := range items {
		all = append(all, nameOf(item, "name"))
	}
	return all
}

// maxValue is the length of the longest value that a report shows, in characters.
const maxValue = 100

// show returns a value in one line.
func (c *comparison) show(path string, value any) string {
	if value == nil {
		return ""
	}
	if c.secret && (strings.HasPrefix(path, "data") || strings.HasPrefix(path, "stringData")) {
		return "..."
	}
	text, ok := value.(string)
	switch {
	case !ok:
		text = flow(value)
	case text == "":
		text = `""`
	}
	if lines := strings.Count(text, "\n"); lines > 0 {
		return fmt.Sprintf("... (%d lines)", lines+1)
	}
	if len([]rune(text)) > maxValue {
		return string([]rune(text)[:maxValue]) + "..."
	}
	return text
}

// flow writes a value as YAML in one line.
func flow(value any) string {
	switch value := value.(type) {
	case map[string]any:
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(value)) {
			parts = append(parts, key+": "+flow(value[key]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		var parts []string
		for _, item := range value {
			parts = append(parts, flow(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		if strings.Contains(value, "\n") {
			return "..."
		}
		return value
	}
	return fmt.Sprint(value)
}
