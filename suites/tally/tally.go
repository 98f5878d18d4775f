package tally

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Count is what became of one thing that is tried again and again.
type Count struct {
	Right int `json:"right"`
	Wrong int `json:"wrong"`
}

// Tally is the counts of one program, kept in a file.
type Tally struct {
	// Program is the SHA-256 of what tried: numbers of another program prove nothing about
	// this one.
	Program string           `json:"program"`
	Counts  map[string]Count `json:"counts"`

	path string
}

// defaultRuns is how often each thing is tried.
const defaultRuns = 10

// Runs is how often each thing is to be tried: EASTWEST_RUNS, or ten times.
func Runs() (int, error) {
	value := os.Getenv("EASTWEST_RUNS")
	if value == "" {
		return defaultRuns, nil
	}
	runs, err := strconv.Atoi(value)
	if err != nil || runs < 1 {
		return 0, fmt.Errorf("EASTWEST_RUNS: want a number above 0, got %q", value)
	}
	return runs, nil
}

// Open reads the tally that the running program left at a path, or begins one: where there is
// none, and where another program has left it. An empty path keeps it in memory alone.
func Open(path string) (*Tally, error) {
	program, err := own()
	if err != nil {
		return nil, err
	}
	fresh := &Tally{Program: program, Counts: map[string]Count{}, path: path}
	if path == "" {
		return fresh, nil
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the tally: %w", err)
	}
	t := &Tally{path: path}
	if err := json.Unmarshal(content, t); err != nil {
		return nil, fmt.Errorf("read the tally %s: %w; remove it to begin anew", path, err)
	}
	if t.Program != program || t.Counts == nil {
		return fresh, nil
	}
	return t, nil
}

// own is the sum of the running program.
func own() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the running program: %w", err)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the running program: %w", err)
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", fmt.Errorf("read the running program: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// Add counts one try and keeps it.
func (t *Tally) Add(name string, right bool) error {
	c := t.Counts[name]
	if right {
		c.Right++
	} else {
		c.Wrong++
	}
	t.Counts[name] = c
	if t.path == "" {
		return nil
	}
	content, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(t.path), 0o755); err != nil {
		return fmt.Errorf("keep the tally: %w", err)
	}
	// In place of the old one at once: a program that is killed leaves one or the other.
	if err := os.WriteFile(t.path+".new", append(content, '\n'), 0o600); err != nil {
		return fmt.Errorf("keep the tally: %w", err)
	}
	return os.Rename(t.path+".new", t.path)
}

// Tried is how often something was tried.
func (t *Tally) Tried(name string) int { return t.Counts[name].Right + t.Counts[name].Wrong }

// confidence is that of the bound.
const confidence = 0.95

// Text is a line for each thing, and what all of them prove together.
func (t *Tally) Text() string {
	var out strings.Builder
	var all Count
	for _, name := range slices.Sorted(maps.Keys(t.Counts)) {
		c := t.Counts[name]
		all.Right, all.Wrong = all.Right+c.Right, all.Wrong+c.Wrong
		fmt.Fprintf(&out, "%4d of %4d right  %s\n", c.Right, c.Right+c.Wrong, name)
	}
	n := all.Right + all.Wrong
	fmt.Fprintf(&out, "%4d of %4d right", all.Right, n)
	if all.Wrong == 0 && n > 0 {
		fmt.Fprintf(&out, ": a rate of wrong ones above %.2g %% is excluded at %g %%", 100*Bound(n), 100*confidence)
	}
	out.WriteString("\n")
	return out.String()
}

// Bound is the rate of wrong ones, 0 to 1, that n right ones and no wrong one exclude at 95 %.
func Bound(n int) float64 { return 1 - math.Pow(1-confidence, 1/float64(n)) }
