package upstream

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/stats"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is time that tests move.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func manager(t *testing.T) (*Manager, *clock) {
	t.Helper()
	c := &clock{now: time.Unix(1_000_000, 0)}
	m := NewManager(Options{Stats: &stats.Registry{}, Clock: c.Now})
	t.Cleanup(m.Close)
	return m, c
}

// endpoint h has weight w and is healthy; h is the last part of its address.
func endpoint(h, w int) config.Endpoint {
	return config.Endpoint{Network: "tcp", Address: fmt.Sprintf("10.0.0.%d:80", h), Weight: uint32(w), Healthy: true}
}

func cluster(t *testing.T, m *Manager, cfg config.XDSCluster, localities ...config.Locality) *XDSCluster {
	t.Helper()
	cfg.Name, cfg.Discovery, cfg.EDSName = "c", config.DiscoverEDS, "c"
	cfg.Sockets = []config.SocketMatch{{}}
	if cfg.Limits == (config.Limits{}) {
		cfg.Limits = config.Limits{Connections: 1 << 20, Pending: 1 << 20, Requests: 1 << 20, Retries: 1 << 20}
	}
	m.Set(&cfg)
	m.SetEndpoints(&config.Endpoints{Name: "c", Localities: localities, Overprovision: 140})
	return m.Get("c")
}

