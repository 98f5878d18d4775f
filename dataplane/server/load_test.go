package server_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/eastwest-mesh/eastwest/dataplane/testmesh"
)

// Many keep-alive calls over the cross-cluster path: none fails, connections are
// reused, and nothing grows with the number of calls.
func TestKeepAliveCallsLeaveNothingBehind(t *testing.T) {
	ca := testmesh.NewCA(t)
	remote := serverProxy(t, ca, app(t, "v2"))
	gateway := gatewayProxy(t, remote.addr("inbound"))
	sleep := clientProxy(t, ca, serverID, gateway.addr("gateway"))
	at := sleep.addr("outbound")
	const callers = 4
	clients := make([]*http.Client, callers)
	for i := range clients {
		clients[i] = client(t)
	}
	round := func(calls int) {
		t.Helper()
		var wg sync.WaitGroup
		for _, c := range clients {
			wg.Go(func() {
				for range calls / callers {
					if a := get(t, c, at, "/"); a.status != http.StatusOK {
						t.Errorf("status %d: %s", a.status, a.body)
						return
					}
				}
			})
		}
		wg.Wait()
	}
	round(400) // warms pools up
	before, heap := runtime.NumGoroutine(), heapInUse()
	round(2000)
	after, heapAfter := runtime.NumGoroutine(), heapInUse()
	if after > before+8 {
		t.Errorf("%d goroutines before, %d after 2000 calls", before, after)
	}
	if grown := int64(heapAfter) - int64(heap); grown > 4<<20 {
		t.Errorf("the heap grew by %d bytes over 2000 calls", grown)
	}
	_, text := sleep.admin(http.MethodGet, "/clusters")
	var cx int
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, service+"::") && strings.Contains(line, "::cx_total::") {
			_, _ = fmt.Sscanf(line[strings.LastIndex(line, "::")+2:], "%d", &cx)
		}
	}
	if cx == 0 || cx > 4*callers {
		t.Errorf("%d upstream connections for 2400 calls of %d callers, want a few", cx, callers)
	}
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
