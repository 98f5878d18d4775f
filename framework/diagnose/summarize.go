package diagnose

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/probe"
)

// summarize keeps of a pod what the rungs look at.
func summarize(pod *corev1.Pod) Pod {
	out := Pod{
		Namespace: pod.Namespace, Name: pod.Name, Labels: pod.Labels,
		Ready: probe.PodReady(pod), Reason: waitingReason(pod),
		Proxy: probe.HasProxy(pod), IP: pod.Status.PodIP, Env: map[string]string{},
	}
	containers := append(slices.Clone(pod.Spec.Containers), pod.Spec.InitContainers...)
	main := slices.IndexFunc(containers, func(c corev1.Container) bool { return c.Name == probe.ProxyContainer })
	if main < 0 {
		main = 0
	}
	if main < len(containers) {
		out.Image = containers[main].Image
		out.Env = istioEnv(containers[main])
	}
	for _, status := range append(slices.Clone(pod.Status.ContainerStatuses), pod.Status.InitContainerStatuses...) {
		if status.Name == probe.ProxyContainer {
			out.ProxyReady = status.Ready
		}
	}
	return out
}

// istioEnv reads the few variables by which Istio's own containers tell who and where
// they are. Any other may be a secret, and so may all of others' containers.
func istioEnv(container corev1.Container) map[string]string {
	env := map[string]string{}
	if container.Name != probe.ProxyContainer && container.Name != istiodContainer {
		return env
	}
	for _, variable := range container.Env {
		if variable.ValueFrom == nil && slices.Contains(readVariables(), variable.Name) {
			env[variable.Name] = variable.Value
		}
	}
	return env
}

// istiodContainer is istiod's, in its pods.
const istiodContainer = "discovery"

// readVariables is the list of environment variables that are read of a pod.
func readVariables() []string {
	return []string{
		"CLUSTER_ID", "REVISION", "ISTIO_META_CLUSTER_ID", "ISTIO_META_MESH_ID",
		"ISTIO_META_NETWORK", "ISTIO_META_REQUESTED_NETWORK_VIEW", "TRUST_DOMAIN",
	}
}

// waitingReason says why a container of the pod does not run, or why the pod
// is not scheduled; empty when all run.
func waitingReason(pod *corev1.Pod) string {
	statuses := append(slices.Clone(pod.Status.InitContainerStatuses), pod.Status.ContainerStatuses...)
	for _, status := range statuses {
		switch {
		case status.State.Waiting != nil && status.State.Waiting.Reason != "" && status.State.Waiting.Reason != "PodInitializing":
			return joinReason(status.Name, status.State.Waiting.Reason, status.State.Waiting.Message)
		case status.State.Terminated != nil && status.State.Terminated.ExitCode != 0:
			return joinReason(status.Name, status.State.Terminated.Reason, status.State.Terminated.Message)
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			return joinReason("not scheduled", condition.Reason, condition.Message)
		}
	}
	return ""
}

func joinReason(where, reason, message string) string {
	told := fmt.Sprintf("%s: %s", where, reason)
	if message != "" {
		told += " (" + shorten(message) + ")"
	}
	return told
}

// How much of a long message is told: it begins with what was tried and ends with
// what went wrong.
const messageHead, messageTail = 80, 200

// shorten leaves out the middle of a long message.
func shorten(message string) string {
	letters := []rune(message)
	if len(letters) <= messageHead+messageTail {
		return message
	}
	return string(letters[:messageHead]) + " ... " + string(letters[len(letters)-messageTail:])
}

func summarizeService(service *corev1.Service) GatewayService {
	out := GatewayService{
		Name: service.Name, Type: string(service.Spec.Type),
		Network: service.Labels[fleet.NetworkLabel], Ports: portsOf(service),
	}
	for _, ingress := range service.Status.LoadBalancer.Ingress {
		switch {
		case ingress.IP != "":
			out.Addresses = append(out.Addresses, ingress.IP)
		case ingress.Hostname != "":
			out.Addresses = append(out.Addresses, ingress.Hostname)
		}
	}
	out.Addresses = append(out.Addresses, service.Spec.ExternalIPs...)
	return out
}

