package httpproxy

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
)

// replayLimit bounds what is kept of a request body for further tries, in bytes
// (Envoy's per_connection_buffer_limit_bytes).
const replayLimit = 1 << 20

var errAttemptOver = errors.New("this try is over")

// replay lets several tries, one after the other, read one request body, while
// the first still streams.
type replay struct {
	mu   sync.Mutex // held while reading src: a try that is over may still be doing that
	src  io.Reader
	kept []byte
	err  error // end of src
	lost bool  // more than replayLimit was read: there can be no further try

	read atomic.Int64
}

// again reports whether another try can have the whole body.
func (r *replay) again() bool {
	if r == nil {
		return true
	}
	return r.read.Load() <= replayLimit
}

// attempt returns the body for one try.
func (r *replay) attempt() io.ReadCloser { return &replayed{from: r} }

type replayed struct {
	from *replay
	at   int64
	over atomic.Bool
}

func (b *replayed) Read(p []byte) (int, error) {
	r := b.from
	r.mu.Lock()
	defer r.mu.Unlock()
	if b.over.Load() {
		return 0, errAttemptOver
	}
	if b.at < int64(len(r.kept)) {
		n := copy(p, r.kept[b.at:])
		b.at += int64(n)
		return n, nil
	}
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.src.Read(p)
	total := r.read.Add(int64(n))
	b.at += int64(n)
	switch {
	case r.lost:
	case total > replayLimit:
		r.lost, r.kept = true, nil
	default:
		r.kept = append(r.kept, p[:n]...)
	}
	r.err = err
	return n, err
}

func (b *replayed) Close() error {
	b.over.Store(true)
	return nil
}
