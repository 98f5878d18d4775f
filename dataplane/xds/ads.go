package xds

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/eastwest-mesh/eastwest/dataplane/stats"
)

// ADS is the delta ADS client. Its state belongs to the goroutine of Run.
type ADS struct {
	o     Options
	types map[string]*typeState
	retry backoff
}

// Options are what an ADS needs.
type Options struct {
	Conn    grpc.ClientConnInterface
	Node    *corev3.Node
	Handler Handler
	Stats   *stats.Registry
	Log     *slog.Logger
}

// typeState is one resource type's share of the conversation.
type typeState struct {
	started  bool              // it was asked for at least once, on any stream
	versions map[string]string // accepted resources; told to a new server

	asked      bool            // on this stream
	answered   bool            // on this stream
	subscribed map[string]bool // on this stream, for types without wildcard
}

// NewADS returns a client that Run starts.
func NewADS(o Options) *ADS {
	a := &ADS{o: o, types: map[string]*typeState{}}
	for _, t := range order {
		a.types[t] = &typeState{versions: map[string]string{}}
	}
	return a
}

// Run keeps a stream open until ctx ends, reconnecting with pauses. What is in
// force stays in force while there is no stream.
func (a *ADS) Run(ctx context.Context) {
	connected := a.o.Stats.Gauge(stats.Key{Scope: "control_plane", Metric: "connected_state"})
	for ctx.Err() == nil {
		err := a.stream(ctx)
		connected.Set(0)
		if ctx.Err() != nil {
			return
		}
		pause := a.retry.next()
		a.o.Log.Info("ADS stream ended; connecting again", "pause", pause, "err", err)
		if sleep(ctx, pause) != nil {
			return
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type deltaStream = grpc.BidiStreamingClient[discoveryv3.DeltaDiscoveryRequest, discoveryv3.DeltaDiscoveryResponse]

func (a *ADS) stream(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // frees the stream
	s, err := discoveryv3.NewAggregatedDiscoveryServiceClient(a.o.Conn).DeltaAggregatedResources(ctx)
	if err != nil {
		return err
	}
	for _, t := range order {
		st := a.types[t]
		st.asked, st.answered, st.subscribed = false, false, map[string]bool{}
	}
	out := &sender{stream: s, node: a.o.Node}
	for _, t := range order {
		if t == TypeCluster || a.types[t].started {
			if err := a.ask(out, t); err != nil {
				return err
			}
		}
	}
	for {
		resp, err := s.Recv()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return errors.New("closed by the server")
			}
			return err
		}
		a.retry.reset()
		a.o.Stats.Gauge(stats.Key{Scope: "control_plane", Metric: "connected_state"}).Set(1)
		if err := a.answer(out, resp); err != nil {
			return err
		}
	}
}

// sender puts the node into the first message only.
type sender struct {
	stream deltaStream
	node   *corev3.Node
}

func (s *sender) send(r *discoveryv3.DeltaDiscoveryRequest) error {
	r.Node, s.node = s.node, nil
	return s.stream.Send(r)
}

// ask opens a type on this stream, telling the server what we already have, so
// that it can also name what is gone.
func (a *ADS) ask(out *sender, typeURL string) error {
	st := a.types[typeURL]
	req := &discoveryv3.DeltaDiscoveryRequest{TypeUrl: typeURL, InitialResourceVersions: map[string]string{}}
	if wildcard(typeURL) {
		for name, v := range st.versions {
			req.InitialResourceVersions[name] = v
		}
	} else {
		wanted := a.o.Handler.Wanted(typeURL)
		if len(wanted) == 0 {
			return nil // an empty subscription would be a wildcard
		}
		req.ResourceNamesSubscribe = wanted
		for _, name := range wanted {
			st.subscribed[name] = true
			// istiod takes these names for subscriptions too, so only wanted ones are told.
			if v, ok := st.versions[name]; ok {
				req.InitialResourceVersions[name] = v
			}
		}
	}
	st.asked, st.started = true, true
	return out.send(req)
}

// resubscribe tells the difference between what is wanted and what was asked.
// An acknowledgement must not carry it (istio, pilot/pkg/xds/delta.go).
func (a *ADS) resubscribe(out *sender, typeURL string) error {
	st := a.types[typeURL]
	if !st.asked {
		return a.ask(out, typeURL)
	}
	req := &discoveryv3.DeltaDiscoveryRequest{TypeUrl: typeURL}
	wanted := a.o.Handler.Wanted(typeURL)
	for _, name := range wanted {
		if !st.subscribed[name] {
			st.subscribed[name] = true
			req.ResourceNamesSubscribe = append(req.ResourceNamesSubscribe, name)
		}
	}
	for name := range st.subscribed {
		if _, ok := slices.BinarySearch(wanted, name); !ok {
			req.ResourceNamesUnsubscribe = append(req.ResourceNamesUnsubscribe, name)
		}
	}
	for _, name := range req.ResourceNamesUnsubscribe {
		delete(st.subscribed, name)
		delete(st.versions, name)
	}
	if len(req.ResourceNamesSubscribe)+len(req.ResourceNamesUnsubscribe) == 0 {
		return nil
	}
	slices.Sort(req.ResourceNamesUnsubscribe)
	return out.send(req)
}

func (a *ADS) answer(out *sender, resp *discoveryv3.DeltaDiscoveryResponse) error {
	st := a.types[resp.GetTypeUrl()]
	if st == nil {
		return out.send(nack(resp, "resource type was not asked for"))
	}
	st.answered = true
	rejections := a.apply(st, resp)
	ack := &discoveryv3.DeltaDiscoveryRequest{TypeUrl: resp.GetTypeUrl(), ResponseNonce: resp.GetNonce()}
	outcome := "update_success"
	if len(rejections) > 0 {
		err := join(rejections)
		a.o.Log.Warn("rejected", "type", resp.GetTypeUrl(), "err", err)
		ack, outcome = nack(resp, err.Error()), "update_rejected"
	}
	if scope, ok := scopes[resp.GetTypeUrl()]; ok {
		a.o.Stats.Counter(stats.Key{Scope: scope, Metric: outcome}).Inc()
	}
	if err := out.send(ack); err != nil {
		return err
	}
	return a.proceed(out, resp.GetTypeUrl())
}

// scopes are the names under which pilot-agent's readiness probe looks for
// updates, and their kin.
var scopes = map[string]string{
	TypeCluster: "cluster_manager.cds", TypeListener: "listener_manager.lds",
	TypeEndpoint: "cluster_manager.eds", TypeRoute: "http.rds",
}

func nack(resp *discoveryv3.DeltaDiscoveryResponse, text string) *discoveryv3.DeltaDiscoveryRequest {
	return &discoveryv3.DeltaDiscoveryRequest{
		TypeUrl: resp.GetTypeUrl(), ResponseNonce: resp.GetNonce(),
		ErrorDetail: &statuspb.Status{Code: int32(codes.InvalidArgument), Message: text},
	}
}

func (a *ADS) apply(st *typeState, resp *discoveryv3.DeltaDiscoveryResponse) []Rejection {
	updated := make([]Resource, 0, len(resp.GetResources()))
	for _, r := range resp.GetResources() {
		updated = append(updated, Resource{Name: r.GetName(), Version: r.GetVersion(), Body: r.GetResource()})
	}
	rejections := a.o.Handler.Apply(resp.GetTypeUrl(), updated, resp.GetRemovedResources())
	rejected := map[string]bool{}
	for _, r := range rejections {
		rejected[r.Name] = true
	}
	for _, name := range resp.GetRemovedResources() {
		delete(st.versions, name)
	}
	for _, r := range updated {
		if !rejected[r.Name] {
			st.versions[r.Name] = r.Version
		}
	}
	a.o.Log.Debug("applied", "type", resp.GetTypeUrl(), "updated", len(updated), "removed", len(resp.GetRemovedResources()), "rejected", len(rejections))
	return rejections
}

// proceed asks for what a response makes necessary: endpoints after
// xdsClusters, then listeners, then their routes.
func (a *ADS) proceed(out *sender, typeURL string) error {
	switch typeURL {
	case TypeCluster:
		if err := a.resubscribe(out, TypeEndpoint); err != nil {
			return err
		}
	case TypeListener:
		return a.resubscribe(out, TypeRoute)
	}
	endpoints, listeners := a.types[TypeEndpoint], a.types[TypeListener]
	warm := a.types[TypeCluster].answered && (endpoints.answered || !endpoints.asked)
	if warm && !listeners.asked {
		return a.ask(out, TypeListener)
	}
	return nil
}
