package names

import (
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

const (
	// ttl is what Elastic Load Balancing gives its names (60 s).
	ttl = 60
	// negativeTTL is how long a resolver may remember that a name is not there.
	// Clouds say more; a rehearsal should not wait for it.
	negativeTTL = 2
)

// Zone holds the names of one zone. The zero value is not usable; see NewZone.
type Zone struct {
	origin string
	now    func() time.Time

	mu    sync.Mutex
	names map[string]*entry // guarded by mu; by name, fully qualified
}

type entry struct {
	addresses []netip.Addr
	// from is when the name begins to resolve.
	from time.Time
	// hidden is true for as long as a fault lasts.
	hidden bool
}

// NewZone returns an empty zone; now tells the time.
func NewZone(origin string, now func() time.Time) *Zone {
	return &Zone{origin: dns.CanonicalName(origin), now: now, names: map[string]*entry{}}
}

// Publish makes a name resolve to addresses from a moment on. A name that is
// there keeps its moment.
func (z *Zone) Publish(name string, addresses []netip.Addr, from time.Time) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if e, ok := z.names[dns.CanonicalName(name)]; ok {
		e.addresses = addresses
		return
	}
	z.names[dns.CanonicalName(name)] = &entry{addresses: addresses, from: from}
}

// Withdraw takes a name out of the zone; one that is not there is no error.
func (z *Zone) Withdraw(name string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	delete(z.names, dns.CanonicalName(name))
}

// Hide makes a name NXDOMAIN until it is shown again, as a fault. It reports
// whether the zone has the name.
func (z *Zone) Hide(name string, hidden bool) bool {
	z.mu.Lock()
	defer z.mu.Unlock()
	e, ok := z.names[dns.CanonicalName(name)]
	if ok {
		e.hidden = hidden
	}
	return ok
}

// lookup returns the addresses of a name that resolves now.
func (z *Zone) lookup(name string) ([]netip.Addr, bool) {
	z.mu.Lock()
	defer z.mu.Unlock()
	e, ok := z.names[name]
	if !ok || e.hidden || z.now().Before(e.from) {
		return nil, false
	}
	return e.addresses, true
}

// Answer answers one query with authority: a name's addresses, no data for a
// type that it has not, NXDOMAIN for a name that does not resolve (yet), and a
// refusal for every other zone.
func (z *Zone) Answer(query *dns.Msg) *dns.Msg {
	reply := new(dns.Msg).SetReply(query)
	if len(query.Question) != 1 {
		reply.Rcode = dns.RcodeFormatError
		return reply
	}
	question := query.Question[0]
	name := dns.CanonicalName(question.Name)
	if !dns.IsSubDomain(z.origin, name) {
		reply.Rcode = dns.RcodeRefused
		return reply
	}
	reply.Authoritative = true
	addresses, ok := z.lookup(name)
	switch {
	case !ok && name != z.origin:
		reply.Rcode = dns.RcodeNameError
	case question.Qtype == dns.TypeSOA && name == z.origin:
		reply.Answer = []dns.RR{z.soa()}
	case question.Qtype == dns.TypeA:
		for _, a := range addresses {
			header := dns.RR_Header{Name: question.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: ttl}
			reply.Answer = append(reply.Answer, &dns.A{Hdr: header, A: a.AsSlice()})
		}
	}
	if len(reply.Answer) == 0 {
		reply.Ns = []dns.RR{z.soa()} // RFC 2308: it says how long "no" may be remembered
	}
	return reply
}

func (z *Zone) soa() dns.RR {
	return &dns.SOA{
		Hdr: dns.RR_Header{Name: z.origin, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: negativeTTL},
		Ns:  "ns." + z.origin, Mbox: "hostmaster." + strings.TrimPrefix(z.origin, "."),
		Serial: 1, Refresh: 3600, Retry: 600, Expire: 86400, Minttl: negativeTTL,
	}
}
