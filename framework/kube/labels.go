package kube

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// The labels on every object that a run makes. They are what an undo after a
// crash recognises its own objects by.
const (
	// LabelRun carries the ID of the run that made the object.
	LabelRun = "eastwest.dev/run"
	// LabelManagedBy and ManagedBy mark an object as made by eastwest.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	ManagedBy      = "eastwest"
	// FieldManager names eastwest in the managed fields of what it applies.
	FieldManager = "eastwest"
)

// RunOf returns the ID of the run that made obj, or "" when eastwest did not make it.
func RunOf(obj *unstructured.Unstructured) string {
	return obj.GetLabels()[LabelRun]
}

// mark puts the ownership labels of a run on obj.
func mark(obj *unstructured.Unstructured, run string) {
	labels := obj.GetLabels()
	if labels == nil {
		labels = make(map[string]string, 2)
	}
	labels[LabelRun] = run
	// The charts of Istio carry a managed-by label of their own that its
	// selectors never read; ours tells the owner of the cluster whom to ask.
	labels[LabelManagedBy] = ManagedBy
	obj.SetLabels(labels)
}
