package images

import (
	"archive/tar"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path"
	"sort"
	"strings"
)

// entry is one file, folder or link of an image. Paths are absolute in the
// image; owners are numeric.
type entry struct {
	path string
	mode int64 // permission bits
	uid  int   // owner and group

	dir  bool
	link string // target of a symbolic link
	from string // path on this machine whose bytes it has, or
	data string // the bytes themselves

	// sha256 is what the bytes of from must have; empty where any will do.
	sha256 string
}

// rootfs is the content of an image's one layer.
type rootfs []entry

func (r *rootfs) program(at, from string) {
	*r = append(*r, entry{path: at, mode: 0o755, from: from})
}

func (r *rootfs) file(at, data string) {
	*r = append(*r, entry{path: at, mode: 0o644, data: data})
}

func (r *rootfs) copyOf(at, from string) {
	*r = append(*r, entry{path: at, mode: 0o644, from: from})
}

func (r *rootfs) symlink(at, target string) {
	*r = append(*r, entry{path: at, mode: 0o777, link: target})
}

func (r *rootfs) folder(at string, mode int64, uid int) {
	*r = append(*r, entry{path: at, mode: mode, uid: uid, dir: true})
}

// complete gives the entries in tar order, without doubles (the first stays)
// and with the parents that no entry names.
func (r rootfs) complete() rootfs {
	seen := map[string]bool{"/": true}
	var out rootfs
	for _, e := range r {
		if !seen[e.path] {
			seen[e.path] = true
			out = append(out, e)
		}
	}
	for _, e := range r {
		for dir := path.Dir(e.path); !seen[dir]; dir = path.Dir(dir) {
			seen[dir] = true
			out = append(out, entry{path: dir, mode: 0o755, dir: true})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].path < out[j].path })
	return out
}

// fingerprint names the content: the same for the same entries and bytes. A file that
// is not what it must be is refused here, before it gets into an image.
func (r rootfs) fingerprint() (string, error) {
	h := sha256.New()
	for _, e := range r.complete() {
		sum, err := e.sum()
		if err != nil {
			return "", err
		}
		_, _ = fmt.Fprintf(h, "%q %o %d %t %q %q %s\n", e.path, e.mode, e.uid, e.dir, e.link, e.data, sum)
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// sum hashes the file that an entry is a copy of; empty for other entries.
func (e entry) sum() (string, error) {
	if e.from == "" {
		return "", nil
	}
	h := sha256.New()
	if err := copyFile(h, e.from); err != nil {
		return "", err
	}
	sum := fmt.Sprintf("%x", h.Sum(nil))
	if e.sha256 != "" && sum != e.sha256 {
		return "", fmt.Errorf("%s has sha256 %s, want %s: it has changed since it was fetched; remove its folder, and it is fetched again", e.from, sum, e.sha256)
	}
	return sum, nil
}

// writeTar writes a tar that depends on nothing but the entries and their
// bytes: no times, no user names.
func (r rootfs) writeTar(w io.Writer) error {
	t := tar.NewWriter(w)
	for _, e := range r.complete() {
		if err := e.writeTo(t); err != nil {
			return fmt.Errorf("layer: %s: %w", e.path, err)
		}
	}
	return t.Close()
}

func (e entry) writeTo(t *tar.Writer) error {
	h := &tar.Header{Name: strings.TrimPrefix(e.path, "/"), Mode: e.mode, Uid: e.uid, Gid: e.uid, Format: tar.FormatPAX}
	switch {
	case e.dir:
		h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
	case e.link != "":
		h.Typeflag, h.Linkname = tar.TypeSymlink, e.link
	case e.from != "":
		info, err := os.Stat(e.from)
		if err != nil {
			return err
		}
		h.Typeflag, h.Size = tar.TypeReg, info.Size()
	default:
		h.Typeflag, h.Size = tar.TypeReg, int64(len(e.data))
	}
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	if e.from != "" {
		return copyFile(t, e.from)
	}
	_, err := io.WriteString(t, e.data)
	return err
}

func copyFile(w io.Writer, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // opened for reading
	_, err = io.Copy(w, f)
	return err
}
