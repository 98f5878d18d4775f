package fleet

import (
	"net"
	"net/url"
)

// Loopback is whether a server's URL leads back to whoever reads it: what a
// pod of another cluster would take for itself.
func Loopback(server string) bool {
	parsed, err := url.Parse(server)
	if err != nil {
		return false
	}
	host := parsed.Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}
