package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// WriteJSON renders the run as a versioned document with a newline at its end.
// It sets APIVersion, Kind and Caveats.
func WriteJSON(r Run) ([]byte, error) {
	r.APIVersion, r.Kind, r.Caveats = APIVersion, Kind, r.caveats()
	return encode(r)
}

// ReadJSON reads what WriteJSON wrote. Fields that it does not know are left
// out, since a later release may add some to the same version; an unknown
// version or kind, or an outcome that does not exist, is an error.
func ReadJSON(in io.Reader) (Run, error) {
	var r Run
	decoder := json.NewDecoder(in)
	if err := decoder.Decode(&r); err != nil {
		return Run{}, fmt.Errorf("read report: not a JSON document of a run: %w", err)
	}
	if decoder.More() {
		return Run{}, errors.New("read report: more than one document: give each run a file of its own")
	}
	if r.APIVersion != APIVersion || r.Kind != Kind {
		return Run{}, fmt.Errorf("read report: got apiVersion %q, kind %q, want %q, %q: use the release of eastwest that wrote it", r.APIVersion, r.Kind, APIVersion, Kind)
	}
	switch r.Outcome {
	case verdict.Conformant, verdict.NonConformant, verdict.Inconclusive, verdict.Rehearsed:
	default:
		return Run{}, fmt.Errorf("read report: got outcome %q, want %q, %q, %q or %q", r.Outcome, verdict.Conformant, verdict.Rehearsed, verdict.NonConformant, verdict.Inconclusive)
	}
	return r, nil
}

// UnmarshalJSON also reads the environment as earlier releases wrote it: "place".
func (c *Cell) UnmarshalJSON(data []byte) error {
	type fields Cell
	read := struct {
		*fields
		Place string `json:"place"`
	}{fields: (*fields)(c)}
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	c.Environment = cmp.Or(c.Environment, read.Place)
	return nil
}

func encode(v any) ([]byte, error) {
	out, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write report: %w", err)
	}
	return append(out, '\n'), nil
}
