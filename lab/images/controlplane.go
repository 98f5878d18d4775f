package images

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// ControlPlaneOptions says what the images of a kubeadm cluster are made of.
type ControlPlaneOptions struct {
	Parts parts.Set
	// References are the images that kubeadm asks for; their names tell which
	// program each holds.
	References []string
	// Pause is the reference of the sandbox image, PauseProgram its program.
	Pause, PauseProgram string
	// Debian is the root of a Debian system that has iptables, nftables,
	// conntrack and ipset, which kube-proxy runs.
	Debian string
}

// ControlPlane writes the images of a kubeadm cluster to the empty folder dir:
// the lab's programs under the names that kubeadm and kind know.
func ControlPlane(ctx context.Context, dir string, o ControlPlaneOptions) (Store, error) {
	all := []image{{ref: o.Pause, compress: true, fs: only("/pause", o.PauseProgram), config: v1.Config{Entrypoint: []string{"/pause"}, User: userGroup(nobody)}}}
	var errs []error
	for _, ref := range o.References {
		img, err := o.image(ref)
		if err != nil {
			errs = append(errs, fmt.Errorf("image %s: %w", ref, err))
			continue
		}
		all = append(all, img)
	}
	if err := errors.Join(errs...); err != nil {
		return Store{}, err
	}
	if err := writeStore(ctx, dir, all, func(Event) {}); err != nil {
		return Store{}, err
	}
	return openStore(dir, Names{})
}

func only(at, program string) rootfs {
	var fs rootfs
	fs.program(at, program)
	return fs
}

// image is the one that a reference such as "registry.k8s.io/etcd:3.6.8-0" means.
func (o ControlPlaneOptions) image(ref string) (image, error) {
	name, _, _ := strings.Cut(path.Base(ref), ":")
	img := image{ref: ref, compress: true, config: v1.Config{Env: []string{pathEnv}}}
	base(&img.fs)
	switch name {
	case "kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd":
		img.fs.program("/usr/local/bin/"+name, o.Parts.Path(name))
	case "kube-proxy":
		img.fs.program("/usr/local/bin/"+name, o.Parts.Path(name))
		return img, img.fs.addProxyTools(o.Debian)
	case "coredns":
		// kubeadm's manifest names no command.
		img.fs.program("/coredns", o.Parts.Path(name))
		img.config.Entrypoint = []string{"/coredns"}
	default:
		return img, fmt.Errorf("kubeadm asks for an image that eastwest does not know: %q", name)
	}
	return img, nil
}

// proxyTools are what kube-proxy runs beside iptables, whose many names are all
// one program, which goes by the name that it is called.
var (
	proxyTools   = []string{"nft", "conntrack", "ipset"}
	xtablesNames = []string{
		"iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore",
		"iptables-nft", "iptables-nft-save", "iptables-nft-restore",
	}
)

// addProxyTools takes the programs and their libraries from a Debian system.
func (r *rootfs) addProxyTools(debian string) error {
	for _, tool := range proxyTools {
		if err := r.foreign(debian, "/usr/sbin/"+tool); err != nil {
			return err
		}
	}
	return r.addIPTables(debian)
}

// addIPTables takes iptables from a Debian system. It also loads its extensions
// while it runs, so no program names them.
func (r *rootfs) addIPTables(debian string) error {
	const program = "xtables-nft-multi"
	extensions, err := filepath.Glob(filepath.Join(debian, "usr/lib/*/xtables/*.so"))
	if err != nil {
		return err
	}
	if len(extensions) == 0 {
		return fmt.Errorf("%s has no extensions of iptables", debian)
	}
	files := []string{"/usr/sbin/" + program}
	for _, file := range extensions {
		files = append(files, inside(debian, file))
	}
	for _, file := range files {
		if err := r.foreign(debian, file); err != nil {
			return err
		}
	}
	for _, name := range xtablesNames {
		r.symlink("/usr/sbin/"+name, program)
	}
	r.folder("/run", 0o755, 0)
	return nil
}

// inside is the path that a file has in the root that it is below of, which may
// be the machine's own.
func inside(root, file string) string {
	return path.Join("/", strings.TrimPrefix(file, filepath.Clean(root)))
}

// foreign adds a program or library of another root with all that it needs.
// Nothing of that root is run, as ldd would.
func (r *rootfs) foreign(root, at string) error {
	if slices.ContainsFunc(*r, func(e entry) bool { return e.path == at }) {
		return nil
	}
	from, err := followed(root, at)
	if err != nil {
		return err
	}
	file, err := elf.Open(from)
	if err != nil {
		return fmt.Errorf("read program %s: %w", from, err)
	}
	defer file.Close()
	needs, err := file.ImportedLibraries()
	if err != nil {
		return fmt.Errorf("read program %s: %w", from, err)
	}
	r.program(at, from)
	for _, need := range append(needs, interpreter(file)...) {
		library, err := findLibrary(root, need)
		if err != nil {
			return fmt.Errorf("program %s: %w", from, err)
		}
		if err := r.foreign(root, library); err != nil {
			return err
		}
	}
	return nil
}

// followed is the file of another root that a path means there: an absolute
// link, as Debian's loader is one, starts from that root.
func followed(root, at string) (string, error) {
	const most = 16 // links
	for range most {
		from := filepath.Join(root, at)
		target, err := os.Readlink(from)
		if err != nil {
			return from, nil //nolint:nilerr // no link, or nothing at all, which whoever opens it will say
		}
		if !path.IsAbs(target) {
			target = path.Join(path.Dir(at), target)
		}
		at = target
	}
	return "", fmt.Errorf("%s of %s: more than %d links", at, root, most)
}

// interpreter is the loader that an ELF file names, if any.
func interpreter(file *elf.File) []string {
	section := file.Section(".interp")
	if section == nil {
		return nil
	}
	data, err := section.Data()
	if err != nil {
		return nil
	}
	return []string{strings.TrimRight(string(data), "\x00")}
}

// findLibrary gives the path of a library in another root: absolute already, or
// in one of Debian's folders.
func findLibrary(root, name string) (string, error) {
	candidates := []string{name}
	if !strings.HasPrefix(name, "/") {
		candidates = nil
		for _, pattern := range []string{"usr/lib/*-linux-gnu*/", "usr/lib/"} {
			found, err := filepath.Glob(filepath.Join(root, pattern+name))
			if err != nil {
				return "", err
			}
			for _, file := range found {
				candidates = append(candidates, inside(root, file))
			}
		}
	}
	for _, candidate := range candidates {
		if _, err := os.Lstat(filepath.Join(root, candidate)); err == nil {
			return candidate, nil
		}
	}
	return "", fmt.Errorf("library %s is not in %s", name, root)
}

// KubeadmReferences asks kubeadm for the images of a cluster of its version.
func KubeadmReferences(ctx context.Context, set parts.Set) ([]string, error) {
	cmd := exec.CommandContext(ctx, set.Path("kubeadm"), "config", "images", "list", "--kubernetes-version", set.Version("kubeadm"))
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("ask kubeadm for its images: %w", err)
	}
	var refs []string
	for _, ref := range strings.Fields(string(out)) {
		// The sandbox image is containerd's to choose, and kind's.
		if !strings.Contains(ref, "/pause:") {
			refs = append(refs, ref)
		}
	}
	return refs, nil
}
