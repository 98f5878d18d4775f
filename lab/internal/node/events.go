package node

import "time"

// Event tells how far a node has come. Events travel as JSON lines.
type Event struct {
	Cluster string    `json:"cluster"`
	Stage   Stage     `json:"stage"`
	At      time.Time `json:"at"`
	Error   string    `json:"error,omitempty"`
}

// Stage is a moment in the start of a node.
type Stage string

// The stages, in their order.
const (
	StageContainerd Stage = "containerd" // containerd answers
	StageAPI        Stage = "api"        // the API server is ready
	StageReady      Stage = "ready"      // the node is Ready and pods can be made
	StageFailed     Stage = "failed"
)
