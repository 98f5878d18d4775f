package testmesh

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	secretv3 "github.com/envoyproxy/go-control-plane/envoy/service/secret/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// Patience bounds every wait of tests.
const Patience = 15 * time.Second

// ControlPlane is pilot-agent and istiod in one, for one proxy. Its resources
// survive Stop, so that Start plays a restart.
type ControlPlane struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer
	secretv3.UnimplementedSecretDiscoveryServiceServer

	t      testing.TB
	Socket string

	mu        sync.Mutex // guards all below
	changed   *sync.Cond
	server    *grpc.Server
	epoch     int                                  // grows with each Stop: streams of older ones end
	version   int                                  // grows with each change
	resources map[string]map[string]*resource      // by type URL and name
	secrets   map[string]*tlsv3.Secret             // by name
	secretsAt map[string]int                       // version of each
	requests  []*discoveryv3.DeltaDiscoveryRequest // all seen, in order
	acked     map[string]int                       // by type URL: version of the last ACK
	nacks     []*discoveryv3.DeltaDiscoveryRequest
}

type resource struct {
	body    *anypb.Any
	version int
}

// NewControlPlane starts a control plane on a socket in a short temporary
// directory (a socket's path has at most 107 bytes).
func NewControlPlane(t testing.TB) *ControlPlane {
	t.Helper()
	dir, err := os.MkdirTemp("", "dp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	c := &ControlPlane{
		t: t, Socket: filepath.Join(dir, "xds"), resources: map[string]map[string]*resource{},
		secrets: map[string]*tlsv3.Secret{}, secretsAt: map[string]int{}, acked: map[string]int{},
	}
	c.changed = sync.NewCond(&c.mu)
	c.Start()
	t.Cleanup(c.Stop)
	return c
}

// Start serves; it forgets what streams knew before.
func (c *ControlPlane) Start() {
	_ = os.Remove(c.Socket)
	var lc net.ListenConfig
	ln, err := lc.Listen(c.t.Context(), "unix", c.Socket)
	if err != nil {
		c.t.Fatal(err)
	}
	s := grpc.NewServer()
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(s, c)
	secretv3.RegisterSecretDiscoveryServiceServer(s, c)
	c.mu.Lock()
	c.server = s
	c.requests = nil
	c.mu.Unlock()
	go func() { _ = s.Serve(ln) }()
}

// Stop breaks every stream.
func (c *ControlPlane) Stop() {
	c.mu.Lock()
	s := c.server
	c.server = nil
	c.epoch++
	c.changed.Broadcast()
	c.mu.Unlock()
	if s != nil {
		s.Stop()
	}
}

// Put adds or updates resources and returns the version to await.
func (c *ControlPlane) Put(messages ...proto.Message) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	for _, m := range messages {
		body, err := anypb.New(m)
		if err != nil {
			c.t.Fatal(err)
		}
		if c.resources[body.GetTypeUrl()] == nil {
			c.resources[body.GetTypeUrl()] = map[string]*resource{}
		}
		c.resources[body.GetTypeUrl()][nameOf(m)] = &resource{body: body, version: c.version}
	}
	c.changed.Broadcast()
	return c.version
}

// Remove takes resources away and returns the version to await.
func (c *ControlPlane) Remove(typeURL string, names ...string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	for _, n := range names {
		delete(c.resources[typeURL], n)
	}
	c.changed.Broadcast()
	return c.version
}

// PutSecret delivers secrets, pushing a rotation where one was there before, and
// returns their version.
func (c *ControlPlane) PutSecret(secrets ...*tlsv3.Secret) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	for _, s := range secrets {
		c.secrets[s.GetName()] = s
		c.secretsAt[s.GetName()] = c.version
	}
	c.changed.Broadcast()
	return c.version
}

func nameOf(m proto.Message) string {
	switch m := m.(type) {
	case interface{ GetClusterName() string }:
		return m.GetClusterName()
	case interface{ GetName() string }:
		return m.GetName()
	}
	return ""
}

// AwaitAck waits until the proxy has accepted typeURL at version or later.
func (c *ControlPlane) AwaitAck(typeURL string, version int) {
	c.t.Helper()
	c.await(fmt.Sprintf("an ACK of %s at version %d", typeURL, version), func() bool { return c.acked[typeURL] >= version })
}

// AwaitNack waits for the n-th NACK (from 1) and returns its text.
func (c *ControlPlane) AwaitNack(n int) string {
	c.t.Helper()
	c.await(fmt.Sprintf("NACK %d", n), func() bool { return len(c.nacks) >= n })
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nacks[n-1].GetErrorDetail().GetMessage()
}

// AwaitRequest waits for a request since the last Start that fits, and returns it.
func (c *ControlPlane) AwaitRequest(what string, fits func(*discoveryv3.DeltaDiscoveryRequest) bool) *discoveryv3.DeltaDiscoveryRequest {
	c.t.Helper()
	var found *discoveryv3.DeltaDiscoveryRequest
	c.await(what, func() bool {
		i := slices.IndexFunc(c.requests, fits)
		if i >= 0 {
			found = c.requests[i]
		}
		return i >= 0
	})
	return found
}

