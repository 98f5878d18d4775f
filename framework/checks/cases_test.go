package checks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"sigs.k8s.io/yaml"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// testCase is a file below testdata: a snapshot, and what the check of the folder's name has
// to find in it. In testdata/healthy nothing may be found.
type testCase struct {
	// Base is "two", "three", "four": the sound mesh of so many clusters that Patch (RFC
	// 6902) changes; "two served", "three served": of whose clusters the last is served by the
	// first; "two moving", "three moving": with a new revision beside the one in use; or the name of a recorded snapshot beside the file.
	Base string `json:"base"`
	// Origin is "hand-made", or how the snapshot was recorded.
	Origin string           `json:"origin"`
	Patch  *json.RawMessage `json:"patch,omitempty"`
	// Want are all findings of the check.
	Want []wanted `json:"want,omitempty"`
	// Also are other checks of severity error that may find the same fault.
	Also []string `json:"also,omitempty"`
	// Unread is true where the check must say that it could not look everywhere.
	Unread bool `json:"unread,omitempty"`
}

type wanted struct {
	Cluster string `json:"cluster"`
	// Severity, where it is not the check's own.
	Severity Severity `json:"severity,omitempty"`
	// Pairs are "SOURCE -> DESTINATION".
	Pairs []string `json:"pairs,omitempty"`
	// Found and Fix must be a part of what is said: of the text, or of a command.
	Found string `json:"found"`
	Fix   string `json:"fix,omitempty"`
}

const healthyFolder = "healthy"

// cases reads the files of a folder by name.
func cases(t *testing.T, folder string) map[string]testCase {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]testCase{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var c testCase
		if err := yaml.UnmarshalStrict(text, &c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if c.Origin == "" {
			t.Errorf("%s: want an origin", file)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".yaml")] = c
	}
	return all
}

// snapshot makes the snapshot of a case.
func (c testCase) snapshot(t *testing.T, folder string) *istio.Snapshot {
	t.Helper()
	bases := map[string]func() *istio.Snapshot{
		"two":          func() *istio.Snapshot { return healthy(2) },
		"three":        func() *istio.Snapshot { return healthy(3) },
		"four":         func() *istio.Snapshot { return healthy(4) },
		"two served":   func() *istio.Snapshot { return healthyRemote(2) },
		"three served": func() *istio.Snapshot { return healthyRemote(3) },
		"two moving":   func() *istio.Snapshot { return moving(2) },
		"three moving": func() *istio.Snapshot { return moving(3) },
	}
	base, made := bases[c.Base]
	if !made {
		file, err := os.Open(filepath.Join("testdata", folder, c.Base))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = file.Close() }()
		s, err := istio.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	document, err := json.Marshal(base())
	if err != nil {
		t.Fatal(err)
	}
	if c.Patch != nil {
		patch, err := jsonpatch.DecodePatch(*c.Patch)
		if err == nil {
			document, err = patch.Apply(document)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	s, err := istio.Load(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every check finds what it must in every case of its folder, and nobody else finds an
// error that the case does not name.
func TestCases(t *testing.T) {
	for _, check := range All() {
		folder := cases(t, check.ID)
		if len(folder) == 0 {
			t.Errorf("%s has no case in testdata/%s", check.ID, check.ID)
		}
		for name, c := range folder {
			t.Run(check.ID+"/"+name, func(t *testing.T) {
				for _, answer := range Run(c.snapshot(t, check.ID), All()) {
					if answer.Check.ID == check.ID {
						compare(t, c, check, answer)
						continue
					}
					for _, f := range answer.Findings {
						if f.Severity == Error && !slices.Contains(c.Also, f.Check) {
							t.Errorf("%s (%s) finds an error, too: %s", f.Check, f.Cluster, f.Found)
						}
					}
				}
			})
		}
	}
}

func compare(t *testing.T, c testCase, check Check, answer Answer) {
	t.Helper()
	for _, deviation := range deviations(c, check, answer) {
		t.Error(deviation)
	}
}

// Nothing above info is found in a sound mesh, however odd, and whatever of it is unknown.
func TestHealthy(t *testing.T) {
	all := cases(t, healthyFolder)
	for _, size := range []string{"two", "three", "four", "two served", "three served", "two moving", "three moving"} {
		all["as made, "+size] = testCase{Base: size, Origin: "hand-made"}
	}
	for name, c := range all {
		t.Run(name, func(t *testing.T) {
			s := c.snapshot(t, healthyFolder)
			silent(t, "", s, c.Unread)
			for _, section := range sections(s) {
				without(t, s, section, func() { silent(t, section, s, true) })
			}
		})
	}
}

// silent wants no finding above info, and, where nothing is missing, nothing unread.
func silent(t *testing.T, without string, s *istio.Snapshot, unread bool) {
	t.Helper()
	for _, answer := range Run(s, All()) {
		for _, f := range answer.Findings {
			// EW0101 is about a cluster that cannot be asked.
			if f.Severity != Info && !(f.Check == "EW0101" && strings.HasSuffix(without, ".Identity")) {
				t.Errorf("without %q: %s %s (%s): %s", without, f.Severity, f.Check, f.Cluster, f.Found)
			}
		}
		if len(answer.Unread) > 0 && !unread {
			t.Errorf("%s could not be answered: %v", answer.Check.ID, answer.Unread)
		}
	}
}

// No check fails where something is unknown, in any case.
func TestNothingIsTakenForGranted(t *testing.T) {
	for _, check := range All() {
		for _, c := range cases(t, check.ID) {
			s := c.snapshot(t, check.ID)
			for _, section := range sections(s) {
				without(t, s, section, func() { Run(s, All()) })
			}
		}
	}
}

// sections names every section of the clusters: "0.RemoteSecrets".
func sections(s *istio.Snapshot) []string {
	var all []string
	for i := range s.Clusters {
		kind := reflect.TypeFor[istio.Cluster]()
		for k := range kind.NumField() {
			if strings.HasPrefix(kind.Field(k).Type.Name(), "Section[") {
				all = append(all, fmt.Sprintf("%d.%s", i, kind.Field(k).Name))
			}
		}
	}
	return all
}

// without calls do while one section is unknown. Checks are pure: a snapshot can be lent.
func without(t *testing.T, s *istio.Snapshot, section string, do func()) {
	t.Helper()
	var i int
	var name string
	if _, err := fmt.Sscanf(section, "%d.%s", &i, &name); err != nil {
		t.Fatal(err)
	}
	field := reflect.ValueOf(&s.Clusters[i]).Elem().FieldByName(name)
	kept := reflect.New(field.Type()).Elem()
	kept.Set(field)
	why := istio.Unknown{What: name, Reason: istio.Forbidden, Right: "read it"}
	field.Addr().MethodByName("Forget").Call([]reflect.Value{reflect.ValueOf(why)})
	do()
	field.Set(kept)
}

func anonymized(t *testing.T, s *istio.Snapshot) *istio.Snapshot {
	t.Helper()
	hidden, err := istio.Anonymize(s)
	if err != nil {
		t.Fatal(err)
	}
	return hidden
}
