package inspect

import (
	"bytes"

	"github.com/eastwest-mesh/eastwest/dataplane/conn"
)

// Protocols the HTTP inspector reports, under Envoy's names.
const (
	HTTP10 = "http/1.0"
	HTTP11 = "http/1.1"
	H2C    = "h2c"
)

// maxRequestLine bounds the request line, in bytes; a longer one is not HTTP to
// the inspector.
const maxRequestLine = 16 << 10

const preface = "PRI * HTTP/2.0\r\n"

// HTTP waits until the first bytes show an HTTP version or cannot be HTTP, and
// returns "" for the latter.
func HTTP(p *conn.Peek) (string, error) {
	for {
		if protocol, done := ParseHTTP(p.Held()); done {
			return protocol, nil
		}
		if err := p.More(); err != nil {
			return "", err
		}
	}
}

// ParseHTTP looks at the beginning of a connection. done is false while more
// bytes are needed.
func ParseHTTP(data []byte) (protocol string, done bool) {
	if len(data) == 0 {
		return "", false
	}
	if n := min(len(data), len(preface)); string(data[:n]) == preface[:n] {
		if n == len(preface) {
			return H2C, true
		}
		return "", false
	}
	line, _, whole := bytes.Cut(data, []byte("\n"))
	if !plausible(line) || len(line) > maxRequestLine {
		return "", true
	}
	if !whole {
		return "", false
	}
	line = bytes.TrimSuffix(line, []byte("\r"))
	fields := bytes.Split(line, []byte(" "))
	if len(fields) != 3 || len(fields[0]) == 0 || len(fields[1]) == 0 {
		return "", true
	}
	switch string(fields[2]) {
	case "HTTP/1.1":
		return HTTP11, true
	case "HTTP/1.0":
		return HTTP10, true
	}
	return "", true
}

// plausible says that line may still grow into a request line: a method made of
// token characters (RFC 9110 section 5.6.2), then no control characters.
func plausible(line []byte) bool {
	method, rest, _ := bytes.Cut(line, []byte(" "))
	for _, c := range method {
		if !(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), c) >= 0) {
			return false
		}
	}
	for i, c := range rest {
		if (c < ' ' || c == 0x7f) && !(c == '\r' && i == len(rest)-1) {
			return false
		}
	}
	return len(method) > 0 && len(method) <= 64
}
