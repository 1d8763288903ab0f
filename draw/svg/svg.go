// Package svg draws the graph of package diagram as SVG, by Graphviz, which is
// built in: as WebAssembly, so that the same graph gives the same bytes on every
// machine.
//
// A process that imports the package compiles Graphviz as it starts, and keeps the
// result in the directory go-graphviz of [os.TempDir].
package svg

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"

	"github.com/goccy/go-graphviz"

	"example.com/django-cdk8s/manifest/diagram"
)

// style makes the picture readable on dark pages, too.
//
//go:embed style.css
var style string

// Render returns a graph as SVG, on a background of its own. Its comment holds the
// SHA-256 digest of [diagram.Graph.DOT], by which a test can tell whether the picture
// is current without drawing it.
func Render(ctx context.Context, g *diagram.Graph) ([]byte, error) {
	text := []byte(g.DOT())
	engine, err := graphviz.New(ctx)
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	parsed, err := graphviz.ParseBytes(text)
	if err != nil {
		return nil, err
	}
	defer parsed.Close()
	var drawn bytes.Buffer
	if err := engine.Render(ctx, parsed, graphviz.SVG, &drawn); err != nil {
		return nil, err
	}
	return finish(drawn.String(), title(g), fmt.Sprintf("%x", sha256.Sum256(text)))
}

// start matches what Graphviz writes before the first element of the picture. Its
// sizes are in points, where the font sizes are those of pixels.
var start = regexp.MustCompile(`(?s)^.*?<svg width="(\d+)pt" height="(\d+)pt"\s+viewBox="([^"]*)"[^>]*>\n`)

func finish(drawn, title, digest string) ([]byte, error) {
	found := start.FindStringSubmatch(drawn)
	if found == nil {
		return nil, errors.New("svg: Graphviz wrote no <svg> of a known form")
	}
	head := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="%s" role="img">`+
		"\n<title>%s</title>\n<!-- DOT sha256 %s -->\n<style>\n%s</style>\n",
		found[1], found[2], found[3], html.EscapeString(title), digest, style)
	return []byte(head + strings.TrimPrefix(drawn, found[0])), nil
}

func title(g *diagram.Graph) string {
	var names []string
	for _, namespace := range g.Namespaces {
		names = append(names, namespace.Name)
	}
	return "Who connects to whom in " + strings.Join(names, ", ")
}
