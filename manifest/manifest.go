// Package manifest reads rendered Kubernetes manifests and checks what no
// schema can: that they fit together. Package synth runs it on everything it
// writes; a project that renders its manifests in another way can run it on
// them with [Load] and [Check].
package manifest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	strictjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// Object is one object of a manifest.
type Object struct {
	// Source tells a person where the object comes from: the path of its
	// construct, or its file.
	Source string

	// Group, Kind, Namespace and Name identify the object. The group of the
	// core kinds, such as Service, is empty.
	Group, Kind, Namespace, Name string

	// Content is the object as its Go type, such as *appsv1.Deployment, or nil
	// when its kind is a custom one.
	Content runtime.Object

	// custom is what rules read of a custom kind, such as *httpRoute, or nil
	// when they read none of it.
	custom any

	// json is the object, when its kind is a custom one; a string, which keeps
	// objects comparable.
	json string

	// size is the number of bytes of the object in JSON; 0 when it was not
	// parsed.
	size int
}

// String returns the object as people write it, such as
// "Deployment django-app/django".
func (o Object) String() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// DecodeCustom fills into, a pointer, with what the manifest says of an object of a
// custom kind, as JSON. It leaves into alone for an object of a built-in kind, which
// is in Content.
func (o Object) DecodeCustom(into any) error {
	if o.json == "" {
		return nil
	}
	return json.Unmarshal([]byte(o.json), into)
}

// scheme are the built-in kinds, and builtIn their names without group.
var (
	scheme  = newScheme()
	builtIn = kindsOf(scheme)
)

func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, rbacv1.AddToScheme, networkingv1.AddToScheme,
		autoscalingv1.AddToScheme, autoscalingv2.AddToScheme, policyv1.AddToScheme, storagev1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			panic("manifest: " + err.Error())
		}
	}
	return scheme
}

func kindsOf(scheme *runtime.Scheme) map[string]bool {
	kinds := map[string]bool{}
	for kind := range scheme.AllKnownTypes() {
		kinds[kind.Kind] = true
	}
	return kinds
}

// Parse reads the objects of one YAML or JSON file; a List counts as the objects
// in it. Every object that a Kubernetes API server would refuse to read is an
// error: all of them, joined. source names the file in errors.
func Parse(source string, content []byte) ([]Object, error) {
	var objects []Object
	var errs []error
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return objects, errors.Join(errs...)
		}
		if err != nil {
			return nil, errors.Join(append(errs, fmt.Errorf("%s: %w", source, err))...)
		}
		found, err := parseDocument(source, document)
		if err != nil {
			errs = append(errs, err)
		}
		objects = append(objects, found...)
	}
}

// parseDocument reads one document; one without content, such as a comment,
// holds no object.
func parseDocument(source string, document []byte) ([]Object, error) {
	content, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", nameOf(source, document), err)
	}
	if string(content) == "null" {
		return nil, nil
	}
	return parseContent(source, content)
}

// nameOf returns the source of the object in a document that is no good YAML, or
// that of its file where the object has no name.
func nameOf(source string, document []byte) string {
	var h header
	if content, err := yaml.YAMLToJSON(document); err == nil && json.Unmarshal(content, &h) == nil {
		return h.object(source).Source
	}
	return source
}

// header is the part of an object that says what it is.
type header struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
	} `json:"metadata"`
	Items []json.RawMessage `json:"items"`
}

func (h header) object(source string) Object {
	o := Object{Group: h.kind().Group, Kind: h.Kind, Namespace: h.Metadata.Namespace, Name: h.Metadata.Name}
	o.Source = source + ": " + o.String()
	return o
}

func (h header) kind() schema.GroupVersionKind {
	return schema.FromAPIVersionAndKind(h.APIVersion, h.Kind)
}

// parseContent reads one object, or those of a List, from JSON.
func parseContent(source string, content []byte) ([]Object, error) {
	var h header
	if err := json.Unmarshal(content, &h); err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	object := h.object(source)
	object.size = len(content)
	switch {
	case h.APIVersion != "" && strings.HasSuffix(h.Kind, "List") && h.Items != nil:
		return parseItems(source, h.Items)
	case h.Kind == "" || h.APIVersion == "" || object.Name == "":
		return nil, fmt.Errorf("%s: apiVersion, kind and metadata.name are required", object.Source)
	}
	var err error
	switch kind := h.kind(); {
	case scheme.Recognizes(kind):
		object.Content, err = decode(kind, content)
	case !strings.Contains(kind.Group, ".") || scheme.IsGroupRegistered(kind.Group):
		err = fmt.Errorf("apiVersion: %q: Kubernetes has no such kind there", h.APIVersion)
	default:
		object.json = string(content)
		object.custom, err = decodeCustom(kind, content)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", object.Source, err)
	}
	return []Object{object}, nil
}

func parseItems(source string, items []json.RawMessage) ([]Object, error) {
	var objects []Object
	var errs []error
	for _, item := range items {
		found, err := parseContent(source, item)
		if err != nil {
			errs = append(errs, err)
		}
		objects = append(objects, found...)
	}
	return objects, errors.Join(errs...)
}

// decode returns an object of a built-in kind, and refuses fields that the kind
// does not have.
func decode(kind schema.GroupVersionKind, content []byte) (runtime.Object, error) {
	object, err := scheme.New(kind)
	if err != nil {
		return nil, err
	}
	wrong, err := strictjson.UnmarshalStrict(content, object)
	if err != nil {
		return nil, err
	}
	if len(wrong) > 0 {
		return nil, runtime.NewStrictDecodingError(wrong)
	}
	return object, nil
}

// decodeCustom returns what rules read of an object of a custom kind.
func decodeCustom(kind schema.GroupVersionKind, content []byte) (any, error) {
	var meta metav1.PartialObjectMetadata
	if err := json.Unmarshal(content, &meta); err != nil {
		return nil, err
	}
	custom := newCustom(kind)
	if custom == nil {
		return nil, nil
	}
	return custom, utiljson.Unmarshal(content, custom)
}
