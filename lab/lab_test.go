package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/eastwest-mesh/eastwest/lab/loadbalancer"
	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// These tests start real clusters: they need root on Linux and the parts,
// which the first of them builds.

func labOptions(t *testing.T) Options {
	t.Helper()
	cache, err := parts.DefaultCache()
	if err != nil {
		t.Fatal(err)
	}
	return Options{Name: fmt.Sprintf("test-%d", os.Getpid()), Cache: cache, Envoy: os.Getenv("EASTWEST_ENVOY"), Executable: os.Getenv("EASTWEST_BINARY"), Progress: os.Stderr}
}

// kubectl runs the lab's own kubectl from the host.
func kubectl(ctx context.Context, t *testing.T, l *Lab, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(ctx, l.Program("kubectl"), append([]string{"--kubeconfig", l.Kubeconfig(), "--cache-dir", t.TempDir()}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		t.Fatalf("kubectl %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), errOut.String())
	}
	return strings.TrimSpace(out.String())
}

func TestLabClustersAreRealAndSeparate(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
	defer cancel()
	before := lookAtHost(t)
	o := labOptions(t)
	l, err := Up(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Down(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
		before.mustBeClean(t, l.f)
	})
	t.Run("a second lab of the name is refused and the first named", func(t *testing.T) {
		_, err := Up(ctx, o)
		var running *RunningError
		if !errors.As(err, &running) || running.State.Process != l.State.Process {
			t.Errorf("got %v, want a refusal that names process %d", err, l.State.Process.PID)
		}
	})
	t.Run("a load balancer carries calls between clusters, a pod address does not", func(t *testing.T) { callAcross(ctx, t, l) })
	t.Run("a host name leads to several addresses that all carry calls", func(t *testing.T) { callByName(ctx, t, l) })
	t.Run("DNS is a Service, and names outside do not exist", func(t *testing.T) { resolve(ctx, t, l) })
	t.Run("logs and port-forward work from the host", func(t *testing.T) { watchFromHost(ctx, t, l) })
}

// callAcross serves HelloWorld in the first cluster and calls it from the second.
func callAcross(ctx context.Context, t *testing.T, l *Lab) {
	serving, calling := "--context="+l.State.Clusters[0].Name, "--context="+l.State.Clusters[1].Name
	kubectl(ctx, t, l, pod("helloworld", l.State.Own().Images.HelloWorld("v1"), `env: [{name: SERVICE_VERSION, value: v7}]`)+loadBalancer, serving, "apply", "-f", "-")
	kubectl(ctx, t, l, pod("sleep", l.State.Own().Images.Sleep, `command: ["/bin/sleep", "infinity"]`), calling, "apply", "-f", "-")
	kubectl(ctx, t, l, "", serving, "wait", "--for=condition=Ready", "pod/helloworld", "--timeout=60s")
	kubectl(ctx, t, l, "", serving, "wait", "--for=jsonpath={.status.loadBalancer.ingress[0].ip}", "service/helloworld", "--timeout=60s")
	kubectl(ctx, t, l, "", calling, "wait", "--for=condition=Ready", "pod/sleep", "--timeout=60s")
	address := kubectl(ctx, t, l, "", serving, "get", "service", "helloworld", "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}")
	ip := kubectl(ctx, t, l, "", serving, "get", "pod", "helloworld", "-o", "jsonpath={.status.podIP}")

	// Until kube-proxy has the address, curl itself tries again.
	got := kubectl(ctx, t, l, "", calling, "exec", "sleep", "--", "curl", "-sS", "--retry", "30", "--retry-delay", "1", "--retry-all-errors", "http://"+address+":5000/hello")
	if !strings.HasPrefix(got, "Hello version: v7, instance: helloworld") {
		t.Errorf("call through the load balancer: got %q", got)
	}
	// curl's exit code 7 is "could not connect", which the control above shows to be no fault of the caller.
	code := kubectl(ctx, t, l, "", calling, "exec", "sleep", "--", "sh", "-c", "curl -s -m 5 http://"+ip+":5000/hello; echo $?")
	if code != "7" {
		t.Errorf("call to the other cluster's pod %s: got %q, want curl's exit code 7", ip, code)
	}
}

// callByName gives a second Service a host name, calls it from the second
// cluster by name and by each of its addresses, and breaks both. It stands on callAcross.
func callByName(ctx context.Context, t *testing.T, l *Lab) {
	serving, calling := "--context="+l.State.Clusters[0].Name, "--context="+l.State.Clusters[1].Name
	if err := l.SetBalancing(ctx, loadbalancer.Traits{Hostname: true, Addresses: 3, NameAfter: 8 * time.Second}); err != nil {
		t.Fatal(err)
	}
	kubectl(ctx, t, l, strings.Replace(loadBalancer, "name: helloworld", "name: named", 1), serving, "apply", "-f", "-")
	kubectl(ctx, t, l, "", serving, "wait", "--for=jsonpath={.status.loadBalancer.ingress[0].hostname}", "service/named", "--timeout=60s")
	name := kubectl(ctx, t, l, "", serving, "get", "service", "named", "-o", "jsonpath={.status.loadBalancer.ingress[0].hostname}")
	call := func(host string) string {
		return kubectl(ctx, t, l, "", calling, "exec", "sleep", "--", "sh", "-c", "curl -sS -m 3 http://"+host+":5000/hello 2>/dev/null || echo exit $?")
	}
	if got := call(name); got != "exit 6" {
		t.Errorf("call before the name resolves: got %q, want curl's exit code 6", got)
	}
	answered := kubectl(ctx, t, l, "", calling, "exec", "sleep", "--", "curl", "-sS", "--retry", "30", "--retry-delay", "1", "--retry-all-errors", "http://"+name+":5000/hello")
	addresses := []string{"172.31.101.1", "172.31.101.2", "172.31.101.3"}
	for host, got := range map[string]string{name: answered, addresses[0]: call(addresses[0]), addresses[1]: call(addresses[1]), addresses[2]: call(addresses[2])} {
		if !strings.HasPrefix(got, "Hello version: v7") {
			t.Errorf("call to %s: got %q", host, got)
		}
	}
	if err := l.SilenceZone(ctx, l.State.Clusters[0].Name, "default", "named", false); err != nil {
		t.Fatal(err)
	}
	if got := call(addresses[2]); got != "exit 28" {
		t.Errorf("call to a dead zone: got %q, want curl's exit code 28, a time-out", got)
	}
	if got := call(addresses[1]); !strings.HasPrefix(got, "Hello version: v7") {
		t.Errorf("call to another zone: got %q", got)
	}
	if err := l.SilenceZone(ctx, l.State.Clusters[0].Name, "default", "named", true); err != nil {
		t.Fatal(err)
	}
	if got := call(addresses[2]); !strings.HasPrefix(got, "Hello version: v7") {
		t.Errorf("call to a mended zone: got %q", got)
	}
	kubectl(ctx, t, l, "", serving, "delete", "service", "named")
	if got := call(addresses[0]); strings.HasPrefix(got, "Hello") {
		t.Errorf("the load balancer outlived its Service: %q", got)
	}
}

// resolve asks for names as any pod does. It stands on callAcross.
func resolve(ctx context.Context, t *testing.T, l *Lab) {
	calling := "--context=" + l.State.Clusters[1].Name
	shell := func(script string) string {
		return kubectl(ctx, t, l, "", calling, "exec", "sleep", "--", "sh", "-c", script)
	}
	address := kubectl(ctx, t, l, "", calling, "-n", "kube-system", "get", "service", "kube-dns", "-o", "jsonpath={.spec.clusterIP}")
	if got := shell("cat /etc/resolv.conf"); !strings.Contains(got, "nameserver "+address+"\n") || strings.Count(got, "nameserver") != 1 {
		t.Errorf("want pods to ask %s, got\n%s", address, got)
	}
	api := kubectl(ctx, t, l, "", calling, "get", "service", "kubernetes", "-o", "jsonpath={.spec.clusterIP}")
	for _, name := range []string{"kubernetes.default", "kubernetes.default.svc.cluster.local"} {
		if got := shell("curl -sk -o /dev/null -w '%{remote_ip}' https://" + name); got != api {
			t.Errorf("want %s at %s, got %s", name, api, got)
		}
	}
	for _, name := range []string{"example.com.", "absent.default.svc.cluster.local.", "1.2.3.4.in-addr.arpa."} {
		if got := shell("nslookup " + name + " 2>&1; true"); !strings.Contains(got, "NXDOMAIN") {
			t.Errorf("want %s not to exist, got\n%s", name, got)
		}
	}
}

func pod(name, image, container string) string {
	return fmt.Sprintf(`---
apiVersion: v1
kind: Pod
metadata: {name: %[1]s, labels: {app: %[1]s}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: %[2]s
    imagePullPolicy: Always
    %[3]s
`, name, image, container)
}

const loadBalancer = `---
apiVersion: v1
kind: Service
metadata: {name: helloworld}
spec:
  type: LoadBalancer
  selector: {app: helloworld}
  ports: [{port: 5000}]
`

func watchFromHost(ctx context.Context, t *testing.T, l *Lab) {
	serving := "--context=" + l.State.Clusters[0].Name
	// The program has been running for a while: its log is there.
	kubectl(ctx, t, l, "", serving, "logs", "helloworld")

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	forward := exec.CommandContext(ctx, l.Program("kubectl"), "--kubeconfig", l.Kubeconfig(), serving, "port-forward", "pod/helloworld", ":5000")
	out, err := forward.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := forward.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = forward.Wait() }()
	defer cancel()
	var port int
	if _, err := fmt.Fscanf(out, "Forwarding from 127.0.0.1:%d", &port); err != nil {
		t.Fatalf("port-forward: %v", err)
	}
	got, err := exec.CommandContext(ctx, "curl", "-sS", fmt.Sprintf("http://127.0.0.1:%d/hello", port)).CombinedOutput()
	if err != nil || !bytes.HasPrefix(got, []byte("Hello version: v7")) {
		t.Errorf("call through port-forward: %v, %q", err, got)
	}
}
