package providers

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/fleetfile"
	"github.com/eastwest-mesh/eastwest/lab"
)

// Settings are what each environment is made with; only those of the chosen one count.
type Settings struct {
	Lab   lab.Options
	Kind  KindOptions
	Fleet *fleetfile.File
}

// environments has a row for each environment.
func environments() map[cell.Environment]func(Settings) fleet.Provider {
	return map[cell.Environment]func(Settings) fleet.Provider{
		cell.OnLab:   func(s Settings) fleet.Provider { return NewLab(s.Lab) },
		cell.OnKind:  func(s Settings) fleet.Provider { return NewKind(s.Kind) },
		cell.OnFleet: func(s Settings) fleet.Provider { return NewFleet(s.Fleet) },
	}
}

// Environments are the names of all, sorted.
func Environments() []string {
	var names []string
	for on := range environments() {
		names = append(names, string(on))
	}
	slices.Sort(names)
	return names
}

// New returns the provider of an environment; its clusters are made or found by Create.
func New(on cell.Environment, s Settings) (fleet.Provider, error) {
	provider, known := environments()[on]
	if !known {
		return nil, fmt.Errorf("no environment %q: want one of %v", on, Environments())
	}
	return provider(s), nil
}
