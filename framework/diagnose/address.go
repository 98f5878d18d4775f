package diagnose

import (
	"net"
	"strconv"
)

func isIP(s string) bool { return net.ParseIP(s) != nil }

func joinPort(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
