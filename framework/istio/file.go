package istio

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxSize bounds a snapshot's file: fifty clusters of two hundred services take some tens of
// megabytes.
const maxSize = 512 << 20

// maxClusters is more than any fleet has.
const maxClusters = 1000

// Save writes a snapshot as JSON.
func (s *Snapshot) Save(to io.Writer) error {
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(s); err != nil {
		return fmt.Errorf("write the snapshot: %w", err)
	}
	return nil
}

// Load reads a snapshot. One of another kind or version, with fields that this version does
// not know, or cut off, is refused with the reason.
func Load(from io.Reader) (*Snapshot, error) {
	content, err := io.ReadAll(io.LimitReader(from, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read the snapshot: %w", err)
	}
	if len(content) > maxSize {
		return nil, fmt.Errorf("read the snapshot: it is larger than %d MiB", maxSize>>20)
	}
	var header struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	var syntax *json.SyntaxError
	switch err := json.Unmarshal(content, &header); {
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("read the snapshot: it is not whole JSON (byte %d): %w", syntax.Offset, err)
	case err != nil:
		return nil, fmt.Errorf("read the snapshot: %w", err)
	case header.Kind != Kind:
		return nil, fmt.Errorf("read the snapshot: want kind %s, got %q; \"eastwest snapshot\" makes one", Kind, header.Kind)
	case header.APIVersion != APIVersion:
		return nil, fmt.Errorf("read the snapshot: want apiVersion %s, got %q; read it with the eastwest that took it, or a newer one", APIVersion, header.APIVersion)
	}
	s := &Snapshot{}
	if err := strict(content, s); err != nil {
		return nil, fmt.Errorf("read the snapshot: %w; was it taken by a newer eastwest?", err)
	}
	return s, s.validate()
}

func (s *Snapshot) validate() error {
	if len(s.Clusters) == 0 || len(s.Clusters) > maxClusters {
		return fmt.Errorf("read the snapshot: want 1 to %d clusters, got %d", maxClusters, len(s.Clusters))
	}
	seen := map[string]bool{}
	for _, c := range s.Clusters {
		if c.Name == "" || seen[c.Name] {
			return fmt.Errorf("read the snapshot: want a name of its own for each cluster, got %q", c.Name)
		}
		seen[c.Name] = true
	}
	return nil
}
