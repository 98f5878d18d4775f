package faults

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

//go:embed manifests/*.yaml
var manifests embed.FS

// action is one half of a step.
type action func(ctx context.Context, t *target) error

// step is a part of a fault. Objects that it touches restore themselves; undo, where it is
// set, is what must be done beside, after that.
type step struct{ do, undo action }

// apply makes the objects of manifests/NAME.yaml.
func apply(name string) step {
	return step{do: func(ctx context.Context, t *target) error {
		objects, err := manifest(name)
		if err != nil {
			return err
		}
		for _, u := range objects {
			if err := t.put(ctx, u); err != nil {
				return err
			}
		}
		return nil
	}}
}

func manifest(name string) ([]*unstructured.Unstructured, error) {
	content, err := manifests.ReadFile("manifests/" + name + ".yaml")
	if err != nil {
		return nil, err
	}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), len(content))
	var all []*unstructured.Unstructured
	for {
		u := &unstructured.Unstructured{}
		err := decoder.Decode(&u.Object)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read manifests/%s.yaml: %w", name, err)
		}
		if u.Object != nil {
			all = append(all, u)
		}
	}
}

// remove deletes an object.
func remove(o object) step {
	return step{do: func(ctx context.Context, t *target) error { return t.takeAway(ctx, o) }}
}

// patch changes an object by a JSON patch (a list), or by a merge patch.
func patch(o object, text string) step {
	return edit(o, func(u *unstructured.Unstructured) error { return patched(u, text) })
}

func patched(u *unstructured.Unstructured, text string) error {
	document, err := json.Marshal(u)
	if err != nil {
		return err
	}
	if strings.HasPrefix(text, "[") {
		operations, err := jsonpatch.DecodePatch([]byte(text))
		if err != nil {
			return err
		}
		document, err = operations.Apply(document)
		if err != nil {
			return err
		}
	} else if document, err = jsonpatch.MergePatch(document, []byte(text)); err != nil {
		return err
	}
	changed := &unstructured.Unstructured{}
	if err := changed.UnmarshalJSON(document); err != nil {
		return err
	}
	u.Object = changed.Object
	return nil
}

// edit changes an object.
func edit(o object, change func(*unstructured.Unstructured) error) step {
	return step{do: func(ctx context.Context, t *target) error { return t.change(ctx, o, change) }}
}

// editAll changes all objects of a kind and namespace that a selector selects.
func editAll(kind object, selector string, change func(*target, *unstructured.Unstructured) error) step {
	return step{do: func(ctx context.Context, t *target) error {
		return t.selected(ctx, kind, selector, func(o object) error {
			return t.change(ctx, o, func(u *unstructured.Unstructured) error { return change(t, u) })
		})
	}}
}

// removeAll deletes them.
func removeAll(kind object, selector string) step {
	return step{do: func(ctx context.Context, t *target) error {
		return t.selected(ctx, kind, selector, func(o object) error { return t.takeAway(ctx, o) })
	}}
}

func (t *target) selected(ctx context.Context, kind object, selector string, do func(object) error) error {
	client, err := t.resource(kind)
	if err != nil {
		return err
	}
	list, err := client.List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return err
	}
	if len(list.Items) == 0 {
		return fmt.Errorf("namespace %s has no %s labelled %s; is the mesh set up?", kind.Namespace, kind.Kind, selector)
	}
	for i := range list.Items {
		if err := do(objectOf(&list.Items[i])); err != nil {
			return err
		}
	}
	return nil
}

// patchAll patches all objects of a kind and namespace that a selector selects.
func patchAll(kind object, selector, text string) step {
	return step{do: func(ctx context.Context, t *target) error {
		return t.selected(ctx, kind, selector, func(o object) error { return patch(o, text).do(ctx, t) })
	}}
}
