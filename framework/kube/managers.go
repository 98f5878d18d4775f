package kube

import (
	"bytes"
	"encoding/json"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Tools are the programs that make objects on behalf of a run without its label, as
// they are named in its ledger.
const (
	ToolIstioctl = "istioctl"
	ToolAsmcli   = "asmcli"
	ToolIstiod   = "istiod"
)

// Manager is somebody who has written an object, as its managedFields tell.
type Manager struct {
	Name string `json:"name"`
	// Subresource is "status", "scale", ..., or empty for the object itself.
	Subresource string `json:"subresource,omitempty"`
	// Time is that of its last change, by the API server's clock.
	Time time.Time `json:"time,omitzero"`
	// Metadata is true where it has written nothing but metadata: labels,
	// annotations, finalizers.
	Metadata bool `json:"metadata,omitempty"`
}

// Managers lists who has written an object.
func Managers(obj *unstructured.Unstructured) []Manager {
	entries := obj.GetManagedFields()
	managers := make([]Manager, 0, len(entries))
	for _, entry := range entries {
		m := Manager{Name: entry.Manager, Subresource: entry.Subresource}
		if entry.Time != nil {
			m.Time = entry.Time.UTC()
		}
		if entry.FieldsV1 != nil {
			m.Metadata = onlyMetadata(entry.FieldsV1.GetRawBytes())
		}
		managers = append(managers, m)
	}
	return managers
}

// onlyMetadata reads the outermost level of a set of fields ("f:metadata", "f:spec", ...).
func onlyMetadata(fields []byte) bool {
	var outermost map[string]json.RawMessage
	if err := json.NewDecoder(bytes.NewReader(fields)).Decode(&outermost); err != nil {
		return false
	}
	for field := range outermost {
		if field != "f:metadata" {
			return false
		}
	}
	return true
}
