package deploy_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurity_page holds that each test that docs/security.md names exists, and
// that each of its points names one or is marked as a limit.
func TestSecurity_page(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
	if err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, found := range declared.FindAllSubmatch(text, -1) {
			tests[string(found[1])] = true
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	page := string(read(t, "../docs/security.md"))
	named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(page, -1)
	if len(named) < 60 {
		t.Errorf("only %d tests are named", len(named))
	}
	for _, name := range named {
		if !tests[name[1]] {
			t.Errorf("there is no %s", name[1])
		}
	}
	_, points, _ := strings.Cut(page, "## Accounts")
	for _, point := range regexp.MustCompile(`\n\n|\n- `).Split(points, -1) {
		if point = strings.TrimSpace(point); point == "" || strings.HasPrefix(point, "## ") {
			continue
		}
		if !strings.Contains(point, "`Test") && !strings.Contains(point, "**Limit**") {
			t.Errorf("neither held by a test nor marked as a limit: %s", point)
		}
	}
}