// picks counts n picks by address.
func picks(t *testing.T, c *XDSCluster, n int, hold bool) map[string]int {
	t.Helper()
	out := map[string]int{}
	for range n {
		h, err := c.Pick(PickOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if hold {
			h.Hold()
		}
		out[h.Address]++
	}
	return out
}

// near checks counts against shares within five standard deviations: a correct
// balancer fails once in about two million runs of one check.
func near(t *testing.T, got map[string]int, n int, share map[string]float64) {
	t.Helper()
	for addr, p := range share {
		if dev := 5 * math.Sqrt(float64(n)*p*(1-p)); math.Abs(float64(got[addr])-float64(n)*p) > dev+1 {
			t.Errorf("%s: %d of %d, want %.0f within %.0f", addr, got[addr], n, float64(n)*p, dev)
		}
	}
	total := 0
	for addr, k := range got {
		if _, ok := share[addr]; !ok {
			t.Errorf("%s: %d picks of a host that should get none", addr, k)
		}
		total += k
	}
	if total != n {
		t.Errorf("%d picks, want %d", total, n)
	}
}

const (
	h1 = "10.0.0.1:80"
	h2 = "10.0.0.2:80"
	h3 = "10.0.0.3:80"
)

func TestLeastRequestOfEqualWeightsIsAFairCoin(t *testing.T) {
	m, _ := manager(t)
	c := cluster(t, m, config.XDSCluster{Policy: config.LeastRequest, ChoiceCount: 2}, config.Locality{Hosts: []config.Endpoint{endpoint(1, 1), endpoint(2, 1)}})
	near(t, picks(t, c, 4000, false), 4000, map[string]float64{h1: .5, h2: .5})
	// Strict alternation would hide that calls are independent.
	same, last := 0, ""
	for range 1000 {
		h, _ := c.Pick(PickOptions{})
		if h.Address == last {
			same++
		}
		last = h.Address
	}
	if same < 300 || same > 700 {
		t.Errorf("the same host followed itself %d times of 1000, want about 500", same)
	}
}

func TestLeastRequestAvoidsTheBusy(t *testing.T) {
	m, _ := manager(t)
	c := cluster(t, m, config.XDSCluster{Policy: config.LeastRequest, ChoiceCount: 2}, config.Locality{Hosts: []config.Endpoint{endpoint(1, 1), endpoint(2, 1)}})
	for _, h := range c.Hosts() {
		if h.Address == h1 {
			for range 10 {
				h.Hold()
			}
		}
	}
	// Both choices fall on the busy one a quarter of the time.
	near(t, picks(t, c, 4000, false), 4000, map[string]float64{h1: .25, h2: .75})
}

func TestUnequalWeights(t *testing.T) {
	for name, policy := range map[string]config.Policy{"least request": config.LeastRequest, "round robin": config.RoundRobin} {
		t.Run(name, func(t *testing.T) {
			m, _ := manager(t)
			c := cluster(t, m, config.XDSCluster{Policy: policy, ChoiceCount: 2}, config.Locality{Hosts: []config.Endpoint{endpoint(1, 1), endpoint(2, 3)}})
			got := picks(t, c, 400, false)
			// Scheduled, not drawn: nearly exact.
			if math.Abs(float64(got[h1]-100)) > 2 || math.Abs(float64(got[h2]-300)) > 2 {
				t.Errorf("%v, want 100 and 300", got)
			}
		})
	}
}

func TestWeightedLeastRequestShrinksWithLoad(t *testing.T) {
	m, _ := manager(t)
	c := cluster(t, m, config.XDSCluster{Policy: config.LeastRequest, ChoiceCount: 2}, config.Locality{Hosts: []config.Endpoint{endpoint(1, 1), endpoint(2, 3)}})
	for _, h := range c.Hosts() {
		if h.Address == h2 {
			for range 8 {
				h.Hold() // weight 3 / (8 + 1): a third of the other's
			}
		}
	}
	got := picks(t, c, 400, false)
	if math.Abs(float64(got[h1]-300)) > 4 {
		t.Errorf("%v, want 300 on the idle host", got)
	}
}

func TestRoundRobinAlternatesAndRandomDoesNot(t *testing.T) {
	m, _ := manager(t)
	c := cluster(t, m, config.XDSCluster{Policy: config.RoundRobin}, config.Locality{Hosts: []config.Endpoint{endpoint(1, 1), endpoint(2, 1), endpoint(3, 1)}})
	if diff := cmp.Diff(map[string]int{h1: 100, h2: 100, h3: 100}, picks(t, c, 300, false)); diff != "" {
		t.Error(diff)
	}
	c = cluster(t, m, config.XDSCluster{Policy: config.Random}, config.Locality{Hosts: []config.Endpoint{endpoint(1, 1), endpoint(2, 9)}})
	near(t, picks(t, c, 4000, false), 4000, map[string]float64{h1: .5, h2: .5}) // RANDOM knows no weights
}

func TestLocalityWeightsCountOnlyWhereAsked(t *testing.T) {
	groups := []config.Locality{
		{Region: "a", Weight: 1, Hosts: []config.Endpoint{endpoint(1, 1)}},
		{Region: "b", Weight: 9, Hosts: []config.Endpoint{endpoint(2, 1)}},
	}
	m, _ := manager(t)
	c := cluster(t, m, config.XDSCluster{Policy: config.LeastRequest}, groups...)
	near(t, picks(t, c, 4000, false), 4000, map[string]float64{h1: .5, h2: .5})
	c = cluster(t, m, config.XDSCluster{Policy: config.LeastRequest, LocalityWeighted: true, ConnectTimeout: 1}, groups...)
	near(t, picks(t, c, 4000, false), 4000, map[string]float64{h1: .1, h2: .9})
}

func TestLoads(t *testing.T) {
	for _, c := range []struct {
		name           string
		healthy, total []int
		panicBelow     float64
		load           []int
		panics         []bool
	}{
		{"all up", []int{2, 2}, []int{2, 2}, 0, []int{100, 0}, []bool{false, false}},
		{"overprovisioned enough", []int{5, 2}, []int{7, 2}, 0, []int{100, 0}, []bool{false, false}},
		{"half down spills over", []int{1, 2}, []int{2, 2}, 0, []int{70, 30}, []bool{false, false}},
		{"first gone", []int{0, 2}, []int{2, 2}, 0, []int{0, 100}, []bool{false, false}},
		{"empty first", []int{0, 1}, []int{0, 1}, 0, []int{0, 100}, []bool{false, false}},
		{"all weak share", []int{1, 1}, []int{4, 4}, 0, []int{50, 50}, []bool{false, false}},
		{"nothing up, panic off", []int{0, 0}, []int{2, 2}, 0, []int{0, 0}, []bool{false, false}},
		{"nothing up, panic on", []int{0, 0}, []int{1, 3}, 50, []int{25, 75}, []bool{true, true}},
		{"one weak priority panics", []int{1}, []int{4}, 50, []int{100}, []bool{true}},
		{"no host at all", nil, nil, 50, []int{}, []bool{}},
	} {
		load, panics := loads(c.healthy, c.total, 140, c.panicBelow)
		if !slices.Equal(load, c.load) || !slices.Equal(panics, c.panics) {
			t.Errorf("%s: %v %v, want %v %v", c.name, load, panics, c.load, c.panics)
		}
	}
}

func TestFailoverByPriority(t *testing.T) {
	m, clk := manager(t)
	out := &config.Outlier{ConsecutiveGateway: 2, BaseEjection: time.Minute, MaxEjection: time.Hour, Interval: time.Second, MaxEjectionPercent: 100}
	c := cluster(t, m, config.XDSCluster{Policy: config.LeastRequest, Outlier: out},
		config.Locality{Priority: 0, Hosts: []config.Endpoint{endpoint(1, 1)}}, config.Locality{Priority: 1, Hosts: []config.Endpoint{endpoint(2, 1)}})
	near(t, picks(t, c, 50, false), 50, map[string]float64{h1: 1})
	local := c.Hosts()[0]
	c.Report(local, FailedGateway)
	c.Report(local, Succeeded)
	c.Report(local, FailedGateway)
	near(t, picks(t, c, 50, false), 50, map[string]float64{h1: 1}) // not in a row
	c.Report(local, FailedGateway)
	near(t, picks(t, c, 50, false), 50, map[string]float64{h2: 1})
	clk.now = clk.now.Add(60500 * time.Millisecond)
	near(t, picks(t, c, 50, false), 50, map[string]float64{h1: 1})
	// The second ejection in a row lasts twice as long.
	c.Report(local, FailedGateway)
	c.Report(local, FailedGateway)
	if !local.Ejected(clk.now.Add(100*time.Second)) || local.Ejected(clk.now.Add(121*time.Second)) {
		t.Error("the second ejection must last two base times")
	}
}

func TestOutcomesThatEject(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  config.Outlier
		o    Outcome
		n    int // failures until the ejection; 0: never
	}{
		{"5xx", config.Outlier{Consecutive5xx: 3}, Failed5xx, 3},
		{"gateway errors are 5xx", config.Outlier{Consecutive5xx: 3}, FailedGateway, 3},
		{"500 is no gateway error", config.Outlier{ConsecutiveGateway: 3}, Failed5xx, 0},
		{"no answer counts as a gateway error", config.Outlier{ConsecutiveGateway: 3}, FailedLocal, 3},
		{"unless split", config.Outlier{ConsecutiveGateway: 3, Consecutive5xx: 3, Split: true}, FailedLocal, 0},
		{"split", config.Outlier{ConsecutiveLocal: 2, Split: true}, FailedLocal, 2},
		{"off", config.Outlier{}, Failed5xx, 0},
	} {
		m, clk := manager(t)
		c.cfg.BaseEjection, c.cfg.MaxEjection = time.Minute, time.Minute
		x := cluster(t, m, config.XDSCluster{Outlier: &c.cfg}, config.Locality{Hosts: []config.Endpoint{endpoint(1, 1), endpoint(2, 1)}})
		h := x.Hosts()[0]
		for i := 1; i <= 10; i++ {
			x.Report(h, c.o)
			if h.Ejected(clk.now) != (c.n > 0 && i >= c.n) {
				t.Errorf("%s: after %d failures ejected is %t", c.name, i, h.Ejected(clk.now))
				break
			}
		}
	}
}

