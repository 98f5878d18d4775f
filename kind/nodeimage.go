package kind

import (
	"context"

	"github.com/eastwest-mesh/eastwest/kind/internal/engine"
	"github.com/eastwest-mesh/eastwest/kind/internal/nodeimage"
)

type (
	// NodeImage is an image of kind's nodes that was built without a registry.
	NodeImage = nodeimage.Image
	// NodeImageOptions say how it is built.
	NodeImageOptions = nodeimage.Options
)

// CheckEngine asks the container engine whether it can run so many nodes. What it lacks
// comes as *parts.Unmet, all of it together.
func CheckEngine(ctx context.Context, nodes int) error {
	_, err := engine.Check(ctx, engine.Want{Nodes: nodes})
	return err
}

// BuildNodeImage builds the node image, unless the cache has it.
func BuildNodeImage(ctx context.Context, o NodeImageOptions) (NodeImage, error) {
	return nodeimage.Build(ctx, o)
}

// LoadNodeImage gives a node image to the container engine, unless that has it; doing is
// called before it takes its time.
func LoadNodeImage(ctx context.Context, image NodeImage, doing func(string)) error {
	has, err := engine.HasImage(ctx, image.Name)
	if err != nil || has {
		return err
	}
	doing("giving the engine the node image " + image.Name)
	return engine.Load(ctx, image.Archive)
}
