package lab

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/vishvananda/netns"
)

// Exec replaces the calling process by a command that stands on the network
// between the clusters: it reaches nodes and load balancers by the addresses
// that the clusters themselves use, such as those in remote secrets. The
// lab's programs are found first, KUBECONFIG names the node addresses, and for
// scripts that want a file a cluster there is KUBECONFIG_CLUSTER1 and so on. It
// returns only when it fails.
func (l *Lab) Exec(argv []string) error {
	env := l.insideEnvironment(os.Environ())
	path, err := lookPath(l, argv[0])
	if err != nil {
		return err
	}
	// The namespace belongs to the thread, and the thread becomes the new program.
	runtime.LockOSThread()
	ns, err := netns.GetFromPid(l.State.Process.PID)
	if err != nil {
		return fmt.Errorf("find the network of lab %q: %w", l.f.name, err)
	}
	if err := netns.Set(ns); err != nil {
		return fmt.Errorf("enter the network of lab %q (it needs root): %w", l.f.name, err)
	}
	if err := syscall.Exec(path, argv, env); err != nil {
		return fmt.Errorf("run %s: %w", argv[0], err)
	}
	return nil
}

func lookPath(l *Lab, name string) (string, error) {
	if !strings.Contains(name, "/") {
		if own := l.Program(name); isExecutable(own) {
			return own, nil
		}
	}
	return exec.LookPath(name)
}

func isExecutable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

func (l *Lab) insideEnvironment(env []string) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(e string) bool {
		return strings.HasPrefix(e, "KUBECONFIG=") || strings.HasPrefix(e, "PATH=")
	})
	for _, c := range l.State.Clusters {
		env = append(env, "KUBECONFIG_"+strings.ToUpper(c.Name)+"="+l.f.kubeconfig(insideNameOf(c.Name)))
	}
	return append(env, "KUBECONFIG="+l.f.kubeconfig(insideName), "PATH="+l.State.Own().Bin+":"+os.Getenv("PATH"))
}
