package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/cell"
)

// printMatrixMarkdown prints one row for each platform, for docs/cells.md. The
// reasons follow as numbered notes.
func printMatrixMarkdown(out io.Writer, cells []cell.Cell) error {
	var text, notes strings.Builder
	var known []string
	text.WriteString("| platform | istio | meshca | cas | a gateway gets | rehearsed on the lab | support ends |\n|---|---|---|---|---|---|---|\n")
	for group := range slices.Chunk(cells, len(cell.CAs())) {
		first := group[0]
		fmt.Fprintf(&text, "| `%s`, %s |", first.Platform, first.Title)
		for _, c := range group {
			why := fmt.Sprintf("%s (%s)", c.Reason, c.Source)
			if !slices.Contains(known, why) {
				known = append(known, why)
				fmt.Fprintf(&notes, "\n%d. %s", len(known), why)
			}
			said := "**refused**"
			if c.Allowed {
				said = "`" + c.GuideCertProvider + "`"
			}
			fmt.Fprintf(&text, " %s (%d) |", said, slices.Index(known, why)+1)
		}
		fmt.Fprintf(&text, " %s | %s | %s |\n", gets(first.LoadBalancer), rehearsal(first), ends(first))
	}
	_, err := io.WriteString(out, text.String()+notes.String()+"\n")
	return err
}

// gets says what a load balancer gives a gateway.
func gets(l cell.LoadBalancer) string {
	said := "an address"
	if l.Address == cell.Hostname {
		said = "a host name"
	}
	if l.Several {
		said += " with an address for each zone"
	}
	if l.Late {
		said += ", some time later"
	}
	return said
}
