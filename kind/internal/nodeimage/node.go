package nodeimage

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/eastwest-mesh/eastwest/lab/images"
)

// The pod network of a node: containerd itself writes its configuration from
// the template, as soon as the node has its range of pod addresses.
//
//go:embed files/cni.template
var cniTemplate string

// What kind applies as the network and the storage of a new cluster.
var (
	//go:embed files/default-cni.yaml
	cniManifest string
	//go:embed files/default-storage.yaml
	storageManifest string
)

const (
	containerdConfig = "/etc/containerd/config.toml"
	containerdRoot   = "/var/lib/containerd"
	contentStore     = "/kind/content"
	containerHook    = "/kind/bin/mount-product-files.sh"
	cniTemplateFile  = "/kind/cni.template"
	units            = "/etc/systemd/system/"
)

// files are all of the image above Debian but for programs and images: what
// follows from kind's files, the packages and this code.
func (m materials) files(ctx context.Context) (tree, error) {
	var t tree
	if err := m.kindFiles(&t); err != nil {
		return nil, err
	}
	// These change what is there.
	return t, errors.Join(m.configuration(&t), m.containerSpec(ctx, &t))
}

// containerdStore is the root of a containerd with its images. They lie apart
// from the rest: /var is a volume of every node, into which an engine copies all
// that the image has there, and a hundred megabytes take it seconds.
func (t *tree) containerdStore(root string) error {
	const content = "io.containerd.content.v1.content"
	linked := path.Join(containerdRoot, content)
	if err := t.walk(root, containerdRoot, func(at string) bool { return at == linked }); err != nil {
		return err
	}
	t.link(linked, contentStore)
	return t.walk(filepath.Join(root, content), contentStore, nil)
}

// kindFiles are the base files of the kind module, with the modes and owners
// that its Dockerfile gives them.
func (m materials) kindFiles(t *tree) error {
	root := filepath.Join(m.kind.Dir, "images", "base", "files")
	return filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		below, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(name) //nolint:gosec // the folder is this build's own: nobody else writes in it
		if err != nil {
			return err
		}
		at, mode := path.Join("/", filepath.ToSlash(below)), int64(0o644)
		if dir := path.Dir(at); dir == "/usr/local/bin" || dir == "/kind/bin" {
			mode = 0o755
		}
		t.bytes(at, mode, content)
		return nil
	})
}

// programs are where kind's units look for them.
func (m materials) programs(t *tree) error {
	var errs []error
	for dir, names := range map[string][]string{
		"/usr/bin":        {"kubeadm", "kubelet", "kubectl"},
		"/usr/local/bin":  {"containerd", "containerd-shim-runc-v2", "ctr", "crictl"},
		"/usr/local/sbin": {"runc"},
		"/opt/cni/bin":    {"host-local", "loopback", "portmap", "ptp"},
	} {
		for _, name := range names {
			errs = append(errs, t.program(path.Join(dir, name), m.set.Path(name)))
		}
	}
	return errors.Join(errs...)
}

// configuration is what kind's Dockerfile and its builder write, and what makes
// a node start on hosts of every kind.
func (m materials) configuration(t *tree) error {
	config, err := adaptContainerd(string((*t)[containerdConfig].data))
	if err != nil {
		return err
	}
	t.text(containerdConfig, config)
	hook, err := adaptHook(string((*t)[containerHook].data))
	if err != nil {
		return err
	}
	t.bytes(containerHook, 0o755, []byte(hook))
	kubelet, err := adaptKubelet(string((*t)["/etc/default/kubelet"].data))
	if err != nil {
		return err
	}
	t.text("/etc/default/kubelet", kubelet)
	journald, err := os.ReadFile(filepath.Join(m.debian, "etc/systemd/journald.conf"))
	if err != nil {
		return err
	}
	t.text("/etc/systemd/journald.conf", string(journald)+"ReadKMsg=no\n")
	for _, unit := range []string{"kubelet", "containerd", "undo-mount-hacks"} {
		t.link(units+"multi-user.target.wants/"+unit+".service", units+unit+".service")
	}
	// It would register formats with the host's kernel.
	t.link(units+"systemd-binfmt.service", "/dev/null")
	t.folder("/etc/kubernetes/manifests")
	t.text("/kind/version", m.set.Version("kubelet"))
	t.text(cniTemplateFile, cniTemplate)
	t.text("/kind/manifests/default-cni.yaml", cniManifest)
	t.text("/kind/manifests/default-storage.yaml", storageManifest)
	return nil
}

