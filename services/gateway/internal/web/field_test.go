package web

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var places = regexp.MustCompile(`\{(\w+)\}`)

// Every code of a field that the module's code gives has a text in each
// language, which its params fill in.
func TestField_codes(t *testing.T) {
	codes := fieldCodes(t)
	if len(codes) < 20 {
		t.Fatalf("only %d codes were found in the code", len(codes))
	}
	for _, lang := range Languages() {
		p := NewPrinter(lang)
		for _, code := range slices.Sorted(maps.Keys(codes)) {
			text, ok := p.texts["field."+code]
			if strings.Contains(code, "*") {
				continue // TestMessages_used
			}
			if !ok {
				t.Errorf("%s lacks field.%s, in English %q", lang, code, codes[code].message)
				continue
			}
			for _, place := range places.FindAllStringSubmatch(text, -1) {
				for _, params := range codes[code].params {
					if !slices.Contains(params, place[1]) {
						t.Errorf("%s: field.%s has a place {%s}, and somewhere its params are only %v", lang, code, place[1], params)
					}
				}
			}
		}
	}
}

// said is what the code says with a field's code.
type said struct {
	message string
	params  [][]string // of each call
}

// maker is a function that makes fields: fault.Wrong, and what hands its own
// parameter on to a maker.
type maker struct {
	code   int // which argument is the code; the message follows
	params []string
}

// fieldCodes finds the codes of all fields: what calls of makers give as
// literals, by a name that gets literals in the same function, by a constant or
// a field of a struct of the package, or from a function that returns literals.
func fieldCodes(t *testing.T) map[string]said {
	t.Helper()
	found := map[string]said{}
	exported := map[string]maker{"fault.Wrong": {code: 1}}
	packages := sources(t, "../../../..")
	for range 2 { // an exported maker of the one may be used in the other
		clear(found)
		for dir, files := range packages {
			own := maps.Clone(exported)
			if strings.HasSuffix(dir, "/pkg/fault") {
				own["Wrong"] = own["fault.Wrong"]
			}
			for before := -1; before != len(own); { // until no further maker is found
				before = len(own)
				for _, f := range files {
					makers(f, own)
				}
			}
			for name, m := range own {
				if ast.IsExported(name) && !strings.HasSuffix(dir, "/pkg/fault") {
					exported[name] = m
				}
			}
			values := literals(files)
			for _, f := range files {
				calls(f, func(call *ast.CallExpr, name string) {
					m, ok := own[name]
					if !ok || len(call.Args) < m.code+2 || handsOn(f, call, m.code) {
						return
					}
					message := ""
					if texts := values.of(call.Args[m.code+1]); len(texts) > 0 {
						message = texts[0]
					}
					for _, code := range values.of(call.Args[m.code]) {
						one := found[code]
						one.message = cmp.Or(one.message, message)
						one.params = append(one.params, append(names(call.Args[m.code+2:], values), m.params...))
						found[code] = one
					}
				})
			}
		}
	}
	maps.DeleteFunc(found, func(code string, _ said) bool {
		return !regexp.MustCompile(`^[a-z*][a-z0-9_*]*[a-z0-9]$`).MatchString(code)
	})
	return found
}

// sources are the module's packages without their tests.
func sources(t *testing.T, root string) map[string][]*ast.File {
	t.Helper()
	packages := map[string][]*ast.File{}
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		packages[filepath.Dir(path)] = append(packages[filepath.Dir(path)], f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

// calls hands every call with the bare name of what is called to f; what is
// fault's keeps its package.
func calls(n ast.Node, f func(call *ast.CallExpr, name string)) {
	ast.Inspect(n, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			switch fun := call.Fun.(type) {
			case *ast.Ident:
				f(call, fun.Name)
			case *ast.SelectorExpr:
				if id, ok := fun.X.(*ast.Ident); ok && id.Name == "fault" {
					f(call, "fault."+fun.Sel.Name)
				} else {
					f(call, fun.Sel.Name)
				}
			}
		}
		return true
	})
}

// handsOn tells whether a call is that of a maker with its own parameter.
func handsOn(f *ast.File, call *ast.CallExpr, code int) (does bool) {
	if id, ok := call.Args[code].(*ast.Ident); !ok || id.Name != "code" {
		return false
	}
	ast.Inspect(f, func(n ast.Node) bool {
		var kind *ast.FuncType
		switch n := n.(type) {
		case *ast.FuncDecl:
			kind = n.Type
		case *ast.FuncLit:
			kind = n.Type
		default:
			return true
		}
		for _, field := range kind.Params.List {
			for _, param := range field.Names {
				does = does || param.Name == "code" && n.Pos() <= call.Pos() && call.End() <= n.End()
			}
		}
		return true
	})
	return does
}

