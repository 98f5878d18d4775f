package httpproxy

import (
	"errors"
	"io"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReplayGivesEveryTryTheWholeBody(t *testing.T) {
	r := &replay{src: iotest{strings.NewReader("hello world")}}
	first := r.attempt()
	if b, _ := io.ReadAll(io.LimitReader(first, 5)); string(b) != "hello" {
		t.Fatalf("%q", b)
	}
	_ = first.Close()
	if _, err := first.Read(make([]byte, 1)); !errors.Is(err, errAttemptOver) {
		t.Errorf("a try that is over reads on: %v", err)
	}
	for range 2 {
		again := r.attempt()
		if b, err := io.ReadAll(again); string(b) != "hello world" || err != nil || !r.again() {
			t.Errorf("%q %v %t", b, err, r.again())
		}
		_ = again.Close()
	}
}

// iotest reads in small pieces.
type iotest struct{ io.Reader }

func (r iotest) Read(b []byte) (int, error) { return r.Reader.Read(b[:min(len(b), 3)]) }

func TestReplayForgetsWhatIsTooLarge(t *testing.T) {
	r := &replay{src: strings.NewReader(strings.Repeat("x", replayLimit+1))}
	n, err := io.Copy(io.Discard, r.attempt())
	if n != replayLimit+1 || err != nil {
		t.Fatalf("%d %v", n, err)
	}
	if r.again() || len(r.kept) != 0 {
		t.Errorf("again %t, %d bytes kept: want no second try and nothing kept", r.again(), len(r.kept))
	}
}

// A read that a try left waiting must not swallow the next try's bytes.
func TestReplayAfterAnAbandonedRead(t *testing.T) {
	pr, pw := io.Pipe()
	r := &replay{src: pr}
	first := r.attempt()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = first.Read(make([]byte, 16))
	}()
	_, _ = pw.Write([]byte("abc"))
	<-done
	_ = first.Close()
	go func() { _, _ = pw.Write([]byte("def")); _ = pw.Close() }()
	if b, err := io.ReadAll(r.attempt()); string(b) != "abcdef" || err != nil {
		t.Errorf("%q %v, want abcdef", b, err)
	}
}

func TestRequestIDsAreUUIDs(t *testing.T) {
	a, b := requestID(), requestID()
	if len(a) != 36 || a == b || a[14] != '4' || strings.IndexByte("89ab", a[19]) < 0 {
		t.Errorf("%q %q", a, b)
	}
}
