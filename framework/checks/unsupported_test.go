package checks

import (
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func TestFindUnsupported(t *testing.T) {
	noIstiod := func(c *istio.Cluster) { c.Istiods = istio.Read[[]istio.Istiod](nil) }
	byURL := func(c *istio.Cluster) {
		edit(&c.Webhooks, func(all *[]istio.Webhook) { (*all)[0].Service = "" })
	}
	by := func(primary string) func(*istio.Cluster) {
		return func(c *istio.Cluster) {
			edit(&c.System, func(n *istio.Namespace) { n.ControlPlanes = primary })
		}
	}
	workloads := func(change func(*istio.Workloads)) func(*istio.Cluster) {
		return func(c *istio.Cluster) { edit(&c.Workloads, change) }
	}
	dual := func(value string) func(*istio.Cluster) {
		return func(c *istio.Cluster) {
			edit(&c.Istiods, func(all *[]istio.Istiod) { (*all)[0].Env[names.EnvDualStack] = value })
		}
	}
	tests := map[string]struct {
		change      func(c *istio.Cluster)
		kind, found string
	}{
		"nothing": {change: func(*istio.Cluster) {}},
		"injected by a managed control plane": {
			change: workloads(func(w *istio.Workloads) { w.Pods[0].InjectedBy = "asm-managed-rapid" }),
			kind:   "managed control plane", found: "was injected by revision asm-managed-rapid",
		},
		"only a managed control plane": {
			change: func(c *istio.Cluster) {
				noIstiod(c)
				edit(&c.Webhooks, func(all *[]istio.Webhook) { (*all)[0].Revision = names.ManagedRevision })
			},
			kind: "managed control plane", found: "is of revision asm-managed, and no istiod runs here",
		},
		"a managed control plane that is not used": {
			change: func(c *istio.Cluster) {
				edit(&c.Webhooks, func(all *[]istio.Webhook) {
					*all = append(*all, istio.Webhook{Configuration: "istiod-asm-managed", Revision: names.ManagedRevision})
				})
			},
		},
		"a revision of somebody's own": {
			change: workloads(func(w *istio.Workloads) { w.Pods[0].InjectedBy = "asm-managedly" }),
		},
		"a remote cluster": {
			change: func(c *istio.Cluster) { noIstiod(c); by("cluster9")(c) },
			kind:   "control plane elsewhere", found: "no istiod runs here, and the namespace istio-system has the annotation",
		},
		"a remote cluster whose primary is of the fleet": {
			change: func(c *istio.Cluster) { noIstiod(c); by("cluster1")(c) },
		},
		"an external control plane": {
			change: func(c *istio.Cluster) { noIstiod(c); byURL(c) },
			kind:   "control plane elsewhere", found: "calls a URL",
		},
		"a control plane that is gone": {change: noIstiod},
		"a primary whose webhook calls a URL": {
			change: byURL,
		},
		"istiods that could not be read": {
			change: func(c *istio.Cluster) {
				c.Istiods = istio.NotRead[[]istio.Istiod](istio.Unknown{Reason: istio.Forbidden})
				by("cluster9")(c)
			},
		},
		"ambient by the namespace": {
			change: workloads(func(w *istio.Workloads) {
				w.Namespace.Labels = map[string]string{names.DataplaneMode: names.Ambient}
				w.Pods[1].Proxy = false
			}),
			kind: "ambient", found: "has no sidecar and is of the mesh by istio.io/dataplane-mode=ambient",
		},
		"ambient by the pod": {
			change: workloads(func(w *istio.Workloads) {
				w.Pods[1].Labels[names.DataplaneMode], w.Pods[1].Proxy = names.Ambient, false
			}),
			kind: "ambient", found: "has no sidecar",
		},
		"sidecars in a namespace that is ambient": {
			change: workloads(func(w *istio.Workloads) { w.Namespace.Labels[names.DataplaneMode] = names.Ambient }),
		},
		"a pod that opts out of ambient": {
			change: workloads(func(w *istio.Workloads) {
				w.Namespace.Labels[names.DataplaneMode] = names.Ambient
				w.Pods[1].Labels[names.DataplaneMode], w.Pods[1].Proxy = "none", false
			}),
		},
		"dual stack": {
			change: dual("TRUE"),
			kind:   "dual stack", found: "has ISTIO_DUAL_STACK=TRUE",
		},
		"dual stack off": {
			change: dual("false"),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := healthy(2)
			test.change(&s.Clusters[1])
			got := FindUnsupported(s)
			if test.kind == "" {
				if len(got) > 0 {
					t.Fatalf("want it supported, got %+v", got)
				}
				return
			}
			if len(got) != 1 || got[0].Cluster != "cluster2" || got[0].Kind != test.kind || !strings.Contains(got[0].Found, test.found) {
				t.Fatalf("want cluster2 to be of kind %q because it %q, got %+v", test.kind, test.found, got)
			}
		})
	}
}

// edit changes what a section holds.
func edit[T any](section *istio.Section[T], change func(*T)) {
	value, _ := section.Get()
	change(&value)
	*section = istio.Read(value)
}

// Of the odd meshes that are sound, only these are not judged.
func TestSoundMeshesAreSupported(t *testing.T) {
	unsupported := map[string]bool{"ambient": true}
	for name, c := range cases(t, healthyFolder) {
		if got := FindUnsupported(c.snapshot(t, healthyFolder)); len(got) > 0 != unsupported[name] {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestJudged(t *testing.T) {
	findings := []Finding{
		{Check: "EW0201", Cluster: "a"},
		{Check: "EW0501", Cluster: "b", Pairs: []Pair{{"b", "a"}}},
		{Check: "EW0502", Cluster: "b", Pairs: []Pair{{"b", "c"}}},
		{Check: "EW0503"},
	}
	var got []string
	for _, f := range Judged(findings, []Unsupported{{Cluster: "a"}}) {
		got = append(got, f.Check)
	}
	if strings.Join(got, " ") != "EW0502 EW0503" {
		t.Errorf("want what has nothing to do with cluster a, got %v", got)
	}
}
