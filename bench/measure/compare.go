//go:build linux

package main

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// objects are parsed manifests by their kind, namespace and name.
type objects map[string]any

// jobDigest ends the name of a Job of the library. The peers write the default
// app's for every stack, because it is made of the library's own bytes.
var jobDigest = regexp.MustCompile(`-[0-9a-f]{8}$`)

// readObjects parses every manifest below path.
func readObjects(path string) (objects, error) {
	found := objects{}
	return found, filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(file) != ".yaml" {
			return err
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		return found.add(string(content))
	})
}

func (o objects) add(manifests string) error {
	for document := range strings.SplitSeq("\n"+manifests, "\n---\n") {
		var content map[string]any
		if err := yaml.Unmarshal([]byte(document), &content); err != nil {
			return err
		}
		if content == nil {
			continue
		}
		kind, _ := content["kind"].(string)
		metadata, _ := content["metadata"].(map[string]any)
		namespace, _ := metadata["namespace"].(string)
		name, _ := metadata["name"].(string)
		if namespace != "django-app" {
			switch kind {
			case "Job":
				name = jobDigest.ReplaceAllString(name, "")
				metadata["name"] = name
			case "Role":
				withoutDigests(content)
			}
		}
		key := strings.Join([]string{kind, namespace, name}, " ")
		if _, twice := o[key]; twice {
			return fmt.Errorf("%s is there twice", key)
		}
		o[key] = content
	}
	return nil
}

// withoutDigests leaves out the digests of the Jobs that a Role names.
func withoutDigests(role map[string]any) {
	rules, _ := role["rules"].([]any)
	for _, rule := range rules {
		rule, _ := rule.(map[string]any)
		names, _ := rule["resourceNames"].([]any)
		if !reflect.DeepEqual(rule["resources"], []any{"jobs"}) {
			continue
		}
		for i := range names {
			if name, ok := names[i].(string); ok {
				names[i] = jobDigest.ReplaceAllString(name, "")
			}
		}
	}
}

// differences lists the fields in which got is not want.
func differences(path string, want, got any) []string {
	switch want := want.(type) {
	case objects:
		return differences(path, map[string]any(want), got)
	case map[string]any:
		other, ok := got.(map[string]any)
		if o, objects := got.(objects); objects {
			other, ok = o, true
		}
		if !ok {
			break
		}
		keys := maps.Clone(want)
		maps.Copy(keys, other)
		var all []string
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			_, here := want[key]
			_, there := other[key]
			switch at := path + "/" + key; {
			case !here:
				all = append(all, at+": is there, and should not be")
			case !there:
				all = append(all, at+": is missing")
			default:
				all = append(all, differences(at, want[key], other[key])...)
			}
		}
		return all
	case []any:
		other, ok := got.([]any)
		if !ok || len(other) != len(want) {
			break
		}
		var all []string
		for i := range want {
			all = append(all, differences(fmt.Sprintf("%s[%d]", path, i), want[i], other[i])...)
		}
		return all
	}
	if reflect.DeepEqual(want, got) {
		return nil
	}
	return []string{fmt.Sprintf("%s: %.60q instead of %.60q", path, fmt.Sprint(got), fmt.Sprint(want))}
}

// compare makes sure that all programs render the same objects as the library,
// and the library those of dist/.
func (b *bench) compare(ctx context.Context) error {
	committed, err := readObjects(filepath.Join(b.root, "dist"))
	if err != nil {
		return err
	}
	rendered := func(c command) (objects, error) {
		if _, err := b.once(ctx, c, compareLimit); err != nil {
			return nil, err
		}
		return readObjects(b.out())
	}

	one, two, closed := load{apps: 1, charts: 1}, load{apps: 1, charts: 2}, load{apps: 1, charts: 2, isolated: true}
	want := map[load]objects{one: committed}
	for _, l := range []load{two, closed} {
		if want[l], err = rendered(b.render(ours, l)); err != nil {
			return err
		}
	}
	checks := []struct {
		program string
		command command
		want    objects
	}{
		{"the default app", b.defaultApp(), want[one]},
		{ours, b.render(ours, one), want[one]},
		{typeScript, b.render(typeScript, one), want[one]},
		{typeScript, b.render(typeScript, two), want[two]},
		{typeScript, b.render(typeScript, closed), want[closed]},
		{"ts-node", b.tsNode(), want[one]},
		{naive, b.render(naive, one), want[one]},
		{naive, b.render(naive, two), want[two]},
		{naive, b.render(naive, closed), want[closed]},
		{helm, b.render(helm, one), want[one]},
		{helm, b.render(helm, two), want[two]},
		{kustomize, b.render(kustomize, one), want[one]},
		{kustomize, b.render(kustomize, two), want[two]},
	}
	var all []string
	for _, check := range checks {
		got, err := rendered(check.command)
		if err != nil {
			return err
		}
		found := differences("", check.want, got)
		progress("%s: %d objects, %d fields differ", check.program, len(got), len(found))
		for _, difference := range found {
			all = append(all, check.program+": "+difference)
		}
	}
	if len(all) > 0 {
		return fmt.Errorf("not all programs render the same objects:\n%s", strings.Join(all, "\n"))
	}
	return nil
}
