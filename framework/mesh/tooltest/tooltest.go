package tooltest

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
)

// The names by which a test binary plays a program.
const (
	Asmcli     = "asmcli"
	Istioctl   = "istioctl"
	GenGateway = "gen-eastwest-gateway.sh"
)

// The variables by which a test and its doubles know of each other, and where
// the lab's parts are.
const (
	logVariable       = "EASTWEST_DOUBLES_LOG"
	behaviourVariable = "EASTWEST_DOUBLES_BEHAVIOUR"
	partsVariable     = "EASTWEST_PARTS_BIN"
)

// Behaviour is how the doubles behave.
type Behaviour struct {
	// IstioctlVersion is what istioctl calls itself; empty means that the real
	// one is asked.
	IstioctlVersion string
	// Takes are the names of Helm values that such an istioctl takes in --set,
	// and Ignores those that it takes without effect.
	Takes, Ignores []string
	// Asmcli is one of the ways in which create-mesh goes wrong; empty means well.
	Asmcli AsmcliFault
	// Server is the form of the servers in remote secrets, with %s for the
	// context; empty means those of the kubeconfigs.
	Server string
}

// AsmcliFault is a way in which asmcli create-mesh goes wrong.
type AsmcliFault string

// The faults.
const (
	// AsmcliSilent ends well and does nothing.
	AsmcliSilent AsmcliFault = "silent"
	// AsmcliTwisted ends well, with the first cluster's credentials under every name.
	AsmcliTwisted AsmcliFault = "twisted"
	// AsmcliFails ends with code 1 and tells a token while it does.
	AsmcliFails AsmcliFault = "fails"
	// AsmcliHangs never ends by itself.
	AsmcliHangs AsmcliFault = "hangs"
)

// LeakedToken is what a failing asmcli tells.
const LeakedToken = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl"

// Call is one call of a double.
type Call struct {
	Tool string
	Args []string
	// Kubeconfigs are the files among the arguments, in their order.
	Kubeconfigs []Kubeconfig
	// Inherited names those of eastwest's own variables that reached the program
	// and would mean something else to it.
	Inherited []string
	Dir       string
}

// Kubeconfig is a kubeconfig file as a double found it.
type Kubeconfig struct {
	Contexts []string
	Current  string
	Mode     os.FileMode
}

// Main plays the program by whose name the test binary was called, or else
// runs the tests. It returns the exit code.
func Main(m *testing.M) int {
	var play func(double) int
	switch filepath.Base(os.Args[0]) {
	case Asmcli:
		play = double.asmcli
	case Istioctl:
		play = double.istioctl
	case GenGateway:
		play = double.genGateway
	default:
		return m.Run()
	}
	d := double{args: os.Args[1:], in: os.Stdin, out: os.Stdout, err: os.Stderr, parts: os.Getenv(partsVariable)}
	if err := d.start(); err != nil {
		fmt.Fprintln(os.Stderr, "double:", err)
		return 99
	}
	return play(d)
}

// Tools are doubles that are installed for a test.
type Tools struct {
	fleet.Tools
	log string
}

// Install puts doubles into a folder of the test's own.
func Install(t *testing.T, behaviour Behaviour) Tools {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{Asmcli, Istioctl, GenGateway} {
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	encoded, err := json.Marshal(behaviour)
	if err != nil {
		t.Fatal(err)
	}
	tools := Tools{log: filepath.Join(dir, "calls"), Tools: fleet.Tools{
		Istioctl: filepath.Join(dir, Istioctl), GenGateway: filepath.Join(dir, GenGateway), Asmcli: filepath.Join(dir, Asmcli),
		OutputDir: dir,
	}}
	t.Setenv(logVariable, tools.log)
	t.Setenv(behaviourVariable, string(encoded))
	return tools
}

// Calls are the calls so far, in the order in which they began.
func (tools Tools) Calls(t *testing.T) []Call {
	t.Helper()
	file, err := os.Open(tools.log)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var calls []Call
	for decoder := json.NewDecoder(file); ; {
		var call Call
		if err := decoder.Decode(&call); err == io.EOF {
			return calls
		} else if err != nil {
			t.Fatal(err)
		}
		calls = append(calls, call)
	}
}

// double is a program that is being played.
type double struct {
	args      []string
	in        io.Reader
	out, err  io.Writer
	parts     string
	behaviour Behaviour
}

// start reads the behaviour and writes down the call.
func (d *double) start() error {
	if err := json.Unmarshal([]byte(os.Getenv(behaviourVariable)), &d.behaviour); err != nil {
		return err
	}
	call := Call{Tool: filepath.Base(os.Args[0]), Args: d.args}
	for _, argument := range d.args {
		if found, ok := readKubeconfig(argument); ok {
			call.Kubeconfigs = append(call.Kubeconfigs, found)
		}
	}
	for _, name := range []string{"PLATFORM", "CA", "REVISION"} {
		if _, ok := os.LookupEnv(name); ok {
			call.Inherited = append(call.Inherited, name)
		}
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	call.Dir = dir
	line, err := json.Marshal(call)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(os.Getenv(logVariable), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.Write(append(line, '\n')) // one write: doubles run at the same time
	return err
}

func readKubeconfig(path string) (Kubeconfig, bool) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return Kubeconfig{}, false
	}
	config, err := clientcmd.LoadFromFile(path)
	if err != nil || len(config.Contexts) == 0 {
		return Kubeconfig{}, false
	}
	found := Kubeconfig{Current: config.CurrentContext, Mode: info.Mode().Perm()}
	for name := range config.Contexts {
		found.Contexts = append(found.Contexts, name)
	}
	slices.Sort(found.Contexts)
	return found, true
}

func (d double) fail(code int, format string, args ...any) int {
	fmt.Fprintf(d.err, format+"\n", args...)
	return code
}

// hang never returns. An empty select would: without cgo Go sees that nobody can
// end it, and panics.
func hang() {
	for range time.Tick(time.Hour) {
	}
}
