package cluster

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"
)

// Object is one object of a manifest or of the cluster.
type Object = unstructured.Unstructured

// Read returns the objects of every manifest in dir, in the order in which
// kubectl applies them: file by file, from top to bottom.
func Read(dir string) ([]*Object, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var objects []*Object
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		found, err := Parse(content)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		objects = append(objects, found...)
	}
	return objects, nil
}

// Parse returns the objects of one manifest.
func Parse(content []byte) ([]*Object, error) {
	var objects []*Object
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		object := &Object{}
		if err := yaml.Unmarshal(document, &object.Object); err != nil {
			return nil, err
		}
		if len(object.Object) > 0 {
			objects = append(objects, object)
		}
	}
}

// Apply applies the manifests in dir as "kubectl apply --server-side" does,
// and returns the objects as the cluster then holds them.
func (c *Cluster) Apply(ctx context.Context, dir string) ([]*Object, error) {
	return c.apply(ctx, dir, metav1.PatchOptions{FieldManager: manager})
}

// ApplyOver is [Cluster.Apply] that takes over what others have changed, as
// "--force-conflicts" does.
func (c *Cluster) ApplyOver(ctx context.Context, dir string) ([]*Object, error) {
	return c.apply(ctx, dir, metav1.PatchOptions{FieldManager: manager, Force: new(true)})
}

func (c *Cluster) apply(ctx context.Context, dir string, options metav1.PatchOptions) ([]*Object, error) {
	options.FieldValidation = metav1.FieldValidationStrict
	wanted, err := Read(dir)
	if err != nil {
		return nil, err
	}
	var applied []*Object
	for _, object := range wanted {
		resource, err := c.resource(object)
		if err != nil {
			return nil, err
		}
		document, err := object.MarshalJSON()
		if err != nil {
			return nil, err
		}
		// Patch rather than Apply, which cannot ask for strict validation.
		result, err := resource.Patch(ctx, object.GetName(), types.ApplyPatchType, document, options)
		if err != nil {
			return nil, fmt.Errorf("apply %s %s: %w", object.GetKind(), object.GetName(), err)
		}
		applied = append(applied, result)
	}
	return applied, nil
}

// DryCreate asks the API server whether it would accept object, as a new one,
// under every check that it has. Nothing is kept.
func (c *Cluster) DryCreate(ctx context.Context, object *Object) error {
	resource, err := c.resource(object)
	if err != nil {
		return err
	}
	_, err = resource.Create(ctx, object, metav1.CreateOptions{
		DryRun: []string{metav1.DryRunAll}, FieldManager: manager, FieldValidation: metav1.FieldValidationStrict,
	})
	return err
}

// Get returns object as the cluster holds it.
func (c *Cluster) Get(ctx context.Context, object *Object) (*Object, error) {
	resource, err := c.resource(object)
	if err != nil {
		return nil, err
	}
	return resource.Get(ctx, object.GetName(), metav1.GetOptions{})
}

// Delete deletes the objects of the manifests in dir, without those of the
// kinds to keep, from the last to the first. It does not wait for their end.
func (c *Cluster) Delete(ctx context.Context, dir string, keep ...string) ([]*Object, error) {
	objects, err := Read(dir)
	if err != nil {
		return nil, err
	}
	var deleted []*Object
	for _, object := range slices.Backward(objects) {
		if slices.Contains(keep, object.GetKind()) {
			continue
		}
		resource, err := c.resource(object)
		if err != nil {
			return nil, err
		}
		background := metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)}
		err = resource.Delete(ctx, object.GetName(), background)
		if err != nil && !apierrors.IsNotFound(err) {
			return nil, fmt.Errorf("delete %s %s: %w", object.GetKind(), object.GetName(), err)
		}
		deleted = append(deleted, object)
	}
	return deleted, nil
}

func (c *Cluster) resource(object *Object) (dynamic.ResourceInterface, error) {
	kind := object.GroupVersionKind()
	mapping, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, err
	}
	if object.GetNamespace() != "" {
		return c.dynamic.Resource(mapping.Resource).Namespace(object.GetNamespace()), nil
	}
	return c.dynamic.Resource(mapping.Resource), nil
}
