package ledger

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"time"
)

// DefaultDir is where journals are kept: EASTWEST_STATE, or else "eastwest"
// in the user's state folder of the XDG base directory specification.
func DefaultDir() (string, error) {
	if dir := os.Getenv("EASTWEST_STATE"); dir != "" {
		return filepath.Join(dir, "runs"), nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "eastwest", "runs"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("ledger: find a folder for journals: %w; set EASTWEST_STATE", err)
	}
	return filepath.Join(home, ".local", "state", "eastwest", "runs"), nil
}

// NewRunID makes an ID for a run: its UTC start, so that IDs sort by time, and
// random digits, since several machines may start at once. It is a label value
// and a DNS-1123 label.
func NewRunID(now time.Time) string {
	var random [3]byte
	_, _ = rand.Read(random[:]) // never fails, crypto/rand's documentation
	return now.UTC().Format("20060102-150405") + "-" + hex.EncodeToString(random[:])
}

// Owner names this process in the lock and in journals: "user@host, process 123".
func Owner() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s@%s, process %d", name, host, os.Getpid())
}
