package fault_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const faultPath = "github.com/laurel-awards/laurel/pkg/fault"

// source is a file of the module that is not a test, by its path.
type source struct {
	name  string
	files *token.FileSet
	file  *ast.File
}

func (s source) dir() string { return path.Dir(s.name) }

func parsed(t *testing.T, name, src string) source {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return source{name, files, file}
}

// module are all files of the module but tests.
func module(t *testing.T) (all []source) {
	t.Helper()
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != ".":
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		src, err := fs.ReadFile(root, name)
		if err == nil {
			all = append(all, parsed(t, name, string(src)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 200 {
		t.Fatalf("only %d files were read", len(all))
	}
	return all
}

// TestField_literal holds that every field of a fault says its mistake as a
// code: outside this package fields are made by Wrong and its like. They are
// written out only where a code comes from elsewhere, as from an API's answer.
func TestField_literal(t *testing.T) {
	for _, s := range module(t) {
		if s.dir() == "pkg/fault" {
			continue
		}
		for _, at := range s.literals() {
			t.Errorf("%s: a fault.Field is written out; make it with fault.Wrong, so that it has a code", at)
		}
	}
}

func TestField_literal_planted(t *testing.T) {
	const src = `package planted

import (
	wrong "github.com/laurel-awards/laurel/pkg/fault"
)

type Field struct{ Name string }

var (
	none  wrong.Field
	empty = wrong.Field{}
	made  = []wrong.Field{wrong.Required("a")}
	other = []Field{{Name: "a"}}

	taken = wrong.Field{Name: "a", Code: empty.Code, Message: "is bad"}
	one   = wrong.Field{Name: "a", Message: "is bad"}
	point = &wrong.Field{"a", "", "is bad", nil, 0, 0}
	list  = []wrong.Field{{Name: "a"}}
	array = [...]*wrong.Field{{Name: "a"}}
	byKey = map[string]wrong.Field{"a": {Name: "a"}}
	coded = wrong.Field{Name: "a", Code: "bad"}
)
`
	want := []string{"planted.go:16", "planted.go:17", "planted.go:18", "planted.go:19", "planted.go:20", "planted.go:21"}
	if diff := cmp.Diff(want, parsed(t, "planted.go", src).literals()); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}

// literals are the places in a file where a Field is written out without a code
// of elsewhere, also as an item of a list or a map, which need not name its type.
func (s source) literals() (places []string) {
	alias := importName(s.file, faultPath)
	if alias == "" {
		return nil
	}
	isField := func(e ast.Expr) bool {
		if star, ok := e.(*ast.StarExpr); ok {
			e = star.X
		}
		sel, ok := e.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "Field" {
			return false
		}
		x, ok := sel.X.(*ast.Ident)
		return ok && x.Name == alias
	}
	add := func(lit *ast.CompositeLit) {
		if len(lit.Elts) > 0 && !hasCode(lit) {
			places = append(places, fmt.Sprintf("%s:%d", s.name, s.files.Position(lit.Pos()).Line))
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		lit, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		var item ast.Expr
		switch of := lit.Type.(type) {
		case *ast.ArrayType:
			item = of.Elt
		case *ast.MapType:
			item = of.Value
		}
		if isField(lit.Type) {
			add(lit)
		}
		if !isField(item) {
			return true
		}
		for _, e := range lit.Elts {
			if pair, ok := e.(*ast.KeyValueExpr); ok {
				e = pair.Value
			}
			if lit, ok := e.(*ast.CompositeLit); ok && lit.Type == nil {
				add(lit)
			}
		}
		return true
	})
	return places
}

// hasCode tells whether a literal takes its code from elsewhere.
func hasCode(lit *ast.CompositeLit) bool {
	return slices.ContainsFunc(lit.Elts, func(e ast.Expr) bool {
		pair, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return false
		}
		key, _ := pair.Key.(*ast.Ident)
		_, written := pair.Value.(*ast.BasicLit)
		return key != nil && key.Name == "Code" && !written
	})
}

// importName is the name under which a file imports a package; "" if it does not.
func importName(file *ast.File, wanted string) string {
	for _, imported := range file.Imports {
		if p, err := strconv.Unquote(imported.Path.Value); err != nil || p != wanted {
			continue
		}
		if imported.Name != nil {
			return imported.Name.Name
		}
		return path.Base(wanted)
	}
	return ""
}
