package report

import (
	"fmt"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// envoy is what Envoy calls itself.
const envoy = "envoy"

// realCAOutsideGoogle is the only CA that a rehearsal can really exercise: it
// is istiod itself. The clients of the others exist only in Google's images.
const realCAOutsideGoogle = "istio"

// Limit is something that a reader must not take for tested.
type Limit struct {
	// Tag is the word that stands beside the verdict; empty where the verdict holds
	// for what the run says that it tested.
	Tag string
	// Sentence says what was imitated or left out and what therefore was not tested.
	Sentence string
}

// Limits lists what the run imitated and what its proxies and clusters lacked. An unknown data
// plane is a limit too.
func (r Run) Limits() []Limit {
	var limits []Limit
	if r.Cell.Rehearsal {
		limit := Limit{Tag: "rehearsal", Sentence: rehearsal(r.Cell)}
		if r.Outcome == verdict.Rehearsed {
			limit.Tag = "" // the verdict says so itself
		}
		limits = append(limits, limit)
	}
	switch {
	case r.Cell.DataPlane == "":
		limits = append(limits, Limit{Tag: "data plane unknown", Sentence: "It is not known which data plane carried the calls: Envoy must not be taken as tested."})
	case !strings.EqualFold(r.Cell.DataPlane, envoy):
		limits = append(limits, Limit{
			Tag:      "not Envoy",
			Sentence: fmt.Sprintf("The calls were carried by %s, which does not call itself Envoy: Envoy was not tested.", r.Cell.DataPlane),
		})
	}
	if r.Cell.DataPlaneLacks != "" {
		limits = append(limits, Limit{Sentence: fmt.Sprintf("The proxies are %s: %s", r.Cell.proxy(), r.Cell.DataPlaneLacks)})
	}
	if r.Cell.ClustersLack != "" {
		limits = append(limits, Limit{Sentence: r.Cell.ClustersLack})
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
	text := fmt.Sprintf("This is a rehearsal in the environment %s, with the traits of the platform: %s not tested.", c.Environment, untested)
	if len(c.Imitated) > 0 {
		text += " Imitated: " + strings.Join(c.Imitated, "; ") + "."
	}
	if len(c.NotImitated) > 0 {
		text += " Not imitated: " + strings.Join(c.NotImitated, "; ") + "."
	}
	return text
}

// caveats are the sentences of the limits.
func (r Run) caveats() []string {
	var sentences []string
	for _, l := range r.Limits() {
		sentences = append(sentences, l.Sentence)
	}
	return sentences
}

// tagList lists the tags of the limits.
func (r Run) tagList() []string {
	var tags []string
	for _, l := range r.Limits() {
		if l.Tag != "" {
			tags = append(tags, l.Tag)
		}
	}
	return tags
}

// tags joins the tags of the limits in brackets: " [rehearsal, not Envoy]", or
// nothing when everything was real.
func (r Run) tags() string {
	tags := r.tagList()
	if len(tags) == 0 {
		return ""
	}
	return " [" + strings.Join(tags, ", ") + "]"
}

// proxy tells a reader what carried the calls.
func (c Cell) proxy() string {
	switch {
	case c.DataPlaneName != "":
		return c.DataPlaneName
	case c.DataPlane == "":
		return "unknown proxies"
	default:
		return strings.TrimSpace(c.DataPlane + " " + c.DataPlaneVersion)
	}
}

// headline is the verdict with everything that belongs beside it, in one line.
func (r Run) headline() string {
	return string(r.Outcome) + r.tags()
}

// Headline is the verdict with everything that belongs beside it, in one line:
// "conformant [rehearsal]".
func (r Run) Headline() string { return clean(r.headline()) }

// title names the cell: "platform aws, CA istio, on lab".
func (r Run) title() string {
	return fmt.Sprintf("platform %s, CA %s, on %s", r.Cell.Platform, r.Cell.CA, r.Cell.Environment)
}
