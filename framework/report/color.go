package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// seriesColors is the number of colours c1.. of page.css; a seventh version
// takes the first again.
const seriesColors = 6

// badColor is the class of what is not a good answer.
const badColor = "bad"

// palette is the class of page.css for each version.
type palette map[string]string

// colorsOf gives every version of the runs one colour. That of v1, v2, ... is
// its own in every report; other names take what is left, in their order.
func colorsOf(runs ...Run) palette {
	colors := palette{}
	taken := map[string]bool{}
	var others []string
	for _, version := range versionsOf(runs) {
		number, err := strconv.Atoi(strings.TrimPrefix(version, "v"))
		if err != nil || number < 1 || version != fmt.Sprintf("v%d", number) {
			others = append(others, version)
			continue
		}
		colors[version] = seriesColor(number - 1)
		taken[colors[version]] = true
	}
	for i, version := range others {
		for range seriesColors {
			if !taken[seriesColor(i)] {
				break
			}
			i++
		}
		colors[version] = seriesColor(i)
		taken[colors[version]] = true
	}
	return colors
}

func seriesColor(i int) string { return fmt.Sprintf("c%d", i%seriesColors+1) }

// versionsOf lists the versions that run or are promised, sorted.
func versionsOf(runs []Run) []string {
	var versions []string
	for _, r := range runs {
		for _, c := range r.Clusters {
			versions = append(versions, c.Version)
		}
		for _, c := range r.Cases {
			for _, s := range c.Samples {
				for _, share := range s.Verdict.Expectation.Shares {
					versions = append(append(versions, share.Version), share.Versions()...)
				}
			}
		}
	}
	slices.Sort(versions)
	return slices.DeleteFunc(slices.Compact(versions), func(v string) bool { return v == "" })
}
