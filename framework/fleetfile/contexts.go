package fleetfile

import (
	"errors"
	"fmt"
	"os"
)

// Pair is one --kubeconfig with one --context.
type Pair struct{ Kubeconfig, Context string }

// Pairs matches the flags of a command line: as many contexts as kubeconfigs,
// or one kubeconfig with several contexts, or kubeconfigs alone, each with its
// current context.
func Pairs(kubeconfigs, contexts []string) ([]Pair, error) {
	switch {
	case len(kubeconfigs) == 0:
		return nil, errors.New("--context: want --kubeconfig too; the ambient kubeconfig is never used")
	case len(contexts) == 0:
		contexts = make([]string, len(kubeconfigs))
	case len(kubeconfigs) == 1:
		one := kubeconfigs[0]
		kubeconfigs = make([]string, len(contexts))
		for i := range kubeconfigs {
			kubeconfigs[i] = one
		}
	case len(kubeconfigs) != len(contexts):
		return nil, fmt.Errorf("%d times --kubeconfig and %d times --context: want as many of both, or one kubeconfig with several contexts, or no context", len(kubeconfigs), len(contexts))
	}
	pairs := make([]Pair, len(contexts))
	for i := range pairs {
		pairs[i] = Pair{Kubeconfig: kubeconfigs[i], Context: contexts[i]}
	}
	return pairs, nil
}

// FromContexts describes a fleet by kubeconfigs and contexts alone. The
// clusters are named after their contexts. Checks and errors are those of Load.
func FromContexts(pairs []Pair, opts Options) (*File, error) {
	base, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("fleet of --kubeconfig and --context: %w", err)
	}
	file, problems := &File{Name: "contexts"}, newCollector()
	taken := map[string]bool{}
	for _, pair := range pairs {
		cluster := &Cluster{Kubeconfig: pair.Kubeconfig, Context: pair.Context}
		cluster.Name = unique(contextName(pair, base, opts.Machine), taken)
		problems.positions[&cluster.Kubeconfig] = position{path: "--kubeconfig " + pair.Kubeconfig}
		problems.positions[&cluster.Context] = position{path: "--context " + pair.Context}
		problems.positions[&cluster.Name] = problems.positions[&cluster.Context]
		file.Clusters = append(file.Clusters, cluster)
	}
	file.complete(base, opts, problems)
	if err := problems.err(""); err != nil {
		return nil, err
	}
	return file, nil
}

// contextName is what a cluster is named after: its context, if need be the
// current one of its kubeconfig.
func contextName(pair Pair, base string, machine Machine) string {
	name := pair.Context
	if name == "" {
		if path, err := machine.expand(pair.Kubeconfig, base); err == nil {
			if config, err := loadKubeconfig(path); err == nil {
				name = config.CurrentContext
			}
		}
	}
	if name = clean(name); name == "" {
		return "cluster"
	}
	return name
}

// unique adds a number to a name that is taken.
func unique(name string, taken map[string]bool) string {
	candidate := name
	for n := 2; taken[candidate]; n++ {
		candidate = shorten(fmt.Sprintf("%s-%d", name, n), fmt.Sprintf("%s-%d", name, n))
	}
	taken[candidate] = true
	return candidate
}
