package parts

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// HeadIstio is what Options.Istio calls the Istio that a lab has by default.
const HeadIstio = "head"

const istioModule = "istio.io/istio"

// IstioVersions lists what Options.Istio takes, the oldest first.
func IstioVersions() []string {
	var names []string
	for _, f := range istios() {
		names = append(names, f.istioVersion())
	}
	return names
}

// istios are all the Istios that a lab can have, the oldest first. Their modules have no
// version numbers, only commits: those of 1.28.2 and 1.29.1 are the commits of these tags, and
// April's is the main branch between 1.30 and 1.31. Each keeps the dependencies that it was
// released with, but for go-control-plane, of which the pinned commit is no longer to be had.
func istios() []family {
	return []family{
		istioFamily("istio-1.28.2", "1.28.2"),
		istioFamily("istio-1.29.1", "1.29.1"),
		istioFamily("istio-1.31-april", "1.31.0-april"),
		headIstio(),
	}
}

// headIstio is the Istio that a lab has by default.
func headIstio() family { return istioFamily(istio, "") }

// istioFamily is one Istio. release is what its programs tell; empty reads the release line
// that the module names.
func istioFamily(name, release string) family {
	return family{
		name: name, module: istioModule, release: release, diskMiB: 3900,
		stamps:   istioStamps(),
		programs: []string{"install-cni", "istio-cni", "istioctl", "pilot-agent", "pilot-discovery"},
	}
}

// istioVersion is what Options.Istio calls a family of Istio.
func (f family) istioVersion() string {
	if f.name == istio {
		return HeadIstio
	}
	return strings.TrimPrefix(f.name, istio+"-")
}

// chosenIstio finds one of istios; empty means the head.
func chosenIstio(version string) (family, error) {
	all := istios()
	if version == "" {
		version = HeadIstio
	}
	i := slices.IndexFunc(all, func(f family) bool { return f.istioVersion() == version })
	if i < 0 {
		return family{}, fmt.Errorf("the lab has no Istio %q: want one of %s", version, strings.Join(IstioVersions(), ", "))
	}
	return all[i], nil
}

// openIstio adds what a lab takes from Istio's source, in sets that have Istio.
func (b builder) openIstio(ctx context.Context, set *Set) error {
	i := slices.IndexFunc(b.keys, func(k familyKey) bool { return k.module == istioModule })
	if i < 0 {
		return nil
	}
	info, err := b.keys[i].download(ctx, b.modules)
	if err != nil {
		return err
	}
	set.istioModule = info.Dir
	if set.istioRelease, err = b.keys[i].istioRelease(info.Dir); err != nil {
		return err
	}
	return set.addScripts()
}

// istioRelease is the release that Istio's programs tell. The suffix makes it a
// pre-release: never taken for upstream's.
func (f family) istioRelease(moduleDir string) (string, error) {
	if f.release != "" {
		return f.release + istioSuffix, nil
	}
	data, err := os.ReadFile(filepath.Join(moduleDir, "VERSION"))
	if err != nil {
		return "", fmt.Errorf("read Istio's release line: %w", err)
	}
	line := strings.TrimSpace(string(data))
	if strings.Count(line, ".") == 1 {
		line += ".0" // semantic versions have three numbers
	}
	return line + istioSuffix, nil
}
