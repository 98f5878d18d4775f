package run

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/redact"
	"github.com/eastwest-mesh/eastwest/framework/report"
)

// diagnosisFolder lies beside the reports.
const diagnosisFolder = "diagnosis"

// WriteArtifacts writes the evidence, then every rendering of the run, each atomically.
// One that fails does not keep the others from being written.
func WriteArtifacts(dir string, made report.Run, evidence []File) error {
	// What an earlier run left would be taken for this run's diagnosis.
	diagnosis := filepath.Join(dir, diagnosisFolder)
	if err := errors.Join(os.RemoveAll(diagnosis), os.MkdirAll(dir, 0o700)); err != nil {
		return fmt.Errorf("write the reports: %w", err)
	}
	written, errEvidence := writeEvidence(diagnosis, evidence)
	made.Evidence = nil
	for _, name := range written {
		made.Evidence = append(made.Evidence, path.Join(diagnosisFolder, name))
	}
	documents := []struct {
		name   string
		render func(report.Run) ([]byte, error)
	}{
		{"report.json", report.WriteJSON},
		{"junit.xml", report.JUnit},
		{"report.html", report.HTML},
		{"summary.md", func(r report.Run) ([]byte, error) { return report.Markdown(r), nil }},
	}
	var errs []error
	for _, document := range documents {
		content, err := document.render(made)
		if err == nil {
			err = WriteFile(filepath.Join(dir, document.name), content)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("write %s: %w", document.name, err))
		}
	}
	return errors.Join(append(errs, errEvidence)...)
}

// writeEvidence writes what the diagnosis collected, for its owner's eyes and without
// what looks like a secret, and returns the names of what it wrote. The names came from a
// cluster: they stay in the folder, which is made here and is not there where nothing
// had to be diagnosed.
func writeEvidence(dir string, files []File) ([]string, error) {
	if len(files) == 0 {
		return nil, nil
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("write the diagnosis: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("write the diagnosis: %w", err)
	}
	defer func() { _ = root.Close() }() // a folder, opened to write into
	var names []string
	var errs []error
	for _, file := range files {
		name := filepath.FromSlash(file.Name)
		err := root.MkdirAll(filepath.Dir(name), 0o700)
		if err == nil {
			err = root.WriteFile(name, []byte(redact.Text(string(file.Content))), 0o600)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("write the diagnosis: %w", err))
			continue
		}
		// Pods of two namespaces may share a name, and then a file.
		if !slices.Contains(names, file.Name) {
			names = append(names, file.Name)
		}
	}
	return names, errors.Join(errs...)
}
