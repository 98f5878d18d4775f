package upgrade

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// The names of the files that WriteFiles writes.
const (
	FileJSON   = "upgrade.json"
	FileHTML   = "upgrade.html"
	FileJUnit  = "junit.xml"
	FileTicket = "ticket.md"
)

// WriteFiles writes the verdict in every form into a folder, which it makes. The page and JUnit
// have the steps up to one of them; empty means all.
func WriteFiles(dir string, v Verdict, upTo StepID) error {
	document, errJSON := json.MarshalIndent(v, "", "  ")
	page, errHTML := v.Assessment(upTo).HTML()
	junit, errJUnit := v.Assessment(upTo).JUnit()
	if err := errors.Join(errJSON, errHTML, errJUnit); err != nil {
		return fmt.Errorf("write the verdict: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write the verdict: %w", err)
	}
	for _, file := range []struct {
		name    string
		content []byte
	}{{FileJSON, append(document, '\n')}, {FileHTML, page}, {FileJUnit, junit}, {FileTicket, []byte(v.Ticket())}} {
		if err := os.WriteFile(filepath.Join(dir, file.name), file.content, 0o644); err != nil {
			return fmt.Errorf("write the verdict: %w", err)
		}
	}
	return nil
}
