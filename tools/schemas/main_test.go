package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/yannh/kubeconform/pkg/validator"
)

// swagger is a release with three kinds that can be applied (Orchard in the
// core group, Tree and Grafting in others), one that can only be read
// (OrchardList) and one that is a subresource (Pruning).
const swagger = `{
  "definitions": {
    "garden.v1.Orchard": {
      "description": "An orchard.",
      "type": "object",
      "required": ["spec"],
      "properties": {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"$ref": "#/definitions/meta.v1.ObjectMeta"},
        "spec": {"$ref": "#/definitions/garden.v1.OrchardSpec", "x-kubernetes-patch-strategy": "merge"}
      },
      "x-kubernetes-group-version-kind": [{"group": "", "kind": "Orchard", "version": "v1"}]
    },
    "garden.v1.OrchardSpec": {
      "type": "object",
      "required": ["rows"],
      "properties": {
        "rows": {"type": "integer", "format": "int32", "default": 0},
        "gate": {"$ref": "#/definitions/io.k8s.apimachinery.pkg.util.intstr.IntOrString"},
        "water": {
          "type": "object",
          "additionalProperties": {"$ref": "#/definitions/io.k8s.apimachinery.pkg.api.resource.Quantity"}
        },
        "keys": {"type": "object", "additionalProperties": {"type": "string", "format": "byte"}},
        "planted": {"$ref": "#/definitions/meta.v1.Time"},
        "layout": {"$ref": "#/definitions/garden.v1.Layout"},
        "note": {"$ref": "#/definitions/garden.v1.JSON"},
        "season": {"type": "string", "enum": ["spring", "autumn"]},
        "weather": {
          "type": "object",
          "properties": {"sun": {"type": "boolean"}},
          "x-kubernetes-preserve-unknown-fields": true
        }
      }
    },
    "garden.v1.Layout": {
      "type": "object",
      "properties": {
        "$ref": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#/definitions/garden.v1.Layout"}}
      }
    },
    "garden.v1.JSON": {"description": "Any valid JSON value."},
    "garden.v1.OrchardList": {
      "type": "object",
      "required": ["items"],
      "properties": {
        "items": {"type": "array", "items": {"$ref": "#/definitions/garden.v1.Orchard"}},
        "metadata": {"$ref": "#/definitions/meta.v1.ListMeta"}
      },
      "x-kubernetes-group-version-kind": [{"group": "", "kind": "OrchardList", "version": "v1"}]
    },
    "garden.v1.Tree": {
      "type": "object",
      "properties": {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"$ref": "#/definitions/meta.v1.ObjectMeta"},
        "branches": {"type": "array", "items": {"$ref": "#/definitions/garden.v1.Tree"}}
      }
    },
    "meta.v1.ListMeta": {"type": "object", "properties": {"continue": {"type": "string"}}},
    "meta.v1.ObjectMeta": {
      "type": "object",
      "properties": {
        "name": {"type": "string"},
        "generateName": {"type": "string"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}}
      }
    },
    "meta.v1.Time": {"type": "string", "format": "date-time"},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": "string", "format": "int-or-string"},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": "string"}
  },
  "paths": {
    "/api/v1/orchards": {"get": {}, "post": {}},
    "/api/v1/orchards/{name}": {"patch": {
      "responses": {"200": {"schema": {"$ref": "#/definitions/garden.v1.Orchard"}}},
      "x-kubernetes-group-version-kind": {"group": "", "kind": "Orchard", "version": "v1"}
    }},
    "/api/v1/orchards/{name}/pruning": {"patch": {
      "responses": {"200": {"schema": {"$ref": "#/definitions/garden.v1.Orchard"}}},
      "x-kubernetes-group-version-kind": {"group": "", "kind": "Pruning", "version": "v1"}
    }},
    "/apis/plants/v1beta1/trees/{name}": {"patch": {
      "responses": {"200": {"schema": {"$ref": "#/definitions/garden.v1.Tree"}}},
      "x-kubernetes-group-version-kind": {"group": "plants", "kind": "Tree", "version": "v1beta1"}
    }},
    "/apis/tools.garden.example/v1/graftings/{name}": {"patch": {
      "responses": {"200": {"schema": {"$ref": "#/definitions/garden.v1.Tree"}}},
      "x-kubernetes-group-version-kind": {"group": "tools.garden.example", "kind": "Grafting", "version": "v1"}
    }}
  }
}`

// orchard is a whole Orchard whose spec has one more line.
func orchard(line string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Orchard\nmetadata: {name: east}\nspec:\n  rows: 3\n  %s\n", line)
}

