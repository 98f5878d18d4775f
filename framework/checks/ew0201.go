package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0201() Check {
	return Check{
		ID: "EW0201", Severity: Error, Firm: true,
		Title:    "No istiod is ready",
		Question: "Has every cluster a ready istiod of the revisions in use?",
		Why:      "New pods get no sidecar and no certificate, and proxies keep the endpoints that they had: calls to pods that are gone fail.",
		Source:   "https://istio.io/latest/docs/ops/deployment/architecture/#istiod",
		Explains: []string{"EW03", "EW04", "EW05", "EW06", "EW07", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				istiods, ok := Need(l, c, c.Istiods)
				if !ok {
					return
				}
				switch {
				case len(istiods) > 0:
					noneReady(l, c, istiods)
				case !l.remote(c): // else it is asked whether the istiods there are ready
					noIstiod(l, c)
				}
			})
		},
	}
}

// noIstiod tells a cluster without a control plane of its own from one whose is missing.
func noIstiod(l *Look, c *istio.Cluster) {
	system, ok := Need(l, c, c.System)
	if !ok {
		return
	}
	webhooks, ok := Need(l, c, c.Webhooks)
	if !ok {
		return
	}
	if why := servedFrom(system, webhooks); why != "" {
		l.Find(Finding{
			Severity: Info, Cluster: c.Name,
			Found: fmt.Sprintf("%s looks like a remote cluster of another control plane (primary-remote): it has no istiod, and %s; its control plane is not judged", c.Name, why),
		})
		return
	}
	found := fmt.Sprintf("there is no pod of istiod (label %s) in namespace %s of %s", names.IstiodSelector, names.System, c.Name)
	if !system.Found {
		found = fmt.Sprintf("there is no namespace %s on %s", names.System, c.Name)
	}
	l.Find(Finding{
		Cluster: c.Name, Pairs: l.around(c), Found: found, Want: "a control plane that runs",
		Fix: Fix{
			Text:     "install the control plane, or, where its Deployment is there and scaled to nothing, scale it up again:",
			Commands: []string{kubectl(c, "get deployments --all-namespaces --selector="+names.IstiodSelector), scaledUp(c, names.System, names.IstiodSelector)},
		},
	})
}

// servedFrom says what shows that the istiods of another cluster serve this one; empty for
// nothing.
func servedFrom(system istio.Namespace, webhooks []istio.Webhook) string {
	if system.ControlPlanes != "" {
		return fmt.Sprintf("the namespace %s has the annotation %s=%s", names.System, names.ControlPlanes, system.ControlPlanes)
	}
	// "istiod-remote" leads to the istiods of another cluster
	// (manifests/charts/istio-control/istio-discovery, remote-istiod-service.yaml).
	i := slices.IndexFunc(webhooks, func(w istio.Webhook) bool {
		beyond, _ := w.Beyond.Get()
		named, _ := w.Injects()
		return w.Service == "" || len(beyond) > 0 || named != "" ||
			strings.HasPrefix(w.Service, names.System+"/istiod") && strings.HasSuffix(w.Service, "-remote")
	})
	if i < 0 {
		return ""
	}
	if webhooks[i].Service == "" {
		return fmt.Sprintf("its injection webhook %s calls a URL", webhooks[i].Configuration)
	}
	return fmt.Sprintf("its injection webhook %s calls the Service %s, which selects no istiod here", webhooks[i].Configuration, webhooks[i].Service)
}

// noneReady finds revisions in use of which no istiod is ready.
func noneReady(l *Look, c *istio.Cluster, istiods []istio.Istiod) {
	if len(serving(c, istiods)) == 0 {
		l.Find(notReady(l, c, strings.Join(revisions(c), ", "), istiods))
		return
	}
	for _, revision := range revisions(c) {
		ready := slices.ContainsFunc(istiods, func(i istio.Istiod) bool { return i.Ready && i.Revision == revision })
		if !ready {
			f := notReady(l, c, revision, istiods)
			f.Severity = Warning
			l.Find(f)
		}
	}
}

func notReady(l *Look, c *istio.Cluster, revision string, istiods []istio.Istiod) Finding {
	of, states := "", []string{}
	if revision != "" {
		of = " of revision " + revision
	}
	used := inUse(c)
	for _, istiod := range istiods {
		if used(istiod.Revision) && !istiod.Ready {
			states = append(states, state(istiod.Pod))
		}
	}
	if len(states) == 0 {
		states = append(states, "there is no pod of it")
	}
	return Finding{
		Cluster: c.Name, Pairs: l.concerned(c),
		Found: fmt.Sprintf("no istiod%s is ready on %s: %s", of, c.Name, strings.Join(states, "; ")),
		Want:  "a ready istiod of every revision in use",
		Fix: Fix{
			Text:     "repair the control plane; where its revision was removed, install it again, or have the gateways and workloads that it injected made anew by one that runs. What keeps its pods from running is in the events:",
			Commands: []string{kubectl(c, "describe deployments,pods --namespace="+names.System, "--selector="+names.IstiodSelector)},
		},
	}
}
