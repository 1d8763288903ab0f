// Package packaging tests what kustomize and Helm make of the rendered manifests;
// docs/kustomize-helm.md tells what the tests have found.
package packaging

// root is the directory of the repository.
const root = "../.."
