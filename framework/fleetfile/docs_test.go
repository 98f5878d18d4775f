package fleetfile

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const docs = "../../docs/fleet-file.md"

func readDocs(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// The example is what the reader of the docs starts from: strictly read, and
// with every field that is not a default of another.
func TestExampleInDocs(t *testing.T) {
	_, rest, found := strings.Cut(readDocs(t), "```yaml\n")
	if !found {
		t.Fatal("no example")
	}
	example, _, _ := strings.Cut(rest, "```")
	file, problems := parse([]byte(example))
	placeholders(file, problems)
	file.defaults()
	file.checkFields(problems)
	file.checkClusters(problems)
	file.inherit()
	file.checkCell(problems)
	if err := problems.err("docs/fleet-file.md"); err != nil {
		t.Error(err)
	}
	if len(file.Clusters) != 2 || file.Clusters[1].Platform != "gdc-baremetal" || file.Clusters[1].Server == "" {
		t.Errorf("got %+v", file)
	}
}

// What the docs say of pods is what is read.
func TestPodsInDocs(t *testing.T) {
	_, rest, found := strings.Cut(readDocs(t), "```yaml\nworkload:")
	if !found {
		t.Fatal("no example")
	}
	example, _, _ := strings.Cut(rest, "```")
	file, problems := parse([]byte(goodFleet + "namespace: {name: shop, existing: true}\nworkload:" + example))
	file.defaults()
	file.checkFields(problems)
	if err := problems.err("docs/fleet-file.md"); err != nil {
		t.Fatal(err)
	}
	fields := reflect.ValueOf(file.Workload)
	for i := range fields.NumField() {
		if fields.Field(i).IsZero() {
			t.Errorf("the example does not show %s", fields.Type().Field(i).Name)
		}
	}
}

// What the docs say of accepted findings is what is read, dates without quotes too.
func TestAcceptInDocs(t *testing.T) {
	_, rest, found := strings.Cut(readDocs(t), "```yaml\naccept:")
	if !found {
		t.Fatal("no example")
	}
	example, _, _ := strings.Cut(rest, "```")
	fleet := strings.ReplaceAll(goodFleet, "name: east", "name: hall-2")
	file, problems := parse([]byte(fleet + "accept:" + example))
	file.defaults()
	file.checkFields(problems)
	if err := problems.err("docs/fleet-file.md"); err != nil {
		t.Fatal(err)
	}
	want := []*Acceptance{
		{Check: "EW0204", Cluster: "hall-2", Reason: "hall-2 moves to 1.28 with its next maintenance window", Owner: "mesh-team@factory.example", Until: "2027-03-31"},
		{Scenario: "plaintext-refused", Reason: "a caller without a sidecar goes in the summer", Owner: "mesh-team@factory.example", Until: "2027-06-30"},
	}
	if diff := cmp.Diff(want, file.Accept); diff != "" {
		t.Error(diff)
	}
}

// The table of fields is the schema, in its order.
func TestFieldsInDocs(t *testing.T) {
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Za-z.\\[\\]]+)` \\|.*\\|.*\\|$").FindAllStringSubmatch(readDocs(t), -1) {
		documented = append(documented, row[1])
	}
	fields := paths("", schema(&header{}, &File{}))
	fields = slices.DeleteFunc(fields, func(f string) bool { return f == "tools" || f == "images" })
	if diff := cmp.Diff(fields, documented); diff != "" {
		t.Errorf("docs/fleet-file.md (-schema +docs):\n%s", diff)
	}
}

// paths lists all fields as messages call them.
func paths(above string, fields []field) []string {
	var all []string
	for _, f := range fields {
		path := join(above, f.name)
		all = append(all, path)
		all = append(all, paths(path, f.fields)...)
		if f.each != nil {
			all = append(all, paths(path+"[]", f.each())...)
		}
	}
	return all
}
