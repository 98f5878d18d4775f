package lab

import (
	"context"
	"strings"
	"testing"
	"time"
)

// Pods of one network reach each other by their own addresses; those of another do not, nor
// are they reached.
func TestLabNetworksAreJoinedAndSeparate(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
	defer cancel()
	before := lookAtHost(t)
	o := labOptions(t)
	o.Clusters, o.Networks = 3, map[string]string{"cluster2": "network1"}
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
	addresses := map[string]string{}
	for _, c := range l.State.Clusters {
		at := "--context=" + c.Name
		kubectl(ctx, t, l, pod("helloworld", l.State.Own().Images.HelloWorld("v1"), `env: [{name: SERVICE_VERSION, value: `+c.Name+`}]`), at, "apply", "-f", "-")
		kubectl(ctx, t, l, pod("sleep", l.State.Own().Images.Sleep, `command: ["/bin/sleep", "infinity"]`), at, "apply", "-f", "-")
	}
	for _, c := range l.State.Clusters {
		at := "--context=" + c.Name
		kubectl(ctx, t, l, "", at, "wait", "--for=condition=Ready", "pod/helloworld", "pod/sleep", "--timeout=60s")
		addresses[c.Name] = kubectl(ctx, t, l, "", at, "get", "pod", "helloworld", "-o", "jsonpath={.status.podIP}")
	}
	networks := map[string]string{"cluster1": "network1", "cluster2": "network1", "cluster3": "network3"}
	for _, from := range l.State.Clusters {
		if from.Network != networks[from.Name] {
			t.Errorf("%s: want %s, got %s", from.Name, networks[from.Name], from.Network)
		}
		for to, address := range addresses {
			got := kubectl(ctx, t, l, "", "--context="+from.Name, "exec", "sleep", "--", "sh", "-c", "curl -s -m 5 http://"+address+":5000/hello || echo exit $?")
			if networks[to] == networks[from.Name] {
				if !strings.HasPrefix(got, "Hello version: "+to) {
					t.Errorf("%s calls the pod of %s on its network at %s: got %q", from.Name, to, address, got)
				}
				continue
			}
			// curl's exit code 7 is "could not connect", at once and not after a time-out.
			if got != "exit 7" {
				t.Errorf("%s calls the pod of %s on another network at %s: got %q, want curl's exit code 7", from.Name, to, address, got)
			}
		}
	}
}
