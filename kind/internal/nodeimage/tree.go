package nodeimage

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// file is one file, folder or link of a layer. Its path is absolute in the image.
type file struct {
	header tar.Header // Name is set when it is written
	from   string     // path on this machine whose bytes it has, or
	data   []byte     // the bytes themselves
}

// tree is the content of a layer, by path.
type tree map[string]file

func (t *tree) add(at string, f file) {
	if *t == nil {
		*t = tree{}
	}
	(*t)[at] = f
}

// text adds a file with the given content.
func (t *tree) text(at string, content string) { t.bytes(at, 0o644, []byte(content)) }

func (t *tree) bytes(at string, mode int64, content []byte) {
	t.add(at, file{header: tar.Header{Typeflag: tar.TypeReg, Mode: mode, Size: int64(len(content))}, data: content})
}

func (t *tree) link(at, target string) {
	t.add(at, file{header: tar.Header{Typeflag: tar.TypeSymlink, Mode: 0o777, Linkname: target}})
}

func (t *tree) folder(at string) {
	t.add(at, file{header: tar.Header{Typeflag: tar.TypeDir, Mode: 0o755}})
}

// program adds a file of this machine as an executable of root's.
func (t *tree) program(at, from string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	t.add(at, file{header: tar.Header{Typeflag: tar.TypeReg, Mode: 0o755, Size: info.Size()}, from: from})
	return nil
}

// walk adds everything below a folder of this machine with its owners, modes
// and links, but for what is left out. Devices and sockets are never added.
func (t *tree) walk(root, at string, leaveOut func(at string) bool) error {
	return filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		inside := path.Join(at, filepath.ToSlash(below))
		if inside == "/" {
			return nil
		}
		if leaveOut != nil && leaveOut(inside) {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		return t.copyOf(inside, name, d)
	})
}

func (t *tree) copyOf(at, name string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	var target string
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		if target, err = os.Readlink(name); err != nil {
			return err
		}
	case !info.IsDir() && !info.Mode().IsRegular():
		return nil
	}
	header, err := tar.FileInfoHeader(info, target)
	if err != nil {
		return err
	}
	kept := tar.Header{Typeflag: header.Typeflag, Mode: header.Mode, Size: header.Size, Linkname: target}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		kept.Uid, kept.Gid = int(owner.Uid), int(owner.Gid)
	}
	t.add(at, file{header: kept, from: name})
	return nil
}

// write writes a tar of the tree, parents first, that depends on nothing but
// what is in it: no times, no names of users.
func (t tree) write(w io.Writer) error {
	out := tar.NewWriter(w)
	paths := make([]string, 0, len(t))
	for at := range t {
		paths = append(paths, at)
	}
	slices.Sort(paths)
	for _, at := range paths {
		if err := t[at].writeTo(out, at); err != nil {
			return fmt.Errorf("layer: %s: %w", at, err)
		}
	}
	return out.Close()
}

func (f file) writeTo(out *tar.Writer, at string) error {
	header := f.header
	header.Name, header.Format = strings.TrimPrefix(at, "/"), tar.FormatPAX
	if header.Typeflag == tar.TypeDir {
		header.Name += "/"
	}
	if err := out.WriteHeader(&header); err != nil {
		return err
	}
	switch {
	case header.Typeflag != tar.TypeReg:
		return nil
	case f.from == "":
		_, err := out.Write(f.data)
		return err
	}
	in, err := os.Open(f.from)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, in.Close())
}
