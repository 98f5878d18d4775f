package releases

import (
	"embed"
)

// Program is what reads a flag.
type Program string

// The programs. What istiod and the agent both read counts as istiod's.
const (
	Istiod Program = "istiod"
	// Agent is pilot-agent, in each proxy's container: its environment is set by
	// proxyMetadata and by the injection template.
	Agent Program = "agent"
	CNI   Program = "cni"
)

// Extracted is what the source of one release says.
type Extracted struct {
	Release string `json:"release"` // such as 1.29.1
	Module  string `json:"module"`  // path and version of the Go module that was read
	// Flags are the defaults of environment variables, by the program that reads them and
	// then by name.
	Flags       map[Program]map[string]string `json:"flags"`
	ReaderRules []Rule                        `json:"readerRules"`
	// MinKubernetes is the minor version.
	MinKubernetes int `json:"minKubernetes"`
	// MinGatewayAPI are bundle versions by the names of CRDs.
	MinGatewayAPI         map[string]string `json:"minGatewayAPI"`
	ReadsRemoteMeshConfig bool              `json:"readsRemoteMeshConfig"`
}

//go:embed data/*.json
var data embed.FS

// table is an extracted release, found by its version.
type table struct {
	Extracted
	version Version
}
