package lab

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
)

// The sidecars of all labs run as one user (1337), and each pilot-agent and each of
// kubelet's watchers takes inotify instances. At the kernel's usual limit of 128 a user
// new ones end with "too many open files" from about 60 sidecars on.
const (
	inotifyFile   = "/proc/sys/fs/inotify/max_user_instances"
	inotifyWanted = 1024
)

// raiseInotify lifts the machine's limit where it is lower and may be lifted, and tells
// either way. It is never lowered again: other programs may have come to rely on it.
func raiseInotify(file string, say io.Writer) {
	text, err := os.ReadFile(file)
	if err != nil {
		return // a kernel without it has no such limit
	}
	limit, err := strconv.Atoi(string(bytes.TrimSpace(text)))
	if err != nil || limit >= inotifyWanted {
		return
	}
	if err := os.WriteFile(file, []byte(strconv.Itoa(inotifyWanted)), 0o644); err != nil {
		_, _ = fmt.Fprintf(say, "lab: fs.inotify.max_user_instances is %d and cannot be raised from here (%v): from about %d sidecars on new ones will crash with \"too many open files\"; on the host: sysctl -w fs.inotify.max_user_instances=%d\n",
			limit, err, limit/2, inotifyWanted)
		return
	}
	_, _ = fmt.Fprintf(say, "lab: raised fs.inotify.max_user_instances from %d to %d; it stays so until the machine restarts\n", limit, inotifyWanted)
}
