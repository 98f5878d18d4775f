// Package testmesh plays the mesh around a proxy under test: a CA, a control
// plane that serves delta ADS and SDS, and shapes of configuration like
// istiod's. Only tests import it. May import: the xDS types and gRPC.
package testmesh
