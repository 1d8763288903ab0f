// Command schemas writes one strict JSON schema per Kubernetes kind, for
// kubeconform.
//
//	go run ./schemas -kubernetes 1.28.15 -out DIR
//	go run ./schemas -out DIR DEFINITION.yaml...
//	kubeconform -strict -schema-location 'DIR/{{.ResourceKind}}{{.KindSuffix}}.json' FILE...
//
// The source is the OpenAPI document that every Kubernetes release carries,
// taken from the Go module k8s.io/kubernetes: the check needs no service but
// the Go module proxy, and the checksum database vouches for the content. Those
// of custom resources come from the files of their CustomResourceDefinitions.
//
// Strict means stricter than the document: objects are closed, apiVersion and
// kind are fixed, a name is required, and quantities and base64 are checked as
// text, all as an API server does it. Two things are refused although a server
// takes them: an explicit null, which is how a template that came out empty
// looks, and the lack of a field that the document requires without need, such
// as the serviceName of a StatefulSet in older releases. Not checked, for the
// document does not say: the values of closed string types such as
// imagePullPolicy.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// quantity is the one definition whose wire form the document describes only in
// prose.
const quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity"

// Text that an API server parses, as patterns. None accepts less than the
// server's own parser.
const (
	// quantityPattern is a number with a binary, decimal or exponent suffix:
	// "512Mi", "500m", "1e3".
	quantityPattern = `^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$`
	// base64Pattern is padded standard base64, line breaks allowed.
	base64Pattern = `^[\r\n]*(` + base64Digit + `{4})*` +
		`(` + base64Digit + `{2}=[\r\n]*=[\r\n]*|` + base64Digit + `{3}=[\r\n]*)?$`
	// base64Digit is one digit, with the line breaks after it.
	base64Digit = `([A-Za-z0-9+/][\r\n]*)`
)

// refPrefix leads every reference, in the source and in what is written.
const refPrefix = "#/definitions/"

var releasePattern = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)

func main() {
	release := flag.String("kubernetes", "",
		"Kubernetes release, as in 1.28.15, or none with files of CustomResourceDefinitions")
	out := flag.String("out", "", "directory to create")
	flag.Parse()
	if (flag.NArg() > 0) == (*release != "") || *out == "" {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*release, flag.Args(), *out); err != nil {
		fmt.Fprintln(os.Stderr, "schemas:", err)
		os.Exit(1)
	}
}

func run(release string, definitions []string, out string) error {
	if len(definitions) > 0 {
		return runCustom(definitions, out)
	}
	data, err := download(release)
	if err != nil {
		return err
	}
	files, err := schemas(data)
	if err != nil {
		return fmt.Errorf("kubernetes %s: %w", release, err)
	}
	return write(out, files)
}

// runCustom writes the schemas of the custom resources that paths define.
func runCustom(paths []string, out string) error {
	files := map[string][]byte{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		custom, err := customSchemas(data)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		maps.Copy(files, custom)
	}
	return write(out, files)
}

// download returns the OpenAPI v2 document of a Kubernetes release.
func download(release string) ([]byte, error) {
	if !releasePattern.MatchString(release) {
		return nil, fmt.Errorf("-kubernetes: %q: must be three numbers, as in 1.28.15", release)
	}
	// Outside of any module, or the go command would add the download to a
	// go.sum.
	dir, err := os.MkdirTemp("", "schemas-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)

	cmd := exec.Command("go", "mod", "download", "-json", "k8s.io/kubernetes@v"+release)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GOWORK=off")
	stdout, runErr := cmd.Output()
	var module struct{ Dir, Error string }
	if err := json.Unmarshal(stdout, &module); err != nil {
		return nil, fmt.Errorf("%s: %w", cmd, errors.Join(runErr, err))
	}
	if module.Error != "" || runErr != nil {
		return nil, fmt.Errorf("%s: %w", cmd, errors.Join(runErr, errors.New(module.Error)))
	}
	return os.ReadFile(filepath.Join(module.Dir, "api", "openapi-spec", "swagger.json"))
}

// write fills a directory that must not exist yet. It appears complete or not
// at all, so that a cache can rely on its presence.
func write(dir string, files map[string][]byte) error {
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("-out: %s: exists; remove it first", dir)
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	staging, err := os.MkdirTemp(parent, ".schemas-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(staging)
	if err := os.Chmod(staging, 0o755); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(staging, name), content, 0o644); err != nil {
			return err
		}
	}
	return os.Rename(staging, dir)
}

