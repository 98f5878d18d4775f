package listener

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/conn"
	"github.com/eastwest-mesh/eastwest/dataplane/stats"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// teller reports the listener that each connection reached.
type teller chan string

func (c teller) Serve(_ context.Context, d *conn.Downstream, _ *config.TCP) {
	c <- d.Info.Listener
	_ = d.Close()
}

func manager(t *testing.T) (*Manager, teller) {
	t.Helper()
	reached := make(teller, 10)
	m := NewManager(Options{TCP: reached, Stats: &stats.Registry{}, Log: slog.New(slog.DiscardHandler), DrainTime: time.Millisecond})
	t.Cleanup(m.Close)
	return m, reached
}

func listenerAt(name, addr string, bind bool) *config.Listener {
	return &config.Listener{
		Name: name, Addresses: []netip.AddrPort{netip.MustParseAddrPort(addr)}, Bind: bind,
		Default: &config.Chain{Digest: name, TCP: &config.TCP{}},
	}
}

func TestHandOff(t *testing.T) {
	m, _ := manager(t)
	self := listenerAt("virtualOutbound", "127.0.0.1:0", true)
	self.HandOff = true
	for _, l := range []*config.Listener{
		self, listenerAt("wildcard", "0.0.0.0:5000", false), listenerAt("exact", "10.0.0.1:5000", false),
		listenerAt("six", "[::]:6000", false),
	} {
		if err := m.Set(l); err != nil {
			t.Fatal(err)
		}
	}
	for dst, want := range map[string]string{
		"10.0.0.1:5000": "exact", "10.0.0.2:5000": "wildcard", "10.0.0.1:80": "virtualOutbound",
		"[2001:db8::1]:6000": "six", "[2001:db8::1]:5000": "virtualOutbound",
	} {
		got := m.handOff(m.table.Load().byName["virtualOutbound"], &conn.Info{Dst: netip.MustParseAddrPort(dst)})
		if got.cfg.Name != want {
			t.Errorf("%s: %s, want %s", dst, got.cfg.Name, want)
		}
	}
	m.Remove("exact")
	if got := m.handOff(m.table.Load().byName["virtualOutbound"], &conn.Info{Dst: netip.MustParseAddrPort("10.0.0.1:5000")}); got.cfg.Name != "wildcard" {
		t.Errorf("after removal: %s, want wildcard", got.cfg.Name)
	}
}

func dial(t *testing.T, addr net.Addr) error {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr.String(), 5*time.Second)
	if err == nil {
		_ = c.Close()
	}
	return err
}

func TestSocketsComeAndGo(t *testing.T) {
	m, reached := manager(t)
	if err := m.Set(listenerAt("a", "127.0.0.1:0", true)); err != nil {
		t.Fatal(err)
	}
	at := m.All()[0].Bound[0]
	if err := dial(t, at); err != nil || <-reached != "a" {
		t.Fatalf("not reached: %v", err)
	}
	// The port is taken: the update is refused and nothing half done stays.
	err := m.Set(listenerAt("b", at.String(), true))
	if err == nil || !strings.Contains(err.Error(), at.String()) {
		t.Errorf("second listener on %s: %v, want an error that names it", at, err)
	}
	if len(m.All()) != 1 {
		t.Errorf("%d listeners, want one", len(m.All()))
	}
	if err := m.Set(listenerAt("a", "127.0.0.1:0", true)); err != nil || m.All()[0].Bound[0].String() != at.String() {
		t.Errorf("an update moved the socket to %s (%v)", m.All()[0].Bound[0], err)
	}
	m.Remove("a")
	if err := dial(t, at); err == nil {
		t.Error("the removed listener accepts")
	}
	// An IPv6 wildcard either works here or says why not.
	if err := m.Set(listenerAt("six", "[::]:0", true)); err == nil && len(m.All()[0].Bound) != 1 {
		t.Error("an IPv6 listener without a socket")
	}
}

func TestNothingIsAcceptedAfterClose(t *testing.T) {
	m, _ := manager(t)
	if err := m.Set(listenerAt("a", "127.0.0.1:0", true)); err != nil {
		t.Fatal(err)
	}
	at := m.All()[0].Bound[0]
	m.Close()
	if err := dial(t, at); err == nil {
		t.Error("it accepts after Close")
	}
	if err := m.Set(listenerAt("b", "127.0.0.1:0", true)); err == nil {
		t.Error("a listener was added after Close")
	}
}
