package checks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// What several checks want to know of pods that do not run.

// member is a pod of the mesh: of a gateway, of the workloads or of a control plane in use.
type member struct {
	istio.Pod
	istiod bool
	// spare is true where another pod like it is ready, so that calls go on.
	spare bool
}

// settling is how long a pod may take to become ready before anything is said of it.
const settling = 30 * time.Second

// members are the pods of the mesh on a cluster, as far as they are known.
func (l *Look) members(c *istio.Cluster) []member {
	gateways, _ := Need(l, c, c.Gateways)
	workloads, _ := Need(l, c, c.Workloads)
	istiods, _ := Need(l, c, c.Istiods)
	var all []member
	for _, pod := range slices.Concat(gateways.Pods, workloads.Pods) {
		// A gateway that opts out waits for an injector all the same.
		if !optsOut(pod) || pod.Image == names.AutoImage {
			all = append(all, member{Pod: pod})
		}
	}
	for _, istiod := range counted(c, istiods) {
		all = append(all, member{Pod: istiod.Pod, istiod: true})
	}
	for i := range all {
		all[i].spare = slices.ContainsFunc(all, func(other member) bool { return other.Ready && alike(other.Pod, all[i].Pod) })
	}
	return all
}

// counted are the istiods of the revisions in use; none where there are several and
// nothing tells which are.
func counted(c *istio.Cluster, all []istio.Istiod) []istio.Istiod {
	used := revisions(c)
	several := slices.ContainsFunc(all, func(i istio.Istiod) bool { return i.Revision != all[0].Revision })
	if len(used) == 0 && several {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(all), func(i istio.Istiod) bool {
		return len(used) > 0 && !slices.Contains(used, i.Revision)
	})
}

// alike is true for pods that stand in for each other. Istiods of several revisions do not.
func alike(a, b istio.Pod) bool {
	if a.Labels[appLabel] == names.Istiod && a.Labels[names.Revision] != b.Labels[names.Revision] {
		return false
	}
	return a.Namespace == b.Namespace && a.Labels[appLabel] == b.Labels[appLabel] &&
		a.Labels["version"] == b.Labels["version"] && a.Labels[names.GatewayLabel] == b.Labels[names.GatewayLabel]
}

// young is true for a pod that was made only just now, by the API server's clock.
func (l *Look) young(c *istio.Cluster, pod istio.Pod) bool {
	return !pod.Created.IsZero() && clock(l, c).Sub(pod.Created) < settling
}

// clock is the time of a cluster's API server.
func clock(l *Look, c *istio.Cluster) time.Time {
	return l.Taken.Add(ahead(c))
}

// ahead is by how much a cluster's clock is ahead.
func ahead(c *istio.Cluster) time.Duration {
	identity, _ := c.Identity.Get()
	return time.Duration(identity.ClockAhead * float64(time.Second))
}

// stuck are the pods of the mesh that do not run for a kind of trouble.
func (l *Look) stuck(c *istio.Cluster, kind func(istio.Pod) bool) []member {
	return slices.DeleteFunc(l.members(c), func(m member) bool {
		return m.Ready || m.Trouble == nil || !kind(m.Pod)
	})
}

// report finds pods that do not run, in one finding a cluster. It is an error where no pod
// like one of them is ready, a warning where calls go on.
func (l *Look) report(c *istio.Cluster, affected []member, f Finding) {
	if len(affected) == 0 {
		return
	}
	var pods []istio.Pod
	var states []string
	f.Severity = Warning
	for _, m := range affected {
		pods, states = append(pods, m.Pod), append(states, state(m.Pod))
		if !m.istiod && !m.spare {
			f.Severity = Error
		}
	}
	f.Cluster, f.Pairs = c.Name, l.callsOf(c, pods)
	f.Found = fmt.Sprintf("%s%s", strings.Join(states, "; "), f.Found)
	l.Find(f)
}

// callsOf are the calls that pods take part in: Sleep makes them, HelloWorld and gateways
// take them, and istiods matter to all.
func (l *Look) callsOf(c *istio.Cluster, pods []istio.Pod) []Pair {
	var makes, takes bool
	for _, pod := range pods {
		switch app := pod.Labels[appLabel]; app {
		case sleep:
			makes = true
		case names.Istiod:
			makes, takes = true, true
		default:
			takes = true
		}
	}
	var pairs []Pair
	if makes {
		pairs = append(pairs, l.out(c)...)
	}
	if takes {
		pairs = append(pairs, l.into(c)...)
	}
	return pairs
}

