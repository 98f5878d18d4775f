package diagnose

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

func TestSize(t *testing.T) {
	endpoint := func(address string, weight uint64, healthy bool) istio.Endpoint {
		return istio.Endpoint{Address: address, Weight: weight, Healthy: healthy}
	}
	tests := map[string]struct {
		endpoints []istio.Endpoint
		clusters  int
		smallest  float64
		calls     int
	}{
		"two clusters":                    {[]istio.Endpoint{endpoint("a", 1, true), endpoint("b", 1, true)}, 2, 0.5, 23},
		"a mesh larger than the fleet":    {[]istio.Endpoint{endpoint("a", 1, true), endpoint("b", 1, true), endpoint("c", 5, true), endpoint("d", 3, true)}, 2, 0.1, 158},
		"an endpoint that is not chosen":  {[]istio.Endpoint{endpoint("a", 1, true), endpoint("b", 1, true), endpoint("c", 9, false)}, 2, 0.5, 23},
		"no endpoints known":              {nil, 4, 0.25, 61},
		"one of four has no endpoint yet": {[]istio.Endpoint{endpoint("a", 1, true)}, 4, 0.25, 61},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			smallest := 1.0
			for _, share := range shares(test.endpoints, test.clusters) {
				smallest = min(smallest, share.Part)
			}
			if smallest != test.smallest {
				t.Errorf("smallest share: want %v, got %v", test.smallest, smallest)
			}
			m := measurement{clusters: test.clusters}
			if err := m.size(test.endpoints); err != nil || m.caller.Needed != test.calls {
				t.Errorf("want %d calls, got %d, %v", test.calls, m.caller.Needed, err)
			}
		})
	}
}

// slowly answers calls, or lets them stall.
type slowly struct {
	batches []int
	stalls  int // from this call on; 0 for never
	made    int
}

func (s *slowly) Exec(_ context.Context, _ kube.Target, opts kube.ExecOptions) (kube.ExecResult, error) {
	command := strings.Join(opts.Command, " ")
	from, to := strings.LastIndex(command, "#[1-"), strings.LastIndex(command, "]")
	count, err := strconv.Atoi(command[from+len("#[1-") : to])
	if err != nil {
		return kube.ExecResult{}, err
	}
	s.batches = append(s.batches, count)
	trailer := opts.Command[slices.Index(opts.Command, "--write-out")+1]
	nonce := strings.Split(strings.TrimPrefix(trailer, `\n`), `\t`)[0]
	var out strings.Builder
	for i := range count {
		s.made++
		seconds := "0.002"
		if s.stalls > 0 && s.made >= s.stalls {
			seconds = "10.1"
		}
		fmt.Fprintf(&out, "Hello version: v1, instance: helloworld-v1-x\n\n%s\t0\t200\t0.001\t%s\t10.96.0.1\thttp://x/#%d\n", nonce, seconds, i+1)
	}
	return kube.ExecResult{Stdout: []byte(out.String())}, nil
}

// All calls are made where all is well; where they stall nobody waits for all of them.
func TestCallsStopAtTrouble(t *testing.T) {
	for name, test := range map[string]struct {
		stalls  int
		batches []int
	}{
		"all well": {0, []int{2, 2, 4, 8, 16, 9}}, "at once": {1, []int{2}}, "later": {6, []int{2, 2, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			exec := &slowly{stalls: test.stalls}
			m := measurement{exec: exec, opts: Options{Namespace: "sample"}, caller: istio.Caller{Pod: "sample/sleep"}}
			if err := m.call(t.Context(), 41); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.batches, exec.batches); diff != "" {
				t.Errorf("batches (-want +got):\n%s", diff)
			}
			if len(m.caller.Calls) != exec.made {
				t.Errorf("got %d calls of %d", len(m.caller.Calls), exec.made)
			}
		})
	}
}
