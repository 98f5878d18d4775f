package istio

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Change is what is different between two snapshots.
type Change struct {
	Cluster string
	// What is the path to it, such as "destinationRules shop/cart spec host", or, where an
	// object is new or gone, its kind and name.
	What string
	// Before and After are its values, or what a whole object means; empty where it is new
	// or gone.
	Before, After string
}

// String tells the change in a line.
func (c Change) String() string {
	switch {
	case c.Before == "":
		return fmt.Sprintf("%s: %s: new: %s", c.Cluster, c.What, c.After)
	case c.After == "":
		return fmt.Sprintf("%s: %s: gone: %s", c.Cluster, c.What, c.Before)
	}
	return fmt.Sprintf("%s: %s: %s -> %s", c.Cluster, c.What, c.Before, c.After)
}

// Diff tells what changed between two snapshots by meaning: what changes by itself
// (counters, calls, names and addresses of pods, workloads' certificates) is left out, and
// what one of the two could not read is no change.
func Diff(before, after *Snapshot) []Change {
	first, second := clusters(before), clusters(after)
	var changes []Change
	for _, name := range slices.Sorted(maps.Keys(merged(first, second))) {
		d := differ{cluster: name}
		switch was, is := first[name], second[name]; {
		case was == nil:
			d.add("cluster", "", name)
		case is == nil:
			d.add("cluster", name, "")
		default:
			d.compare(nil, was, is)
		}
		changes = append(changes, d.changes...)
	}
	return changes
}

// clusters are the documents of a snapshot's clusters by name.
func clusters(s *Snapshot) map[string]any {
	all := map[string]any{}
	for i := range s.Clusters {
		document, err := json.Marshal(s.Clusters[i])
		if err != nil {
			continue // it was read from a file, or is about to be written
		}
		var tree any
		if json.Unmarshal(document, &tree) == nil {
			all[s.Clusters[i].Name] = tree
		}
	}
	return all
}

func merged[V any](a, b map[string]V) map[string]V {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

type differ struct {
	cluster string
	changes []Change
}

func (d *differ) add(what, before, after string) {
	d.changes = append(d.changes, Change{Cluster: d.cluster, What: what, Before: before, After: after})
}

// restless are fields that change by themselves.
func restless(key string) bool {
	return slices.Contains([]string{"caller", "ip", "certificate", "created", "rooms", hashLabel, "clockAheadSeconds", "complaint", "warnings", "unanswered", "traffic", "run", "kubeconfig", "context"}, key)
}

func (d *differ) compare(path []string, before, after any) {
	was, okWas := before.(map[string]any)
	is, okIs := after.(map[string]any)
	if okWas && okIs {
		d.fields(path, was, is)
		return
	}
	if list, ok := before.([]any); ok {
		if other, ok := after.([]any); ok {
			d.lists(path, list, other)
			return
		}
	}
	if first, second := text(before), text(after); first != second {
		d.add(strings.Join(path, " "), first, second)
	}
}

func (d *differ) fields(path []string, before, after map[string]any) {
	if before["unknown"] != nil || after["unknown"] != nil {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(merged(before, after))) {
		if restless(key) || key == "name" && isPod(before) {
			continue
		}
		below := path
		if key != "value" {
			below = append(slices.Clone(path), key)
		}
		was, is := before[key], after[key]
		switch {
		case was == nil && is == nil:
		case was == nil && listed(is), is == nil && listed(was):
			d.compare(below, orNone(was), orNone(is))
		case len(path) == 0 && (was == nil || is == nil):
			// A section that one of the two does not have was not asked for.
		default:
			d.compare(below, was, is)
		}
	}
}

// hashLabel is what a ReplicaSet, which comes with every restart, puts on its pods.
const hashLabel = "pod-template-hash"

// isPod is true for a pod, whose name changes with every restart.
func isPod(fields map[string]any) bool { return fields["ready"] != nil }

func listed(node any) bool { _, ok := node.([]any); return ok }

func orNone(node any) any {
	if node == nil {
		return []any{}
	}
	return node
}

// lists compares lists of objects by what names each, and others as sets.
func (d *differ) lists(path []string, before, after []any) {
	was, is := keyed(before), keyed(after)
	for _, key := range slices.Sorted(maps.Keys(merged(was, is))) {
		switch first, second := was[key], is[key]; {
		case first == nil:
			title, meaning := describeItem(path, key, second)
			d.add(title, "", meaning)
		case second == nil:
			title, meaning := describeItem(path, key, first)
			d.add(title, meaning, "")
		default:
			d.compare(append(slices.Clone(path), key), first, second)
		}
	}
}

// describeItem names an item that is new or gone, and says what it means. One without a name is its
// own value.
func describeItem(path []string, key string, item any) (title, meaning string) {
	if title, meaning, ok := describe(path, key, item); ok {
		return title, meaning
	}
	if _, object := item.(map[string]any); !object || key != text(item) {
		path = append(slices.Clone(path), key)
	}
	return strings.Join(path, " "), brief(item)
}

// keyed names the items of a list; two of one name get a number.
func keyed(list []any) map[string]any {
	all := map[string]any{}
	for _, item := range list {
		key := keyOf(item)
		for n := 2; all[key] != nil; n++ {
			key = fmt.Sprintf("%s #%d", keyOf(item), n)
		}
		all[key] = item
	}
	return all
}

// keyOf is what names an item.
func keyOf(item any) string {
	fields, ok := item.(map[string]any)
	if !ok {
		return text(item)
	}
	name := text(fields["name"])
	if _, pod := fields["ready"]; pod {
		name = workloadOf(name)
	}
	if namespace := text(fields["namespace"]); namespace != "" && name != "" {
		return namespace + "/" + name
	}
	if configuration := text(fields["configuration"]); configuration != "" {
		return configuration + " " + name
	}
	for _, key := range []string{"name", "id", "sha256", "revision", "proxy", "network", "address", "port"} {
		if key == "name" && name != "" {
			return name
		}
		if value := text(fields[key]); value != "" {
			return value
		}
	}
	return text(item)
}

// workloadOf cuts what a ReplicaSet adds to the name of a pod.
func workloadOf(pod string) string {
	parts := strings.Split(pod, "-")
	if len(parts) < 3 {
		return pod
	}
	return strings.Join(parts[:len(parts)-2], "-")
}

func text(node any) string {
	switch node := node.(type) {
	case nil:
		return ""
	case string:
		return node
	}
	encoded, err := json.Marshal(node)
	if err != nil {
		return fmt.Sprint(node)
	}
	return string(encoded)
}

// brief is the beginning of a long value.
func brief(node any) string {
	const most = 200
	words := []rune(text(node))
	if len(words) > most {
		return string(words[:most]) + "..."
	}
	return string(words)
}
