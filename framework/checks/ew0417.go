package checks

import (
	"fmt"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0417() Check {
	return Check{
		ID: "EW0417", Severity: Error,
		Title:    "The Gateway resource for other networks does not let calls in",
		Question: "Does a Gateway resource open the gateway's port, on its pods, for the called Service?",
		Why:      "The gateway refuses the calls of other networks, or finds no route for the called Service.",
		Source:   "https://istio.io/latest/docs/reference/config/networking/gateway/#ServerTLSSettings-TLSmode",
		Explains: []string{"EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { exposedWrongly(l, c) }) },
	}
}

func exposedWrongly(l *Look, c *istio.Cluster) {
	for _, way := range unopened(l, c) {
		if len(way.lacks) == 0 {
			continue
		}
		fix := Fix{
			Text:     "correct the Gateway resource, or make another one beside it:",
			Commands: []string{show(l.plane(c), "gateways."+names.Networking, way.near.Meta), exposeInline(l.plane(c), way, beside(way))},
		}
		if way.modeless != "" {
			fix.Text = "give the Gateway resource that TLS mode:"
			fix.Commands[1] = patched(l.plane(c), "gateways."+names.Networking, way.near.Meta, way.modeless)
		}
		l.Find(Finding{
			Cluster: c.Name, Pairs: way.pairs,
			Found: fmt.Sprintf("no Gateway resource lets calls of other networks in through %s: %s", serviceName(way.service), strings.Join(way.lacks, "; ")),
			Want: fmt.Sprintf("selector %s, port %d, TLS mode %s, and hosts *.local, or %s where only some are to be exposed",
				selectorText(way.service.Selector), way.port, names.AutoPassthrough, l.helloHost()),
			Fix: fix,
		})
		return
	}
}

// beside is a name that the resource which comes near does not have.
func beside(way opening) string {
	if way.near.Name == names.Expose {
		return names.Expose + "-2"
	}
	return names.Expose
}
