package report

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// The JUnit dialect that Jenkins, GitLab and Prow read:
// github.com/windyroad/JUnit-Schema, plus properties on a suite.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Timestamp  string          `xml:"timestamp,attr,omitempty"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Class     string        `xml:"classname,attr"`
		Name      string        `xml:"name,attr"`
		Time      string        `xml:"time,attr"`
		Failure   *junitMessage `xml:"failure"`
		Error     *junitMessage `xml:"error"`
		Skipped   *junitMessage `xml:"skipped"`
		SystemOut *junitText    `xml:"system-out"`
	}
	// junitText keeps line breaks as they are, so that a histogram can be read in the file.
	junitText struct {
		Text string `xml:",cdata"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// kindVerdict is the suite of one case that carries the outcome of the whole
// run: a run that never came to a scenario must not look green.
const kindVerdict CaseKind = "verdict"

// JUnit renders the run with a suite for each kind of case and one for the
// verdict. Class names hold platform, CA and environment, so that files of several
// cells can be read side by side.
func JUnit(r Run) ([]byte, error) { return marshalJUnit(suitesOf(r, "")) }

func marshalJUnit(suites []junitSuite) ([]byte, error) {
	root := junitSuites{Name: "eastwest", Suites: suites}
	var total time.Duration
	for _, s := range suites {
		root.Tests, root.Failures = root.Tests+s.Tests, root.Failures+s.Failures
		root.Errors, root.Skipped = root.Errors+s.Errors, root.Skipped+s.Skipped
		if d, err := time.ParseDuration(s.Time + "s"); err == nil {
			total += d
		}
	}
	root.Time = seconds(total)
	out, err := xml.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write junit: %w", err)
	}
	return append([]byte(xml.Header), append(out, '\n')...), nil
}

// suitesOf makes the suites of one run. The suffix tells class names of runs of
// the same cell apart; it is empty where there is only one.
func suitesOf(r Run, suffix string) []junitSuite {
	var suites []junitSuite
	for _, kind := range []CaseKind{KindStep, KindScenario, KindCleanup} {
		var cases []Case
		for _, c := range r.Cases {
			if c.Kind == kind {
				cases = append(cases, c)
			}
		}
		if len(cases) > 0 {
			suites = append(suites, suiteOf(r, className(r, kind)+suffix, cases))
		}
	}
	suites = append(suites, cellSuites(r, suffix)...)
	return append(suites, suiteOf(r, className(r, kindVerdict)+suffix, []Case{verdictCase(r)}))
}

// verdictCase makes the outcome of the run a case like the others.
func verdictCase(r Run) Case {
	c := Case{ID: "verdict", Kind: kindVerdict, Start: r.Started, Message: strings.Join(r.Reasons, "; ")}
	switch r.Outcome {
	case verdict.Conformant, verdict.Rehearsed:
		c.Status = Passed
	case verdict.NonConformant:
		c.Status = Failed
	default:
		c.Status = Errored
	}
	return c
}

// suiteOf makes a suite of cases of one kind; there is at least one.
func suiteOf(r Run, class string, cases []Case) junitSuite {
	s := junitSuite{
		Name:       fmt.Sprintf("eastwest %s: %s%s", r.title(), cases[0].Kind, r.tags()),
		Tests:      len(cases),
		Timestamp:  timestamp(cases[0].Start),
		Properties: properties(r),
	}
	names := map[string]int{}
	var total time.Duration
	for _, c := range cases {
		name := caseName(c)
		names[name]++
		if n := names[name]; n > 1 {
			name += fmt.Sprintf(" (%d)", n)
		}
		total += c.Duration
		s.add(c, junitCase{Class: class, Name: name, Time: seconds(c.Duration), SystemOut: systemOut(r, c)})
	}
	s.Time = seconds(total)
	return s
}

// add appends a case with what became of it.
func (s *junitSuite) add(c Case, j junitCase) {
	switch c.Status {
	case Passed:
	case Failed:
		j.Failure = &junitMessage{Message: c.Message, Type: string(c.Status), Text: c.Promise}
		s.Failures++
	case Accepted:
		j.Skipped = &junitMessage{Message: "failed, accepted " + c.Accepted + ": " + c.Message}
		s.Skipped++
	case Skipped, Unsupported:
		j.Skipped = &junitMessage{Message: string(c.Status) + ": " + c.Message}
		s.Skipped++
	default: // errored, and an unknown status, which is no pass
		j.Error = &junitMessage{Message: c.Message, Type: string(c.Status), Text: c.Promise}
		s.Errors++
	}
	s.Cases = append(s.Cases, j)
}

// className is eastwest.aws.istio.lab-rehearsal.scenario.
func className(r Run, kind CaseKind) string {
	environment := r.Cell.Environment
	if r.Cell.Rehearsal {
		environment += "-rehearsal"
	}
	return strings.Join([]string{"eastwest", r.Cell.Platform, r.Cell.CA, environment, string(kind)}, ".")
}

func caseName(c Case) string {
	if c.Cluster == "" {
		return c.label()
	}
	return fmt.Sprintf("%s [%s]", c.label(), c.Cluster)
}

func properties(r Run) []junitProperty {
	p := []junitProperty{
		{"outcome", r.headline()},
		{"run", r.ID},
		{"platform", r.Cell.Platform},
		{"ca", r.Cell.CA},
		{"environment", r.Cell.Environment},
		{"rehearsal", strconv.FormatBool(r.Cell.Rehearsal)},
		{"dataPlane", r.Cell.proxy()},
		{"clusters", strconv.Itoa(len(r.Clusters))},
		{"errorProbability", strconv.FormatFloat(r.ErrorProbability, 'g', -1, 64)},
	}
	for _, sentence := range r.caveats() {
		p = append(p, junitProperty{"caveat", sentence})
	}
	return p
}

// systemOut is what a reader of a CI page sees below a case.
// Every line is cleaned: a CDATA section cannot escape what XML does not allow.
func systemOut(r Run, c Case) *junitText {
	var b strings.Builder
	if c.Kind == kindVerdict {
		fmt.Fprintf(&b, "%s\n", clean(r.headline()))
		for _, sentence := range append(r.caveats(), r.Reasons...) {
			fmt.Fprintf(&b, "%s\n", clean(sentence))
		}
	}
	if len(c.Samples) > 0 {
		for _, sentence := range r.caveats() {
			fmt.Fprintf(&b, "%s\n", clean(sentence))
		}
	}
	for _, s := range c.Samples {
		b.WriteString(histogramText(s))
	}
	if c.Compared != nil {
		b.WriteString(comparedText(*c.Compared))
	}
	for _, note := range c.Notes {
		fmt.Fprintf(&b, "%s\n", clean(note))
	}
	if b.Len() == 0 {
		return nil
	}
	return &junitText{Text: b.String()}
}

// timestamp is ISO 8601 without a zone, in UTC, as the schema wants it.
func timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05")
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }
