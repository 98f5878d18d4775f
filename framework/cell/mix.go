package cell

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MixRefused is the error of a mesh over platforms that must not be joined.
type MixRefused struct {
	Platforms []Platform // each once, in the order given
	Reason    string
	Source    string
}

func (r *MixRefused) Error() string {
	names := make([]string, len(r.Platforms))
	for i, p := range r.Platforms {
		names[i] = string(p)
	}
	return fmt.Sprintf("a mesh over the platforms %s is refused: %s (source: %s)", strings.Join(names, ", "), r.Reason, r.Source)
}

// Mix says whether clusters of these platforms, given in any number and order,
// may be one mesh with one CA. It tells everything that forbids it: each cell
// that is refused, as a *Refused, and the mixture, as a *MixRefused. That there
// is one CA is no accident: with two, workloads trust no common root.
func Mix(platforms []Platform, ca CA) error {
	var (
		distinct []Platform
		errs     []error
	)
	for _, p := range platforms {
		if slices.Contains(distinct, p) {
			continue
		}
		distinct = append(distinct, p)
		if _, err := Parse(string(p), string(ca)); err != nil {
			errs = append(errs, err)
		}
	}
	if err := mixture(distinct); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// mixture judges platforms that differ; a platform that is not in the matrix
// was reported already.
func mixture(distinct []Platform) error {
	groups := make([]group, 0, len(distinct))
	for _, p := range distinct {
		for _, r := range rows() {
			if r.platform == p {
				groups = append(groups, r.group)
			}
		}
	}
	if len(groups) < 2 {
		return nil
	}
	for _, rule := range mixRules() {
		if rule.holds(groups) {
			return &MixRefused{Platforms: distinct, Reason: rule.reason, Source: rule.source}
		}
	}
	return nil
}

// mixRule refuses a mixture of platforms of these groups.
type mixRule struct {
	holds          func(groups []group) bool
	reason, source string
}

// mixRules are tried in order. What none refuses is allowed: VMware with bare
// metal, which is one product with one tab in the guide.
func mixRules() []mixRule {
	return []mixRule{
		{
			holds:  func(groups []group) bool { return slices.Contains(groups, ours) },
			reason: "lab and kind clusters run in networks of their own, which nothing else reaches",
			source: "eastwest's lab and kind",
		},
		{
			holds:  func(groups []group) bool { return slices.Contains(groups, unlisted) },
			reason: "Google documents no mesh with clusters that the guide does not list; for open-source Istio over all of them, give each the platform other",
			source: "GUIDE, its tabs",
		},
		{
			holds:  func(groups []group) bool { return slices.Contains(groups, attached) },
			reason: "attached clusters are supported only in a mesh of a single platform: all EKS or all AKS",
			source: "FEATURES, multi-cluster support of attached clusters",
		},
		{
			holds:  func(groups []group) bool { return slices.Contains(groups, multicloud) },
			reason: "Google documents no mesh over several clouds; over several environments only GKE with clusters on premises",
			source: "INSTALL; HYBRID, the only mixture that it describes",
		},
	}
}

// Mixture is a mesh over two platforms.
type Mixture struct {
	Platforms [2]Platform `json:"platforms"`
	Allowed   bool        `json:"allowed"`
	// Reason says why it is allowed or refused, Source where that is from.
	Reason string `json:"reason"`
	Source string `json:"source"`
}

// Mixtures lists every pair of different platforms, in the order of Platforms.
// More than two are allowed when every pair is.
func Mixtures() []Mixture {
	var all []Mixture
	platforms := Platforms()
	for i, a := range platforms {
		for _, b := range platforms[i+1:] {
			pair := Mixture{
				Platforms: [2]Platform{a, b}, Allowed: true,
				Reason: "one product, one tab in the guide", Source: "GUIDE, tabs of Google Distributed Cloud",
			}
			var refused *MixRefused
			if errors.As(mixture(pair.Platforms[:]), &refused) {
				pair.Allowed, pair.Reason, pair.Source = false, refused.Reason, refused.Source
			}
			all = append(all, pair)
		}
	}
	return all
}

// MixedCAs says why one mesh has one CA, and where that is from.
func MixedCAs() (reason, source string) {
	return "workloads of two CAs trust no common root", "INSTALL, all clusters chain to one root"
}
