package images

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// ownPrograms are the packages of our own programs in images.
var ownPrograms = []string{"./lab/images/pause", "./lab/images/helloworld"}

// buildPrograms builds our own programs, static, into dir, which is kept between
// builds: go links only what has changed.
func buildPrograms(ctx context.Context, opts Options, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make a folder for the images' programs: %w", err)
	}
	args := slices.Concat([]string{"build"}, parts.BuildFlags(), []string{"-ldflags=-s -w", "-o", dir + string(os.PathSeparator)}, ownPrograms)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = opts.Source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local")
	stop := repeat(func(elapsed time.Duration) {
		opts.Progress(Event{Doing: "building the images' own programs", Elapsed: elapsed})
	})
	out, err := cmd.CombinedOutput()
	stop()
	if err != nil {
		return fmt.Errorf("build the images' own programs (%s): %w:\n%s", strings.Join(ownPrograms, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// tellEvery is how often work without steps of its own is told of.
const tellEvery = time.Second

// repeat calls tell now and then until stop is called, which waits for it to end.
func repeat(tell func(elapsed time.Duration)) (stop func()) {
	begin, done, ended := time.Now(), make(chan struct{}), make(chan struct{})
	tell(0)
	go func() {
		defer close(ended)
		tick := time.NewTicker(tellEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				tell(time.Since(begin))
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}
