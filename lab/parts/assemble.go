package parts

import (
	"context"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
)

// manifestName is the file of a set that lists its programs' versions.
const manifestName = "set.json"

// assemble links every program into a new set and writes what they are.
func (b builder) assemble(dir string) error {
	target := Set{dir: dir}
	for _, d := range []string{target.BinDir(), target.CNIDir()} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return fmt.Errorf("make a set of parts: %w", err)
		}
	}
	var versions []Version
	for _, k := range b.keys {
		for _, program := range k.programs {
			from := filepath.Join(b.folder.Path(k.entry()), program)
			if err := os.Link(from, target.Path(program)); err != nil {
				return fmt.Errorf("make a set of parts: %w", err)
			}
			v, err := readVersion(program, from)
			if err != nil {
				return err
			}
			versions = append(versions, v)
		}
	}
	sort.Slice(versions, func(i, j int) bool { return versions[i].Name < versions[j].Name })
	data, err := json.MarshalIndent(versions, "", "  ")
	if err != nil {
		return fmt.Errorf("describe the built parts: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, manifestName), data, 0o644); err != nil {
		return fmt.Errorf("describe the built parts: %w", err)
	}
	return nil
}

// readVersion reads what go wrote into a program, as `go version -m` prints it.
func readVersion(name, path string) (Version, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return Version{}, fmt.Errorf("read the version of %s: %w", name, err)
	}
	return Version{Name: name, Module: info.Main.Path, Version: info.Main.Version}, nil
}

// open gives the set that the cache holds.
func (b builder) open(ctx context.Context) (Set, error) {
	set := Set{dir: b.folder.Path(setName(b.keys))}
	data, err := os.ReadFile(filepath.Join(set.dir, manifestName))
	if err != nil {
		return Set{}, fmt.Errorf("open the built parts: %w", err)
	}
	if err := json.Unmarshal(data, &set.versions); err != nil {
		return Set{}, fmt.Errorf("open the built parts: %s: %w", set.dir, err)
	}
	if set.envoy, err = b.openEnvoy(ctx); err != nil {
		return Set{}, err
	}
	if err := b.openIstio(ctx, &set); err != nil {
		return Set{}, err
	}
	return set, nil
}
