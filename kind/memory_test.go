package kind

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestLeftoversAreThoseOfDeadRuns(t *testing.T) {
	cache := t.TempDir()
	if left, err := Leftovers(cache); err != nil || len(left) != 0 {
		t.Fatalf("before any run: %v, %v", left, err)
	}
	m, r, err := remember(cache, record{Started: time.Now(), Clusters: 2})
	if err != nil {
		t.Fatal(err)
	}
	// An unfinished folder, as a run leaves that dies before its first cluster.
	if err := os.Mkdir(runsFolder(cache)+"/"+unfinished+"0a1b2c", 0o700); err != nil {
		t.Fatal(err)
	}
	if left, err := Leftovers(cache); err != nil || len(left) != 0 {
		t.Errorf("while its process holds the lock: %v, %v", left, err)
	}
	// A command that outlives the process, whose lock the kernel gives back.
	orphan := exec.CommandContext(t.Context(), "cat")
	hold, err := orphan.StdinPipe()
	if err == nil {
		err = orphan.Start()
	}
	if err := errors.Join(err, m.release()); err != nil {
		t.Fatal(err)
	}
	if orphaned, err := m.orphaned(); err != nil || !orphaned {
		t.Errorf("while a command of it runs: orphaned %t, %v", orphaned, err)
	}
	if err := errors.Join(hold.Close(), orphan.Wait()); err != nil {
		t.Fatal(err)
	}
	if orphaned, err := m.orphaned(); err != nil || orphaned {
		t.Errorf("after the command's end: orphaned %t, %v", orphaned, err)
	}
	m.busy = nil
	left, err := Leftovers(cache)
	if err != nil || len(left) != 1 || left[0].ID != r.ID || len(left[0].Names) != 2 {
		t.Fatalf("after its death: %+v, %v", left, err)
	}
	// Somebody else removes it at this moment.
	if err := m.acquire(); err != nil {
		t.Fatal(err)
	}
	if err := left[0].Remove(t.Context()); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("want a second removal refused, got %v", err)
	}
	if err := m.forget(); err != nil {
		t.Fatal(err)
	}
	if left, err := Leftovers(cache); err != nil || len(left) != 0 {
		t.Errorf("after its removal: %v, %v", left, err)
	}
}
