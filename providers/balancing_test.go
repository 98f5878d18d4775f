package providers

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/lab/loadbalancer"
)

func TestImitate(t *testing.T) {
	tests := map[string]struct {
		asked fleet.Balancing
		want  loadbalancer.Traits
		says  []string
	}{
		"an address at once": {fleet.Balancing{}, loadbalancer.Traits{}, []string{"one address"}},
		"an address, late":   {fleet.Balancing{Late: true}, loadbalancer.Traits{AddressAfter: addressAfter}, []string{"one address, 100ms after the Service"}},
		"Amazon's": {
			fleet.Balancing{Hostname: true, Several: true, Late: true},
			loadbalancer.Traits{Hostname: true, Addresses: zones, AddressAfter: addressAfter, NameAfter: nameAfter},
			[]string{"a host name with 3 addresses that all take connections", "begins to resolve 150ms after it is shown"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := NewLab(lab.Options{})
			said := strings.Join(p.Imitate(test.asked), "; ")
			if diff := cmp.Diff(test.want, p.Options().Balancing); diff != "" {
				t.Error(diff)
			}
			if err := p.Options().Balancing.Validate(); err != nil {
				t.Error(err)
			}
			for _, want := range test.says {
				if !strings.Contains(said, want) {
					t.Errorf("want reported %q, got %q", want, said)
				}
			}
		})
	}
}
