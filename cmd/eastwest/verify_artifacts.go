package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/suites/basic"
)

// writeArtifacts writes every rendering of the run, each atomically. One that
// fails does not keep the others from being written.
func writeArtifacts(dir string, result basic.Result) error {
	// What an earlier run left would be taken for this run's diagnosis.
	diagnosis := filepath.Join(dir, "diagnosis")
	if err := errors.Join(os.RemoveAll(diagnosis), os.MkdirAll(diagnosis, 0o755)); err != nil {
		return fmt.Errorf("write the reports: %w", err)
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
		content, err := document.render(result.Run)
		if err == nil {
			err = writeReport(filepath.Join(dir, document.name), content)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("write %s: %w", document.name, err))
		}
	}
	for _, file := range result.Evidence {
		name := filepath.Join(diagnosis, filepath.FromSlash(file.Name))
		errs = append(errs, os.MkdirAll(filepath.Dir(name), 0o755), writeReport(name, file.Content))
	}
	return errors.Join(errs...)
}
