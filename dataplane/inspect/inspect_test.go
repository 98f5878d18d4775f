package inspect_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/eastwest-mesh/eastwest/dataplane/conn"
	"github.com/eastwest-mesh/eastwest/dataplane/inspect"
)

// hello records the ClientHello that crypto/tls sends.
func hello(t testing.TB, cfg *tls.Config) []byte {
	t.Helper()
	client, server := net.Pipe()
	defer server.Close()
	go func() {
		_ = tls.Client(client, cfg).Handshake()
		_ = client.Close()
	}()
	_ = server.SetDeadline(time.Now().Add(5 * time.Second))
	var got []byte
	buf := make([]byte, 4096)
	for {
		n, err := server.Read(buf)
		got = append(got, buf[:n]...)
		if _, perr := inspect.ParseHello(got); !errors.Is(perr, io.ErrUnexpectedEOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestHelloIsReadInAnyPieces(t *testing.T) {
	raw := hello(t, &tls.Config{ServerName: "OutBound_.5000_._.X", NextProtos: []string{"istio-http/1.1", "istio"}, InsecureSkipVerify: true})
	for _, piece := range []int{1, 7, 100, len(raw)} {
		client, server := net.Pipe()
		go func() {
			for part := range slices.Chunk(raw, piece) {
				_, _ = client.Write(part)
			}
		}()
		p := conn.NewPeek(server)
		h, err := inspect.TLS(p)
		if err != nil || h.SNI != "outbound_.5000_._.x" || !slices.Equal(h.ALPN, []string{"istio-http/1.1", "istio"}) {
			t.Errorf("pieces of %d: %+v, %v", piece, h, err)
		}
		if !bytes.Equal(p.Held(), raw) {
			t.Errorf("pieces of %d: the bytes were not kept for the handshake", piece)
		}
		_ = client.Close()
		_ = server.Close()
	}
}

func TestPlaintextIsNotTLS(t *testing.T) {
	for _, text := range []string{"GET / HTTP/1.1\r\n", "\x00", "\x16\x03\x01\x00\x05hello"} {
		client, server := net.Pipe()
		go func() { _, _ = client.Write([]byte(text)) }()
		if _, err := inspect.TLS(conn.NewPeek(server)); !errors.Is(err, inspect.ErrNotTLS) {
			t.Errorf("%q: %v, want ErrNotTLS", text, err)
		}
		_ = client.Close()
		_ = server.Close()
	}
}

func TestParseHTTP(t *testing.T) {
	for _, c := range []struct {
		in, want string
		done     bool
	}{
		{"", "", false},
		{"G", "", false},
		{"GET / HTTP/1.", "", false},
		{"GET / HTTP/1.1\r\n", "http/1.1", true},
		{"GET / HTTP/1.0\n", "http/1.0", true},
		{"M-SEARCH * HTTP/1.1\r\n", "http/1.1", true},
		{"PRI", "", false},
		{"PRI * HTTP/2.0\r\n", "h2c", true},
		{"PRI * HTTP/1.1\r\n", "http/1.1", true},
		{"GET / HTTP/2.0\r\n", "", true},
		{"GET /\r\n", "", true},
		{"GET / x HTTP/1.1\r\n", "", true},
		{"\x16\x03", "", true},
		{"\x00", "", true},
		{"SSH-2.0-OpenSSH\r\n", "", true},
		{"GET /\x00 HTTP/1.1\r\n", "", true},
	} {
		if got, done := inspect.ParseHTTP([]byte(c.in)); got != c.want || done != c.done {
			t.Errorf("%q: %q %t, want %q %t", c.in, got, done, c.want, c.done)
		}
	}
}

func FuzzParseHTTP(f *testing.F) {
	for _, s := range []string{"GET / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n", "\x16\x03\x01", "A B HTTP/1.0\n"} {
		f.Add([]byte(s), 1)
	}
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		protocol, done := inspect.ParseHTTP(data)
		if protocol != "" && !done {
			t.Errorf("%q: %q before it was done", data, protocol)
		}
		// What the beginning decides, more bytes must not change.
		if cut < 0 || cut > len(data) {
			return
		}
		if early, ok := inspect.ParseHTTP(data[:cut]); ok && (early != protocol || !done) {
			t.Errorf("%q decides %q, the whole %q decides %q %t", data[:cut], early, data, protocol, done)
		}
	})
}

func FuzzParseHello(f *testing.F) {
	f.Add(hello(f, &tls.Config{ServerName: "a.example", NextProtos: []string{"h2"}, InsecureSkipVerify: true}))
	f.Add([]byte{0x16, 0x03, 0x01, 0x00, 0x00})
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := inspect.ParseHello(data)
		if err != nil && (h.SNI != "" || h.ALPN != nil) {
			t.Errorf("facts %+v beside error %v", h, err)
		}
	})
}
