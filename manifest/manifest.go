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
	"os"
	"path/filepath"
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
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
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
}

// String returns the object as people write it, such as
// "Deployment django-app/django".
func (o Object) String() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// decoder knows the built-in kinds and refuses fields that they do not have.
var decoder = newDecoder()

var scheme = runtime.NewScheme()

// builtIn are the kinds that decoder knows.
var builtIn = map[string]bool{}

func newDecoder() runtime.Decoder {
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, rbacv1.AddToScheme, networkingv1.AddToScheme,
		autoscalingv1.AddToScheme, autoscalingv2.AddToScheme, policyv1.AddToScheme, storagev1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			panic("manifest: " + err.Error())
		}
	}
	for kind := range scheme.AllKnownTypes() {
		builtIn[kind.Kind] = true
	}
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
}

// Load reads every .yaml file of dir, without those of its subdirectories. The
// errors of all files are joined.
func Load(dir string) ([]Object, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var objects []Object
	var errs []error
	for _, entry := range entries {
		if entry.IsDir() || filepath.Ext(entry.Name()) != ".yaml" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		found, err := Parse(entry.Name(), content)
		if err != nil {
			errs = append(errs, err)
		}
		objects = append(objects, found...)
	}
	return objects, errors.Join(errs...)
}

// Parse reads the objects of one YAML file. Every object that a Kubernetes API
// server would refuse to read is an error: all of them, joined. source names
// the file in errors.
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
		object, err := parseObject(source, document)
		switch {
		case err != nil:
			errs = append(errs, err)
		case object.Kind != "":
			objects = append(objects, object)
		}
	}
}

// parseObject reads one object; a document without content, such as a comment,
// gives an empty one.
func parseObject(source string, document []byte) (Object, error) {
	content, err := yaml.YAMLToJSON(document)
	if err != nil {
		return Object{}, fmt.Errorf("%s: %w", source, err)
	}
	if string(content) == "null" {
		return Object{}, nil
	}
	var meta metav1.PartialObjectMetadata
	if err := json.Unmarshal(content, &meta); err != nil {
		return Object{}, fmt.Errorf("%s: %w", source, err)
	}
	object := Object{Group: meta.GroupVersionKind().Group, Kind: meta.Kind, Namespace: meta.Namespace, Name: meta.Name}
	object.Source = source + ": " + object.String()
	if meta.Kind == "" || meta.APIVersion == "" || meta.Name == "" {
		return Object{}, fmt.Errorf("%s: apiVersion, kind and metadata.name are required", object.Source)
	}
	if kind := meta.GroupVersionKind(); !scheme.Recognizes(kind) {
		if !strings.Contains(kind.Group, ".") || scheme.IsGroupRegistered(kind.Group) {
			return Object{}, fmt.Errorf("%s: apiVersion: %q: Kubernetes has no such kind there", object.Source, meta.APIVersion)
		}
		if object.custom = newCustom(kind); object.custom != nil {
			if err := utiljson.Unmarshal(content, object.custom); err != nil {
				return Object{}, fmt.Errorf("%s: %w", object.Source, err)
			}
		}
		return object, nil
	}
	object.Content, _, err = decoder.Decode(document, nil, nil)
	if err != nil {
		return Object{}, fmt.Errorf("%s: %w", object.Source, err)
	}
	return object, nil
}
