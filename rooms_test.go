package eastwest

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const modulePath = "github.com/eastwest-mesh/eastwest"

// room is one row of the table of rooms: a folder and the prefixes of our own
// packages that it may import.
type room struct {
	folder string
	allow  []string
}

// readRooms reads the table from the linter's configuration, so that the
// design has one description that both keep.
func readRooms(t *testing.T) []room {
	t.Helper()
	data, err := os.ReadFile(".golangci.yml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules map[string]struct {
						Files []string
						Allow []string
					}
				}
			}
		}
	}
	if err := yaml.Unmarshal(data, &config); err != nil {
		t.Fatal(err)
	}
	var rooms []room
	for name, rule := range config.Linters.Settings.Depguard.Rules {
		if !strings.HasPrefix(name, "room-") {
			continue
		}
		for _, glob := range rule.Files {
			folder := strings.TrimSuffix(strings.TrimPrefix(glob, "**/"), "/**")
			if !strings.HasPrefix(glob, "!") {
				rooms = append(rooms, room{folder: folder, allow: rule.Allow})
			}
		}
	}
	return rooms
}

// goPackage is what `go list -json` tells of a package.
type goPackage struct {
	ImportPath, Doc                    string
	Imports, TestImports, XTestImports []string
}

func (p goPackage) folder() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, modulePath), "/")
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Doc,Imports,TestImports,XTestImports", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []goPackage
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p goPackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

func within(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

// freeFolders may import everything: the command, and this test.
var freeFolders = []string{"cmd/eastwest", ""}

// Every package is in a room and imports only what its room may.
func TestRooms(t *testing.T) {
	rooms := readRooms(t)
	for _, p := range listPackages(t) {
		if slices.Contains(freeFolders, p.folder()) {
			continue
		}
		i := slices.IndexFunc(rooms, func(r room) bool { return within(p.folder(), r.folder) })
		if i < 0 {
			t.Errorf("%s is in no room: add it to the table in .golangci.yml and CONTRIBUTING.md", p.folder())
			continue
		}
		for _, imported := range p.Imports {
			allowed := slices.ContainsFunc(rooms[i].allow, func(prefix string) bool { return within(imported, prefix) })
			if within(imported, modulePath) && !within(imported, p.ImportPath) && !allowed {
				t.Errorf("%s imports %s, which the room %s may not", p.folder(), imported, rooms[i].folder)
			}
		}
	}
}

// Only suites import Ginkgo and Gomega, in tests too: everything below returns errors.
func TestOnlySuitesImportGinkgo(t *testing.T) {
	for _, p := range listPackages(t) {
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if strings.HasPrefix(imported, "github.com/onsi/") && !within(p.folder(), "suites") {
				t.Errorf("%s imports %s; only suites may", p.folder(), imported)
			}
		}
	}
}

// The pure rooms take values and return values: no files, sockets, processes
// or loggers. (net/http is not listed: its status codes are values.)
func TestPureRooms(t *testing.T) {
	impure := []string{"log", "log/slog", "net", "os", "os/exec", "os/signal", "syscall"}
	pure := []string{"framework/cell", "framework/istio/releases", "framework/verdict", "framework/report"}
	for _, p := range listPackages(t) {
		if !slices.Contains(pure, p.folder()) {
			continue
		}
		for _, imported := range p.Imports {
			if slices.Contains(impure, imported) {
				t.Errorf("%s imports %s, and must be pure", p.folder(), imported)
			}
		}
	}
}

// Every package says what it is.
func TestEveryPackageHasADoc(t *testing.T) {
	for _, p := range listPackages(t) {
		if p.folder() != "" && p.Doc == "" {
			t.Errorf("%s has no package comment: say what it owns and what it may import", p.folder())
		}
	}
}

// makesClients are the places that make clients of clusters: a fleet is connected once, a
// remote secret's token is tried with a client of its own, and clean-up finds its clusters in
// the ledger.
var makesClients = []string{"framework/kube", "framework/fleet", "framework/istio/peer.go", "framework/ledger/recover.go"}

// A cluster is connected to once: whoever made a client for itself would ask anew who that
// is, beside the bounds and the counts of the one that is there.
func TestClustersAreConnectedOnce(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		place := filepath.ToSlash(path)
		switch {
		case err != nil:
			return err
		case slices.ContainsFunc([]string{"lab", "kind", "examples", "tools", "internal/istiotests"}, func(folder string) bool { return within(place, folder) }):
			return fs.SkipDir // clusters of this machine, before they are a fleet
		case entry.IsDir() || !strings.HasSuffix(place, ".go") || strings.HasSuffix(place, "_test.go"):
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		makes := regexp.MustCompile(`\b(kube\.New|kubernetes\.NewFor|dynamic\.NewFor)`).Match(content)
		if makes && !slices.ContainsFunc(makesClients, func(folder string) bool { return within(place, folder) }) {
			t.Errorf("%s makes a client of a cluster: take that of fleet.Cluster", place)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