// document is the part of an OpenAPI v2 document that says which objects there
// are and what they look like.
type document struct {
	Definitions map[string]*node    `json:"definitions"`
	Paths       map[string]endpoint `json:"paths"`
}

// endpoint is one URL of the API.
type endpoint struct {
	Patch *struct {
		GroupVersionKind groupVersionKind    `json:"x-kubernetes-group-version-kind"`
		Responses        map[string]response `json:"responses"`
	} `json:"patch"`
}

type response struct {
	Schema node `json:"schema"`
}

type groupVersionKind struct {
	Group, Version, Kind string
}

// apiVersion is the value a manifest carries: "v1", "apps/v1".
func (k groupVersionKind) apiVersion() string {
	if k.Group == "" {
		return k.Version
	}
	return k.Group + "/" + k.Version
}

// file is the name kubeconform's {{.ResourceKind}}{{.KindSuffix}}.json expands
// to: of a group it keeps the first label only.
func (k groupVersionKind) file() string {
	parts := []string{k.Kind}
	if k.Group != "" {
		label, _, _ := strings.Cut(k.Group, ".")
		parts = append(parts, label)
	}
	return strings.ToLower(strings.Join(append(parts, k.Version), "-")) + ".json"
}

// node is one schema of the document.
type node struct {
	Ref                  string           `json:"$ref"`
	Type                 string           `json:"type"`
	Format               string           `json:"format"`
	Enum                 []any            `json:"enum"`
	Required             []string         `json:"required"`
	Properties           map[string]*node `json:"properties"`
	AdditionalProperties *node            `json:"additionalProperties"`
	Items                *node            `json:"items"`
	PreserveUnknown      bool             `json:"x-kubernetes-preserve-unknown-fields"`
	IntOrString          bool             `json:"x-kubernetes-int-or-string"`
}

// keywords are the ones node reads, and the ones that carry no constraint.
var keywords = []string{
	"$ref", "type", "format", "enum", "required", "properties", "additionalProperties", "items",
	"description", "title", "default", "example", "readOnly",
}

// UnmarshalJSON refuses a keyword that node does not know, because to drop it
// would weaken the check silently.
func (n *node) UnmarshalJSON(data []byte) error {
	var present map[string]json.RawMessage
	if err := json.Unmarshal(data, &present); err != nil {
		return err
	}
	for keyword := range present {
		if !strings.HasPrefix(keyword, "x-") && !slices.Contains(keywords, keyword) {
			return fmt.Errorf("unknown schema keyword %q", keyword)
		}
	}
	type plain node
	return json.Unmarshal(data, (*plain)(n))
}

// schemas returns the content of each schema file by file name, for every kind
// that can be applied to a cluster.
func schemas(data []byte) (map[string][]byte, error) {
	var doc document
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	kinds, err := doc.kinds()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for kind, definition := range kinds {
		schema, err := doc.schema(kind, definition)
		if err != nil {
			return nil, err
		}
		content, err := json.MarshalIndent(schema, "", " ")
		if err != nil {
			return nil, err
		}
		if _, taken := files[kind.file()]; taken {
			return nil, fmt.Errorf("%s %s: another kind has the file name %s too",
				kind.apiVersion(), kind.Kind, kind.file())
		}
		files[kind.file()] = append(content, '\n')
	}
	return files, nil
}

// kinds returns the definition of every kind that kubectl apply can send: those
// that the API patches under their own name. Lists, options, reviews and
// subresources such as Scale have no such endpoint, so a manifest of them finds
// no schema.
func (d *document) kinds() (map[groupVersionKind]string, error) {
	kinds := map[groupVersionKind]string{}
	for path, endpoint := range d.Paths {
		if endpoint.Patch == nil || !strings.HasSuffix(path, "/{name}") {
			continue
		}
		definition, ok := strings.CutPrefix(endpoint.Patch.Responses["200"].Schema.Ref, refPrefix)
		if !ok || d.Definitions[definition] == nil {
			return nil, fmt.Errorf("%s: patch: the response has no definition", path)
		}
		kinds[endpoint.Patch.GroupVersionKind] = definition
	}
	if len(kinds) == 0 {
		return nil, errors.New("the document has no kinds")
	}
	return kinds, nil
}

