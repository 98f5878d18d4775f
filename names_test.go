package eastwest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// vocabulary are Istio's own names, which stand in one package, with their source in Istio
// and the versions that they hold for: two that mean the same drift apart. Ports count
// as numbers, too.
func vocabulary() *regexp.Regexp {
	return regexp.MustCompile(strings.Join([]string{
		`(topology|networking|security|sidecar)\.istio\.io`, `istio\.io/(rev|tag|config|dataplane-mode)`, `\bistio-injection\b`, `istio/multiCluster`,
		`istio-remote-secret-`, `\bcacerts\b`, `istio-ca-(root-cert|crl)`, `istio-sidecar-injector`, `istio-eastwestgateway`,
		`^/?debug/\w+z\b`, `[ /]debug/\w+z\b`, `\b(15443|15017|15012)\b`,
	}, "|"))
}

// freeOfVocabulary are folders that may have the words: the package of names itself, and the
// lab, which imports nothing of ours and breaks meshes from outside.
var freeOfVocabulary = []string{"framework/istio/names", "lab", "kind"}

// Istio's names are written once. Comments may say what they like, and so may tests.
func TestIstiosNamesAreWrittenOnce(t *testing.T) {
	words := vocabulary()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (path != "." && strings.HasPrefix(entry.Name(), ".") || slices.Contains(freeOfVocabulary, filepath.ToSlash(path))):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		for _, found := range literals(t, path) {
			if word := words.FindString(found.Value); word != "" {
				t.Errorf("%s has %q: take it from framework/istio/names", found.place, strings.TrimSpace(word))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The words are found where they stand, and not in what looks like them.
func TestVocabulary(t *testing.T) {
	words := vocabulary()
	for _, found := range []string{"label istio.io/rev of", "15443", "port 15443", "debug/clusterz", "/debug/networkz", "read /debug/syncz: ", "Secret cacerts", "networking.istio.io/v1"} {
		if !words.MatchString(found) {
			t.Errorf("want %q found", found)
		}
	}
	for _, other := range []string{"https://kubernetes.io/docs/tasks/debug/debug-cluster/", "154430", "istio.io/latest/docs", "istio-system", "https://istio.io/latest/docs/reference/config"} {
		if words.MatchString(other) {
			t.Errorf("want %q let pass", other)
		}
	}
}

// literal is a string or a number in a file, without its quotes.
type literal struct {
	Value string
	place token.Position
}

func literals(t *testing.T, path string) []literal {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var found []literal
	ast.Inspect(file, func(node ast.Node) bool {
		if _, imports := node.(*ast.ImportSpec); imports {
			return false
		}
		if basic, ok := node.(*ast.BasicLit); ok && (basic.Kind == token.STRING || basic.Kind == token.INT) {
			found = append(found, literal{strings.Trim(basic.Value, "\"`"), files.Position(basic.Pos())})
		}
		return true
	})
	return found
}
