package plan

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Format is a form in which a plan is printed.
type Format string

// The formats: a numbered list for reading, a shell script that does the same
// by hand, and a versioned document for programs.
const (
	Text  Format = "text"
	Shell Format = "shell"
	JSON  Format = "json"
)

// Formats lists all formats, for flags and their errors.
func Formats() []Format { return []Format{Text, Shell, JSON} }

// Print writes a plan. Equal plans give equal bytes.
func Print(out io.Writer, p Plan, format Format) error {
	switch format {
	case Text:
		return printText(out, p)
	case Shell:
		return printShell(out, p)
	case JSON:
		return printJSON(out, p)
	}
	return fmt.Errorf("print a plan: unknown format %q; want one of %v", format, Formats())
}

func printText(out io.Writer, p Plan) error {
	w := &writer{out: out}
	w.print("%s\n", p.Title)
	for _, note := range p.Notes {
		w.print("  note: %s\n", note)
	}
	for i, step := range p.Steps {
		w.print("\n%2d. %s [%s]\n", i+1, step.Title, step.ID)
		w.print("    source:  %s\n", step.Source)
		w.print("    promise: %s\n", step.Promise)
		for _, work := range step.Work {
			for _, action := range work.Actions {
				shown := action.Show()
				w.print("    %s: %s (%s)\n", work.Cluster, shown.Title, shown.Kind)
			}
		}
	}
	return w.err
}

// shellHead starts the script. What it says is true of the script and not of
// a run of eastwest, which labels and undoes what it makes.
const shellHead = `#!/bin/bash
# %s
#
# The same steps by hand, one cluster after the other; it can be run again.
# eastwest itself runs them on all clusters at once, marks what it makes and
# takes it away again.
`

func printShell(out io.Writer, p Plan) error {
	w := &writer{out: out}
	w.print(shellHead, p.Title)
	for _, note := range p.Notes {
		w.print("#\n# %s\n", strings.ReplaceAll(note, "\n", "\n# "))
	}
	for _, optional := range p.Optional {
		w.print("#\n# %s=1: %s\n", optional.Switch, optional.Title)
	}
	w.print("set -euo pipefail\n")
	for _, variable := range p.Variables {
		w.print("\n# %s\n%s\n", variable.Comment, variable.shell())
	}
	for i, step := range p.Steps {
		w.print("\n\n### %d. %s\n# %s\n# promise: %s\n", i+1, step.Title, step.Source, step.Promise)
		for _, work := range step.Work {
			for _, action := range work.Actions {
				shown := action.Show()
				w.print("\n# %s: %s\n%s\n", work.Cluster, shown.Title, onCluster(shown.Shell, work.Cluster))
			}
		}
	}
	for _, optional := range p.Optional {
		w.print("\n\n### %s\n# %s\nif [ \"${%s:-}\" = 1 ]; then\n", optional.Title, optional.Source, optional.Switch)
		for _, command := range optional.Commands {
			w.print("\n# %s\n%s\n", command.Cluster, onCluster(command.Shell, command.Cluster))
		}
		w.print("\nfi\n")
	}
	return w.err
}

// The document's version; a change of meaning is a new version.
const (
	documentAPIVersion = "eastwest.dev/v1alpha1"
	documentKind       = "Plan"
)

type document struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Title      string         `json:"title"`
	Notes      []string       `json:"notes,omitempty"`
	Variables  []Variable     `json:"variables"`
	Steps      []documentStep `json:"steps"`
	Optional   []Optional     `json:"optional,omitempty"`
}

type documentStep struct {
	ID      string         `json:"id"`
	Title   string         `json:"title"`
	Source  string         `json:"source"`
	Promise string         `json:"promise"`
	Work    []documentWork `json:"work"`
}

type documentWork struct {
	Cluster string  `json:"cluster"`
	Actions []Shown `json:"actions"`
}

func printJSON(out io.Writer, p Plan) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(documentOf(p))
}

func documentOf(p Plan) document {
	d := document{
		APIVersion: documentAPIVersion, Kind: documentKind, Title: p.Title, Notes: p.Notes,
		Variables: append([]Variable{}, p.Variables...), Steps: []documentStep{},
	}
	for _, step := range p.Steps {
		s := documentStep{ID: step.ID, Title: step.Title, Source: step.Source, Promise: step.Promise, Work: []documentWork{}}
		for _, work := range step.Work {
			w := documentWork{Cluster: work.Cluster, Actions: []Shown{}}
			for _, action := range work.Actions {
				shown := action.Show()
				shown.Shell = onCluster(shown.Shell, work.Cluster)
				w.Actions = append(w.Actions, shown)
			}
			s.Work = append(s.Work, w)
		}
		d.Steps = append(d.Steps, s)
	}
	for _, optional := range p.Optional {
		filled := optional
		filled.Commands = nil
		for _, command := range optional.Commands {
			command.Shell = onCluster(command.Shell, command.Cluster)
			filled.Commands = append(filled.Commands, command)
		}
		d.Optional = append(d.Optional, filled)
	}
	return d
}

// writer keeps the first error, so that printing reads without checks.
type writer struct {
	out io.Writer
	err error
}

func (w *writer) print(format string, args ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.out, format, args...)
	}
}
