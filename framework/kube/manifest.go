package kube

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

// Decode reads the objects of a YAML stream of several documents. Empty
// documents are left out, lists are opened, and every document that cannot be
// used is recorded, by its number from 1.
func Decode(manifest []byte) ([]*unstructured.Unstructured, error) {
	var (
		objects []*unstructured.Unstructured
		errs    []error
	)
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(manifest)))
	for number := 1; ; number++ {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects, errors.Join(errs...)
		}
		if err != nil {
			return nil, errors.Join(append(errs, fmt.Errorf("document %d: %w", number, err))...)
		}
		found, err := decodeDocument(document)
		if err != nil {
			errs = append(errs, fmt.Errorf("document %d: %w", number, err))
		}
		objects = append(objects, found...)
	}
}

func decodeDocument(document []byte) ([]*unstructured.Unstructured, error) {
	var content map[string]any
	if err := yaml.Unmarshal(document, &content); err != nil {
		return nil, err
	}
	if len(content) == 0 {
		return nil, nil
	}
	obj := &unstructured.Unstructured{Object: content}
	if obj.GetAPIVersion() == "" || obj.GetKind() == "" {
		return nil, errors.New("want apiVersion and kind")
	}
	if obj.IsList() {
		return openList(obj)
	}
	if obj.GetName() == "" {
		return nil, fmt.Errorf("%s without metadata.name", obj.GetKind())
	}
	return []*unstructured.Unstructured{obj}, nil
}

func openList(obj *unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	list, err := obj.ToList()
	if err != nil {
		return nil, err
	}
	objects := make([]*unstructured.Unstructured, 0, len(list.Items))
	for i := range list.Items {
		objects = append(objects, &list.Items[i])
	}
	return objects, nil
}

// Convert makes an unstructured object of a typed one, with its kind filled in
// and without the status and creation time that a typed object always carries.
func Convert(obj runtime.Object) (*unstructured.Unstructured, error) {
	kinds, _, err := scheme.Scheme.ObjectKinds(obj)
	if err != nil {
		return nil, fmt.Errorf("find the kind of %T: %w", obj, err)
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return nil, fmt.Errorf("convert %T: %w", obj, err)
	}
	converted := &unstructured.Unstructured{Object: content}
	converted.SetGroupVersionKind(kinds[0])
	unstructured.RemoveNestedField(converted.Object, "status")
	unstructured.RemoveNestedField(converted.Object, "metadata", "creationTimestamp")
	unstructured.RemoveNestedField(converted.Object, "spec", "template", "metadata", "creationTimestamp")
	return converted, nil
}
