package parts

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/internal/kernel"
)

// ready is a machine that lacks nothing.
func ready() machine {
	return machine{
		linux:     true,
		root:      true,
		caps:      kernel.CapSysAdmin | kernel.CapNetAdmin,
		goVersion: func() (string, error) { return "go1.99.0", nil },
		freeBytes: func(string) (uint64, error) { return 99 * gib, nil },
		unbuilt:   func(Options) []family { return []family{{diskMiB: 4 * 1024}, {diskMiB: 3 * 1024}} },
		goCache:   func() (string, error) { return "/gocache", nil },
		exists:    func(need) bool { return true },
		hasApt:    true,
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		name   string
		change func(*machine)
		want   []string // a part of each error, in order
	}{
		{"nothing is missing", func(*machine) {}, nil},
		{"another system", func(m *machine) { m.linux = false }, []string{"Linux"}},
		{"not root", func(m *machine) { m.root = false }, []string{"lacks root (found an ordinary user)"}},
		{"restricted root", func(m *machine) { m.caps = 0 }, []string{"CAP_SYS_ADMIN"}},
		{"no go", func(m *machine) {
			m.goVersion = func() (string, error) { return "", &exec.Error{Name: "go", Err: exec.ErrNotFound} }
		}, []string{"no go command in PATH"}},
		{"an old go", func(m *machine) { m.goVersion = func() (string, error) { return "go1.24.1", nil } }, []string{"or newer (found go1.24.1)"}},
		{"a development go", func(m *machine) { m.goVersion = func() (string, error) { return "devel go1.27-abc", nil } }, nil},
		{"too small for a first build", func(m *machine) { m.freeBytes = func(string) (uint64, error) { return 8 * gib, nil } }, []string{"9.0 GiB of free disk to build the parts once (found 8.0 GiB at /gocache)"}},
		{"too small for anything", func(m *machine) { m.freeBytes = func(string) (uint64, error) { return gib, nil } }, []string{"2.0 GiB of free disk for built programs and a lab (found 1.0 GiB"}},
		{"enough once built", func(m *machine) {
			m.freeBytes = func(string) (uint64, error) { return 3 * gib, nil }
			m.unbuilt = func(Options) []family { return nil }
		}, nil},
		{"all at once", func(m *machine) {
			m.root = false
			m.goVersion = func() (string, error) { return "go1.24.1", nil }
			m.freeBytes = func(string) (uint64, error) { return 0, errors.New("no such disk") }
		}, []string{"root", "Go", "no such disk"}},
	}
	opts := Options{Cache: t.TempDir()}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := ready()
			tt.change(&m)
			got := m.check(opts)
			if len(got) != len(tt.want) {
				t.Fatalf("got %v, want %d errors", got, len(tt.want))
			}
			for i, part := range tt.want {
				if !strings.Contains(got[i].Error(), part) {
					t.Errorf("error %d is %q, want it to say %q", i, got[i], part)
				}
			}
		})
	}
}

func TestUnmetNeedsNamesEverything(t *testing.T) {
	absent := absentNeeds(needs(), func(n need) bool { return n.pkg != "gcc" && n.pkg != "curl" })
	withApt := unmetNeeds(absent, true).Error()
	for _, want := range []string{"a C compiler, curl", "apt-get install -y --no-install-recommends curl gcc"} {
		if !strings.Contains(withApt, want) {
			t.Errorf("%q does not say %q", withApt, want)
		}
	}
	if without := unmetNeeds(absent, false).Error(); !strings.Contains(without, "no apt-get here") {
		t.Errorf("%q does not say that apt-get is missing", without)
	}
}

func TestJoinUnmet(t *testing.T) {
	if err := joinUnmet(nil); err != nil {
		t.Errorf("nothing unmet is the error %v", err)
	}
	var unmet *Unmet
	if err := joinUnmet([]*Unmet{{Need: "a"}, {Need: "b"}}); !errors.As(err, &unmet) || unmet.Need != "a" {
		t.Errorf("errors.As finds %v in %v", unmet, err)
	}
}
