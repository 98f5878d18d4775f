package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

// dataFolder is where the package embeds from, seen from the root of the repository.
const dataFolder = "framework/istio/releases/data"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := renew(ctx, dataFolder); err != nil {
		fmt.Fprintf(os.Stderr, "releases: %v\n", err)
		os.Exit(1)
	}
}

// renew reads every module and writes a file for each release.
func renew(ctx context.Context, folder string) error {
	modules, err := modules()
	if err != nil {
		return err
	}
	for _, m := range modules {
		data, err := m.read(ctx)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, m.release+".json"), data, 0o644); err != nil { //nolint:gosec // source, as everybody may read it
			return err
		}
	}
	return nil
}

// read gives the content of the release's file.
func (m module) read(ctx context.Context) ([]byte, error) {
	dir, err := m.folder(ctx)
	if err != nil {
		return nil, err
	}
	release, err := m.extract(dir)
	if err != nil {
		return nil, fmt.Errorf("read Istio %s in %s: %w", m.release, dir, err)
	}
	data, err := json.MarshalIndent(release, "", " ")
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}
