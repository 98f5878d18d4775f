package upgrade

import (
	"errors"
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func TestSettle(t *testing.T) {
	tests := []struct {
		name     string
		begun    int
		change   func(*istio.Snapshot)
		wantFrom string
		wantErr  string
	}{
		{name: "the only revision in use", begun: 2, wantFrom: "old"},
		{name: "not installed yet, with a version", wantFrom: "old"},
		{name: "given", begun: 2, change: func(s *istio.Snapshot) { s.Asked.Upgrade.From = "old" }, wantFrom: "old"},
		{name: "not installed, without a version", change: func(s *istio.Snapshot) { s.Asked.Upgrade.Version = "" }, wantErr: "--to new: no cluster has an istiod of this revision; there are old (a, b)"},
		{name: "no version", change: func(s *istio.Snapshot) { s.Asked.Upgrade.Version = "latest" }, wantErr: `--version "latest": want a version`},
		{name: "is in use", begun: 2, change: func(s *istio.Snapshot) { s.Asked.Upgrade.From, s.Asked.Upgrade.To = "old", "old" }, wantErr: "uses this revision already"},
		{name: "has moved already", begun: 2, change: func(s *istio.Snapshot) { s.Asked.Upgrade.To = "old" }, wantErr: "every proxy of the fleet is of this revision already"},
		{name: "is a tag", begun: 2, change: func(s *istio.Snapshot) {
			hooks, _ := s.Clusters[0].Webhooks.Get()
			hooks[1].Tag, s.Asked.Upgrade.To = "prod", "prod"
		}, wantErr: "on a this is a tag, which leads to revision new"},
		{name: "leaves a tag", begun: 2, change: func(s *istio.Snapshot) {
			hooks, _ := s.Clusters[0].Webhooks.Get()
			hooks[0].Tag, s.Asked.Upgrade.From = "prod", "prod"
		}, wantErr: "--from prod: on a this is a tag"},
		{name: "several are in use", begun: 2, change: func(s *istio.Snapshot) {
			proxies, _ := s.Clusters[1].Proxies.Get()
			proxies[0].InjectedBy = "older"
		}, wantErr: "several revisions beside new: old (a, b), older (b). Say with --from"},
		{name: "leaves one that is nowhere", begun: 2, change: func(s *istio.Snapshot) { s.Asked.Upgrade.From = "gone" }, wantErr: "--from gone: no cluster has an istiod"},
		{name: "nothing beside it", begun: 2, change: func(s *istio.Snapshot) {
			for i := range s.Clusters {
				s.Clusters[i].Istiods = istio.Read([]istio.Istiod{istiod("new", "1.31.2")})
				s.Clusters[i].Proxies = istio.Read[[]istio.ProxySet](nil)
			}
		}, wantErr: "nothing to move from"},
		{name: "a snapshot for something else", change: func(s *istio.Snapshot) { s.Asked.Upgrade = nil }, wantErr: "not taken for an upgrade"},
		{name: "istiods could not be read", change: func(s *istio.Snapshot) {
			for i := range s.Clusters {
				s.Clusters[i].Istiods = istio.NotRead[[]istio.Istiod](istio.Unknown{What: "istiods", Reason: istio.Forbidden})
			}
		}, wantFrom: "old"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := fleet(2, tt.begun)
			if tt.change != nil {
				tt.change(s)
			}
			err := Settle(s)
			if tt.wantErr != "" {
				if use := (UseError{}); !errors.As(err, &use) || !strings.Contains(err.Error(), tt.wantErr) {
					t.Fatalf("got %v, want a UseError with %q", err, tt.wantErr)
				}
				return
			}
			if err != nil || s.Asked.Upgrade.From != tt.wantFrom {
				t.Errorf("got %v, from %q; want %q", err, s.Asked.Upgrade.From, tt.wantFrom)
			}
		})
	}
}
