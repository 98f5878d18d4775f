package tooltest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// istioctl plays istioctl: of another version where the test wants one, and
// else the real one, except that `install` does not wait for pods.
func (d double) istioctl() int {
	switch {
	case d.behaviour.IstioctlVersion != "" && slices.Contains(d.args, "version"):
		return d.version()
	case d.behaviour.IstioctlVersion != "" && slices.Contains(d.args, "manifest"):
		return d.manifest()
	case slices.Contains(d.args, "install"):
		return d.install()
	}
	return d.real(Istioctl, d.in, d.args)
}

func (d double) version() int {
	answer := map[string]any{"clientVersion": map[string]string{"version": d.behaviour.IstioctlVersion}}
	if err := json.NewEncoder(d.out).Encode(answer); err != nil {
		return d.fail(1, "%v", err)
	}
	return 0
}

// manifest prints the tried values, or what istioctl says to an unknown one.
func (d double) manifest() int {
	for i, argument := range d.args {
		if argument != "--set" || i+1 == len(d.args) {
			continue
		}
		path, value, _ := strings.Cut(d.args[i+1], "=")
		name := path[:strings.Index(path, ".global")]
		switch {
		case slices.Contains(d.behaviour.Ignores, name):
			fmt.Fprintln(d.out, "kind: ConfigMap")
		case slices.Contains(d.behaviour.Takes, name):
			fmt.Fprintln(d.out, "network:", value)
		default:
			return d.fail(1, `Error: unknown field "spec"`)
		}
	}
	return 0
}

// install applies what the real istioctl would and waits for nothing: where
// there are no nodes the pods never come.
func (d double) install() int {
	var kubeconfig string
	args := []string{"manifest", "generate"}
	for _, argument := range d.args {
		switch {
		case strings.HasPrefix(argument, "--kubeconfig="):
			kubeconfig = argument
		case argument != "install" && argument != "-y":
			args = append(args, argument)
		}
	}
	if !slices.Contains(d.args, "-y") {
		return d.fail(1, "double: without -y istioctl would ask, and nobody answers")
	}
	var manifest bytes.Buffer
	inner := d
	inner.out = &manifest
	if code := inner.real(Istioctl, d.in, args); code != 0 {
		return code
	}
	inner.out = d.err
	return inner.real("kubectl", &manifest, []string{kubeconfig, "apply", "--server-side", "--field-manager=istio-operator", "-f", "-"})
}

// genGateway plays the script: the real one, unless it would never end, as it
// does when it is given a word that is no flag.
func (d double) genGateway() int {
	for i := 0; i < len(d.args); i++ {
		switch d.args[i] {
		case "--network", "--revision", "--mesh", "--cluster":
			i++
		case "--single-cluster":
		default:
			if !strings.HasPrefix(d.args[i], "-") {
				hang()
			}
		}
	}
	return d.real(GenGateway, d.in, d.args)
}

// real runs the real program of the lab's parts.
func (d double) real(program string, in io.Reader, args []string) int {
	command := exec.Command(filepath.Join(d.parts, program), args...) //nolint:noctx // a double ends with its process group
	command.Stdin, command.Stdout, command.Stderr = in, d.out, d.err
	err := command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		return d.fail(99, "double: %v", err)
	}
	return 0
}
