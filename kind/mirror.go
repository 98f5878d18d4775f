package kind

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/eastwest-mesh/eastwest/kind/internal/engine"
)

// mirroredHost is the registry that the images of a run come from: all of
// upstream's are named so.
const mirroredHost = "docker.io"

// hostsFolder is where containerd of a kind node looks for the mirrors of a
// registry (seen with nodes of kind 0.33), whenever it pulls an image.
const hostsFolder = "/etc/containerd/certs.d/" + mirroredHost

// CheckMirror says what is wrong with the URL of a registry mirror.
func CheckMirror(mirror string) error {
	const example = "such as http://192.0.2.1:5000"
	u, err := url.Parse(mirror)
	switch {
	case err != nil:
		return errors.New("want a URL " + example) // url's own error repeats it, with a password that it may hold
	case u.User != nil:
		return errors.New("want a URL without user and password: it is written to every node")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.RawQuery != "", u.Fragment != "":
		return fmt.Errorf("want a URL %s, got %q", example, mirror)
	}
	return nil
}

// useMirror has the node ask the mirror before the registry itself.
func (c *Cluster) useMirror(ctx context.Context, mirror string) error {
	if mirror == "" {
		return nil
	}
	_, err := engine.Exec(ctx, c.node.String(), "sh", "-c", `mkdir -p "$1" && printf %s "$2" >"$1/hosts.toml"`, "sh", hostsFolder, hostsFile(mirror))
	if err != nil {
		return fmt.Errorf("have node %s use the registry mirror: %w", c.node, err)
	}
	return nil
}

// hostsFile is containerd's description of a registry that has a mirror.
func hostsFile(mirror string) string {
	return fmt.Sprintf("[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n", mirror)
}
