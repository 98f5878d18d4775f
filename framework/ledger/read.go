package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

// ErrNoJournal says that a run left no journal, or none that was not undone.
var ErrNoJournal = errors.New("no journal")

// read reads a journal. A torn last line is what a crash leaves: its entry was
// never acted on, since that waits for the whole line. Any other bad line is
// an error.
func read(path string) (Header, []Entry, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return Header{}, nil, fmt.Errorf("ledger: %s: %w", path, ErrNoJournal)
	}
	if err != nil {
		return Header{}, nil, fmt.Errorf("ledger: %w", err)
	}
	header, entries, err := parse(content)
	if err != nil {
		return Header{}, nil, fmt.Errorf("ledger: read %s: %w", path, err)
	}
	return header, entries, nil
}

func parse(content []byte) (Header, []Entry, error) {
	lines := bytes.Split(content, []byte("\n"))
	var header Header
	if err := json.Unmarshal(lines[0], &header); err != nil {
		return Header{}, nil, fmt.Errorf("line 1: %w", err)
	}
	if header.Format != FormatVersion {
		return Header{}, nil, fmt.Errorf("line 1: format %d, this eastwest reads %d; use the version that wrote it", header.Format, FormatVersion)
	}
	var entries []Entry
	for i, line := range lines[1:] {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var entry Entry
		if err := json.Unmarshal(line, &entry); err != nil {
			if torn(lines, i+1) {
				continue
			}
			return Header{}, nil, fmt.Errorf("line %d: %w", i+2, err)
		}
		entries = append(entries, entry)
	}
	return header, entries, nil
}

// torn is whether a line may have been cut by a crash: it is the last one, or
// the empty line follows that Open writes behind it.
func torn(lines [][]byte, i int) bool {
	return i == len(lines)-1 || len(lines[i+1]) == 0
}

// List returns the headers of all journals in a folder: runs that were kept,
// were interrupted before their undo, or crashed. The oldest comes first.
// Journals that cannot be read are reported in the error, beside the others.
func List(dir string) ([]Header, error) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	var (
		headers []Header
		errs    []error
	)
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".jsonl") {
			continue
		}
		header, _, err := read(filepath.Join(dir, file.Name()))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		headers = append(headers, header)
	}
	sort.SliceStable(headers, func(i, j int) bool { return headers[i].Started.Before(headers[j].Started) })
	return headers, errors.Join(errs...)
}

// LeftOn returns the headers of the runs in a folder that left something on one
// of the clusters, given by the UIDs of their kube-system namespaces, and are
// over: crashed, interrupted before their undo, or kept.
func LeftOn(dir string, uids []string) ([]Header, error) {
	all, err := List(dir)
	var left []Header
	for _, header := range all {
		shared := slices.ContainsFunc(header.Clusters, func(c Cluster) bool { return slices.Contains(uids, c.UID) })
		if shared && over(dir, header.Run) {
			left = append(left, header)
		}
	}
	return left, err
}

// over is whether nobody holds the journal of a run.
func over(dir, run string) bool {
	file, err := os.Open(journalPath(dir, run))
	if err != nil {
		return false
	}
	defer file.Close()
	return hold(file, run) == nil
}
