package fleet

import (
	"net"
	"net/url"
	"strings"
)

// Loopback is whether a server's URL leads back to whoever reads it: what a
// pod of another cluster would take for itself.
func Loopback(server string) bool {
	parsed, err := url.Parse(server)
	if err != nil {
		return false
	}
	host := strings.ToLower(parsed.Hostname())
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}
