package scenarios

import (
	"errors"
	"fmt"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/run"
)

// roundTo is the precision of times in notes.
const roundTo = 10 * time.Millisecond

// errorOfGoal tells a mesh that did not do in time what it promises from a
// probe that could not ask it.
func errorOfGoal(when string, err error) error {
	var late *probe.NotConvergedError
	if errors.As(err, &late) && !late.ProbeFailed {
		return run.Violated(fmt.Sprintf("%s: %v", when, err))
	}
	return fmt.Errorf("%s: %w", when, err)
}
