package fleetfile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
)

// Where "asmcli install" leaves its tools, below its --output_dir (ASMCLI
// lib/util.sh; the guide's own relative paths).
const (
	outputIstioctl   = "istioctl"
	outputAsmcli     = "asmcli"
	outputGenGateway = "asm/istio/expansion/gen-eastwest-gateway.sh"
	outputExpose     = "asm/istio/expansion/expose-services.yaml"
	outputSamples    = "istio-*/samples"
)

// asmcliNeeds are the programs that "asmcli create-mesh" runs (ASMCLI
// commands/create-mesh.sh, lib/checks.sh); it only says so late.
func asmcliNeeds() []string { return []string{"gcloud", "kubectl", "jq", "csplit"} }

// findTools makes every path absolute, fills in what the folder of asmcli has,
// and checks that what is named is there and can be run.
func (f *File) findTools(base string, machine Machine, problems *collector) {
	t := &f.Tools
	for _, tool := range []*string{&t.Istioctl, &t.GenGateway, &t.Asmcli, &t.Kubectl} {
		if *tool == "" || placeholder(*tool) {
			continue
		}
		path, err := machine.program(*tool, base)
		if err != nil {
			problems.at(tool, "%v", err)
			continue
		}
		*tool = path
	}
	if t.OutputDir != "" && !placeholder(t.OutputDir) {
		f.findOutputDir(base, machine, problems)
	}
	f.fromPath(machine, problems)
	f.checkAsmcli(machine, problems)
}

// findOutputDir takes from the folder of asmcli what no field names.
func (f *File) findOutputDir(base string, machine Machine, problems *collector) {
	t := &f.Tools
	dir, err := machine.expand(t.OutputDir, base)
	if err == nil {
		err = folder(dir)
	}
	if err != nil {
		problems.at(&t.OutputDir, "%v; want the folder given to \"asmcli install --output_dir\"", err)
		return
	}
	t.OutputDir = dir
	f.fromOutput(&t.Istioctl, outputIstioctl, problems)
	f.fromOutput(&t.GenGateway, outputGenGateway, problems)
	if _, err := os.Stat(filepath.Join(dir, outputExpose)); err != nil {
		problems.warn("%s has no %s: eastwest applies its own, which is Istio's", dir, outputExpose)
	}
	if asmcli := filepath.Join(dir, outputAsmcli); t.Asmcli == "" && executable(asmcli) == nil {
		if f.FleetProject == "" {
			problems.warn("%s is not used, since no fleetProject is given: istioctl makes the remote secrets, which is what asmcli does", asmcli)
		} else {
			t.Asmcli = asmcli
		}
	}
	f.samplesOfOutput(problems)
}

// fromOutput takes a tool of the folder that must be in it.
func (f *File) fromOutput(tool *string, inside string, problems *collector) {
	if *tool != "" {
		return
	}
	path := filepath.Join(f.Tools.OutputDir, inside)
	if err := executable(path); err != nil {
		problems.at(&f.Tools.OutputDir, "%v; run \"asmcli install\" again, or name the program under tools", err)
		return
	}
	*tool = path
}

func (f *File) samplesOfOutput(problems *collector) {
	if f.SamplesDir != "" {
		return
	}
	// The pattern's only special character is ours; the folder's name is not a pattern.
	found, err := filepath.Glob(filepath.Join(escapeGlob(f.Tools.OutputDir), outputSamples))
	if err != nil || len(found) == 0 {
		return
	}
	if len(found) > 1 {
		slices.Sort(found)
		problems.at(&f.Tools.OutputDir, "has the samples of several releases, %s; say which with samplesDir", strings.Join(found, ", "))
		return
	}
	f.SamplesDir = found[0]
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// fromPath finds the programs that may as well be in PATH.
func (f *File) fromPath(machine Machine, problems *collector) {
	if f.Tools.Istioctl == "" && f.Tools.OutputDir == "" {
		path, err := machine.program("istioctl", "")
		if err != nil {
			problems.add(0, "no istioctl: it is not in PATH; give tools.outputDir, the folder that \"asmcli install\" left, or tools.istioctl")
		}
		f.Tools.Istioctl = path
	}
	if f.Tools.Kubectl == "" {
		// Only asmcli and a printed script call it.
		f.Tools.Kubectl, _ = machine.program("kubectl", "")
	}
}

func (f *File) checkAsmcli(machine Machine, problems *collector) {
	if f.Tools.Asmcli == "" {
		return
	}
	if f.FleetProject == "" {
		problems.at(&f.Tools.Asmcli, "\"asmcli create-mesh\" needs fleetProject, the ID of the fleet's project; without asmcli, istioctl makes the remote secrets")
	}
	for _, program := range asmcliNeeds() {
		if _, err := machine.LookPath(program); err != nil {
			problems.at(&f.Tools.Asmcli, "\"asmcli create-mesh\" runs %s, which is not in PATH; install it", program)
		}
	}
}

// AsTools are the tools as framework/fleet wants them.
func (t Tools) AsTools() fleet.Tools {
	kubectl := t.Kubectl
	if kubectl == "" {
		kubectl = "kubectl"
	}
	tools := fleet.Tools{Istioctl: t.Istioctl, Kubectl: kubectl, GenGateway: t.GenGateway, Asmcli: t.Asmcli, OutputDir: t.OutputDir}
	if expose := filepath.Join(t.OutputDir, outputExpose); t.OutputDir != "" && isFile(expose) {
		tools.ExposeServices = expose
	}
	return tools
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
