package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// The values of --setup.
const (
	setupInstall = "install"
	setupReuse   = "reuse"
)

// setupOn is what --setup means where it was not given: on somebody's fleet nothing of
// a mesh is made unless it is asked for.
func setupOn(on cell.Environment, given string) string {
	switch {
	case given != "":
		return given
	case on == cell.OnFleet:
		return setupReuse
	default:
		return setupInstall
	}
}

const setupUsage = "install the mesh, or reuse the one that is there (SETUP; default: reuse on a fleet, else install)"

// agreedBeforehand is true where the environment says yes: YES=no does not.
func agreedBeforehand() bool { return isYes(os.Getenv("YES")) }

func isYes(answer string) bool {
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes", "true", "1":
		return true
	}
	return false
}

// consent prints what a run will make on somebody's clusters and wants a yes: by --yes,
// or at a terminal.
func consent(streams ioStreams, yes bool) func([]plan.Foreseen) error {
	return func(foreseen []plan.Foreseen) error {
		_, _ = fmt.Fprintln(streams.errOut, "On these clusters the run will make, outside of its own namespaces, and remove again:")
		for _, one := range foreseen {
			_, _ = fmt.Fprintf(streams.errOut, "  %s\n", one)
		}
		if yes {
			return nil
		}
		in, ok := streams.in.(*os.File)
		if !ok || !term.IsTerminal(int(in.Fd())) {
			return errors.New("--setup install makes the objects listed above on your clusters, and nobody is at the terminal to agree: add --yes (YES=yes), or use --setup reuse")
		}
		_, _ = fmt.Fprint(streams.errOut, "Go on? [y/N] ")
		answer, err := bufio.NewReader(in).ReadString('\n')
		if err == nil && isYes(answer) {
			return nil
		}
		return errors.New("--setup install was not agreed to: nothing was made")
	}
}
