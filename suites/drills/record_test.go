package drills

import (
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/lab/faults"
)

// recordTo names a folder: TestDrillsAll leaves the anonymized snapshot of each broken mesh
// there, with a line in its file "index" on what has to be found in it.
const recordTo = "EASTWEST_RECORD"

func record(t *testing.T, d drill, fault faults.Fault, s *istio.Snapshot) {
	t.Helper()
	folder := os.Getenv(recordTo)
	if folder == "" || t.Failed() {
		return
	}
	at := -1
	for i := range s.Clusters {
		if s.Clusters[i].Name == d.names() {
			at = i
		}
	}
	hidden, err := istio.Anonymize(s)
	if err != nil {
		t.Fatal(err)
	}
	severity := "error"
	if d.works {
		severity = "warning"
	}
	index := fmt.Sprintf("check: %s\ncluster: %s\nseverity: %s\n", fault.Check, hidden.Clusters[at].Name, severity)
	if d.both {
		index += "both: true\n"
	}
	if err := os.WriteFile(filepath.Join(folder, fault.Name+".yaml"), []byte(index), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(folder, fault.Name+".json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	packed, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if err := hidden.Save(packed); err != nil {
		t.Fatal(err)
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}
