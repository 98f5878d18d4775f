package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"golang.org/x/mod/modfile"

	"github.com/eastwest-mesh/eastwest/lab/parts/pins"
)

const istioModule = "istio.io/istio"

// module is a release of Istio and the version under which the Go module proxy has it:
// Istio's tags are not valid versions of Go modules, so each is named by its commit.
type module struct {
	release string
	version string
}

// tagged are the modules whose commit is that of a tag.
func tagged() []module {
	return []module{
		{release: "1.28.2", version: "v0.0.0-20251217200826-ab413ac6c1f4"},
		{release: "1.29.1", version: "v0.0.0-20260306174214-6991a379e1fc"},
	}
}

// modules are the tagged ones, and last what the lab pins.
func modules() ([]module, error) {
	data, err := pins.Module("istio")
	if err != nil {
		return nil, err
	}
	file, err := modfile.Parse("istio.mod", data, nil)
	if err != nil {
		return nil, err
	}
	for _, r := range file.Require {
		if r.Mod.Path == istioModule {
			// Its file VERSION says 1.31.
			return append(tagged(), module{release: "1.31.0", version: r.Mod.Version}), nil
		}
	}
	return nil, fmt.Errorf("lab/parts/pins/istio.mod requires no %s", istioModule)
}

// folder is where the go command keeps the module, which it fetches where it has to.
func (m module) folder(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", istioModule+"@"+m.version)
	cmd.Env = append(os.Environ(), "GOFLAGS=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, runErr := cmd.Output()
	var answer struct{ Dir, Error string }
	if err := json.Unmarshal(out, &answer); err != nil {
		return "", fmt.Errorf("download %s@%s: %w", istioModule, m.version, errors.Join(runErr, errors.New(stderr.String())))
	}
	if answer.Error != "" {
		return "", fmt.Errorf("download %s@%s: %s", istioModule, m.version, answer.Error)
	}
	return answer.Dir, nil
}
