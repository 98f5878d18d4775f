package images

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/eastwest-mesh/eastwest/lab/parts"
)

const (
	// istioUser is istio-proxy's id in upstream's images, and the id that the
	// proxies' capture rules let pass. Numeric: kubelet cannot tell whether a
	// name is root, and refuses it under runAsNonRoot.
	istioUser = 1337
	// nobody is the user of programs that need no other.
	nobody = 65532
	// pathEnv is every image's PATH.
	pathEnv = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	// bootstrapTemplate is where pilot-agent, started in /, looks for Envoy's
	// bootstrap; upstream's Dockerfile.proxyv2 puts it there.
	bootstrapTemplate = "/var/lib/istio/envoy/envoy_bootstrap_tmpl.json"
)

// image is one image before it is written.
type image struct {
	ref    string
	fs     rootfs
	config v1.Config
	// compress is for images that are carried to other machines.
	compress bool
}

// contents lists the images of a lab. programs is the folder with our own programs.
func contents(ctx context.Context, opts Options, names Names, programs string) ([]image, error) {
	sleep, err := sleepImage(ctx, names.Sleep, programs)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", names.Sleep, err)
	}
	proxy, err := proxyImage(ctx, names.Proxy(), opts.Parts)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", names.Proxy(), err)
	}
	installCNI, err := installCNIImage(ctx, names.InstallCNI(), opts.Parts)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", names.InstallCNI(), err)
	}
	all := []image{
		pauseImage(names.Pause, programs),
		helloWorldImage(names.HelloWorld("v1"), "v1", programs),
		helloWorldImage(names.HelloWorld("v2"), "v2", programs),
		helloWorldImage(names.HelloWorld(""), "", programs),
		sleep,
		pilotImage(names.Pilot(), opts.Parts),
		proxy,
		installCNI,
	}
	if names.Echo != "" {
		all = append(all, echoImage(names.Echo, opts.Parts))
	}
	extra, err := extraImages(ctx, opts.Extra)
	if err != nil {
		return nil, err
	}
	return append(all, extra...), nil
}

func pauseImage(ref, programs string) image {
	var fs rootfs
	fs.program("/pause", filepath.Join(programs, "pause"))
	return image{ref: ref, fs: fs, config: v1.Config{
		Entrypoint: []string{"/pause"}, Env: []string{pathEnv}, User: userGroup(nobody),
	}}
}

// helloWorldImage bakes the version in, as upstream's images do; the neutral
// image has none and gets it from its Deployment.
func helloWorldImage(ref, version, programs string) image {
	var fs rootfs
	base(&fs)
	fs.program("/usr/local/bin/helloworld", filepath.Join(programs, "helloworld"))
	env := []string{pathEnv}
	if version != "" {
		env = append(env, "SERVICE_VERSION="+version)
	}
	return image{ref: ref, fs: fs, config: v1.Config{
		Entrypoint: []string{"/usr/local/bin/helloworld"}, Env: env, User: userGroup(nobody),
		ExposedPorts: map[string]struct{}{"5000/tcp": {}},
	}}
}

// sleepImage has a real shell and a real curl, and a sleep that ends when asked to.
func sleepImage(ctx context.Context, ref, programs string) (image, error) {
	var fs rootfs
	base(&fs)
	fs.program("/bin/sleep", filepath.Join(programs, "pause"))
	if err := fs.machineProgram(ctx, "/usr/bin/curl", "curl"); err != nil {
		return image{}, err
	}
	if err := fs.addBusybox(ctx); err != nil {
		return image{}, err
	}
	return image{ref: ref, fs: fs, config: v1.Config{
		Cmd: []string{"/bin/sleep", "infinity"}, Env: []string{pathEnv, "HOME=/tmp"}, User: userGroup(nobody),
	}}, nil
}

// addBusybox adds the static busybox and its applets, which give way to files
// that are there already.
func (r *rootfs) addBusybox(ctx context.Context) error {
	busybox, err := parts.FindProgram("busybox")
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, busybox, "--list").Output()
	if err != nil {
		return fmt.Errorf("%s --list: %w", busybox, err)
	}
	r.program("/bin/busybox", busybox)
	for _, applet := range strings.Fields(string(out)) {
		r.symlink("/bin/"+applet, "/bin/busybox")
	}
	return nil
}

