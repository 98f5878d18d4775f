package probe

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// proxyAdmin asks a proxy's admin endpoint through pilot-agent, as istioctl does.
func proxyAdmin(ctx context.Context, from Execer, namespace, pod, path string) ([]byte, error) {
	return request(ctx, from, kube.Target{Namespace: namespace, Pod: pod, Container: names.Proxy}, "pilot-agent", path)
}

func request(ctx context.Context, from Execer, target kube.Target, program, path string) ([]byte, error) {
	result, err := from.Exec(ctx, target, kube.ExecOptions{Command: []string{program, "request", "GET", path}})
	if err != nil {
		return nil, err
	}
	if result.ExitCode != 0 {
		return nil, fmt.Errorf("%s request GET %s in %s: exit code %d: %s", program, path, target, result.ExitCode,
			clip(lastLine(result.Stderr), 300))
	}
	return result.Stdout, nil
}

// lastLine is where a program says why it failed; before it come its logs.
func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}

// Program is what a proxy calls itself.
type Program struct{ Name, Version string }

// DataPlane asks a proxy for its own name and version. It is never assumed:
// the report must not say Envoy where something else carried the calls.
func DataPlane(ctx context.Context, from Execer, namespace, pod string) (Program, error) {
	document, err := proxyAdmin(ctx, from, namespace, pod, "server_info")
	if err != nil {
		return Program{}, err
	}
	program, err := parseServerInfo(document)
	if err != nil {
		return Program{}, fmt.Errorf("pod %s/%s: %w", namespace, pod, err)
	}
	return program, nil
}

// Envoy is the name of a Program that is Envoy.
const Envoy = "envoy"

// parseServerInfo reads envoy.admin.v3.ServerInfo. Envoy's version has the
// form <revision>/<version>/<status>/<build>/<TLS library>; every other
// program is known by the name that it gives itself.
func parseServerInfo(document []byte) (Program, error) {
	var info struct {
		Version string `json:"version"`
		Node    struct {
			Name string `json:"user_agent_name"`
		} `json:"node"`
	}
	if err := json.Unmarshal(document, &info); err != nil {
		return Program{}, fmt.Errorf("read server_info: want JSON of envoy.admin.v3.ServerInfo: %w", err)
	}
	if info.Version == "" {
		return Program{}, fmt.Errorf("read server_info: it tells no version")
	}
	parts := strings.Split(info.Version, "/")
	switch {
	case len(parts) == 5 && isRevision(parts[0]):
		return Program{Name: Envoy, Version: parts[1]}, nil
	case info.Node.Name != "" && info.Node.Name != Envoy:
		return Program{Name: info.Node.Name, Version: info.Version}, nil
	default:
		return Program{Name: "unknown", Version: info.Version}, nil
	}
}

func isRevision(s string) bool {
	return len(s) == 40 && strings.Trim(s, "0123456789abcdef") == ""
}
