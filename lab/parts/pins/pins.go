package pins

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"github.com/eastwest-mesh/eastwest/lab/parts/keep"
)

// Go embeds no folder that has a go.mod: another module's files are not this one's.
//
//go:embed *.mod *.sum
var files embed.FS

// Module gives a family's go.mod.
func Module(family string) ([]byte, error) { return files.ReadFile(family + ".mod") }

// Write puts every family's module into a folder below the cache, each in a folder of its
// name, and returns the folder of all. What is there already is left as it is.
func Write(ctx context.Context, cache string) (string, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return "", err
	}
	contents := map[string][]byte{}
	sum := sha256.New()
	for _, e := range entries { // in the order of their names
		data, err := files.ReadFile(e.Name())
		if err != nil {
			return "", err
		}
		_, _ = fmt.Fprintf(sum, "%s %d\n%s", e.Name(), len(data), data)
		extension := filepath.Ext(e.Name())
		contents[filepath.Join(e.Name()[:len(e.Name())-len(extension)], "go"+extension)] = data
	}
	folder := keep.Folder{Root: filepath.Join(cache, "pins")}
	dir, err := folder.Ensure(ctx, hex.EncodeToString(sum.Sum(nil))[:16], nil, func(dir string) error {
		for name, data := range contents {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(path, data, 0o644); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("write what pins the parts: %w", err)
	}
	return dir, nil
}
