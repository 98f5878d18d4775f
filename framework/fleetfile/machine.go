package fleetfile

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Machine is what a fleet's description refers to on the machine that reads
// it: variables, the home folder, programs in PATH.
type Machine struct {
	LookupEnv func(name string) (string, bool)
	HomeDir   func() (string, error)
	LookPath  func(program string) (string, error)
}

// ThisMachine is the machine of this process.
func ThisMachine() Machine {
	return Machine{LookupEnv: os.LookupEnv, HomeDir: os.UserHomeDir, LookPath: exec.LookPath}
}

// expand turns a path as written into an absolute one: ~ and $VARIABLES as a
// shell would, then relative to base.
func (m Machine) expand(written, base string) (string, error) {
	var unset []string
	path := os.Expand(written, func(name string) string {
		value, _ := m.LookupEnv(name)
		if value == "" {
			unset = append(unset, "$"+name)
		}
		return value
	})
	if len(unset) > 0 {
		return "", fmt.Errorf("%s is not set in the environment; set it or write the path out", strings.Join(unset, ", "))
	}
	if strings.HasPrefix(path, "~") {
		if path != "~" && !strings.HasPrefix(path, "~/") {
			return "", fmt.Errorf("the home folder of another user is not looked up in %q; write the path out", written)
		}
		home, err := m.HomeDir()
		if err != nil {
			return "", fmt.Errorf("no home folder for ~: %w; write the path out", err)
		}
		path = home + strings.TrimPrefix(path, "~")
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(base, path)
	}
	return filepath.Clean(path), nil
}

// program finds a program: a bare name in PATH, anything else as a path.
func (m Machine) program(written, base string) (string, error) {
	if !strings.ContainsAny(written, `/~$`) {
		found, err := m.LookPath(written)
		if err != nil {
			return "", fmt.Errorf("%q is not in PATH; install it, or give its path", written)
		}
		return filepath.Abs(found)
	}
	path, err := m.expand(written, base)
	if err != nil {
		return "", err
	}
	return path, executable(path)
}

// executable tells what keeps a file from being run.
func executable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("no such program: %w", err)
	case info.IsDir():
		return fmt.Errorf("%s is a folder, want a program", path)
	case info.Mode().Perm()&0o111 == 0:
		return fmt.Errorf("%s is not executable; chmod +x it", path)
	}
	return nil
}

// folder tells what keeps a path from being used as a folder.
func folder(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("no such folder: %w", err)
	case !info.IsDir():
		return fmt.Errorf("%s is a file, want a folder", path)
	}
	return nil
}