// schema returns the self-contained schema of one kind: draft 4, because
// kubeconform reads everything as that.
func (d *document) schema(kind groupVersionKind, definition string) (map[string]any, error) {
	root := strict(definition, d.Definitions[definition])
	properties, ok := root["properties"].(map[string]any)
	if !ok || properties["metadata"] == nil {
		return nil, fmt.Errorf("%s: has no metadata", definition)
	}
	definitions, err := d.reachable(d.Definitions[definition])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", definition, err)
	}

	identify(root, properties, kind)
	required := append([]string{"apiVersion", "kind", "metadata"}, d.Definitions[definition].Required...)
	slices.Sort(required)
	root["required"] = slices.Compact(required)
	root["definitions"] = definitions
	return root, nil
}

// identify fixes apiVersion and kind in the schema of a whole object.
func identify(root, properties map[string]any, kind groupVersionKind) {
	properties["apiVersion"] = map[string]any{"enum": []string{kind.apiVersion()}}
	properties["kind"] = map[string]any{"enum": []string{kind.Kind}}
	properties["metadata"] = named(properties["metadata"])
	root["$schema"] = "http://json-schema.org/draft-04/schema#"
}

// named narrows the metadata of a whole object, which needs a name where a pod
// template does not.
func named(metadata any) map[string]any {
	return map[string]any{"allOf": []any{
		metadata,
		map[string]any{"anyOf": []any{
			map[string]any{"required": []string{"name"}},
			map[string]any{"required": []string{"generateName"}},
		}},
	}}
}

// reachable returns the strict form of every definition that a node needs,
// itself only if it is recursive.
func (d *document) reachable(from *node) (map[string]any, error) {
	found := map[string]any{}
	pending := references(from)
	for len(pending) > 0 {
		name := pending[0]
		pending = pending[1:]
		if _, done := found[name]; done {
			continue
		}
		definition := d.Definitions[name]
		if definition == nil {
			return nil, fmt.Errorf("%s: no such definition", name)
		}
		found[name] = strict(name, definition)
		pending = append(pending, references(definition)...)
	}
	return found, nil
}

// references returns the names of the definitions that a node mentions
// directly.
func references(n *node) []string {
	if n == nil {
		return nil
	}
	var names []string
	if n.Ref != "" {
		names = append(names, strings.TrimPrefix(n.Ref, refPrefix))
	}
	names = append(names, references(n.Items)...)
	names = append(names, references(n.AdditionalProperties)...)
	for _, property := range slices.Sorted(maps.Keys(n.Properties)) {
		names = append(names, references(n.Properties[property])...)
	}
	return names
}

// strict returns the JSON schema of a node. The name is that of the definition,
// empty for a node inside one.
func strict(name string, n *node) map[string]any {
	switch {
	case n.Ref != "":
		return map[string]any{"$ref": n.Ref}
	case name == quantity:
		return map[string]any{"type": []string{"string", "number"}, "pattern": quantityPattern}
	case n.IntOrString || n.Format == "int-or-string":
		return map[string]any{"type": []string{"string", "integer"}, "minimum": math.MinInt32, "maximum": math.MaxInt32}
	}

	schema := map[string]any{}
	if n.Type != "" { // Without a type it is any JSON value, such as a default in a CustomResourceDefinition.
		schema["type"] = n.Type
	}
	if len(n.Enum) > 0 {
		schema["enum"] = n.Enum
	}
	if n.Items != nil {
		schema["items"] = strict("", n.Items)
	}
	if len(n.Required) > 0 {
		schema["required"] = n.Required
	}
	maps.Copy(schema, formatted(n.Format))
	maps.Copy(schema, members(n))
	return schema
}

// formatted returns what a format adds to a type.
func formatted(format string) map[string]any {
	switch format {
	case "int32":
		return map[string]any{"minimum": math.MinInt32, "maximum": math.MaxInt32}
	case "byte":
		return map[string]any{"pattern": base64Pattern}
	case "date-time":
		return map[string]any{"format": format}
	default:
		return nil
	}
}

// members returns what an object may contain: the listed properties and nothing
// else, or any key with values of one form. An object that lists nothing stays
// open; raw JSON is described that way.
func members(n *node) map[string]any {
	schema := map[string]any{}
	if len(n.Properties) > 0 {
		properties := map[string]any{}
		for name, property := range n.Properties {
			properties[name] = strict("", property)
		}
		schema["properties"] = properties
	}
	switch {
	case n.AdditionalProperties != nil:
		schema["additionalProperties"] = strict("", n.AdditionalProperties)
	case len(n.Properties) > 0 && !n.PreserveUnknown:
		schema["additionalProperties"] = false
	}
	return schema
}