func TestEjectionHasALimit(t *testing.T) {
	m, clk := manager(t)
	c := cluster(t, m, config.XDSCluster{Outlier: &config.Outlier{Consecutive5xx: 1, BaseEjection: time.Minute, MaxEjection: time.Minute, MaxEjectionPercent: 10}},
		config.Locality{Hosts: []config.Endpoint{endpoint(1, 1), endpoint(2, 1), endpoint(3, 1)}})
	ejected := 0
	for _, h := range c.Hosts() {
		c.Report(h, Failed5xx)
		if h.Ejected(clk.now) {
			ejected++
		}
	}
	if ejected != 1 {
		t.Errorf("%d ejected, want one: 10 %% of three is less, and one may always go", ejected)
	}
}

func TestAvoidTakesOthersFirstAndAnyLast(t *testing.T) {
	m, _ := manager(t)
	c := cluster(t, m, config.XDSCluster{Policy: config.LeastRequest}, config.Locality{Hosts: []config.Endpoint{endpoint(1, 1), endpoint(2, 1)}})
	for range 100 {
		h, err := c.Pick(PickOptions{Avoid: func(h *Host) bool { return h.Address == h1 }})
		if err != nil || h.Address != h2 {
			t.Fatalf("%v %v, want the other host", h, err)
		}
	}
	if _, err := c.Pick(PickOptions{Avoid: func(*Host) bool { return true }}); err != nil {
		t.Errorf("%v: with every host tried any of them will do", err)
	}
}

