package kube

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// DefinitionKind is the kind of objects that define kinds.
const DefinitionKind = "CustomResourceDefinition"

// splitDefinitions puts CustomResourceDefinitions apart, since objects of
// their kinds can only be applied once they are Established.
func splitDefinitions(objects []*unstructured.Unstructured) (definitions, rest []*unstructured.Unstructured) {
	for _, obj := range objects {
		if obj.GetKind() == DefinitionKind {
			definitions = append(definitions, obj)
		} else {
			rest = append(rest, obj)
		}
	}
	return definitions, rest
}

// defineSome is whether one of the objects is of a kind that one of the
// definitions defines.
func defineSome(definitions, objects []*unstructured.Unstructured) bool {
	for _, definition := range definitions {
		group, _, _ := unstructured.NestedString(definition.Object, "spec", "group")
		kind, _, _ := unstructured.NestedString(definition.Object, "spec", "names", "kind")
		for _, obj := range objects {
			if obj.GroupVersionKind().Group == group && obj.GetKind() == kind {
				return true
			}
		}
	}
	return false
}

// awaitEstablished waits for all definitions in one wait, since a report of
// fifteen that took no time tells nobody anything.
func (c *Client) awaitEstablished(ctx context.Context, definitions []*unstructured.Unstructured, bounds Bounds) error {
	if len(definitions) == 0 {
		return nil
	}
	wanted := make(map[types.UID]bool, len(definitions))
	for _, definition := range definitions {
		wanted[definition.GetUID()] = true
	}
	defer c.Mapper.Reset()
	return c.Await(ctx, Wait{
		For:   fmt.Sprintf("%d CustomResourceDefinitions Established", len(definitions)),
		Bound: bounds.CRD,
		Watch: Selected(Selection{APIVersion: definitions[0].GetAPIVersion(), Kind: DefinitionKind, Labels: labelsOfRun(definitions[0])}),
		Until: func(objects []*unstructured.Unstructured) State { return allEstablished(objects, wanted) },
	})
}

func labelsOfRun(obj *unstructured.Unstructured) string { return LabelRun + "=" + RunOf(obj) }

func allEstablished(objects []*unstructured.Unstructured, wanted map[types.UID]bool) State {
	established := 0
	var missing []string
	for _, obj := range objects {
		if !wanted[obj.GetUID()] {
			continue
		}
		if state := condition(obj, "Established"); state.Met {
			established++
		} else {
			missing = append(missing, obj.GetName()+": "+state.Seen)
		}
	}
	seen := fmt.Sprintf("%d of %d", established, len(wanted))
	if len(missing) > 0 {
		seen += "; " + strings.Join(missing, "; ")
	}
	return State{Met: established == len(wanted), Seen: seen}
}

// condition judges one object by one of its status conditions, which counts
// only when it was observed at the object's current generation, where given.
func condition(obj *unstructured.Unstructured, wanted string) State {
	conditions, _, _ := unstructured.NestedSlice(obj.Object, "status", "conditions")
	for _, entry := range conditions {
		fields, _ := entry.(map[string]any)
		if fields["type"] != wanted {
			continue
		}
		observed, given := fields["observedGeneration"].(int64)
		current := !given || observed >= obj.GetGeneration()
		return State{
			Met:  fields["status"] == "True" && current,
			Seen: fmt.Sprintf("%s is %v (%v: %v)", wanted, fields["status"], fields["reason"], fields["message"]),
		}
	}
	return State{Seen: "no condition " + wanted}
}
