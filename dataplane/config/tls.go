package config

import (
	"crypto/tls"
	"errors"
	"fmt"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	rawbufferv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/raw_buffer/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/eastwest-mesh/eastwest/dataplane/match"
)

var rawBuffer = &rawbufferv3.RawBuffer{}

// SecretRef names a secret and the xdsCluster of the SDS server that has it.
type SecretRef struct{ Name, XDSCluster string }

// TLS is one side's compiled TLS settings.
type TLS struct {
	Cert  SecretRef // own certificate; empty name: none
	Roots SecretRef // what peers are verified with; empty name: nothing

	// SANs are matchers of which the peer's certificate must fit one; empty
	// accepts every certificate that Roots vouch for.
	SANs []SAN

	ALPN                   []string
	MinVersion, MaxVersion uint16 // crypto/tls numbers

	RequireClientCert bool   // server side
	SNI               string // client side
}

// SAN is one accepted subject alternative name.
type SAN struct {
	Kind    tlsv3.SubjectAltNameMatcher_SanType // SAN_TYPE_UNSPECIFIED: any kind
	Matcher match.String
}

// Secrets lists what t needs from SDS. t may be nil.
func (t *TLS) Secrets() []SecretRef {
	var out []SecretRef
	if t == nil {
		return nil
	}
	for _, r := range []SecretRef{t.Cert, t.Roots} {
		if r.Name != "" {
			out = append(out, r)
		}
	}
	return out
}

func compileTLS(in *tlsv3.CommonTlsContext) (*TLS, error) {
	out := &TLS{ALPN: in.GetAlpnProtocols(), MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13}
	if err := out.versions(in.GetTlsParams()); err != nil {
		return nil, fmt.Errorf("tls_params: %w", err)
	}
	switch certs := in.GetTlsCertificateSdsSecretConfigs(); len(certs) {
	case 0:
	case 1:
		ref, err := secretRef(certs[0])
		if err != nil {
			return nil, fmt.Errorf("tls_certificate_sds_secret_configs[0]: %w", err)
		}
		out.Cert = ref
	default:
		return nil, errors.New("tls_certificate_sds_secret_configs: more than one is not supported")
	}
	roots := in.GetValidationContextSdsSecretConfig()
	if cv := in.GetCombinedValidationContext(); cv != nil {
		roots = cv.GetValidationContextSdsSecretConfig()
		if err := out.sans(cv.GetDefaultValidationContext()); err != nil {
			return nil, fmt.Errorf("combined_validation_context.default_validation_context: %w", err)
		}
		if roots == nil {
			return nil, errors.New("combined_validation_context: want validation_context_sds_secret_config")
		}
	}
	if roots != nil {
		ref, err := secretRef(roots)
		if err != nil {
			return nil, fmt.Errorf("validation_context_sds_secret_config: %w", err)
		}
		out.Roots = ref
	}
	return out, nil
}

func (t *TLS) versions(p *tlsv3.TlsParameters) error {
	for _, v := range []struct {
		in  tlsv3.TlsParameters_TlsProtocol
		out *uint16
	}{{p.GetTlsMinimumProtocolVersion(), &t.MinVersion}, {p.GetTlsMaximumProtocolVersion(), &t.MaxVersion}} {
		switch v.in {
		case tlsv3.TlsParameters_TLS_AUTO:
		case tlsv3.TlsParameters_TLSv1_2:
			*v.out = tls.VersionTLS12
		case tlsv3.TlsParameters_TLSv1_3:
			*v.out = tls.VersionTLS13
		default:
			return fmt.Errorf("version %s is not supported, want TLSv1_2 or TLSv1_3", v.in)
		}
	}
	return nil
}

func (t *TLS) sans(in *tlsv3.CertificateValidationContext) error {
	add := func(kind tlsv3.SubjectAltNameMatcher_SanType, m *matcherv3.StringMatcher) error {
		c, err := match.CompileString(m)
		t.SANs = append(t.SANs, SAN{Kind: kind, Matcher: c})
		return err
	}
	for i, m := range in.GetMatchSubjectAltNames() { //nolint:staticcheck // what istiod sends
		if err := add(tlsv3.SubjectAltNameMatcher_SAN_TYPE_UNSPECIFIED, m); err != nil {
			return fmt.Errorf("match_subject_alt_names[%d]: %w", i, err)
		}
	}
	for i, m := range in.GetMatchTypedSubjectAltNames() {
		if err := add(m.GetSanType(), m.GetMatcher()); err != nil {
			return fmt.Errorf("match_typed_subject_alt_names[%d]: %w", i, err)
		}
	}
	return nil
}

func secretRef(in *tlsv3.SdsSecretConfig) (SecretRef, error) {
	source := in.GetSdsConfig().GetApiConfigSource()
	services := source.GetGrpcServices()
	if source.GetApiType() != corev3.ApiConfigSource_GRPC || len(services) != 1 {
		return SecretRef{}, errors.New("sds_config: want an api_config_source of type GRPC with one grpc_service")
	}
	if in.GetName() == "" {
		return SecretRef{}, errors.New("name is missing")
	}
	return SecretRef{Name: in.GetName(), XDSCluster: services[0].GetEnvoyGrpc().GetClusterName()}, nil
}

func upstreamTLS(packed *anypb.Any) (*TLS, error) {
	m, err := decode(packed)
	if err != nil {
		return nil, err
	}
	u, ok := m.(*tlsv3.UpstreamTlsContext)
	if !ok {
		if packed.MessageIs(rawBuffer) {
			return nil, nil
		}
		return nil, fmt.Errorf("transport socket type %q is not supported", packed.GetTypeUrl())
	}
	t, err := compileTLS(u.GetCommonTlsContext())
	if err != nil {
		return nil, fmt.Errorf("common_tls_context: %w", err)
	}
	if t.Roots.Name == "" {
		return nil, errors.New("common_tls_context.validation_context_type: TLS to a server that is not verified is not supported")
	}
	t.SNI = u.GetSni()
	return t, nil
}
