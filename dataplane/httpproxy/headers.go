package httpproxy

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/conn"
)

const xfcc = "X-Forwarded-Client-Cert"

// setClientCert keeps x-forwarded-client-cert honest: without a verified client
// certificate nothing of it survives, so a caller cannot claim an identity.
func setClientCert(cfg *config.HTTP, i *conn.Info, h http.Header) {
	if cfg.XFCC == config.XFCCAlwaysForward {
		return
	}
	if cfg.XFCC == config.XFCCSanitize || i.Peer == nil {
		h.Del(xfcc)
		return
	}
	if cfg.XFCC == config.XFCCForwardOnly {
		return
	}
	hash := sha256.Sum256(i.Peer.Raw)
	parts := []string{"Hash=" + hex.EncodeToString(hash[:])}
	if i.LocalURI != "" {
		parts = append([]string{"By=" + i.LocalURI}, parts...)
	}
	if cfg.XFCCSubject {
		parts = append(parts, fmt.Sprintf("Subject=%q", i.Peer.Subject.String()))
	}
	if cfg.XFCCURI {
		for _, u := range i.Peer.URIs {
			parts = append(parts, "URI="+u.String())
		}
	}
	if cfg.XFCCDNS {
		for _, d := range i.Peer.DNSNames {
			parts = append(parts, "DNS="+d)
		}
	}
	element := strings.Join(parts, ";")
	if cfg.XFCC == config.XFCCAppend {
		appendHeader(h, xfcc, element)
		return
	}
	h.Set(xfcc, element)
}

// appendHeader adds a value to a comma-separated list.
func appendHeader(h http.Header, name, value string) {
	if old := strings.Join(h.Values(name), ","); old != "" {
		value = old + "," + value
	}
	h.Set(name, value)
}

// requestID is a random UUID (RFC 9562 version 4).
func requestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func isGRPC(h http.Header) bool {
	ct := h.Get("Content-Type")
	return ct == "application/grpc" || strings.HasPrefix(ct, "application/grpc+") || strings.HasPrefix(ct, "application/grpc;")
}

// grpcStatus maps an HTTP status (gRPC's http-grpc-status-mapping.md).
func grpcStatus(status int) int {
	switch status {
	case http.StatusBadRequest:
		return 13
	case http.StatusUnauthorized:
		return 16
	case http.StatusForbidden:
		return 7
	case http.StatusNotFound:
		return 12
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return 14
	}
	return 2
}

// localGRPC answers a gRPC call with a trailers-only response.
func localGRPC(w http.ResponseWriter, status int, message string) {
	h := w.Header()
	h.Set("Content-Type", "application/grpc")
	h.Set("Grpc-Status", strconv.Itoa(grpcStatus(status)))
	h.Set("Grpc-Message", message)
	w.WriteHeader(http.StatusOK)
}
