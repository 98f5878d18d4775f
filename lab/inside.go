package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/eastwest-mesh/eastwest/lab/internal/node"
	"github.com/eastwest-mesh/eastwest/lab/internal/sandbox"
	"github.com/eastwest-mesh/eastwest/lab/internal/supervisor"
)

// The processes inside the sandbox are the eastwest binary itself, called with
// these hidden sub-commands of "eastwest lab".
const (
	CommandInit      = "inside-init"
	CommandSupervise = "inside-supervise"
	CommandNode      = "inside-node"
)

// InitArgs are the arguments of the sandbox's first process; sandbox.Start
// adds the number of files that it passes on.
func InitArgs(spec string) []string { return []string{"lab", CommandInit, spec} }

// NodeArgs are the arguments of a node's process.
func NodeArgs() []string { return []string{"lab", CommandNode} }

// RunInit is the first process of the sandbox. It returns the exit code.
func RunInit(ctx context.Context, spec, files string) (int, error) {
	n, err := strconv.Atoi(files)
	if err != nil {
		return 0, fmt.Errorf("number of inherited files: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	return sandbox.Init(ctx, []string{self, "lab", CommandSupervise, spec}, n)
}

// RunSupervisor is the program of the sandbox.
func RunSupervisor(ctx context.Context, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var spec supervisor.Spec
	if err := json.Unmarshal(data, &spec); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	return supervisor.Run(ctx, spec)
}

// RunNode is a node: it waits for its spec on in and tells its stages on out.
func RunNode(ctx context.Context, in io.Reader, out io.Writer) error {
	var spec node.Spec
	if err := json.NewDecoder(in).Decode(&spec); err != nil {
		return fmt.Errorf("read what node this is: %w", err)
	}
	tell := json.NewEncoder(out)
	return node.Run(ctx, spec, func(s node.Stage) {
		// The supervisor ends its nodes before itself, so there is always a reader.
		_ = tell.Encode(node.Event{Cluster: spec.Cluster.Name(), Stage: s, At: time.Now()})
	})
}
