package probe

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// parseBatch reads what curl printed for a batch of count calls: for each the
// body, then the trailer.
//
// It returns exactly count calls, and how many of them curl reported: a call whose
// trailer is missing, cut, repeated or out of shape is Unsound with the reason
// lostWhy.
func parseBatch(stdout []byte, nonce string, count int, lostWhy string) (calls []Call, reported int) {
	calls = make([]Call, count)
	seen := make([]bool, count)
	for text := string(stdout); nonce != ""; {
		body, rest, found := strings.Cut(text, "\n"+nonce+"\t")
		line, rest, complete := strings.Cut(rest, "\n")
		if !found || !complete {
			break // a line without its end was cut: its fields cannot be trusted
		}
		text = rest
		number, call, ok := parseTrailer(line, body)
		if !ok || number < 1 || number > count {
			continue
		}
		if seen[number-1] {
			call = lost("the probe reported this call twice")
		}
		calls[number-1], seen[number-1] = call, true
		reported++
	}
	for i := range calls {
		if !seen[i] {
			calls[i] = lost(lostWhy)
		}
	}
	return calls, reported
}

// parseTrailer reads exit code, status, seconds until the name was resolved, seconds in
// all, the address that was called, and URL, which ends with the number of the call.
func parseTrailer(line, body string) (int, Call, bool) {
	fields := strings.Split(line, "\t")
	if len(fields) != 6 {
		return 0, Call{}, false
	}
	exit, err1 := strconv.Atoi(fields[0])
	status, err2 := strconv.Atoi(fields[1])
	resolved, ok1 := parseSeconds(fields[2])
	latency, ok2 := parseSeconds(fields[3])
	number, err3 := strconv.Atoi(fields[5][strings.LastIndexByte(fields[5], '#')+1:])
	if err1 != nil || err2 != nil || err3 != nil || !ok1 || !ok2 || status < 0 || status > 999 {
		return 0, Call{}, false
	}
	call := newCall(exit, status, latency, oneLine(body))
	if ip, err := netip.ParseAddr(fields[4]); err == nil {
		call.Address = ip.Unmap().String()
	}
	call.NameUnknown = exit == exitNoName || exit == exitTimedOut && resolved == 0
	if exit == exitTimedOut && call.NameUnknown {
		call.Err = "the name was not resolved in time (curl exit 28)"
	}
	return number, call, true
}

// oneLine shortens a body and replaces its control characters by spaces, as
// somebody may read it on a terminal. Without its last line breaks it is what
// HelloWorld says.
func oneLine(body string) string {
	body = clip(strings.TrimRight(body, "\n"), largestQuote)
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, body)
}

// largestQuote is how many bytes of a body are looked at: HelloWorld's answers
// are a tenth of it.
const largestQuote = 1 << 10

// parseSeconds reads curl's decimal seconds. Some locales print a comma.
func parseSeconds(s string) (time.Duration, bool) {
	const most = 24 * 60 * 60 // no call of ours takes a day
	seconds, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	if err != nil || math.IsNaN(seconds) || seconds < 0 || seconds > most {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}
