package parts

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/eastwest-mesh/eastwest/lab/parts/pins"
)

// Options says where built programs are kept, and who hears of progress.
type Options struct {
	// Cache is the folder that keeps what was built; empty means [DefaultCache].
	Cache string
	// Families names the modules of lab/parts/pins that are wanted; empty means
	// all that a lab runs, and Envoy. A set that lacks "istio" tells no Istio release.
	Families []string
	// Istio is one of [IstioVersions]; empty means [HeadIstio].
	Istio string
	// Debootstrap asks Prepare for what makes a Debian system, too.
	Debootstrap bool
	// Envoy is the path of an Envoy that is used in place of the pinned one. It is of no
	// use where Families leaves Envoy out, as it does wherever it names some.
	Envoy string
	// Progress hears how far the build is, from one goroutine at a time; nil is allowed.
	Progress func(Event)

	// modules is the folder of the families' modules.
	modules string
}

// Event tells how far the build of one family is.
type Event struct {
	Family  string        // as lab/parts/pins names it, e.g. "kubernetes"
	Done    int           // packages compiled or found in Go's build cache, and links done
	Total   int           // packages the family needs, and its links; a link counts as 20 packages
	Current string        // import path compiled last, or what is being done instead
	Elapsed time.Duration // since the family's build began
}

// Percent is how much of the family's work is done, 0 to 100.
func (e Event) Percent() int {
	if e.Total == 0 {
		return 0
	}
	return min(100, 100*e.Done/e.Total)
}

// DefaultCache is EASTWEST_CACHE, or "eastwest" in the user's cache folder.
func DefaultCache() (string, error) {
	if dir := os.Getenv("EASTWEST_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for built parts: %w; set EASTWEST_CACHE to one", err)
	}
	return filepath.Join(dir, "eastwest"), nil
}

func (o Options) withDefaults(ctx context.Context) (Options, error) {
	if o.Cache == "" {
		cache, err := DefaultCache()
		if err != nil {
			return o, err
		}
		o.Cache = cache
	}
	if o.Progress == nil {
		o.Progress = func(Event) {}
	}
	var err error
	if o.modules, err = pins.Write(ctx, o.Cache); err != nil {
		return o, err
	}
	return o, nil
}
