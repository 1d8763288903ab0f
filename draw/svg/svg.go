// Package svg draws the graph of package diagram as SVG, by Graphviz, which is
// built in.
package svg

import (
	"bytes"
	"context"

	"github.com/goccy/go-graphviz"

	"example.com/django-cdk8s/manifest/diagram"
)

// Render returns a graph as SVG.
func Render(ctx context.Context, g *diagram.Graph) ([]byte, error) {
	engine, err := graphviz.New(ctx)
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	parsed, err := graphviz.ParseBytes([]byte(g.DOT()))
	if err != nil {
		return nil, err
	}
	defer parsed.Close()
	var out bytes.Buffer
	if err := engine.Render(ctx, parsed, graphviz.SVG, &out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
