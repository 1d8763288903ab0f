package synth

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/internal/declare"
	"example.com/django-cdk8s/internal/rule"
	"example.com/django-cdk8s/manifest"
)

// tree is what the constructs of an app know and their manifests do not say.
type tree struct {
	externals []manifest.External
	plain     []manifest.External
	// sources are the construct paths of each object, by [manifest.Object]
	// String, in the order of the manifests.
	sources map[string][]string
}

// readTree visits every construct. The error joins the problems that their
// validations report, each with the construct's path.
func readTree(app cdk8s.App) (tree, error) {
	t := tree{sources: map[string][]string{}}
	var errs []error
	for _, c := range *app.Node().FindAll(constructs.ConstructOrder_PREORDER) {
		node := c.Node()
		path := *node.Path()
		for _, problem := range *node.Validate() {
			errs = append(errs, fmt.Errorf("%s: %s", path, *problem))
		}
		if externals, ok := c.(declare.Externals); ok {
			for _, o := range externals.Externals() {
				t.externals = append(t.externals, manifest.External(o))
			}
		}
		if plain, ok := c.(declare.PlainValues); ok {
			for _, o := range plain.PlainValues() {
				t.plain = append(t.plain, manifest.External(o))
			}
		}
		if object, ok := c.(cdk8s.ApiObject); ok {
			key := keyOf(object)
			t.sources[key] = append(t.sources[key], strings.TrimSuffix(path, "/Resource"))
		}
	}
	return t, errors.Join(errs...)
}

func keyOf(o cdk8s.ApiObject) string {
	key := manifest.Object{Kind: *o.Kind(), Name: *o.Name()}
	if namespace, ok := o.Metadata().ToJson().(map[string]any)["namespace"].(string); ok && key.Kind != "Namespace" {
		key.Namespace = namespace
	}
	return key.String()
}

// nameSources gives each object the path of its construct as its source.
func (t tree) nameSources(objects []manifest.Object) {
	for i, o := range objects {
		if paths := t.sources[o.String()]; len(paths) > 0 {
			objects[i].Source = paths[0]
			t.sources[o.String()] = paths[1:]
		}
	}
}

// locate names constructs rather than files in what err joins, where it is
// about an object of theirs.
func (t tree) locate(err error) error {
	var errs []error
	for _, one := range rule.Split(err) {
		for key, paths := range t.sources {
			if _, text, found := strings.Cut(one.Error(), ": "+key+": "); found {
				one = fmt.Errorf("%s: %s", paths[0], text)
				break
			}
		}
		errs = append(errs, one)
	}
	return errors.Join(errs...)
}
