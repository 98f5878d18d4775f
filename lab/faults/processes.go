package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/vishvananda/netns"

	"github.com/eastwest-mesh/eastwest/internal/kernel"
	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// freezing stops a program of the cluster's node until it is mended: it takes connections,
// as the kernel does for it, and never answers. A program that ended would end the lab.
func freezing(program string) step {
	signal := func(s syscall.Signal) action {
		return func(_ context.Context, t *target) error {
			pid, err := t.process(program)
			if err != nil {
				return err
			}
			return syscall.Kill(pid, s)
		}
	}
	return step{do: signal(syscall.SIGSTOP), undo: signal(syscall.SIGCONT)}
}

// process finds a program of the cluster's node: by its name and by the folder of the
// cluster, which is in its arguments.
func (t *target) process(program string) (int, error) {
	folder := filepath.Join(t.lab.Dir(), t.cluster) + "/"
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return 0, err
	}
	for _, line := range lines {
		data, err := os.ReadFile(line)
		if err != nil {
			continue // it has ended
		}
		args := bytes.Split(data, []byte{0})
		if filepath.Base(string(args[0])) == program && bytes.Contains(data, []byte("="+folder)) {
			return strconv.Atoi(strings.Split(line, "/")[2])
		}
	}
	return 0, fmt.Errorf("find the process of %s: is the lab running?", program)
}

// rules puts a firewall table of that name into the cluster's node until it is mended.
func rules(table, content string) step {
	return step{
		do: func(ctx context.Context, t *target) error {
			return t.firewall(ctx, "table inet "+table+" { "+content+" }")
		},
		undo: func(ctx context.Context, t *target) error { return t.firewall(ctx, "delete table inet "+table) },
	}
}

// firewall gives nft rules in the network namespace of the cluster's node.
func (t *target) firewall(ctx context.Context, rules string) error {
	nft, err := parts.FindProgram("nft")
	if err != nil {
		return err
	}
	return t.inNode(func() error {
		cmd := exec.CommandContext(ctx, nft, "-f", "-")
		cmd.Stdin = strings.NewReader(rules)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("nft: %w: %s", err, bytes.TrimSpace(out))
		}
		return nil
	})
}

// inNode does something in the network namespace of the cluster's node.
func (t *target) inNode(do func() error) (err error) {
	pid, err := t.process("kube-apiserver")
	if err != nil {
		return err
	}
	// The namespace is the thread's, and its children's.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own, err := netns.Get()
	if err != nil {
		return err
	}
	defer own.Close()
	node, err := netns.GetFromPid(pid)
	if err != nil {
		return err
	}
	defer node.Close()
	if err := kernel.EnterNetwork(int(node)); err != nil {
		return fmt.Errorf("enter the node's network: %w", err)
	}
	defer func() { err = errors.Join(err, kernel.EnterNetwork(int(own))) }()
	return do()
}
