package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleetfile"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/providers"
)

func newLabFleetCommand(streams ioStreams, flags *labFlags) *cobra.Command {
	var platform string
	cmd := &cobra.Command{
		Use:   "fleet",
		Short: "Print a fleet file for the running lab",
		Long: `Prints a fleet file for the running lab's clusters, with istioctl and Istio's gateway
script as tools. Use it with "eastwest lab exec", on the network between the
clusters: eastwest then treats them as anybody's fleet. This is how to try a fleet
without a cloud.`,
		Example: `  # clusters with a control plane each, as "asmcli install" leaves them
  sudo eastwest lab up --istiod
  eastwest lab fleet > fleet.yaml
  sudo eastwest lab exec -- eastwest verify --on fleet --fleet fleet.yaml`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			asked, err := cell.Parse(platform, string(cell.Istio))
			if err == nil && asked.Home != cell.OnFleet {
				err = fmt.Errorf("--platform %s: want a platform that is tested on a fleet", platform)
			}
			if err != nil {
				return usageError(err)
			}
			l, err := lab.Open(flags.options(streams))
			if err != nil {
				return err
			}
			return printLabFleet(streams.out, l, asked.Platform)
		},
	}
	cmd.Flags().StringVar(&platform, "platform", string(cell.GDCBareMetal), "the platform to name in the file")
	return cmd
}

func printLabFleet(out io.Writer, l *lab.Lab, platform cell.Platform) error {
	images := providers.LabTraits(l).Images
	_, err := fmt.Fprintf(out, `# The lab %q as a fleet. Its addresses are reached through "eastwest lab exec" only.
apiVersion: %s
kind: %s
name: lab-%s
platform: %s
ca: %s
tools:
  istioctl: %q
  genGateway: %q
  kubectl: %q
images:
  helloWorld: %q
  sleep: %q
  echo: %q
clusters:
`, l.State.Name, fleetfile.APIVersion, fleetfile.Kind, l.State.Name, platform, cell.Istio,
		l.Program("istioctl"), l.Program(providers.GenGatewayScript), l.Program("kubectl"),
		images.HelloWorld, images.Sleep, images.Echo)
	for _, c := range l.State.Clusters {
		if err == nil {
			_, err = fmt.Fprintf(out, "  - name: %s\n    kubeconfig: %q\n    context: %s\n", c.Name, l.InsideKubeconfig(), c.Name)
		}
	}
	return err
}
