package report

import (
	"fmt"
	"slices"
	"strings"
)

// realDataPlane is what Envoy calls itself.
const realDataPlane = "envoy"

// realCAOutsideGoogle is the only CA that a rehearsal can really exercise: it
// is istiod itself. The clients of the others exist only in Google's images.
const realCAOutsideGoogle = "istio"

// Limit is something that a reader must not take for tested.
type Limit struct {
	// Tag is the word that stands beside the verdict.
	Tag string
	// Sentence says what was imitated and what therefore was not tested.
	Sentence string
}

// Limits lists what the run imitated. An unknown data plane is a limit too.
func (r Run) Limits() []Limit {
	var limits []Limit
	if r.Cell.Rehearsal {
		limits = append(limits, Limit{Tag: "rehearsal", Sentence: rehearsal(r.Cell)})
	}
	switch {
	case r.Cell.DataPlane == "":
		limits = append(limits, Limit{Tag: "data plane unknown", Sentence: "It is not known which data plane carried the calls: Envoy must not be taken as tested."})
	case !strings.EqualFold(r.Cell.DataPlane, realDataPlane):
		limits = append(limits, Limit{
			Tag:      "stand-in data plane",
			Sentence: fmt.Sprintf("The calls were carried by %s, which stands in for Envoy: Envoy was not tested.", r.Cell.DataPlane),
		})
	}
	for _, c := range r.Components {
		if c.StandIn == "" || c.Name == r.Cell.DataPlane {
			continue
		}
		limits = append(limits, Limit{
			Tag:      "stand-in " + c.Name,
			Sentence: fmt.Sprintf("%s stands in for %s: %s was not tested.", c.Name, c.StandIn, c.StandIn),
		})
	}
	return limits
}

func rehearsal(c Cell) string {
	untested := c.Platform
	if c.CA != realCAOutsideGoogle {
		untested += " and the CA " + c.CA + " were"
	} else {
		untested += " was"
	}
	told := fmt.Sprintf("This is a rehearsal on the place %s with the traits of the platform: %s not tested.", c.Place, untested)
	if len(c.Imitated) > 0 {
		told += " Imitated: " + strings.Join(c.Imitated, "; ") + "."
	}
	if len(c.NotImitated) > 0 {
		told += " Not imitated: " + strings.Join(c.NotImitated, "; ") + "."
	}
	return told
}

// caveats are the sentences of the limits.
func (r Run) caveats() []string {
	var sentences []string
	for _, l := range r.Limits() {
		sentences = append(sentences, l.Sentence)
	}
	return sentences
}

// tags joins the tags of the limits in brackets: " [rehearsal, stand-in data
// plane]", or nothing when everything was real.
func (r Run) tags() string {
	var tags []string
	for _, l := range r.Limits() {
		tags = append(tags, l.Tag)
	}
	if len(tags) == 0 {
		return ""
	}
	return " [" + strings.Join(slices.Compact(tags), ", ") + "]"
}

// headline is the verdict with everything that belongs beside it, in one line.
func (r Run) headline() string {
	return string(r.Outcome) + r.tags()
}

// Headline is the verdict with everything that belongs beside it, in one line:
// "conformant [rehearsal, stand-in data plane]".
func (r Run) Headline() string { return clean(r.headline()) }

// title names the cell: "aws x istio on lab".
func (r Run) title() string {
	return fmt.Sprintf("%s x %s on %s", r.Cell.Platform, r.Cell.CA, r.Cell.Place)
}
