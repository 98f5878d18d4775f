// Package tooltest has doubles of the programs that the guide runs on somebody's
// fleet: asmcli, istioctl and gen-eastwest-gateway.sh. They behave as the real
// ones were seen to (research of asmcli 1.19 to 1.28: exit codes, names,
// silences), write down how they were called, and leave what they can to the
// real programs beside the lab's parts.
//
// A test binary plays them itself, called by their names:
//
//	func TestMain(m *testing.M) { os.Exit(tooltest.Main(m)) }
//
// Owns: the doubles and their log.
// May import: framework/fleet. Only tests import it.
package tooltest
