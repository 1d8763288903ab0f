package synth

import (
	"fmt"
	"io"
	"path/filepath"

	"example.com/django-cdk8s/manifest/diagram"
)

// drawing writes the picture of each environment to out, or of the one that name
// tells: in the language of Mermaid, or in that of Graphviz.
func drawing(out io.Writer, name string, dot bool) func(base, []output, []Environment) error {
	return func(_ base, outputs []output, environments []Environment) error {
		drawn := false
		for i, e := range environments {
			if name != "" && name != e.Name {
				continue
			}
			objects, err := parseAll(outputs[i].files)
			if err != nil {
				return err
			}
			graph, err := diagram.New(objects)
			comment, text := "%%", ""
			if dot {
				comment = "//"
			}
			several := len(environments) > 1 && name == ""
			switch {
			case err != nil && several:
				text = fmt.Sprintf("%s %v\n", comment, err) // One of objects for a GitOps tool, say.
			case err != nil:
				return fmt.Errorf("%sdraw: %w", prefix(e), err)
			case dot:
				text = graph.DOT()
			default:
				text = graph.Mermaid()
			}
			if several {
				fmt.Fprintf(out, "%s %s\n", comment, title(e, filepath.ToSlash(outputs[i].dir)))
			}
			fmt.Fprint(out, text)
			drawn = true
		}
		if !drawn {
			return fmt.Errorf("draw: %q: is the name of no environment", name)
		}
		return nil
	}
}
