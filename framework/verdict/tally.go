package verdict

// Answer is what is counted of one call.
type Answer struct {
	Status int // HTTP status; 0 when there was no answer
	// Version is set when the answer had status 200 and was well formed.
	Version string
	// Unsound is true when the probe itself lost track of the call.
	Unsound bool
}

// Tally counts the answers of one sample.
func Tally(answers []Answer) Counts {
	c := Counts{Sent: len(answers), Versions: map[string]int{}, Statuses: map[int]int{}}
	for _, a := range answers {
		if a.Unsound {
			c.Unsound++
			continue
		}
		c.Statuses[a.Status]++
		if a.Version != "" {
			c.Versions[a.Version]++
		}
	}
	return c
}