// makers adds the functions of a file that hand a parameter "code" on to a maker.
func makers(f *ast.File, known map[string]maker) {
	add := func(name string, kind *ast.FuncType, body ast.Node) {
		at, i := -1, 0
		for _, field := range kind.Params.List {
			for _, param := range field.Names {
				if param.Name == "code" {
					at = i
				}
				i++
			}
		}
		if _, ok := known[name]; ok || at < 0 || body == nil {
			return
		}
		calls(body, func(call *ast.CallExpr, callee string) {
			m, ok := known[callee]
			if !ok || len(call.Args) <= m.code {
				return
			}
			if id, ok := call.Args[m.code].(*ast.Ident); ok && id.Name == "code" {
				known[name] = maker{at, append(names(call.Args[min(m.code+2, len(call.Args)):], nil), m.params...)}
			}
		})
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Body != nil {
				add(n.Name.Name, n.Type, n.Body)
			}
		case *ast.AssignStmt:
			for i, right := range n.Rhs {
				if lit, ok := right.(*ast.FuncLit); ok && i < len(n.Lhs) {
					if id, ok := n.Lhs[i].(*ast.Ident); ok {
						add(id.Name, lit.Type, lit.Body)
					}
				}
			}
		}
		return true
	})
}

// names are the params' names among arguments: every second is one.
func names(args []ast.Expr, values texts) (found []string) {
	for i := 0; i < len(args); i += 2 {
		found = append(found, values.of(args[i])...)
	}
	return found
}

// mostTexts is how many texts a name may stand for: with more it is an address or
// a document, put together of others again and again, and no code.
const mostTexts = 300

// texts are the literals that a name of a package stands for.
type texts map[string][]string

func literals(files []*ast.File) texts {
	all := texts{}
	add := func(name string, value ast.Expr) {
		for _, text := range all.of(value) {
			if len(all[name]) < mostTexts && !slices.Contains(all[name], text) {
				all[name] = append(all[name], text)
			}
		}
	}
	structs := map[string][]string{}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if s, ok := spec.Type.(*ast.StructType); ok {
					for _, field := range s.Fields.List {
						for _, name := range field.Names {
							structs[spec.Name.Name] = append(structs[spec.Name.Name], name.Name)
						}
						if len(field.Names) == 0 { // embedded
							structs[spec.Name.Name] = append(structs[spec.Name.Name], "")
						}
					}
				}
			}
			return true
		})
	}
	for range 2 { // what is put together from names
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.AssignStmt:
					for i := range min(len(n.Lhs), len(n.Rhs)) {
						if id, ok := n.Lhs[i].(*ast.Ident); ok {
							add(id.Name, n.Rhs[i])
							if list, ok := n.Rhs[i].(*ast.CompositeLit); ok { // params := []any{"name", value, …}
								for j := 0; j < len(list.Elts); j += 2 {
									add(id.Name, list.Elts[j])
								}
							}
							if call, ok := n.Rhs[i].(*ast.CallExpr); ok && len(call.Args) > 1 { // append(params, "name", value)
								for j := 1; j < len(call.Args); j += 2 {
									add(id.Name, call.Args[j])
								}
							}
						}
					}
				case *ast.ValueSpec:
					for i := range min(len(n.Names), len(n.Values)) {
						add(n.Names[i].Name, n.Values[i])
					}
				case *ast.CompositeLit: // without the fields' names
					if id, ok := n.Type.(*ast.Ident); ok {
						for i := range min(len(n.Elts), len(structs[id.Name])) {
							add("."+structs[id.Name][i], n.Elts[i])
						}
					}
				case *ast.KeyValueExpr:
					if id, ok := n.Key.(*ast.Ident); ok {
						add("."+id.Name, n.Value)
					}
				case *ast.FuncDecl:
					if n.Body != nil {
						ast.Inspect(n.Body, func(inner ast.Node) bool {
							if r, ok := inner.(*ast.ReturnStmt); ok && len(r.Results) > 0 {
								add(n.Name.Name+"()", r.Results[0])
							}
							return true
						})
					}
				}
				return true
			})
		}
	}
	return all
}

// of gives what an expression may be.
func (v texts) of(e ast.Expr) []string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return []string{s}
		}
	case *ast.Ident:
		return v[e.Name]
	case *ast.SelectorExpr:
		return v["."+e.Sel.Name]
	case *ast.CallExpr:
		switch fun := e.Fun.(type) {
		case *ast.Ident:
			return v[fun.Name+"()"]
		case *ast.SelectorExpr:
			return v[fun.Sel.Name+"()"]
		}
	case *ast.BinaryExpr:
		left, right := orAny(v.of(e.X)), orAny(v.of(e.Y))
		if e.Op != token.ADD || len(left)*len(right) > mostTexts {
			return nil
		}
		var all []string
		for _, left := range left {
			for _, right := range right {
				if !strings.HasSuffix(left, right) { // code = code + "_waiting", seen twice
					all = append(all, left+right)
				}
			}
		}
		return all
	}
	return nil
}

// orAny is * for what cannot be known here.
func orAny(found []string) []string {
	if len(found) == 0 {
		return []string{"*"}
	}
	return found
}
