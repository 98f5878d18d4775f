package nodeimage

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// archiveName is the image's file in its folder of the cache.
const archiveName = "node.tar"

// pack writes an image of the layers, lowest first, as "docker save" would.
// work is a folder for the layers until then.
func pack(archive, ref, work string, layers ...tree) error {
	tag, err := name.NewTag(ref)
	if err != nil {
		return err
	}
	image := empty.Image
	for i, content := range layers {
		layer, err := layerOf(filepath.Join(work, fmt.Sprintf("layer%d.tar", i)), content)
		if err != nil {
			return err
		}
		if image, err = mutate.AppendLayers(image, layer); err != nil {
			return err
		}
	}
	config, err := image.ConfigFile()
	if err != nil {
		return err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Config = "linux", runtime.GOARCH, nodeConfig()
	if image, err = mutate.ConfigFile(image, config); err != nil {
		return err
	}
	return tarball.WriteToFile(archive, tag, image)
}

// nodeConfig is what kind's Dockerfile says.
func nodeConfig() v1.Config {
	return v1.Config{
		Env: []string{
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			// systemd asks whether it is in a container.
			"container=docker",
		},
		Entrypoint: []string{"/usr/local/bin/entrypoint", "/sbin/init"},
		// To systemd SIGTERM means something else.
		StopSignal: "SIGRTMIN+3",
	}
}

// layerOf writes a layer to a file. In the archive it is compressed with gzip,
// the only kind that every engine unpacks: the archive is also what is carried
// to machines without a registry, and half as large as its content.
func layerOf(at string, content tree) (v1.Layer, error) {
	out, err := os.Create(at)
	if err != nil {
		return nil, err
	}
	if err := content.write(out); err != nil {
		_ = out.Close()
		return nil, err
	}
	if err := out.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromFile(at)
}
