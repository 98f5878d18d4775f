package istio

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// kindOf names a type of xDS resources for people.
func kindOf(typeURL string) string {
	switch name := typeURL[strings.LastIndex(typeURL, ".")+1:]; name {
	case "Listener":
		return "listeners"
	case "Cluster":
		return "clusters"
	case "RouteConfiguration":
		return "routes"
	case "ClusterLoadAssignment":
		return "endpoints"
	case "Secret":
		return "certificates"
	case "TypedExtensionConfig":
		return "extensions"
	default:
		return name
	}
}

// batch begins the list that Envoy makes of refused listeners and clusters: "NAME:
// REASON", one a line for listeners, separated by commas for clusters
// (source/common/listener_manager/lds_api.cc, source/common/upstream/cds_api_helper.cc).
var batch = regexp.MustCompile(`^Error adding/updating (?:listener|cluster)\(s\) `)

// nextResource is where the next resource of a batch begins. A name has no spaces.
var nextResource = regexp.MustCompile(`(?:\n|, )(\S+): `)

// cutOff ends a message that was too long for Envoy (source/common/config/utility.cc).
const cutOff = "...(truncated)"

// parseRejected puts together the resources that are refused for the same reason.
func parseRejected(message string) []Rejection {
	message = strings.TrimSpace(message)
	if message == "" {
		return nil
	}
	list := batch.ReplaceAllString(message, "\n")
	if list == message {
		return []Rejection{{Reason: oneLine(message)}}
	}
	starts := nextResource.FindAllStringSubmatchIndex(list, -1)
	if len(starts) == 0 {
		return []Rejection{{Reason: oneLine(message)}}
	}
	var all []Rejection
	for i, start := range starts {
		end := len(list)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		all = addRejected(all, list[start[2]:start[3]], oneLine(list[start[1]:end]))
	}
	return all
}

// addRejected adds a resource to those with the same reason. The last of a message
// that was cut off belongs to those whose reason begins like what is left of its own.
func addRejected(all []Rejection, resource, reason string) []Rejection {
	begin, cut := strings.CutSuffix(reason, cutOff)
	at := slices.IndexFunc(all, func(r Rejection) bool {
		return r.Reason == reason || cut && strings.HasPrefix(r.Reason, begin)
	})
	if at < 0 {
		return append(all, Rejection{Reason: reason, Resources: []string{resource}})
	}
	all[at].Resources = append(all[at].Resources, resource)
	return all
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// logRejects is how Envoy logs what it refuses; the reason goes on for lines
// (source/extensions/config_subscription/grpc).
var logRejects = regexp.MustCompile(`config for (\S+) rejected: `)

// logLine begins each line of the log that is a message of its own.
var logLine = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}[T ]`)

// rejectionsInLog finds the last refusal of each kind in a proxy's log.
func rejectionsInLog(log string) []Rejection {
	last := map[string]string{}
	var kind string
	for line := range strings.Lines(log) {
		if found := logRejects.FindStringSubmatchIndex(line); found != nil {
			kind = kindOf(line[found[2]:found[3]])
			message, _, _ := strings.Cut(line[found[1]:], "\tthread=")
			last[kind] = message + "\n"
		} else if logLine.MatchString(line) {
			kind = ""
		} else if kind != "" {
			message, _, _ := strings.Cut(line, "\tthread=")
			last[kind] += message + "\n"
		}
	}
	var all []Rejection
	for _, kind := range slices.Sorted(maps.Keys(last)) {
		for _, rejected := range parseRejected(last[kind]) {
			rejected.Kind = kind
			all = append(all, rejected)
		}
	}
	return all
}
