package rulebook_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// TestDoc holds docs/rulebook.md to the code: every key that the reader takes
// is described in the section of its part of the rulebook, every word that a
// key knows is described, and no table has a key or word of which the code
// knows nothing.
func TestDoc(t *testing.T) {
	src, err := os.ReadFile("../../docs/rulebook.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(src)
	known := map[string]bool{}
	for _, key := range rulebook.Keys() {
		part, _, _ := strings.Cut(key, ".")
		name := key
		known[name] = true
		for strings.Contains(name, ".") {
			_, name, _ = strings.Cut(name, ".")
			known[name] = true
		}
		if !described(section(page, part), name) {
			t.Errorf("docs/rulebook.md does not describe `%s` in the section of `%s`", key, part)
		}
	}
	words := rulebook.KnownAttributes()
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
		words = append(words, constants(t, file)...)
	}
	for _, word := range words {
		if known[word] = true; !described(page, word) {
			t.Errorf("docs/rulebook.md does not describe `%s`", word)
		}
	}
	if len(known) < 150 {
		t.Errorf("only %d keys and words were found in the code", len(known))
	}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*) \\|").FindAllStringSubmatch(page, -1) {
		for _, word := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			if !known[word[1]] && !strings.HasPrefix(word[1], "--") {
				t.Errorf("docs/rulebook.md describes `%s`, which the code does not know", word[1])
			}
		}
	}
}

// section is the page's section whose heading names the part of the rulebook,
// else the first one.
func section(page, part string) string {
	sections := strings.Split(page, "\n## ")[1:]
	for _, s := range sections {
		if heading, _, _ := strings.Cut(s, "\n"); described(heading, part) {
			return s
		}
	}
	return sections[0]
}

// described tells whether the page has the word in code: `word`, `path.word`,
// or `word.…`.
func described(page, word string) bool {
	for _, form := range []string{"`" + word + "`", "." + word + "`", "`" + word + "."} {
		if strings.Contains(page, form) {
			return true
		}
	}
	return false
}

func TestKeys(t *testing.T) {
	keys := rulebook.Keys()
	seen := map[string]bool{}
	for _, key := range keys {
		if seen[key] {
			t.Errorf("%s is there twice", key)
		}
		seen[key] = true
	}
	for _, key := range []string{
		"laurel", "awards.seats", "phases.voting.opens", "phases.notice.shortened_to", "vetting.departments.veto",
		"voting.picks.max", "voting.limits.category", "voting.constituency.values", "review.panels.assign",
		"review.panels.scale.step", "review.panels.criteria.weight", "review.panels.aggregate.round.mode",
		"composite.components.convert.bands.score", "composite.components.convert.points", "composite.lot.source",
		"quotas.of", "decision.ballot",
	} {
		if !seen[key] {
			t.Errorf("%s is not there", key)
		}
	}
}

// constants are the words that a rulebook may have: the exported texts, without
// the codes of faults.
func constants(t *testing.T, file *ast.File) (found []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Type != nil { // a type of the code's own is no word of the format
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
