package engine

import (
	"context"
	"strings"
)

// freezer is where hosts with cgroup v1 have the hierarchy of what is frozen.
const freezer = "/sys/fs/cgroup/freezer"

// thawBelow writes THAWED to each frozen cgroup whose path contains $1, an ID: the
// container's own and those below it.
const thawBelow = `find /freezer -path "*$1*" -name freezer.state | while read -r state; do
	[ "$(cat "$state")" = THAWED ] || echo THAWED >"$state" || exit
done`

// Thaw lets frozen processes of a container go on; that it does not exist is no
// error. runc freezes the cgroup of a new container while it sets it up. If it is
// killed in that moment, with the node around it, nobody thaws the cgroup, and what
// is frozen in cgroup v1 cannot be killed: the engine waits for the container's end
// in vain. Cgroup v2 kills what is frozen, so there is nothing to do there.
//
// A second container of the same image writes to the cgroups, so that no right on
// the host is needed but that to use the engine, which may be elsewhere (tried as
// root, with an engine on the same host).
func Thaw(ctx context.Context, container string) error {
	version, err := docker(ctx, "info", "--format", "{{.CgroupVersion}}")
	if err != nil || version != "1" {
		return err
	}
	out, err := docker(ctx, "container", "inspect", "--format", "{{.Id}} {{.Image}}", container)
	if exists, err := found(err); err != nil || !exists {
		return err
	}
	id, image, _ := strings.Cut(out, " ")
	_, err = docker(ctx, "run", "--rm", "--privileged", "--network", "none",
		"--mount", "type=bind,source="+freezer+",target=/freezer", "--entrypoint", "sh", image, "-c", thawBelow, "sh", id)
	return err
}
