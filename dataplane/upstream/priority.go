package upstream

import (
	"math/rand/v2"
	"time"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
)

// tier is one priority: its localities, and one balancer over all its hosts
// (or one per locality when localities are weighted).
type tier struct {
	hosts      []*Host
	all        *balancer
	localities []locality
}

type locality struct {
	weight   uint32
	balancer *balancer
}

// hundred is the whole of a load or a health, in percent.
const hundred = 100

// loads splits 100 percent over the priorities: each takes as much as its
// health (healthy hosts x overprovisioning factor) allows, the rest spills to
// the next (Envoy's priority levels). panics lists the priorities whose hosts
// are then taken whether healthy or not.
func loads(healthy, total []int, overprovision uint32, panicBelow float64) (load []int, panics []bool) {
	n := len(total)
	health, sum := make([]int, n), 0
	for i := range total {
		if total[i] > 0 {
			health[i] = min(hundred, healthy[i]*int(overprovision)/total[i])
		}
		sum += health[i]
	}
	load, panics = make([]int, n), make([]bool, n)
	whole := min(hundred, sum)
	for i := range total {
		// A priority panics only while all of them together cannot take the load.
		panics[i] = whole < hundred && total[i] > 0 && float64(healthy[i])*hundred/float64(total[i]) < panicBelow
	}
	if whole == 0 {
		// No healthy host anywhere: in panic the load goes by size.
		all := 0
		for i := range total {
			if panics[i] {
				all += total[i]
			}
		}
		for i := range total {
			if all > 0 && panics[i] {
				load[i] = hundred * total[i] / all
			}
		}
		return load, panics
	}
	left := hundred
	for i := range health {
		load[i] = min(left, health[i]*hundred/whole)
		left -= load[i]
	}
	for i := range load { // what integer division lost goes to the first that is up
		if load[i] > 0 {
			load[i] += left
			break
		}
	}
	return load, panics
}

// pickTier chooses a priority by load; skip leaves priorities out.
func pickTier(load []int, n int) int {
	for i, l := range load {
		if n < l {
			return i
		}
		n -= l
	}
	return -1
}

// pick chooses a host of the tier.
func (t *tier) pick(overprovision uint32, now time.Time, panicking bool, accept func(*Host) bool) *Host {
	ok := func(h *Host) bool { return (panicking || h.Available(now)) && accept(h) }
	if len(t.localities) == 0 {
		return t.all.pick(ok)
	}
	weights, total := make([]float64, len(t.localities)), 0.0
	for i, l := range t.localities {
		hosts := l.balancer.hosts
		share := 1.0
		if !panicking {
			share = min(1, float64(usable(hosts, now))*float64(overprovision)/hundred/float64(len(hosts)))
		}
		weights[i] = float64(l.weight) * share
		total += weights[i]
	}
	at := rand.Float64() * total
	for i, l := range t.localities {
		if at -= weights[i]; at < 0 {
			if h := l.balancer.pick(ok); h != nil {
				return h
			}
			break
		}
	}
	return t.all.pick(ok)
}

func newTier(cfg *config.XDSCluster, groups []group) *tier {
	t := &tier{}
	for _, g := range groups {
		t.hosts = append(t.hosts, g.hosts...)
	}
	t.all = newBalancer(cfg.Policy, cfg.ChoiceCount, t.hosts)
	if !cfg.LocalityWeighted {
		return t
	}
	for _, g := range groups {
		if g.weight > 0 && len(g.hosts) > 0 {
			t.localities = append(t.localities, locality{g.weight, newBalancer(cfg.Policy, cfg.ChoiceCount, g.hosts)})
		}
	}
	return t
}

type group struct {
	weight uint32
	hosts  []*Host
}
