package compute

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/table"
)

const rules = `
awards: [{id: winner, seats: 1}]
review: {panels: [{id: experts, scale: {min: 0, max: 10, step: 0.5}, criteria: [{id: 事迹, weight: 50%}, {id: 服务, weight: 50%}]}]}
composite:
  components: [{source: votes, weight: 40%, convert: {method: proportional}}, {source: "panel:experts", weight: 6}]
quotas: [{attribute: employer, max: 1}]
`

const (
	goodCandidates = "candidate,employer\n王小邮,邮政\n李快递,顺丰\n"
	goodVotes      = "candidate,votes\n王小邮,100\n李快递,50\n"
	goodScores     = "panel,juror,candidate,criterion,score\n" +
		"experts,甲,王小邮,事迹,8\nexperts,甲,王小邮,服务,9\nexperts,甲,李快递,事迹,10\nexperts,甲,李快递,服务,9.5\n"
)

// files writes the command's files; an empty text leaves the flag unset.
func files(t *testing.T, rules, candidates, votes, scores, ballots string) Command {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		if text == "" {
			return ""
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return Command{
		Rulebook: write("rulebook.yaml", rules), Candidates: write("candidates.csv", candidates),
		Votes: write("votes.csv", votes), Scores: write("scores.csv", scores), Ballots: write("ballots.csv", ballots),
	}
}

func gbk(t *testing.T, text string) string {
	t.Helper()
	out, err := simplifiedchinese.GBK.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// However a spreadsheet was saved, the result is the same.
func TestCommand_encodings(t *testing.T) {
	want := result(t, files(t, rules, goodCandidates, goodVotes, goodScores, ""))
	var xlsx bytes.Buffer
	rows, err := table.ReadAll(strings.NewReader(goodScores), table.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if err := table.WriteXLSX(&xlsx, table.Sheet{
		Header: rows[0].Cells, Numeric: []bool{false, false, false, false, true},
		Rows: func(yield func([]string) bool) {
			for _, r := range rows[1:] {
				if !yield(r.Cells) {
					return
				}
			}
		},
	}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Command{
		"byte-order mark":   files(t, rules, "\uFEFF"+goodCandidates, "\uFEFF"+goodVotes, "\uFEFF"+goodScores, ""),
		"gbk":               files(t, rules, gbk(t, goodCandidates), gbk(t, goodVotes), gbk(t, goodScores), ""),
		"full-width digits": files(t, rules, goodCandidates, strings.ReplaceAll(goodVotes, "100", "１００"), strings.ReplaceAll(goodScores, "9.5", "９．５"), ""),
		"white space":       files(t, rules, goodCandidates, strings.ReplaceAll(goodVotes, ",", " ,\u3000"), goodScores, ""),
		"heading":           files(t, rules, goodCandidates, "Votes,ＣＡＮＤＩＤＡＴＥ\n100,王小邮\n50,李快递\n", goodScores, ""),
		"crlf":              files(t, rules, strings.ReplaceAll(goodCandidates, "\n", "\r\n"), goodVotes, goodScores, ""),
		"semicolons":        files(t, rules, strings.ReplaceAll(goodCandidates, ",", ";"), goodVotes, strings.ReplaceAll(goodScores, ",", ";"), ""),
		"tabs":              files(t, rules, strings.ReplaceAll(goodCandidates, ",", "\t"), "sep=\t\n"+strings.ReplaceAll(goodVotes, ",", "\t"), goodScores, ""),
		"cr":                files(t, rules, strings.ReplaceAll(goodCandidates, "\n", "\r"), goodVotes, strings.ReplaceAll(goodScores, "\n", "\r"), ""),
		"xlsx":              files(t, rules, goodCandidates, goodVotes, xlsx.String(), ""),
	} {
		t.Run(name, func(t *testing.T) {
			got := result(t, c)
			got.Sheets, got.Warnings = nil, nil
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("result (-UTF-8 +%s):\n%s", name, diff)
			}
		})
	}
}

func TestCommand_refuses(t *testing.T) {
	const irv = "composite: {components: [{source: ranked, method: irv}]}"
	for name, c := range map[string]struct {
		command Command
		want    []string
	}{
		"rulebook": {
			files(t, strings.Replace(rules, "seats: 1", "seats: -1", 1), goodCandidates, goodVotes, goodScores, ""),
			[]string{"rulebook.yaml:2:30: awards[0].seats: "},
		},
		"no votes": {files(t, rules, goodCandidates, "", goodScores, ""), []string{"--votes is needed"}},
		"no scores, no candidates": {
			files(t, rules, "", goodVotes, "", ""),
			[]string{"--scores is needed", "--candidates is needed"},
		},
		"empty file":  {files(t, rules, goodCandidates, "\n", goodScores, ""), []string{"votes.csv:1:1: the file is empty"}},
		"no column":   {files(t, rules, "candidate\n王小邮\n", goodVotes, goodScores, ""), []string{`candidates.csv:1:1: no column "employer"`}},
		"two columns": {files(t, rules, goodCandidates, "candidate,votes,votes\n", goodScores, ""), []string{`votes.csv:1:3: column "votes" is there twice`}},
		"bars": {
			files(t, rules, strings.ReplaceAll(goodCandidates, ",", "|"), goodVotes, goodScores, ""),
			[]string{"candidates.csv:1:1: ", "separated by |"},
		},
		"a number in two cells": {
			files(t, rules, goodCandidates, goodVotes+"李快递,1,000\n", goodScores+"experts,乙,王小邮,事迹,9,5\n", ""),
			[]string{`votes.csv:4:3: a cell without a column name above it: "000"`, `scores.csv:6:6: a cell without`},
		},
		"excused by an unknown criterion": {
			files(t, rules, goodCandidates, goodVotes, goodScores+"experts,乙,王小邮,技能,recused\nexperts,乙,王小邮,技能,\n", ""),
			[]string{`scores.csv:6:4: criterion: no criterion "技能"`, `scores.csv:7:4: criterion: no criterion "技能"`},
		},
		"every bad row": {
			files(t, rules, goodCandidates+"王小邮,顺丰\n", goodVotes+"张三,1\n王小邮,5\n李快递,many\n", goodScores+
				"judges,甲,王小邮,事迹,1\nexperts,甲,王小邮,技能,1\nexperts,甲,王小邮,事迹,1\nexperts,乙,王小邮,事迹,十\nexperts,乙,王小邮,事迹,11\nexperts,乙,张三,事迹,1\n", ""),
			[]string{
				`candidates.csv:4:1: candidate: candidate "王小邮" is there twice`,
				`votes.csv:4:1: candidate: no candidate "张三"`,
				`votes.csv:5:1: candidate: candidate "王小邮" has votes already`,
				`votes.csv:6:2: votes: "many" is not a whole number`,
				`scores.csv:6:1: panel: no panel "judges"`,
				`scores.csv:7:4: criterion: no criterion "技能"`,
				`scores.csv:8:4: criterion: juror "甲" has scored`,
				`scores.csv:9:5: score: "十" is not a decimal number`,
				`scores.csv:10:5: score: score 11 is off the scale`,
				`scores.csv:11:3: candidate: no candidate "张三"`,
			},
		},
		"missing scores": {
			files(t, rules, goodCandidates, goodVotes, strings.Replace(goodScores, "服务,9\n", "服务,\n", 1)+"experts,乙,李快递,事迹,1\n", ""),
			[]string{
				"experts / 王小邮: juror 甲's score by 服务 is missing", "experts / 王小邮: juror 乙's scores are missing",
				"experts / 李快递: juror 乙's score by 服务 is missing",
			},
		},
		"infeasible": {
			files(t, strings.Replace(rules, "employer, max: 1", "employer, value: 中通, min: 1", 1), goodCandidates, goodVotes, goodScores, ""),
			[]string{"quotas[0]: cannot be met: employer 中通, min 1"},
		},
		"broken CSV": {files(t, rules, goodCandidates, "candidate,votes\n\"王,1\n", goodScores, ""), []string{"votes.csv:2:"}},
		"ranks": {
			files(t, irv, "", "", "", "A,B,B\n1,2,3\n"),
			[]string{`ballots.csv:1:3: candidate "B" is there twice`},
		},
		"bad ranks": {
			files(t, irv, "", "", "", "A,B\n1,first\n0,2\n1,2,3\n"),
			[]string{`ballots.csv:2:2: B: "first" is not a rank`, `ballots.csv:3:1: A: "0" is not a rank`, "ballots.csv:4:3: a rank without a candidate"},
		},
		"no file": {Command{Rulebook: "nowhere.yaml"}, []string{"nowhere.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			c.command.Format, c.command.out = "json", &b
			err := c.command.Run(t.Context())
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q:\n%v", want, err)
				}
			}
			if b.Len() > 0 {
				t.Errorf("something was written: %s", b.String())
			}
		})
	}
}

func TestCommand_formats(t *testing.T) {
	c := files(t, rules, "candidate,employer\n=王小邮,邮政\n李快递,顺丰\n", strings.ReplaceAll(goodVotes, "王", "=王"), strings.ReplaceAll(goodScores, "王", "=王"), "")
	want := [][]string{
		{"candidate", "rank", "total", "panel:experts", "votes", "award"},
		{"=王小邮", "1", "91", "51", "40", "winner"},
		{"李快递", "2", "78.5", "58.5", "20", ""},
	}
	for _, format := range []string{"csv", "xlsx"} {
		c.Format, c.Output = format, filepath.Join(t.TempDir(), "result."+format)
		if err := c.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		body, err := os.ReadFile(c.Output)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := table.ReadAll(bytes.NewReader(body), table.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var got [][]string
		for _, r := range rows {
			got = append(got, append([]string{r.Cell(0)}, r.Cells[1:6]...))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
		if format == "csv" && !bytes.Contains(body, []byte("\n'=王小邮,")) {
			t.Errorf("a formula is not guarded: %s", body)
		}
	}
	var b bytes.Buffer
	c.Format, c.Output, c.out, c.Sensitivity = "table", "", &b, true
	if err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"rank  candidate  total", "1     =王小邮", "winner: 1 of 1 seats", "panel:experts: mean of 8.5", "weights at which"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, b.String())
		}
	}
}

