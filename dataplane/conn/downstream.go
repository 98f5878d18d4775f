package conn

import (
	"net"
	"sync"
	"sync/atomic"
)

// Downstream is one accepted connection, ready for a proxy.
type Downstream struct {
	net.Conn // cleartext side
	Info     *Info

	raw     *net.TCPConn
	drain   *atomic.Bool
	once    sync.Once
	onClose func()
}

// NewDownstream makes a connection out of cleartext, the cleartext side of raw.
// drain is shared by all connections of one listener generation; onClose runs
// once.
func NewDownstream(cleartext net.Conn, raw *net.TCPConn, info *Info, drain *atomic.Bool, onClose func()) *Downstream {
	return &Downstream{Conn: cleartext, Info: info, raw: raw, drain: drain, onClose: onClose}
}

// Draining says that the connection should end at its next good moment.
func (d *Downstream) Draining() bool { return d.drain != nil && d.drain.Load() }

// Close ends the connection.
func (d *Downstream) Close() error {
	err := d.Conn.Close()
	d.once.Do(d.onClose)
	return err
}

// CloseWrite half-closes it.
func (d *Downstream) CloseWrite() error { return CloseWrite(d.Conn) }

// Abort ends the connection with a reset, so that the peer does not take the
// end for a complete answer.
func (d *Downstream) Abort() {
	_ = d.raw.SetLinger(0)
	_ = d.raw.Close()
	_ = d.Close()
}

// Plain gives the bytes held back by inspectors and the bare socket when no TLS
// is terminated here, so that the kernel can move the rest.
func (d *Downstream) Plain() (held []byte, raw *net.TCPConn, ok bool) {
	p, ok := d.Conn.(*Peek)
	if !ok {
		return nil, nil, false
	}
	held, p.held = p.held, nil
	return held, d.raw, true
}
