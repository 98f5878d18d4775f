package faults

import (
	"context"
	"fmt"

	"github.com/eastwest-mesh/eastwest/lab/internal/topology"
)

const istioSystem = "istio-system"

func accessFaults() []Fault {
	refused := fmt.Sprintf("chain in { type filter hook input priority -10; tcp dport %d reject with tcp reset; };", topology.APIPort)
	return []Fault{
		{Name: "apiserver", Breaks: "the API server refuses connections", Check: "EW0101", steps: []step{rules("eastwest_lab_fault", refused)}},
		{Name: "apiserver-hangs", Breaks: "the API server takes connections and never answers", Check: "EW0101", steps: []step{freezing("kube-apiserver")}},
		{Name: "kubelet", Breaks: "the node's kubelet does not answer: nothing can be run in pods", Check: "EW0103", steps: []step{freezing("kubelet")}},
		{Name: "link", Breaks: "the cluster's link to the other clusters is cut", Check: "EW0101", steps: []step{{
			do:   func(ctx context.Context, t *target) error { return t.lab.CutLink(ctx, t.cluster, false) },
			undo: func(ctx context.Context, t *target) error { return t.lab.CutLink(ctx, t.cluster, true) },
		}}},
	}
}

func installFaults() []Fault {
	return []Fault{
		{
			Name: "istiod", Breaks: "istiod is scaled to nothing", Check: "EW0201",
			steps: []step{patch(istiod.object(), `{"spec":{"replicas":0}}`), rolledOut(istiod)},
		},
		{
			Name: "cluster-id", Breaks: "the control plane was installed with the other cluster's name", Check: "EW0202",
			steps: []step{nameLikeAnother(), rolledOut(istiod), restart(theGateway), restartSample()},
		},
		{
			Name: "istiod-second", Breaks: "a second istiod finds no node", Check: "EW0203",
			steps: []step{patch(istiod.object(), `{"spec":{"replicas":2,"strategy":{"rollingUpdate":{"maxSurge":1,"maxUnavailable":0}},"template":{"spec":{"affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"labelSelector":{"matchLabels":{"app":"istiod"}},"topologyKey":"kubernetes.io/hostname"}]}}}}}}`)},
		},
		{
			Name: "mesh-id", Breaks: "the control plane was installed with another mesh ID", Check: "EW0209",
			steps: []step{inInjector(`"meshID": "[^"]*"`, `"meshID": "another-mesh"`)},
		},
	}
}
