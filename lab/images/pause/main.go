// Command pause does nothing until it is asked to end. It holds a pod's
// namespaces, reaping what is left to it there, and it is /bin/sleep in the
// Sleep image: as a container's first process, an ordinary sleep ignores
// SIGTERM and keeps its pod for the whole grace period.
//
// With arguments it sleeps like sleep(1): the sum of durations such as 5, 0.5
// or 2m, or "infinity".
package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	limit, err := parseDurations(os.Args[1:])
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGCHLD)
	wait(signals, limit, reap)
}

// wait returns when asked to end or after limit; nil means no limit.
func wait(signals <-chan os.Signal, limit *time.Duration, reap func()) {
	var timeout <-chan time.Time
	if limit != nil {
		timer := time.NewTimer(*limit)
		defer timer.Stop()
		timeout = timer.C
	}
	for {
		select {
		case <-timeout:
			return
		case s := <-signals:
			if s != syscall.SIGCHLD {
				return
			}
			reap()
		}
	}
}

// reap collects every child that has ended.
func reap() {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
	}
}

// parseDurations adds durations as sleep(1) takes them. No argument and
// "infinity" are no limit.
func parseDurations(args []string) (*time.Duration, error) {
	if len(args) == 0 {
		return nil, nil
	}
	var sum time.Duration
	for _, arg := range args {
		if arg == "infinity" || arg == "inf" {
			return nil, nil
		}
		d, err := parseDuration(arg)
		if err != nil {
			return nil, err
		}
		sum += d
	}
	return &sum, nil
}

func parseDuration(arg string) (time.Duration, error) {
	units := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
	number, unit := arg, time.Second
	if n := len(arg); n > 1 && units[arg[n-1:]] != 0 {
		number, unit = arg[:n-1], units[arg[n-1:]]
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	limit := float64(1<<62) / float64(unit) // what time.Duration can hold
	if err != nil || seconds < 0 || !(seconds < limit) {
		return 0, fmt.Errorf("sleep: invalid time interval %q", arg)
	}
	return time.Duration(seconds * float64(unit)), nil
}
