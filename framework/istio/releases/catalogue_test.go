package releases

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// madeUp has one table, of 1.28.2, and a flag for each thing that can happen to one.
func madeUp() catalogue {
	t := table{version: Version{1, 28, 2}}
	t.Module = "the module"
	t.Flags = map[Program]map[string]string{Istiod: {"STAYS": "a", "CHANGES": "b", "GOES": "true"}}
	c := catalogue{tables: []table{t}, changes: map[flagName][]change{}}
	for _, ch := range []change{
		of(Istiod, "CAME", New, "", "true").in("1.26").note("1.26", "", ""),
		of(Istiod, "CAME", Removed, "true", "").in("1.28").note("1.28", "", ""),
		of(Istiod, "CHANGES", Changed, "a", "b").in("1.27").note("1.27", "", ""),
		of(Istiod, "CHANGES", Changed, "b", "c").in("1.28.4", "1.30").note("1.30", "", ""),
		of(Istiod, "GOES", Removed, "true", "").in("1.30").note("1.30", "", ""),
	} {
		c.changes[ch.flagName] = append(c.changes[ch.flagName], ch)
	}
	return c
}

func TestStates(t *testing.T) {
	rows := []struct {
		version string
		want    map[string]string
	}{
		{"1.25.0", map[string]string{"STAYS": "a", "CHANGES": "a", "GOES": "true"}},
		{"1.26.3", map[string]string{"STAYS": "a", "CHANGES": "a", "GOES": "true", "CAME": "true"}},
		{"1.27.0", map[string]string{"STAYS": "a", "CHANGES": "b", "GOES": "true", "CAME": "true"}},
		{"1.28.2", map[string]string{"STAYS": "a", "CHANGES": "b", "GOES": "true"}},
		{"1.28.4", map[string]string{"STAYS": "a", "CHANGES": "c", "GOES": "true"}},
		{"1.29.0", map[string]string{"STAYS": "a", "CHANGES": "b", "GOES": "true"}}, // the branch did not get it
		{"1.30.0", map[string]string{"STAYS": "a", "CHANGES": "c"}},
	}
	for _, row := range rows {
		got := map[string]string{}
		for name, s := range madeUp().at(parse(t, row.version)).flags {
			got[name.name] = s.value
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s: %s", row.version, diff)
		}
	}
}

// A difference that was read, and of which no entry on the way tells, gets no entry's words.
func TestFlipTakesEntriesOnTheWay(t *testing.T) {
	c := madeUp()
	name := flagName{Istiod, "CHANGES"}
	before, after := c.at(Version{1, 28, 2}), c.at(Version{1, 28, 2})
	after.flags[name] = setting{value: "z", read: true}
	f, differs := c.flip(name, before, after)
	if !differs || f.Source != "the module" || f.Release != "by 1.28" || !f.Extracted {
		t.Errorf("got %+v", f)
	}
	if f, _ := c.flip(name, before, c.at(Version{1, 30, 0})); f.Source != "1.30" || f.Extracted {
		t.Errorf("got %+v", f)
	}
	if f, differs := c.flip(flagName{Istiod, "NONE"}, before, before); differs || f.Extracted {
		t.Errorf("nobody has it, and it is %+v", f)
	}
	delete(after.flags, flagName{Istiod, "STAYS"})
	if f, _ := c.flip(flagName{Istiod, "STAYS"}, before, after); f.Kind != Removed || f.Acts {
		t.Errorf("it went with the default that it had: %+v", f)
	}
}

func TestChangesThatAct(t *testing.T) {
	rows := []struct {
		change change
		want   bool
	}{
		{of(Istiod, "A", Changed, "false", "true"), true},
		{of(Istiod, "A", Changed, "true", "false"), true},
		{of(Istiod, "A", New, "", "true"), true},
		{of(Istiod, "A", New, "", "false"), false},
		{of(Istiod, "A", New, "", "0s"), false},
		{of(Istiod, "A", Removed, "true", ""), false},
		{of(Istiod, "A", New, "", "true").same("here"), false},
		{of(Istiod, "A", Changed, "false", "true").same("here"), false},
	}
	for _, row := range rows {
		if got := row.change.acts(); got != row.want {
			t.Errorf("%+v acts: %t", row.change, got)
		}
	}
}
