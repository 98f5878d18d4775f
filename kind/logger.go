package kind

import (
	"fmt"
	"io"
	"strings"
	"time"

	"sigs.k8s.io/kind/pkg/log"
)

// logger tells a person what kind has done for one cluster, a line a step.
// kind writes " • Step 📦  ..." when a step begins and " ✓ Step 📦" when it is done.
type logger struct {
	to      io.Writer
	cluster string
	began   time.Time
}

var (
	_ log.Logger     = logger{}
	_ log.InfoLogger = logger{}
)

// done begins the line of a step that went well.
const done = "✓"

// Warn implements log.Logger. kind's warnings are about hosts and flags, which
// the check of the engine has said better.
func (logger) Warn(string) {}

// Warnf implements log.Logger.
func (logger) Warnf(string, ...any) {}

// Error implements log.Logger; whatever ends the creation comes as its error too.
func (l logger) Error(message string) { l.line(message) }

// Errorf implements log.Logger.
func (l logger) Errorf(format string, args ...any) { l.line(fmt.Sprintf(format, args...)) }

// V implements log.Logger.
func (l logger) V(level log.Level) log.InfoLogger {
	if level > 0 {
		return log.NoopInfoLogger{}
	}
	return l
}

// Info implements log.InfoLogger.
func (l logger) Info(message string) {
	if _, step, ok := strings.Cut(message, done); ok {
		l.line(plain(step))
	}
}

// Infof implements log.InfoLogger.
func (l logger) Infof(format string, args ...any) { l.Info(fmt.Sprintf(format, args...)) }

// Enabled implements log.InfoLogger.
func (logger) Enabled() bool { return true }

func (l logger) line(text string) {
	_, _ = fmt.Fprintf(l.to, "kind: %s: %-32s %5.1f s\n", l.cluster, text, time.Since(l.began).Seconds())
}

// plain is the text without kind's pictures.
func plain(text string) string {
	ascii := strings.Map(func(r rune) rune {
		const lastOfASCII = 0x7f
		if r > lastOfASCII {
			return -1
		}
		return r
	}, text)
	return strings.TrimSpace(ascii)
}
