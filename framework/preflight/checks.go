package preflight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// The checks' IDs, in the order in which a mesh is built.
const (
	idReach      = "reach"
	idIdentity   = "identity"
	idRights     = "rights"
	idVersions   = "versions"
	idIstiod     = "istiod"
	idWebhook    = "webhook"
	idClusterID  = "cluster-id"
	idNetwork    = "network"
	idCA         = "ca"
	idRoots      = "roots"
	idTrust      = "trust"
	idExisting   = "existing"
	idAdmission  = "admission"
	idRemotes    = "remotes"
	unreadAdvice = "see that the user may read it, and try again"
)

func checkOrder() []string {
	return []string{
		idReach, idIdentity, idRights, idVersions, idIstiod, idWebhook, idClusterID,
		idNetwork, idCA, idRoots, idTrust, idExisting, idAdmission, idRemotes,
	}
}

// judge judges every cluster alone, then all together. A cluster that was not
// reached has no other facts.
func judge(all []*facts, opts Options) []Check {
	var checks []Check
	reached := make([]*facts, 0, len(all))
	for _, f := range all {
		reach := checkReach(f, opts)
		checks = append(checks, reach)
		switch {
		case reach.Status == OK:
			reached = append(reached, f)
		case f.forbidden:
			rights := checkRights(f, opts)
			rights.Cluster = f.spec.Name
			checks = append(checks, rights)
		}
	}
	for _, f := range reached {
		for _, check := range []func(*facts, Options) Check{checkRights, checkIstiod, checkWebhook, checkNetwork, checkCA, checkExisting} {
			made := check(f, opts)
			made.Cluster = f.spec.Name
			checks = append(checks, made)
		}
		if opts.Existing {
			admission := checkAdmission(f, opts)
			admission.Cluster = f.spec.Name
			checks = append(checks, admission)
		}
		remotes := checkRemotes(f, all)
		remotes.Cluster = f.spec.Name
		checks = append(checks, remotes)
	}
	return append(checks, doubt(judgeFleet(reached), len(reached), len(all))...)
}

// doubt makes what was found to be right among some clusters unknown: of the
// others nothing is known.
func doubt(checks []Check, reached, all int) []Check {
	if reached == all {
		return checks
	}
	for i := range checks {
		if checks[i].Cluster == "" && checks[i].Status == OK {
			checks[i].Status = Unknown
			checks[i].Found = fmt.Sprintf("only %d of %d clusters could be asked", reached, all)
		}
	}
	return checks
}

func checkReach(f *facts, opts Options) Check {
	check := Check{ID: idReach, Cluster: f.spec.Name, Status: OK, Found: "Kubernetes " + f.kubernetes}
	switch {
	case f.unauthorized:
		check.Status, check.Found, check.Do = Refused, f.unreachable, "the credentials of the kubeconfig are not accepted; renew them"
	case f.forbidden:
		check.Status, check.Found, check.Do = Refused, f.unreachable, grantAdvice(opts)
	case f.unreachable != "":
		check.Status, check.Found, check.Do = Unknown, f.unreachable, "see that the API server runs and is reached from here"
	}
	return check
}

// unknown is the check of facts that could not be read.
func unknown(id, why string) Check {
	return Check{ID: id, Status: Unknown, Found: why, Do: unreadAdvice}
}

// grantAdvice is how missing rights are granted.
func grantAdvice(opts Options) string {
	use, options := opts.use(), ""
	if use.Existing {
		options = " --namespace " + use.Namespace + " --existing"
	}
	advice := fmt.Sprintf("bind to the user what \"eastwest roles --for %s%s\" prints", use.Purpose, options)
	if use.Purpose == Verify {
		advice += fmt.Sprintf(", or with --setup install \"eastwest roles --for %s%s\"", Install, options)
	}
	return advice
}