func (c *ControlPlane) await(what string, done func() bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), Patience)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { c.mu.Lock(); c.changed.Broadcast(); c.mu.Unlock() })
	defer stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for !done() {
		if ctx.Err() != nil {
			var nacks []string
			for _, n := range c.nacks {
				nacks = append(nacks, n.GetErrorDetail().GetMessage())
			}
			c.t.Fatalf("waited %s for %s; NACKs so far: %s", Patience, what, strings.Join(nacks, "; "))
		}
		c.changed.Wait()
	}
}

// deltaState is one stream's knowledge of one type.
type deltaState struct {
	wildcard bool
	names    map[string]bool
	sent     map[string]int // name -> version
	nonces   map[string]int // nonce -> version
	answered bool
}

// DeltaAggregatedResources serves ADS as istiod does: the first request of a
// type is always answered, with what is new to the proxy and what is gone.
func (c *ControlPlane) DeltaAggregatedResources(stream discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesServer) error {
	types := map[string]*deltaState{}
	c.mu.Lock()
	epoch := c.epoch
	c.mu.Unlock()
	gone := false
	go func() {
		for {
			r, err := stream.Recv()
			c.mu.Lock()
			if err != nil {
				gone = true
			} else {
				c.note(types, r)
			}
			c.changed.Broadcast()
			c.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	for {
		c.mu.Lock()
		var resp *discoveryv3.DeltaDiscoveryResponse
		for resp == nil && !gone && c.epoch == epoch {
			if resp = c.next(types); resp == nil {
				c.changed.Wait()
			}
		}
		over := gone || c.epoch != epoch
		c.mu.Unlock()
		if over {
			return nil
		}
		if err := stream.Send(resp); err != nil {
			return err
		}
	}
}

func (c *ControlPlane) note(types map[string]*deltaState, r *discoveryv3.DeltaDiscoveryRequest) {
	c.requests = append(c.requests, r)
	st := types[r.GetTypeUrl()]
	if st == nil {
		st = &deltaState{names: map[string]bool{}, sent: map[string]int{}, nonces: map[string]int{}, wildcard: len(r.GetResourceNamesSubscribe()) == 0}
		types[r.GetTypeUrl()] = st
		for name, v := range r.GetInitialResourceVersions() {
			n := 0
			_, _ = fmt.Sscan(v, &n)
			st.sent[name] = n
		}
	}
	for _, n := range r.GetResourceNamesSubscribe() {
		st.names[n] = true
	}
	for _, n := range r.GetResourceNamesUnsubscribe() {
		delete(st.names, n)
		delete(st.sent, n)
	}
	switch {
	case r.GetResponseNonce() == "":
	case r.GetErrorDetail() != nil:
		c.nacks = append(c.nacks, r)
	default:
		c.acked[r.GetTypeUrl()] = max(c.acked[r.GetTypeUrl()], st.nonces[r.GetResponseNonce()])
	}
}

// next builds an answer that is due, or returns nil.
func (c *ControlPlane) next(types map[string]*deltaState) *discoveryv3.DeltaDiscoveryResponse {
	for _, typeURL := range slices.Sorted(maps.Keys(types)) {
		st := types[typeURL]
		resp := &discoveryv3.DeltaDiscoveryResponse{TypeUrl: typeURL}
		have := c.resources[typeURL]
		for _, name := range slices.Sorted(maps.Keys(have)) {
			if r := have[name]; (st.wildcard || st.names[name]) && st.sent[name] != r.version {
				st.sent[name] = r.version
				resp.Resources = append(resp.Resources, &discoveryv3.Resource{Name: name, Version: fmt.Sprint(r.version), Resource: r.body})
			}
		}
		for _, name := range slices.Sorted(maps.Keys(st.sent)) {
			if have[name] == nil {
				delete(st.sent, name)
				resp.RemovedResources = append(resp.RemovedResources, name)
			}
		}
		// An istiod has always something to say about a wildcard; a test may not
		// have put it yet.
		if empty := len(resp.Resources)+len(resp.RemovedResources) == 0; empty && (st.answered || st.wildcard && len(have) == 0) {
			continue
		}
		st.answered = true
		resp.Nonce = fmt.Sprintf("%d-%d", c.version, len(st.nonces))
		st.nonces[resp.Nonce] = c.version
		return resp
	}
	return nil
}

// StreamSecrets serves SDS as pilot-agent does.
func (c *ControlPlane) StreamSecrets(stream secretv3.SecretDiscoveryService_StreamSecretsServer) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	name := first.GetResourceNames()[0]
	gone := false
	go func() {
		for {
			if _, err := stream.Recv(); err != nil {
				c.mu.Lock()
				gone = true
				c.changed.Broadcast()
				c.mu.Unlock()
				return
			}
		}
	}()
	c.mu.Lock()
	epoch := c.epoch
	c.mu.Unlock()
	for sent := 0; ; {
		c.mu.Lock()
		for !gone && c.epoch == epoch && c.secretsAt[name] == sent {
			c.changed.Wait()
		}
		over := gone || c.epoch != epoch
		sent = c.secretsAt[name]
		s := c.secrets[name]
		c.mu.Unlock()
		if over {
			return nil
		}
		body, err := anypb.New(s)
		if err != nil {
			return err
		}
		if err := stream.Send(&discoveryv3.DiscoveryResponse{
			TypeUrl: first.GetTypeUrl(), VersionInfo: fmt.Sprint(sent), Nonce: fmt.Sprint(sent), Resources: []*anypb.Any{body},
		}); err != nil {
			return err
		}
	}
}
