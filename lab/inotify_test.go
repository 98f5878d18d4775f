package lab

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRaiseInotify(t *testing.T) {
	tests := map[string]struct{ before, after, says string }{
		"the kernel's default": {"128\n", "1024", "from 128 to 1024"},
		"enough":               {"1024\n", "1024\n", ""},
		"more":                 {"8192\n", "8192\n", ""},
		"unreadable":           {"many\n", "many\n", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "max_user_instances")
			if err := os.WriteFile(file, []byte(test.before), 0o644); err != nil {
				t.Fatal(err)
			}
			var said bytes.Buffer
			raiseInotify(file, &said)
			after, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if string(after) != test.after || !strings.Contains(said.String(), test.says) || test.says == "" && said.Len() > 0 {
				t.Errorf("left %q and said %q, want %q and %q", after, said.String(), test.after, test.says)
			}
		})
	}
	var said bytes.Buffer
	if raiseInotify(filepath.Join(t.TempDir(), "none"), &said); said.Len() > 0 {
		t.Errorf("said %q of a limit that does not exist", said.String())
	}
	// A file of the kernel's that nobody may write.
	if raiseInotify("/proc/sys/kernel/ngroups_max", &said); said.Len() > 0 {
		t.Errorf("said %q of a limit that is high enough", said.String())
	}
	if raiseInotify("/proc/sys/kernel/cap_last_cap", &said); !strings.Contains(said.String(), "cannot be raised") || !strings.Contains(said.String(), "sysctl -w") {
		t.Errorf("said %q, want the way out", said.String())
	}
}