func checkRights(f *facts, opts Options) Check {
	if why, ok := f.unread[idRights]; ok {
		return unknown(idRights, why)
	}
	if len(f.missing) == 0 {
		return Check{ID: idRights, Status: OK, Found: "the user may do all that a run does"}
	}
	var missing []string
	for _, right := range f.missing {
		missing = append(missing, fmt.Sprintf("%s (%s)", opts.use().describe(right), right.Why))
	}
	return Check{
		ID: idRights, Status: Refused, Found: "the user may not " + strings.Join(missing, "; "),
		Do: grantAdvice(opts),
	}
}

func checkIstiod(f *facts, _ Options) Check {
	if why, ok := f.unread[idIstiod]; ok {
		return unknown(idIstiod, why)
	}
	if f.revision == "" {
		do := "install a control plane and wait until it is Ready; the page takes it for granted"
		if len(f.istiods) > 0 {
			do = "say which revision is meant, with --revision or in the fleet file, and see that it is Ready: " + strings.Join(describe(f.istiods), ", ")
		}
		return Check{ID: idIstiod, Status: Refused, Found: f.revisionErr, Do: do}
	}
	chosen := f.chosen()
	unready := slices.DeleteFunc(slices.Clone(chosen), func(i istiod) bool { return i.ready })
	if len(unready) > 0 {
		return Check{
			ID: idIstiod, Status: Warning, Cause: "F-37",
			Found: fmt.Sprintf("revision %s: %d of %d istiod pods are not Ready: %s", f.revision, len(unready), len(chosen), strings.Join(describe(unready), ", ")),
			Do:    "wait until all are Ready: proxies may be connected to any of them",
		}
	}
	check := Check{ID: idIstiod, Status: OK, Found: fmt.Sprintf("revision %s, version %s, %d Ready", f.revision, chosen[0].version, len(chosen))}
	if others := otherRevisions(f); len(others) > 0 {
		check.Found += "; also there: " + strings.Join(others, ", ")
	}
	return check
}

func describe(istiods []istiod) []string {
	var told []string
	for _, i := range istiods {
		state := "Ready"
		if !i.ready {
			state = "not Ready"
		}
		told = append(told, fmt.Sprintf("%s (revision %s, %s)", i.pod, i.revision, state))
	}
	return told
}

func otherRevisions(f *facts) []string {
	var others []string
	for _, i := range f.istiods {
		if i.revision != f.revision && !slices.Contains(others, i.revision) {
			others = append(others, i.revision)
		}
	}
	return others
}

func checkWebhook(f *facts, _ Options) Check {
	why, unread := f.unread[idWebhook]
	switch {
	case unread:
		return unknown(idWebhook, why)
	case f.revision == "":
		return Check{ID: idWebhook, Status: Unknown, Found: "no revision is settled whose webhook could be looked for"}
	case len(f.webhooks) == 0:
		return Check{
			ID: idWebhook, Status: Refused, Cause: "F-18",
			Found: "no MutatingWebhookConfiguration has the label istio.io/rev=" + f.revision,
			Do:    "install the revision again: without its webhook gateway and sample get no proxy",
		}
	}
	return Check{ID: idWebhook, Status: OK, Found: strings.Join(f.webhooks, ", ")}
}

// place is one place where a cluster's network is written.
type place struct{ where, network string }

