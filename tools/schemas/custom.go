package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"sigs.k8s.io/yaml"
)

// definition is as much of a CustomResourceDefinition as its schemas need.
type definition struct {
	Spec struct {
		Group    string
		Names    struct{ Kind string }
		Versions []struct {
			Name   string
			Schema struct{ OpenAPIV3Schema map[string]any }
		}
	}
}

// customSchemas returns one schema file for each version of the custom resource
// that data defines. What JSON schema does not know of the definition, such as
// rules in CEL, is not checked.
func customSchemas(data []byte) (map[string][]byte, error) {
	var d definition
	if err := yaml.Unmarshal(data, &d); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, v := range d.Spec.Versions {
		kind := groupVersionKind{d.Spec.Group, v.Name, d.Spec.Names.Kind}
		root := v.Schema.OpenAPIV3Schema
		properties, ok := root["properties"].(map[string]any)
		if !ok || properties["metadata"] == nil {
			return nil, fmt.Errorf("%s %s: has no metadata", kind.apiVersion(), kind.Kind)
		}
		closeObjects(root)
		required, _ := root["required"].([]any)
		identify(root, properties, kind)
		for _, name := range []any{"apiVersion", "kind", "metadata"} {
			if !slices.Contains(required, name) { // JSON schema takes no name twice.
				required = append(required, name)
			}
		}
		root["required"] = required
		content, err := json.MarshalIndent(root, "", " ")
		if err != nil {
			return nil, err
		}
		files[kind.file()] = append(content, '\n')
	}
	if len(files) == 0 {
		return nil, errors.New("is no CustomResourceDefinition with versions")
	}
	return files, nil
}

// closeObjects lets an object have the properties that its schema lists and no
// others, as an API server does that validates strictly.
func closeObjects(schema any) {
	s, ok := schema.(map[string]any)
	if !ok {
		return
	}
	properties, listed := s["properties"].(map[string]any)
	for _, property := range properties {
		closeObjects(property)
	}
	closeObjects(s["items"])
	closeObjects(s["additionalProperties"])
	if listed && s["additionalProperties"] == nil && s["x-kubernetes-preserve-unknown-fields"] != true {
		s["additionalProperties"] = false
	}
}
