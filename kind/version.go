package kind

import "sigs.k8s.io/kind/pkg/cmd/kind/version"

// Version is that of the kind library, such as "0.33.0".
func Version() string { return version.Version() }
