package upgrade

import (
	"fmt"
	"slices"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// Outcome is the answer to whether a step may be taken.
type Outcome string

// The outcomes, the worst first.
const (
	NoGo         Outcome = "no-go"
	CouldNotTell Outcome = "could-not-tell"
	Go           Outcome = "go"
)

// Kind is that of a Verdict's JSON document; a field is only ever added to it.
const Kind = "UpgradeReport"

// StepVerdict is what became of one step.
type StepVerdict struct {
	Step    StepID  `json:"step"`
	Title   string  `json:"title"`
	Outcome Outcome `json:"outcome"`
	// State is how far the fleet is with it.
	State string `json:"state"`
	// Why are sentences, the first reason first; for Go what it rests on.
	Why []string `json:"why"`
}

// Verdict is everything that was found about a move.
type Verdict struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	From       string `json:"from"`
	To         string `json:"to"`
	Version    string `json:"version,omitempty"`
	// Taken is when the fleet was looked at.
	Taken    time.Time `json:"taken"`
	Clusters []string  `json:"clusters"`
	// Measured says what calls were made, and is empty where none were.
	Measured string        `json:"measured,omitempty"`
	Steps    []StepVerdict `json:"steps"`
	// Findings are those of the checks for upgrades, in the order of the checks; Mesh are the
	// errors of the mesh as it is.
	Findings []checks.Finding `json:"findings"`
	Mesh     []checks.Finding `json:"mesh,omitempty"`
	// Accepted are findings that the fleet's owners live with: no step stands or falls by
	// them. Expired are acceptances whose day has passed.
	Accepted []checks.Accepted   `json:"accepted,omitempty"`
	Expired  []checks.Acceptance `json:"expired,omitempty"`
	// Answers has one entry for each check for upgrades.
	Answers []Answered `json:"checks"`
	Unread  []Unread   `json:"unread,omitempty"`
	// Unsupported are clusters of a kind that is not judged.
	Unsupported []checks.Unsupported `json:"unsupported,omitempty"`
	// compared are the calls that were made, for the renderings; nil for none.
	compared *Measured
	// NotLookedAt says what no part of the verdict rests on.
	NotLookedAt []string `json:"notLookedAt"`
}

// Answered is what became of one check.
type Answered struct {
	Check    string `json:"check"`
	Question string `json:"question"`
	Step     StepID `json:"step"`
	Errors   int    `json:"errors"`
	Warnings int    `json:"warnings"`
	Unread   int    `json:"unread"`
}

// Unread is something that a check of a step needed and that is not known.
type Unread struct {
	Check string `json:"check"`
	checks.Unread
}

// Judge gives a verdict for each step. The snapshot must be settled; measured may be nil. A
// finding that is accepted, as of when the snapshot was taken, is set aside.
func Judge(s *istio.Snapshot, measured *Measured, accepted ...checks.Acceptance) Verdict {
	v := Verdict{
		APIVersion: istio.APIVersion, Kind: Kind,
		From: s.Asked.Upgrade.From, To: s.Asked.Upgrade.To, Version: versionOf(s), Taken: s.Taken, NotLookedAt: notLookedAt(measured),
		Unsupported: checks.FindUnsupported(s), Measured: measured.sentence(), compared: measured,
	}
	for _, c := range s.Clusters {
		v.Clusters = append(v.Clusters, c.Name)
	}
	acceptances := checks.NewAcceptances(accepted, s.Taken)
	v.ask(s, acceptances)
	v.Accepted, v.Expired = acceptances.Accepted, acceptances.Expired()
	for _, step := range Steps() {
		v.Steps = append(v.Steps, v.judge(step, s, measured))
	}
	return v
}

// ask runs all checks: those for upgrades, and, for errors alone, those of a mesh.
func (v *Verdict) ask(s *istio.Snapshot, accepted *checks.Acceptances) {
	for _, answer := range checks.Run(s, checks.All()) {
		findings := checks.Judged(answer.Findings, v.Unsupported)
		ofMesh := answer.Check.Layer() != checks.LayerUpgrade
		if ofMesh {
			findings = slices.DeleteFunc(findings, func(f checks.Finding) bool { return f.Severity != checks.Error })
		}
		findings = slices.DeleteFunc(findings, accepted.Take)
		if ofMesh {
			v.Mesh = append(v.Mesh, findings...)
			continue
		}
		v.Findings = append(v.Findings, findings...)
		answered := Answered{Check: answer.Check.ID, Question: answer.Check.Question, Step: stepOf(answer.Check.ID), Unread: len(answer.Unread)}
		for _, f := range findings {
			switch f.Severity {
			case checks.Error:
				answered.Errors++
			case checks.Warning:
				answered.Warnings++
			case checks.Info:
			}
		}
		v.Answers = append(v.Answers, answered)
		for _, unread := range answer.Unread {
			v.Unread = append(v.Unread, Unread{Check: answer.Check.ID, Unread: unread})
		}
	}
}

