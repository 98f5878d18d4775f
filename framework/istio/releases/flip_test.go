package releases

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func parse(t *testing.T, text string) Version {
	t.Helper()
	v, err := ParseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// acting lists flips that act, in short: flag, what it was and is, "read" where both were read.
func acting(flips []Flip) []string {
	var short []string
	for _, f := range flips {
		if f.Acts() {
			line := f.Flag + " " + f.Was + ">" + f.Is
			if f.Extracted {
				line += " read"
			}
			short = append(short, line)
		}
	}
	return short
}

func TestFlipsThatAct(t *testing.T) {
	rows := []struct {
		from, to string
		want     []string
	}{
		{"1.28.2", "1.29.1", []string{"DISABLE_TRACK_REMAINING_CB_METRICS >true read", "ENABLE_DEBUG_ENDPOINT_AUTH >true read"}},
		// A patch of 1.28 has one of them already.
		{"1.28.4", "1.29.1", []string{"DISABLE_TRACK_REMAINING_CB_METRICS >true read"}},
		{"1.28.2", "1.28.4", []string{"AMBIENT_ENABLE_AWS_BRANCH_ENI_PROBE >true", "ENABLE_DEBUG_ENDPOINT_AUTH >true"}},
		{"1.29.1", "1.31.0", []string{
			"AMBIENT_ENABLE_AWS_BRANCH_ENI_PROBE >true read", "AMBIENT_SCOPED_ADDRESS_PUSHES >true read", "ENABLE_XDS_API_GENERATOR_AUTH >true read",
			"PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS >true read", "PILOT_ENABLE_STRICT_GATEWAY_MERGING >true read", "PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE >true read",
		}},
		{"1.29.1", "1.30.1", []string{"AMBIENT_ENABLE_AWS_BRANCH_ENI_PROBE >true", "ENABLE_XDS_API_GENERATOR_AUTH >true", "PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE >true"}},
		{"1.30.1", "1.31.0", []string{"AMBIENT_SCOPED_ADDRESS_PUSHES >true", "PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS >true", "PILOT_ENABLE_STRICT_GATEWAY_MERGING >true"}},
		{"1.26.0", "1.27.0", []string{
			"ENABLE_LAZY_SIDECAR_EVALUATION >true", "ENABLE_NATIVE_SIDECARS false>auto", "ENABLE_PROXY_FIND_POD_BY_IP true>false", "PILOT_ENABLE_CA_CRL >true",
		}},
		{"1.24.0", "1.25.1", []string{"AMBIENT_USE_SCOPED_XTABLES_LOCKING >true", "ENVOY_SKIP_DEPRECATED_LOGS >true", "PILOT_ENABLE_IP_AUTOALLOCATE false>true"}},
		{"1.20.0", "1.21.0", []string{
			"ENABLE_AUTO_SNI false>true", "ENABLE_EXTERNAL_NAME_ALIAS false>true", "PILOT_MAX_REQUESTS_PER_SECOND 25>0", "PILOT_PUSH_THROTTLE 100>0", "VERIFY_CERTIFICATE_AT_CLIENT false>true",
		}},
		{"1.29.1", "1.29.1", nil},
	}
	for _, row := range rows {
		flips, missing := Flips(parse(t, row.from), parse(t, row.to))
		if len(missing) > 0 {
			t.Errorf("%s to %s: missing %v", row.from, row.to, missing)
		}
		if diff := cmp.Diff(row.want, acting(flips)); diff != "" {
			t.Errorf("%s to %s: %s", row.from, row.to, diff)
		}
	}
}

// A flag that came and went between the two is none; one that changed and went was removed
// with the default that the older release had.
func TestFlipsOverManyReleases(t *testing.T) {
	flips, _ := Flips(parse(t, "1.20.0"), parse(t, "1.28.2"))
	byFlag := map[string]Flip{}
	for _, f := range flips {
		byFlag[f.Flag] = f
	}
	if f, there := byFlag["ENABLE_DEFERRED_STATS_CREATION"]; there {
		t.Errorf("came in 1.24 and went in 1.27: %+v", f)
	}
	if f := byFlag["ENABLE_AUTO_SNI"]; f.Kind != Removed || f.Was != "false" || f.Release != "1.26" {
		t.Errorf("changed in 1.21 and went in 1.26: %+v", f)
	}
}

func TestFlipsThatPinsAreDeadOf(t *testing.T) {
	flips, _ := Flips(parse(t, "1.29.1"), parse(t, "1.31.0"))
	var removed []Flip
	for _, f := range flips {
		if f.Kind == Removed {
			removed = append(removed, f)
		}
	}
	want := []Flip{
		{Flag: "PILOT_SPAWN_UPSTREAM_SPAN_FOR_GATEWAY", Program: Istiod, Kind: Removed, Was: "true", Release: "1.31", Source: "branch release-1.31", Extracted: true},
		{Flag: "UNSAFE_PILOT_ENABLE_DELTA_TEST", Program: Istiod, Kind: Removed, Was: "false", Release: "1.31", Source: "branch release-1.31", Extracted: true},
	}
	if diff := cmp.Diff(want, removed); diff != "" {
		t.Error(diff)
	}
}

func TestFlipTellsItsRelease(t *testing.T) {
	flips, _ := Flips(parse(t, "1.28.2"), parse(t, "1.29.1"))
	i := slices.IndexFunc(flips, func(f Flip) bool { return f.Flag == "ENABLE_DEBUG_ENDPOINT_AUTH" })
	if i < 0 {
		t.Fatal("no such flip")
	}
	if f := flips[i]; f.Release != "1.27.6, 1.28.4, 1.29" || f.Touches != DebugEndpoints || f.Effect == "" {
		t.Errorf("got %+v", f)
	}
}

// Backwards each flip is undone, and there are as many.
func TestFlipsBackwards(t *testing.T) {
	there, _ := Flips(parse(t, "1.27.0"), parse(t, "1.31.0"))
	back, _ := Flips(parse(t, "1.31.0"), parse(t, "1.27.0"))
	if len(there) == 0 || len(there) != len(back) {
		t.Fatalf("%d flips there, %d back", len(there), len(back))
	}
	for i, f := range there {
		if back[i].Flag != f.Flag || back[i].Was != f.Is || back[i].Is != f.Was || (f.Kind == New) != (back[i].Kind == Removed) {
			t.Errorf("there %+v, back %+v", f, back[i])
		}
	}
}

func TestFlipsBeyondTheCatalogue(t *testing.T) {
	rows := []struct {
		from, to string
		want     []string
	}{
		{"1.19.3", "1.21.0", []string{"1.19"}},
		{"1.31.0", "1.32.1", []string{"1.32"}},
		{"1.33.0", "1.18.0", []string{"1.18", "1.33"}},
		{"1.20.0", "1.31.9", nil},
	}
	for _, row := range rows {
		if _, missing := Flips(parse(t, row.from), parse(t, row.to)); !slices.Equal(missing, row.want) {
			t.Errorf("%s to %s: missing %v, want %v", row.from, row.to, missing, row.want)
		}
	}
}
