package conn

import (
	"errors"
	"io"
	"net"
)

// PeekLimit bounds what inspectors may hold of one connection, in bytes.
const PeekLimit = 64 << 10

// ErrPeekLimit means that an inspector wanted more than PeekLimit.
var ErrPeekLimit = errors.New("inspected more than 64 KiB")

// Peek is a connection whose first bytes can be looked at before they are read.
type Peek struct {
	net.Conn
	held []byte
}

// NewPeek wraps c.
func NewPeek(c net.Conn) *Peek { return &Peek{Conn: c} }

// Held is what was looked at and not yet read. The caller must not change it.
func (p *Peek) Held() []byte { return p.held }

// More waits for more bytes and adds them to Held.
func (p *Peek) More() error {
	if len(p.held) >= PeekLimit {
		return ErrPeekLimit
	}
	if cap(p.held) == len(p.held) {
		grown := make([]byte, len(p.held), max(1024, 2*len(p.held)))
		copy(grown, p.held)
		p.held = grown
	}
	n, err := p.Conn.Read(p.held[len(p.held):cap(p.held)])
	p.held = p.held[:len(p.held)+n]
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// Read gives the held bytes first.
func (p *Peek) Read(b []byte) (int, error) {
	if len(p.held) == 0 {
		return p.Conn.Read(b)
	}
	n := copy(b, p.held)
	p.held = p.held[n:]
	if len(p.held) == 0 {
		p.held = nil
	}
	return n, nil
}

// CloseWrite sends a FIN.
func (p *Peek) CloseWrite() error { return CloseWrite(p.Conn) }

// CloseWrite half-closes c where its kind can, and closes it where it cannot.
func CloseWrite(c net.Conn) error {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return c.Close()
}
