package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/yannh/kubeconform/pkg/validator"
)

// shed defines a custom resource of two versions.
const shed = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec:
  group: tools.garden.example
  names: {kind: Shed}
  versions:
    - name: v1
      schema:
        openAPIV3Schema:
          type: object
          required: [metadata, spec]
          properties:
            apiVersion: {type: string}
            kind: {type: string}
            metadata: {type: object}
            spec:
              type: object
              properties:
                door: {anyOf: [{type: integer}, {type: string}], x-kubernetes-int-or-string: true}
                colour: {type: string, pattern: '^[a-z]+$'}
                properties: {type: array, items: {type: object, properties: {name: {type: string}}}}
                labels: {type: object, additionalProperties: {type: string}}
                anything: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {a: {type: string}}}
    - name: v1beta1
      schema: {openAPIV3Schema: {type: object, properties: {metadata: {type: object}, spec: {type: object}}}}
`

func TestKubeconformChecksCustomResources(t *testing.T) {
	files, err := customSchemas([]byte(shed))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "out")
	if err := write(dir, files); err != nil {
		t.Fatal(err)
	}
	v, err := validator.New([]string{filepath.Join(dir, "{{.ResourceKind}}{{.KindSuffix}}.json")}, validator.Opts{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	const head = "apiVersion: tools.garden.example/v1\nkind: Shed\nmetadata: {name: east}\n"
	for manifest, want := range map[string]string{
		head + "spec: {door: 1, colour: red, labels: {any/key: x}}\n":         "",
		head + "spec: {door: left}\n":                                         "",
		head + "spec: {properties: [{name: x}]}\n":                            "",
		head + "spec: {anything: {b: 1}}\n":                                   "",
		strings.Replace(head, "/v1", "/v1beta1", 1) + "spec: {}\n":            "",
		head + "spec: {door: 1.5}\n":                                          "door",
		head + "spec: {colour: Red}\n":                                        "pattern",
		head + "spec: {doors: 1}\n":                                           "'doors'",
		head + "spec: {properties: [{nane: x}]}\n":                            "'nane'",
		head + "spec: {labels: {a: 1}}\n":                                     "want string",
		head + "spec: {anything: {a: 1}}\n":                                   "want string",
		head:                                                                  "'spec'",
		head + "spec: {}\nspce: {}\n":                                         "'spce'",
		strings.Replace(head, "name: east", "", 1) + "spec: {}\n":             "'name'",
		strings.Replace(head, "/v1", "/v2", 1) + "spec: {}\n":                 "could not find schema",
		strings.Replace(head, "tools.garden", "tools.yard", 1) + "spec: {}\n": "must be 'tools.garden.example/v1'",
	} {
		err := v.Validate("manifest.yaml", io.NopCloser(strings.NewReader(manifest)))[0].Err
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", manifest, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v, want it to mention %s", manifest, err, want)
		}
	}
}

func TestOnlyDefinitionsAreTaken(t *testing.T) {
	for _, data := range []string{"kind: Shed\n", "spec: {versions: [{name: v1}]}\n", "[]"} {
		if _, err := customSchemas([]byte(data)); err == nil {
			t.Errorf("%s: accepted", data)
		}
	}
}
