package images

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
)

// blobLayer is a layer that lies in a layout already. A lab's stay uncompressed:
// they are only ever read on this machine, where unpacking costs more than
// reading. Those of a kind node, which are carried around, are compressed.
type blobLayer struct {
	hash, diff v1.Hash
	size       int64
	path       string
	media      types.MediaType
}

// Digest is the hash of the layer as it lies there.
func (l blobLayer) Digest() (v1.Hash, error) { return l.hash, nil }

// DiffID is the hash of the uncompressed layer.
func (l blobLayer) DiffID() (v1.Hash, error) { return l.diff, nil }

// Compressed is the layer as it is transferred.
func (l blobLayer) Compressed() (io.ReadCloser, error) { return os.Open(l.path) }

// Uncompressed is the layer's tar.
func (l blobLayer) Uncompressed() (io.ReadCloser, error) {
	file, err := os.Open(l.path)
	if err != nil || l.media == types.OCIUncompressedLayer {
		return file, err
	}
	plain, err := zstd.NewReader(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return unpacker{plain.IOReadCloser(), file}, nil
}

// unpacker reads a compressed file.
type unpacker struct {
	io.ReadCloser
	file *os.File
}

func (u unpacker) Close() error { return errors.Join(u.ReadCloser.Close(), u.file.Close()) }

// Size is the number of bytes that are transferred.
func (l blobLayer) Size() (int64, error) { return l.size, nil }

// MediaType says whether the layer's tar is compressed.
func (l blobLayer) MediaType() (types.MediaType, error) { return l.media, nil }

// writeLayer writes a layer among a layout's blobs.
func writeLayer(blobs string, fs rootfs, compress bool) (v1.Layer, error) {
	dir := filepath.Join(blobs, "sha256")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(dir, "layer-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(file.Name()) }() // gone already when all went well
	sum, diff := sha256.New(), sha256.New()
	layer := blobLayer{media: types.OCIUncompressedLayer}
	if compress {
		layer.media = types.OCILayerZStd
	}
	err = writeBlob(io.MultiWriter(file, sum), diff, fs, compress)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, err
	}
	layer.hash, layer.diff = hashOf(sum), hashOf(diff)
	layer.path = filepath.Join(dir, layer.hash.Hex)
	if err := os.Rename(file.Name(), layer.path); err != nil {
		return nil, err
	}
	if err := os.Chmod(layer.path, 0o644); err != nil {
		return nil, err
	}
	info, err := os.Stat(layer.path)
	if err != nil {
		return nil, err
	}
	layer.size = info.Size()
	return layer, nil
}

// writeBlob writes the layer's tar to out, compressed or not, and as it is to diff.
func writeBlob(out, diff io.Writer, fs rootfs, compress bool) error {
	if !compress {
		return fs.writeTar(io.MultiWriter(out, diff))
	}
	packed, err := zstd.NewWriter(out)
	if err != nil {
		return err
	}
	return errors.Join(fs.writeTar(io.MultiWriter(packed, diff)), packed.Close())
}

func hashOf(sum hash.Hash) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%x", sum.Sum(nil))}
}
