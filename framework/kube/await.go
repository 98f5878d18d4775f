package kube

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// State is what one look at a condition found.
type State struct {
	Met bool
	// Seen says in words what was seen, for the message of a wait that ends unmet.
	Seen string
	// Fatal ends the wait at once: the condition can no longer come true.
	Fatal error
	// Outside says what stands in the way that is no part of the mesh, such as a quota;
	// empty for nothing that is known.
	Outside string
}

// Wait is something that is waited for by watching objects.
type Wait struct {
	// For says what, for messages and the report: `Deployment istio-system/istiod available`.
	For string
	// Bound is the longest time; it comes from Bounds.
	Bound time.Duration
	// Watch says which objects are watched.
	Watch Watched
	// Until judges all watched objects; it is called once they are first
	// listed and again whenever one of them changes. It must not block.
	Until func(objects []*unstructured.Unstructured) State
	// Hint says what to do when the bound runs out; it may be empty.
	Hint string
}

// UnmetError is a wait that ended before its condition held.
type UnmetError struct {
	Cluster string
	For     string
	Bound   time.Duration
	Took    time.Duration
	// Seen is the last state seen.
	Seen string
	Hint string
	// ImagePullFailed names the container of a deployment's pod whose image could not be
	// had, where that is what stood in the way.
	ImagePullFailed string
	// Outside is what stood in the way that is no part of the mesh: a quota, Pod
	// Security, an admission webhook, full nodes, the cloud's load balancer.
	Outside string
	// Cause is what ended the wait: a context's error or a fatal state.
	Cause error
}

func (e *UnmetError) Error() string {
	seen := e.Seen
	if seen == "" {
		seen = "nothing"
	}
	message := fmt.Sprintf("await %s on cluster %q: want it within %s, last saw %s", e.For, e.Cluster, e.Bound, seen)
	switch {
	case errors.Is(e.Cause, context.Canceled):
		message += fmt.Sprintf("; cancelled after %s", e.Took.Round(time.Millisecond))
	case e.Cause != nil && !errors.Is(e.Cause, context.DeadlineExceeded):
		message += fmt.Sprintf("; stopped after %s: %v", e.Took.Round(time.Millisecond), e.Cause)
	}
	if e.Outside != "" {
		message += "; not the mesh's doing: " + e.Outside
	}
	if e.Hint != "" {
		message += "; " + e.Hint
	}
	return message
}

func (e *UnmetError) Unwrap() error { return e.Cause }

// Await watches until the condition holds. It returns nil, or an *UnmetError
// when the bound ran out, ctx ended or the state cannot recover.
func (c *Client) Await(ctx context.Context, wait Wait) error {
	return c.bounded(ctx, waitFor{what: wait.For, bound: wait.Bound, hint: wait.Hint},
		func(ctx context.Context, see func(State) bool) error {
			return c.watch(ctx, wait.Watch, func(objects []*unstructured.Unstructured) bool {
				return see(wait.Until(objects))
			}, func(err error) { see(State{Seen: err.Error()}) })
		})
}

type waitFor struct {
	what  string
	bound time.Duration
	hint  string
}

// bounded runs one wait under its bound and records it. look calls see with
// each state and returns as soon as see says so.
func (c *Client) bounded(ctx context.Context, wait waitFor, look func(ctx context.Context, see func(State) bool) error) error {
	start := time.Now()
	end := c.begin(Waiting{Cluster: c.Name, For: wait.what, Bound: wait.bound, Since: start})
	bounded, cancel := context.WithTimeout(ctx, wait.bound)
	defer cancel()
	var last State
	err := look(bounded, func(state State) bool {
		last = state
		return state.Met || state.Fatal != nil
	})
	took := time.Since(start)
	end(Waited{Cluster: c.Name, For: wait.what, Bound: wait.bound, Since: start, Took: took, Met: last.Met, Seen: last.Seen})
	if last.Met {
		return nil
	}
	return &UnmetError{
		Cluster: c.Name, For: wait.what, Bound: wait.bound, Took: took,
		Seen: last.Seen, Hint: wait.hint, Outside: last.Outside, Cause: unmetCause(ctx, bounded, last, err),
	}
}

// unmetCause says why a wait ended: a fatal state, the caller's end, the bound, or the watch itself.
func unmetCause(caller, bounded context.Context, last State, err error) error {
	switch {
	case last.Fatal != nil:
		return last.Fatal
	case caller.Err() != nil:
		return context.Cause(caller)
	case bounded.Err() != nil:
		return bounded.Err()
	}
	return err
}

func (c *Client) begin(waiting Waiting) func(Waited) {
	if c.recorder == nil {
		return func(Waited) {}
	}
	return c.recorder.Begin(waiting)
}
