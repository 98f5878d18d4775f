package upgrade

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/redact"
)

// Plan prints the order of a move as a shell script with comments. Commands that depend on how
// the control planes were installed, which nobody can see, are comments to be filled in.
func Plan(s *istio.Snapshot) string {
	p := planner{s: s, from: s.Asked.Upgrade.From, to: s.Asked.Upgrade.To}
	p.say("From revision %s to %s, on %d clusters.", p.from, p.to, len(s.Clusters))
	p.say("Control planes of %s come first, in all clusters: a new istiod reads the other clusters", p.to)
	p.say("with rights, and looks there for objects, that only an installation of its own revision brings.")
	p.say("Until the last step the way back is open: label what has moved for %s again, and restart it.", p.from)
	for i, step := range Steps() {
		p.out.WriteString("\n")
		p.say("%d. %s. Now: %s.", i+1, step.Title, step.state(s))
		p.commands(step.ID)
		if step.ID != RemovePast {
			p.say("Then: eastwest upgrade check --to %s --step %s", p.to, Steps()[i+1].ID)
		}
	}
	return p.out.String()
}

type planner struct {
	s        *istio.Snapshot
	from, to string
	out      strings.Builder
}

func (p *planner) say(format string, arguments ...any) {
	p.out.WriteString("# " + redact.Printable(fmt.Sprintf(format, arguments...)) + "\n")
}

func (p *planner) run(program string, c *istio.Cluster, arguments ...string) {
	p.out.WriteString(redact.Printable(kube.Command(program, c.Kubeconfig, c.Context, arguments...)) + "\n")
}

func (p *planner) commands(step StepID) {
	for i := range p.s.Clusters {
		c := &p.s.Clusters[i]
		switch step {
		case Install:
			p.install(c)
		case Namespace:
			p.namespace(c)
		case MoveGates:
			p.gateways(c)
		case MoveTag:
			p.tags(c)
		case RemovePast:
			p.remove(c)
		}
	}
	if step == Namespace {
		p.say("Calls between proxies of both revisions, before more namespaces follow:")
		p.say("eastwest verify --suite revisions --revision %s,%s --out artifacts", p.from, p.to)
		p.say("Then the other namespaces, the same way, one after another.")
	}
}

func (p *planner) install(c *istio.Cluster) {
	if c.Runs(p.to) {
		p.say("%s has it.", c.Name)
		return
	}
	if !c.Runs(p.from) {
		p.say("%s has no control plane of its own.", c.Name)
		return
	}
	p.say("%s: as %s was installed, with the same overlays, values and CA, and with the revision %s:", c.Name, p.from, p.to)
	p.say("  asmcli install ... --revision_name %s, or %s", p.to, kube.Command("istioctl", c.Kubeconfig, c.Context, "install", "--revision="+p.to, "--filename=OVERLAY"))
	p.run("kubectl", c, "--namespace="+names.System, "rollout status", "deployment/"+names.Suffixed(names.Istiod, p.to), "--timeout=5m")
}

// namespace moves the smallest namespace of a cluster.
func (p *planner) namespace(c *istio.Cluster) {
	name, pods := smallest(c, p.from)
	if name == "" {
		p.say("%s has no namespace with proxies of %s.", c.Name, p.from)
		return
	}
	p.say("%s: the smallest namespace is %s, with %d pods.", c.Name, name, pods)
	p.run("kubectl", c, "label namespace", kube.Quote(name), names.Revision+"="+p.to, names.Injection+"-", "--overwrite")
	p.run("kubectl", c, "--namespace="+kube.Quote(name), "rollout restart deployments")
	p.run("kubectl", c, "--namespace="+kube.Quote(name), "wait deployments --all --for=condition=Available --timeout=5m")
}

// smallest is the namespace with the fewest pods that have proxies of a revision, without
// gateways.
func smallest(c *istio.Cluster, revision string) (name string, pods int) {
	count := map[string]int{}
	proxies, _ := c.Proxies.Get()
	for _, set := range proxies {
		if set.InjectedBy == revision && !set.Gateway {
			count[set.Namespace] += set.Pods
		}
	}
	for namespace, n := range count {
		if name == "" || n < pods || n == pods && namespace < name {
			name, pods = namespace, n
		}
	}
	return name, pods
}

func (p *planner) gateways(c *istio.Cluster) {
	proxies, _ := c.Proxies.Get()
	gateways := slices.DeleteFunc(slices.Clone(proxies), func(set istio.ProxySet) bool { return !set.Gateway || set.InjectedBy != p.from })
	if len(gateways) == 0 {
		p.say("%s has no gateway of %s.", c.Name, p.from)
		return
	}
	for _, gateway := range gateways {
		if name := deployedFor(c, gateway); name != "" {
			p.say("istiod makes %s for a Gateway, and follows its label:", gateway)
			p.run("kubectl", c, "--namespace="+kube.Quote(gateway.Namespace), "label gateways.gateway.networking.k8s.io", kube.Quote(name), names.Revision+"="+p.to, "--overwrite")
			continue
		}
		patch := fmt.Sprintf(`{"spec":{"template":{"metadata":{"labels":{%q:%q}}}}}`, names.Revision, p.to)
		p.run("kubectl", c, "--namespace="+kube.Quote(gateway.Namespace), "patch deployment", kube.Quote(gateway.Name), "--type=merge", "--patch="+kube.Quote(patch))
		p.run("kubectl", c, "--namespace="+kube.Quote(gateway.Namespace), "rollout status", "deployment/"+kube.Quote(gateway.Name), "--timeout=5m")
	}
}

// deployedFor is the Gateway of the Gateway API that istiod has made a Deployment for; empty for
// one that somebody else made. istiod names it after the Gateway and its class
// (pilot/pkg/config/kube/gateway/deploymentcontroller.go).
func deployedFor(c *istio.Cluster, deployment istio.ProxySet) string {
	api, _ := c.GatewayAPI.Get()
	for _, gateway := range api.Gateways {
		if gateway.Namespace == deployment.Namespace && deployment.Name == gateway.Name+"-"+gateway.Class {
			return gateway.Name
		}
	}
	return ""
}

func (p *planner) tags(c *istio.Cluster) {
	var tags []string
	webhooks, _ := c.Webhooks.Get()
	for _, w := range webhooks {
		if w.Tag != "" && w.Revision == p.from && !slices.Contains(tags, w.Tag) {
			tags = append(tags, w.Tag)
		}
	}
	if len(tags) == 0 {
		p.say("%s has no tag that leads to %s.", c.Name, p.from)
		return
	}
	for _, tag := range tags {
		p.run("istioctl", c, "tag set", kube.Quote(tag), "--revision="+p.to, "--overwrite")
	}
}

func (p *planner) remove(c *istio.Cluster) {
	if !c.Runs(p.from) {
		p.say("%s has none.", c.Name)
		return
	}
	p.run("istioctl", c, "uninstall", "--revision="+p.from)
}
