package images

import (
	"context"
	"errors"

	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// ImportPacked makes root, an empty folder, the root of a containerd that has
// the store's images, pinned and not unpacked: a node unpacks them at its
// start. It runs containerd for a moment and needs root's rights.
func ImportPacked(ctx context.Context, set parts.Set, store Store, root string) error {
	d, err := startContainerd(ctx, set, root)
	if err != nil {
		return err
	}
	archive := store.archive()
	_, err = d.ctr(ctx, archive, "images", "import", "--no-unpack", "--label", pinned, "--digests", "-")
	err = errors.Join(err, archive.Close()) // ends the stream if ctr stopped reading
	if err == nil {
		err = d.checkImport(ctx, store)
	}
	if err := errors.Join(err, d.stop()); err != nil {
		return err
	}
	return keepImagesOnly(root)
}
