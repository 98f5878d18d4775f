package fleetfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
	kubeyaml "sigs.k8s.io/yaml"

	"github.com/eastwest-mesh/eastwest/framework/cell"
)

// parse reads a fleet file strictly: what it does not know, finds twice or
// finds of another type is a problem. It looks at nothing but the content.
func parse(content []byte) (*File, *collector) {
	file, problems := &File{}, newCollector()
	root := oneDocument(content, problems)
	if root == nil {
		return file, problems
	}
	if !isFleet(root, problems) {
		return file, problems
	}
	reader := reader{problems: problems}
	reader.object(root, "", schema(&header{}, file))
	return file, problems
}

// oneDocument returns the root of the only document, nil when there is none.
func oneDocument(content []byte, problems *collector) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	switch {
	case errors.Is(err, io.EOF), err == nil && empty(&document):
		problems.add(0, "is empty; want apiVersion: %s, kind: %s and clusters", APIVersion, Kind)
		return nil
	case err != nil:
		problems.add(0, "is not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		return nil
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		problems.add(second.Line, "a second document begins; a fleet file has one")
	case !errors.Is(err, io.EOF):
		problems.add(0, "is not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return document.Content[0]
}

func empty(document *yaml.Node) bool {
	return len(document.Content) == 0 || document.Content[0].Tag == "!!null"
}

// isFleet looks at the header alone: with another kind of file all further
// problems would be noise.
func isFleet(root *yaml.Node, problems *collector) bool {
	if root.Kind != yaml.MappingNode {
		problems.add(root.Line, "want fields such as apiVersion, kind and clusters, got %s", typeOf(root))
		return false
	}
	version, kind := valueOf(root, "apiVersion"), valueOf(root, "kind")
	if version.Value == APIVersion && kind.Value == Kind {
		return true
	}
	if version.Value == "v1" && kind.Value == "Config" {
		problems.add(root.Line, "is a kubeconfig, not a fleet file; name it in a fleet file, or give it with --kubeconfig")
		return false
	}
	if version.Value != APIVersion {
		problems.add(version.Line, "apiVersion: want %s, got %q", APIVersion, version.Value)
	}
	if kind.Value != Kind {
		problems.add(kind.Line, "kind: want %s, got %q", Kind, kind.Value)
	}
	return false
}

// valueOf returns the value of a key, or an empty node.
func valueOf(object *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(object.Content); i += 2 {
		if object.Content[i].Value == key {
			return object.Content[i+1]
		}
	}
	return &yaml.Node{}
}

// reader fills in the values of a schema. It goes only as deep as the schema
// does, whatever aliases the file has.
type reader struct{ problems *collector }

// object reads a mapping by the table of its fields.
func (r reader) object(node *yaml.Node, path string, fields []field) {
	node = resolve(node)
	if node.Kind != yaml.MappingNode {
		r.problem(node, path, "want fields, got "+typeOf(node))
		return
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			r.problem(key, path, "want the name of a field, got "+typeOf(key))
			continue
		}
		name := join(path, key.Value)
		if first, twice := lines[key.Value]; twice {
			r.problem(key, name, fmt.Sprintf("is given twice, first in line %d; leave one out", first))
			continue
		}
		lines[key.Value] = key.Line
		r.known(key, value, path, fields)
	}
}

// known reads the value of a field that the schema has, and refuses others.
func (r reader) known(key, value *yaml.Node, path string, fields []field) {
	name := join(path, key.Value)
	for _, f := range fields {
		switch {
		case f.name != key.Value:
			continue
		case f.text != nil && (f.fields == nil || resolve(value).Kind != yaml.MappingNode):
			r.text(key, value, name, f.text)
		case f.flag != nil:
			r.flag(value, name, f.flag)
		case f.typed != nil:
			r.typed(value, name, f.typed)
		case f.each != nil:
			r.list(value, name, f.each)
		default:
			r.object(value, name, f.fields)
		}
		return
	}
	r.problem(key, name, "unknown field; "+proposal(key.Value, fields))
}

func (r reader) text(key, value *yaml.Node, name string, into *string) {
	r.problems.positions[into] = position{line: key.Line, path: name}
	value = resolve(value)
	switch {
	case value.Kind == yaml.ScalarNode && (value.Tag == "!!str" || value.Tag == "!!timestamp") && value.Value != "":
		*into = value.Value
	case value.Kind == yaml.ScalarNode && (value.Tag == "!!null" || value.Tag == "!!str"):
		r.problem(key, name, "is empty; give a value or leave the field out")
	case value.Kind == yaml.ScalarNode:
		r.problem(key, name, fmt.Sprintf("want a string, got %s; put it into quotes: %q", typeOf(value), value.Value))
	default:
		r.problem(key, name, "want a string, got "+typeOf(value))
	}
}

func (r reader) flag(node *yaml.Node, name string, into *bool) {
	if node = resolve(node); node.Kind != yaml.ScalarNode || node.Tag != "!!bool" {
		r.problem(node, name, "want true or false, got "+typeOf(node))
		return
	}
	if err := node.Decode(into); err != nil {
		r.problem(node, name, err.Error())
	}
}

// typed reads a value as Kubernetes does, but refuses what that does not know.
func (r reader) typed(node *yaml.Node, name string, into any) {
	text, err := yaml.Marshal(resolve(node))
	if err == nil {
		err = kubeyaml.UnmarshalStrict(text, into)
	}
	if err == nil {
		return
	}
	problem := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "error converting YAML to JSON: "), "error unmarshaling JSON: ")
	r.problem(node, name, "want the fields of docs/fleet-file.md in Kubernetes' own form: "+strings.ReplaceAll(problem, "\n", " "))
}

func (r reader) list(node *yaml.Node, name string, each func() []field) {
	node = resolve(node)
	if node.Kind != yaml.SequenceNode {
		r.problem(node, name, "want a list (lines that begin with \"- \"), got "+typeOf(node))
		return
	}
	for i, item := range node.Content {
		r.object(item, fmt.Sprintf("%s[%d]", name, i), each())
	}
}

func (r reader) problem(node *yaml.Node, path, text string) {
	r.problems.all = append(r.problems.all, Problem{Line: node.Line, Field: path, Text: text})
}

// resolve follows an alias to what it stands for.
func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode && node.Alias != nil {
		return node.Alias
	}
	return node
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func typeOf(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "fields"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		switch node.Tag {
		case "!!null":
			return "nothing"
		case "!!bool":
			return "true or false"
		case "!!int", "!!float":
			return "a number"
		case "!!str":
			return "a string"
		}
	case yaml.AliasNode:
		return "an alias"
	default:
	}
	return "something else"
}

// proposal names the field that was probably meant, or all that there are.
func proposal(given string, fields []field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	if near, ok := cell.Nearest(given, names); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "want one of " + strings.Join(names, ", ")
}
