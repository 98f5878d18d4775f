package report

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Browsers of some years ago must draw the page too.
func TestStyleNeedsNoNewBrowser(t *testing.T) {
	for _, recent := range []string{"color-mix(", "oklch(", "light-dark(", ":has(", "@container", "@layer", "@scope", "&"} {
		if strings.Contains(pageStyle, recent) {
			t.Errorf("page.css has %q", recent)
		}
	}
}

// WCAG 2.1 wants 4.5 of text (1.4.3, AA) and 3 of what a chart is read by (1.4.11).
func TestContrast(t *testing.T) {
	const forText, forShapes = 4.5, 3
	rows := []struct {
		over   string
		colors string
		least  float64
	}{
		{"paper", "ink soft link", forText},
		{"card", "ink soft link good bad doubt", forText},
		{"track", "ink soft", forText},
		{"goodbg", "ink soft good", forText},
		{"badbg", "ink soft bad", forText},
		{"doubtbg", "ink soft doubt", forText},
		{"track", "c1 c2 c3 c4 c5 c6 bad", forShapes},
		{"card", "c1 c2 c3 c4 c5 c6", forShapes},
	}
	light, dark, _ := strings.Cut(pageStyle, "@media screen and (prefers-color-scheme: dark)")
	for theme, style := range map[string]string{"light": light, "dark": dark} {
		variables := colorVariables(t, style)
		for _, row := range rows {
			for _, color := range strings.Fields(row.colors) {
				a, okA := variables[color]
				b, okB := variables[row.over]
				if got := contrast(a, b); !okA || !okB || got < row.least {
					t.Errorf("%s: --%s over --%s: want a contrast of %g, got %.2f", theme, color, row.over, row.least, got)
				}
			}
		}
	}
}

// colorVariables are the luminances of the opaque colours of a style.
func colorVariables(t *testing.T, style string) map[string]float64 {
	t.Helper()
	all := map[string]float64{}
	for _, found := range regexp.MustCompile(`--(\w+): #([0-9a-f]+);`).FindAllStringSubmatch(style, -1) {
		hex := found[2]
		if len(hex) == 3 {
			hex = fmt.Sprintf("%c%[1]c%c%[2]c%c%[3]c", hex[0], hex[1], hex[2])
		}
		rgb, err := strconv.ParseUint(hex, 16, 24)
		if err != nil {
			t.Fatal(err)
		}
		all[found[1]] = 0.2126*linear(rgb>>16) + 0.7152*linear(rgb>>8&255) + 0.0722*linear(rgb&255)
	}
	return all
}

// linear undoes the gamma of sRGB.
func linear(channel uint64) float64 {
	c := float64(channel) / 255
	if c <= 0.04045 {
		return c / 12.92
	}
	return math.Pow((c+0.055)/1.055, 2.4)
}

func contrast(a, b float64) float64 {
	return (math.Max(a, b) + 0.05) / (math.Min(a, b) + 0.05)
}
