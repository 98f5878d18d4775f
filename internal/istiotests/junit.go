package main

import (
	"encoding/xml"
	"strings"
)

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     float64     `xml:"time,attr"` // seconds
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Suite   string     `xml:"classname,attr"`
	Name    string     `xml:"name,attr"`
	Time    float64    `xml:"time,attr"`
	Failure *junitText `xml:"failure"`
	Skipped *junitText `xml:"skipped"`
}

type junitText struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// junit renders the suites for CI. A test that fails as expected counts as skipped, with
// the reason.
func junit(reports []report, expected expectations) ([]byte, error) {
	var all junitSuites
	for _, r := range reports {
		s := junitSuite{Name: r.suite.name, Tests: len(r.results), Time: r.took.Seconds()}
		for _, t := range r.results {
			c := junitCase{Suite: r.suite.name, Name: t.name, Time: t.took.Seconds()}
			e := expected[test{r.suite.name, t.name}]
			switch {
			case t.outcome == passed:
			case t.outcome == failed && e.outcome != failed:
				c.Failure = &junitText{Message: "failed", Text: printable(strings.Join(t.output, "\n"))}
				s.Failures++
			default:
				c.Skipped = &junitText{Message: e.reason}
				s.Skipped++
			}
			s.Cases = append(s.Cases, c)
		}
		all.Suites = append(all.Suites, s)
	}
	data, err := xml.MarshalIndent(all, "", " ")
	return append([]byte(xml.Header), data...), err
}

// printable drops the control characters that XML cannot have.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
}
