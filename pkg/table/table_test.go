package table_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/table"
)

func cells(t *testing.T, rows []table.Row) [][]string {
	t.Helper()
	out := make([][]string, len(rows))
	for i, r := range rows {
		out[i] = r.Cells
	}
	return out
}

func TestReadAll_encodings(t *testing.T) {
	const text = "姓名,城市\n王小邮,兰州\n李快递,\"张掖,甘州\"\n"
	want := [][]string{{"姓名", "城市"}, {"王小邮", "兰州"}, {"李快递", "张掖,甘州"}}
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	rare := "姓名,城市\n㐀𠀀,兰州\n"
	gb18030, err := simplifiedchinese.GB18030.NewEncoder().String(rare)
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		body string
		want [][]string
	}{
		"utf-8":     {text, want},
		"bom":       {"\uFEFF" + text, want},
		"crlf":      {strings.ReplaceAll(text, "\n", "\r\n"), want},
		"gbk":       {gbk, want},
		"gb18030":   {gb18030, [][]string{{"姓名", "城市"}, {"㐀𠀀", "兰州"}}},
		"utf-16":    {utf16, want},
		"empty":     {"", nil},
		"bom alone": {"\uFEFF", nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(c.body), io.LimitReader(strings.NewReader(c.body), 1<<20)} {
				rows, err := table.ReadAll(r, table.Limits{})
				if err != nil {
					t.Fatal(err)
				}
				got := cells(t, rows)
				if len(got) == 0 {
					got = nil
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Fatalf("rows (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// A character cut by the edge of a read buffer is still one character.
func TestReadAll_longUTF8(t *testing.T) {
	for pad := range 4 {
		body := strings.Repeat("x", pad) + strings.Repeat("奖", 100_000)
		rows, err := table.ReadAll(strings.NewReader(body), table.Limits{})
		if err != nil || len(rows) != 1 || rows[0].Cells[0] != body {
			t.Fatalf("pad %d: %d rows, err %v", pad, len(rows), err)
		}
	}
}

func TestReadAll_lines(t *testing.T) {
	rows, err := table.ReadAll(strings.NewReader("a,b\n\n,\n\"two\nlines\",1\nc,x\n"), table.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, r := range rows {
		lines = append(lines, r.Line)
	}
	if diff := cmp.Diff([]int{1, 4, 6}, lines); diff != "" {
		t.Error(diff)
	}
	if got := rows[2].Ref(1); got != "line 6, column 2" {
		t.Errorf("Ref = %q", got)
	}
	if got := rows[2].Wrong(1, "votes", "not_a_number", "is no number"); got.Line != 6 || got.Column != 2 || got.Name != "votes" {
		t.Errorf("Wrong = %+v", got)
	}
	if rows[2].Cell(9) != "" || rows[2].Cell(-1) != "" {
		t.Error("a cell beyond the row has text")
	}
}

func TestOpen_refuses(t *testing.T) {
	var bomb bytes.Buffer
	if err := table.WriteXLSX(&bomb, table.Sheet{Header: []string{strings.Repeat("0", 32_000)}, Rows: func(yield func([]string) bool) {
		for range 200 {
			if !yield([]string{strings.Repeat("0", 32_000)}) {
				return
			}
		}
	}}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		body   string
		limits table.Limits
		code   string
		line   int
	}{
		"bytes":          {"a,b\n1,2\n", table.Limits{Bytes: 4}, "table_too_large", 0},
		"rows":           {"a\nb\nc\n", table.Limits{Rows: 2}, "table_too_large", 0},
		"columns":        {"a,b,c\n", table.Limits{Columns: 2}, "table_too_large", 0},
		"bomb":           {bomb.String(), table.Limits{Unzipped: 1 << 20}, "table_too_large", 0},
		"old excel":      {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", table.Limits{}, "table_unreadable", 0},
		"not a workbook": {"PK\x03\x04 and no more", table.Limits{}, "table_unreadable", 0},
		"quote":          {"a,b\n1,x\"y\n", table.Limits{}, "table_unreadable", 2},
		"open quote":     {"a,b\n1,\"y\n", table.Limits{}, "table_unreadable", 2},
		"no encoding":    {"a\nb\n\xFF\xFF\n", table.Limits{}, "table_unreadable", 3},
		"bom and gbk":    {"\uFEFFa\n\xCD\xF5,1\n", table.Limits{}, "table_unreadable", 2},
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(c.body), io.LimitReader(strings.NewReader(c.body), 1<<30)} {
				_, err := table.ReadAll(r, c.limits)
				if !fault.HasCode(err, c.code) {
					t.Fatalf("err = %v, want %s", err, c.code)
				}
				if c.line > 0 && fault.From(err).Fields[0].Line != c.line {
					t.Errorf("fields = %+v, want line %d", fault.From(err).Fields, c.line)
				}
			}
		})
	}
}

func book(t *testing.T, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f)
	var b bytes.Buffer
	if _, err := f.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestReadAll_xlsx(t *testing.T) {
	body := book(t, func(f *excelize.File) {
		day, err := f.NewStyle(&excelize.Style{NumFmt: 14})
		must(t, err)
		own := `yyyy"年"m"月"`
		month, err := f.NewStyle(&excelize.Style{CustomNumFmt: &own})
		must(t, err)
		two, err := f.NewStyle(&excelize.Style{NumFmt: 2})
		must(t, err)
		percent, err := f.NewStyle(&excelize.Style{NumFmt: 9})
		must(t, err)
		must(t, f.SetCellStr("Sheet1", "A2", "姓名"))
		must(t, f.SetCellDefault("Sheet1", "B2", "7.2999999999999998"))
		must(t, f.SetCellStr("Sheet1", "C2", "7.2999999999999998"))
		must(t, f.SetCellDefault("Sheet1", "D2", "1.0000000000000001E-5"))
		must(t, f.SetCellStr("Sheet1", "E2", "1E5"))
		must(t, f.SetCellDefault("Sheet1", "F2", "46143"))
		must(t, f.SetCellStyle("Sheet1", "F2", "F2", day))
		must(t, f.SetCellDefault("Sheet1", "G2", "46143"))
		must(t, f.SetCellDefault("Sheet1", "H2", "7.345"))
		must(t, f.SetCellStyle("Sheet1", "H2", "H2", two))
		must(t, f.SetCellDefault("Sheet1", "I2", "46143.5"))
		must(t, f.SetCellStyle("Sheet1", "I2", "I2", month))
		must(t, f.SetCellStr("Sheet1", "C4", "after a gap"))
		must(t, f.SetCellStr("Sheet1", "D4", "  "))
		must(t, f.SetCellDefault("Sheet1", "F4", "0.28999999999999998"))
		must(t, f.SetCellStyle("Sheet1", "F4", "F4", percent))
		must(t, f.SetCellStr("Sheet1", "J4", "０１２"))
	})
	rows, err := table.ReadAll(bytes.NewReader(body), table.Limits{})
	must(t, err)
	want := [][]string{
		{"姓名", "7.3", "7.2999999999999998", "0.00001", "1E5", "2026-05-01", "46143", "7.345", "2026-05-01 12:00:00"},
		{"", "", "after a gap", "  ", "", "29%", "", "", "", "０１２"},
	}
	if diff := cmp.Diff(want, cells(t, rows)); diff != "" {
		t.Fatalf("rows (-want +got):\n%s", diff)
	}
	if rows[1].Line != 4 || rows[1].Ref(2) != "C4" {
		t.Errorf("line %d, ref %s", rows[1].Line, rows[1].Ref(2))
	}
}

func TestReader_Pictures(t *testing.T) {
	var dot bytes.Buffer
	must(t, png.Encode(&dot, image.NewGray(image.Rect(0, 0, 3, 2))))
	body := book(t, func(f *excelize.File) {
		must(t, f.SetCellStr("Sheet1", "A1", "照片"))
		must(t, f.SetCellStr("Sheet1", "A2", "王小邮"))
		must(t, f.AddPictureFromBytes("Sheet1", "B2", &excelize.Picture{Extension: ".png", File: dot.Bytes(), Format: &excelize.GraphicOptions{}}))
	})
	r, err := table.Open(t.Context(), bytes.NewReader(body), table.Options{})
	must(t, err)
	defer r.Close()
	for err == nil {
		_, err = r.Next()
	}
	pictures, err := r.Pictures()
	must(t, err)
	if len(pictures) != 1 || pictures[0].Line != 2 || !pictures[0].In(1) || pictures[0].In(0) || pictures[0].Extension != ".png" {
		t.Fatalf("pictures %+v", pictures)
	}
	if got, err := pictures[0].Body(); err != nil || !bytes.Equal(got, dot.Bytes()) {
		t.Fatalf("another picture, error %v", err)
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{" a\u3000": "a", "\uFEFF王 小\u200B": "王 小", "（甲）": "（甲）", "": ""} {
		if got := table.Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"１２．５": "12.5", " ＡＢ\u3000": "AB", "９０％": "90%", "plain ": "plain"} {
		if got := table.Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"=1+1": "'=1+1", "-3.5": "-3.5", "-cmd": "'-cmd", "@x": "'@x", "王": "王", "": ""} {
		if got := table.Guard(in); got != want {
			t.Errorf("Guard(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWrite_readsBack(t *testing.T) {
	rows := [][]string{{"王小邮", "7.30", "=1+1"}, {"李,快递", "123456789012345.678", "\"q\""}, {"c", "", "two\nlines"}}
	sheet := table.Sheet{
		Name: "结果", Header: []string{"candidate", "total", "explain"}, Numeric: []bool{false, true, false},
		Rows: slices.Values(rows),
	}
	var csv, xlsx bytes.Buffer
	must(t, table.WriteCSV(&csv, sheet))
	must(t, table.WriteXLSX(&xlsx, sheet))

	back, err := table.ReadAll(&csv, table.Limits{})
	must(t, err)
	if diff := cmp.Diff(append([][]string{sheet.Header}, rows...), cells(t, back)); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}
	back, err = table.ReadAll(&xlsx, table.Limits{})
	must(t, err)
	inSheet := [][]string{sheet.Header, {"王小邮", "7.3", "=1+1"}, rows[1], rows[2]}
	if diff := cmp.Diff(inSheet, cells(t, back)); diff != "" {
		t.Errorf("XLSX (-want +got):\n%s", diff)
	}
}

// Whatever a file holds, reading ends in rows within the limits or a fault.
func FuzzReadAll(f *testing.F) {
	f.Add([]byte("candidate,votes\n1,10\n"))
	f.Add([]byte("\uFEFF姓名,票数\r\n\"a\"\"b\",１０\r\n"))
	f.Add([]byte("\xD0\xD5\xC3\xFB,1\n"))
	f.Add([]byte("\xFF\xFEa\x00,\x00b\x00"))
	var b bytes.Buffer
	if err := table.WriteXLSX(&b, table.Sheet{Header: []string{"a", "1.5"}, Rows: slices.Values([][]string{{"x", "2"}})}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	limits := table.Limits{Bytes: 1 << 20, Unzipped: 4 << 20, Rows: 1000, Columns: 64}
	f.Fuzz(func(t *testing.T, body []byte) {
		rows, err := table.ReadAll(bytes.NewReader(body), limits)
		var e *fault.Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("an error that is no fault: %v", err)
		}
		last := 0
		for _, r := range rows {
			if len(r.Cells) > limits.Columns || len(r.Cells) == 0 || r.Line <= last {
				t.Fatalf("row %d of %d columns after row %d", r.Line, len(r.Cells), last)
			}
			last = r.Line
		}
	})
}