// checkNetwork compares all places where the network is written: they must
// agree, and the first two must exist, or endpoints have none.
func checkNetwork(f *facts, _ Options) Check {
	if why, ok := f.unread[idNetwork]; ok {
		return unknown(idNetwork, why)
	}
	if !f.namespaceFound {
		return Check{ID: idNetwork, Status: Refused, Found: "there is no namespace istio-system", Do: "install a control plane"}
	}
	places := []place{
		{"the fleet file", f.spec.Network},
		{"the label of namespace istio-system", f.namespaceNetwork},
		{"the injector's values", f.injector.Network},
		{"the label of the gateway's Service", f.gateway.serviceNetwork},
		{"the gateway's network view", f.gateway.viewNetwork},
	}
	written := slices.DeleteFunc(slices.Clone(places), func(p place) bool { return p.network == "" })
	if len(written) == 0 {
		return Check{ID: idNetwork, Status: Refused, Cause: "F-02", Found: "the cluster has no network", Do: f.networkAdvice("NETWORK")}
	}
	var told []string
	agree := true
	for _, p := range written {
		told = append(told, fmt.Sprintf("%s says %q", p.where, p.network))
		agree = agree && p.network == written[0].network
	}
	switch {
	case !agree:
		return Check{ID: idNetwork, Status: Refused, Cause: "F-03", Found: strings.Join(told, ", "), Do: f.networkAdvice(mostSaid(written))}
	case f.namespaceNetwork == "":
		return Check{ID: idNetwork, Status: Refused, Cause: "F-02", Found: "namespace istio-system has no label topology.istio.io/network; " + strings.Join(told, ", "), Do: f.networkAdvice(written[0].network)}
	case f.gateway.found && f.gateway.serviceNetwork == "":
		return Check{ID: idNetwork, Status: Refused, Cause: "F-04", Found: "the gateway's Service has no label topology.istio.io/network", Do: "make the gateway again with --network " + written[0].network}
	case f.injector.Found && f.injector.Network == "":
		return Check{ID: idNetwork, Status: Warning, Cause: "F-03", Found: "the injector tells proxies no network; " + strings.Join(told, ", "), Do: "install the control plane with values.global.network=" + written[0].network}
	}
	return Check{ID: idNetwork, Status: OK, Found: fmt.Sprintf("%s, in all %d places", written[0].network, len(written))}
}

// mostSaid is the network that most places name, the first of several: the
// others are then the fewest to change.
func mostSaid(places []place) string {
	counts, most := map[string]int{}, ""
	for _, p := range places {
		counts[p.network]++
	}
	for _, p := range places {
		if counts[p.network] > counts[most] {
			most = p.network
		}
	}
	return most
}

// kubectl is a command for the cluster, to be pasted.
func (f *facts) kubectl(arguments ...string) string {
	return kube.Command("kubectl", f.spec.Kubeconfig, f.spec.Context, arguments...)
}

func (f *facts) networkAdvice(network string) string {
	label := f.kubectl("label namespace istio-system", kube.Quote(names.Network+"="+network), "--overwrite")
	return "make all the same: the control plane with values.global.network (asmcli: --network_id), the gateway with --network, the fleet file, the namespace by " + label + "; then restart the pods"
}

// provider is what the mesh's control plane calls its CA.
func (f *facts) provider() string {
	for _, i := range f.chosen() {
		if i.caProvider != "" {
			return i.caProvider
		}
	}
	if f.mesh.caProvider != "" {
		return f.mesh.caProvider
	}
	return providerOf(cell.Istio)
}

// providerOf is Istio's name of a CA (istio pkg/security/security.go:117).
func providerOf(ca cell.CA) string {
	switch ca {
	case cell.MeshCA:
		return "GoogleCA"
	case cell.CAS:
		return "GoogleCAS"
	default:
		return "Citadel"
	}
}

func checkCA(f *facts, opts Options) Check {
	if why, ok := f.unread[idCA]; ok {
		return unknown(idCA, why)
	}
	if f.revision == "" {
		return Check{ID: idCA, Status: Unknown, Found: "no revision is settled whose CA could be looked for"}
	}
	found, want := f.provider(), providerOf(opts.CA)
	if found != want {
		return Check{
			ID: idCA, Status: Refused, Cause: "F-43", Found: fmt.Sprintf("the control plane's CA is %s, and --ca %s means %s", found, opts.CA, want),
			Do: "ask for the CA that the mesh has, or install the mesh with the other one; a CA cannot be switched in place",
		}
	}
	return f.checkCertProvider(opts, found)
}

// checkCertProvider compares who signs istiod's own certificate with what the
// cell gives.
func (f *facts) checkCertProvider(opts Options, provider string) Check {
	check := Check{ID: idCA, Status: OK, Found: provider}
	chosen := f.chosen()
	asked, known := cell.Lookup(cell.Platform(f.spec.Platform), opts.CA)
	version, err := cell.ParseVersion(chosen[0].version)
	has := chosen[0].certProvider
	if !known || err != nil || has == "" {
		return check
	}
	if want := asked.CertProvider(version); want != has {
		check.Status = Warning
		check.Found = fmt.Sprintf("%s; istiod has pilotCertProvider %s, and the cell %s x %s has %s with version %s", provider, has, asked.Platform, asked.CA, want, version)
		check.Do = "keep istiod's value: the gateway's template follows it whatever the flag says; plan an upgrade, since \"kubernetes\" is gone from 1.24 on"
	}
	return check
}

