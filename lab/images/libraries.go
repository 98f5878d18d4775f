package images

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// addDynamic puts a program of this machine into an image, with the libraries
// that the loader would take for it.
func (r *rootfs) addDynamic(ctx context.Context, at, program string) error {
	from, err := parts.FindProgram(program)
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, "ldd", from).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ldd %s: %w: %s", from, err, out)
	}
	libraries, err := parseLdd(string(out))
	if err != nil {
		return fmt.Errorf("ldd %s: %w", from, err)
	}
	r.program(at, from)
	for _, lib := range libraries {
		r.program(lib, lib)
	}
	return nil
}

// parseLdd gives the files that ldd names. The vdso has none.
//
//	linux-vdso.so.1 (0x00007ffc...)
//	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f...)
//	/lib64/ld-linux-x86-64.so.2 (0x00007f...)
func parseLdd(out string) ([]string, error) {
	var files []string
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if name, rest, ok := strings.Cut(line, " => "); ok {
			if strings.HasPrefix(rest, "not found") {
				return nil, fmt.Errorf("%s is not installed", name)
			}
			line = rest
		}
		if file, _, _ := strings.Cut(line, " ("); strings.HasPrefix(file, "/") {
			files = append(files, file)
		}
	}
	return files, nil
}
