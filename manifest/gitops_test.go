package manifest_test

import "example.com/django-cdk8s/manifest"

// inDist says that the manifests are written to dist/delivery.
func inDist(o *manifest.Options) { o.Dir = "dist/delivery" }

const (
	anApplication = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop, namespace: django-app}\n"
	aSet          = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\n" +
		"metadata: {name: shop, namespace: django-app}\n"
	aKustomization = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n" +
		"metadata: {name: shop, namespace: django-app}\n"
)

func mistakesInGitOps() []mutation {
	return []mutation{
		{
			"an Application of its own directory",
			edit{"", "", anApplication + "spec: {source: {path: dist/delivery}}\n"},
			inDist,
			[]problem{{
				"Application django-app/shop", "gitops", "spec.source.path", "dist/delivery",
				"is where this object is written",
			}},
		},
		{
			"an Application of the root, which is its own directory",
			edit{"", "", anApplication + "spec: {source: {path: .}}\n"},
			func(o *manifest.Options) { o.Dir = "." },
			[]problem{{"Application django-app/shop", "gitops", "spec.source.path", ".", "is where this object"}},
		},
		{
			"one of several sources of an Application",
			edit{"", "", anApplication + "spec: {sources: [{path: a}, {path: ./dist/delivery/}]}\n"},
			inDist,
			[]problem{{
				"Application django-app/shop", "gitops", "spec.sources[1].path", "./dist/delivery/", "is where this object",
			}},
		},
		{
			"an Application that reads directories below",
			edit{"", "", anApplication + "spec: {source: {path: dist, directory: {recurse: true}}}\n"},
			inDist,
			[]problem{{
				"Application django-app/shop", "gitops", "spec.source.path", "dist", "holds dist/delivery, where this object",
			}},
		},
		{
			"an element of an ApplicationSet",
			edit{"", "", aSet + "spec: {generators: [{list: {elements: [{path: dist/a}, {path: dist/delivery}]}}], " +
				"template: {spec: {source: {path: '{{ .path }}'}}}}\n"},
			inDist,
			[]problem{{
				"ApplicationSet django-app/shop", "gitops", "spec.generators[0].list.elements[1].path", "dist/delivery",
				"is where this object",
			}},
		},
		{
			"the template of an ApplicationSet",
			edit{"", "", aSet + "spec: {generators: [{clusters: {}}], template: {spec: {source: {path: dist/delivery}}}}\n"},
			inDist,
			[]problem{{
				"ApplicationSet django-app/shop", "gitops", "spec.template.spec.source.path", "dist/delivery",
				"is where this object",
			}},
		},
		{
			"a Kustomization of its own directory",
			edit{"", "", aKustomization + "spec: {sourceRef: {kind: GitRepository}, path: ./dist/delivery}\n"},
			inDist,
			[]problem{{"Kustomization django-app/shop", "gitops", "spec.path", "./dist/delivery", "is where this object"}},
		},
		{
			"a Kustomization of the directory of all environments",
			edit{"", "", aKustomization + "spec: {sourceRef: {kind: GitRepository}, path: ./dist}\n"},
			inDist,
			[]problem{{
				"Kustomization django-app/shop", "gitops", "spec.path", "./dist", "holds dist/delivery, where this object",
			}},
		},
		{
			"a Kustomization of the repository",
			edit{"", "", aKustomization + "spec: {sourceRef: {kind: GitRepository}, path: ./}\n"},
			inDist,
			[]problem{{"Kustomization django-app/shop", "gitops", "spec.path", "./", "holds dist/delivery, where this object"}},
		},
		{
			"a Kustomization without a path, which is the repository",
			edit{"", "", aKustomization + "spec: {sourceRef: {kind: GitRepository}}\n"},
			inDist,
			[]problem{{
				"Kustomization django-app/shop", "gitops", "spec.path", ".", "holds dist/delivery, where this object",
			}},
		},
	}
}

func harmlessGitOps() []mutation {
	return []mutation{
		{"an Application of another directory", edit{"", "", anApplication + "spec: {source: {path: dist}}\n"}, inDist, nil},
		{"a chart of Helm", edit{"", "", anApplication + "spec: {source: {chart: operator}}\n"}, inDist, nil},
		{
			"a Kustomization of a directory beside",
			edit{"", "", aKustomization + "spec: {sourceRef: {kind: GitRepository}, path: ./dist/deliver}\n"},
			inDist,
			nil,
		},
		{
			"manifests that are in no repository",
			edit{"", "", anApplication + "spec: {source: {path: dist/delivery}}\n"},
			nil,
			nil,
		},
		{
			"a Kustomization of an artifact",
			edit{"", "", aKustomization + "spec: {sourceRef: {kind: OCIRepository}, path: ./dist/delivery}\n"},
			inDist, nil,
		},
	}
}
