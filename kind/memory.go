package kind

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// idLength is the number of hexadecimal digits of a group's ID: short, since it
// is part of host names, and taken anew where one of the same name exists.
const idLength = 6

// memory is the folder that remembers the clusters of one run from before the
// first is made until the last is gone: their names, kubeconfigs and ledgers.
// Whoever made them holds its lock, which the kernel gives back when that
// process dies, whatever way; so a folder with a free lock belongs to nobody.
// A second lock, busy, is inherited by the commands that the process runs on the
// engine: killed alone, it leaves them behind, and one of them may be about to
// make a container.
type memory struct {
	dir        string
	lock, busy *os.File
}

// record is what the folder says about its clusters.
type record struct {
	ID       string    `json:"id"`
	Started  time.Time `json:"started"`
	Clusters int       `json:"clusters"`
	// MadeNetwork is true when there was no network of kind's name before.
	MadeNetwork bool `json:"madeNetwork"`
}

func (m memory) recordFile() string { return filepath.Join(m.dir, "clusters.json") }

func (m memory) kubeconfig(cluster string) string {
	return filepath.Join(m.dir, "kubeconfig", cluster+".yaml")
}

// ledgers is where runs on these clusters keep their ledgers, which go with them.
func (m memory) ledgers() string { return filepath.Join(m.dir, "runs") }

// remember makes a folder with a new ID, and holds its lock. The folder gets
// its name when it is complete: nobody finds it without a record or unlocked.
func remember(cache string, r record) (m memory, _ record, err error) {
	if err := os.MkdirAll(runsFolder(cache), 0o700); err != nil {
		return m, r, fmt.Errorf("remember kind clusters: %w", err)
	}
	var random [idLength / 2]byte
	_, _ = rand.Read(random[:]) // never fails, says its documentation
	r.ID = hex.EncodeToString(random[:])
	m.dir = filepath.Join(runsFolder(cache), unfinished+r.ID)
	if err := m.begin(r); err != nil {
		return m, r, fmt.Errorf("remember kind clusters: %w", err)
	}
	finished := filepath.Join(runsFolder(cache), r.ID)
	if err := os.Rename(m.dir, finished); err != nil {
		return m, r, errors.Join(fmt.Errorf("remember kind clusters: %w", err), m.forget())
	}
	m.dir = finished
	return m, r, nil
}

// unfinished begins the name of a folder that is being made.
const unfinished = "."

// begin makes the folder, takes its lock and writes the record.
func (m *memory) begin(r record) error {
	if err := os.Mkdir(m.dir, 0o700); err != nil {
		return err
	}
	if err := m.acquire(); err != nil {
		return err
	}
	if err := m.markBusy(); err != nil {
		return errors.Join(err, m.forget())
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.WriteFile(m.recordFile(), data, 0o600)
	}
	if err != nil {
		return errors.Join(err, m.forget())
	}
	return nil
}

// errInUse says that the process that made the clusters is still at work.
var errInUse = errors.New("in use")

// acquire takes the folder's lock, or fails with errInUse at once.
func (m *memory) acquire() (err error) {
	m.lock, err = lock(filepath.Join(m.dir, "lock"))
	return err
}

// markBusy takes the second lock and lets every command inherit it.
func (m *memory) markBusy() (err error) {
	if m.busy, err = lock(filepath.Join(m.dir, "busy")); err != nil {
		return err
	}
	const inherited = 0 // without close-on-exec
	if _, err := unix.FcntlInt(m.busy.Fd(), unix.F_SETFD, inherited); err != nil {
		return fmt.Errorf("lock kind clusters: %w", err)
	}
	return nil
}

// orphaned says whether a command of a dead process still runs.
func (m memory) orphaned() (bool, error) {
	file, err := lock(filepath.Join(m.dir, "busy"))
	if errors.Is(err, errInUse) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return false, file.Close()
}

func lock(at string) (*os.File, error) {
	file, err := os.OpenFile(at, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock kind clusters: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = file.Close() // nothing was written
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errInUse
		}
		return nil, fmt.Errorf("lock kind clusters: %w", err)
	}
	return file, nil
}

// release gives the locks back and keeps the folder.
func (m memory) release() error {
	if m.busy == nil {
		return m.lock.Close()
	}
	return errors.Join(m.busy.Close(), m.lock.Close())
}

// forget removes the folder and gives the lock back.
func (m memory) forget() error {
	err := os.RemoveAll(m.dir)
	return errors.Join(err, m.release())
}

// recall reads a folder that remember made.
func recall(dir string) (memory, record, error) {
	m := memory{dir: dir}
	var r record
	data, err := os.ReadFile(m.recordFile())
	if err != nil {
		return m, r, fmt.Errorf("recall kind clusters: %w", err)
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return m, r, fmt.Errorf("recall kind clusters: %s: %w", m.recordFile(), err)
	}
	return m, r, nil
}
