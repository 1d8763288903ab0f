package synth

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/manifest"
)

// Render returns the manifests of environment without writing them. dir is
// where they would be written: whether git tracks that place decides whether
// they may hold credentials. The error joins every problem found.
func Render(dir string, environment Environment) (Result, error) {
	staging, err := os.MkdirTemp("", "synth-")
	if err != nil {
		return Result{}, err
	}
	defer os.RemoveAll(staging)

	app := cdk8s.NewApp(&cdk8s.AppProps{Outdir: &staging})
	built := recovered(func() { environment.Build(app) })
	var tree tree
	read := recovered(func() { tree, err = readTree(app) })
	if err = cmp.Or(err, built, read); err == nil {
		err = recovered(app.Synth)
	}
	if err != nil {
		return Result{}, err
	}
	files, objects, err := readStaging(staging)
	if err != nil {
		return Result{}, tree.locate(err)
	}
	tree.nameSources(objects)
	options := manifest.Options{
		External: append(tree.externals, environment.External...),
		Plain:    tree.plain,
		Tracked:  tracked(dir),
	}
	var errs []error
	for _, problem := range manifest.Check(objects, options) {
		errs = append(errs, problem)
	}
	return Result{files, manifest.Warnings(objects)}, errors.Join(errs...)
}

func readStaging(dir string) (map[string][]byte, []manifest.Object, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	files := map[string][]byte{}
	var objects []manifest.Object
	var errs []error
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, nil, err
		}
		files[entry.Name()] = content
		found, err := manifest.Parse(entry.Name(), content)
		errs = append(errs, err)
		objects = append(objects, found...)
	}
	return files, objects, errors.Join(errs...)
}
