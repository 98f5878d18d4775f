package plan

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// Journal is where actions write what they are about to make or change.
// framework/ledger implements it.
type Journal interface {
	kube.Journal
	// Expecting is called before a tool is started that will make objects itself,
	// without our label. They must not exist now.
	Expecting(ctx context.Context, client *kube.Client, tool string, refs []kube.Ref) error
	// Confirm is called when the tool has ended, whatever way: what it made of what
	// was expected is then known by its UID.
	Confirm(ctx context.Context, client *kube.Client) error
	// Labelling is called before a label of an object that is not ours is
	// set; before is its value until now, or nil when it has none.
	Labelling(ctx context.Context, cluster string, ref kube.Ref, key string, before *string, after string) error
}

// Site is one cluster as an action works on it.
type Site struct {
	// Cluster is the cluster's name.
	Cluster string
	Client  *kube.Client
	// Run is the run's ID, put as a label on all that is made.
	Run     string
	Journal Journal
	Bounds  kube.Bounds

	env   *Env
	notes *notes
}

// notes collects what actions found worth telling; an action may note from
// several goroutines.
type notes struct {
	mu   sync.Mutex
	text []string
}

// Note tells the reader of the report something about the action that is under
// way which is no failure: a difference that does no harm, or what a program
// said. It must hold no secret.
func (s *Site) Note(text string) {
	if s.notes == nil {
		return
	}
	s.notes.mu.Lock()
	defer s.notes.mu.Unlock()
	s.notes.text = append(s.notes.text, text)
}

// takeNotes returns what was noted since the last time.
func (s *Site) takeNotes() []string {
	s.notes.mu.Lock()
	defer s.notes.mu.Unlock()
	taken := s.notes.text
	s.notes.text = nil
	return taken
}

// Env is everything that a plan needs to be run.
type Env struct {
	Run     string
	Journal Journal
	Bounds  kube.Bounds
	// Clients has one entry for each cluster that the plan names.
	Clients []*kube.Client
	// Variables give the plan's variables their values for this run; they win
	// over the plan's own.
	Variables []Variable
}

// Peer returns the client of another cluster of the fleet.
func (s *Site) Peer(cluster string) (*kube.Client, error) {
	return s.env.client(cluster)
}

// confirmBound is how long the confirmation may take after an interrupt.
const confirmBound = 15 * time.Second

// Confirm has the journal look for what a tool has made, after an interrupt too.
func (s *Site) Confirm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), confirmBound)
	defer cancel()
	return s.Journal.Confirm(ctx, s.Client)
}

// Own returns the options for applying objects on behalf of the run.
func (s *Site) Own() kube.ApplyOptions {
	return kube.ApplyOptions{Run: s.Run, Journal: s.Journal, Bounds: s.Bounds}
}

// OwnOrReuse is Own for objects that may be there already: one that is right
// is left as it is, and noted.
func (s *Site) OwnOrReuse() kube.ApplyOptions {
	opts := s.Own()
	opts.Reused = func(ref kube.Ref) { s.Note(fmt.Sprintf("%s exists and is right: reused", ref)) }
	return opts
}

func (s *Site) applying(reuse bool) kube.ApplyOptions {
	if reuse {
		return s.OwnOrReuse()
	}
	return s.Own()
}

// At is another cluster as the same action works on it.
func (s *Site) At(cluster string) (*Site, error) {
	other, err := s.env.site(cluster)
	if err != nil {
		return nil, err
	}
	other.notes = s.notes
	return other, nil
}

func (e *Env) client(cluster string) (*kube.Client, error) {
	for _, client := range e.Clients {
		if client.Name == cluster {
			return client, nil
		}
	}
	return nil, fmt.Errorf("the plan names cluster %q, which is not among those connected", cluster)
}

func (e *Env) site(cluster string) (*Site, error) {
	client, err := e.client(cluster)
	if err != nil {
		return nil, err
	}
	return &Site{Cluster: cluster, Client: client, Run: e.Run, Journal: e.Journal, Bounds: e.Bounds, env: e, notes: &notes{}}, nil
}

// KubeconfigVariable is the name of the variable that holds a cluster's kubeconfig.
func KubeconfigVariable(cluster string) string {
	return "KUBECONFIG_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(cluster))
}

// Use refers to a variable in an argument of a command.
func Use(name string) string { return "${" + name + "}" }

// reference finds the variables of an argument. Only the braced form counts,
// so that a $ in a script stays what it is.
func reference() *regexp.Regexp { return regexp.MustCompile(`\$\{([A-Z][A-Z0-9_]*)\}`) }

// Expand gives a text that refers to variables with Use their values.
func (s *Site) Expand(text string) (string, error) { return s.expand(text) }

// expand gives an argument its variables' values. Only the plan's own are known: a
// variable of the environment may be a secret.
func (s *Site) expand(argument string) (string, error) {
	var missing []string
	expanded := reference().ReplaceAllStringFunc(argument, func(match string) string {
		name := match[2 : len(match)-1]
		if match == kubeconfigHere {
			name = KubeconfigVariable(s.Cluster)
		}
		for _, variable := range s.env.Variables {
			if variable.Name == name {
				return variable.Value
			}
		}
		missing = append(missing, name)
		return match
	})
	if len(missing) > 0 {
		return "", fmt.Errorf("argument %q: no value for %s", argument, strings.Join(missing, ", "))
	}
	return expanded, nil
}
