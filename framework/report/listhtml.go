package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"time"
)

//go:embed list.html.tmpl
var listTemplate string

// listPage is what the template of several runs shows.
type listPage struct {
	List
	Style template.CSS // our own file, not foreign text
	Tags  string
	Rows  []listRow
}

type listRow struct {
	Run
	Title  string
	Limits []Limit
	Counts string
	Took   time.Duration
	Charts []chart
}

// HTML renders the list as one page that needs nothing else, as that of a run
// does: what became of each cell, and which were not run.
func (l List) HTML() ([]byte, error) {
	page, err := template.New("list").Funcs(template.FuncMap{"short": short}).Parse(listTemplate)
	if err != nil {
		return nil, fmt.Errorf("write html: %w", err)
	}
	shown := listPage{List: l, Style: template.CSS(pageStyle), Tags: l.tags()} //nolint:gosec // a file of ours
	colors := colorsOf(l.Items...)
	for _, r := range l.Items {
		shown.Rows = append(shown.Rows, listRow{
			Run: r, Title: r.title(), Limits: r.Limits(), Counts: countsText(r.Cases), Took: r.Ended.Sub(r.Started), Charts: chartsOf(r, colors),
		})
	}
	var out bytes.Buffer
	if err := page.Execute(&out, shown); err != nil {
		return nil, fmt.Errorf("write html: %w", err)
	}
	return out.Bytes(), nil
}
