package verdict

// Combine joins the outcomes of several checks: one that is non-conformant
// decides, then one that is inconclusive, then one that was only rehearsed. Success is
// counted, never inferred: without any outcome, or with one that is unknown, the
// result is inconclusive.
func Combine(outcomes []Outcome) Outcome {
	if len(outcomes) == 0 {
		return Inconclusive
	}
	worst := Conformant
	for _, o := range outcomes {
		if severity(o) > severity(worst) {
			worst = o
		}
	}
	if severity(worst) == severity(Inconclusive) {
		return Inconclusive // an unknown outcome is none
	}
	return worst
}

func severity(o Outcome) int {
	switch o {
	case Conformant:
		return 0
	case Rehearsed:
		return 1
	case NonConformant:
		return 3
	default:
		return 2
	}
}
