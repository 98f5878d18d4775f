package images

import (
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// sources are our own programs in images. They travel inside the binary: an image is made
// without a source tree.
//
//go:embed pause/main.go helloworld/main.go
var sources embed.FS

// ownPrograms are the folders of sources.
func ownPrograms() []string { return []string{"pause", "helloworld"} }

// sourceModule is the module that they are built in; they need nothing but Go itself.
const sourceModule = "module eastwest.dev/images\n\ngo 1.26.0\n"

// buildPrograms builds our own programs, static, into dir, which is kept between
// builds: go links only what has changed.
func buildPrograms(ctx context.Context, dir string, progress func(Event)) error {
	stop := repeat(func(elapsed time.Duration) {
		progress(Event{Doing: "building the images' own programs", Elapsed: elapsed})
	})
	defer stop()
	return BuildPrograms(ctx, dir, ownPrograms()...)
}

// BuildPrograms builds programs of images, static, into dir: "pause", which every pod has,
// and "helloworld". Nobody else may write to dir meanwhile.
func BuildPrograms(ctx context.Context, dir string, names ...string) error {
	source := filepath.Join(dir, "source")
	if err := writeSources(source, names); err != nil {
		return fmt.Errorf("write the sources of the images' programs: %w", err)
	}
	args := slices.Concat([]string{"build"}, parts.BuildFlags(), []string{"-ldflags=-s -w", "-o", dir + string(os.PathSeparator)})
	for _, name := range names {
		args = append(args, "./"+name)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the images' own programs (%s): %w:\n%s", strings.Join(names, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// writeSources makes a module of the sources of programs.
func writeSources(dir string, names []string) error {
	files := map[string][]byte{"go.mod": []byte(sourceModule)}
	for _, name := range names {
		content, err := sources.ReadFile(path.Join(name, "main.go"))
		if err != nil {
			return err
		}
		files[filepath.Join(name, "main.go")] = content
	}
	for name, content := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// tellEvery is how often work without steps of its own is reported.
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
