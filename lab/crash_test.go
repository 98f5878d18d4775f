package lab

import (
	"context"
	"math/rand/v2"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/eastwest-mesh/eastwest/lab/internal/sandbox"
)

// killings is how many random moments are tried.
const killings = 10

// startSpan is longer than a start takes, so that some killings meet a running lab.
const startSpan = 8 * time.Second

func TestLabLeavesNothingWhenKilled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
	defer cancel()
	o := labOptions(t)
	o.Name += "-killed"
	o, err := o.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	m, err := prepare(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	f := o.folders()
	before := lookAtHost(t)
	const seed = 7
	random := rand.New(rand.NewPCG(seed, seed))
	for i := range killings {
		delay := time.Duration(random.Int64N(int64(startSpan)))
		up := exec.CommandContext(ctx, m.executable, "lab", "up", "--name", o.Name, "--cache", o.Cache, "--envoy", o.Envoy)
		up.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := up.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- up.Wait() }()
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("killing %d: the lab did not start: %v", i, err)
			}
		case <-time.After(delay):
			_ = up.Process.Kill()
			if err := <-ended; err == nil {
				t.Logf("killing %d: the start was over after %s", i, delay)
			}
		}
		// Every second time the sandbox's own first process is killed as well.
		if st, err := f.readState(); err == nil && i%2 == 1 {
			killHard(ctx, t, st.Process)
		}
		if _, err := Down(ctx, o); err != nil {
			t.Errorf("killing %d after %s: down: %v", i, delay, err)
		}
		before.mustBeClean(t, f)
	}
}

func killHard(ctx context.Context, t *testing.T, id sandbox.Identity) {
	t.Helper()
	if err := id.End(ctx); err != nil {
		t.Error(err)
	}
	if id.Alive() {
		t.Errorf("process %d is alive after it was killed", id.PID)
	}
}