// adaptHook changes what kind runs before every container starts: Debian 12's jq
// takes 40 ms of processor time to begin.
func adaptHook(hook string) (string, error) {
	const asksJQ, readsItself = "bundle=$(jq -r .bundle)", `[[ "$(cat)" =~ \"bundle\":[[:space:]]*\"([^\"]+)\" ]] && bundle=${BASH_REMATCH[1]}`
	if strings.Count(hook, asksJQ) != 1 {
		return "", fmt.Errorf("kind's %s has not the line %q any more", containerHook, asksJQ)
	}
	return strings.Replace(hook, asksJQ, readsItself, 1), nil
}

// adaptContainerd changes kind's configuration of containerd. A host without
// CAP_SYS_RESOURCE lets nobody lower the OOM score that a pod's sandbox asks
// for; where the host allows it, it is not lowered below containerd's own. And by
// default every container is asked for its processor time once a second, for
// whoever shows it; nobody does here.
func adaptContainerd(config string) (string, error) {
	const refused = "restrict_oom_score_adj = false"
	if strings.Count(config, refused) != 1 {
		return "", fmt.Errorf("kind's %s has not the line %q any more", containerdConfig, refused)
	}
	return strings.Replace(config, refused, "restrict_oom_score_adj = true", 1) +
		"\n[plugins.\"io.containerd.cri.v1.runtime\"]\n  stats_collect_period = \"1m\"\n" +
		"\n[plugins.\"io.containerd.grpc.v1.cri\".cni]\n  conf_template = \"" + cniTemplateFile + "\"\n", nil
}

// adaptKubelet lets the kubelet run on hosts with cgroup v1, also for those who
// use the image with kind alone.
func adaptKubelet(defaults string) (string, error) {
	defaults = strings.TrimSpace(defaults)
	if !strings.HasPrefix(defaults, "KUBELET_EXTRA_ARGS=") || strings.Contains(defaults, "\n") {
		return "", fmt.Errorf("kind's /etc/default/kubelet is not one line of arguments any more: %q", defaults)
	}
	return defaults + " --fail-cgroupv1=false\n", nil
}

// containerSpec is what every container on the node starts from: ctr's own with
// the hook that kind's Dockerfile adds, and without its limits.
func (m materials) containerSpec(ctx context.Context, t *tree) error {
	out, err := exec.CommandContext(ctx, m.set.Path("ctr"), "oci", "spec").Output()
	if err != nil {
		return fmt.Errorf("ask ctr for a container's specification: %w", err)
	}
	spec, err := adaptSpec(out)
	if err != nil {
		return err
	}
	t.bytes("/etc/containerd/cri-base.json", 0o644, spec)
	return nil
}

func adaptSpec(in []byte) ([]byte, error) {
	var spec map[string]any
	if err := json.Unmarshal(in, &spec); err != nil {
		return nil, fmt.Errorf("read a container's specification: %w", err)
	}
	hooks, _ := spec["hooks"].(map[string]any)
	if hooks == nil {
		hooks = map[string]any{}
	}
	created, _ := hooks["createContainer"].([]any)
	hooks["createContainer"] = append(created, map[string]any{"path": containerHook})
	spec["hooks"] = hooks
	if process, ok := spec["process"].(map[string]any); ok {
		delete(process, "rlimits")
	}
	return json.MarshalIndent(spec, "", "  ")
}

// controlPlane makes the root of a containerd with the control plane's images,
// and gives its folder, below work.
func (m materials) controlPlane(ctx context.Context, work string) (string, error) {
	refs, err := images.KubeadmReferences(ctx, m.set)
	if err != nil {
		return "", err
	}
	config, err := os.ReadFile(filepath.Join(m.kind.Dir, "images/base/files", containerdConfig))
	if err != nil {
		return "", err
	}
	pause, err := sandboxImage(string(config))
	if err != nil {
		return "", err
	}
	stored, root := filepath.Join(work, "images"), filepath.Join(work, "containerd")
	store, err := images.ControlPlane(ctx, stored, images.ControlPlaneOptions{
		Parts: m.set, References: refs, Pause: pause, PauseProgram: m.pause, Debian: m.debian,
	})
	if err != nil {
		return "", err
	}
	return root, images.ImportPacked(ctx, m.set, store, root)
}

// sandboxImage is the one that kind's configuration of containerd names.
func sandboxImage(config string) (string, error) {
	found := regexp.MustCompile(`(?m)^\s*sandbox_image = "([^"]+)"`).FindStringSubmatch(config)
	if found == nil {
		return "", fmt.Errorf("kind's %s names no sandbox_image any more", containerdConfig)
	}
	return found[1], nil
}
