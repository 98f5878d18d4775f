package fleetfile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// The words in capitals that the guide and Google's other pages leave for their
// readers to replace: alone, and as a part of a path, where fewer are certain.
var (
	placeholderNames = regexp.MustCompile(`^((FLEET_)?PROJECT_(ID|NUMBER)|FLEET_ID|CLUSTER(_NAME)?|CTX|(ASM_)?REVISION|NETWORK(_ID)?|MESH_ID|PLATFORM|CA|TODO|CHANGEME)(_[0-9N])?$`)
	placeholderPaths = regexp.MustCompile(`(^|/)(PATH_TO_KUBECONFIG|KUBECONFIG_FILE|OUTPUT_DIR|DIR_PATH|SAMPLES_DIR)(_[0-9N])?(/|$)`)
)

// placeholder is whether a value, or a part of a path, was left as the docs
// have it: FLEET_PROJECT_ID, <your project>.
func placeholder(value string) bool {
	return strings.HasPrefix(value, "<") && strings.HasSuffix(value, ">") ||
		placeholderNames.MatchString(value) || placeholderPaths.MatchString(value)
}

func placeholders(f *File, problems *collector) {
	texts(f, func(value *string) {
		if placeholder(*value) {
			problems.at(value, "%q is a placeholder of the docs; replace it by a value of your own", *value)
		}
	})
}

// clean makes a DNS-1123 label of a context's name, as asmcli does and further:
// asmcli leaves "/" and capitals as they are (ASMCLI
// lib/installation_dependencies.sh:270), and istioctl then refuses the name.
// It is empty when nothing is left.
func clean(name string) string {
	label := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, name)
	return strings.Trim(shorten(label, name), "-")
}

// shorten keeps to the length of a label as asmcli does: the beginning and a
// hash of the whole (ASMCLI lib/installation_dependencies.sh:309).
func shorten(label, whole string) string {
	const kept, hashed = 42, 10 // bytes; a hash is written with two letters a byte
	if len(label) <= validation.DNS1123LabelMaxLength {
		return label
	}
	sum := sha256.Sum256([]byte(whole))
	return label[:kept] + "-" + hex.EncodeToString(sum[:hashed])
}

// labelProblem says why a value is no DNS-1123 label, "" when it is one.
func labelProblem(value string) string {
	switch {
	case len(validation.IsDNS1123Label(value)) == 0:
		return ""
	case len(value) > validation.DNS1123LabelMaxLength:
		return fmt.Sprintf("%q has %d letters, want at most %d", value, len(value), validation.DNS1123LabelMaxLength)
	}
	return fmt.Sprintf("%q: want lower-case letters, digits and \"-\", with a letter or digit first and last", value)
}

// nameProblem says why asmcli or istioctl would not take a name, "" when they would.
func nameProblem(name string) string {
	text := labelProblem(name)
	if text == "" {
		return ""
	}
	switch {
	case strings.HasPrefix(name, "arn:"):
		text += "; it is the default context of EKS, which istioctl refuses: take a name of your own, and the ARN only as context (or rename the context with \"aws eks update-kubeconfig --alias\")"
	case strings.Contains(name, "gke_"):
		text += "; asmcli takes a context with gke_ in it for a cluster on Google Cloud: take the fleet membership's name, and the other only as context"
	default:
		text += fmt.Sprintf("; take the fleet membership's name, or for instance %q", clean(name))
	}
	return text
}
