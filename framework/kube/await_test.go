package kube

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAwaitPoll(t *testing.T) {
	fatal := errors.New("never")
	tests := []struct {
		name    string
		ask     func(asked int) (State, error)
		cancel  time.Duration // zero: not
		want    string        // empty: met
		wantIs  error
		took    time.Duration
		atMost  int
		atLeast int
	}{
		{name: "at once", ask: func(int) (State, error) { return State{Met: true}, nil }, atLeast: 1, atMost: 1},
		{
			name: "after some errors", atLeast: 4, atMost: 4,
			ask: func(asked int) (State, error) {
				if asked < 4 {
					return State{}, errors.New("refused")
				}
				return State{Met: true}, nil
			},
			took: 381 * time.Millisecond, // 100 + 125 + 156
		},
		{
			name:   "the bound runs out",
			ask:    func(int) (State, error) { return State{Seen: "two of three"}, nil },
			want:   `await the thing on cluster "west": want it within 10s, last saw two of three; look at it`,
			wantIs: context.DeadlineExceeded, took: 10 * time.Second, atLeast: 10, atMost: 20,
		},
		{
			name:   "the last error is reported",
			ask:    func(int) (State, error) { return State{}, errors.New("connection refused") },
			want:   "last saw connection refused; look at it",
			wantIs: context.DeadlineExceeded, took: 10 * time.Second, atLeast: 10, atMost: 20,
		},
		{
			name: "a fatal state", ask: func(int) (State, error) { return State{Seen: "rubble", Fatal: fatal}, nil },
			want: "last saw rubble; stopped after 0s: never; look at it", wantIs: fatal, atLeast: 1, atMost: 1,
		},
		{
			name: "cancelled", cancel: time.Second, ask: func(int) (State, error) { return State{Seen: "half"}, nil },
			want: "cancelled after 1s", wantIs: context.Canceled, took: time.Second, atLeast: 2, atMost: 10,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				waits := &Waits{}
				client := &Client{Name: "west", recorder: waits}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if test.cancel > 0 {
					time.AfterFunc(test.cancel, cancel)
				}
				start, asked := time.Now(), 0
				err := client.AwaitPoll(ctx, Poll{
					For: "the thing", Bound: 10 * time.Second, Hint: "look at it",
					Ask: func(context.Context) (State, error) { asked++; return test.ask(asked) },
				})
				took := time.Since(start)
				if (err == nil) != (test.want == "") || !strings.Contains(errText(err), test.want) {
					t.Errorf("want error %q, got %v", test.want, err)
				}
				if test.wantIs != nil && !errors.Is(err, test.wantIs) {
					t.Errorf("want the cause %v, got %v", test.wantIs, err)
				}
				if asked < test.atLeast || asked > test.atMost {
					t.Errorf("want %d to %d questions, got %d", test.atLeast, test.atMost, asked)
				}
				if took.Round(time.Millisecond) != test.took {
					t.Errorf("want it to take %s, took %s", test.took, took)
				}
				ended := waits.Ended()
				if len(ended) != 1 || ended[0].Met != (err == nil) || ended[0].Took != took || len(waits.Pending()) != 0 {
					t.Errorf("want the wait recorded once, got %+v", ended)
				}
			})
		})
	}
}

func TestWaitsPending(t *testing.T) {
	waits := &Waits{}
	endFirst := waits.Begin(Waiting{For: "first"})
	waits.Begin(Waiting{For: "second"})
	if pending := waits.Pending(); len(pending) != 2 || pending[0].For != "first" {
		t.Errorf("want both pending, the oldest first, got %+v", pending)
	}
	endFirst(Waited{For: "first", Met: true})
	if pending := waits.Pending(); len(pending) != 1 || pending[0].For != "second" {
		t.Errorf("want the second pending, got %+v", pending)
	}
}
