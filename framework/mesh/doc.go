// Package mesh is the guide's steps that join clusters to one mesh: the
// east-west gateway, the exposed services and the exchange of endpoints
// (create-mesh). Where clusters come without a control plane, on the lab and
// on kind, it also has the steps before the guide: istio-system, a CA with one
// root, and istiod.
//
// Owns: those steps as plan steps, the CA, the address of a gateway, istiod's
// view of its remote clusters.
// May import: framework/plan, framework/cell, framework/fleet, framework/kube,
// framework/redact and fixtures.
package mesh
