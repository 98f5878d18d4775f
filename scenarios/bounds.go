package scenarios

import "time"

// The bounds of scenarios, added to those of their waits (kube.Bounds).
const (
	// boundSample is enough for some hundred calls of 15 s at worst each to
	// fail in a batch that a dead endpoint stalls.
	boundSample = 5 * time.Minute
	// boundChange is for a scenario that changes and restores each cluster in turn.
	boundChange = 15 * time.Minute
	// restoreBound is how long a scenario may take to restore what it changed
	// after the run was interrupted.
	restoreBound = 2 * time.Minute
)
