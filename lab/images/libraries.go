package images

import (
	"context"
	"debug/elf"
	"fmt"
	"os/exec"
	"strings"

	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// machineProgram puts a program of this machine into an image.
func (r *rootfs) machineProgram(ctx context.Context, at, program string) error {
	from, err := parts.FindProgram(program)
	if err != nil {
		return err
	}
	return r.programWithLibraries(ctx, at, from)
}

// programWithLibraries puts a program into an image with the libraries that
// the loader would take for it here.
func (r *rootfs) programWithLibraries(ctx context.Context, at, from string) error {
	libraries, err := librariesOf(ctx, from)
	if err != nil {
		return fmt.Errorf("find the libraries of %s: %w", from, err)
	}
	r.program(at, from)
	for _, lib := range libraries {
		r.program(lib, lib)
	}
	return nil
}

func librariesOf(ctx context.Context, program string) ([]string, error) {
	file, err := elf.Open(program)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if imported, err := file.ImportedLibraries(); err != nil || len(imported) == 0 {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, "ldd", program).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("ldd: %w: %s", err, out)
	}
	return parseLdd(string(out))
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
