package mesh

import (
	"strings"
	"testing"
)

func TestCAsAreReusedOnlyAllOrNone(t *testing.T) {
	ca := func(cluster, root string) foundCA {
		return foundCA{cluster: cluster, exists: root != "", root: []byte(root)}
	}
	for _, c := range []struct {
		name  string
		found []foundCA
		reuse bool
		want  string
	}{
		{name: "none", found: []foundCA{ca("a", ""), ca("b", "")}},
		{name: "one root", found: []foundCA{ca("a", "root"), ca("b", "root")}, reuse: true},
		{name: "one cluster lacks it", found: []foundCA{ca("a", "root"), ca("b", ""), ca("c", "root")}, want: "clusters a, c have a CA"},
		{name: "two roots", found: []foundCA{ca("a", "root"), ca("b", "other")}, want: `clusters "a" and "b" have CAs with different roots`},
	} {
		t.Run(c.name, func(t *testing.T) {
			reuse, err := judgeCAs(c.found)
			if reuse != c.reuse {
				t.Errorf("reuse: got %v, want %v", reuse, c.reuse)
			}
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error: got %v, want one with %q", err, c.want)
			}
		})
	}
}