func portsOf(service *corev1.Service) []int32 {
	var ports []int32
	for _, port := range service.Spec.Ports {
		ports = append(ports, port.Port)
	}
	return ports
}

// summarizeSecret keeps of a remote secret only names and servers.
func summarizeSecret(secret *corev1.Secret, labelled bool) RemoteSecret {
	out := RemoteSecret{Namespace: secret.Namespace, Name: secret.Name, Labelled: labelled}
	var ids []string
	for id := range secret.Data {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		server, err := serverOf(secret.Data[id])
		entry := RemoteEntry{ID: id, Server: server}
		if err != nil {
			entry.Broken = err.Error()
		}
		out.Entries = append(out.Entries, entry)
	}
	return out
}

// serverOf reads the server of a kubeconfig's current context. Its errors
// carry nothing of the content.
func serverOf(kubeconfig []byte) (string, error) {
	config, err := clientcmd.Load(kubeconfig)
	if err != nil {
		return "", errors.New("it is not a kubeconfig")
	}
	context, ok := config.Contexts[config.CurrentContext]
	if !ok {
		return "", errors.New("its current context does not exist")
	}
	cluster, ok := config.Clusters[context.Cluster]
	if !ok || cluster.Server == "" {
		return "", errors.New("its current context has no server")
	}
	return cluster.Server, nil
}

// lastComplaint picks from a proxy's log what keeps it from being ready: a
// rejected configuration or a refused certificate if it tells of one, or else
// pilot-agent's own words, the last of each.
func lastComplaint(log string) string {
	var cause, words string
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(line)
		switch {
		case strings.Contains(line, "NOT ready"):
			words = line
		case strings.Contains(line, "rejected") || strings.Contains(line, "CSR") || strings.Contains(line, "\terror\t"):
			cause = line
		}
	}
	if cause == "" {
		cause = words
	}
	return shorten(cause)
}

// parseClusterz reads istiod's /debug/clusterz. Newer istiods list their own
// cluster first, without a secret; it is left out.
func parseClusterz(document []byte) ([]Remote, error) {
	var entries []struct {
		ID     string `json:"id"`
		Secret string `json:"secretName"`
		Status string `json:"syncStatus"`
	}
	if err := json.Unmarshal(document, &entries); err != nil {
		return nil, fmt.Errorf("read /debug/clusterz: want a JSON list of clusters: %w", err)
	}
	var remotes []Remote
	for _, entry := range entries {
		if entry.Secret != "" {
			remotes = append(remotes, Remote(entry))
		}
	}
	return remotes, nil
}

// rootOfDump finds the trusted CA of the secret ROOTCA in a proxy's
// config_dump of secrets (envoy.admin.v3.SecretsConfigDump). It is public; the
// proxy redacts private keys.
func rootOfDump(document []byte) string {
	var dump any
	if err := json.Unmarshal(document, &dump); err != nil {
		return ""
	}
	return findRoot(dump, false)
}

// findRoot looks for validation_context.trusted_ca below an object named ROOTCA.
func findRoot(node any, within bool) string {
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			if found := findRoot(child, within); found != "" {
				return found
			}
		}
	case map[string]any:
		within = within || node["name"] == "ROOTCA"
		if trusted, ok := node["trusted_ca"].(map[string]any); ok && within {
			return inline(trusted)
		}
		for _, child := range node {
			if found := findRoot(child, within); found != "" {
				return found
			}
		}
	}
	return ""
}

func inline(source map[string]any) string {
	if text, ok := source["inline_string"].(string); ok {
		return text
	}
	encoded, _ := source["inline_bytes"].(string)
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return ""
	}
	return string(decoded)
}
