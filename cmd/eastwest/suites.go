package main

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/eastwest-mesh/eastwest/framework/fleetfile"
	"github.com/eastwest-mesh/eastwest/framework/revisions"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
	"github.com/eastwest-mesh/eastwest/suites/basic"
	suiteofrevisions "github.com/eastwest-mesh/eastwest/suites/revisions"
	"github.com/eastwest-mesh/eastwest/suites/suite"
)

// The values of --suite.
const (
	suiteBasic     = "basic"
	suiteRevisions = "revisions"
)

// suites lists all of them.
func suites() []suite.Suite { return []suite.Suite{basic.Suite(), suiteofrevisions.Suite()} }

// table is the chosen suite's table of contents.
func (f verifyFlags) table() suite.Suite {
	if f.suite == suiteRevisions {
		return suiteofrevisions.Suite()
	}
	return basic.Suite()
}

// chosen is what suite, set-up and revision together ask for.
type chosen struct {
	setup, revision string
	compare         *run.Compare
}

// choose reads --revision as the suite understands it: the revision of the sidecars, or the two
// that are compared, which leaves the mesh as it is.
func (f verifyFlags) choose() (chosen, error) {
	if f.suite != suiteRevisions {
		c := chosen{setup: setupOn(f.environment(), f.setup), revision: f.revision}
		return c, checkRevision(f.revision)
	}
	c := chosen{setup: setupReuse}
	var errs []error
	if f.setup != "" && f.setup != setupReuse {
		errs = append(errs, fmt.Errorf("--setup %s with --suite revisions: two revisions are compared on the mesh that is there; leave it out", f.setup))
	}
	size := verdict.Extent(f.size)
	errs = append(errs, oneOf("size", f.size, string(verdict.Small), string(verdict.Standard)))
	if f.maxDuration < 0 {
		errs = append(errs, fmt.Errorf("--max-duration %s: want more than 0", f.maxDuration))
	}
	c.compare = &run.Compare{Extent: size, MaxDuration: f.maxDuration, Seed: f.seed}
	var err error
	if f.seed == 0 {
		c.compare.Seed, err = seed()
		errs = append(errs, err)
	}
	if c.compare.Pair, err = revisions.ParsePair(f.revision); err != nil && !f.pairInFile() {
		errs = append(errs, fmt.Errorf("--revision: %w", err))
	}
	return c, errors.Join(errs...)
}

// pairInFile is true where a fleet file may name the two revisions: no flag does.
func (f verifyFlags) pairInFile() bool { return f.revision == "" && f.file != "" }

// ofFile takes the two revisions from the fleet file where no flag names them.
func (c chosen) ofFile(f verifyFlags, file *fleetfile.File) error {
	if c.compare == nil || file == nil || !f.pairInFile() {
		return nil
	}
	var err error
	if c.compare.Pair, err = revisions.ParsePair(file.Revisions); err != nil {
		return fmt.Errorf("--revision, or revisions of the fleet file: %w", err)
	}
	return nil
}

// where resolves the environment. The revision is the run's affair, not that of the description
// of the clusters: it overrides theirs.
func (c chosen) where(f verifyFlags) (where, error) {
	flags := f.environmentFlags
	if c.setup == setupReuse {
		flags.revision = ""
	}
	return flags.resolve()
}

func checkRevision(revision string) error {
	if problems := validation.IsDNS1123Label(revision); revision != "" && len(problems) > 0 {
		return fmt.Errorf("--revision %q: want the label of a control plane, such as asm-1282-4 (two, as OLD,NEW, are compared by --suite revisions)", revision)
	}
	return nil
}

// seed is short, so that it can be typed.
func seed() (uint64, error) {
	var bytes [4]byte
	if _, err := rand.Read(bytes[:]); err != nil {
		return 0, fmt.Errorf("draw a seed: %w", err)
	}
	return uint64(binary.BigEndian.Uint32(bytes[:])), nil
}
