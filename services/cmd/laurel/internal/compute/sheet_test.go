package compute

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

const byVotes = `
awards: [{id: w, seats: 1}]
composite: {components: [{source: votes, weight: 1, convert: {method: proportional, top: 100}}]}
`

// workbook writes sheets of rows.
func workbook(t *testing.T, fill func(f *excelize.File), sheets map[string][][]any) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for name, rows := range sheets {
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			cell, err := excelize.CoordinatesToCellName(1, i+1)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.SetSheetRow(name, cell, &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.DeleteSheet("Sheet1"); err != nil {
		t.Fatal(err)
	}
	fill(f)
	path := filepath.Join(t.TempDir(), "book.xlsx")
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// Nobody is called 合计: a total's row or column is refused by its place, with a
// list of candidates and without.
func TestCommand_totals(t *testing.T) {
	const ranked = "awards: [{id: w, seats: 1}]\ncomposite: {components: [{source: ranked, method: irv}]}"
	const scored = "awards: [{id: w, seats: 1}]\nreview: {panels: [{id: p, criteria: [{id: c}]}]}\ncomposite: {components: [{source: \"panel:p\"}]}"
	const header = "panel,juror,candidate,criterion,score\np,甲,A,c,3\n"
	for name, c := range map[string]struct {
		command Command
		want    string
	}{
		"votes":          {files(t, byVotes, "", "candidate,votes\n王小邮,320\n李快,280\n合计,600\n", "", ""), `votes.csv:4:1: "合计" is the label of a total`},
		"listed":         {files(t, byVotes, "candidate\n王小邮\n合 计\n", "candidate,votes\n王小邮,320\n", "", ""), `candidates.csv:3:1: "合 计" is the label of a total`},
		"in English":     {files(t, byVotes, "", "candidate,votes\nA,3\nGrand Total:,3\n", "", ""), `votes.csv:3:1: "Grand Total:" is the label of a total`},
		"scores":         {files(t, scored, "", "", header+"p,甲,平均,c,3\n", ""), `scores.csv:3:3: "平均" is the label of a total`},
		"a juror's":      {files(t, scored, "", "", header+"p,sum,A,c,3\n", ""), `scores.csv:3:2: "sum" is the label of a total`},
		"a pair":         {files(t, byVotes, "", "candidate,votes\nA,3\n合计/Total,3\n", "", ""), `votes.csv:3:1: "合计/Total" is the label of a total`},
		"to nobody":      {files(t, byVotes, "", "candidate,votes\nA,3\n弃权,5\n", "", ""), `votes.csv:3:1: "弃权" is the label of a total`},
		"a criterion's":  {files(t, scored, "", "", header+"p,甲,A,overall,3\n", ""), `scores.csv:3:4: "overall" is the label of a total`},
		"ballots":        {files(t, ranked, "", "", "", "A,B,total\n1,2,3\n"), `ballots.csv:1:3: "total" is the label of a total`},
		"long ids":       {files(t, byVotes, "", "candidate,votes\n6.20102E+17,3\n", "", ""), "votes.csv:2:1: identifier: 6.20102E+17 is a number"},
		"another column": {files(t, byVotes, "", "candidate|votes\nA|3\n", "", ""), "separated by |"},
	} {
		err := c.command.Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	// A panel and a criterion may be called so by the rulebook, a candidate not.
	overall := strings.NewReplacer("id: p,", "id: all,", "id: c}", "id: overall}", "panel:p", "panel:all").Replace(scored)
	command := files(t, overall, "", "", "panel,juror,candidate,criterion,score\nall,甲,A,overall,3\n", "")
	if err := command.Run(t.Context()); err != nil {
		t.Error(err)
	}
	command = files(t, overall, "", "", "panel,juror,candidate,criterion,score\nall,甲,overall,overall,3\n", "")
	if err := command.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "scores.csv:2:3:") {
		t.Errorf("a candidate called overall: %v", err)
	}
}

// The sheet of a workbook that has the columns is read, and the answer names it
// and what was not read.
func TestCommand_sheets(t *testing.T) {
	votes := [][]any{{"candidate", "votes", "备注"}, {"王小邮", 320, "x"}, {"已撤回", 900, "y"}, {"李快", 280, ""}}
	hide := func(f *excelize.File) {
		active, err := f.GetSheetIndex("今年")
		if err != nil {
			t.Fatal(err)
		}
		f.SetActiveSheet(active) // which cannot be hidden
		for _, err := range []error{f.SetRowVisible("今年", 3, false), f.SetSheetVisible("去年", false, true)} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	path := workbook(t, hide, map[string][][]any{"去年": votes, "今年": votes, "说明": {{"请先读"}}})
	var out, told bytes.Buffer
	c := files(t, byVotes, "", "x", "", "")
	c.Votes, c.Format, c.out, c.err = path, "json", &out, &told
	if err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got document
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, w := range got.Warnings {
		codes = append(codes, w.Code)
	}
	want := []string{"columns_unused", "sheets_hidden", "sheets_unread", "rows_hidden"}
	if diff := cmp.Diff(want, codes); diff != "" || got.Sheets["votes"] != "今年" || got.Ranking[0].Candidate != "王小邮" {
		t.Errorf("%v %v\n%s", got.Sheets, got.Ranking, diff)
	}
	for _, text := range []string{"去年", "说明", "备注", "not read: 3"} {
		if !strings.Contains(told.String(), text) {
			t.Errorf("nobody hears of %q: %s", text, told.String())
		}
	}

	two := workbook(t, func(*excelize.File) {}, map[string][][]any{"甲": votes[:2], "乙": {votes[0], votes[3]}})
	c = files(t, byVotes, "", "x", "", "")
	c.Votes, c.Format, c.err = two, "json", &told
	if err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "all name the columns") {
		t.Errorf("two sheets: %v", err)
	}
	for _, sheet := range []string{"乙", "votes=乙"} {
		out.Reset()
		c.Sheet, c.out = []string{sheet}, &out
		if err := c.Run(t.Context()); err != nil || !strings.Contains(out.String(), "李快") || strings.Contains(out.String(), "王小邮") {
			t.Errorf("--sheet %s: %v, %s", sheet, err, out.String())
		}
	}
}

// Cells that cannot be read are mistakes by file, line and column.
func TestCommand_cells(t *testing.T) {
	path := workbook(t, func(f *excelize.File) {
		if err := f.SetCellFormula("S", "B3", "SUM(B1:B2)"); err != nil {
			t.Fatal(err)
		}
	}, map[string][][]any{"S": {{"candidate", "votes"}, {"A", 1}, {"B", nil}, {620102199001011234, 3}}})
	c := files(t, byVotes, "", "x", "", "")
	c.Votes = path
	err := c.Run(t.Context())
	for _, want := range []string{"book.xlsx:3:2: votes: the formula", "book.xlsx:4:1: identifier: 62010219900101"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
