package rules

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const example = "../../../../../deploy/examples/craftsmen/rulebook.yaml"
	src, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := (&Check{Files: []string{example}, out: &out}).Run(); err != nil || !strings.HasSuffix(out.String(), "  "+example+"\n") {
		t.Errorf("%v %q", err, out.String())
	}
	bad := write("bad.yaml", strings.NewReplacer("seats: 2}", "seats: two}", "decision: {", "decision: {chair: x, ").Replace(string(src)))
	err = (&Check{Files: []string{bad, write("none.yaml", "laurel: [")}, out: &out}).Run()
	for _, want := range []string{
		bad + ":16:", `awards[0].seats: "two" is not a whole number`, "decision.chair: unknown key", "none.yaml:1:", "not readable as YAML",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if err := (&Check{Files: []string{filepath.Join(dir, "nothing")}, out: &out}).Run(); err == nil {
		t.Error("there is no such file")
	}
}
