package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"
)

// checkNamespace refuses a --namespace that no namespace can be called; empty is none.
func checkNamespace(name string) error {
	if problems := validation.IsDNS1123Label(name); name != "" && len(problems) > 0 {
		return fmt.Errorf("--namespace %q: %s", name, strings.Join(problems, "; "))
	}
	return nil
}

func checkProbability(value string) (float64, error) {
	probability, err := strconv.ParseFloat(value, 64)
	if err != nil || !(probability > 0 && probability < 0.5) {
		return 0, fmt.Errorf("--error-probability: want a number above 0 and below 0.5, got %q", value)
	}
	return probability, nil
}

func oneOf(flag, value string, allowed ...string) error {
	for _, one := range allowed {
		if value == one {
			return nil
		}
	}
	return fmt.Errorf("--%s: want one of %v, got %q", flag, allowed, value)
}

// emptyFleet is true where the environment names a fleet with an empty word, as a script
// does whose own variable is not set: nobody means a lab by that.
func emptyFleet() bool {
	file, set := os.LookupEnv("FLEET")
	return set && file == ""
}

// fromEnv is a flag's default: its environment variable, or the fallback where that is empty.
func fromEnv(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}

// checkedArgs marks a wrong number of arguments as wrong use.
func checkedArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError(usageHint{cmd: cmd.CommandPath(), err: err})
		}
		return nil
	}
}
