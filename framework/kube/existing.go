package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// DiffersError refuses to go on with an object that exists, that eastwest did
// not make, and that is not what is wanted.
type DiffersError struct {
	Cluster string
	Ref     Ref
	// Differences has a line for each field that would have to change; of a
	// Secret it names the fields only.
	Differences []string
}

func (e *DiffersError) Error() string {
	return fmt.Sprintf("%s on cluster %q exists, was not made by eastwest and differs from what is wanted: %s; correct it or remove it",
		e.Ref, e.Cluster, strings.Join(e.Differences, ", "))
}

// differences asks the API server what existing would become if wanted were
// applied, and tells what would change: nothing when it is right already. The
// server fills in defaults and merges lists as it would for real, and stores
// nothing.
func (c *Client) differences(ctx context.Context, t target, wanted *unstructured.Unstructured) ([]string, error) {
	body, err := json.Marshal(wanted)
	if err != nil {
		return nil, c.fail("compare", RefOf(wanted), err)
	}
	force := true
	would, err := t.resource.Patch(ctx, wanted.GetName(), types.ApplyPatchType, body,
		metav1.PatchOptions{FieldManager: FieldManager, Force: &force, DryRun: []string{metav1.DryRunAll}})
	if apierrors.IsInvalid(err) {
		// What is there and what is wanted cannot even be one object.
		return []string{contradiction(wanted, err)}, nil
	}
	if err != nil {
		return nil, c.fail("compare", RefOf(wanted), err)
	}
	compared := comparison{secret: wanted.GetKind() == "Secret"}
	compared.maps("", Desired(t.existing), Desired(would))
	return compared.found, nil
}

// contradiction is what the API server says of an object that cannot become
// what is wanted; of a Secret it might quote values.
func contradiction(wanted *unstructured.Unstructured, err error) string {
	if wanted.GetKind() == "Secret" {
		return "the API server refuses to make of it what is wanted"
	}
	return "the API server refuses to make of it what is wanted (" + err.Error() + ")"
}

// comparison collects the fields that differ between two states of an object.
type comparison struct {
	secret bool
	found  []string
}

// chartKeys are labels and annotations by which installers mark what they
// made; they differ from version to version and select nothing.
func chartKeys() []string {
	return []string{
		"helm.sh/", "app.kubernetes.io/", "operator.istio.io/", "install.operator.istio.io/",
		"kubectl.kubernetes.io/", "meta.helm.sh/", "release", "chart", "heritage",
	}
}

func (c *comparison) maps(path string, have, would map[string]any) {
	keys := slices.Collect(maps.Keys(have))
	for key := range would {
		if _, ok := have[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		if ignoredField(path, key) {
			continue
		}
		c.values(join(path, key), have[key], would[key])
	}
}

func (c *comparison) values(path string, have, would any) {
	if reflect.DeepEqual(have, would) {
		return
	}
	haveMap, isMap := have.(map[string]any)
	wouldMap, wouldBeMap := would.(map[string]any)
	if (isMap || have == nil) && (wouldBeMap || would == nil) {
		c.maps(path, haveMap, wouldMap)
		return
	}
	haveList, isList := have.([]any)
	wouldList, wouldBeList := would.([]any)
	if isList && wouldBeList && len(haveList) == len(wouldList) {
		for i := range haveList {
			c.values(fmt.Sprintf("%s[%d]", path, i), haveList[i], wouldList[i])
		}
		return
	}
	c.add(path, have, would)
}

// The most that is shown of one value.
const valueMost = 120

func (c *comparison) add(path string, have, would any) {
	if c.secret {
		c.found = append(c.found, path+" is another")
		return
	}
	c.found = append(c.found, fmt.Sprintf("%s is %s, want %s", path, shown(have), shown(would)))
}

func shown(value any) string {
	if value == nil {
		return "not set"
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "unreadable"
	}
	if len(text) > valueMost {
		return string(text[:valueMost]) + "..."
	}
	return string(text)
}

func ignoredField(path, key string) bool {
	if !strings.HasSuffix(path, "metadata.labels") && !strings.HasSuffix(path, "metadata.annotations") {
		return false
	}
	return slices.ContainsFunc(chartKeys(), func(known string) bool {
		return key == known || strings.HasSuffix(known, "/") && strings.HasPrefix(key, known)
	})
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
