package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// What the checks of discovery share: for which cluster a remote secret is, and what istiods
// say of it.

// entryOf is one cluster of one Secret.
type entryOf struct {
	secret istio.RemoteSecret
	istio.RemoteEntry
	// other is the cluster of the fleet that it is for.
	other *istio.Cluster
}

// forFleet is the cluster of the fleet that an entry leads to; nil for none that is known.
func forFleet(l *Look, entry istio.RemoteEntry) *istio.Cluster {
	for i := range l.Clusters {
		if leadsTo(entry, &l.Clusters[i]) {
			return &l.Clusters[i]
		}
	}
	return nil
}

// entriesFor are the entries of a cluster's Secrets that are for other clusters of the
// fleet. Those for clusters outside the fleet are for their owners to judge.
func entriesFor(l *Look, c *istio.Cluster) []entryOf {
	secrets, ok := Need(l, c, c.RemoteSecrets)
	if !ok {
		return nil
	}
	var all []entryOf
	for _, secret := range secrets {
		for _, entry := range secret.Entries {
			if other := forFleet(l, entry); other != nil && other.Name != c.Name {
				all = append(all, entryOf{secret, entry, other})
			}
		}
	}
	return all
}

// good is true for an entry that istiod reads and takes.
func (e entryOf) good() bool {
	return read(e.secret) && e.Broken == "" && !e.Loopback() && refusedLogin(e.RemoteEntry) == ""
}

// name is NAMESPACE/NAME of the Secret.
func (e entryOf) name() string { return e.secret.Namespace + "/" + e.secret.Name }

// covered is true where another entry does for the same cluster what this one does not.
func covered(all []entryOf, e entryOf) bool {
	return slices.ContainsFunc(all, func(o entryOf) bool {
		return o.other.Name == e.other.Name && (o.name() != e.name() || o.ID != e.ID) && o.good()
	})
}

// namedAfter is true for an entry with the ID of a cluster: what that calls itself, or, where
// this is not known, its name.
func namedAfter(entry istio.RemoteEntry, c *istio.Cluster) bool {
	if id := clusterID(c); id != "" {
		return entry.ID == id
	}
	return entry.ID == c.Name
}

// remotesOf are the remote clusters of an istiod that are a cluster of the fleet: by the
// Secret that it names, or else by the ID.
func remotesOf(remotes []istio.Remote, secrets []istio.RemoteSecret, other *istio.Cluster) []istio.Remote {
	return slices.DeleteFunc(slices.Clone(remotes), func(r istio.Remote) bool {
		for _, secret := range secrets {
			for _, entry := range secret.Entries {
				if secret.Namespace+"/"+secret.Name == r.Secret && entry.ID == r.ID {
					return !leadsTo(entry, other)
				}
			}
		}
		return !namedAfter(istio.RemoteEntry{ID: r.ID}, other)
	})
}

// synced is true where an istiod reads a cluster of the fleet.
func synced(remotes []istio.Remote, secrets []istio.RemoteSecret, other *istio.Cluster) bool {
	return slices.ContainsFunc(remotesOf(remotes, secrets, other), func(r istio.Remote) bool { return r.Status == names.Synced })
}

// lists is true where an istiod of a cluster has another one among its remotes.
func lists(c *istio.Cluster, secrets []istio.RemoteSecret, other *istio.Cluster) bool {
	istiods, _ := c.Istiods.Get()
	return slices.ContainsFunc(serving(c, istiods), func(i istio.Istiod) bool {
		remotes, _ := i.Remotes.Get()
		return len(remotesOf(remotes, secrets, other)) > 0
	})
}

// unsynced is true where all istiods of a cluster that matter say that they do not read
// another one, so that a doubtful Secret is the reason.
func unsynced(l *Look, c, other *istio.Cluster) bool {
	secrets, _ := c.RemoteSecrets.Get()
	istiods, _ := Need(l, c, c.Istiods)
	istiods = serving(c, istiods)
	for _, istiod := range istiods {
		remotes, known := Need(l, c, istiod.Remotes)
		if !known || synced(remotes, secrets, other) {
			return false
		}
	}
	return len(istiods) > 0
}

// refusedLogin says how an entry logs in that istiod does not take (pkg/kube/util.go,
// sanitizeKubeConfig), or cannot, since the file that is named is not in its pod; empty for
// a way that it takes.
func refusedLogin(entry istio.RemoteEntry) string {
	switch login := entry.Login; {
	case strings.HasPrefix(login, "exec"), strings.HasSuffix(login, "by path"):
		return login
	case strings.HasPrefix(login, "auth provider") && !strings.HasSuffix(login, ": oidc"):
		return login
	case entry.CAByPath:
		return "certificate authority by path"
	}
	return ""
}

// makeSecret makes the remote secret of another cluster and puts it into one.
func makeSecret(c, other *istio.Cluster) string { return makeSecretAs(c, other, other.Name) }

// makeSecretAs does so under an ID.
func makeSecretAs(c, other *istio.Cluster, id string, more ...string) string {
	if other.Server != "" && len(more) == 0 {
		more = []string{"--server=" + quote(other.Server)}
	}
	words := append([]string{"create-remote-secret --name=" + quote(id)}, more...)
	return istioctl(other, words...) + " | " + kubectl(c, "apply --filename=-")
}

// remake makes a remote secret again, under the ID that the cluster has there already.
func remake(c *istio.Cluster, e entryOf, text string, more ...string) Fix {
	if read(e.secret) && e.secret.Name != names.RemoteSecretPrefix+e.ID {
		text += fmt.Sprintf(" (istioctl calls it %s%s; of two with the same ID istiod reads one, so take %s out of use)", names.RemoteSecretPrefix, e.ID, e.secret.Name)
	}
	return Fix{Text: text + ":", Commands: []string{makeSecretAs(c, e.other, e.ID, more...)}}
}
