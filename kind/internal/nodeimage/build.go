package nodeimage

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/eastwest-mesh/eastwest/lab/parts"
	"github.com/eastwest-mesh/eastwest/lab/parts/keep"
)

// Options say where what is built is kept, and who hears of progress.
type Options struct {
	// Cache is the folder that keeps what is built; empty means parts.DefaultCache.
	Cache string
	// Parts hears how far the build of the programs is; nil is allowed.
	Parts func(parts.Event)
	// Doing hears what else is being made; nil is allowed.
	Doing func(what string)
}

// Image is a built node image.
type Image struct {
	// Name is what kind is to be given: the tag follows from the content.
	Name string
	// Archive is a file that "docker load" takes.
	Archive string
	// Kubernetes is the version of the cluster that it makes, such as "v1.36.1".
	Kubernetes string
}

// repository is the image's name without its tag.
const repository = "eastwest/kind-node"

// format changes when the same files become another image.
const format = "2"

// families are the parts of a node: all of a lab's but Istio, and its own.
func families() []string { return []string{"runc", "node", "dns", "kubernetes", "kindnode"} }

// unused is how long an image is kept that nobody asks for. Each takes half a
// gigabyte, and one that an engine has loaded needs its archive no more.
const unused = 12 * time.Hour

// Build gives the node image, making it when the cache lacks it, and what it is
// made of. It needs root, as the making of a Debian system does; what else the
// machine lacks is installed or returned as *parts.Unmet.
func Build(ctx context.Context, o Options) (Image, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Image{}, err
	}
	po := parts.Options{
		Cache: o.Cache, Families: families(), Progress: o.Parts,
		Debootstrap: !debianFolder(o).Has(debianName()),
	}
	if err := parts.Prepare(ctx, po); err != nil {
		return Image{}, err
	}
	set, err := parts.Build(ctx, po)
	if err != nil {
		return Image{}, fmt.Errorf("build the programs of a kind node: %w", err)
	}
	debian, err := debianRoot(ctx, o)
	if err != nil {
		return Image{}, err
	}
	kindModule, err := kindModule(ctx)
	if err != nil {
		return Image{}, err
	}
	pause, err := pauseProgram(ctx, o)
	if err != nil {
		return Image{}, err
	}
	m := materials{set: set, debian: debian, kind: kindModule, pause: pause}
	files, err := m.files(ctx)
	if err != nil {
		return Image{}, err
	}
	name, err := m.name(files)
	if err != nil {
		return Image{}, err
	}
	image := Image{Name: repository + ":" + name, Kubernetes: set.Version("kubelet")}
	folder := keep.Folder{Root: filepath.Join(o.Cache, "kind", "node"), Unused: unused}
	dir, err := folder.Ensure(ctx, name, nil, func(dir string) error {
		return m.write(ctx, dir, image.Name, files, o.Doing)
	})
	if err != nil {
		return Image{}, fmt.Errorf("make the image of kind nodes: %w", err)
	}
	image.Archive = filepath.Join(dir, archiveName)
	return image, nil
}

func (o Options) withDefaults() (Options, error) {
	var err error
	if o.Cache == "" {
		if o.Cache, err = parts.DefaultCache(); err != nil {
			return o, err
		}
	}
	if o.Doing == nil {
		o.Doing = func(string) {}
	}
	return o, nil
}

// materials are what an image is made of.
type materials struct {
	set    parts.Set
	debian string // root of a Debian system
	kind   module
	pause  string // the sandbox program
}

// name hashes all that decides the image.
func (m materials) name(files tree) (string, error) {
	h := sha256.New()
	_, _ = fmt.Fprintln(h, format, m.set.ID(), filepath.Base(m.debian), m.kind.Version)
	if err := files.write(h); err != nil {
		return "", err
	}
	pause, err := os.ReadFile(m.pause)
	if err != nil {
		return "", err
	}
	_, _ = h.Write(pause)
	return fmt.Sprintf("%x", h.Sum(nil))[:12], nil
}

// write makes the archive of the image in dir, of files and what is added to them.
func (m materials) write(ctx context.Context, dir, name string, files tree, doing func(string)) error {
	work, err := os.MkdirTemp(dir, "work-")
	if err != nil {
		return err
	}
	doing("control plane images")
	store, err := m.controlPlane(ctx, work)
	if err != nil {
		return err
	}
	doing("files of the node")
	if err := errors.Join(m.programs(&files), files.containerdStore(store)); err != nil {
		return err
	}
	doing("layers")
	var base tree
	if err := base.walk(m.debian, "/", debianLeavesOut); err != nil {
		return err
	}
	if err := pack(filepath.Join(dir, archiveName), name, work, base, files); err != nil {
		return err
	}
	return os.RemoveAll(work)
}