// state says of a pod what keeps it from running.
func state(pod istio.Pod) string {
	text := fmt.Sprintf("pod %s/%s", pod.Namespace, pod.Name)
	switch trouble := pod.Trouble; {
	case trouble == nil && pod.Ready:
		return text + " is ready"
	case trouble == nil:
		return text + " is not ready"
	case trouble.Container != "":
		return text + ", container " + trouble.Container + ": " + because(*trouble)
	default:
		return text + ": " + because(*trouble)
	}
}

func because(trouble istio.Trouble) string {
	if trouble.Message == "" {
		return trouble.Reason
	}
	return trouble.Reason + " (" + shorten(trouble.Message) + ")"
}

// Of a long message the beginning says what was tried, and the end what went wrong.
const messageHead, messageTail = 80, 200

// shorten leaves out the middle of a long message.
func shorten(message string) string {
	letters := []rune(message)
	if len(letters) <= messageHead+messageTail {
		return message
	}
	return string(letters[:messageHead]) + " ... " + string(letters[len(letters)-messageTail:])
}

// describe has kubectl tell all about pods, each workload once.
func describe(c *istio.Cluster, pods []member) []string {
	var commands []string
	var seen []member
	for _, m := range pods {
		if !slices.ContainsFunc(seen, func(s member) bool { return alike(s.Pod, m.Pod) }) {
			commands = append(commands, kubectl(c, "describe pod --namespace="+quote(m.Namespace), quote(m.Name)))
		}
		seen = append(seen, m)
	}
	return commands
}

// Kinds of trouble; each pod's is of exactly one.

// unpulled is true where an image cannot be had: the kubelet's own words,
// pkg/kubelet/images/types.go. Image "auto" is none: such a pod was not injected.
func unpulled(pod istio.Pod) bool {
	return pod.Image != names.AutoImage && slices.Contains([]string{
		"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "RegistryUnavailable",
	}, pod.Trouble.Reason)
}

// unscheduled is true where no node takes the pod (k8s.io/api/core/v1, PodReason).
func unscheduled(pod istio.Pod) bool {
	return slices.Contains([]string{"Unschedulable", "SchedulingGated", "SchedulerError"}, pod.Trouble.Reason)
}

// unredirected is true where Istio's CNI plugin has not set the pod up.
func unredirected(pod istio.Pod) bool {
	return pod.Trouble.Container == names.Validation && !unpulled(pod) && !starting(pod)
}

// starting is true for what passes by itself.
func starting(pod istio.Pod) bool {
	return slices.Contains([]string{"ContainerCreating", "PodInitializing"}, pod.Trouble.Reason)
}

// failing is true for all other trouble.
func failing(pod istio.Pod) bool {
	return pod.Image != names.AutoImage && !unpulled(pod) && !unscheduled(pod) && !unredirected(pod) && !starting(pod)
}

// replace has pods made anew by what made them.
func replace(c *istio.Cluster, pods []istio.Pod) []string {
	var commands []string
	for _, pod := range pods {
		command := kubectl(c, "delete pod --namespace="+quote(pod.Namespace), quote(pod.Name))
		if !slices.Contains(commands, command) {
			commands = append(commands, command)
		}
	}
	return commands
}

// podNames lists pods as namespace/name.
func podNames(pods []istio.Pod) string {
	var all []string
	for _, pod := range pods {
		all = append(all, pod.Namespace+"/"+pod.Name)
	}
	return strings.Join(all, ", ")
}

// eachInjected calls look for every cluster of which workloads and webhooks are known.
func (l *Look) eachInjected(look func(c *istio.Cluster, workloads istio.Workloads, webhooks []istio.Webhook)) {
	l.each(func(c *istio.Cluster) {
		workloads, ok := Need(l, c, c.Workloads)
		if !ok {
			return
		}
		if webhooks, ok := Need(l, c, c.Webhooks); ok {
			look(c, workloads, webhooks)
		}
	})
}
