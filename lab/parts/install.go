package parts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// install installs the packages of the absent needs and looks whether they
// are there now.
func (m machine) install(ctx context.Context, absent []need, doing func(string)) error {
	doing("apt-get update")
	if err := aptGet(ctx, "update"); err != nil {
		return aptFailed(ctx, absent, err)
	}
	names := packages(absent)
	doing("apt-get install " + strings.Join(names, " "))
	args := append([]string{"install", "-y", "--no-install-recommends"}, names...)
	if err := aptGet(ctx, args...); err != nil {
		return aptFailed(ctx, absent, err)
	}
	if still := absentNeeds(absent, m.exists); len(still) > 0 {
		return unmetNeeds(still, m.hasApt)
	}
	return nil
}

// aptFailed is what is still unmet, unless the caller gave up.
func aptFailed(ctx context.Context, absent []need, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("install Debian packages: %w", context.Cause(ctx))
	}
	u := unmetNeeds(absent, true)
	u.Found = err.Error()
	return u
}

// aptGet runs one apt-get that asks nothing. It waits for another apt to end
// instead of failing: fresh machines update themselves at boot.
func aptGet(ctx context.Context, args ...string) error {
	apt, err := FindProgram("apt-get")
	if err != nil {
		return err
	}
	args = append([]string{"-q", "-o", "DPkg::Lock::Timeout=120"}, args...)
	cmd := exec.CommandContext(ctx, apt, args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, lastLines(string(out), aptErrorLines))
	}
	return nil
}

// aptErrorLines is how much of apt's output an error carries: its reasons come last.
const aptErrorLines = 4

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "; ")
}
