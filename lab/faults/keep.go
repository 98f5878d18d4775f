package faults

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// kept is an object as it was before a fault; Was is nil where there was none.
type kept struct {
	Object object                     `json:"object"`
	Was    *unstructured.Unstructured `json:"was,omitempty"`
}

// file remembers that a fault is in, and what it took away. It may hold secrets and lies in
// the lab's folder, which goes with the lab.
func (t *target) file() string {
	return filepath.Join(t.lab.Dir(), "faults", t.cluster+"-"+t.fault+".json")
}

// begin marks the fault as in; a second break before the first is mended must not overwrite
// what is to be restored.
func (t *target) begin() error {
	if _, err := os.Stat(t.file()); err == nil {
		return errors.New("this fault is in already; mend it first")
	}
	if err := os.MkdirAll(filepath.Dir(t.file()), 0o700); err != nil {
		return err
	}
	return t.write()
}

// keep remembers an object, before it is touched for the first time.
func (t *target) keep(o object, was *unstructured.Unstructured) error {
	for _, k := range t.kept {
		if k.Object == o {
			return nil
		}
	}
	t.kept = append(t.kept, kept{Object: o, Was: was})
	return t.write()
}

func (t *target) write() error {
	data, err := json.Marshal(t.kept)
	if err != nil {
		return err
	}
	return os.WriteFile(t.file(), data, 0o600)
}

// recall reads what was kept.
func (t *target) recall() error {
	data, err := os.ReadFile(t.file())
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("this fault is not in; nothing to mend")
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, &t.kept); err != nil {
		return fmt.Errorf("read %s: %w", t.file(), err)
	}
	return nil
}

// forget ends the fault.
func (t *target) forget() error { return os.Remove(t.file()) }
