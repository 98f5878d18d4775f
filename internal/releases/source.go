package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// source is a module's Go source, of which each folder is parsed when it is asked for.
type source struct {
	root   string
	set    *token.FileSet
	parsed map[string][]file
}

// file is one parsed file; imports are the paths of its imports by the names they have in it.
type file struct {
	folder  string
	tree    *ast.File
	imports map[string]string
}

func newSource(root string) *source {
	return &source{root: root, set: token.NewFileSet(), parsed: map[string][]file{}}
}

// folders lists all that have Go files, relative to the root and sorted.
func (s *source) folders() ([]string, error) {
	var folders []string
	err := filepath.WalkDir(s.root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") {
			return err
		}
		folder, err := filepath.Rel(s.root, filepath.Dir(name))
		folders = append(folders, filepath.ToSlash(folder))
		return err
	})
	slices.Sort(folders)
	return slices.Compact(folders), err
}

// files parses a folder's files but for its tests.
func (s *source) files(folder string) ([]file, error) {
	if files, done := s.parsed[folder]; done {
		return files, nil
	}
	entries, err := os.ReadDir(filepath.Join(s.root, folder))
	if err != nil {
		return nil, err
	}
	var files []file
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(s.set, filepath.Join(s.root, folder, e.Name()), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file{folder: folder, tree: tree, imports: imports(tree)})
	}
	s.parsed[folder] = files
	return files, nil
}

func imports(tree *ast.File) map[string]string {
	byName := map[string]string{}
	for _, spec := range tree.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has accepted it
		}
		name := path.Base(imported)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		byName[name] = imported
	}
	return byName
}

// declared finds the expression that gives a package's constant or variable its value.
func (s *source) declared(folder, name string) (file, ast.Expr, error) {
	files, err := s.files(folder)
	if err != nil {
		return file{}, nil, err
	}
	for _, f := range files {
		for _, decl := range f.tree.Decls {
			general, is := decl.(*ast.GenDecl)
			if !is {
				continue
			}
			for _, spec := range general.Specs {
				values, is := spec.(*ast.ValueSpec)
				if !is {
					continue
				}
				for i, ident := range values.Names {
					if ident.Name == name && i < len(values.Values) {
						return f, values.Values[i], nil
					}
				}
			}
		}
	}
	return file{}, nil, nil
}
