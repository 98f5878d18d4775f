package scenarios

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/revisions"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

// convergeCalls is the size of a batch of the first phase.
const convergeCalls = 8

// tellBlocks is how many blocks are between two lines of progress.
const tellBlocks = 10

// converge calls every cell until a whole batch is answered, or the bound is over. Cells of one
// source follow each other in rounds; sources of different clusters go beside each other. It
// returns how long that took. A cell that did not converge is measured too: how it fails is
// what is asked.
func (c *comparison) converge(ctx context.Context) time.Duration {
	start := time.Now()
	c.eachSource(func(source *fleet.Cluster, cells []revisions.Cell) {
		err := source.Client.AwaitPoll(ctx, kube.Poll{
			For: fmt.Sprintf("all %d services to answer callers in cluster %s", len(cells), source.Name), Bound: c.Bounds.Converge,
			Ask: func(ctx context.Context) (kube.State, error) {
				cells = slices.DeleteFunc(cells, func(cell revisions.Cell) bool { return c.answers(ctx, cell) })
				return kube.State{Met: len(cells) == 0, Seen: fmt.Sprintf("%d that do not", len(cells))}, ctx.Err()
			},
		})
		if err != nil {
			c.Note("did not converge, and was measured all the same: %v", err)
		}
	}, c.Comparing.Cells)
	return time.Since(start)
}

// answers is true where a whole batch is answered as the cell promises.
func (c *comparison) answers(ctx context.Context, cell revisions.Cell) bool {
	calls, err := c.call(ctx, cell, probe.EchoBatch{URL: "http://" + c.Comparing.HostPort(c.Namespace, cell) + "/", Count: convergeCalls})
	if err != nil {
		return false
	}
	return !slices.ContainsFunc(calls, func(call probe.EchoCall) bool { return c.trouble(cell, call) != "" })
}

// measure makes all blocks of a stage, or as many as fit before the deadline. In each block
// every cell is called once, in an order drawn anew.
func (c *comparison) measure(ctx context.Context, cells []revisions.Cell, stage verdict.Stage) measurements {
	all := c.newMeasurements(cells)
	var mu sync.Mutex
	orders := revisions.NewOrders(c.Comparing.Asked.Seed + uint64(c.phase)*2 + uint64(stage)) //nolint:gosec // small numbers
	blocks := c.Comparing.Design.BlocksOf(stage)
	start := time.Now()
	for block := range blocks {
		if ctx.Err() != nil || !c.deadline.IsZero() && time.Now().After(c.deadline) {
			c.Note("time ran out after %d of %d blocks", block, blocks)
			break
		}
		c.eachSource(func(_ *fleet.Cluster, cells []revisions.Cell) {
			for _, cell := range cells {
				calls, err := c.block(ctx, cell)
				mu.Lock()
				all[cell] = c.count(all[cell], calls, err)
				mu.Unlock()
			}
		}, orders.Next(cells))
		if done := block + 1; done%tellBlocks == 0 {
			calls := done * len(cells) * c.Comparing.Design.CallsPerBlock
			c.Tell(fmt.Sprintf("block %d of %d: %d calls, %.0f a second", done, blocks, calls, float64(calls)/time.Since(start).Seconds()))
		}
	}
	return all
}

// eachSource calls do beside each other for the cells of each source cluster, in their order.
func (c *comparison) eachSource(do func(*fleet.Cluster, []revisions.Cell), cells []revisions.Cell) {
	var group sync.WaitGroup
	for _, cluster := range c.Fleet.Clusters {
		own := slices.DeleteFunc(slices.Clone(cells), func(cell revisions.Cell) bool { return cell.Source.Cluster != cluster.Name })
		if len(own) > 0 {
			group.Go(func() { do(cluster, own) })
		}
	}
	group.Wait()
}

func (c *comparison) newMeasurements(cells []revisions.Cell) measurements {
	all := measurements{}
	for _, cell := range cells {
		m := revisions.Measured{
			Cell: cell, Answers: map[string]int{}, Pods: map[string]int{}, Errors: map[string]int{}, Causes: map[string]int{},
		}
		for _, member := range c.Comparing.Members {
			if member.Has(cell.Destination.Arm) && (cell.Everywhere() || member.Cluster == cell.Destination.Cluster) {
				m.Clusters = append(m.Clusters, member.Cluster)
			}
		}
		all[cell] = m
	}
	return all
}

// block makes the calls of one block, to the address of the service: its name was looked up
// while the mesh converged. With a name to look up for each call, a busy DNS is what would be
// measured (a resolver asks for five names of each).
func (c *comparison) block(ctx context.Context, cell revisions.Cell) ([]probe.EchoCall, error) {
	return c.call(ctx, cell, probe.EchoBatch{
		URL: "http://" + c.addresses[cell] + "/", Host: c.Comparing.HostPort(c.Namespace, cell), Count: c.Comparing.Design.CallsPerBlock,
	})
}

// call makes one batch of a cell.
func (c *comparison) call(ctx context.Context, cell revisions.Cell, batch probe.EchoBatch) ([]probe.EchoCall, error) {
	batch.Client = workload.EchoClient
	return probe.RunEcho(ctx, c.Fleet.Cluster(cell.Source.Cluster).Client, c.callers[cell.Source], batch)
}

// count adds a batch. What the probe lost is in no block, so that the block is not whole.
func (c *comparison) count(m revisions.Measured, calls []probe.EchoCall, err error) revisions.Measured {
	block := verdict.Block{}
	for _, call := range calls {
		if call.Unsound {
			m.Lost++
			m.Errors[plain(call.Err)]++
			continue
		}
		block.Sent++
		if trouble := c.trouble(m.Cell, call); trouble != "" {
			block.Failed++
			m.Errors[plain(trouble)]++
			if call.Cause != "" {
				m.Causes[string(call.Cause)]++
			}
			continue
		}
		m.Answers[call.Cluster]++
		m.Pods[call.Cluster+"/"+call.Pod]++
	}
	if err != nil && len(calls) == 0 {
		m.Lost += c.Comparing.Design.CallsPerBlock
		m.Errors[plain(err.Error())]++
	}
	m.Blocks = append(m.Blocks, block)
	return m
}

// trouble says why a call is not what its cell promises; empty where it is.
func (c *comparison) trouble(cell revisions.Cell, call probe.EchoCall) string {
	switch pod, known := c.pods[call.Cluster+"/"+call.Pod]; {
	case !call.Good():
		return call.Err
	case known && pod.side.Arm != cell.Destination.Arm:
		return fmt.Sprintf("answered by a pod of the %s revision, want the %s one", pod.side.Arm, cell.Destination.Arm)
	case !cell.Everywhere() && call.Cluster != cell.Destination.Cluster:
		return fmt.Sprintf("answered by cluster %s, want %s", call.Cluster, cell.Destination.Cluster)
	}
	return ""
}

// endpoint is an address that differs from call to call.
var endpoint = regexp.MustCompile(`\[?[0-9a-f.:]+\]?:\d{2,5}(->\[?[0-9a-f.:]+\]?:\d{2,5})?`)

// plain takes out of a reason what differs from call to call, so that equal reasons are counted together.
func plain(reason string) string { return endpoint.ReplaceAllString(reason, "ADDRESS") }
