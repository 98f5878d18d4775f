package report

import (
	"fmt"
	"slices"
	"strings"
)

// Name tells a side of a cell: "revision canary in cluster1"; with the arm where both have one
// revision.
func (c Compared) Name(s CellSide) string {
	name := "revision " + c.revision(s)
	if s.Cluster != "" {
		name += " in " + s.Cluster
	}
	return name
}

func (c Compared) revision(s CellSide) string {
	if c.Old == c.New || s.Arm == "new" && s.Revision != c.New {
		return fmt.Sprintf("%s (%s)", s.Revision, s.Arm)
	}
	return s.Revision
}

// Broken says in sentences what is worse, a sentence for each caller and kind of service.
func Broken(c Compared) []string {
	var sentences []string
	for _, group := range groupsOf(c, CellWorse) {
		sentences = append(sentences, group.sentence(c))
	}
	return sentences
}

// Doubts says what could not be told, cells of one reason together.
func Doubts(c Compared) []string {
	var reasons []string
	cells := map[string]int{}
	for _, cell := range c.Cells {
		if cell.Outcome != CellCouldNotTell {
			continue
		}
		why := "could not tell"
		if len(cell.Why) > 0 {
			why = cell.Why[0]
		}
		if cells[why] == 0 {
			reasons = append(reasons, why)
		}
		cells[why]++
	}
	for i, why := range reasons {
		reasons[i] = fmt.Sprintf("%d cells could not be judged: %s", cells[why], why)
	}
	return reasons
}

// brokenGroup is all cells of one caller to the same clusters that have one outcome.
type brokenGroup struct {
	source  CellSide
	cluster string // of the destination, empty for services in all clusters
	cells   []ComparedCell
}

func groupsOf(c Compared, outcome CellOutcome) []brokenGroup {
	var groups []brokenGroup
	for _, cell := range c.Cells {
		if cell.Outcome != outcome {
			continue
		}
		at := slices.IndexFunc(groups, func(g brokenGroup) bool {
			return g.source == cell.Source && g.cluster == cell.Destination.Cluster
		})
		if at < 0 {
			groups, at = append(groups, brokenGroup{source: cell.Source, cluster: cell.Destination.Cluster}), len(groups)
		}
		groups[at].cells = append(groups[at].cells, cell)
	}
	return groups
}

// sentence is "calls from revision canary in cluster1 to services that run only in cluster2 fail;
// those to services in all clusters do not".
func (g brokenGroup) sentence(c Compared) string {
	text := fmt.Sprintf("calls from %s to %s %s", c.Name(g.source), g.services(c), g.fate())
	if g.cluster != "" && !slices.ContainsFunc(c.Cells, g.everywhereToo) {
		text += "; those to services in all clusters do not"
	}
	if why := g.cells[0].mostSaid(); why != "" {
		text += " (" + why + ")"
	}
	return text
}

// everywhereToo is a worse cell of the same caller to a service in all clusters.
func (g brokenGroup) everywhereToo(cell ComparedCell) bool {
	return cell.Source == g.source && cell.Destination.Cluster == "" && cell.Outcome == CellWorse
}

// services names the destination, with its revision where the other revision's are well.
func (g brokenGroup) services(c Compared) string {
	name := "services in all clusters"
	if g.cluster != "" {
		name = "services that run only in " + g.cluster
	}
	if len(g.cells) > 1 || !slices.ContainsFunc(c.Cells, g.otherArm) {
		return name
	}
	return name + ", of revision " + c.revision(g.cells[0].Destination)
}

// otherArm is a cell of the same caller and clusters to the other revision that was called.
func (g brokenGroup) otherArm(cell ComparedCell) bool {
	return cell.Source == g.source && cell.Destination.Cluster == g.cluster && cell.Destination.Arm != g.cells[0].Destination.Arm && cell.Sent > 0
}

func (g brokenGroup) fate() string {
	sent, failed := 0, 0
	for _, cell := range g.cells {
		sent, failed = sent+cell.Sent, failed+cell.Failed
	}
	switch failed {
	case sent:
		return fmt.Sprintf("fail, all %d of them", sent)
	case 0:
		return "are worse: " + strings.Join(g.cells[0].Why, ", ")
	}
	return fmt.Sprintf("fail, %d of %d of them", failed, sent)
}

// mostSaid is what failed calls said most often.
func (c ComparedCell) mostSaid() string {
	said, often := "", 0
	for text, count := range c.Errors {
		if count > often || count == often && text < said {
			said, often = text, count
		}
	}
	return said
}
