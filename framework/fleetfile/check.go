package fleetfile

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	pathed "k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/revisions"
)

// projectID is the form of a project's ID, with the domain that old ones may have.
var projectID = regexp.MustCompile(`^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$`)

// checkFields looks at the fields of the whole fleet, each alone.
func (f *File) checkFields(problems *collector) {
	label(&f.Name, problems)
	f.checkNamespace(problems)
	f.checkWorkload(problems)
	f.checkAccept(problems)
	checkRevision(&f.Revision, problems)
	checkRevisions(&f.Revisions, problems)
	if f.MeshID != "" && !placeholder(f.MeshID) {
		for _, problem := range validation.IsValidLabelValue(f.MeshID) {
			problems.at(&f.MeshID, "%q: %s", f.MeshID, problem)
		}
	}
	if f.FleetProject != "" && !placeholder(f.FleetProject) && !projectID.MatchString(f.FleetProject) {
		problems.at(&f.FleetProject, "want the ID of the fleet's project, such as my-fleet-1 (not its number or title), got %q", f.FleetProject)
	}
	checkImage(&f.Images.HelloWorld, problems)
	checkImage(&f.Images.Sleep, problems)
}

func (f *File) checkNamespace(problems *collector) {
	label(&f.Namespace, problems)
	switch system := f.Namespace == names.System || strings.HasPrefix(f.Namespace, "kube-"); {
	case f.Existing && system:
		problems.at(&f.Namespace, "%q is the mesh's or Kubernetes' own; take a namespace for programs", f.Namespace)
	case system || f.Namespace == "default" && !f.Existing:
		problems.at(&f.Namespace, "%q is not the run's to make and to delete; take a namespace that does not exist", f.Namespace)
	}
}

// reserved are the labels of pods that HelloWorld, Sleep and their sidecars are found by.
var reserved = []string{"app", "version", names.Inject}

// checkWorkload looks at what the API server would refuse only in the middle of a run.
func (f *File) checkWorkload(problems *collector) {
	w := f.Workload
	root := pathed.NewPath("workload")
	errs := slices.Concat(
		metav1validation.ValidateLabels(w.Labels, root.Child("labels")),
		metav1validation.ValidateLabels(w.NodeSelector, root.Child("nodeSelector")),
		apivalidation.ValidateAnnotations(w.Annotations, root.Child("annotations")),
	)
	for _, name := range reserved {
		if _, given := w.Labels[name]; given {
			errs = append(errs, pathed.Invalid(root.Child("labels").Key(name), w.Labels[name], "is the run's own"))
		}
	}
	if w.ServiceAccount != "" {
		for _, problem := range validation.IsDNS1123Subdomain(w.ServiceAccount) {
			errs = append(errs, pathed.Invalid(root.Child("serviceAccount"), w.ServiceAccount, problem))
		}
	}
	if !f.Existing {
		const remedy = "must be in the namespace before the run, and the run makes the namespace: make one beforehand and say namespace: {name: NAME, existing: true}"
		if w.ServiceAccount != "" && w.ServiceAccount != "default" {
			errs = append(errs, pathed.Invalid(root.Child("serviceAccount"), w.ServiceAccount, remedy))
		}
		if len(w.ImagePullSecrets) > 0 {
			errs = append(errs, pathed.Invalid(root.Child("imagePullSecrets"), w.ImagePullSecrets[0].Name, remedy))
		}
	}
	for _, err := range errs {
		problems.all = append(problems.all, Problem{Field: err.Field, Text: err.ErrorBody()})
	}
}

// checkID is the form of a check's ID.
var checkID = regexp.MustCompile(`^EW[0-9]{4}$`)

// checkAccept wants every acceptance to say what is accepted, why, by whom and until when.
func (f *File) checkAccept(problems *collector) {
	for i, a := range f.Accept {
		where := func(field, format string, arguments ...any) {
			problems.all = append(problems.all, Problem{Field: fmt.Sprintf("accept[%d].%s", i, field), Text: fmt.Sprintf(format, arguments...)})
		}
		switch {
		case a.Check != "" && a.Scenario != "":
			where("scenario", "want either a check or a scenario, got both")
		case a.Scenario != "" && a.Object != "":
			where("object", "a scenario finds no objects; leave it out")
		case a.Scenario == "" && !checkID.MatchString(a.Check):
			where("check", "want the ID of a check, as \"eastwest explain\" lists them, got %q", a.Check)
		}
		if a.Cluster != "" && !slices.ContainsFunc(f.Clusters, func(c *Cluster) bool { return c.Name == a.Cluster }) {
			where("cluster", "%q is no cluster of the fleet", a.Cluster)
		}
		if _, err := path.Match(a.Object, ""); err != nil {
			where("object", "%q is not a pattern: %v", a.Object, err)
		}
		for _, said := range []struct{ field, value string }{{"reason", a.Reason}, {"owner", a.Owner}} {
			if said.value == "" {
				where(said.field, "is missing; say why the finding is accepted, and who will end that")
			}
		}
		if _, err := time.Parse(time.DateOnly, a.Until); err != nil {
			where("until", "want the last day, such as 2027-03-31, got %q", a.Until)
		}
	}
}

