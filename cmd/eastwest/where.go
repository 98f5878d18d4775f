package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/fleetfile"
	"github.com/eastwest-mesh/eastwest/kind"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/providers"
)

// where is what the flags were understood as.
type where struct {
	cell cell.Cell
	on   cell.Environment
	// fleet describes the clusters of a fleet; nil elsewhere.
	fleet *fleetfile.File
	// clusters is their number.
	clusters int
}

// fewest is the least number of clusters: a mesh of one has nothing to cross.
const fewest = 2

// resolve checks the flags, tells all that is wrong with them at once, and
// touches no cluster. A cell that is sound but cannot be run there is an
// *elsewhereError.
func (f environmentFlags) resolve() (where, error) {
	w := where{on: f.environment()}
	clusters, errClusters := f.count()
	w.clusters = clusters
	if err := oneOf("on", string(w.on), providers.Environments()...); err != nil {
		_, errCell := cell.Parse(f.orDefault(f.platform, string(cell.Lab)), f.orDefault(f.ca, string(cell.Istio)))
		return where{}, errors.Join(errCell, err, errClusters)
	}
	switch {
	case w.on == cell.OnFleet && f.given():
		return f.onFleet(w, errClusters)
	case w.on == cell.OnFleet:
		return f.onNoFleet(w, errClusters)
	case f.on == "" && emptyFleet():
		return where{}, errors.Join(errors.New("FLEET is set and empty: give it a fleet file, or unset it to use a lab"), errClusters)
	}
	errImages := errors.Join(oneOf("images", f.images, string(providers.FromRegistry), string(providers.BuiltHere)), f.checkMirror(w.on), f.checkEnvoy(w.on))
	var errRevision error
	if f.revision != "" {
		errRevision = fmt.Errorf("--revision %s: the %s's control planes are made for the run and have no revision; it is for a fleet, or for --setup reuse", f.revision, w.on)
	}
	if f.given() {
		return where{}, errors.Join(fmt.Errorf("--on %s with a fleet: a fleet is only used with --on fleet; leave out one of the two", w.on), errClusters)
	}
	asked, errCell := cell.Parse(f.orDefault(f.platform, w.home()), f.orDefault(f.ca, string(cell.Istio)))
	w.cell = asked
	if err := errors.Join(errCell, errClusters, errImages, errRevision); err != nil {
		return where{}, err
	}
	return w, w.check()
}

// checkMirror looks at the registry mirror, which is of use to nothing but kind
// nodes that pull.
func (f environmentFlags) checkMirror(on cell.Environment) error {
	if f.mirror == "" || on != cell.OnKind {
		return nil
	}
	if err := kind.CheckMirror(f.mirror); err != nil {
		return fmt.Errorf("--registry-mirror: %w", err)
	}
	return nil
}

// checkEnvoy refuses an Envoy that would not be used.
func (f environmentFlags) checkEnvoy(on cell.Environment) error {
	if f.envoy == "" || on != cell.OnKind || f.images == string(providers.BuiltHere) && f.mirror == "" {
		return nil
	}
	return errors.New("--envoy (EASTWEST_ENVOY) with images that are pulled: the proxy's image has an Envoy of its own; use --images built without --registry-mirror, or leave --envoy out")
}

// environment is where the cell is run: where it was asked for, or else where a
// fleet that was given is.
func (f environmentFlags) environment() cell.Environment {
	switch {
	case f.on != "":
		return cell.Environment(f.on)
	case f.given():
		return cell.OnFleet
	case f.platform == string(cell.Kind):
		return cell.OnKind
	default:
		return cell.OnLab
	}
}

// home is the platform of an environment for which none was named.
func (w where) home() string {
	if w.on == cell.OnKind {
		return string(cell.Kind)
	}
	return string(cell.Lab)
}

func (environmentFlags) orDefault(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// count is the number of clusters that was asked for, 0 for all of a fleet.
func (f environmentFlags) count() (int, error) {
	if f.clusters == "" {
		if f.environment() == cell.OnFleet {
			return 0, nil
		}
		return fewest, nil
	}
	clusters, err := strconv.Atoi(f.clusters)
	if err != nil || clusters < fewest {
		return 0, fmt.Errorf("--clusters: want a number of at least %d, got %q", fewest, f.clusters)
	}
	return clusters, nil
}

// onFleet takes the cell from the fleet's own description.
func (f environmentFlags) onFleet(w where, others error) (where, error) {
	file, err := f.load()
	if err := errors.Join(err, others); err != nil {
		return where{}, err
	}
	if w.clusters != 0 && w.clusters != len(file.Clusters) {
		return where{}, fmt.Errorf("--clusters %d: the fleet has %d clusters, and all of them are used; leave the number out", w.clusters, len(file.Clusters))
	}
	w.fleet, w.clusters = file, len(file.Clusters)
	// The file's checks allow only platforms that may be one mesh; the cell
	// decides about flags, which then are the same for all of them.
	w.cell, err = cell.Parse(file.Clusters[0].Platform, file.CA)
	return w, err
}

// onNoFleet takes the cell from the flags, for a fleet that is not given.
func (f environmentFlags) onNoFleet(w where, others error) (where, error) {
	if f.outline && w.clusters == 0 {
		w.clusters = fewest
	}
	var err error
	if f.platform != "" {
		w.cell, err = cell.Parse(f.platform, f.orDefault(f.ca, string(cell.Istio)))
	}
	if err == nil && w.cell.Platform != "" && w.cell.Home != cell.OnFleet {
		err = fmt.Errorf("--on fleet: platform %s is made on this machine; use --on %s", w.cell.Platform, w.cell.Home)
	}
	if err == nil && (!f.outline || f.platform == "") {
		_, err = f.load() // says that there is none, and how to give one
	}
	return w, errors.Join(err, others)
}

// elsewhereError says that a cell is sound, but cannot be proved in this environment.
type elsewhereError struct {
	where where
	why   string
}

func (e *elsewhereError) Error() string {
	return fmt.Sprintf("platform %s with CA %s cannot be proved on the %s: %s", e.where.cell.Platform, e.where.cell.CA, e.where.on, e.why)
}

// check says whether the cell can be run in its environment, or rehearsed there.
func (w where) check() error {
	switch {
	case w.cell.Home == w.on:
		return nil
	case w.on == cell.OnKind:
		return fmt.Errorf("--on kind: platform %s is not rehearsed there; use --on %s, or --platform kind", w.cell.Platform, cell.OnLab)
	}
	if ok, why := w.cell.Rehearsable(); !ok {
		return &elsewhereError{where: w, why: why}
	}
	return nil
}

// provider is the environment itself.
func (w where) provider(flags environmentFlags, streams ioStreams) (fleet.Provider, error) {
	return providers.New(w.on, providers.Settings{
		Fleet: w.fleet,
		Lab:   lab.Options{Name: flags.lab, Envoy: flags.envoy, Progress: streams.errOut},
		Kind: providers.KindOptions{
			Images: providers.KindImages(flags.images), NodeImage: flags.nodeImage, Mirror: flags.mirror, Envoy: flags.envoy, Logs: flags.logs, Progress: streams.errOut,
		},
	})
}
