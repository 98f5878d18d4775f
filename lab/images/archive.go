package images

import (
	"archive/tar"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Archive streams the store as an OCI layout in a tar, as `ctr images import`
// and "kind load image-archive" take it. Closing the reader ends the stream.
func (s Store) Archive() io.ReadCloser { return s.archive() }

func (s Store) archive() *io.PipeReader {
	r, w := io.Pipe()
	go func() {
		w.CloseWithError(s.writeArchive(w))
	}()
	return r
}

func (s Store) writeArchive(w io.Writer) error {
	t := tar.NewWriter(w)
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(s.dir, path)
		if err != nil {
			return err
		}
		return addFile(t, name, path)
	})
	if err != nil {
		return fmt.Errorf("archive images: %w", err)
	}
	return t.Close()
}

func addFile(t *tar.Writer, name, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	h := &tar.Header{Typeflag: tar.TypeReg, Name: filepath.ToSlash(name), Mode: 0o644, Size: info.Size()}
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	return copyFile(t, path)
}
