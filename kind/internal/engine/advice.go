package engine

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// noEngine says that the client is not there.
func noEngine(podman bool) error {
	u := &parts.Unmet{
		Need:   "a container engine",
		Found:  "no docker in PATH",
		Remedy: "sudo apt-get update && sudo apt-get install docker.io, or run on the lab, which needs none: --on lab",
	}
	if podman {
		u.Found = "podman and no docker; eastwest has been tried with Docker only, and does not start what it cannot vouch for"
	}
	return u
}

// notReached turns the client's complaint into what mends it.
func notReached(err error) error {
	var failed *commandError
	if !errors.As(err, &failed) {
		return err
	}
	said := strings.ToLower(failed.said)
	switch {
	case strings.Contains(said, "permission denied"):
		return &parts.Unmet{
			Need: "the right to use the container engine", Found: firstLine(failed.said),
			Remedy: "sudo usermod -aG docker \"$USER\" and log in again (this gives root's rights), or run eastwest with sudo",
		}
	case strings.Contains(said, "cannot connect"), strings.Contains(said, "is the docker daemon running"),
		strings.Contains(said, "no such host"), strings.Contains(said, "connection refused"):
		return &parts.Unmet{
			Need: "a running container engine", Found: firstLine(failed.said), Remedy: startAdvice(os.Getenv("DOCKER_HOST")),
		}
	}
	return fmt.Errorf("ask the container engine what it can do: %w", err)
}

func startAdvice(host string) string {
	if host != "" {
		return fmt.Sprintf("start the engine that DOCKER_HOST=%s names, or unset DOCKER_HOST", host)
	}
	return "sudo systemctl start docker (without systemd: sudo service docker start)"
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// Explain recognizes what an engine that looked well refuses when a node is
// started, and says what to do; any other error it returns unchanged.
func Explain(err error) error {
	said := err.Error()
	switch {
	case strings.Contains(said, "unable to apply caps"):
		return errors.Join(&parts.Unmet{
			Need:   "an engine that can start privileged containers here",
			Found:  "a host without some capability, often CAP_SYS_RESOURCE, which the engine hands out nevertheless",
			Remedy: "give the engine a runtime that asks for what the host has, as kind/ci/run does with kind/ci/runc-as-host",
		}, err)
	case strings.Contains(said, "failed to pull image"), strings.Contains(said, "pull access denied"):
		return errors.Join(&parts.Unmet{
			Need:   "the node image, which the engine could not pull",
			Remedy: "reach a registry, or do without one: sudo eastwest kind node-image, and verify with --images built",
		}, err)
	}
	return err
}
