package rulebook_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// TestDoc holds docs/rulebook.md to the code: every key that the reader takes
// and every word that it knows is described.
func TestDoc(t *testing.T) {
	page, err := os.ReadFile("../../docs/rulebook.md")
	if err != nil {
		t.Fatal(err)
	}
	words := rulebook.PhaseNames()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		words = append(words, keys(t, file)...)
		words = append(words, constants(t, file)...)
	}
	if len(words) < 100 {
		t.Fatalf("only %d keys and words were found in the code", len(words))
	}
	for _, w := range words {
		if !described(string(page), w) {
			t.Errorf("docs/rulebook.md does not describe `%s`", w)
		}
	}
}

// described tells whether the page has the word in code: `word`, `path.word`
// or `word: …`.
func described(page, word string) bool {
	for _, form := range []string{"`" + word + "`", "." + word + "`", "`" + word + "."} {
		if strings.Contains(page, form) {
			return true
		}
	}
	return false
}

// keys are what calls of mapping take.
func keys(t *testing.T, file *ast.File) (found []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "mapping" {
			for _, arg := range call.Args {
				if lit, ok := arg.(*ast.BasicLit); ok {
					found = append(found, text(t, lit))
				}
			}
		}
		return true
	})
	return found
}

// constants are the words that a rulebook may have: the exported texts, without
// the codes of faults.
func constants(t *testing.T, file *ast.File) (found []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			if !name.IsExported() || strings.HasPrefix(name.Name, "Code") || i >= len(spec.Values) {
				continue
			}
			if lit, ok := spec.Values[i].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				found = append(found, text(t, lit))
			}
		}
		return true
	})
	return found
}

func text(t *testing.T, lit *ast.BasicLit) string {
	t.Helper()
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
