// Package changes compares manifests with those that were there before, object
// by object, and says in words what a cluster makes of the difference. It reads
// files alone and asks no cluster.
package changes

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/manifest/upgrade"
)

// Action is what happens to an object.
type Action string

// The actions, in the order of a report.
const (
	Added   Action = "added"
	Changed Action = "changed"
	Removed Action = "removed"
)

// Change is one object that is not what it was.
type Change struct {
	Action Action

	// Object is the object, as [manifest.Object.String] writes it.
	Object string

	// Effects say what a cluster makes of the change, each in a few words.
	Effects []string

	// Fields are the fields that differ, in the order of their paths. There are
	// none for an object that is added or removed.
	Fields []Field
}

// Field is a field that has another value.
type Field struct {
	// Path is where the field is. An item of a list stands in brackets by its
	// name, or by its number where it has none.
	Path string

	// Before and After are the values as YAML in one line, empty where there is
	// none; "..." stands for a value of a Secret, and for one of several lines.
	Before, After string
}

// Report is the difference between two sets of manifests.
type Report struct {
	// Changes are sorted by action, then by object.
	Changes []Change

	// Unsafe are the changes that a cluster refuses, or that lose data.
	Unsafe []upgrade.Change
}

// Compare reads two sets of manifests by file name, and reports what differs.
// A file that is no manifest is an error.
func Compare(before, after map[string][]byte) (Report, error) {
	was, err := read(before)
	if err != nil {
		return Report{}, err
	}
	is, err := read(after)
	if err != nil {
		return Report{}, err
	}
	r := Report{Unsafe: upgrade.Compare(was.objects, is.objects)}
	renamed := was.renamedJobs(is)
	kept := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(is.documents)) {
		now, from := is.documents[key], cmp.Or(renamed[key], key)
		old, ok := was.documents[from]
		kept[from] = true
		if !ok {
			r.add(Added, key, addedEffects(now))
		} else if fields := compare(old, now); len(fields) > 0 {
			r.add(Changed, key, changedEffects(old, now, fields), fields...)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(was.documents)) {
		if !kept[key] {
			r.add(Removed, key, removedEffects(was.documents[key]))
		}
	}
	slices.SortStableFunc(r.Changes, func(a, b Change) int { return cmp.Compare(a.Action, b.Action) })
	return r, nil
}

func (r *Report) add(action Action, key string, effects []string, fields ...Field) {
	// The key begins with the group of the kind.
	_, object, _ := strings.Cut(key, " ")
	r.Changes = append(r.Changes, Change{action, object, effects, fields})
}

// document is an object as JSON values.
type document map[string]any

// set are manifests, read twice: as documents by group, kind and name, and as the
// types that the guard reads.
type set struct {
	documents map[string]document
	objects   []manifest.Object
}

func read(files map[string][]byte) (set, error) {
	s := set{documents: map[string]document{}}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		objects, err := manifest.Parse(name, files[name])
		if err != nil {
			return s, err
		}
		s.objects = append(s.objects, objects...)
		for _, part := range separator.Split(string(files[name]), -1) {
			var d document
			if err := yaml.Unmarshal([]byte(part), &d); err != nil {
				return s, fmt.Errorf("%s: %w", name, err)
			}
			if len(d) > 0 {
				s.documents[d.key()] = d
			}
		}
	}
	return s, nil
}

// separator is what stands between the documents of a file.
var separator = regexp.MustCompile(`(?m)^---.*$`)

func (d document) text(path ...string) string {
	value, _ := d.at(path...).(string)
	return value
}

// at returns the value at a path, or nil.
func (d document) at(path ...string) any {
	value, _, _ := unstructured.NestedFieldNoCopy(d, path...)
	return value
}

func (d document) key() string {
	group, _, found := strings.Cut(d.text("apiVersion"), "/")
	if !found {
		group = ""
	}
	o := manifest.Object{Kind: d.text("kind")}
	o.Namespace, o.Name = d.text("metadata", "namespace"), d.text("metadata", "name")
	return group + " " + o.String()
}

// hash ends the name of a Job whose name follows from its content.
var hash = regexp.MustCompile(`-[0-9a-f]{8}$`)

// renamedJobs returns the Jobs of after that stand for Jobs of s with other
// content, by their keys: the name tells them apart by its last part alone.
func (s set) renamedJobs(after set) map[string]string {
	gone := map[string]string{}
	for key, d := range s.documents {
		if _, kept := after.documents[key]; !kept && d.text("kind") == "Job" && hash.MatchString(key) {
			gone[hash.ReplaceAllString(key, "")] = key
		}
	}
	renamed := map[string]string{}
	for key, d := range after.documents {
		if _, known := s.documents[key]; !known && d.text("kind") == "Job" && hash.MatchString(key) {
			if from, ok := gone[hash.ReplaceAllString(key, "")]; ok {
				renamed[key] = from
			}
		}
	}
	return renamed
}
