package upstream

import (
	"sync"
	"time"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
)

// Outcome is how a try on a host ended.
type Outcome int

// The outcomes that outlier detection tells apart.
const (
	Succeeded     Outcome = iota
	Failed5xx             // an answer with 500, 501, 505..599
	FailedGateway         // an answer with 502, 503 or 504
	FailedLocal           // no answer: connect failure, reset, time-out
)

// OutcomeOf classifies an HTTP status.
func OutcomeOf(status int) Outcome {
	switch {
	case status >= 502 && status <= 504:
		return FailedGateway
	case status >= 500:
		return Failed5xx
	}
	return Succeeded
}

// outlierState is one host's run of failures and its ejections.
type outlierState struct {
	mu      sync.Mutex
	fivexx  uint32
	gateway uint32
	local   uint32
	times   int // ejections in a row; the next lasts that much longer
	until   time.Time
}

func (s *outlierState) ejected(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Before(s.until)
}

// count notes an outcome and reports whether the host is to be ejected.
func (s *outlierState) count(o Outcome, cfg *config.Outlier) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch o {
	case Succeeded:
		s.fivexx, s.gateway, s.local = 0, 0, 0
		return false
	case FailedLocal:
		if cfg.Split {
			s.local++
			return cfg.ConsecutiveLocal > 0 && s.local >= cfg.ConsecutiveLocal
		}
		s.fivexx, s.gateway = s.fivexx+1, s.gateway+1
	case FailedGateway:
		s.fivexx, s.gateway = s.fivexx+1, s.gateway+1
	case Failed5xx:
		s.fivexx, s.gateway = s.fivexx+1, 0
	}
	return cfg.Consecutive5xx > 0 && s.fivexx >= cfg.Consecutive5xx ||
		cfg.ConsecutiveGateway > 0 && s.gateway >= cfg.ConsecutiveGateway
}

// eject takes the host out. Each ejection in a row lasts one base time longer,
// up to the maximum; healthy intervals count down again.
func (s *outlierState) eject(now time.Time, cfg *config.Outlier) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Before(s.until) {
		return
	}
	if cfg.Interval > 0 && !s.until.IsZero() {
		healthy := int(now.Sub(s.until) / cfg.Interval)
		s.times = max(0, s.times-healthy)
	}
	s.times++
	s.until = now.Add(min(time.Duration(s.times)*cfg.BaseEjection, cfg.MaxEjection))
	s.fivexx, s.gateway, s.local = 0, 0, 0
}

// Report tells the xdsCluster how a try on h ended.
func (c *XDSCluster) Report(h *Host, o Outcome) {
	st := c.state.Load()
	cfg := st.cfg.Outlier
	if cfg == nil || !h.health.count(o, cfg) {
		return
	}
	now := c.clock()
	ejected := 0
	for _, other := range st.all {
		if other.Ejected(now) {
			ejected++
		}
	}
	// One host may always go; more only below the percentage
	// (OutlierDetection.max_ejection_percent).
	if ejected > 0 && uint64(ejected)*100 >= uint64(len(st.all))*uint64(cfg.MaxEjectionPercent) {
		return
	}
	h.health.eject(now, cfg)
	c.stats.ejections.Inc()
	c.stats.healthy.Set(int64(usable(st.all, now)))
}
