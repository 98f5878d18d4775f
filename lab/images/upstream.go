package images

import (
	"context"
	"fmt"
)

// UpstreamOptions say which images of others are stood in for.
type UpstreamOptions struct {
	Options
	// Names are upstream's, without a registry host.
	Names Names
	// Debian is the root of a Debian system that has iptables, such as "/".
	Debian string
}

// Upstream writes the lab's images under upstream's names to the empty folder dir,
// so that a run that pulls those can be tried where their registry is out of
// reach. The programs remain ours, and tell so; but as in upstream's, the proxy's
// image has iptables.
func Upstream(ctx context.Context, dir string, o UpstreamOptions) (Store, error) {
	programs, err := lockPrograms(ctx, o.Options)
	if err != nil {
		return Store{}, err
	}
	defer programs.close()
	all, err := contents(ctx, programs.options, o.Names, programs.folder)
	if err != nil {
		return Store{}, err
	}
	for i := range all {
		if all[i].ref != o.Names.Proxy() {
			continue
		}
		if err := all[i].fs.addIPTables(o.Debian); err != nil {
			return Store{}, fmt.Errorf("image %s: %w", all[i].ref, err)
		}
	}
	if err := writeStore(ctx, dir, all, programs.options.Progress); err != nil {
		return Store{}, err
	}
	return openStore(dir, o.Names)
}
