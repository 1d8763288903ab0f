// Package bind converts plain Go to the pointers that generated cdk8s types
// expect.
package bind

import "github.com/aws/jsii-runtime-go"

// Optional converts a string; an empty one becomes nil and is left out of the
// manifest.
func Optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Map converts a map of strings; an empty one becomes nil and is left out of
// the manifest.
func Map(m map[string]string) *map[string]*string {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]*string, len(m))
	for k, v := range m {
		out[k] = &v
	}
	return &out
}

// Strings converts a list of strings; an empty one becomes nil.
func Strings(s []string) *[]*string {
	if len(s) == 0 {
		return nil
	}
	return jsii.Strings(s...)
}

// List converts values; an empty list becomes nil.
func List[T any](items ...T) *[]*T {
	if len(items) == 0 {
		return nil
	}
	out := make([]*T, len(items))
	for i := range items {
		out[i] = &items[i]
	}
	return &out
}
