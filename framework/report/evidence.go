package report

import (
	"io/fs"
	"net/url"
	"strings"
)

// evidenceFile is a file of Run.Evidence; one without Href is only named.
type evidenceFile struct{ Name, Href string }

func evidenceFiles(names []string) []evidenceFile {
	files := make([]evidenceFile, 0, len(names))
	for _, name := range names {
		files = append(files, evidenceFile{Name: clean(name), Href: evidenceHref(name)})
	}
	return files
}

// evidenceHref is a link that cannot leave the report's folder, or nothing. The
// names came from clusters: one that is absolute, has "..", or does not print as it
// is gets no link.
func evidenceHref(name string) string {
	if !fs.ValidPath(name) || name == "." || strings.Contains(name, `\`) || clean(name) != name {
		return ""
	}
	parts := strings.Split(name, "/")
	for i, part := range parts {
		// PathEscape leaves the colon, which would make a scheme of what stands before it.
		parts[i] = strings.ReplaceAll(url.PathEscape(part), ":", "%3A")
	}
	return strings.Join(parts, "/")
}