// label wants a DNS-1123 label, or nothing.
func label(value *string, problems *collector) {
	if *value == "" || placeholder(*value) {
		return
	}
	if problem := labelProblem(*value); problem != "" {
		problems.at(value, "%s", problem)
	}
}

func checkRevision(value *string, problems *collector) {
	label(value, problems)
	if *value == "default" {
		problems.at(value, "\"default\" is also the tag's name, which may lead to any revision; leave it out, or give the label "+names.Revision+" of istiod's pods")
	}
}

// checkRevisions wants two revisions, or nothing.
func checkRevisions(value *string, problems *collector) {
	if *value == "" || placeholder(*value) {
		return
	}
	if _, err := revisions.ParsePair(*value); err != nil {
		problems.at(value, "%v", err)
	}
}

// checkImage wants a reference of an image in which only {version} is open.
func checkImage(value *string, problems *collector) {
	if *value == "" || placeholder(*value) {
		return
	}
	image := fleet.Images{HelloWorld: *value}.ForVersion("v1")
	if strings.ContainsAny(image, "{}$") {
		problems.at(value, "%q: only {version} can be left open", *value)
		return
	}
	if _, err := name.ParseReference(image); err != nil {
		problems.at(value, "%q is not an image: %v", *value, err)
	}
}

// checkClusters looks at the fields of every cluster, and at what must differ
// between them.
func (f *File) checkClusters(problems *collector) {
	if len(f.Clusters) < 2 {
		problems.add(0, "has %d clusters; a mesh needs at least 2", len(f.Clusters))
	}
	first := map[string]string{}
	networks := map[string]string{}
	for _, c := range f.Clusters {
		c.check(problems)
		if c.Name == "" {
			continue
		}
		if place, twice := first[c.Name]; twice {
			problems.at(&c.Name, "%q is the name of %s too; give each cluster its own", c.Name, place)
		} else {
			first[c.Name] = problems.positions[&c.Name].path
		}
		if other, twice := networks[c.Network]; twice && c.Network != "" {
			problems.warn("clusters %s and %s are both on network %q: their pods must then reach each other directly, and no gateway is tested; where pods cannot, give each cluster a network of its own", other, c.Name, c.Network)
		}
		networks[c.Network] = c.Name
	}
}

func (c *Cluster) check(problems *collector) {
	switch {
	case c.Name == "":
		problems.add(problems.positions[&c.Kubeconfig].line, "a cluster without name; want the name of its fleet membership")
	case placeholder(c.Name):
	default:
		if problem := nameProblem(c.Name); problem != "" {
			problems.at(&c.Name, "%s", problem)
		}
	}
	for _, value := range []*string{&c.Name, &c.Context, &c.Server} {
		if strings.Contains(*value, "${") {
			problems.at(value, "holds a reference to a variable, which is not expanded; write the value itself")
		}
	}
	if c.Kubeconfig == "" {
		problems.at(&c.Name, "cluster %q has no kubeconfig; want the path of one", c.Name)
	}
	if c.Network != "" && !placeholder(c.Network) {
		for _, problem := range validation.IsValidLabelValue(c.Network) {
			problems.at(&c.Network, "%q becomes a label: %s", c.Network, problem)
		}
	}
	checkRevision(&c.Revision, problems)
	if c.Server != "" && !placeholder(c.Server) {
		c.checkServer(problems)
	}
}

// checkServer wants the URL of an API server as pods elsewhere reach it.
func (c *Cluster) checkServer(problems *collector) {
	parsed, err := url.Parse(c.Server)
	switch {
	case err != nil || parsed.Scheme != "https" || parsed.Host == "":
		// The URL is not repeated: it may hold a password.
		problems.at(&c.Server, "want a URL such as https://203.0.113.7:6443")
	case parsed.User != nil:
		problems.at(&c.Server, "holds a user name or password; credentials belong into the kubeconfig")
	case fleet.Loopback(c.Server):
		problems.at(&c.Server, "%s leads pods of other clusters to themselves; give the address by which they reach the API server", c.Server)
	}
}
