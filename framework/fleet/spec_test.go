package fleet

import (
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	good := ClusterSpec{Name: "west", Kubeconfig: "west.yaml", Network: "n-west"}
	with := func(change func(*ClusterSpec)) ClusterSpec {
		spec := good
		change(&spec)
		return spec
	}
	tests := []struct {
		name  string
		specs []ClusterSpec
		want  []string // parts of the error; none: valid
	}{
		{name: "one", specs: []ClusterSpec{good}},
		{name: "a flat mesh", specs: []ClusterSpec{good, with(func(s *ClusterSpec) { s.Name = "east" })}},
		{name: "none", want: []string{"at least one cluster"}},
		{name: "twice the same name", specs: []ClusterSpec{good, good}, want: []string{`two clusters are named "west"`}},
		{
			name:  "the default context name of EKS",
			specs: []ClusterSpec{with(func(s *ClusterSpec) { s.Name = "arn:aws:eks:eu-west-1:1:cluster/c1" })},
			want:  []string{"cluster 1: name"},
		},
		{
			name: "everything wrong is reported",
			specs: []ClusterSpec{
				with(func(s *ClusterSpec) { s.Kubeconfig = "" }),
				with(func(s *ClusterSpec) { s.Name, s.Network = "east", "" }),
			},
			want: []string{`cluster "west": want the path of a kubeconfig`},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := Validate(test.specs)
			if (err == nil) != (len(test.want) == 0) {
				t.Fatalf("want %q, got %v", test.want, err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("want %q in the error, got %v", want, err)
				}
			}
		})
	}
}
