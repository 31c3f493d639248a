package table_test

import (
	"archive/zip"
	"bytes"
	"image"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/laurel-awards/laurel/pkg/table"
)

// marked is a file with marks.
func marked(t *testing.T, body []byte, m table.Marking) []byte {
	t.Helper()
	m.Heading, m.Headings, m.Author = "检查结果", []string{"Check result"}, "Laurel"
	var out bytes.Buffer
	if err := table.WriteMarked(t.Context(), &out, body, m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A workbook keeps what people made of it: formats, pictures, other sheets,
// hidden columns. The marks are in the cells, in comments and in a column beyond
// the last, hidden ones included; a second marking replaces them.
func TestWriteMarked_workbook(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	style, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true, Family: "宋体"}, NumFmt: 14})
	must(err)
	var picture bytes.Buffer
	must(png.Encode(&picture, image.NewGray(image.Rect(0, 0, 9, 9))))
	must(f.SetSheetRow("Sheet1", "A1", &[]any{"汇总表"}))
	must(f.SetSheetRow("Sheet1", "A2", &[]any{"姓名", "性别", "备用"}))
	must(f.SetSheetRow("Sheet1", "A3", &[]any{"王强", "先生", 46143}))
	must(f.SetCellStyle("Sheet1", "B3", "C3", style))
	must(f.SetColVisible("Sheet1", "C", false))
	must(f.AddPictureFromBytes("Sheet1", "A3", &excelize.Picture{Extension: ".png", File: picture.Bytes(), Format: &excelize.GraphicOptions{}}))
	_, err = f.NewSheet("去年")
	must(err)
	must(f.SetCellStr("去年", "A1", "别动"))
	body, err := f.WriteToBuffer()
	must(err)

	once := marked(t, body.Bytes(), table.Marking{Sheet: "Sheet1", Header: 2, Marks: []table.Mark{
		{Line: 3, Column: 2, Text: "只能是男或女"}, {Line: 3, Column: 2, Text: "=1+1"}, {Line: 3, Text: "整行有误"}, {Text: "缺少列：工作单位"},
	}})
	g, err := excelize.OpenReader(bytes.NewReader(once))
	must(err)
	defer g.Close()
	if v, _ := g.GetCellValue("Sheet1", "D2"); v != "检查结果（缺少列：工作单位）" {
		t.Errorf("heading %q", v)
	}
	if v, _ := g.GetCellValue("Sheet1", "D3"); v != "B: 只能是男或女\nB: =1+1\n整行有误" {
		t.Errorf("reasons %q", v)
	}
	id, err := g.GetCellStyle("Sheet1", "B3")
	must(err)
	kept, err := g.GetStyle(id)
	must(err)
	if !kept.Font.Bold || kept.Font.Family != "宋体" || kept.NumFmt != 14 || !slices.Equal(kept.Fill.Color, []string{"FFC7CE"}) {
		t.Errorf("style %+v %+v", kept, kept.Font)
	}
	comments, err := g.GetComments("Sheet1")
	must(err)
	if len(comments) != 1 || comments[0].Cell != "B3" || !strings.Contains(comments[0].Text, "只能是男或女\n=1+1") {
		t.Errorf("comments %+v", comments)
	}
	if v, _ := g.GetCellValue("去年", "A1"); v != "别动" {
		t.Errorf("the other sheet says %q", v)
	}
	if pictures, err := g.GetPictures("Sheet1", "A3"); err != nil || len(pictures) != 1 || !bytes.Equal(pictures[0].File, picture.Bytes()) {
		t.Errorf("%d pictures, %v", len(pictures), err)
	}
	if shown, err := g.GetColVisible("Sheet1", "C"); shown || err != nil {
		t.Errorf("the hidden column is shown, %v", err)
	}

	must(g.SetCellStr("Sheet1", "B3", "男"))
	mended, err := g.WriteToBuffer()
	must(err)
	h, err := excelize.OpenReader(bytes.NewReader(marked(t, mended.Bytes(), table.Marking{
		Sheet: "Sheet1", Header: 2,
		Marks: []table.Mark{{Line: 3, Column: 1, Text: "已报送过"}},
	})))
	must(err)
	defer h.Close()
	if v, _ := h.GetCellValue("Sheet1", "D3"); v != "A: 已报送过" {
		t.Errorf("reasons %q", v)
	}
	if v, _ := h.GetCellValue("Sheet1", "D2"); v != "检查结果" {
		t.Errorf("heading %q", v)
	}
	if id, err = h.GetCellStyle("Sheet1", "B3"); err != nil {
		t.Fatal(err)
	}
	if kept, err = h.GetStyle(id); err != nil || len(kept.Fill.Color) > 0 || !kept.Font.Bold {
		t.Errorf("the mark stays: %+v, %v", kept.Fill, err)
	}
	if comments, err := h.GetComments("Sheet1"); err != nil || slices.ContainsFunc(comments, func(c excelize.Comment) bool { return c.Cell == "B3" }) {
		t.Errorf("comments %+v, %v", comments, err)
	}
}

// Parts that the library does not know stay in the file, byte for byte.
func TestWriteMarked_otherParts(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetSheetRow("Sheet1", "A1", &[]any{"姓名"}); err != nil {
		t.Fatal(err)
	}
	f.Pkg.Store("xl/cellimages.xml", []byte("<etc:cellImages/>"))
	body, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	out := marked(t, body.Bytes(), table.Marking{Sheet: "Sheet1", Header: 1, Marks: []table.Mark{{Line: 1, Column: 1, Text: "x"}}})
	z, err := zip.NewReader(bytes.NewReader(out), int64(len(out)))
	if err != nil {
		t.Fatal(err)
	}
	part, err := z.Open("xl/cellimages.xml")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(part); err != nil || string(text) != "<etc:cellImages/>" {
		t.Errorf("%s, %v", text, err)
	}
}

// A text gets a column; lines keep their numbers and cells their text.
func TestWriteMarked_text(t *testing.T) {
	const body = "汇总\n\n姓名;事迹\n王强;\"一\n二\"\n马晓燕;x;旁边\n"
	out := marked(t, []byte(body), table.Marking{Header: 3, Marks: []table.Mark{{Line: 4, Column: 2, Text: "太长"}, {Line: 6, Text: "=坏"}}})
	const want = "\uFEFF汇总;;;\n\n姓名;事迹;;检查结果\n王强;\"一\n二\";;B: 太长\n马晓燕;x;旁边;'=坏\n"
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Error(diff)
	}
	again := marked(t, out, table.Marking{Header: 3, Marks: []table.Mark{{Line: 6, Text: "再看"}}})
	if want := strings.ReplaceAll(strings.ReplaceAll(want, "B: 太长", ""), "'=坏", "再看"); string(again) != want {
		t.Errorf("again: %s", cmp.Diff(want, string(again)))
	}
}
