package main

import (
	"fmt"
	"strings"
	"time"
)

// table renders a row a suite, as Markdown.
func table(reports []report) string {
	var b strings.Builder
	b.WriteString("| suite | passed | failed | skipped | time |\n|---|---:|---:|---:|---:|\n")
	var sum [3]int
	var took time.Duration
	for _, r := range reports {
		n := [3]int{r.count(passed), r.count(failed), r.count(skipped)}
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d s |\n", r.suite.name, n[0], n[1], n[2], int(r.took.Seconds()))
		for i := range sum {
			sum[i] += n[i]
		}
		took += r.took
	}
	fmt.Fprintf(&b, "| all | %d | %d | %d | %d s |\n", sum[0], sum[1], sum[2], int(took.Seconds()))
	return b.String()
}
