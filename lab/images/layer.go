package images

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// blobLayer is an uncompressed layer that lies in a layout already. It stays
// uncompressed: it is only ever read on this machine, where unpacking costs
// more than reading.
type blobLayer struct {
	hash v1.Hash
	size int64
	path string
}

// Digest and DiffID are the same: nothing is compressed.
func (l blobLayer) Digest() (v1.Hash, error) { return l.hash, nil }

// DiffID is the hash of the uncompressed layer.
func (l blobLayer) DiffID() (v1.Hash, error) { return l.hash, nil }

// Compressed is the layer as it is transferred.
func (l blobLayer) Compressed() (io.ReadCloser, error) { return os.Open(l.path) }

// Uncompressed is the layer's tar.
func (l blobLayer) Uncompressed() (io.ReadCloser, error) { return os.Open(l.path) }

// Size is the number of bytes that are transferred.
func (l blobLayer) Size() (int64, error) { return l.size, nil }

// MediaType says that the layer is a plain tar.
func (l blobLayer) MediaType() (types.MediaType, error) { return types.OCIUncompressedLayer, nil }

// writeLayer writes a layer among a layout's blobs.
func writeLayer(blobs string, fs rootfs) (v1.Layer, error) {
	dir := filepath.Join(blobs, "sha256")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(dir, "layer-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(file.Name()) }() // gone already when all went well
	sum := sha256.New()
	err = fs.writeTar(io.MultiWriter(file, sum))
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, err
	}
	layer := blobLayer{hash: v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%x", sum.Sum(nil))}}
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
