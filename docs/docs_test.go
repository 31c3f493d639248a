// Package docs_test holds the pages of documentation to each other.
package docs_test

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// pages are all texts of the project's own, by their paths from its root.
func pages(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, dir := range []string{"docs", "deploy", "services", "pkg", "scripts"} {
		err := filepath.WalkDir(filepath.Join("..", dir), func(path string, _ fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".md" {
				all = append(all, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"README.md", "README.zh-CN.md", "SECURITY.md", "CHANGELOG.md"} {
		all = append(all, filepath.Join("..", name))
	}
	return all
}

// page is a text without what is in it for programs.
type page struct {
	text   string   // without blocks of code
	blocks []string // of code
}

var fenced = regexp.MustCompile("(?ms)^( *)```.*?^ *```$")

func read(t *testing.T, path string) page {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return page{fenced.ReplaceAllString(string(text), ""), fenced.FindAllString(string(text), -1)}
}

// levels are those of the page's headings, in order.
func (p page) levels() (all []string) {
	for _, m := range regexp.MustCompile(`(?m)^(#+) .*$`).FindAllStringSubmatch(p.text, -1) {
		all = append(all, m[1])
	}
	return all
}

// anchors are what links within the page may name, as the forge makes them.
func (p page) anchors() (all []string) {
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(p.text, -1) {
		all = append(all, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, m[1]))
	}
	return all
}

// TestLinks finds links of the pages that lead nowhere in the project.
func TestLinks(t *testing.T) {
	links := 0
	for _, path := range pages(t) {
		for _, m := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(read(t, path).text, -1) {
			to, err := url.Parse(m[1])
			if err != nil {
				t.Errorf("%s: %s: %v", path, m[1], err)
				continue
			}
			if to.Scheme != "" {
				continue
			}
			links++
			target := path
			if to.Path != "" {
				target = filepath.Join(filepath.Dir(path), filepath.FromSlash(to.Path))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s leads to %s, which is not there", path, m[1])
			} else if to.Fragment != "" && filepath.Ext(target) == ".md" && !slices.Contains(read(t, target).anchors(), to.Fragment) {
				t.Errorf("%s leads to %s, and there is no such heading", path, m[1])
			}
		}
	}
	if links < 60 {
		t.Errorf("only %d links were looked at", links)
	}
}

// TestLanguages holds the pages in both languages to the same headings and the
// same commands.
func TestLanguages(t *testing.T) {
	pairs := map[string]string{"../README.md": "../README.zh-CN.md", "files.md": "files.zh-CN.md"}
	chinese, err := filepath.Glob("zh/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range chinese {
		pairs[filepath.Base(path)] = path
	}
	for _, name := range []string{"rulebook.md", "receipts.md", "running.md"} {
		if pairs[name] == "" {
			t.Errorf("zh/%s is not there", name)
		}
	}
	readme := read(t, "../README.zh-CN.md").text
	for english, chinese := range pairs {
		en, zh := read(t, english), read(t, chinese)
		if diff := cmp.Diff(en.levels(), zh.levels()); diff != "" {
			t.Errorf("headings (-%s +%s):\n%s", english, chinese, diff)
		}
		if strings.HasSuffix(english, "README.md") { // its comments are translated
			continue
		}
		if diff := cmp.Diff(en.blocks, zh.blocks); diff != "" {
			t.Errorf("commands (-%s +%s):\n%s", english, chinese, diff)
		}
		if !strings.Contains(readme, chinese) {
			t.Errorf("README.zh-CN.md does not lead to %s", chinese)
		}
		if link, err := filepath.Rel(filepath.Dir(english), chinese); err != nil || !strings.Contains(en.text, "("+link+")") {
			t.Errorf("%s does not lead to %s", english, link)
		}
	}
}
