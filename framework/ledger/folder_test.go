package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestSweepLeavesTheFoldersOfLivingRuns(t *testing.T) {
	dir := t.TempDir()
	living, err := NewFolder(dir, "living")
	if err != nil {
		t.Fatal(err)
	}
	crashed, err := NewFolder(dir, "crashed")
	if err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(crashed.Path(), "kubeconfig")
	if err := errors.Join(os.WriteFile(secret, nil, 0o600), crashed.held.Close()); err != nil {
		t.Fatal(err)
	}
	if removed, err := SweepFolders(dir); removed != 1 || err != nil {
		t.Errorf("sweep: want one folder removed, got %d, %v", removed, err)
	}
	if _, err := os.Stat(crashed.Path()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of a run that is over is left: %v", err)
	}
	if _, err := os.Stat(living.Path()); err != nil {
		t.Errorf("the folder of a living run is gone: %v", err)
	}
	if err := living.Remove(); err != nil {
		t.Fatal(err)
	}
	if removed, err := SweepFolders(filepath.Join(dir, "none")); removed != 0 || err != nil {
		t.Errorf("sweep of no folder: got %d, %v", removed, err)
	}
}