// echoImage has the server and the client at the paths of upstream's image.
func echoImage(ref string, set parts.Set) image {
	var fs rootfs
	base(&fs)
	fs.program("/usr/local/bin/server", set.Path("echo-server"))
	fs.program("/usr/local/bin/client", set.Path("echo-client"))
	return image{ref: ref, fs: fs, config: v1.Config{
		Entrypoint: []string{"/usr/local/bin/server"}, Env: []string{pathEnv}, User: userGroup(nobody),
		ExposedPorts: map[string]struct{}{"8080/tcp": {}},
	}}
}

func pilotImage(ref string, set parts.Set) image {
	var fs rootfs
	base(&fs)
	fs.program("/usr/local/bin/pilot-discovery", set.Path("pilot-discovery"))
	return image{ref: ref, fs: fs, config: v1.Config{
		Entrypoint: []string{"/usr/local/bin/pilot-discovery"}, Env: []string{pathEnv},
		User: userGroup(istioUser), WorkingDir: "/",
	}}
}

// proxyImage has what a sidecar, a gateway and the capturing init container need.
func proxyImage(ctx context.Context, ref string, set parts.Set) (image, error) {
	var fs rootfs
	base(&fs)
	fs.program("/usr/local/bin/pilot-agent", set.Path("pilot-agent"))
	// Of two entries of one path the first stays: this one, whose bytes are checked.
	fs = append(fs, entry{path: "/usr/local/bin/envoy", mode: 0o755, from: set.Envoy().Path, sha256: set.Envoy().SHA256})
	if err := fs.programWithLibraries(ctx, "/usr/local/bin/envoy", set.Envoy().Path); err != nil {
		return image{}, err
	}
	fs.copyOf(bootstrapTemplate, filepath.Join(set.IstioModule(), "tools/packaging/common/envoy_bootstrap.json"))
	for _, dir := range []string{"/etc/istio/proxy", "/var/lib/istio/data", "/home/istio-proxy"} {
		fs.folder(dir, 0o755, istioUser)
	}
	if err := fs.machineProgram(ctx, "/usr/sbin/nft", "nft"); err != nil {
		return image{}, err
	}
	return image{ref: ref, fs: fs, config: v1.Config{
		Entrypoint: []string{"/usr/local/bin/pilot-agent"}, Env: []string{pathEnv},
		User: userGroup(istioUser), WorkingDir: "/",
	}}, nil
}

// installCNIImage has what puts Istio's CNI plugin on a node, the plugin, and what both
// set rules with; the folders are those of upstream's Dockerfile.install-cni.
func installCNIImage(ctx context.Context, ref string, set parts.Set) (image, error) {
	var fs rootfs
	base(&fs)
	fs.program("/usr/local/bin/install-cni", set.Path("install-cni"))
	fs.program("/opt/cni/bin/istio-cni", set.Path("istio-cni"))
	if err := fs.machineProgram(ctx, "/usr/sbin/nft", "nft"); err != nil {
		return image{}, err
	}
	return image{ref: ref, fs: fs, config: v1.Config{
		Cmd: []string{"/usr/local/bin/install-cni"}, Env: []string{pathEnv + ":/opt/cni/bin"}, WorkingDir: "/opt/cni/bin",
	}}, nil
}

// base is what every image but pause starts from.
func base(fs *rootfs) {
	fs.file("/etc/passwd", "root:x:0:0:root:/:/bin/sh\n"+
		fmt.Sprintf("istio-proxy:x:%d:%d::/home/istio-proxy:/bin/sh\n", istioUser, istioUser)+
		fmt.Sprintf("nobody:x:%d:%d::/tmp:/bin/sh\n", nobody, nobody))
	fs.file("/etc/group", fmt.Sprintf("root:x:0:\nistio-proxy:x:%d:\nnobody:x:%d:\n", istioUser, nobody))
	// glibc without this file asks DNS before /etc/hosts.
	fs.file("/etc/nsswitch.conf", "hosts: files dns\n")
	fs.copyOf(parts.CACertificates, parts.CACertificates)
	fs.folder("/tmp", 0o1777, 0)
}

func userGroup(id int) string { return fmt.Sprintf("%d:%d", id, id) }
