package mesh

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// foundCA is what one cluster has in place of a CA of the run.
type foundCA struct {
	cluster string
	exists  bool
	root    []byte // its root certificate
}

// existingCA tells whether the clusters have CAs that somebody else made. They
// are reused when every cluster has one and all have the same root; between
// that and none at all nothing can be completed, since the root's key is not here.
func (b *builder) existingCA(ctx context.Context, site *plan.Site) (bool, error) {
	found := make([]foundCA, 0, len(b.opts.Clusters))
	for _, cluster := range b.opts.Clusters {
		client, err := site.Peer(cluster.Name)
		if err != nil {
			return false, err
		}
		ca, err := lookForCA(ctx, client)
		if err != nil {
			return false, err
		}
		found = append(found, ca)
	}
	reuse, err := judgeCAs(found)
	if reuse {
		site.Note(fmt.Sprintf("Secret %s/%s exists and has the root of all clusters: reused", names.System, names.CASecret))
	}
	return reuse, err
}

func lookForCA(ctx context.Context, client *kube.Client) (foundCA, error) {
	found := foundCA{cluster: client.Name}
	secret, err := client.Kubernetes.CoreV1().Secrets(names.System).Get(ctx, names.CASecret, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return found, nil
	}
	if err != nil {
		return found, fmt.Errorf("look for a CA on cluster %q: %w", client.Name, err)
	}
	// What this run makes on the other clusters at the same time is no obstacle;
	// what another run left is refused, by name, when it would be overwritten.
	if secret.Labels[kube.LabelRun] == "" {
		found.exists, found.root = true, bytes.TrimSpace(secret.Data[names.RootKey])
	}
	return found, nil
}

// judgeCAs decides between making CAs for all clusters and reusing all that are there.
func judgeCAs(found []foundCA) (reuse bool, err error) {
	var with, without []string
	for _, ca := range found {
		if ca.exists {
			with = append(with, ca.cluster)
		} else {
			without = append(without, ca.cluster)
		}
	}
	switch {
	case len(with) == 0:
		return false, nil
	case len(without) > 0:
		return false, fmt.Errorf("clusters %s have a CA (Secret %s/%s) and %s have none: the root's key is needed to make the others; make them from the same root, or remove those that are there",
			strings.Join(with, ", "), names.System, names.CASecret, strings.Join(without, ", "))
	}
	if i := slices.IndexFunc(found, func(ca foundCA) bool { return !bytes.Equal(ca.root, found[0].root) }); i >= 0 {
		return false, fmt.Errorf("clusters %q and %q have CAs with different roots (%s of Secret %s/%s): workloads will not trust each other; give all clusters intermediates of one root",
			found[0].cluster, found[i].cluster, names.RootKey, names.System, names.CASecret)
	}
	return true, nil
}
