package people_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/identity/internal/people"
)

// TestRead reads lists as people keep them, and says each mistake at its line.
func TestRead(t *testing.T) {
	var sheet bytes.Buffer
	if err := table.WriteXLSX(&sheet, table.Sheet{Header: []string{"单位", "姓名", "电子邮箱"}, Rows: func(yield func([]string) bool) {
		_ = yield([]string{"总工会", "王芳", "wang@example.org"}) && yield([]string{"总工会", "李雷", ""})
	}}); err != nil {
		t.Fatal(err)
	}
	gbk, err := simplifiedchinese.GBK.NewEncoder().String("王芳 <wang@example.org>\n")
	if err != nil {
		t.Fatal(err)
	}
	wang := func(line int) people.Row { return people.Row{Line: line, Name: "王芳", Email: "wang@example.org"} }
	for name, c := range map[string]struct {
		text  string
		rows  []people.Row
		wrong []string // line code
	}{
		"lines": {
			"\n王芳 <wang@example.org>\r\n\"Li, Lei\" <li@example.org>;\nzhao@example.org\n钱＜qian@example.org＞\n",
			[]people.Row{
				wang(2),
				{Line: 3, Name: "Li, Lei", Email: "li@example.org"},
				{Line: 4, Email: "zhao@example.org"},
				{Line: 5, Name: "钱", Email: "qian@example.org"},
			},
			nil,
		},
		"lines with separators": {
			"王芳, wang@example.org\nwang2@example.org;王芳\n王芳\twang3@example.org\n王芳 wang4@example.org\n王芳，wang5@example.org",
			[]people.Row{
				wang(1),
				{Line: 2, Name: "王芳", Email: "wang2@example.org"},
				{Line: 3, Name: "王芳", Email: "wang3@example.org"},
				{Line: 4, Name: "王芳", Email: "wang4@example.org"},
				{Line: 5, Name: "王芳", Email: "wang5@example.org"},
			},
			nil,
		},
		"no address": {"王芳 <wang@example.org>\n李雷\n赵 <zhao@example.org\n", []people.Row{wang(1)}, []string{"2 line_without_address", "3 line_without_address"}},
		"CSV":        {"姓名,电话,邮箱\n王芳,1,wang@example.org\n李雷,2,\n", []people.Row{wang(2)}, []string{"3 required"}},
		"CSV, BOM":   {"\xEF\xBB\xBFName;Email\n王芳;wang@example.org\n", []people.Row{wang(2)}, nil},
		"XLSX":       {sheet.String(), []people.Row{wang(2)}, []string{"3 required"}},
		"GBK":        {gbk, []people.Row{wang(1)}, nil},
		"vCard": {
			"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:王芳\r\nEMAIL;TYPE=work:old@example.org\r\nitem1.EMAIL;TYPE=work,PREF:wang@exam\r\n ple.org\r\nEND:VCARD\r\n" +
				"BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E7=8E=8B;=E8=8A=\n=B3\nEMAIL:wang6@example.org\nEND:VCARD\n" +
				"BEGIN:VCARD\nFN:Li\\, Lei\nEND:VCARD\nBEGIN:VCARD\nFN:open\n",
			[]people.Row{{Line: 1, Name: "王芳", Email: "wang@example.org"}, {Line: 8, Name: "王 芳", Email: "wang6@example.org"}},
			[]string{"14 required", "17 card_open"},
		},
		"nothing":        {"\n \n", nil, nil},
		"no such column": {"姓名,电话\n王芳,1\n", nil, []string{"1 line_without_address", "2 line_without_address"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := people.Read(t.Context(), strings.NewReader(c.text))
			if err != nil {
				t.Fatal(err)
			}
			var wrong []string
			for _, p := range got.Problems {
				wrong = append(wrong, string(rune('0'+p.Line/10))+string(rune('0'+p.Line%10))+" "+p.Code)
			}
			for i := range wrong {
				wrong[i] = strings.TrimPrefix(wrong[i], "0")
			}
			if diff := cmp.Diff(c.rows, got.Rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.wrong, wrong); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := people.Read(t.Context(), strings.NewReader(strings.Repeat("x", people.MaxBytes+1))); err == nil {
		t.Error("a list without end is read")
	}
}

// FuzzRead makes sense of everything, or says what it cannot.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"a <b@c>", "BEGIN:VCARD\nEMAIL:x", "name,email\na,b@c", "PK\x03\x04", "<>@", "＜@＞"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := people.Read(t.Context(), strings.NewReader(text))
		for _, r := range got.Rows {
			if r.Email == "" || r.Line < 1 {
				t.Errorf("%q: %+v, %v", text, r, err)
			}
		}
	})
}
