package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0706() Check {
	return Check{
		ID: "EW0706", Severity: Error,
		Title:    "A Sidecar resource hides HelloWorld from Sleep",
		Question: "Do the Sidecar resources that apply to Sleep have HelloWorld among their egress hosts?",
		Why:      "The caller's proxy does not know HelloWorld: calls bypass the mesh and reach pods of the own cluster only, or are refused where the outbound traffic policy is REGISTRY_ONLY.",
		Source:   "https://istio.io/latest/docs/reference/config/networking/sidecar/#IstioEgressListener",
		Explains: []string{"EW0512", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				all, ok := Need(l, l.plane(c), l.plane(c).Sidecars)
				if !ok || len(all) == 0 {
					return
				}
				mesh, okMesh := meshOf(l, c)
				pod, okPod := sleepPod(l, c)
				if !okMesh || !okPod {
					return
				}
				all = inEffect(c, all, func(s istio.Sidecar) istio.Meta { return s.Meta })
				applying := sidecarsFor(all, rootNamespace(mesh), pod)
				known := func(s istio.Sidecar) bool { return imports(s, l.Namespace, l.hello()) }
				if len(applying) > 0 && !slices.ContainsFunc(applying, known) && !importedByRoute(l, c) {
					findHidden(l, c, applying[0])
				}
			})
		},
	}
}

// importedByRoute is true where a VirtualService for sidecars routes to HelloWorld, and also
// where that is not known: a Sidecar that has the host of such a VirtualService imports its
// destinations, too (pilot/pkg/model/sidecar.go, collectImportedServices).
func importedByRoute(l *Look, c *istio.Cluster) bool {
	services, ok := Need(l, l.plane(c), l.plane(c).VirtualServices)
	return !ok || slices.ContainsFunc(services, func(v istio.VirtualService) bool {
		return len(waysTo([]istio.VirtualService{v}, l.helloHost())) > 0
	})
}

func findHidden(l *Look, c *istio.Cluster, hiding istio.Sidecar) {
	l.Find(Finding{
		Cluster: c.Name, Pairs: l.out(c),
		Found: fmt.Sprintf("Sidecar %s of %s applies to Sleep and has no egress host that covers %s", hiding.Meta, c.Name, l.helloHost()),
		Want:  fmt.Sprintf("%s/%s, ./* or */* among its egress hosts", l.Namespace, l.helloHost()),
		Fix: Fix{
			Text:     fmt.Sprintf("add the host, or make a Sidecar in namespace %s that selects app=%s and has it:", l.Namespace, sleep),
			Commands: append([]string{show(l.plane(c), "sidecar", hiding.Meta)}, shown(l, l.plane(c), hiding)...),
		},
	})
}

// shown adds HelloWorld to the first of a Sidecar's egress hosts.
func shown(l *Look, c *istio.Cluster, hiding istio.Sidecar) []string {
	if len(hiding.Spec.Egress) == 0 {
		return nil
	}
	patch := fmt.Sprintf(`[{"op":"add","path":"/spec/egress/0/hosts/-","value":"%s/%s"}]`, l.Namespace, l.helloHost())
	return []string{patched(c, "sidecar", hiding.Meta, patch)}
}
