package bundle_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/reason"
)

// placeholders are the parameters that a text tells.
func placeholders(text string) (names []string) {
	for _, m := range regexp.MustCompile(`\{([a-z]+)[|?}]`).FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// tells holds a check to its text: it has each parameter that is told.
func tells(t *testing.T, r reason.Reason) {
	t.Helper()
	src, err := os.ReadFile("en.json")
	var texts map[string]string
	if err == nil {
		err = json.Unmarshal(src, &texts)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range placeholders(texts[r.Code]) {
		if !slices.ContainsFunc(r.Params, func(p reason.Param) bool { return p.Name == name }) {
			t.Errorf("%s does not tell %s: %+v", r.Code, name, r.Params)
		}
	}
}

// Every language has a text for each check that the code knows, and tells the same
// parameters.
func TestCatalogues(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var used []string
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?:\.hold|\.leave|[^.]\bfail)\("([a-z_]+)"|"(bundle_[a-z_]+)"`).FindAllSubmatch(src, -1) {
			if name := "bundle_" + strings.TrimPrefix(string(m[1])+string(m[2]), "bundle_"); !strings.HasSuffix(file, "_test.go") && !strings.HasSuffix(name, "_") {
				used = append(used, name)
			}
		}
	}
	used = append(used, "bundle_why_withheld", "bundle_why_no-vote", "bundle_why_unhashed")
	slices.Sort(used)
	used = slices.Compact(used)
	told := map[string]map[string][]string{}
	for _, lang := range reason.Languages() {
		src, err := os.ReadFile(lang + ".json")
		var texts map[string]string
		if err == nil {
			err = json.Unmarshal(src, &texts)
		}
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(used, slices.Sorted(maps.Keys(texts))); diff != "" {
			t.Errorf("%s (-used +texts):\n%s", lang, diff)
		}
		told[lang] = map[string][]string{}
		for code, text := range texts {
			told[lang][code] = placeholders(text)
		}
	}
	if diff := cmp.Diff(told["en"], told["zh-CN"]); diff != "" {
		t.Errorf("parameters (-en +zh-CN):\n%s", diff)
	}
}
