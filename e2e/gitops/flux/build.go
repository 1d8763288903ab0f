package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fluxcd/pkg/kustomize"
	ssautil "github.com/fluxcd/pkg/ssa/utils"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// kustomization is the Kustomization of a directory, with one variable, so
// that the substitution takes place.
func (s settings) kustomization() unstructured.Unstructured {
	return unstructured.Unstructured{Object: map[string]any{
		"apiVersion": group + "/v1", "kind": "Kustomization",
		"metadata": map[string]any{"name": s.name, "namespace": fluxNamespace},
		"spec": map[string]any{
			"path": "./", "prune": true, "wait": true,
			"postBuild": map[string]any{"substitute": map[string]any{"cluster_name": "e2e"}},
		},
	}}
}

// build returns the objects of the directory as the controller makes them.
func (s settings) build(ctx context.Context) ([]*unstructured.Unstructured, error) {
	root, err := os.MkdirTemp("", "flux")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(root)
	// The generator writes into the directory.
	if err := os.CopyFS(root, os.DirFS(s.dir)); err != nil {
		return nil, err
	}
	if root, err = filepath.EvalSymlinks(root); err != nil {
		return nil, err
	}
	kustomization := s.kustomization()
	if _, err := kustomize.NewGenerator(root, kustomization).WriteFile(root); err != nil {
		return nil, err
	}
	built, err := kustomize.SecureBuild(root, root, false)
	if err != nil {
		return nil, err
	}
	for _, resource := range built.Resources() {
		// No variable comes from the cluster, hence no client.
		changed, err := kustomize.SubstituteVariables(ctx, nil, kustomization, resource)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", resource.GetKind(), resource.GetName(), err)
		}
		if changed != nil {
			if _, err := built.Replace(changed); err != nil {
				return nil, err
			}
		}
	}
	out, err := built.AsYaml()
	if err != nil {
		return nil, err
	}
	return ssautil.ReadObjects(strings.NewReader(string(out)))
}
