package names

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
)

const origin = "balancers.example"

func TestAnswer(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := start
	zone := NewZone(origin, func() time.Time { return now })
	addresses := []netip.Addr{netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("198.51.100.2")}
	zone.Publish("gw.balancers.example", addresses, start.Add(2*time.Second))
	zone.Publish("hidden.balancers.example", addresses, start)
	if !zone.Hide("hidden.balancers.example", true) || zone.Hide("none.balancers.example", true) {
		t.Error("want a name hidden that is there, and hears that another is not")
	}
	rows := []struct {
		name  string
		after time.Duration
		ask   string
		kind  uint16
		rcode int
		want  []string
		soa   bool
	}{
		{"before its time", time.Second, "gw.balancers.example.", dns.TypeA, dns.RcodeNameError, nil, true},
		{"from its time on", 2 * time.Second, "gw.balancers.example.", dns.TypeA, dns.RcodeSuccess, []string{"198.51.100.1", "198.51.100.2"}, false},
		{"whatever its case", 2 * time.Second, "GW.Balancers.Example.", dns.TypeA, dns.RcodeSuccess, []string{"198.51.100.1", "198.51.100.2"}, false},
		{"no IPv6", 2 * time.Second, "gw.balancers.example.", dns.TypeAAAA, dns.RcodeSuccess, nil, true},
		{"hidden by a fault", 2 * time.Second, "hidden.balancers.example.", dns.TypeA, dns.RcodeNameError, nil, true},
		{"unknown", 0, "none.balancers.example.", dns.TypeA, dns.RcodeNameError, nil, true},
		{"another zone", 0, "example.com.", dns.TypeA, dns.RcodeRefused, nil, false},
		{"the zone itself", 0, "balancers.example.", dns.TypeA, dns.RcodeSuccess, nil, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			now = start.Add(row.after)
			reply := zone.Answer(new(dns.Msg).SetQuestion(row.ask, row.kind))
			var got []string
			for _, rr := range reply.Answer {
				got = append(got, rr.(*dns.A).A.String())
				if rr.Header().Ttl != ttl {
					t.Errorf("want a TTL of %d s, got %d", ttl, rr.Header().Ttl)
				}
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
			if reply.Rcode != row.rcode || (len(reply.Ns) == 1) != row.soa {
				t.Errorf("want %s and a SOA: %t, got %s and %v", dns.RcodeToString[row.rcode], row.soa, dns.RcodeToString[reply.Rcode], reply.Ns)
			}
		})
	}
	zone.Withdraw("gw.balancers.example")
	if reply := zone.Answer(new(dns.Msg).SetQuestion("gw.balancers.example.", dns.TypeA)); reply.Rcode != dns.RcodeNameError {
		t.Errorf("a withdrawn name still resolves: %v", reply)
	}
}

// The same name keeps its moment, or a Service that changes would stop resolving.
func TestPublishAgain(t *testing.T) {
	start := time.Now()
	zone := NewZone(origin, func() time.Time { return start })
	zone.Publish("gw.balancers.example", []netip.Addr{netip.MustParseAddr("198.51.100.1")}, start)
	zone.Publish("gw.balancers.example", []netip.Addr{netip.MustParseAddr("198.51.100.9")}, start.Add(time.Hour))
	reply := zone.Answer(new(dns.Msg).SetQuestion("gw.balancers.example.", dns.TypeA))
	if len(reply.Answer) != 1 || reply.Answer[0].(*dns.A).A.String() != "198.51.100.9" {
		t.Errorf("want the new address at once, got %v", reply)
	}
}

func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	sockets, err := Listen(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	zone := NewZone(origin, time.Now)
	zone.Publish("gw.balancers.example", []netip.Addr{netip.MustParseAddr("198.51.100.1")}, time.Time{})
	served := make(chan error, 1)
	go func() { served <- sockets.Serve(ctx, zone) }()
	query := new(dns.Msg).SetQuestion("gw.balancers.example.", dns.TypeA)
	for network, address := range map[string]string{"udp": sockets.udp.LocalAddr().String(), "tcp": sockets.tcp.Addr().String()} {
		client := dns.Client{Net: network}
		if reply, _, err := client.ExchangeContext(ctx, query, address); err != nil || len(reply.Answer) != 1 {
			t.Errorf("%s: %v %v", network, reply, err)
		}
	}
	cancel()
	if err := <-served; err != nil {
		t.Errorf("want a quiet end, got %v", err)
	}
}
