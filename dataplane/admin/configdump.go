package admin

import (
	"encoding/json"
	"encoding/pem"
	"net/http"
	"regexp"
	"strings"
	"time"

	adminv3 "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/eastwest-mesh/eastwest/dataplane/secret"
)

// Type URLs under which Meta is asked.
const (
	typePrefix   = "type.googleapis.com/envoy.config."
	typeCluster  = typePrefix + "cluster.v3.Cluster"
	typeListener = typePrefix + "listener.v3.Listener"
	typeRoute    = typePrefix + "route.v3.RouteConfiguration"
	typeEndpoint = typePrefix + "endpoint.v3.ClusterLoadAssignment"
)

func (s *Server) configDump(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	keep := func(string) bool { return true }
	if e := q.Get("name_regex"); e != "" {
		re, err := regexp.Compile(`\A(?:` + e + `)\z`)
		if err != nil {
			http.Error(w, "Error while parsing name_regex: "+err.Error(), http.StatusBadRequest)
			return
		}
		keep = re.MatchString
	}
	sections := []proto.Message{&adminv3.BootstrapConfigDump{Bootstrap: s.Bootstrap, LastUpdated: timestamppb.New(s.Started)}, s.clustersDump(keep)}
	if q.Has("include_eds") || q.Get("resource") == "dynamic_endpoint_configs" || q.Get("resource") == "static_endpoint_configs" {
		sections = append(sections, s.endpointsDump(keep))
	}
	sections = append(sections, s.listenersDump(keep), s.routesDump(keep), s.secretsDump(keep))
	out := &adminv3.ConfigDump{}
	if field := q.Get("resource"); field != "" {
		items, ok := resource(sections, field)
		if !ok {
			http.Error(w, field+" not found in config dump", http.StatusNotFound)
			return
		}
		out.Configs = items
	} else {
		for _, m := range sections {
			out.Configs = append(out.Configs, pack(m))
		}
	}
	mask := q.Get("mask")
	if mask == "" {
		writeProto(w, out)
		return
	}
	writeMasked(w, out, strings.Split(mask, ","))
}

// resource takes the items of one repeated field out of the sections.
func resource(sections []proto.Message, field string) ([]*anypb.Any, bool) {
	for _, m := range sections {
		fd := m.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(field))
		if fd == nil || !fd.IsList() || fd.Kind() != protoreflect.MessageKind {
			continue
		}
		var out []*anypb.Any
		list := m.ProtoReflect().Get(fd).List()
		for i := range list.Len() {
			out = append(out, pack(list.Get(i).Message().Interface()))
		}
		return out, true
	}
	return nil, false
}

// writeMasked prunes the JSON: a mask's path goes through lists and Any alike.
func writeMasked(w http.ResponseWriter, m *adminv3.ConfigDump, masks []string) {
	raw, err := marshal(m)
	var tree struct {
		Configs []map[string]any `json:"configs"`
	}
	if err == nil {
		err = json.Unmarshal(raw, &tree)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for i, c := range tree.Configs {
		tree.Configs[i], _ = prune(c, masks).(map[string]any)
	}
	writeJSON(w, tree)
}

func prune(v any, masks []string) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = prune(v[i], masks)
		}
		return v
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			var deeper []string
			whole := key == "@type"
			for _, m := range masks {
				head, rest, nested := strings.Cut(m, ".")
				if head != key {
					continue
				}
				if !nested {
					whole = true
				} else {
					deeper = append(deeper, rest)
				}
			}
			switch {
			case whole:
				out[key] = value
			case deeper != nil:
				out[key] = prune(value, deeper)
			}
		}
		return out
	}
	return v
}

func (s *Server) meta(typeURL, name string) (Meta, *timestamppb.Timestamp, bool) {
	m, dynamic := s.Meta(typeURL, name)
	at := m.Updated
	if !dynamic {
		at = s.Started
	}
	return m, timestamppb.New(at.Truncate(time.Millisecond)), dynamic
}

func (s *Server) clustersDump(keep func(string) bool) *adminv3.ClustersConfigDump {
	out := &adminv3.ClustersConfigDump{}
	for _, c := range s.Upstream.All() {
		if !keep(c.Name) {
			continue
		}
		m, at, dynamic := s.meta(typeCluster, c.Name)
		pb := pack(c.Config().Proto)
		if dynamic {
			out.DynamicActiveClusters = append(out.DynamicActiveClusters, &adminv3.ClustersConfigDump_DynamicCluster{VersionInfo: m.Version, Cluster: pb, LastUpdated: at})
		} else {
			out.StaticClusters = append(out.StaticClusters, &adminv3.ClustersConfigDump_StaticCluster{Cluster: pb, LastUpdated: at})
		}
	}
	return out
}

