package verdict

// Combine joins the outcomes of several checks: one that is non-conformant
// decides, then one that is inconclusive. Success is counted, never inferred:
// without any outcome, or with one that is unknown, the result is inconclusive.
func Combine(outcomes []Outcome) Outcome {
	combined := Inconclusive
	for i, o := range outcomes {
		switch {
		case o == NonConformant:
			return NonConformant
		case o != Conformant:
			combined = Inconclusive
		case i == 0:
			combined = Conformant
		}
	}
	return combined
}
