package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestJSONComesBackWhole(t *testing.T) {
	for _, r := range []Run{healthyRun(), rehearsedRun(), fleetRun(), hostileRun()} {
		doc, err := WriteJSON(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadJSON(bytes.NewReader(doc))
		if err != nil {
			t.Fatal(err)
		}
		want := r
		want.APIVersion, want.Kind, want.Caveats = APIVersion, Kind, r.caveats()
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("run %q: %s", r.ID, diff)
		}
	}
}

func TestReadJSONRefuses(t *testing.T) {
	const head = `{"apiVersion":"` + APIVersion + `","kind":"` + Kind + `"`
	rows := []struct {
		name, doc, want string
	}{
		{"nothing", "", "not a JSON document"},
		{"cut short", head, "not a JSON document"},
		{"a list", "[]", "not a JSON document"},
		{"a later version", `{"apiVersion":"eastwest.dev/v9","kind":"` + Kind + `","outcome":"conformant"}`, `apiVersion "eastwest.dev/v9"`},
		{"another kind", `{"apiVersion":"` + APIVersion + `","kind":"` + ListKind + `","outcome":"conformant"}`, "kind"},
		{"no outcome", head + "}", `outcome ""`},
		{"an unknown outcome", head + `,"outcome":"green"}`, `outcome "green"`},
		{"two documents", head + `,"outcome":"conformant"}` + head + "}", "more than one"},
		{"a wrong type", head + `,"cases":7}`, "not a JSON document"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if _, err := ReadJSON(strings.NewReader(row.doc)); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want an error with %q", err, row.want)
			}
		})
	}
}

func TestReadJSONLetsNewFieldsPass(t *testing.T) {
	doc := `{"apiVersion":"` + APIVersion + `","kind":"` + Kind + `","outcome":"conformant","added":"later"}`
	if _, err := ReadJSON(strings.NewReader(doc)); err != nil {
		t.Error(err)
	}
}

// Whatever is read can be rendered, in every form, and written again. The seeds
// are large: give -fuzzminimizetime=10x, or minimizing takes all the time.
func FuzzReadJSON(f *testing.F) {
	for _, r := range []Run{healthyRun(), rehearsedRun(), hostileRun(), {}} {
		doc, err := WriteJSON(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		r, err := ReadJSON(bytes.NewReader(doc))
		if err != nil {
			return
		}
		for _, rendering := range renderings() {
			out := rendering.of(t, r)
			if rendering.name == "xml" {
				wellFormed(t, out)
			}
			if rendering.name == "txt" {
				onlyPrintable(t, string(out))
			}
		}
	})
}

// Reports of earlier releases call the environment a place.
func TestReadJSONOfAnEarlierRelease(t *testing.T) {
	text := `{"apiVersion":"` + APIVersion + `","kind":"` + Kind + `","outcome":"conformant","cell":{"platform":"aws","place":"fleet"}}`
	r, err := ReadJSON(strings.NewReader(text))
	if err != nil || r.Cell.Environment != "fleet" || r.Cell.Platform != "aws" {
		t.Errorf("got %+v, %v", r.Cell, err)
	}
}
