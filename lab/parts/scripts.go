package parts

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// istioScripts are the scripts of Istio's samples that people run beside
// istioctl, by the place that they have in the module.
func istioScripts() []string {
	return []string{"samples/multicluster/gen-eastwest-gateway.sh"}
}

// addScripts puts the scripts beside the programs. They are of the module that the set's key names, so that a set that was
// made without them gets the same ones as a new one. In the module cache they
// are not executable.
func (s Set) addScripts() error {
	for _, script := range istioScripts() {
		content, err := os.ReadFile(filepath.Join(s.istioModule, filepath.FromSlash(script)))
		if err != nil {
			return fmt.Errorf("read Istio's scripts: %w", err)
		}
		if err := placeScript(s.Path(filepath.Base(script)), content); err != nil {
			return fmt.Errorf("place Istio's scripts: %w", err)
		}
	}
	return nil
}

// placeScript makes the file unless it is there; another process may do the
// same at the same time.
func placeScript(path string, content []byte) (err error) {
	if info, err := os.Stat(path); err == nil && info.Size() == int64(len(content)) {
		return nil
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	_, err = file.Write(content)
	if err := errors.Join(err, file.Chmod(0o755), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
