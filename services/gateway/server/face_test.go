package server_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/services/identity"
)

const internal = "github.com/laurel-awards/laurel/services/gateway/internal/"

// parse reads a package's files but for its tests.
func parse(t *testing.T, dir string) (*token.FileSet, []*ast.File) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	set, files := token.NewFileSet(), []*ast.File{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, filepath.Join(dir, e.Name()), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		t.Fatalf("%s has no files", dir)
	}
	return set, files
}

// TestFaces finds what a face must not do: it decides nothing about who may do
// what, which is the table's in package app; it asks no service but through app;
// and it knows no other face.
func TestFaces(t *testing.T) {
	var roles []string
	for _, r := range identity.Roles() {
		roles = append(roles, strings.ToUpper(string(r[:1]))+string(r[1:]))
	}
	decides := []string{"May", "Grants", "NewClient"}
	for face, others := range map[string][]string{"api": {"page", "desk"}, "page": {"api", "desk"}, "desk": {"api", "page"}} {
		set, files := parse(t, "../internal/"+face)
		for _, f := range files {
			for _, i := range f.Imports {
				path := strings.Trim(i.Path.Value, `"`)
				for _, other := range others {
					if path == internal+other {
						t.Errorf("%s: %s imports %s", set.Position(i.Pos()), face, other)
					}
				}
				if strings.HasSuffix(path, "/pkg/bus") {
					t.Errorf("%s: %s speaks to NATS", set.Position(i.Pos()), face)
				}
			}
			ast.Inspect(f, func(n ast.Node) bool {
				s, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "identity" && slices.Contains(roles, s.Sel.Name) {
					t.Errorf("%s: %s names the role %s", set.Position(s.Pos()), face, s.Sel.Name)
				}
				if slices.Contains(decides, s.Sel.Name) {
					t.Errorf("%s: %s decides by %s", set.Position(s.Pos()), face, s.Sel.Name)
				}
				return true
			})
		}
	}
}

// TestActs_decided finds a method of App that a face can call for somebody and
// that asks the table nothing: it begins with may, do or doIn, or leads to one
// that does. A method without a context asks for nobody.
func TestActs_decided(t *testing.T) {
	asks := []string{"may", "do", "doIn", "atRate", "changeRole"} // the last two ask may themselves
	undecided := []string{"Enter", "OrUnknown", "Run"}
	set, files := parse(t, "../internal/app")
	calls, where := map[string][]string{}, map[string]token.Pos{}
	for _, f := range files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil {
				continue
			}
			if star, ok := fn.Recv.List[0].Type.(*ast.StarExpr); !ok || star.X.(*ast.Ident).Name != "App" {
				continue
			}
			if takesContext(fn) {
				where[fn.Name.Name] = fn.Pos()
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				switch f := call.Fun.(type) {
				case *ast.Ident: // do
					calls[fn.Name.Name] = append(calls[fn.Name.Name], f.Name)
				case *ast.SelectorExpr: // a.may
					if x, ok := f.X.(*ast.Ident); ok && x.Name == "a" {
						calls[fn.Name.Name] = append(calls[fn.Name.Name], f.Sel.Name)
					}
				}
				return true
			})
		}
	}
	var decides func(name string) bool
	decides = func(name string) bool {
		return slices.ContainsFunc(calls[name], func(called string) bool {
			return slices.Contains(asks, called) || called != name && where[called] != 0 && decides(called)
		})
	}
	methods := 0
	for name, pos := range where {
		if !ast.IsExported(name) || slices.Contains(undecided, name) {
			continue
		}
		methods++
		if !decides(name) {
			t.Errorf("%s: App.%s does not say which act it is: begin with may, do or doIn", set.Position(pos), name)
		}
	}
	if methods < 55 {
		t.Errorf("only %d methods were looked at", methods)
	}
}

func takesContext(fn *ast.FuncDecl) bool {
	if len(fn.Type.Params.List) == 0 {
		return false
	}
	s, ok := fn.Type.Params.List[0].Type.(*ast.SelectorExpr)
	return ok && s.Sel.Name == "Context"
}
