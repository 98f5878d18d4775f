package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// Goal is what the mesh must do, once, before a sample is measured.
type Goal struct {
	// For says it in words.
	For string
	// Batch is asked again and again, whole.
	Batch Batch
	Bound time.Duration
	// Met judges one whole batch.
	Met func([]Call) bool
}

// callsPerVersion is the size of a batch of the first phase for each version.
// With K equal versions a batch of 4K misses one with a probability of at most
// K·e^-4: the next poll, at most 1 s later, then sees it.
const callsPerVersion = 4

// AllOf is the goal that a batch has good answers only, and at least one of
// each of these versions and none of another.
func AllOf(versions []string, batch Batch) Goal {
	groups := make([][]string, 0, len(versions))
	for _, version := range versions {
		groups = append(groups, []string{version})
	}
	return AnyOfEach(groups, batch)
}

// AnyOfEach is the goal that a batch has good answers only, at least one from each
// group of versions and none of another.
func AnyOfEach(groups [][]string, batch Batch) Goal {
	batch.Count = callsPerVersion * max(1, len(groups))
	words := make([]string, 0, len(groups))
	for _, group := range groups {
		words = append(words, strings.Join(group, " or "))
	}
	return Goal{
		For:   fmt.Sprintf("%s answers as %s", batch.URL, strings.Join(words, " and ")),
		Batch: batch,
		Met:   func(calls []Call) bool { return answersAs(calls, groups) },
	}
}

// Refused is the goal that every call of a batch is refused.
func Refused(batch Batch) Goal {
	batch.Count = callsPerVersion
	return Goal{
		For:   batch.URL + " refuses",
		Batch: batch,
		Met: func(calls []Call) bool {
			return !slices.ContainsFunc(calls, func(c Call) bool { return !c.Refused() })
		},
	}
}

func answersAs(calls []Call, want [][]string) bool {
	seen := map[int]bool{}
	for _, call := range calls {
		at := slices.IndexFunc(want, func(group []string) bool { return slices.Contains(group, call.Version) })
		if !call.Good() || at < 0 {
			return false
		}
		seen[at] = true
	}
	return len(seen) == len(want)
}

// From says where the calls of a goal come from.
type From struct {
	Client *kube.Client
	// Pick finds the container anew for each batch: a pod may be replaced meanwhile.
	Pick func(context.Context) (kube.Target, error)
}

// NotConvergedError says that the goal was not met within its bound.
type NotConvergedError struct {
	// Last is the last batch that could be made; empty when none could.
	Last []Call
	// ProbeFailed is true when the last attempt did not get as far as calling.
	ProbeFailed bool
	Err         error
}

func (e *NotConvergedError) Error() string { return e.Err.Error() }
func (e *NotConvergedError) Unwrap() error { return e.Err }

// Converge asks until one whole batch meets the goal, and returns how long
// that took. It is the bounded first phase: everything is retried here, and
// nothing in the sample that follows.
func Converge(ctx context.Context, from From, goal Goal) (time.Duration, error) {
	start := time.Now()
	failed := &NotConvergedError{ProbeFailed: true}
	err := from.Client.AwaitPoll(ctx, kube.Poll{
		For:   goal.For,
		Bound: goal.Bound,
		Ask: func(ctx context.Context) (kube.State, error) {
			calls, err := ask(ctx, from, goal.Batch)
			if err != nil {
				// What the bound cut short is not a failure of the probe.
				failed.ProbeFailed = failed.ProbeFailed || ctx.Err() == nil
				return kube.State{}, err
			}
			failed.Last, failed.ProbeFailed = calls, slices.ContainsFunc(calls, func(c Call) bool { return c.Unsound })
			return kube.State{Met: goal.Met(calls), Seen: Describe(calls)}, nil
		},
	})
	took := time.Since(start)
	if err == nil {
		return took, nil
	}
	if cause := ctx.Err(); cause != nil {
		return took, errors.Join(cause, err)
	}
	failed.Err = err
	return took, failed
}

func ask(ctx context.Context, from From, batch Batch) ([]Call, error) {
	target, err := from.Pick(ctx)
	if err != nil {
		return nil, err
	}
	return Run(ctx, from.Client, target, batch)
}

// Measure makes the one batch that is judged. It is never repeated: a lost
// call stays lost, and the verdict says so.
func Measure(ctx context.Context, from From, batch Batch) ([]Call, error) {
	return ask(ctx, from, batch)
}

// Describe tells in a few words what a batch answered: "5 v1, 3 v2; 1 failed:
// could not connect (curl exit 7)".
func Describe(calls []Call) string {
	versions, failures := map[string]int{}, map[string]int{}
	for _, call := range calls {
		if call.Good() {
			versions[call.Version]++
		} else {
			failures[call.Err]++
		}
	}
	var parts []string
	for _, version := range sortedKeys(versions) {
		parts = append(parts, fmt.Sprintf("%d %s", versions[version], version))
	}
	words := strings.Join(parts, ", ")
	if words == "" {
		words = "no good answer"
	}
	for _, failure := range sortedKeys(failures) {
		words += fmt.Sprintf("; %d failed: %s", failures[failure], failure)
	}
	return words
}
