package allow_test

import (
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/eastwest-mesh/eastwest/dataplane/allow"
)

const l = "envoy.config.listener.v3."

func table() *allow.Table {
	t := allow.NewTable()
	t.Message(l+"Listener", "name filter_chains").Ignore("a label", "stat_prefix metadata")
	t.Message(l+"FilterChain", "filters name")
	t.Message(l+"Filter", "name typed_config")
	t.Message("envoy.config.core.v3.Pipe", "path")
	return t
}

func filter(name string, packed *anypb.Any) *listenerv3.Listener {
	return &listenerv3.Listener{FilterChains: []*listenerv3.FilterChain{{Name: "c", Filters: []*listenerv3.Filter{{
		Name: name, ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: packed},
	}}}}}
}

func TestCheck(t *testing.T) {
	known, err := anypb.New(&corev3.Pipe{Path: "p"})
	if err != nil {
		t.Fatal(err)
	}
	deep, err := anypb.New(&corev3.Pipe{Path: "p", Mode: 1})
	if err != nil {
		t.Fatal(err)
	}
	newer := &listenerv3.Listener{Name: "x"}
	newer.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 5000, protowire.VarintType), 1))
	for name, c := range map[string]struct {
		in   *listenerv3.Listener
		want string // "" accepts
	}{
		"handled":          {filter("f", known), ""},
		"ignored":          {&listenerv3.Listener{StatPrefix: "s", Metadata: &corev3.Metadata{}}, ""},
		"unhandled":        {&listenerv3.Listener{Freebind: wrapperspb.Bool(true)}, "freebind: field is not supported"},
		"inside an Any":    {filter("f", deep), "filter_chains[0](c).filters[0](f).typed_config.mode: field is not supported"},
		"unheard type":     {filter("f", &anypb.Any{TypeUrl: "x/y.Z"}), `typed_config: type "x/y.Z" is not supported`},
		"unlisted type":    {filter("f", mustAny(t)), "typed_config: envoy.config.core.v3.Node is not supported"},
		"broken bytes":     {filter("f", &anypb.Any{TypeUrl: known.GetTypeUrl(), Value: []byte{0xff}}), "typed_config: type"},
		"newer than known": {newer, "has fields newer than this program knows"},
	} {
		err := table().Check(c.in)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func mustAny(t *testing.T) *anypb.Any {
	t.Helper()
	a, err := anypb.New(&corev3.Node{Id: "x"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestMessagesStayShort(t *testing.T) {
	in := &listenerv3.Listener{}
	for range 50 {
		in.FilterChains = append(in.FilterChains, &listenerv3.FilterChain{Metadata: &corev3.Metadata{}})
	}
	err := table().Check(in)
	if err == nil || strings.Count(err.Error(), "\n") > 10 || !strings.Contains(err.Error(), "and 42 more") {
		t.Errorf("%v", err)
	}
}
