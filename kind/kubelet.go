package kind

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/eastwest-mesh/eastwest/kind/internal/engine"
)

// recently is how far back the kubelet's journal is searched for its end. One that
// ends is started again after a second: if none has ended in this time, it runs,
// whatever it had to wait for before.
const recently = "-30s"

// withKubelet adds to the error of a creation why the node's kubelet has ended, if
// it has: kubeadm, which waits for what the kubelet shall start, only tells that
// nothing answers.
func (c *Cluster) withKubelet(ctx context.Context, failed error) error {
	if ctx.Err() != nil {
		return failed
	}
	journal, err := engine.Exec(ctx, c.KindName()+nodeSuffix, "journalctl", "--unit=kubelet", "--output=cat", "--since="+recently)
	if err != nil {
		return failed // there may be no node yet
	}
	if why := kubeletEnd(journal); why != "" {
		return fmt.Errorf("%w; its kubelet ended: %s", failed, why)
	}
	return failed
}

// nodeSuffix is what kind adds to a cluster's name to name its first node.
const nodeSuffix = "-control-plane"

// commandFailed is what the kubelet, as every command of k8s.io/component-base/cli,
// writes before it ends with an error.
var commandFailed = regexp.MustCompile(`"command failed" err=("(?:[^"\\]|\\.)*")`)

// endLength is how much of a kubelet's reason is reported, in bytes: one that did not
// understand something repeats all of it.
const endLength = 300

// kubeletEnd finds the last reason in a kubelet's journal; empty for none, and, as
// in lastWords, for one that could hold a token.
func kubeletEnd(journal string) string {
	all := commandFailed.FindAllStringSubmatch(journal, -1)
	if len(all) == 0 {
		return ""
	}
	why, err := strconv.Unquote(all[len(all)-1][1])
	if err != nil {
		why = all[len(all)-1][1]
	}
	if strings.Contains(why, "token") {
		return ""
	}
	if len(why) > endLength {
		why = strings.ToValidUTF8(why[:endLength], "") + "..."
	}
	return why
}