// checkExisting tells what of the page is there already.
func checkExisting(f *facts, opts Options) Check {
	if why, ok := f.unread[idExisting]; ok {
		return unknown(idExisting, why)
	}
	var there, lacking []string
	for _, object := range []struct {
		found bool
		name  string
	}{{f.gateway.found, "istio-eastwestgateway"}, {f.exposed, "cross-network-gateway"}, {len(f.remotes) > 0, "remote secrets"}} {
		if object.found {
			there = append(there, object.name)
		} else {
			lacking = append(lacking, object.name)
		}
	}
	switch {
	case opts.Reuse && len(lacking) > 0:
		return Check{
			ID: idExisting, Status: Refused, Found: "--setup reuse expects a mesh, and there is no " + strings.Join(lacking, ", "),
			Do: "--setup install makes what is missing, after it has listed that and was told to go on",
		}
	case !opts.Reuse && len(f.runs) > 0:
		return Check{
			ID: idExisting, Status: Refused, Found: "an earlier run has left its objects: " + strings.Join(f.runs, ", "),
			Do: "undo it with \"eastwest cleanup --run " + f.runs[0] + "\", or use --setup reuse",
		}
	case opts.Existing && !f.sample:
		return Check{
			ID: idExisting, Status: Refused, Found: fmt.Sprintf("there is no namespace %s, and the fleet file says that it was made beforehand", opts.Namespace),
			Do: "make it: " + f.kubectl("create namespace", kube.Quote(opts.Namespace)) + "; and have its pods injected: " + f.injectCommand(opts.Namespace),
		}
	case !opts.Reuse && f.sample && !opts.Existing:
		return Check{
			ID: idExisting, Status: Refused, Found: strings.Join(append(there, "namespace "+opts.Namespace), ", ") + " exist",
			Do: fmt.Sprintf("name another namespace in the fleet file: the run makes the sample's namespace and removes it, and %s is somebody's", opts.Namespace),
		}
	case opts.Reuse:
		return Check{ID: idExisting, Status: OK, Found: strings.Join(there, ", ") + " exist, as --setup reuse expects"}
	case len(there) == 0:
		return Check{ID: idExisting, Status: OK, Found: "nothing of the page is there yet"}
	}
	return Check{ID: idExisting, Status: OK, Found: strings.Join(there, ", ") + " exist: what is right is reused, what differs is refused with the difference"}
}

// injectCommand has pods of a namespace injected by the revision that the run would use.
func (f *facts) injectCommand(namespace string) string {
	return f.kubectl("label namespace", kube.Quote(namespace), kube.Quote(names.Revision+"="+f.revision), "istio-injection-", "--overwrite")
}

// checkAdmission is whether pods like the run's are let into a namespace that is there, and
// get a sidecar of the revision.
func checkAdmission(f *facts, opts Options) Check {
	switch why, unread := f.unread[idAdmission]; {
	case unread:
		return unknown(idAdmission, why)
	case f.revision == "" || !f.sample:
		return Check{ID: idAdmission, Status: Unknown, Found: "no revision is settled, or there is no namespace, to try pods in", Do: "see the checks above"}
	case len(f.refused) > 0:
		return Check{
			ID: idAdmission, Status: Refused, Found: fmt.Sprintf("in namespace %s, by a dry run: %s", opts.Namespace, strings.Join(f.refused, "; ")),
			Do: "set what is missing under workload: in the fleet file (docs/fleet-file.md); where the sidecar is missing: " + f.injectCommand(opts.Namespace),
		}
	}
	return Check{ID: idAdmission, Status: OK, Found: "pods like the run's are admitted, and get their sidecars"}
}
