package faults

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// kept is the file that remembers what a fault took away. It may hold secrets
// and lies in the lab's folder, which goes with the lab.
func (t *target) kept() string {
	return filepath.Join(t.lab.Dir(), "faults", t.cluster+"-"+t.fault+".json")
}

// keep remembers a value; a second break before the first is mended must not
// overwrite what is to be restored.
func (t *target) keep(v any) error {
	if _, err := os.Stat(t.kept()); err == nil {
		return errors.New("this fault is in already; mend it first")
	}
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(t.kept()), 0o700); err != nil {
		return err
	}
	return os.WriteFile(t.kept(), data, 0o600)
}

// recall reads what was kept.
func (t *target) recall(v any) error {
	data, err := os.ReadFile(t.kept())
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("this fault is not in; nothing to mend")
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("read %s: %w", t.kept(), err)
	}
	return nil
}

// forget ends the fault.
func (t *target) forget() error { return os.Remove(t.kept()) }