func TestUpdatesKeepHostsAndTheirCounters(t *testing.T) {
	m, _ := manager(t)
	c := cluster(t, m, config.XDSCluster{}, config.Locality{Hosts: []config.Endpoint{endpoint(1, 1), endpoint(2, 1)}})
	before := c.Hosts()[0]
	before.RqTotal.Add(7)
	m.SetEndpoints(&config.Endpoints{Name: "c", Localities: []config.Locality{{Hosts: []config.Endpoint{endpoint(1, 5)}}}, Overprovision: 140})
	after := c.Hosts()
	if len(after) != 1 || after[0] != before || after[0].RqTotal.Load() != 7 || after[0].Spec().Weight != 5 {
		t.Errorf("hosts after the update: %+v", after)
	}
	unhealthy := endpoint(1, 1)
	unhealthy.Healthy = false
	m.SetEndpoints(&config.Endpoints{Name: "c", Localities: []config.Locality{{Hosts: []config.Endpoint{unhealthy}}}, Overprovision: 140})
	if _, err := c.Pick(PickOptions{}); err == nil {
		t.Error("an unhealthy host was picked with panic off")
	}
	m.RemoveEndpoints("c")
	if len(c.Hosts()) != 0 {
		t.Error("removed endpoints stay")
	}
}

func TestEndpointsOutliveTheirXDSClustersUpdate(t *testing.T) {
	m, _ := manager(t)
	cfg := config.XDSCluster{Policy: config.RoundRobin}
	c := cluster(t, m, cfg, config.Locality{Hosts: []config.Endpoint{endpoint(1, 1)}})
	cfg.Name, cfg.Discovery, cfg.EDSName, cfg.Sockets, cfg.Policy = "c", config.DiscoverEDS, "c", []config.SocketMatch{{}}, config.Random
	m.Set(&cfg)
	if len(c.Hosts()) != 1 {
		t.Error("istiod does not always send endpoints again after an update of their xdsCluster")
	}
	m.Remove("c")
	if m.Get("c") != nil || len(m.EDSNames()) != 0 {
		t.Error("the removed xdsCluster stays")
	}
}

func TestOriginalDestination(t *testing.T) {
	m, _ := manager(t)
	m.Set(&config.XDSCluster{Name: "o", Discovery: config.DiscoverOriginalDst, Sockets: []config.SocketMatch{{}}})
	c := m.Get("o")
	h, err := c.Pick(PickOptions{Dst: netip.MustParseAddrPort("192.0.2.1:80")})
	if err != nil || h.Address != "192.0.2.1:80" {
		t.Fatalf("%v %v", h, err)
	}
	if again, _ := c.Pick(PickOptions{Dst: netip.MustParseAddrPort("192.0.2.1:80")}); again != h {
		t.Error("the same destination is another host")
	}
	if _, err := c.Pick(PickOptions{}); err == nil {
		t.Error("picked without a destination")
	}
	// Scanners must not make the proxy grow without bound.
	for i := range 3 * maxOriginalDstHosts {
		dst := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)}), 80)
		if _, err := c.Pick(PickOptions{Dst: dst}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(c.Hosts()); n > maxOriginalDstHosts {
		t.Errorf("%d hosts remembered, want at most %d", n, maxOriginalDstHosts)
	}
}

func TestCircuitBreakers(t *testing.T) {
	m, _ := manager(t)
	c := cluster(t, m, config.XDSCluster{HTTP: config.HTTP2, Limits: config.Limits{Requests: 2, Connections: 1, Retries: 1}}, config.Locality{Hosts: []config.Endpoint{endpoint(1, 1)}})
	leave, err := c.Admit(false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Admit(true); err == nil {
		t.Error("a TCP connection beyond max_connections was admitted")
	}
	if _, err := c.Admit(false); err != nil {
		t.Errorf("second request: %v", err)
	}
	if _, err := c.Admit(false); err == nil {
		t.Error("a third request of two was admitted")
	}
	leave()
	leave() // only counts once
	if _, err := c.Admit(false); err != nil {
		t.Errorf("after one left: %v", err)
	}
	if _, err := c.Admit(false); err == nil {
		t.Error("leaving twice made two places")
	}
	done, ok := c.AdmitRetry()
	if _, second := c.AdmitRetry(); !ok || second {
		t.Error("max_retries 1 must admit one retry")
	}
	done()
}
