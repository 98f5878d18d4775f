package cgroup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/internal/kernel"
)

// Group is a cgroup by its path below the root of every hierarchy, such as
// "/eastwest/default".
type Group struct {
	path  string
	roots []string
}

// Open finds the host's hierarchies; it makes nothing.
func Open(path string) (Group, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return Group{}, fmt.Errorf("find the cgroup hierarchies: %w", err)
	}
	defer f.Close()
	var roots []string
	scan := bufio.NewScanner(f)
	for scan.Scan() {
		if root, ok := hierarchy(scan.Text()); ok {
			roots = append(roots, root)
		}
	}
	if err := scan.Err(); err != nil {
		return Group{}, fmt.Errorf("read the list of mounts: %w", err)
	}
	if len(roots) == 0 {
		return Group{}, errors.New("no cgroup hierarchy is mounted; the lab needs one under /sys/fs/cgroup")
	}
	return Group{path: filepath.Clean("/" + path), roots: roots}, nil
}

// hierarchy returns the mount point if the line of mountinfo (proc(5)) shows a cgroup file system.
func hierarchy(line string) (string, bool) {
	before, after, ok := strings.Cut(line, " - ")
	fields, kind := strings.Fields(before), strings.Fields(after)
	if !ok || len(fields) < 5 || len(kind) < 1 {
		return "", false
	}
	return fields[4], kind[0] == "cgroup" || kind[0] == "cgroup2"
}

// Path is the group's path below the root of a hierarchy, as kubelet and runc want it.
func (g Group) Path() string { return g.path }

// Make makes the group in every hierarchy.
func (g Group) Make() error {
	for _, root := range g.roots {
		dir := filepath.Join(root, g.path)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("make cgroup %s: %w", dir, err)
		}
		if err := inheritCPUSet(root, g.path); err != nil {
			return err
		}
	}
	return nil
}

// inheritCPUSet fills the cpuset of each new group on the way down: version 1
// makes them empty, and a process cannot enter an empty one.
func inheritCPUSet(root, path string) error {
	dir := root
	for _, part := range strings.Split(strings.Trim(path, "/"), "/") {
		parent := dir
		dir = filepath.Join(dir, part)
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			have, err := os.ReadFile(filepath.Join(dir, file))
			if errors.Is(err, fs.ErrNotExist) || kernel.IsCgroup2(root) {
				continue
			}
			if err != nil {
				return fmt.Errorf("read cgroup %s: %w", dir, err)
			}
			if strings.TrimSpace(string(have)) != "" {
				continue
			}
			want, err := os.ReadFile(filepath.Join(parent, file))
			if err != nil {
				return fmt.Errorf("read cgroup %s: %w", parent, err)
			}
			if err := os.WriteFile(filepath.Join(dir, file), want, 0o644); err != nil { //nolint:gosec // the lab's own cgroup
				return fmt.Errorf("fill cgroup %s: %w", dir, err)
			}
		}
	}
	return nil
}

// Add moves a process into the group; its later children start there.
func (g Group) Add(pid int) error {
	for _, root := range g.roots {
		file := filepath.Join(root, g.path, "cgroup.procs")
		if err := os.WriteFile(file, []byte(strconv.Itoa(pid)), 0o644); err != nil {
			return fmt.Errorf("add process %d to cgroup %s: %w", pid, g.path, err)
		}
	}
	return nil
}

// Exists says whether the group is there in any hierarchy.
func (g Group) Exists() bool {
	for _, root := range g.roots {
		if _, err := os.Stat(filepath.Join(root, g.path)); err == nil {
			return true
		}
	}
	return false
}

// Remove removes the group with all that is below it from every hierarchy,
// and its parents if they are empty. It waits, until the context ends, for
// processes that are still leaving.
func (g Group) Remove(ctx context.Context) error {
	for _, root := range g.roots {
		if err := awaitRemoved(ctx, filepath.Join(root, g.path)); err != nil {
			return err
		}
		for up := filepath.Dir(g.path); up != "/"; up = filepath.Dir(up) {
			if os.Remove(filepath.Join(root, up)) != nil {
				break
			}
		}
	}
	return nil
}

// awaitRemoved polls because the kernel tells of no cgroup that became empty in version 1.
func awaitRemoved(ctx context.Context, dir string) error {
	const interval = 20 * time.Millisecond
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		err := removeTree(dir)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("remove cgroup %s: %w", dir, err)
		case <-tick.C:
		}
	}
}

// removeTree removes the deepest groups first: their files go with them.
func removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := removeTree(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