func (s *Server) endpointsDump(keep func(string) bool) *adminv3.EndpointsConfigDump {
	out := &adminv3.EndpointsConfigDump{}
	for _, c := range s.Upstream.All() {
		e := c.Endpoints()
		if e == nil || !keep(e.Name) {
			continue
		}
		m, at, dynamic := s.meta(typeEndpoint, e.Name)
		pb := pack(e.Proto)
		if dynamic {
			out.DynamicEndpointConfigs = append(out.DynamicEndpointConfigs, &adminv3.EndpointsConfigDump_DynamicEndpointConfig{VersionInfo: m.Version, EndpointConfig: pb, LastUpdated: at})
		} else {
			out.StaticEndpointConfigs = append(out.StaticEndpointConfigs, &adminv3.EndpointsConfigDump_StaticEndpointConfig{EndpointConfig: pb, LastUpdated: at})
		}
	}
	return out
}

func (s *Server) listenersDump(keep func(string) bool) *adminv3.ListenersConfigDump {
	out := &adminv3.ListenersConfigDump{}
	for _, l := range s.Listeners.All() {
		if !keep(l.Config.Name) {
			continue
		}
		m, at, dynamic := s.meta(typeListener, l.Config.Name)
		pb := pack(l.Config.Proto)
		if dynamic {
			out.DynamicListeners = append(out.DynamicListeners, &adminv3.ListenersConfigDump_DynamicListener{
				Name: l.Config.Name, ActiveState: &adminv3.ListenersConfigDump_DynamicListenerState{VersionInfo: m.Version, Listener: pb, LastUpdated: at},
			})
		} else {
			out.StaticListeners = append(out.StaticListeners, &adminv3.ListenersConfigDump_StaticListener{Listener: pb, LastUpdated: at})
		}
	}
	return out
}

func (s *Server) routesDump(keep func(string) bool) *adminv3.RoutesConfigDump {
	out := &adminv3.RoutesConfigDump{}
	for _, t := range s.Routes() {
		if keep(t.Name) {
			m, at, _ := s.meta(typeRoute, t.Name)
			out.DynamicRouteConfigs = append(out.DynamicRouteConfigs, &adminv3.RoutesConfigDump_DynamicRouteConfig{VersionInfo: m.Version, RouteConfig: pack(t.Proto), LastUpdated: at})
		}
	}
	for _, l := range s.Listeners.All() {
		for _, c := range l.Config.Chains {
			if c.HTTP != nil && c.HTTP.Routes != nil && keep(c.HTTP.Routes.Name) {
				out.StaticRouteConfigs = append(out.StaticRouteConfigs, &adminv3.RoutesConfigDump_StaticRouteConfig{RouteConfig: pack(c.HTTP.Routes.Proto), LastUpdated: timestamppb.New(l.Updated)})
			}
		}
	}
	return out
}

// redacted stands for what is never shown (as in Envoy's own dumps).
const redacted = "[redacted]"

func (s *Server) secretsDump(keep func(string) bool) *adminv3.SecretsConfigDump {
	out := &adminv3.SecretsConfigDump{}
	for _, h := range s.Secrets() {
		if !keep(h.Name) {
			continue
		}
		m := h.Current()
		if m == nil {
			out.DynamicWarmingSecrets = append(out.DynamicWarmingSecrets, &adminv3.SecretsConfigDump_DynamicSecret{Name: h.Name, Secret: pack(&tlsv3.Secret{Name: h.Name})})
			continue
		}
		out.DynamicActiveSecrets = append(out.DynamicActiveSecrets, &adminv3.SecretsConfigDump_DynamicSecret{
			Name: h.Name, VersionInfo: m.Version, LastUpdated: timestamppb.New(m.Updated), Secret: pack(publicPart(h.Name, m)),
		})
	}
	return out
}

// publicPart rebuilds a secret from what may be shown: the key is not there to
// be redacted by mistake.
func publicPart(name string, m *secret.Material) *tlsv3.Secret {
	inline := func(b []byte) *corev3.DataSource {
		return &corev3.DataSource{Specifier: &corev3.DataSource_InlineBytes{InlineBytes: b}}
	}
	encode := func(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}) }
	var chain []byte
	if m.Cert != nil {
		for _, der := range m.Cert.Certificate {
			chain = append(chain, encode(der)...)
		}
		return &tlsv3.Secret{Name: name, Type: &tlsv3.Secret_TlsCertificate{TlsCertificate: &tlsv3.TlsCertificate{
			CertificateChain: inline(chain), PrivateKey: inline([]byte(redacted)),
		}}}
	}
	for _, c := range m.RootCerts {
		chain = append(chain, encode(c.Raw)...)
	}
	return &tlsv3.Secret{Name: name, Type: &tlsv3.Secret_ValidationContext{ValidationContext: &tlsv3.CertificateValidationContext{TrustedCa: inline(chain)}}}
}
