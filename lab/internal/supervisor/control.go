package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"

	"golang.org/x/sync/errgroup"

	"github.com/eastwest-mesh/eastwest/lab/images"
	"github.com/eastwest-mesh/eastwest/lab/internal/node"
	"github.com/eastwest-mesh/eastwest/lab/internal/topology"
	"github.com/eastwest-mesh/eastwest/lab/loadbalancer"
)

// Fault names a fault of the network that only the inside of the lab can make.
type Fault string

// The faults that the supervisor knows.
const (
	// FaultLink cuts a cluster's link to the others.
	FaultLink Fault = "link"
	// FaultAddress takes a load balancer's address away.
	FaultAddress Fault = "address"
	// FaultZone makes one of the addresses behind a load balancer's host name
	// swallow every packet.
	FaultZone Fault = "zone"
	// FaultName makes a load balancer's host name NXDOMAIN.
	FaultName Fault = "name"
)

// FaultRequest makes or mends a fault.
type FaultRequest struct {
	Fault   Fault  `json:"fault"`
	Cluster string `json:"cluster"`
	Mend    bool   `json:"mend,omitempty"`
	// Namespace and Service say which load balancer, for all but FaultLink.
	Namespace string `json:"namespace,omitempty"`
	Service   string `json:"service,omitempty"`
}

// ImagesRequest adds the images of a store, which images.Build has made, to the registry.
type ImagesRequest struct {
	Store string       `json:"store"`
	Names images.Names `json:"names"`
}

// Status is how the lab's clusters are.
type Status struct {
	Clusters []ClusterStatus `json:"clusters"`
	// Balancing is what load balancers that are made now are like.
	Balancing loadbalancer.Traits `json:"balancing"`
}

// ClusterStatus is how far one cluster is.
type ClusterStatus struct {
	Name   string       `json:"name"`
	Events []node.Event `json:"events"`
}

// serveControl answers requests from the host on a socket in the file system,
// which namespaces of the network do not separate.
func (s *supervisor) serveControl(ctx context.Context, group *errgroup.Group) error {
	l, err := new(net.ListenConfig).Listen(ctx, "unix", s.spec.Control)
	if err != nil {
		return fmt.Errorf("open the lab's control socket: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(s.status())
	})
	mux.HandleFunc("POST /fault", func(w http.ResponseWriter, r *http.Request) {
		var req FaultRequest
		err := json.NewDecoder(r.Body).Decode(&req)
		if err == nil {
			err = s.fault(r.Context(), req)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	})
	mux.HandleFunc("POST /images", func(w http.ResponseWriter, r *http.Request) {
		var req ImagesRequest
		err := json.NewDecoder(r.Body).Decode(&req)
		if err == nil {
			err = s.addImages(req)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	})
	mux.HandleFunc("POST /balancing", func(w http.ResponseWriter, r *http.Request) {
		var traits loadbalancer.Traits
		err := json.NewDecoder(r.Body).Decode(&traits)
		if err == nil {
			err = s.setBalancing(traits)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	})
	serve(ctx, group, l, mux)
	return nil
}

func (s *supervisor) addImages(req ImagesRequest) error {
	store, err := images.Open(req.Store, req.Names)
	if err != nil {
		return err
	}
	s.registry.Add(store)
	return nil
}

func (s *supervisor) status() Status {
	s.mu.Lock()
	st := Status{Balancing: s.balancing}
	s.mu.Unlock()
	for _, n := range s.spec.Nodes {
		name := n.Cluster.Name()
		st.Clusters = append(st.Clusters, ClusterStatus{Name: name, Events: s.events.of(name)})
	}
	return st
}

func (s *supervisor) fault(ctx context.Context, req FaultRequest) error {
	i, cluster, err := s.find(req.Cluster)
	if err != nil {
		return err
	}
	switch req.Fault {
	case FaultLink:
		if req.Mend {
			return s.internet.Mend(cluster)
		}
		return s.internet.Cut(cluster)
	case FaultAddress, FaultZone, FaultName:
		b := s.balancers[i].Load()
		if b == nil {
			return fmt.Errorf("cluster %q has no load balancers yet; wait until it is ready", req.Cluster)
		}
		return s.balancerFault(ctx, b, req)
	default:
		return fmt.Errorf("unknown fault %q", req.Fault)
	}
}

func (s *supervisor) find(name string) (int, topology.Cluster, error) {
	for i, n := range s.spec.Nodes {
		if n.Cluster.Name() == name {
			return i, n.Cluster, nil
		}
	}
	return 0, topology.Cluster{}, errors.New("the lab has no cluster " + name)
}
