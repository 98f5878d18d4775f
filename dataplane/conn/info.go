package conn

import (
	"crypto/x509"
	"net/netip"
)

// Info is what is known of a downstream connection.
type Info struct {
	// Remote is the caller's address, Local the socket's own.
	Remote, Local netip.AddrPort
	// Dst is where the caller wanted to go: the original destination where
	// traffic is captured, else Local.
	Dst netip.AddrPort
	// Listener is the name of the listener that handles it.
	Listener string

	// Inspected facts.
	Transport string   // "tls" or "raw_buffer"
	SNI       string   // from the ClientHello, lower case
	ALPN      []string // as offered, or the sniffed HTTP version

	// Set by a completed handshake that this proxy terminated.
	Secure   bool
	Peer     *x509.Certificate // verified client certificate, or nil
	LocalURI string            // the URI SAN that we presented
}

// PeerURI is the first URI SAN of the verified client certificate, or "".
func (i *Info) PeerURI() string {
	if i.Peer == nil || len(i.Peer.URIs) == 0 {
		return ""
	}
	return i.Peer.URIs[0].String()
}
