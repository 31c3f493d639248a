package compute

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/ranking"
)

// What was computed before reasons had codes is computed still, to the last byte:
// testdata/written was written then.
func TestCommand_asWritten(t *testing.T) {
	dirs, err := filepath.Glob("testdata/written/*")
	if err != nil || len(dirs) < 10 {
		t.Fatal(dirs, err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(dir, "result.json"))
			if err != nil {
				t.Fatal(err)
			}
			var was ranking.Result
			if err := json.Unmarshal(text, &was); err != nil {
				t.Fatal(err)
			}
			var now ranking.Result
			if err := json.Unmarshal(written(t, dir, Command{Format: "json"}), &now); err != nil {
				t.Fatal(err)
			}
			want, err := json.Marshal(was)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(now.AsWritten())
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want, got) {
				t.Error(cmp.Diff(was, *now.AsWritten()))
			}
			if bytes.Equal(text, got) || bytes.Contains(got, []byte(`"code"`)) {
				t.Error("the reasons have codes")
			}
		})
	}
}

// The reasons are codes, and sentences in the language that is asked for; all else
// is the same.
func TestCommand_lang(t *testing.T) {
	const dir = "testdata/written/panels"
	codes := written(t, dir, Command{Format: "json"})
	zh, en := written(t, dir, Command{Format: "json", Lang: "zh-CN"}), written(t, dir, Command{Format: "json", Lang: "en"})
	for _, c := range []struct {
		got  []byte
		want string
	}{
		{codes, `{"code":"trimmed_mean","params":[{"name":"scores","unit":"points","values":[`},
		{zh, `"总分：`},
		{zh, "的中位数 = "},
		{en, `"total: `},
		{written(t, dir, Command{Format: "csv", Lang: "zh-CN"}), "公众投票："},
		{written(t, dir, Command{Format: "table", Lang: "zh-CN"}), "\n理由：\n"},
		{written(t, dir, Command{Format: "table"}), "\nwhy:\n"},
	} {
		if !bytes.Contains(c.got, []byte(c.want)) {
			t.Errorf("no %s in\n%.2000s", c.want, c.got)
		}
	}
	var ranked [3]ranking.Result
	for i, text := range [][]byte{codes, zh, en} {
		if err := json.Unmarshal(text, &ranked[i]); err != nil {
			t.Fatal(err)
		}
		for k := range ranked[i].Ranking {
			ranked[i].Ranking[k].Explain = nil
		}
	}
	if diff := cmp.Diff(ranked[0], ranked[1]) + cmp.Diff(ranked[0], ranked[2]); diff != "" {
		t.Error(diff)
	}
}

// written runs the command on the files of a folder.
func written(t *testing.T, dir string, c Command) []byte {
	t.Helper()
	for name, flag := range map[string]*string{"votes": &c.Votes, "scores": &c.Scores, "candidates": &c.Candidates, "ballots": &c.Ballots} {
		if path := filepath.Join(dir, name+".csv"); exists(path) {
			*flag = path
		}
	}
	var out bytes.Buffer
	c.Rulebook, c.out, c.err = filepath.Join(dir, "rulebook.yaml"), &out, new(bytes.Buffer)
	if err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
