package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"
)

func TestHostileStringsStayText(t *testing.T) {
	r := hostileRun()
	for _, rendering := range renderings() {
		t.Run(rendering.name, func(t *testing.T) {
			out := rendering.of(t, r)
			switch rendering.name {
			case "xml":
				wellFormed(t, out)
			case "html":
				noForeignMarkup(t, out)
			case "md":
				if bytes.Contains(out, []byte("<script")) || regexp.MustCompile(`[^\\]\]\(`).Match(out) || bytes.Contains(out, []byte("@all")) {
					t.Errorf("markup got through:\n%s", out)
				}
				onlyPrintable(t, string(out))
			case "txt":
				onlyPrintable(t, string(out))
			case "color.txt":
				onlyPrintable(t, regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(string(out), ""))
				if strings.Contains(string(out), "\x1b[31mred") {
					t.Error("an escape sequence got through")
				}
			}
		})
	}
	list, err := Merge([]Run{r})
	if err != nil {
		t.Fatal(err)
	}
	list.NotRun = []NotRun{{Platform: r.Cell.Platform, CA: r.Cell.Platform, Reason: r.Cell.Platform, Plan: r.Cell.Platform}}
	page, err := list.HTML()
	if err != nil {
		t.Fatal(err)
	}
	noForeignMarkup(t, page)
	junit, err := list.JUnit()
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, junit)
	onlyPrintable(t, list.Table())
	onlyPrintable(t, string(list.Markdown()))
}

func wellFormed(t *testing.T, doc []byte) {
	t.Helper()
	known := map[string]bool{}
	for _, name := range strings.Fields("testsuites testsuite properties property testcase failure error skipped system-out") {
		known[name] = true
	}
	for decoder := xml.NewDecoder(bytes.NewReader(doc)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		if start, ok := token.(xml.StartElement); ok && !known[start.Name.Local] {
			t.Errorf("an element <%s> got through", start.Name.Local)
		}
	}
}

func noForeignMarkup(t *testing.T, doc []byte) {
	t.Helper()
	tree, err := html.Parse(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	for node := range tree.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		switch node.Data {
		case "script", "img", "link", "iframe", "object":
			t.Errorf("an element <%s> got through", node.Data)
		}
		for _, a := range node.Attr {
			if node.Data == "a" && a.Key == "href" {
				staysBeside(t, a.Val)
				continue
			}
			// What is read out is text, as an element's is.
			if a.Key == "aria-label" {
				continue
			}
			if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "href" || strings.Contains(a.Val, "javascript:") {
				t.Errorf("an attribute %s=%q got through", a.Key, a.Val)
			}
		}
	}
}

// staysBeside wants a link to lead to a file in or under the page's own folder.
func staysBeside(t *testing.T, href string) {
	t.Helper()
	link, err := url.Parse(href)
	if err != nil {
		t.Errorf("a link %q got through: %v", href, err)
		return
	}
	if link.IsAbs() || link.Host != "" || link.RawQuery != "" || link.Fragment != "" || strings.Contains(href, `\`) || !fs.ValidPath(link.Path) {
		t.Errorf("a link %q got through", href)
	}
}

func onlyPrintable(t *testing.T, s string) {
	t.Helper()
	for _, r := range s {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("a character %U got through", r)
		}
	}
}

// The page must be readable years later, from a file, without a network.
func TestPageStandsAlone(t *testing.T) {
	out, err := HTML(rehearsedRun())
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"http://", "https://", "url(", "@import", "<script", "ZgotmplZ"} {
		if bytes.Contains(out, []byte(bad)) {
			t.Errorf("the page has %q", bad)
		}
	}
}
