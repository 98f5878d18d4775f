package main

import (
	"os"
	"syscall"
	"testing"
	"time"
)

func TestParseDurations(t *testing.T) {
	of := func(d time.Duration) *time.Duration { return &d }
	tests := []struct {
		name    string
		args    []string
		want    *time.Duration
		wantErr bool
	}{
		{name: "nothing is no limit"},
		{name: "infinity is no limit", args: []string{"infinity"}},
		{name: "seconds", args: []string{"5"}, want: of(5 * time.Second)},
		{name: "a fraction", args: []string{"0.5"}, want: of(500 * time.Millisecond)},
		{name: "units are added", args: []string{"1m", "2s"}, want: of(62 * time.Second)},
		{name: "a word", args: []string{"soon"}, wantErr: true},
		{name: "negative", args: []string{"-1"}, wantErr: true},
		{name: "not a number", args: []string{"NaN"}, wantErr: true},
		{name: "too long", args: []string{"1e300"}, wantErr: true},
		{name: "a unit alone", args: []string{"s"}, wantErr: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseDurations(tt.args)
			if (err != nil) != tt.wantErr {
				t.Fatalf("error %v, want one: %t", err, tt.wantErr)
			}
			if (got == nil) != (tt.want == nil) || got != nil && *got != *tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestWaitReapsUntilToldToEnd(t *testing.T) {
	signals := make(chan os.Signal, 3)
	signals <- syscall.SIGCHLD
	signals <- syscall.SIGCHLD
	signals <- syscall.SIGTERM
	reaped := 0
	wait(signals, nil, func() { reaped++ })
	if reaped != 2 {
		t.Errorf("reaped %d times, want 2", reaped)
	}
}

func TestWaitEndsAtItsLimit(t *testing.T) {
	limit := time.Millisecond
	wait(nil, &limit, func() { t.Error("reaped without a signal") })
}
