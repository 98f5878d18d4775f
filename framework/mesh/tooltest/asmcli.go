package tooltest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Exit codes of asmcli: its own refusals, and those of the programs it runs.
const (
	asmcliFatal = 2
	asmcliTool  = 1
)

// asmcli plays `asmcli create-mesh FLEET_ID (PROJECT/LOCATION/CLUSTER | KUBECONFIG)...`
// as create-mesh.sh has it.
func (d double) asmcli() int {
	if len(d.args) == 0 || d.args[0] != "create-mesh" {
		return d.fail(asmcliFatal, "asmcli: unknown subcommand %q", d.args)
	}
	args := d.args[1:]
	if len(args) < 2 {
		return d.fail(asmcliFatal, "usage: asmcli create-mesh FLEET_ID [OPTION]... CLUSTER...")
	}
	if strings.HasPrefix(args[0], "-") {
		return d.fail(asmcliFatal, "asmcli: [ERROR]: First argument must be the fleet ID.")
	}
	files, problem := createMeshFiles(args[1:])
	if problem != "" {
		return d.fail(asmcliTool, "asmcli: [WARNING]: Failed, retrying...\nERROR: (gcloud.container.clusters.get-credentials) %s", problem)
	}
	switch d.behaviour.Asmcli {
	case AsmcliHangs:
		hang()
	case AsmcliFails:
		return d.fail(asmcliTool, "asmcli: [ERROR]: Failed to run command\n    token: %s\nAuthorization: Bearer %s", LeakedToken, LeakedToken)
	case AsmcliSilent:
		return 0
	case AsmcliTwisted:
	}
	return d.exchange(files)
}

// createMeshFiles separates kubeconfigs from what is taken for clusters of
// Google Cloud: whatever is no file, a mistyped path and an unknown flag too.
func createMeshFiles(args []string) (files []string, problem string) {
	for i := 0; i < len(args); i++ {
		switch argument := args[i]; {
		case slices.Contains([]string{"-D", "--output_dir", "--output-dir"}, argument):
			i++
			if i == len(args) {
				return nil, "Option " + argument + " requires an argument."
			}
		case slices.Contains([]string{"-v", "--verbose", "--offline"}, argument):
		case isFile(argument):
			files = append(files, argument)
		default:
			return nil, "no such cluster: " + argument
		}
	}
	return files, ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// exchange gives each cluster a secret of each other one. Files, not clusters,
// are what it compares; secrets are named after contexts, so that equal
// contexts overwrite each other, and the end is good all the same.
func (d double) exchange(files []string) int {
	for _, source := range files {
		for _, target := range files {
			if source == target {
				continue
			}
			from, _ := readKubeconfig(source)
			to, _ := readKubeconfig(target)
			fmt.Fprintf(d.err, "asmcli: Installing remote secret %s on %s...\n", secretName(from.Current), target)
			if err := d.copySecret(source, from.Current, target, to.Current, files[0]); err != nil {
				return d.fail(asmcliTool, "asmcli: [ERROR]: %v", err)
			}
		}
	}
	return 0
}

func (d double) copySecret(source, sourceContext, target, targetContext, first string) error {
	name := secretName(sourceContext)
	args := []string{"create-remote-secret", "--kubeconfig=" + source, "--context=" + sourceContext, "--name=" + name}
	if d.behaviour.Server != "" {
		args = append(args, fmt.Sprintf("--server="+d.behaviour.Server, sourceContext))
	}
	if d.behaviour.Asmcli == AsmcliTwisted && source != first {
		other, _ := readKubeconfig(first)
		args = append(args, "--kubeconfig="+first, "--context="+other.Current) // of a flag given twice the last wins
	}
	secret := exec.Command(filepath.Join(d.parts, Istioctl), args...)                                                                //nolint:noctx // a double ends with its process group
	apply := exec.Command(filepath.Join(d.parts, "kubectl"), "--kubeconfig="+target, "--context="+targetContext, "apply", "-f", "-") //nolint:noctx // as above
	secret.Stderr, apply.Stderr, apply.Stdout = d.err, d.err, d.err
	var err error
	if apply.Stdin, err = secret.StdoutPipe(); err != nil {
		return err
	}
	if err := secret.Start(); err != nil {
		return err
	}
	if err := apply.Run(); err != nil {
		return fmt.Errorf("kubectl apply: %w", err)
	}
	return secret.Wait()
}

// secretName is asmcli's: what a DNS label may not have becomes a dash, except
// for slashes and capitals, and what is too long ends in a hash.
func secretName(context string) string {
	name := strings.NewReplacer("_", "-", ".", "-", "@", "-", ":", "-").Replace(context)
	const most, kept, hash = 63, 42, 20
	if len(name) <= most {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return name[:kept] + "-" + hex.EncodeToString(sum[:])[:hash]
}
