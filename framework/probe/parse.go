package probe

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// parseBatch reads what batch.sh printed for a batch of count calls.
//
// It returns exactly count calls: a call whose line is missing, cut, repeated
// or out of shape is Unsound with the reason lostWhy. Lines that do not begin
// with the nonce are ignored: they are noise of the container's shell.
// whole is true when the script reached its end.
func parseBatch(stdout []byte, nonce string, count int, lostWhy string) (calls []Call, whole bool) {
	calls = make([]Call, count)
	seen := make([]bool, count)
	text := string(stdout)
	for {
		line, rest, complete := strings.Cut(text, "\n")
		if !complete {
			break // a line without its end was cut: its fields cannot be trusted
		}
		text = rest
		fields, ok := ownLine(line, nonce)
		if !ok {
			continue
		}
		if len(fields) == 1 && fields[0] == "done" {
			whole = true
			continue
		}
		number, call, ok := parseFields(fields)
		if !ok || number < 1 || number > count {
			continue
		}
		if seen[number-1] {
			call = lost("the probe told of this call twice")
		}
		calls[number-1], seen[number-1] = call, true
	}
	for i := range calls {
		if !seen[i] {
			calls[i] = lost(lostWhy)
		}
	}
	return calls, whole
}

// ownLine returns the fields after the nonce of a line that the script printed.
func ownLine(line, nonce string) ([]string, bool) {
	rest, ok := strings.CutPrefix(line, nonce+"\t")
	if !ok || nonce == "" {
		return nil, false
	}
	return strings.SplitN(rest, "\t", 5), true
}

// parseFields reads number, exit code, status, seconds, body.
func parseFields(fields []string) (int, Call, bool) {
	if len(fields) != 5 {
		return 0, Call{}, false
	}
	number, err1 := strconv.Atoi(fields[0])
	exit, err2 := strconv.Atoi(fields[1])
	status, err3 := strconv.Atoi(fields[2])
	latency, ok := parseSeconds(fields[3])
	if err1 != nil || err2 != nil || err3 != nil || !ok || status < 0 || status > 999 {
		return 0, Call{}, false
	}
	return number, newCall(exit, status, latency, fields[4]), true
}

// parseSeconds reads curl's decimal seconds. Some locales print a comma.
func parseSeconds(s string) (time.Duration, bool) {
	const most = 24 * 60 * 60 // no call of ours takes a day
	seconds, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	if err != nil || math.IsNaN(seconds) || seconds < 0 || seconds > most {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}
