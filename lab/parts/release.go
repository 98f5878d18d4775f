package parts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/module"
)

const (
	// IstioHub is the image hub that istiod and istioctl carry as their default.
	IstioHub = "istio"
	// istioSuffix marks Istio's programs and images as this project's builds.
	istioSuffix = "-eastwest"
)

// moduleInfo is what `go mod download -json` tells about a module.
type moduleInfo struct {
	Path, Version, Dir, Error string
}

// download makes sure that a family's module is in the module cache, also when
// that was cleaned since the family was built.
func (f family) download(ctx context.Context, modules string) (moduleInfo, error) {
	cmd := goCommand(ctx, modules, f, "mod", "download", "-json", f.module)
	out, err := cmd.Output()
	var info moduleInfo
	if jsonErr := json.Unmarshal(out, &info); jsonErr == nil && info.Error != "" {
		err = errors.New(info.Error)
	} else if err == nil {
		err = jsonErr
	}
	if err != nil {
		return info, fmt.Errorf("download %s as lab/parts/pins/%s.mod has it: %w%s", f.module, f.name, err, stderrOf(err))
	}
	return info, nil
}

// stampValues gives the values of a family's stamps.
func stampValues(f family, info moduleInfo) (*strings.Replacer, error) {
	release := info.Version
	if f.module == istioModule {
		var err error
		if release, err = f.istioRelease(info.Dir); err != nil {
			return nil, err
		}
	}
	major, minor := majorMinor(strings.TrimPrefix(release, "v"))
	revision := info.Version
	if module.IsPseudoVersion(info.Version) {
		rev, err := module.PseudoVersionRev(info.Version)
		if err != nil {
			return nil, fmt.Errorf("read the commit of %s %s: %w", info.Path, info.Version, err)
		}
		revision = rev
	}
	return strings.NewReplacer("{version}", info.Version, "{release}", release,
		"{major}", major, "{minor}", minor, "{revision}", revision), nil
}

func majorMinor(version string) (major, minor string) {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ = strings.Cut(rest, ".")
	return major, minor
}
