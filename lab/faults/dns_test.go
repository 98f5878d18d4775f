package faults

import (
	"strings"
	"testing"
)

func TestMisnamed(t *testing.T) {
	const was = "cluster.local:53 {\n    kubernetes {\n    }\n}\n.:53 {\n    errors\n}\n"
	wrong := misnamed(was)
	if !strings.HasPrefix(wrong, "cluster.local:53 {\n    template IN A {") || strings.Count(wrong, nobody) != 1 {
		t.Errorf("want wrong answers in the first block only, got\n%s", wrong)
	}
	if got := wellNamed(wrong); got != was {
		t.Errorf("mended, got\n%s", got)
	}
	if got := wellNamed(was); got != was {
		t.Errorf("not broken, got\n%s", got)
	}
}
