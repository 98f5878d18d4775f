package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/fleetfile"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/workload"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/providers"
)

// readingFlags are those of the commands that read clusters and change nothing.
type readingFlags struct {
	fleetFlags
	on, lab, namespace string
	calls              string
	verbose            bool
}

func (f *readingFlags) registerReading(set *pflag.FlagSet) {
	f.registerWhere(set)
	set.StringVar(&f.namespace, "namespace", "", "namespace of HelloWorld and Sleep (default: the fleet file's, or sample)")
	set.StringVar(&f.calls, "calls", "sized", "calls from each cluster's Sleep pod: a number, 0 for none, or sized: as many as a missing answer needs to be evidence")
}

// registerWhere are the flags that say which clusters are read.
func (f *readingFlags) registerWhere(set *pflag.FlagSet) {
	f.register(set)
	set.StringVar(&f.on, "on", fromEnv("ON", ""), "where (ON): lab or fleet (default: fleet where one is given, else lab)")
	set.StringVar(&f.lab, "lab", fromEnv("LAB", lab.DefaultName), "name of the running lab (LAB)")
	set.BoolVarP(&f.verbose, "verbose", "v", false, "also tell how often each API server was asked, on standard error")
}

// tellTraffic says what the reading cost the API servers.
func (f readingFlags) tellTraffic(streams ioStreams, snapshot *istio.Snapshot) {
	if !f.verbose {
		return
	}
	for i := range snapshot.Clusters {
		c := &snapshot.Clusters[i]
		fmt.Fprintf(streams.errOut, "cluster %s: %d requests to its API server, and %d streams (commands in pods)\n", c.Name, c.Traffic.Requests, c.Traffic.Streams)
	}
}

// described is what a fleet's description says beside its clusters.
type described struct {
	namespace string
	warnings  []string
	accept    []checks.Acceptance
}

// connect reaches the clusters that the flags name. What cannot be reached is kept, and
// known to be so.
func (f readingFlags) connect(ctx context.Context) (*fleet.Fleet, described, error) {
	on := environmentFlags{fleetFlags: f.fleetFlags, on: f.on}.environment()
	if err := oneOf("on", string(on), string(cell.OnLab), string(cell.OnFleet)); err != nil {
		return nil, described{}, usageError(err)
	}
	opts := fleet.Options{UserAgent: "read", Bounds: kube.ReadingBounds(), Tolerate: true}
	if on == cell.OnFleet {
		file, err := f.loadToRead()
		if err != nil {
			return nil, described{}, usageError(err)
		}
		accept, err := acceptances(file)
		if err != nil {
			return nil, described{}, usageError(err)
		}
		clusters, err := fleet.Connect(ctx, file.Specs(), opts)
		return clusters, described{namespace: file.Namespace, warnings: file.Warnings, accept: checks.OfChecks(accept)}, err
	}
	running, err := lab.Open(lab.Options{Name: f.lab})
	if err != nil {
		return nil, described{}, err
	}
	opts.TempDir = providers.LabTraits(running).StateDir
	clusters, err := fleet.Connect(ctx, providers.Specs(running), opts)
	return clusters, described{namespace: workload.DefaultNamespace}, err
}

// loadToRead needs no more than contexts: a platform decides about nothing that is read,
// and the kubeconfig is kubectl's own where none is named.
func (f readingFlags) loadToRead() (*fleetfile.File, error) {
	if f.file == "" {
		if f.platform == "" {
			f.platform = string(cell.Other)
		}
		if len(f.kubeconfigs) == 0 && len(f.contexts) > 0 {
			f.kubeconfigs = []string{ambientKubeconfig()}
		}
	}
	f.reading = true
	return f.load()
}

// ambientKubeconfig is the file that kubectl would use, the first where KUBECONFIG names
// several.
func ambientKubeconfig() string {
	if files := filepath.SplitList(os.Getenv("KUBECONFIG")); len(files) > 0 && files[0] != "" {
		return files[0]
	}
	return "~/.kube/config"
}
