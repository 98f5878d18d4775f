package parts

import (
	"context"
	"errors"
	"os"
)

// Prepare sees to it that the machine can build and run a lab: Debian packages
// are installed where root and apt exist; everything else that is missing is
// found at once and returned as *[Unmet] errors joined into one. It installs
// nothing when something else is missing too.
func Prepare(ctx context.Context, opts Options) error {
	opts, err := opts.withDefaults(ctx)
	if err != nil {
		return err
	}
	m := hostMachine(ctx)
	unmet := m.check(opts)
	wanted := needs()
	if opts.Debootstrap {
		wanted = append(wanted, debootstrapNeeds()...)
	}
	if opts.fetchesEnvoy() {
		wanted = append(wanted, pipNeeds()...)
	}
	absent := absentNeeds(wanted, m.exists)
	errEnvoy := opts.checkEnvoy(ctx)
	switch {
	case len(absent) == 0:
		return errors.Join(errEnvoy, joinUnmet(unmet))
	case errEnvoy != nil || len(unmet) > 0 || !m.canInstall():
		return errors.Join(errEnvoy, joinUnmet(append(unmet, unmetNeeds(absent, m.hasApt))))
	}
	return m.install(ctx, absent, func(doing string) {
		opts.Progress(Event{Family: "debian packages", Current: doing})
	})
}

// unbuilt lists the families that the cache lacks.
func unbuilt(ctx context.Context, opts Options) []family {
	wanted, err := opts.chosen()
	if err != nil {
		return nil // the build will say so
	}
	keys, err := familyKeys(ctx, opts.modules, wanted)
	if err != nil {
		return wanted // nothing is known to be there; the build will say why
	}
	var missing []family
	for _, k := range keys {
		if _, err := os.Stat(partsFolder(opts.Cache).Path(k.entry())); err != nil {
			missing = append(missing, k.family)
		}
	}
	return missing
}
