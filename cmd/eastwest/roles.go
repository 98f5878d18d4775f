package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/eastwest-mesh/eastwest/framework/preflight"
)

func newRolesCommand(streams ioStreams) *cobra.Command {
	var (
		purpose, namespace string
		existing           bool
	)
	cmd := &cobra.Command{
		Use:   "roles",
		Short: "Print the RBAC roles that a user needs",
		Long: `Prints the ClusterRole and Roles that the user of the kubeconfigs needs on every
cluster, and nothing more: to diagnose, or to check an upgrade, which
change nothing; to verify an existing mesh; or to verify and install what is missing. The first lines say how to bind
them. "eastwest preflight" checks the same rights.`,
		Example: `  # what a security team is asked for: runs in namespace mesh-check alone
  eastwest roles --for verify --namespace mesh-check
  eastwest verify --fleet fleet.yaml --namespace mesh-check

  # the least: a namespace made beforehand, and no right to write outside it
  eastwest roles --for verify --namespace mesh-check --existing

  # apply the roles of a diagnosis
  eastwest roles --for diagnose --namespace sample | kubectl apply -f -`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			var purposes []string
			for _, p := range preflight.Purposes() {
				purposes = append(purposes, string(p))
			}
			errs := []error{oneOf("for", purpose, purposes...), checkNamespace(namespace)}
			if existing && namespace == "" {
				errs = append(errs, errors.New("--existing: want --namespace with the name of the namespace that is made beforehand"))
			}
			if err := errors.Join(errs...); err != nil {
				return usageError(err)
			}
			return printRoles(streams.out, preflight.Use{Purpose: preflight.Purpose(purpose), Namespace: namespace, Existing: existing})
		},
	}
	cmd.Flags().StringVar(&purpose, "for", string(preflight.Verify), "what the user is to run: diagnose, upgrade (upgrade check and plan), verify (the mesh that is there) or install (verify --setup install)")
	cmd.Flags().StringVar(&namespace, "namespace", "", "the namespace of HelloWorld and Sleep; without it a run may make one of any name, and a diagnosis may look into none")
	cmd.Flags().BoolVar(&existing, "existing", false, "the namespace is made beforehand, as the fleet file says with namespace: {name: NAME, existing: true}")
	return cmd
}

// printRoles prints the roles and, before them, how to bind them.
func printRoles(out io.Writer, use preflight.Use) error {
	cluster, roles := preflight.Roles(use)
	name, purpose := cluster.Name, use.Purpose
	option, place := "", "a namespace of its own"
	if use.Namespace != "" {
		option, place = " --namespace "+use.Namespace, "namespace "+use.Namespace
	}
	if use.Existing {
		option += " --existing"
	}
	var text strings.Builder
	fmt.Fprintf(&text, `# What a user needs on every cluster for %s.
# Printed by: eastwest roles --for %s%s
#
# Apply it in every cluster and bind it to a user USER:
#
#   kubectl create clusterrolebinding %s --clusterrole=%s --user=USER
`, uses(purpose), purpose, option, name, name)
	for _, role := range roles {
		fmt.Fprintf(&text, "#   kubectl --namespace=%s create rolebinding %s --role=%s --user=USER\n", role.Namespace, name, name)
	}
	switch {
	case purpose == preflight.Diagnose, purpose == preflight.Upgrade:
	case use.Existing:
		fmt.Fprintf(&text, `#
# The run writes in namespace %s alone, its lock too. Make it beforehand, have its pods
# injected, and name it in the fleet file:
#
#   namespace: {name: %s, existing: true}
`, use.Namespace, use.Namespace)
	default:
		fmt.Fprintf(&text, `#
# A run makes %s and removes it again. What it does in there can only
# be allowed in all namespaces, commands in containers too: treat the kubeconfigs
# accordingly.
`, place)
		if use.Namespace == "" {
			text.WriteString("# With --namespace NAME it may change and delete that namespace alone.\n")
		}
	}
	objects := []any{cluster}
	for _, role := range roles {
		objects = append(objects, role)
	}
	for i, object := range objects {
		document, err := yaml.Marshal(object)
		if err != nil {
			return fmt.Errorf("print the roles: %w", err)
		}
		if i > 0 {
			text.WriteString("---\n")
		}
		text.Write(document)
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func uses(purpose preflight.Purpose) string {
	switch purpose {
	case preflight.Diagnose:
		return `"eastwest preflight" and "eastwest diagnose"`
	case preflight.Upgrade:
		return `"eastwest upgrade check" and "eastwest upgrade plan"`
	case preflight.Install:
		return `"eastwest verify --setup install" and "eastwest cleanup"`
	default:
		return `"eastwest verify" on the mesh that is there, and "eastwest cleanup"`
	}
}
