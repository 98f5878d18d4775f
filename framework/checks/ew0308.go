package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0308() Check {
	return Check{
		ID: "EW0308", Severity: Error, Firm: true,
		Title:    "A proxy runs and is not ready",
		Question: "Is every proxy that runs ready: has it a certificate and its first configuration?",
		Why:      "Kubernetes takes the pod out of its Services: it is not called, and its own calls fail.",
		Source:   "https://istio.io/latest/docs/ops/common-problems/injection/",
		Explains: []string{"EW04", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				rejections, ok := Need(l, c, c.Rejections)
				if !ok {
					return
				}
				affected := slices.DeleteFunc(l.members(c), func(m member) bool {
					return !m.Proxy || m.ProxyReady || m.Trouble != nil || m.Image == names.AutoImage ||
						l.young(c, m.Pod) || rejects(rejections, m.Pod)
				})
				l.report(c, affected, unready(l, c, affected))
			})
		},
	}
}

func unready(l *Look, c *istio.Cluster, affected []member) Finding {
	f := Finding{
		Want: "a proxy that is ready within seconds",
		Fix:  Fix{Text: "a proxy needs an istiod that it reaches and a certificate from it, or from the CA that is configured. Its log says what it lacks, istiod's why; where the last change of the Deployment made it so, take that back:"},
	}
	for _, m := range affected {
		if m.Complaint != "" {
			f.Found += fmt.Sprintf("; %s says: %s", m.Name, shorten(m.Complaint))
		}
		f.Fix.Commands = append(f.Fix.Commands, kubectl(c, "logs --namespace="+quote(m.Namespace), quote(m.Name), "--container="+names.Proxy))
	}
	f.Fix.Commands = append(f.Fix.Commands, kubectl(c, "logs --namespace="+names.System, "--selector="+names.IstiodSelector, "--tail=100"))
	f.Fix.Commands = append(f.Fix.Commands, takenBack(l, c, ofMembers(affected))...)
	return f
}

// rejects is true where what a pod's proxy rejects is known: nothing else then needs to
// explain why it is not ready.
func rejects(rejections []istio.Rejection, pod istio.Pod) bool {
	return slices.ContainsFunc(rejections, func(r istio.Rejection) bool { return r.Proxy == pod.Namespace+"/"+pod.Name })
}
