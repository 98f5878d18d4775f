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
// was told already.
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
// metal, which is one product with one tab on the page.
func mixRules() []mixRule {
	return []mixRule{
		{
			holds:  func(groups []group) bool { return slices.Contains(groups, attached) },
			reason: "attached clusters are supported only in a mesh of a single platform: all EKS or all AKS",
			source: "FEATURES, multi-cluster support of attached clusters",
		},
		{
			holds:  func(groups []group) bool { return slices.Contains(groups, ours) },
			reason: "lab and kind clusters run in networks of their own, which nothing else reaches",
			source: "eastwest's lab and kind",
		},
		{
			holds:  func(groups []group) bool { return slices.Contains(groups, multicloud) },
			reason: "Google documents no mesh over several clouds; over several environments only GKE with clusters on premises",
			source: "INSTALL; HYBRID, the only mixture that it describes",
		},
	}
}
