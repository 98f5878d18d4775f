package kube

import (
	"context"
	"time"
)

// Poll is something that is waited for by asking again, because it cannot be
// watched: an answer of a proxy's or istiod's admin port, a call.
type Poll struct {
	For   string
	Bound time.Duration
	Hint  string
	// Ask looks once. An error is not the end: it becomes what was last seen.
	Ask func(ctx context.Context) (State, error)
}

// AwaitPoll asks at once and then after 100 ms growing to 1 s, until the
// condition holds. It returns nil or an *UnmetError.
func (c *Client) AwaitPoll(ctx context.Context, poll Poll) error {
	return c.bounded(ctx, waitFor{what: poll.For, bound: poll.Bound, hint: poll.Hint},
		func(ctx context.Context, see func(State) bool) error {
			pause := pollFirst
			for {
				state, err := poll.Ask(ctx)
				if err != nil {
					state = State{Seen: err.Error(), Fatal: state.Fatal}
				}
				// The answer to a question that the bound cut short says less than the one before.
				if err != nil && ctx.Err() != nil {
					return ctx.Err()
				}
				if see(state) {
					return nil
				}
				if err := pauseFor(ctx, pause); err != nil {
					return err
				}
				pause = min(time.Duration(float64(pause)*pollGrowth), pollMost)
			}
		})
}

// pauseFor waits for d or until ctx ends.
func pauseFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
