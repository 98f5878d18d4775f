package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
)

// program is the engine's client. kind runs the same one.
const program = "docker"

// commandError is a command of the client that failed.
type commandError struct {
	args []string
	said string
	err  error
}

func (e *commandError) Error() string {
	return fmt.Sprintf("%s %s: %v: %s", program, strings.Join(e.args, " "), e.err, e.said)
}

func (e *commandError) Unwrap() error { return e.err }

// docker runs the client and gives what it wrote to its standard output.
func docker(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return "", &commandError{args: args, said: strings.TrimSpace(stderr.String()), err: err}
	}
	return strings.TrimSpace(stdout.String()), nil
}

// Exec runs a command in a container and gives its output.
func Exec(ctx context.Context, container string, command ...string) (string, error) {
	// Privileged as kind's own: a plain exec may not change addresses.
	return docker(ctx, append([]string{"exec", "--privileged", container}, command...)...)
}

// HasImage says whether the engine has an image of that name.
func HasImage(ctx context.Context, name string) (bool, error) {
	_, err := docker(ctx, "image", "inspect", "--format", "{{.Id}}", name)
	return found(err)
}

// Load gives the engine the images of an archive, a file that "docker save" or
// the node image's builder wrote.
func Load(ctx context.Context, archive string) error {
	_, err := docker(ctx, "load", "--quiet", "--input", archive)
	return err
}

// Network is the network that kind puts nodes on.
func Network() string {
	// kind's own variable, for people who have set it.
	if name := os.Getenv("KIND_EXPERIMENTAL_DOCKER_NETWORK"); name != "" {
		return name
	}
	return "kind"
}

// HasNetwork says whether the engine has a network of that name.
func HasNetwork(ctx context.Context, name string) (bool, error) {
	_, err := docker(ctx, "network", "inspect", "--format", "{{.Id}}", name)
	return found(err)
}

// found turns the answer to an inspection into whether the object exists.
func found(err error) (bool, error) {
	var failed *commandError
	switch {
	case err == nil:
		return true, nil
	case errors.As(err, &failed) && absent(failed.said):
		return false, nil
	default:
		return false, err
	}
}

// Subnet is the IPv4 range of a network.
func Subnet(ctx context.Context, network string) (netip.Prefix, error) {
	out, err := docker(ctx, "network", "inspect", "--format", "{{range .IPAM.Config}}{{.Subnet}} {{end}}", network)
	if err != nil {
		return netip.Prefix{}, err
	}
	for _, field := range strings.Fields(out) {
		if p, err := netip.ParsePrefix(field); err == nil && p.Addr().Is4() {
			return p, nil
		}
	}
	return netip.Prefix{}, fmt.Errorf("the engine's network %q has no IPv4 range, it has %q", network, out)
}

// RemoveUnusedNetwork removes a network unless a container is on it: the engine
// itself refuses that, whoever's the container is.
func RemoveUnusedNetwork(ctx context.Context, name string) error {
	_, err := docker(ctx, "network", "rm", name)
	var failed *commandError
	if !errors.As(err, &failed) {
		return err
	}
	if absent(failed.said) || strings.Contains(failed.said, "has active endpoints") {
		return nil
	}
	return err
}

// absent knows the engine's words for an object that does not exist.
func absent(said string) bool {
	said = strings.ToLower(said)
	return strings.Contains(said, "no such") || strings.Contains(said, "not found")
}
