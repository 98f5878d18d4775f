package inspect

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/dataplane/conn"
)

// recordTypeHandshake starts every TLS connection (RFC 8446 section 5.1).
const recordTypeHandshake = 0x16

// Hello is what a ClientHello says.
type Hello struct {
	SNI  string // lower case
	ALPN []string
}

// ErrNotTLS means that the bytes do not begin a TLS connection.
var ErrNotTLS = errors.New("not a TLS ClientHello")

var errSeen = errors.New("ClientHello seen")

// TLS waits for a ClientHello. It returns ErrNotTLS as soon as the bytes cannot
// be one, or the connection's own error.
func TLS(p *conn.Peek) (Hello, error) {
	for {
		if held := p.Held(); len(held) > 0 {
			if held[0] != recordTypeHandshake {
				return Hello{}, ErrNotTLS
			}
			hello, err := ParseHello(held)
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				return hello, err
			}
		}
		if err := p.More(); err != nil {
			return Hello{}, err
		}
	}
}

// ParseHello reads a ClientHello with crypto/tls itself, so that fragments,
// extensions and limits are treated as they will be in the handshake. It
// returns io.ErrUnexpectedEOF while more bytes are needed.
func ParseHello(data []byte) (Hello, error) {
	var hello Hello
	seen := false
	script := &scripted{in: bytes.NewReader(data)}
	err := tls.Server(script, &tls.Config{
		GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			hello, seen = Hello{SNI: strings.ToLower(h.ServerName), ALPN: h.SupportedProtos}, true
			return nil, errSeen
		},
	}).HandshakeContext(context.Background()) //nolint:forbidigo // the recording never blocks
	switch {
	case seen:
		return hello, nil
	case script.dry:
		return Hello{}, io.ErrUnexpectedEOF
	case err == nil:
		return Hello{}, ErrNotTLS
	default:
		return Hello{}, errors.Join(ErrNotTLS, err)
	}
}

// scripted is a connection that plays recorded bytes and swallows answers.
type scripted struct {
	in  *bytes.Reader
	dry bool // a read went past the recording
}

func (s *scripted) Read(b []byte) (int, error) {
	n, err := s.in.Read(b)
	if err != nil {
		s.dry = true
		return n, io.EOF
	}
	return n, nil
}

func (s *scripted) Write(b []byte) (int, error)      { return len(b), nil }
func (s *scripted) Close() error                     { return nil }
func (s *scripted) LocalAddr() net.Addr              { return nil }
func (s *scripted) RemoteAddr() net.Addr             { return nil }
func (s *scripted) SetDeadline(time.Time) error      { return nil }
func (s *scripted) SetReadDeadline(time.Time) error  { return nil }
func (s *scripted) SetWriteDeadline(time.Time) error { return nil }