// stepOf is the first step that a check is required for.
func stepOf(check string) StepID {
	for _, step := range Steps() {
		if slices.Contains(step.Checks, check) || slices.Contains(step.Blocks, check) {
			return step.ID
		}
	}
	return ""
}

// required are the checks of a step and of those before it. What the last step wants is its own.
func required(id StepID) []string {
	var all []string
	for _, step := range Steps() {
		all = append(all, step.Checks...)
		all = append(all, step.Blocks...)
		if step.ID == id {
			break
		}
	}
	return all
}

func (v *Verdict) judge(step Step, s *istio.Snapshot, measured *Measured) StepVerdict {
	out := StepVerdict{Step: step.ID, Title: step.Title, State: step.state(s), Outcome: NoGo}
	for _, f := range v.Findings {
		if f.Severity == checks.Error && slices.Contains(step.Checks, f.Check) || slices.Contains(step.Blocks, f.Check) {
			out.Why = append(out.Why, fmt.Sprintf("%s %s: %s", f.Check, f.Cluster, f.Found))
		}
	}
	if step.ID == Namespace {
		out.Why = append(out.Why, measured.worse()...)
	}
	for _, before := range v.Steps {
		if before.Outcome == NoGo {
			out.Why = append(out.Why, fmt.Sprintf("an earlier step is NO-GO: %s", lowerFirst(before.Title)))
			break // what follows from it says no more
		}
	}
	if len(out.Why) > 0 {
		return out
	}
	wanted := required(step.ID)
	out.Outcome = CouldNotTell
	if out.Why = v.doubts(step, wanted, measured); len(out.Why) > 0 {
		return out
	}
	out.Outcome = Go
	out.Why = []string{v.restsOn(step, wanted)}
	return out
}

// doubts are why nobody can tell whether a step may be taken, though nothing speaks against it.
func (v *Verdict) doubts(step Step, wanted []string, measured *Measured) []string {
	var why []string
	for _, u := range v.Unsupported {
		why = append(why, fmt.Sprintf("%s is not judged: %s: %s", u.Cluster, u.Kind, u.Found))
	}
	for _, f := range v.Mesh {
		why = append(why, fmt.Sprintf("the mesh as it is has an error: %s %s: %s", f.Check, f.Cluster, f.Found))
	}
	for _, a := range v.Expired {
		why = append(why, fmt.Sprintf("an acceptance in the fleet file has expired; renew it or take it out: %s", a))
	}
	seen := map[string]bool{}
	for _, unread := range v.Unread {
		text := fmt.Sprintf("could not read: %s: %s", unread.Cluster, unread.Unknown.String())
		if slices.Contains(wanted, unread.Check) && !seen[text] {
			seen[text] = true
			why = append(why, text)
		}
	}
	if step.Unmeasured != "" && !measured.covers(step.ID) {
		why = append(why, step.Unmeasured)
	}
	if step.ID != Install {
		why = append(why, measured.doubts()...)
	}
	return why
}

func (v *Verdict) restsOn(step Step, wanted []string) string {
	text := fmt.Sprintf("%d checks in %d clusters found no error", len(wanted), len(v.Clusters))
	if n := v.acceptedOf(wanted); n > 0 {
		text += fmt.Sprintf(" but what the fleet file accepts (%d)", n)
	}
	warnings := 0
	for _, f := range v.Findings {
		if f.Severity == checks.Warning && slices.Contains(wanted, f.Check) {
			warnings++
		}
	}
	if warnings > 0 {
		text += fmt.Sprintf("; read the warnings (%d)", warnings)
	}
	if step.ID != Install && v.Measured != "" {
		text += "; " + v.Measured
	}
	return text
}

// acceptedOf counts the accepted findings of some checks, and of the mesh as it is.
func (v *Verdict) acceptedOf(wanted []string) int {
	n := 0
	for _, a := range v.Accepted {
		check, _ := checks.Find(a.Check)
		if slices.Contains(wanted, a.Check) || check.Layer() != checks.LayerUpgrade {
			n++
		}
	}
	return n
}

// Worst is the worst outcome of all steps, Of that of one.
func (v Verdict) Worst() Outcome {
	all := []Outcome{NoGo, CouldNotTell, Go}
	at := len(all) - 1
	for _, step := range v.Steps {
		at = min(at, slices.Index(all, step.Outcome))
	}
	return all[at]
}

// Of is the verdict of a step.
func (v Verdict) Of(id StepID) StepVerdict {
	return v.Steps[slices.IndexFunc(v.Steps, func(s StepVerdict) bool { return s.Step == id })]
}

// versionOf is what the new revision's istiods run, or else what was said.
func versionOf(s *istio.Snapshot) string {
	for i := range s.Clusters {
		istiods, _ := s.Clusters[i].Istiods.Get()
		for _, istiod := range istiods {
			if istiod.Revision == s.Asked.Upgrade.To && istiod.Version != "" {
				return istiod.Version
			}
		}
	}
	return s.Asked.Upgrade.Version
}
