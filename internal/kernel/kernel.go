package kernel

import "errors"

// ErrNotLinux says that this system cannot do it.
var ErrNotLinux = errors.New("only Linux can do this")

// Capabilities that a lab needs, as bits of [Capabilities]; see capabilities(7).
const (
	CapNetAdmin uint64 = 1 << 12
	CapSysAdmin uint64 = 1 << 21
)

// Namespaces are what a process has for itself; see namespaces(7).
type Namespaces struct{ PID, Mount, Network, IPC, Hostname bool }