// TestCommand_device writes to what is no file, and leaves it there: run by root,
// a result would otherwise take the place of /dev/null.
func TestCommand_device(t *testing.T) {
	c := files(t, rules, goodCandidates, goodVotes, goodScores, "")
	c.Format, c.Output = "json", filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(c.Output, 0o600); err != nil {
		t.Fatal(err)
	}
	pipe, err := os.OpenFile(c.Output, os.O_RDWR, 0) // waits for no writer
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	if err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if there, err := os.Lstat(c.Output); err != nil || there.Mode().Type() != os.ModeNamedPipe {
		t.Fatalf("it is %v now, %v", there.Mode(), err)
	}
	var result json.RawMessage
	if err := json.NewDecoder(pipe).Decode(&result); err != nil || !strings.Contains(string(result), "王小邮") {
		t.Errorf("%s, %v", result, err)
	}
}

// Recused, unassigned and abstained jurors are not missing.
func TestCommand_excused(t *testing.T) {
	for _, word := range []string{"recused", "unassigned", "Abstained", "回避"} {
		scores := goodScores + "experts,乙,王小邮,," + word + "\nexperts,乙,李快递,事迹,1\nexperts,乙,李快递,服务,1\n"
		out := result(t, files(t, rules, goodCandidates, goodVotes, scores, ""))
		if got := out.Ranking[0].Panels["experts"]; got.Score != "8.5" || got.Scores != 1 {
			t.Errorf("%s: %+v", word, got)
		}
	}
}

