package config_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
)

// dumps holds what was read; tests get clones, which they may change.
var dumps sync.Map // name -> []proto.Message

// dump reads what an istiod 1.31 sent to one kind of proxy (testdata/dumps;
// access logs and tracing are left out of all but sidecar-server).
func dump(t testing.TB, name string) []proto.Message {
	t.Helper()
	list, ok := dumps.Load(name)
	if !ok {
		read := readDump(t, name)
		list, _ = dumps.LoadOrStore(name, read)
	}
	return list.([]proto.Message)
}

func readDump(t testing.TB, name string) []proto.Message {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "dumps", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	out := make([]proto.Message, 0, len(list))
	for _, r := range list {
		var a anypb.Any
		if err := protojson.Unmarshal(r, &a); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		m, err := a.UnmarshalNew()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, m)
	}
	return out
}

// compile compiles any of the four kinds.
func compile(m proto.Message) (err error) {
	switch m := m.(type) {
	case *listenerv3.Listener:
		_, err = config.CompileListener(m)
	case *clusterv3.Cluster:
		_, err = config.CompileXDSCluster(m)
	case *routev3.RouteConfiguration:
		_, err = config.CompileRoutes(m)
	case *endpointv3.ClusterLoadAssignment:
		_, err = config.CompileEndpoints(m)
	default:
		err = fmt.Errorf("unexpected %T", m)
	}
	return err
}

func TestEveryDumpCompiles(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "dumps", "*.json"))
	if err != nil || len(files) != 9 {
		t.Fatalf("%d dumps (%v), want 9", len(files), err)
	}
	for _, f := range files {
		name := filepath.Base(f[:len(f)-len(".json")])
		t.Run(name, func(t *testing.T) {
			for _, m := range dump(t, name) {
				if err := compile(m); err != nil {
					t.Errorf("%s: %v", m.ProtoReflect().Descriptor().Name(), err)
				}
			}
		})
	}
}

func listener(t testing.TB, file, name string) *listenerv3.Listener {
	t.Helper()
	for _, m := range dump(t, file) {
		if l, ok := m.(*listenerv3.Listener); ok && l.GetName() == name {
			return proto.CloneOf(l)
		}
	}
	t.Fatalf("%s has no listener %q", file, name)
	return nil
}

func xdsCluster(t testing.TB, file, name string) *clusterv3.Cluster {
	t.Helper()
	for _, m := range dump(t, file) {
		if c, ok := m.(*clusterv3.Cluster); ok && c.GetName() == name {
			return proto.CloneOf(c)
		}
	}
	t.Fatalf("%s has no xdsCluster %q", file, name)
	return nil
}

func routes(t testing.TB, file, name string) *routev3.RouteConfiguration {
	t.Helper()
	for _, m := range dump(t, file) {
		if r, ok := m.(*routev3.RouteConfiguration); ok && r.GetName() == name {
			return proto.CloneOf(r)
		}
	}
	t.Fatalf("%s has no routes %q", file, name)
	return nil
}
