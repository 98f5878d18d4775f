package rbac

import "github.com/eastwest-mesh/eastwest/dataplane/conn"

// SubjectOf is a connection as access rules see it.
func SubjectOf(i *conn.Info) *Subject {
	s := &Subject{Dst: i.Dst, Remote: i.Remote, Trusted: i.Remote.Addr(), SNI: i.SNI}
	if i.Peer != nil {
		s.Secure, s.DNSSANs, s.SubjectDN = true, i.Peer.DNSNames, i.Peer.Subject.String()
		for _, u := range i.Peer.URIs {
			s.URISANs = append(s.URISANs, u.String())
		}
	}
	return s
}
