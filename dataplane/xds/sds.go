package xds

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	secretservicev3 "github.com/envoyproxy/go-control-plane/envoy/service/secret/v3"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/secret"
)

// SDSOptions are what a SecretStore needs.
type SDSOptions struct {
	// Dial returns the connection to the SDS server that an xdsCluster names.
	Dial func(xdsCluster string) (grpc.ClientConnInterface, error)
	Node *corev3.Node
	Log  *slog.Logger
	// Changed is called after each delivery; nil: nobody wants to know.
	Changed func()
}

// SecretStore subscribes to secrets: pilot-agent serves StreamSecrets only, one
// stream a name (istio, security/pkg/nodeagent/sds/sdsservice.go).
type SecretStore struct {
	o      SDSOptions
	ctx    context.Context //nolint:containedctx // of the streams, which outlive every call; Close ends it
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu      sync.Mutex // guards handles
	handles map[config.SecretRef]*secret.Handle
}

// NewSecretStore returns a store without subscriptions; Close ends it.
func NewSecretStore(o SDSOptions) *SecretStore {
	s := &SecretStore{o: o, handles: map[config.SecretRef]*secret.Handle{}}
	s.ctx, s.cancel = context.WithCancel(context.Background()) //nolint:forbidigo // ended by Close
	return s
}

// Handle returns the secret, subscribing to it when it is new.
func (s *SecretStore) Handle(ref config.SecretRef) *secret.Handle {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.handles[ref]; h != nil {
		return h
	}
	h := secret.NewHandle(ref.Name)
	s.handles[ref] = h
	if s.ctx.Err() == nil {
		s.work.Go(func() { s.run(ref, h) })
	}
	return h
}

// All lists the secrets by name.
func (s *SecretStore) All() []*secret.Handle {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*secret.Handle, 0, len(s.handles))
	for _, h := range s.handles {
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b *secret.Handle) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Close ends the subscriptions.
func (s *SecretStore) Close() {
	s.cancel()
	s.work.Wait()
}

func (s *SecretStore) run(ref config.SecretRef, h *secret.Handle) {
	var retry backoff
	for s.ctx.Err() == nil {
		err := s.stream(ref, h, &retry)
		if s.ctx.Err() != nil {
			return
		}
		pause := retry.next()
		s.o.Log.Info("SDS stream ended; connecting again", "secret", ref.Name, "pause", pause, "err", err)
		if sleep(s.ctx, pause) != nil {
			return
		}
	}
}

func (s *SecretStore) stream(ref config.SecretRef, h *secret.Handle, retry *backoff) error {
	conn, err := s.o.Dial(ref.XDSCluster)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	stream, err := secretservicev3.NewSecretDiscoveryServiceClient(conn).StreamSecrets(ctx)
	if err != nil {
		return err
	}
	req := &discoveryv3.DiscoveryRequest{Node: s.o.Node, TypeUrl: TypeSecret, ResourceNames: []string{ref.Name}}
	version := "" // of the last accepted response
	for {
		if err := stream.Send(req); err != nil {
			return err
		}
		resp, err := stream.Recv()
		if err != nil {
			return err
		}
		retry.reset()
		req = &discoveryv3.DiscoveryRequest{TypeUrl: TypeSecret, ResourceNames: []string{ref.Name}, ResponseNonce: resp.GetNonce()}
		if err := accept(h, resp); err != nil {
			s.o.Log.Warn("rejected", "type", TypeSecret, "err", err)
			req.ErrorDetail = &statuspb.Status{Code: int32(codes.InvalidArgument), Message: err.Error()}
		} else {
			version = resp.GetVersionInfo()
			if s.o.Changed != nil {
				s.o.Changed()
			}
		}
		req.VersionInfo = version
	}
}

func accept(h *secret.Handle, resp *discoveryv3.DiscoveryResponse) error {
	for _, r := range resp.GetResources() {
		var in tlsv3.Secret
		if err := r.UnmarshalTo(&in); err != nil {
			return fmt.Errorf("secret %q: %w", h.Name, err)
		}
		if in.GetName() != h.Name {
			continue
		}
		return h.Set(&in, resp.GetVersionInfo())
	}
	return nil
}
