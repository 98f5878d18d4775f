package images

import (
	"time"

	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// Options says what the images are made of.
type Options struct {
	// Cache is the folder that keeps the images; empty means parts.DefaultCache.
	Cache string
	// Parts are the programs that go into the images, Envoy among them.
	Parts parts.Set
	// Extra are images that the lab itself has no use for, such as those of a test.
	Extra []Extra
	// Progress hears what is being made; nil is allowed.
	Progress func(Event)
}

// Event tells how far the making of images is.
type Event struct {
	Doing   string        // e.g. "image istio/pilot:1.31.0-eastwest"
	Done    int           // images finished
	Total   int           // images wanted
	Elapsed time.Duration // since the making began
}
