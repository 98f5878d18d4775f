package verdict

// Outcome is the result of a check or a run.
type Outcome string

// The outcomes. Inconclusive means that the test could not tell: a broken
// probe is never a pass. Rehearsed is what a run is at best whose platform was
// imitated: all went well, and the platform was not tested.
const (
	Conformant    Outcome = "conformant"
	NonConformant Outcome = "non-conformant"
	Inconclusive  Outcome = "inconclusive"
	Rehearsed     Outcome = "rehearsed"
)

// Passed is true where nothing was found wrong and nothing was left untold.
func (o Outcome) Passed() bool { return o == Conformant || o == Rehearsed }

// Share is the part of the calls that one version is expected to answer, or several
// together: then Version names them all and Of lists them, and any of them may answer.
type Share struct {
	Version string   `json:"version"`
	Part    float64  `json:"part"` // of 1
	Of      []string `json:"of,omitempty"`
}

// Versions are those that the share counts.
func (s Share) Versions() []string {
	if len(s.Of) > 0 {
		return s.Of
	}
	return []string{s.Version}
}

// count is how many calls the share's versions answered.
func (s Share) count(c Counts) int {
	n := 0
	for _, version := range s.Versions() {
		n += c.Versions[version]
	}
	return n
}

// Expectation is what a sample is judged against. It is fixed before the sample is taken.
type Expectation struct {
	Shares []Share `json:"shares"`
	// Sources is the number of clusters that take a sample in the same check;
	// the error probability is that of the whole check.
	Sources          int     `json:"sources"`
	ErrorProbability float64 `json:"errorProbability"`
}

// Counts is what was observed: answers by version, and what was not an answer.
type Counts struct {
	Sent     int            `json:"sent"`
	Versions map[string]int `json:"versions"` // good answers (status 200, well formed)
	Statuses map[int]int    `json:"statuses"` // every HTTP status, 0 for none
	// Unsound counts calls of which the probe itself lost track: neither
	// answered nor refused as far as can be seen.
	Unsound int `json:"unsound,omitempty"`
}

// Verdict is the judgement of one sample, with the numbers it rests on.
type Verdict struct {
	Outcome     Outcome     `json:"outcome"`
	Reasons     []string    `json:"reasons,omitempty"`
	Expectation Expectation `json:"expectation"`
	Counts      Counts      `json:"counts"`
	// Accept is the interval of counts accepted for each version.
	Accept []Interval `json:"accept,omitempty"`
}

// Interval is an inclusive range of counts for one version.
type Interval struct {
	Version string `json:"version"`
	Low     int    `json:"low"`
	High    int    `json:"high"`
}
