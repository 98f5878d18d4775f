package parts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// familyKey is a family together with the hash of all that decides its programs.
type familyKey struct {
	family
	key string
}

// keyLength is how much of a hash names a folder: 64 bits, and a family's
// folder is only ever compared with others of the same family.
const keyLength = 16

// familyKeys hashes each family's go.mod, go.sum, flags and the Go version.
func familyKeys(ctx context.Context, modules string, wanted []family) ([]familyKey, error) {
	goVersion, err := goVersion(ctx)
	if err != nil {
		return nil, err
	}
	var keys []familyKey
	for _, f := range wanted {
		h := sha256.New()
		_, _ = fmt.Fprintf(h, "%s %s/%s\n%s\n", goVersion, runtime.GOOS, runtime.GOARCH, f.recipe())
		for _, name := range []string{"go.mod", "go.sum"} {
			data, err := os.ReadFile(filepath.Join(moduleDir(modules, f), name))
			if err != nil {
				return nil, fmt.Errorf("read what pins the parts: %w", err)
			}
			_, _ = fmt.Fprintf(h, "%s %d\n%s", name, len(data), data)
		}
		keys = append(keys, familyKey{family: f, key: hex.EncodeToString(h.Sum(nil))[:keyLength]})
	}
	return keys, nil
}

// entry names the family in the folder of built parts.
func (k familyKey) entry() string { return k.name + "-" + k.key }

// setName names the set that the keys make.
func setName(keys []familyKey) string {
	h := sha256.New()
	for _, k := range keys {
		_, _ = fmt.Fprintln(h, k.name, k.key)
	}
	return "set-" + hex.EncodeToString(h.Sum(nil))[:keyLength]
}

func moduleDir(modules string, f family) string { return filepath.Join(modules, f.name) }

// goVersion is the version of the go command that builds the parts.
func goVersion(ctx context.Context) (string, error) { return goEnv(ctx, "GOVERSION") }
