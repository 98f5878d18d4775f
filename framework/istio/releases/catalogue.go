package releases

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// oldest and newest bound what the catalogue knows.
func oldest() Version { return Version{Major: 1, Minor: 20} }
func newest() Version { return Version{Major: 1, Minor: 31} }

// flagName is a flag of one program.
type flagName struct {
	program Program
	name    string
}

func (n flagName) compare(m flagName) int {
	return cmp.Or(strings.Compare(n.name, m.name), strings.Compare(string(n.program), string(m.program)))
}

// change is a flag's default from some releases on.
type change struct {
	flagName
	kind    Kind
	was, is string
	since   []Version // the first release that has it in each branch that got it, ascending

	source  string
	touches Touch
	effect  string
	neutral bool
}

// catalogue is what was read and what was entered by hand.
type catalogue struct {
	tables  []table // ascending
	changes map[flagName][]change
}

// load reads the catalogue once: it is embedded, and nobody changes what load returns.
func load() catalogue { return loaded() }

var loaded = sync.OnceValue(decode)

func decode() catalogue {
	c := catalogue{changes: map[flagName][]change{}}
	entries, err := data.ReadDir("data")
	if err != nil {
		panic(err) // embedded
	}
	for _, e := range entries {
		c.tables = append(c.tables, read(e.Name()))
	}
	slices.SortFunc(c.tables, func(a, b table) int { return a.version.Compare(b.version) })
	for _, ch := range slices.Concat(upTo123(), upTo125(), upTo128(), upTo131(), removals()) {
		c.changes[ch.flagName] = append(c.changes[ch.flagName], ch)
	}
	for _, of := range c.changes {
		slices.SortStableFunc(of, func(a, b change) int { return a.since[0].Compare(b.since[0]) })
	}
	return c
}

// read decodes an embedded file. Every test reads them all, so that it cannot fail elsewhere.
func read(name string) table {
	var t table
	text, err := data.ReadFile("data/" + name)
	if err == nil {
		err = json.Unmarshal(text, &t.Extracted)
	}
	if err == nil {
		t.version, err = ParseVersion(t.Release)
	}
	if err != nil {
		panic(fmt.Sprintf("framework/istio/releases/data/%s: %v", name, err))
	}
	return t
}

// nearest is the table of the version's own minor release, else the closest before it, else
// the oldest.
func (c catalogue) nearest(v Version) table {
	best := c.tables[0]
	for _, t := range c.tables {
		if Minors(t.version, v) >= 0 {
			best = t
		}
	}
	return best
}

// setting is a flag's default in one release.
type setting struct {
	value string
	read  bool // in the nearest table, and not changed since
}

// state is every flag that is known of one release.
type state struct {
	version Version
	flags   map[flagName]setting
}

// at takes the nearest table and does or undoes what was changed between it and the release.
func (c catalogue) at(v Version) state {
	t := c.nearest(v)
	s := state{version: v, flags: map[flagName]setting{}}
	for program, flags := range t.Flags {
		for name, value := range flags {
			s.flags[flagName{program, name}] = setting{value: value, read: true}
		}
	}
	for name, changes := range c.changes {
		for _, ch := range changes { // forwards: the last wins
			if ch.reached(v) && !ch.reached(t.version) {
				s.set(name, ch.is, ch.kind != Removed)
			}
		}
		for _, ch := range slices.Backward(changes) { // back: the first wins
			if !ch.reached(v) && ch.reached(t.version) {
				s.set(name, ch.was, ch.kind != New)
			}
		}
	}
	return s
}

func (s state) set(name flagName, value string, there bool) {
	if there {
		s.flags[name] = setting{value: value}
		return
	}
	delete(s.flags, name)
}

// reached is true of releases that have the change: of a branch that got it in a patch, from
// that patch on; of any other branch, if it comes after all that are listed.
func (c change) reached(v Version) bool { return reached(c.since, v) }

func reached(since []Version, v Version) bool {
	for _, s := range since {
		if Minors(s, v) == 0 {
			return v.Compare(s) >= 0
		}
	}
	return v.Compare(since[len(since)-1]) > 0
}

// flip compares one flag in two releases.
func (c catalogue) flip(name flagName, before, after state) (Flip, bool) {
	was, had := before.flags[name]
	is, has := after.flags[name]
	f := Flip{
		Flag: name.name, Program: name.program, Kind: Changed, Was: was.value, Is: is.value, Acts: true,
		Release: "by " + after.version.MinorString(), Source: c.nearest(after.version).Module,
		Extracted: (had || has) && (!had || was.read) && (!has || is.read) && c.covers(before.version) && c.covers(after.version),
	}
	switch {
	case !had && has:
		f.Kind, f.Acts = New, !off(is.value)
	case had && !has:
		f.Kind, f.Acts = Removed, false
	case !had && !has:
		f.Kind, f.Acts = Settled, false
	}
	f.explain(c.changes[name], before.version, after.version)
	if had == has && was.value == is.value {
		return f, f.Kind == Settled && f.Acts
	}
	return f, true
}

// explain takes from the entries that lie between the two releases what they tell.
func (f *Flip) explain(changes []change, before, after Version) {
	var sources []string
	acts := false
	for _, ch := range changes {
		had, has := ch.reached(before), ch.reached(after)
		if had == has {
			continue
		}
		f.Release, f.Undone = releases(ch.since), had
		if !slices.Contains(sources, ch.source) {
			sources = append(sources, ch.source)
		}
		if ch.acts() {
			acts, f.Touches, f.Effect = true, ch.touches, ch.effect
		}
		if ch.kind == Removed {
			f.Last = ch.was
		}
	}
	if len(sources) == 0 {
		return
	}
	f.Source, f.Acts = strings.Join(sources, "; "), acts
	if f.Undone {
		f.Effect = ""
	}
}

// acts is true of changes that alter what a mesh does that sets no flags.
func (c change) acts() bool {
	return !c.neutral && (c.kind == Changed || c.kind == New && !off(c.is))
}

// covers is true of versions whose minor release was read.
func (c catalogue) covers(v Version) bool { return Minors(c.nearest(v).version, v) == 0 }

func releases(since []Version) string {
	names := make([]string, len(since))
	for i, v := range since {
		names[i] = v.MinorString()
		if v.Patch > 0 {
			names[i] = v.String()
		}
	}
	return strings.Join(names, ", ")
}
