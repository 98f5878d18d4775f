package parts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	if f.name == istio {
		var err error
		if release, err = istioRelease(info.Dir); err != nil {
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

// istioRelease reads the release line ("1.31") that Istio's VERSION file names;
// its module versions are pseudo-versions and tell none. Semantic versions have
// three numbers, and the suffix makes it a pre-release: never taken for 1.31.0.
func istioRelease(moduleDir string) (string, error) {
	data, err := os.ReadFile(filepath.Join(moduleDir, "VERSION"))
	if err != nil {
		return "", fmt.Errorf("read Istio's release line: %w", err)
	}
	line := strings.TrimSpace(string(data))
	if strings.Count(line, ".") == 1 {
		line += ".0"
	}
	return line + istioSuffix, nil
}

func majorMinor(version string) (major, minor string) {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ = strings.Cut(rest, ".")
	return major, minor
}
