package main

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/scenarios"
)

// The pages of the reference are written from what they describe: run this test with -update.
func TestReferenceIsCurrent(t *testing.T) {
	// Defaults that the environment gives are nobody else's.
	for _, variable := range []string{"PLATFORM", "CA", "ON", "CLUSTERS", "REVISION", "FLEET", "SUITE", "SETUP", "OUT", "LAB", "IMAGES", "NODE_IMAGE", "REGISTRY_MIRROR", "ERROR_PROBABILITY", "SIZE", "EASTWEST_ENVOY"} {
		t.Setenv(variable, "")
		if err := os.Unsetenv(variable); err != nil {
			t.Fatal(err)
		}
	}
	for file, want := range map[string]string{
		"commands.md": commandsPage(), "scenarios.md": scenariosPage(), "report-schema.md": schemaPage(),
	} {
		path := "../../docs/" + file
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s is not current (run with -update):\n%s", path, diff)
		}
	}
}

func commandsPage() string {
	var page strings.Builder
	page.WriteString("# Commands\n\nPrinted from the commands' own help; a test keeps this page current. Every command has `--help`.\n")
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Hidden {
			return
		}
		describeCommand(&page, cmd)
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRootCommand(ioStreams{}))
	return page.String()
}

func describeCommand(page *strings.Builder, cmd *cobra.Command) {
	fmt.Fprintf(page, "\n## %s\n\n%s\n", cmd.CommandPath(), strings.TrimSuffix(cmd.Short, ".")+".")
	if cmd.Long != "" {
		fmt.Fprintf(page, "\n```text\n%s\n```\n", strings.TrimRight(cmd.Long, "\n"))
	}
	if cmd.Runnable() && !cmd.HasSubCommands() {
		fmt.Fprintf(page, "\n```text\n%s\n```\n", cmd.UseLine())
	}
	if cmd.Example != "" {
		fmt.Fprintf(page, "\n```sh\n%s\n```\n", strings.TrimRight(cmd.Example, "\n"))
	}
	rows := ""
	cmd.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		byDefault := f.DefValue
		if byDefault == "" || byDefault == "[]" || byDefault == "false" {
			byDefault = "-"
		}
		_, usage := pflag.UnquoteUsage(f)
		rows += fmt.Sprintf("| `%s` | %s | %s |\n", name, escaped(byDefault), escaped(usage))
	})
	if rows != "" {
		page.WriteString("\n| flag | default | |\n|---|---|---|\n" + rows)
	}
}

func escaped(text string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "<", "&lt;").Replace(text)
}

func scenariosPage() string {
	var page strings.Builder
	page.WriteString("# Scenarios\n\nWhat `eastwest verify` tries on a mesh, in this order. Printed from the scenarios; a test keeps this page current. A fleet file can [accept](fleet-file.md) one that fails, by its name.\n\n" +
		"The first must pass, or the others are skipped: they would only say the same again.\n")
	for _, s := range scenarios.Basic() {
		describeScenario(&page, s)
	}
	page.WriteString("\n# Comparing two revisions\n\nWhat `eastwest verify --suite revisions` tries, in this order; see [Revisions](revisions.md).\n")
	for _, s := range scenarios.Revisions() {
		describeScenario(&page, s)
	}
	return page.String()
}

func describeScenario(page *strings.Builder, s run.Scenario) {
	fmt.Fprintf(page, "\n## %s\n\n%s: %s.\n\n- needs %d clusters or more\n", s.ID, s.Name, s.Promise, s.Needs.Clusters)
	if s.Needs.Disruptive {
		page.WriteString("- changes what runs in its own namespace, and restores it\n")
	}
	fmt.Fprintf(page, "- source: %s\n", s.Source)
}

// schemaPage lists the fields of report.json, type by type.
func schemaPage() string {
	var page strings.Builder
	fmt.Fprintf(&page, "# report.json\n\n`apiVersion` is `%s`, `kind` is `%s`. A field is only ever added to a version; a change of meaning is a new version. Printed from the types of [framework/report](../framework/report/model.go), whose comments say what each field means; a test keeps this page current.\n", report.APIVersion, report.Kind)
	seen := map[reflect.Type]bool{}
	queue := []reflect.Type{reflect.TypeFor[report.Run]()}
	for len(queue) > 0 {
		of := queue[0]
		queue = queue[1:]
		if seen[of] {
			continue
		}
		seen[of] = true
		fmt.Fprintf(&page, "\n## %s\n\n| field | type | |\n|---|---|---|\n", of.Name())
		for i := range of.NumField() {
			field := of.Field(i)
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name == "-" || name == "" {
				continue
			}
			text, more := typeWords(field.Type)
			queue = append(queue, more...)
			fmt.Fprintf(&page, "| `%s` | %s | %s |\n", name, text, strings.ReplaceAll(options, "omitempty", "may be missing"))
		}
	}
	return page.String()
}

// typeWords is a type as JSON has it, and the types of its fields that need a section.
func typeWords(of reflect.Type) (string, []reflect.Type) {
	switch {
	case of == reflect.TypeFor[time.Time]():
		return "time (RFC 3339)", nil
	case of == reflect.TypeFor[time.Duration]():
		return "number, in nanoseconds", nil
	case of.Kind() == reflect.Pointer:
		return typeWords(of.Elem())
	case of.Kind() == reflect.Slice:
		text, more := typeWords(of.Elem())
		return "list of " + text, more
	case of.Kind() == reflect.Map:
		text, more := typeWords(of.Elem())
		return "object, " + text + " by key", more
	case of.Kind() == reflect.Struct:
		return fmt.Sprintf("[%s](#%s)", of.Name(), strings.ToLower(of.Name())), []reflect.Type{of}
	case of.Kind() == reflect.String:
		return "string", nil
	case of.Kind() == reflect.Bool:
		return "boolean", nil
	default:
		return "number", nil
	}
}
