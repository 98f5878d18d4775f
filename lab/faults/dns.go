package faults

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// nobody is an address of the range for documentation (RFC 5737), which no network has.
	nobody = "192.0.2.1"
	// reloadBound is how long CoreDNS may take to answer by its new configuration.
	reloadBound = 30 * time.Second
)

// wrongAnswers is what misnaming puts into a block of the Corefile.
const wrongAnswers = `
    template IN A {
        answer "{{ .Name }} 5 IN A ` + nobody + `"
    }`

// misnaming has the cluster's DNS answer every name of the cluster with the address nobody,
// until it is mended.
func misnaming() step {
	return step{
		do: func(ctx context.Context, t *target) error {
			if err := t.editCorefile(misnamed); err != nil {
				return err
			}
			return t.reloadDNS(ctx, func(address string) bool { return address == nobody })
		},
		undo: func(ctx context.Context, t *target) error {
			if err := t.editCorefile(wellNamed); err != nil {
				return err
			}
			return t.reloadDNS(ctx, func(address string) bool { return address != nobody })
		},
	}
}

// misnamed is a Corefile with the wrong answers in its first block, that of the cluster's
// own zone, and wellNamed one without.
func misnamed(corefile string) string { return strings.Replace(corefile, "{", "{"+wrongAnswers, 1) }

func wellNamed(corefile string) string { return strings.Replace(corefile, wrongAnswers, "", 1) }

func (t *target) editCorefile(edit func(string) string) error {
	file := filepath.Join(t.lab.Dir(), t.cluster, "Corefile")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(edit(string(text))), 0o600)
}

// reloadDNS has CoreDNS read its configuration, and waits until what it answers for the
// Service of the API server is right.
func (t *target) reloadDNS(ctx context.Context, right func(address string) bool) error {
	pid, err := t.process("coredns")
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGUSR1); err != nil {
		return fmt.Errorf("have CoreDNS read its configuration: %w", err)
	}
	node, err := t.nodeAddress(ctx)
	if err != nil {
		return err
	}
	var said string
	var last error
	err = wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, reloadBound, true, func(ctx context.Context) (bool, error) {
		said, last = t.resolve(ctx, node, "kubernetes.default.svc.cluster.local.")
		return last == nil && right(said), nil
	})
	if err != nil {
		return fmt.Errorf("wait for the answers of CoreDNS to change (it says %q): %w", said, errors.Join(err, last))
	}
	return nil
}

// resolve asks the DNS at a node's address for the address of a name, where the node is.
func (t *target) resolve(ctx context.Context, node, name string) (string, error) {
	var conn net.Conn
	err := t.inNode(func() (err error) {
		conn, err = (&net.Dialer{}).DialContext(ctx, "udp", net.JoinHostPort(node, "53"))
		return err
	})
	if err != nil {
		return "", err
	}
	defer conn.Close()
	answer, _, err := (&dns.Client{}).ExchangeWithConnContext(ctx, new(dns.Msg).SetQuestion(name, dns.TypeA), &dns.Conn{Conn: conn})
	if err != nil {
		return "", err
	}
	for _, record := range answer.Answer {
		if a, ok := record.(*dns.A); ok {
			return a.A.String(), nil
		}
	}
	return "", fmt.Errorf("no address for %s: %s", name, dns.RcodeToString[answer.Rcode])
}

func (t *target) nodeAddress(ctx context.Context) (string, error) {
	nodes, err := t.kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for _, n := range nodes.Items {
		for _, a := range n.Status.Addresses {
			if a.Type == corev1.NodeInternalIP {
				return a.Address, nil
			}
		}
	}
	return "", errors.New("no node has an internal address")
}
