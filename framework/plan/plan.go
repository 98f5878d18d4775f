package plan

import "context"

// Plan is an ordered list of steps. It is data: it can be made, printed and
// compared with no cluster in reach, and it never holds a secret.
type Plan struct {
	Title string
	// Notes are what a reader should know before the first step.
	Notes []string
	// Variables are what the shell commands of the actions refer to as ${NAME}.
	Variables []Variable
	Steps     []Step
	// Optional are commands for whoever follows the plan by hand. Running a
	// plan leaves them out: eastwest proves more than they do, and undoes more.
	Optional []Optional
}

// Optional is a group of commands that a script only runs when it is asked to.
type Optional struct {
	// Switch is the environment variable that asks for it, with the value 1.
	Switch string `json:"switch"`
	Title  string `json:"title"`
	Source string `json:"source"`
	// Commands are in their order.
	Commands []Command `json:"commands"`
}

// Command is a command on one cluster.
type Command struct {
	Cluster string `json:"cluster"`
	Shell   string `json:"shell"`
}

// Variable is a name that commands use for something that differs from place
// to place: the path of a tool or of a kubeconfig. A value is never secret.
type Variable struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Comment string `json:"comment,omitempty"`
	// Placeholder is true when Value only says what is to be put there: the
	// script then refuses to start until somebody has.
	Placeholder bool `json:"placeholder,omitempty"`
}

// Step is one step of the guide. It ends when its work is done on all clusters.
type Step struct {
	// ID is stable over versions and unique in a plan, such as "gateway".
	ID    string
	Title string
	// Source says where the step comes from: the guide's step, or why it is ours.
	Source string
	// Promise is what holds once the step is done.
	Promise string
	// Work has at most one entry a cluster. Clusters work in parallel; the
	// actions of one cluster run in order.
	Work []Work
}

// Work is what a step does on one cluster.
type Work struct {
	Cluster string
	Actions []Action
}

// Action is the smallest piece of a plan.
type Action interface {
	// Show describes the action for printing. It is pure.
	Show() Shown
	// Do carries the action out on a cluster. What it makes it tells the
	// site's journal first, so that the ledger can undo it.
	Do(ctx context.Context, site *Site) error
}

// Kind names the kinds of actions.
type Kind string

// The kinds of actions.
const (
	KindExec  Kind = "exec"
	KindApply Kind = "apply"
	KindPipe  Kind = "pipe"
	KindMake  Kind = "make"
	KindLabel Kind = "label"
	KindAwait Kind = "await"
	// KindExpect notes in the ledger what others will make.
	KindExpect Kind = "expect"
)

// Shown is an action as it is printed.
type Shown struct {
	Kind  Kind   `json:"kind"`
	Title string `json:"title"`
	// Shell is the commands of a POSIX shell that do the same by hand.
	Shell string `json:"shell"`
}

// Step returns the step of that ID.
func (p Plan) Step(id string) (Step, bool) {
	for _, step := range p.Steps {
		if step.ID == id {
			return step, true
		}
	}
	return Step{}, false
}
