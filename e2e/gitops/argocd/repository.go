package main

import (
	"context"
	"path/filepath"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/reposerver/apiclient"
	"github.com/argoproj/argo-cd/v3/reposerver/repository"
	"github.com/argoproj/argo-cd/v3/util/git"
	utilio "github.com/argoproj/argo-cd/v3/util/io"
	"google.golang.org/grpc"
	"k8s.io/apimachinery/pkg/api/resource"
)

// revision stands for the commit that the directory belongs to.
const revision = "0000000000000000000000000000000000000000"

// maxManifests is how much a directory may hold: the default of Argo CD's
// repository server.
var maxManifests = resource.MustParse("10M")

// directory is Argo CD's repository server for one directory. It is asked for
// manifests only.
type directory struct {
	apiclient.RepoServerServiceClient
	path string
}

// NewRepoServerClient implements [apiclient.Clientset].
func (d directory) NewRepoServerClient() (utilio.Closer, apiclient.RepoServerServiceClient, error) {
	return utilio.NopCloser, d, nil
}

// GenerateManifest returns the manifests with Argo CD's tracking in them.
func (d directory) GenerateManifest(
	ctx context.Context, q *apiclient.ManifestRequest, _ ...grpc.CallOption,
) (*apiclient.ManifestResponse, error) {
	path, err := filepath.Abs(d.path)
	if err != nil {
		return nil, err
	}
	response, err := repository.GenerateManifests(
		ctx, path, path, revision, q, false, git.NoopCredsStore{}, maxManifests, utilio.NewRandomizedTempPaths(path))
	if err != nil {
		return nil, err
	}
	response.Revision = revision
	return response, nil
}

// readDirectory returns what Argo CD makes of a directory.
func readDirectory(path string) (*apiclient.ManifestResponse, error) {
	return directory{path: path}.GenerateManifest(context.Background(), &apiclient.ManifestRequest{
		Repo: &v1alpha1.Repository{}, ApplicationSource: &v1alpha1.ApplicationSource{Path: "."},
	})
}
