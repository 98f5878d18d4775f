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
		if f.Acts {
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
		{"1.28.2", "1.28.4", []string{"ENABLE_DEBUG_ENDPOINT_AUTH >true"}},
		{"1.28.4", "1.28.7", []string{"AMBIENT_ENABLE_AWS_BRANCH_ENI_PROBE >true"}},
		// 1.29.1 is older than 1.28.7, and lacks what both branches got later.
		{"1.28.7", "1.29.1", []string{"AMBIENT_ENABLE_AWS_BRANCH_ENI_PROBE true>", "DISABLE_TRACK_REMAINING_CB_METRICS >true read"}},
		{"1.29.1", "1.28.2", []string{"DISABLE_TRACK_REMAINING_CB_METRICS true> read", "ENABLE_DEBUG_ENDPOINT_AUTH true> read"}},
		{"1.29.6", "1.29.7", []string{"ENABLE_XDS_API_GENERATOR_AUTH >true"}},
		{"1.29.1", "1.31.0", []string{
			"AMBIENT_ENABLE_AWS_BRANCH_ENI_PROBE >true read", "AMBIENT_SCOPED_ADDRESS_PUSHES >true read", "ENABLE_XDS_API_GENERATOR_AUTH >true read",
			"PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS >true read", "PILOT_ENABLE_STRICT_GATEWAY_MERGING >true read", "PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE >true read",
		}},
		{"1.29.1", "1.30.1", []string{"AMBIENT_ENABLE_AWS_BRANCH_ENI_PROBE >true", "PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE >true"}},
		{"1.30.1", "1.31.0", []string{"AMBIENT_SCOPED_ADDRESS_PUSHES >true", "ENABLE_XDS_API_GENERATOR_AUTH >true", "PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS >true", "PILOT_ENABLE_STRICT_GATEWAY_MERGING >true"}},
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

// What changes behaviour acts, even if the flag is gone in the end.
func TestFlipsOverManyReleases(t *testing.T) {
	rows := []struct {
		from, to, flag string
		want           Flip
	}{
		{"1.20.0", "1.28.2", "ENABLE_AUTO_SNI", Flip{Kind: Removed, Was: "false", Last: "true", Acts: true, Release: "1.26", Touches: DestinationRuleTLS}},
		{"1.21.0", "1.28.2", "ENABLE_AUTO_SNI", Flip{Kind: Removed, Was: "true", Last: "true", Release: "1.26"}},
		{"1.23.0", "1.28.2", "EXCLUDE_UNSAFE_503_FROM_DEFAULT_RETRY", Flip{Kind: Settled, Last: "true", Acts: true, Release: "1.27", Touches: Retries}},
		{"1.25.0", "1.27.0", "ENABLE_PROXY_FIND_POD_BY_IP", Flip{Kind: New, Is: "false", Acts: true, Release: "1.27"}},
		{"1.25.0", "1.26.0", "ENABLE_PROXY_FIND_POD_BY_IP", Flip{Kind: New, Is: "true", Release: "1.26"}},
	}
	for _, row := range rows {
		flips, _ := Flips(parse(t, row.from), parse(t, row.to))
		i := slices.IndexFunc(flips, func(f Flip) bool { return f.Flag == row.flag })
		if i < 0 {
			t.Errorf("%s to %s: no flip of %s", row.from, row.to, row.flag)
			continue
		}
		got := flips[i]
		if got.Acts != (got.Effect != "") || got.Source == "" {
			t.Errorf("%s to %s: want an effect where it acts, and a source: %+v", row.from, row.to, got)
		}
		got.Flag, got.Program, got.Source, got.Effect = "", "", "", ""
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s to %s, %s: %s", row.from, row.to, row.flag, diff)
		}
	}
	flips, _ := Flips(parse(t, "1.24.0"), parse(t, "1.24.9"))
	if len(flips) > 0 {
		t.Errorf("no patch of 1.24 is known to flip anything: %+v", flips)
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
		{Flag: "PILOT_SPAWN_UPSTREAM_SPAN_FOR_GATEWAY", Program: Istiod, Kind: Removed, Was: "true", Last: "true", Release: "1.31", Source: "branch release-1.31", Extracted: true},
		{Flag: "UNSAFE_PILOT_ENABLE_DELTA_TEST", Program: Istiod, Kind: Removed, Was: "false", Last: "false", Release: "1.31", Source: "branch release-1.31", Extracted: true},
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
		if back[i].Flag != f.Flag || back[i].Was != f.Is || back[i].Is != f.Was || (f.Kind == New) != (back[i].Kind == Removed) || f.Acts != back[i].Acts || f.Undone || !back[i].Undone {
			t.Errorf("there %+v, back %+v", f, back[i])
		}
	}
}

// What a patch of the older branch has and the newer branch gets later is lost meanwhile.
func TestFlipsThatAreLost(t *testing.T) {
	flips, _ := Flips(parse(t, "1.28.7"), parse(t, "1.29.1"))
	for _, f := range flips {
		if want := f.Flag == "AMBIENT_ENABLE_AWS_BRANCH_ENI_PROBE"; f.Undone != want || f.Undone && f.Effect != "" {
			t.Errorf("undone %t, want %t: %+v", f.Undone, want, f)
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
