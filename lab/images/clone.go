package images

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// CloneGolden makes dst, which must not exist, a containerd root like golden:
// databases are copied, everything else is hard links, so that nodes share the
// page cache and a clone costs milliseconds. Both must be on one file system.
// What containerd unpacked it never changes, so sharing is safe: containers
// write to layers of their own.
func CloneGolden(golden, dst string) error {
	err := filepath.WalkDir(golden, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(golden, path)
		if err != nil {
			return err
		}
		return cloneEntry(path, filepath.Join(dst, rel), d)
	})
	if errors.Is(err, syscall.EXDEV) {
		return fmt.Errorf("clone the containerd root: %s and %s must be on one file system: %w", golden, dst, err)
	}
	if err != nil {
		return fmt.Errorf("clone the containerd root: %w", err)
	}
	return nil
}

func cloneEntry(from, to string, d fs.DirEntry) error {
	switch {
	case d.IsDir():
		return cloneFolder(from, to)
	case strings.HasSuffix(from, ".db"):
		return cloneDatabase(from, to)
	default:
		return os.Link(from, to) // of a symbolic link too: Linux links the link itself
	}
}

// cloneFolder makes a folder of the same owner and mode. A umask must not
// change what an image has.
func cloneFolder(from, to string) error {
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		if err := os.Lchown(to, int(st.Uid), int(st.Gid)); err != nil {
			return err
		}
	}
	return os.Chmod(to, info.Mode())
}

// cloneDatabase copies: each containerd writes its own.
func cloneDatabase(from, to string) error {
	file, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(copyFile(file, from), file.Close())
}