// kubeconform returns what kubeconform, set up as in manifests-lint.sh, says
// about manifests.
func kubeconform(t *testing.T) func(manifest string) error {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out")
	files, err := schemas([]byte(swagger))
	if err != nil {
		t.Fatal(err)
	}
	if err := write(dir, files); err != nil {
		t.Fatal(err)
	}
	location := filepath.Join(dir, "{{.ResourceKind}}{{.KindSuffix}}.json")
	v, err := validator.New([]string{location}, validator.Opts{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	return func(manifest string) error {
		results := v.Validate("manifest.yaml", io.NopCloser(strings.NewReader(manifest)))
		if len(results) != 1 {
			t.Fatalf("got %d results, want 1", len(results))
		}
		if results[0].Status != validator.Valid && results[0].Err == nil {
			t.Fatalf("got status %d without an error", results[0].Status)
		}
		return results[0].Err
	}
}

func TestKubeconformAcceptsValidObjects(t *testing.T) {
	check := kubeconform(t)
	for name, manifest := range map[string]string{
		"minimal":                      orchard(""),
		"IntOrString as integer":       orchard("gate: 8000"),
		"IntOrString as string":        orchard("gate: http"),
		"quantity as string":           orchard("water: {a: 512Mi, b: 500m, c: '1', d: 1e3, e: .5, f: -1.5E}"),
		"quantity as number":           orchard("water: {a: 1, b: 0.5}"),
		"base64":                       orchard("keys: {a: '', b: YQ==, c: YWI=, d: YWJj, e: \"YWJj\\nYWI=\\n\"}"),
		"date-time":                    orchard("planted: 2024-02-29T12:00:00Z"),
		"enum":                         orchard("season: autumn"),
		"recursion":                    orchard("layout: {children: [{children: [{children: []}]}]}"),
		"a property called $ref":       orchard("layout: {$ref: elsewhere}"),
		"any JSON value: object":       orchard("note: {deep: [1, {er: true}]}"),
		"any JSON value: number":       orchard("note: 1"),
		"unknown fields are preserved": orchard("weather: {sun: true, wind: 3}"),
		"labels":                       "apiVersion: v1\nkind: Orchard\nmetadata: {name: east, labels: {any/key: x}}\nspec: {rows: 1}\n",
		"generated name":               "apiVersion: v1\nkind: Orchard\nmetadata: {generateName: east-}\nspec: {rows: 1}\n",
		"group of one label":           "apiVersion: plants/v1beta1\nkind: Tree\nmetadata: {name: elm}\n",
		"group of several labels":      "apiVersion: tools.garden.example/v1\nkind: Grafting\nmetadata: {name: elm}\n",
		"a kind that contains itself": "apiVersion: plants/v1beta1\nkind: Tree\nmetadata: {name: elm}\n" +
			"branches: [{branches: [{metadata: {}}]}]\n",
	} {
		t.Run(name, func(t *testing.T) {
			if err := check(manifest); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestKubeconformRefusesBrokenObjects(t *testing.T) {
	check := kubeconform(t)
	for name, test := range map[string]struct{ manifest, want string }{
		"typo at the top":          {orchard("") + "spce: {}\n", "'spce'"},
		"typo in the spec":         {orchard("gaet: 1"), "'gaet'"},
		"typo in metadata":         {"apiVersion: v1\nkind: Orchard\nmetadata: {name: e, lables: {}}\nspec: {rows: 1}\n", "'lables'"},
		"typo below recursion":     {orchard("layout: {children: [{childern: []}]}"), "'childern'"},
		"typo in a kind in itself": {"apiVersion: plants/v1beta1\nkind: Tree\nmetadata: {name: e}\nbranches: [{leafs: 1}]\n", "'leafs'"},
		"wrong type":               {orchard("layout: []"), "got array, want object"},
		"wrong type where open":    {orchard("weather: {sun: bright}"), "got string, want boolean"},
		"null":                     {orchard("layout:"), "got null, want object"},
		"string for an integer":    {strings.Replace(orchard(""), "rows: 3", "rows: '3'", 1), "got string, want integer"},
		"more than 32 bits":        {strings.Replace(orchard(""), "rows: 3", "rows: 2147483648", 1), "maximum"},
		"missing required field":   {strings.Replace(orchard("gate: 1"), "rows: 3", "", 1), "'rows'"},
		"duplicate key":            {orchard("rows: 4"), `"rows" already set`},
		"IntOrString: fraction":    {orchard("gate: 1.5"), "want integer or string"},
		"IntOrString: boolean":     {orchard("gate: true"), "want integer or string"},
		"quantity: unit":           {orchard("water: {a: 512MB}"), "pattern"},
		"quantity: boolean":        {orchard("water: {a: true}"), "want number or string"},
		"base64: plain text":       {orchard("keys: {a: secret!}"), "pattern"},
		"base64: no padding":       {orchard("keys: {a: YQ}"), "pattern"},
		"date-time: date":          {orchard("planted: '2024-02-29'"), "date-time"},
		"enum":                     {orchard("season: winter"), "must be one of"},
		"label that is a number":   {"apiVersion: v1\nkind: Orchard\nmetadata: {name: e, labels: {a: 1}}\nspec: {rows: 1}\n", "want string"},
		"no name":                  {"apiVersion: v1\nkind: Orchard\nmetadata: {}\nspec: {rows: 1}\n", "'name'"},
		"no metadata":              {"apiVersion: v1\nkind: Orchard\nspec: {rows: 1}\n", "'metadata'"},
		"no apiVersion":            {"kind: Orchard\nmetadata: {name: e}\nspec: {rows: 1}\n", "apiVersion"},
		"no kind":                  {"apiVersion: v1\nmetadata: {name: e}\nspec: {rows: 1}\n", "kind"},
		"unknown kind":             {"apiVersion: v1\nkind: Vineyard\nmetadata: {name: e}\n", "could not find schema"},
		"unknown version":          {"apiVersion: v2\nkind: Orchard\nmetadata: {name: e}\n", "could not find schema"},
		"kind in lower case":       {"apiVersion: plants/v1beta1\nkind: tree\nmetadata: {name: e}\n", "must be 'Tree'"},
		"group like another":       {"apiVersion: plants.example/v1beta1\nkind: Tree\nmetadata: {name: e}\n", "must be 'plants/v1beta1'"},
		"list":                     {"apiVersion: v1\nkind: OrchardList\nmetadata: {}\nitems: []\n", "could not find schema"},
		"subresource":              {"apiVersion: v1\nkind: Pruning\nmetadata: {name: e}\nspec: {rows: 1}\n", "could not find schema"},
	} {
		t.Run(name, func(t *testing.T) {
			err := check(test.manifest)
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want it to mention %s", err, test.want)
			}
		})
	}
}

func TestFilesAreNamedAfterGroupVersionAndKind(t *testing.T) {
	files, err := schemas([]byte(swagger))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"grafting-tools-v1.json", "orchard-v1.json", "tree-plants-v1beta1.json"}
	if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAFileHoldsOnlyReachableDefinitions(t *testing.T) {
	files, err := schemas([]byte(swagger))
	if err != nil {
		t.Fatal(err)
	}
	tree := string(files["tree-plants-v1beta1.json"])
	for _, want := range []string{`"meta.v1.ObjectMeta": {`, `"garden.v1.Tree": {`} {
		if !strings.Contains(tree, want) {
			t.Errorf("no definition %s in\n%s", want, tree)
		}
	}
	if strings.Contains(tree, "garden.v1.OrchardSpec") {
		t.Errorf("unreachable definition in\n%s", tree)
	}
}

func TestSourcesThatCannotBeTrustedAreRefused(t *testing.T) {
	for name, test := range map[string]struct{ old, new, want string }{
		"unknown keyword":    {`"format": "int32"`, `"multipleOf": 2`, "multipleOf"},
		"missing definition": {`"garden.v1.Layout": {`, `"garden.v1.Plan": {`, "garden.v1.Layout: no such definition"},
		"missing response":   {`{"200": {"schema": {"$ref": "#/definitions/garden.v1.Tree"}}}`, `{}`, "the response has no definition"},
		"no kinds":           {`"patch"`, `"put"`, "no kinds"},
		"same file name":     {`"group": "tools.garden.example", "kind": "Grafting", "version": "v1"`, `"group": "plants.example", "kind": "Tree", "version": "v1beta1"`, "tree-plants-v1beta1.json"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := strings.ReplaceAll(swagger, test.old, test.new)
			if broken == swagger {
				t.Fatalf("the fixture has no %s", test.old)
			}
			_, err := schemas([]byte(broken))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one that mentions %s", err, test.want)
			}
		})
	}
}

func TestWriteNeverTouchesAnExistingDirectory(t *testing.T) {
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept.json")
	if err := os.WriteFile(kept, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := write(dir, map[string][]byte{"new.json": []byte("{}")}); err == nil {
		t.Error("accepted")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != "kept.json" {
		t.Errorf("got %v, want kept.json alone", entries)
	}
}
