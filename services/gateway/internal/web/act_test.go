package web

import (
	"go/ast"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/services/identity"
)

// Every act that the module's code writes into the audit log has its words in each
// language.
func TestActs_words(t *testing.T) {
	acts := auditActs(t)
	if len(acts) < 60 {
		t.Fatalf("only %d acts were found in the code", len(acts))
	}
	for _, lang := range Languages() {
		p := NewPrinter(lang)
		for _, act := range acts {
			if !p.Has("desk.act." + act) {
				t.Errorf("%s lacks desk.act.%s", lang, act)
			}
		}
	}
}

// doing is what is put before an act's name when it is done.
var doing = map[string][]string{
	"_phase": {event.Open, event.Close},
	"_mail":  spelled([]identity.MailAct{identity.HoldMail, identity.ReleaseMail, identity.WithdrawMail, identity.RetryMail}),
}

// anAct is what an act is called like.
var anAct = regexp.MustCompile(`^[a-z]+(_[a-z]+)+$`)

// auditActs finds the acts of the audit log: what calls of Record, and of functions
// that hand a parameter on to it, give as literals or by names that stand for them.
func auditActs(t *testing.T) []string {
	t.Helper()
	found := map[string]bool{}
	for dir, files := range sources(t, "../../../..") {
		recorders := map[string]int{"Record": 4} // which argument is the act
		for before := -1; before != len(recorders); {
			before = len(recorders)
			for _, f := range files {
				for _, d := range f.Decls {
					addRecorder(d, recorders)
				}
			}
		}
		values := literals(files)
		for _, f := range files {
			for _, d := range f.Decls {
				params := paramsOf(d)
				calls(d, func(call *ast.CallExpr, name string) {
					i, ok := recorders[name]
					if !ok || len(call.Args) <= i || name == "Record" && len(call.Args) != 7 {
						return
					}
					act := unconverted(call.Args[i])
					if id, ok := act.(*ast.Ident); ok && slices.Contains(params, id.Name) {
						return // it is handed on
					}
					known := false
					for _, text := range values.of(act) {
						texts := []string{text}
						if rest, ok := strings.CutPrefix(text, "*"); ok {
							texts = nil
							for _, does := range doing[rest] {
								texts = append(texts, does+rest)
							}
						}
						for _, text := range texts {
							if anAct.MatchString(text) {
								found[text], known = true, true
							}
						}
					}
					if !known && name == "Record" {
						t.Errorf("%s: which act is %v?", dir, act)
					}
				})
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// addRecorder adds a function that hands a parameter on as an act.
func addRecorder(d ast.Decl, recorders map[string]int) {
	f, ok := d.(*ast.FuncDecl)
	if !ok || f.Body == nil {
		return
	}
	params := paramsOf(d)
	calls(f.Body, func(call *ast.CallExpr, name string) {
		i, ok := recorders[name]
		if !ok || len(call.Args) <= i {
			return
		}
		if id, ok := unconverted(call.Args[i]).(*ast.Ident); ok {
			if at := slices.Index(params, id.Name); at >= 0 && recorders[f.Name.Name] == 0 {
				recorders[f.Name.Name] = at
			}
		}
	})
}

// paramsOf are the names of a function's parameters.
func paramsOf(d ast.Decl) (names []string) {
	f, ok := d.(*ast.FuncDecl)
	if !ok {
		return nil
	}
	for _, field := range f.Type.Params.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}

// unconverted is what stands in string(…).
func unconverted(e ast.Expr) ast.Expr {
	if call, ok := e.(*ast.CallExpr); ok && len(call.Args) == 1 {
		if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "string" {
			return call.Args[0]
		}
	}
	return e
}