// The JSON has the documented shape.
func TestCommand_json(t *testing.T) {
	c := files(t, rules, goodCandidates, goodVotes, goodScores, "")
	var b bytes.Buffer
	c.Format, c.out = "json", &b
	if err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Ranking []struct {
			Candidate  string            `json:"candidate"`
			Rank       json.Number       `json:"rank"`
			Total      string            `json:"total"`
			Components map[string]string `json:"components"`
			Award      string            `json:"award"`
			Explain    []reason.Reason   `json:"explain"`
		} `json:"ranking"`
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	r := got.Ranking[0]
	if r.Candidate != "王小邮" || r.Rank != "1" || r.Total != "91" || r.Components["votes"] != "40" || r.Award != "winner" || len(r.Explain) < 3 {
		t.Errorf("first: %+v", r)
	}
}

// The flags are as documented, and the command tells its failure by its error.
func TestCommand_flags(t *testing.T) {
	var c Command
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(strings.Fields("--rulebook r --votes v --scores s --ballots b --candidates c --format xlsx --output o --lot l")); err != nil {
		t.Fatal(err)
	}
	want := Command{Rulebook: "r", Votes: "v", Scores: "s", Ballots: "b", Candidates: "c", Format: "xlsx", Output: "o", Lot: "l"}
	if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(c)); diff != "" {
		t.Error(diff)
	}
	var bare Command
	if parser, err = kong.New(&bare); err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"--votes", "v"}); err == nil {
		t.Error("no rulebook is needed")
	}
}

// The bar counts what is read where there is a terminal.
func TestCommand_progress(t *testing.T) {
	c := files(t, rules, goodCandidates, goodVotes, goodScores, "")
	var shown, out bytes.Buffer
	c.Format, c.out, c.err = "json", &out, &shown
	if err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(shown.String(), "reading") || strings.Contains(out.String(), "reading") {
		t.Errorf("shown: %q", shown.String())
	}
}
