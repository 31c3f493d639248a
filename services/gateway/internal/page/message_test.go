package page

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Both catalogues say the same things, with the same places to fill.
func TestMessages_complete(t *testing.T) {
	zh, en := loadPrinter(chinese), loadPrinter(english)
	places := regexp.MustCompile(`\{\w+\}`)
	set := func(text string) []string {
		return slices.Compact(slices.Sorted(slices.Values(places.FindAllString(text, -1))))
	}
	for key, text := range zh.texts {
		other, ok := en.texts[key]
		if !ok {
			t.Errorf("en lacks %s", key)
			continue
		}
		if text == "" || other == "" {
			t.Errorf("%s is empty", key)
		}
		if !slices.Equal(set(text), set(other)) {
			t.Errorf("%s fills %v in zh-CN and %v in en", key, set(text), set(other))
		}
	}
	for key, text := range en.texts {
		base, one := strings.CutSuffix(key, ".one")
		if _, ok := zh.texts[base]; !ok || !one && base != key {
			t.Errorf("zh-CN lacks %s", key)
		}
		if han := languageOfText(text, english) == chinese; han && key != "language.name" {
			t.Errorf("%s is not translated: %s", key, text)
		}
	}
}

// Every text that a page or the code asks for is there, and none is idle.
func TestMessages_used(t *testing.T) {
	zh := loadPrinter(chinese)
	asked := map[string]bool{}
	var prefixes []string
	take := func(name, src string, patterns ...string) {
		for _, pattern := range patterns {
			for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(src, -1) {
				if strings.HasSuffix(m[1], ".") {
					prefixes = append(prefixes, m[1])
					continue
				}
				if asked[m[1]] = true; !zh.has(m[1]) {
					t.Errorf("%s asks for %s, which no catalogue has", name, m[1])
				}
			}
		}
	}
	err := fs.WalkDir(templateFiles, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := fs.ReadFile(templateFiles, path)
		take(path, string(src), `\{\{(?:t|n) "([^"]+)"`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		take(file, string(src), `\b[TNt]\("([a-z][\w.]+)"`, `show\("([\w.]+)"`)
		for _, m := range regexp.MustCompile(`refuse\([\w.()]+, "([\w.]+)"`).FindAllStringSubmatch(string(src), -1) {
			take(file, `T("refusal.`+m[1]+`"`, `T\("([^"]+)"`)
		}
	}
	// Keys that the code puts together.
	prefixes = append(prefixes, "refusal.", "retry.", "rules.phase.", "source.", "attribute.", "problem.", "rules.")
	for key := range zh.texts {
		together := slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
		if !asked[key] && !together {
			t.Errorf("nobody asks for %s", key)
		}
	}
}

func TestPrinter(t *testing.T) {
	p := printer{texts: map[string]string{"a": "{n} of {max}, {n}", "b": "{n} things", "b.one": "{n} thing"}}
	for got, want := range map[string]string{
		p.T("a", "n", "{max}", "max", 3): "{max} of 3, {max}", // filled in once
		p.N("b", 1):                      "1 thing",
		p.N("b", 1234567):                "1,234,567 things",
		p.T("no such"):                   "no such",
		grouped(-1234):                   "-1,234",
		grouped(999):                     "999",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
