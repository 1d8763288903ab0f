package manifest

import (
	"cmp"
	"fmt"
	"path"
	"strings"
)

// application is as much of an Application of Argo CD as rules read.
type application struct {
	Spec applicationSpec `json:"spec"`
}

type applicationSpec struct {
	Source  *applicationSource  `json:"source"`
	Sources []applicationSource `json:"sources"`
}

type applicationSource struct {
	Path      string `json:"path"`
	Directory struct {
		Recurse bool `json:"recurse"`
	} `json:"directory"`
}

// applicationSet is as much of an ApplicationSet of Argo CD as rules read.
type applicationSet struct {
	Spec struct {
		Generators []struct {
			List struct {
				Elements []map[string]any `json:"elements"`
			} `json:"list"`
		} `json:"generators"`
		Template application `json:"template"`
	} `json:"spec"`
}

// kustomization is as much of a Kustomization of Flux as rules read.
type kustomization struct {
	Spec struct {
		Path      string `json:"path"`
		SourceRef struct {
			Kind string `json:"kind"`
		} `json:"sourceRef"`
	} `json:"spec"`
}

// gitOps reports objects by which a tool would apply the directory that they are
// themselves in: it would sync, and prune, its own objects and not those that are
// meant, or all environments as one.
func (c *checker) gitOps() {
	if c.options.Dir == "" {
		return
	}
	for _, o := range c.objects {
		switch custom := o.custom.(type) {
		case *application:
			custom.Spec.each(func(field string, s applicationSource) {
				c.ownDir(o, "spec."+field, s.Path, s.Directory.Recurse)
			})
		case *applicationSet:
			custom.Spec.Template.Spec.each(func(field string, s applicationSource) {
				c.ownDir(o, "spec.template.spec."+field, s.Path, s.Directory.Recurse)
			})
			for i, generator := range custom.Spec.Generators {
				for j, element := range generator.List.Elements {
					dir, _ := element["path"].(string)
					c.ownDir(o, fmt.Sprintf("spec.generators[%d].list.elements[%d].path", i, j), dir, false)
				}
			}
		case *kustomization:
			if custom.Spec.SourceRef.Kind == "GitRepository" {
				// No path is the root.
				c.ownDir(o, "spec.path", cmp.Or(custom.Spec.Path, "."), true)
			}
		}
	}
}

// each calls f with every source that has a path, and its field.
func (s applicationSpec) each(f func(field string, source applicationSource)) {
	if s.Source != nil {
		f("source.path", *s.Source)
	}
	for i, one := range s.Sources {
		f(fmt.Sprintf("sources[%d].path", i), one)
	}
}

// ownDir reports a path that leads to where o is written. below says that the tool
// reads the directories in it, too.
func (c *checker) ownDir(o Object, field, value string, below bool) {
	if value == "" {
		return
	}
	dir := path.Clean(strings.TrimPrefix(value, "/"))
	switch {
	case dir == c.options.Dir:
		c.add(o, field, value, "is where this object is written: name the directory of the environment that it is for")
	case below && (dir == "." || strings.HasPrefix(c.options.Dir, dir+"/")):
		c.add(o, field, value, "holds %s, where this object is written, and the tool reads the directories below, too: "+
			"name the directory of the one environment that it is for", c.options.Dir)
	}
}
