package mesh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// Istioctl is what an istioctl says of itself and what it was seen to do.
type Istioctl struct {
	// Version is its own word, such as "1.28.2-asm.4".
	Version string
	// Release is read from Version; zero where that is no version, as in a
	// build without stamps.
	Release cell.Version
	// ValuesPath is how its --set names Helm values: "spec.values" or "values".
	ValuesPath string
}

// The guide's flags for an istioctl, by what it was seen to take.
func (i Istioctl) gatewayFlags(certProvider string) []string {
	return []string{"--set", i.ValuesPath + ".global.pilotCertProvider=" + certProvider}
}

// ProbeIstioctl asks an istioctl for its version, and tries which names of Helm
// values it takes. The version does not settle that: builds of others may
// differ from Istio's own. Nothing is changed, no cluster is reached.
func ProbeIstioctl(ctx context.Context, path string, bounds kube.Bounds) (Istioctl, error) {
	probe := istioctlProbe{path: path, site: &plan.Site{Bounds: bounds}}
	var (
		found      Istioctl
		group      sync.WaitGroup
		errVersion error
		errs       [len(valuesPaths)]error
	)
	group.Go(func() { found.Version, errVersion = probe.version(ctx) })
	for i, name := range valuesPaths {
		group.Go(func() { errs[i] = probe.tryValues(ctx, name) })
	}
	group.Wait()
	if errVersion != nil {
		return Istioctl{}, errVersion
	}
	taken := slices.Index(errs[:], nil)
	if taken < 0 {
		return Istioctl{}, fmt.Errorf("istioctl %s (%s) takes neither %s in --set: %w", path, found.Version, strings.Join(valuesPaths[:], " nor "), errors.Join(errs[:]...))
	}
	found.ValuesPath = valuesPaths[taken]
	if release, err := cell.ParseVersion(found.Version); err == nil {
		found.Release = release
	}
	return found, nil
}

// valuesPaths are the two names, the guide's first: an istioctl up to 1.23 takes
// both.
var valuesPaths = [...]string{"spec.values", "values"}

type istioctlProbe struct {
	path string
	site *plan.Site
}

func (p istioctlProbe) output(ctx context.Context, stdin string, args ...string) ([]byte, error) {
	return plan.Exec{Argv: append([]string{p.path}, args...), Stdin: []byte(stdin)}.Output(ctx, p.site)
}

func (p istioctlProbe) version(ctx context.Context) (string, error) {
	output, err := p.output(ctx, "", "version", "--remote=false", "--output=json")
	if err != nil {
		return "", fmt.Errorf("ask istioctl for its version: %w; give the istioctl of the control plane's version", err)
	}
	return clientVersion(output)
}

func clientVersion(output []byte) (string, error) {
	var answer struct {
		ClientVersion struct{ Version string }
	}
	if err := json.Unmarshal(output, &answer); err != nil {
		return "", fmt.Errorf("read the version of istioctl: %w", err)
	}
	if answer.ClientVersion.Version == "" {
		return "", errors.New("read the version of istioctl: want clientVersion.version in its answer, got none")
	}
	return answer.ClientVersion.Version, nil
}

// probeOperator has something into which the tried value must find its way;
// that istioctl ends well is not enough.
const probeOperator = `apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: probe}
spec:
  profile: empty
  components: {pilot: {enabled: true}}
`

// probeNetwork is the tried value: one that nobody's defaults have.
const probeNetwork = "eastwest-probe"

func (p istioctlProbe) tryValues(ctx context.Context, name string) error {
	manifest, err := p.output(ctx, probeOperator, "manifest", "generate", "--set", name+".global.network="+probeNetwork, "--filename=-")
	if err != nil {
		return err
	}
	if !strings.Contains(string(manifest), probeNetwork) {
		return fmt.Errorf("%s.global.network is taken, but has no effect", name)
	}
	return nil
}
