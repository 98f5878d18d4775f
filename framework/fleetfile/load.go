package fleetfile

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/cell"
)

// Options are what is known beside the file.
type Options struct {
	// Platform, CA and Revision are what flags say, empty where they say
	// nothing. A file that says otherwise is refused: which of the two was
	// meant nobody can know.
	Platform, CA, Revision string
	// Reading is for commands that only read the clusters: what only a run needs, programs,
	// images and addresses by which clusters reach each other, is neither looked for nor missed.
	Reading bool
	Machine Machine
}

// maxSize is far above any fleet: a cluster takes some 200 bytes.
const maxSize = 1 << 20

// Load reads a fleet file and checks all that can be checked without touching
// a cluster. The error is an *Invalid with everything that is wrong.
func Load(path string, opts Options) (*File, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("fleet file %s: %w", path, err)
	}
	content, err := readFile(absolute)
	if err != nil {
		return nil, &Invalid{Path: path, Problems: []Problem{{Text: err.Error()}}}
	}
	file, problems := parse(content)
	if len(problems.all) > 0 {
		// Half a file would only lead to problems that are none.
		return nil, problems.err(path)
	}
	file.Path = absolute
	if file.Name == "" {
		file.Name = nameOfFile(absolute)
	}
	file.complete(filepath.Dir(absolute), opts, problems)
	if err := problems.err(path); err != nil {
		return nil, err
	}
	return file, nil
}

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w; see docs/fleet-file.md for how to write one", err)
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot be read: %w", err)
	case len(content) > maxSize:
		return nil, fmt.Errorf("is larger than %d bytes; that is no fleet file", maxSize)
	}
	return content, nil
}

// nameOfFile is the file's name without its ending, as far as it is a name.
func nameOfFile(path string) string {
	base := filepath.Base(path)
	if name := clean(base[:len(base)-len(filepath.Ext(base))]); name != "" {
		return name
	}
	return "fleet"
}

// complete fills in defaults and runs the checks; base is the folder that
// relative paths start from.
func (f *File) complete(base string, opts Options, problems *collector) {
	placeholders(f, problems)
	f.agree(&f.Platform, opts.Platform, "platform", problems)
	f.agree(&f.CA, opts.CA, "ca", problems)
	f.agree(&f.Revision, opts.Revision, "revision", problems)
	f.defaults()
	f.checkFields(problems)
	f.checkClusters(problems)
	f.inherit()
	f.checkCell(problems)
	f.readKubeconfigs(base, opts, problems)
	if !opts.Reading {
		f.findTools(base, opts.Machine, problems)
		f.findImages(base, opts.Machine, problems)
	}
	f.Warnings = problems.warnings
}

// agree takes what a flag says, and refuses a file that says otherwise.
func (f *File) agree(value *string, flag, name string, problems *collector) {
	switch {
	case flag == "":
	case *value == "":
		*value = flag
	case *value != flag:
		problems.at(value, "is %q, and --%s says %q; leave one out", *value, name, flag)
	}
}

// DefaultNamespace of the sample programs is the guide's.
const DefaultNamespace = "sample"

func (f *File) defaults() {
	if f.CA == "" {
		f.CA = string(cell.Istio)
	}
	if f.Namespace == "" {
		f.Namespace = DefaultNamespace
	}
}

// inherit gives clusters what they leave to the whole fleet.
func (f *File) inherit() {
	for _, c := range f.Clusters {
		if c.Platform == "" {
			c.Platform = f.Platform
		}
		if c.Revision == "" {
			c.Revision = f.Revision
		}
	}
}

// checkCell asks the matrix about the fleet's platforms and CA.
func (f *File) checkCell(problems *collector) {
	var known []cell.Platform
	for _, c := range f.Clusters {
		switch {
		case c.Platform == "":
			problems.at(&c.Name, "cluster %s has no platform; give one to it or to the whole fleet, as listed by \"eastwest matrix\"", c.Name)
		case placeholder(c.Platform):
		default:
			known = append(known, cell.Platform(c.Platform))
		}
	}
	if placeholder(f.CA) {
		return
	}
	if err := cell.Mix(known, cell.CA(f.CA)); err != nil {
		for _, each := range unjoin(err) {
			problems.add(0, "%v", each)
		}
	}
	f.deprecations(problems)
}

// unjoin returns the errors that errors.Join joined.
func unjoin(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

func (f *File) deprecations(problems *collector) {
	var seen []string
	for _, c := range f.Clusters {
		found, ok := cell.Lookup(cell.Platform(c.Platform), cell.CA(f.CA))
		if !ok || found.Deprecation == nil || slices.Contains(seen, c.Platform) {
			continue
		}
		seen = append(seen, c.Platform)
		problems.warn("platform %s is deprecated since Cloud Service Mesh %s and ends on %s (%s)",
			c.Platform, found.Deprecation.Since, found.Deprecation.End, found.Deprecation.Source)
	}
}
