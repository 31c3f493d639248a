package table_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/table"
)

// anchors of a picture: the rows of the sheet are 20 points high, the columns 64
// pixels wide.
const (
	rowEMU    = 20 * 12700
	columnEMU = 64 * 9525
)

func pic(name string) string {
	return fmt.Sprintf(`<xdr:pic><xdr:nvPicPr><xdr:cNvPr id="2" name="%s"/></xdr:nvPicPr><xdr:blipFill><a:blip r:embed="rId1"/></xdr:blipFill>`+
		`<xdr:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="1" cy="1"/></a:xfrm></xdr:spPr></xdr:pic><xdr:clientData/>`, name)
}

func point(tag string, column, columnOffset, row, rowOffset int) string {
	return fmt.Sprintf(`<xdr:%s><xdr:col>%d</xdr:col><xdr:colOff>%d</xdr:colOff><xdr:row>%d</xdr:row><xdr:rowOff>%d</xdr:rowOff></xdr:%s>`,
		tag, column, columnOffset, row, rowOffset, tag)
}

func twoCell(from, to string) string {
	return `<xdr:twoCellAnchor editAs="oneCell">` + from + to + pic("P") + `</xdr:twoCellAnchor>`
}

func oneCell(from string, cx, cy int) string {
	return fmt.Sprintf(`<xdr:oneCellAnchor>%s<xdr:ext cx="%d" cy="%d"/>%s</xdr:oneCellAnchor>`, from, cx, cy, pic("P"))
}

func absolute(x, y, cx, cy int) string {
	return fmt.Sprintf(`<xdr:absoluteAnchor><xdr:pos x="%d" y="%d"/><xdr:ext cx="%d" cy="%d"/>%s</xdr:absoluteAnchor>`, x, y, cx, cy, pic("P"))
}

// A floating picture is of the row that holds most of it, however it is anchored
// and whatever the rows' heights.
func TestReader_anchors(t *testing.T) {
	const wide = `<cols><col min="1" max="1" width="40"/><col min="2" max="2" hidden="1"/></cols>`
	const merged = `<mergeCells><mergeCell ref="B3:B6"/></mergeCells>`
	even := ""
	for i := 1; i <= 9; i++ {
		even += line(i, `ht="20" customHeight="1"`, "x", "y")
	}
	third := `<row r="1" ht="20"/><row r="2" ht="20"/><row r="3" ht="20" hidden="1">` + text("A3", "z") + `</row><row r="4" ht="20"/><row r="5" ht="100"/>`
	for name, c := range map[string]struct {
		rows, before, after, anchor string
		line                        int
		columns                     []int // of the first five that it is in
	}{
		"within a cell":                    {even, "", "", twoCell(point("from", 1, 10, 2, 10), point("to", 1, 500, 2, 500)), 3, []int{1}},
		"begins on the line above":         {even, "", "", twoCell(point("from", 1, 10, 1, rowEMU-1000), point("to", 1, 500, 2, rowEMU-10)), 3, []int{1}},
		"ends on the line below":           {even, "", "", twoCell(point("from", 1, 10, 2, 1000), point("to", 1, 500, 3, 1000)), 3, []int{1}},
		"six tenths in the upper row":      {even, "", "", oneCell(point("from", 1, 0, 2, rowEMU*4/10), 100, rowEMU), 3, []int{1}},
		"four tenths in the upper row":     {even, "", "", oneCell(point("from", 1, 0, 2, rowEMU*6/10), 100, rowEMU), 4, []int{1}},
		"half in each":                     {even, "", "", oneCell(point("from", 1, 0, 2, rowEMU/2), 100, rowEMU), 3, []int{1}},
		"three rows, the middle one whole": {even, "", "", oneCell(point("from", 1, 0, 2, rowEMU/2), 100, rowEMU*2), 4, []int{1}},
		"over two columns":                 {even, "", "", oneCell(point("from", 1, columnEMU/2, 4, 0), columnEMU, rowEMU), 5, []int{1, 2}},
		"an offset beyond its row":         {even, "", "", oneCell(point("from", 1, 0, 2, 50*rowEMU), 100, rowEMU), 4, []int{1}},
		"anchored nowhere":                 {even, "", "", absolute(columnEMU+1, 5*rowEMU+1, 100, rowEMU-2), 6, []int{1}},
		"of no size":                       {even, "", "", absolute(0, rowEMU*2, 0, 0), 3, []int{0}},
		"rows of the default height":       {line(1, "", "x"), `<sheetFormatPr defaultRowHeight="30"/>`, "", absolute(0, 30*12700*6+1, 10, 30*12700-2), 7, []int{0}},
		"below the rows":                   {even, "", "", twoCell(point("from", 1, 0, 40, 0), point("to", 1, 10, 40, 10)), 41, []int{1}},
		"over a hidden row":                {third, "", "", absolute(0, rowEMU*2+1, 10, rowEMU-2), 4, []int{0}},
		"from a hidden row":                {third, "", "", oneCell(point("from", 0, 0, 2, 100), 10, rowEMU), 4, []int{0}},
		"rows of other heights":            {third, "", "", absolute(0, rowEMU*2, 10, rowEMU*3), 5, []int{0}},
		"columns of other widths":          {even, wide, "", absolute(columnEMU*2, 0, 100, 100), 1, []int{0}},
		"a merged photo cell":              {even, "", merged, oneCell(point("from", 1, 10, 4, 0), 100, rowEMU), 3, []int{1}},
		"from right to left":               {even, "", "", twoCell(point("from", 2, 0, 3, 0), point("to", 1, 0, 2, 0)), 4, []int{2}},
	} {
		got, err := open(t.Context(), raw(t, nil, rawSheet{name: "S", rows: c.rows, before: c.before, after: c.after, drawing: c.anchor}), table.Options{})
		if err != nil || len(got.pictures) != 1 {
			t.Errorf("%s: %d pictures, error %v", name, len(got.pictures), err)
			continue
		}
		p := got.pictures[0]
		var columns []int
		for i := range 5 {
			if p.In(i) {
				columns = append(columns, i)
			}
		}
		if diff := cmp.Diff(c.columns, columns); p.Line != c.line || p.Name != "P" || diff != "" {
			t.Errorf("%s: line %d, want %d; columns %s", name, p.Line, c.line, diff)
		}
		if body, err := p.Body(); err != nil || string(body) != "picture" {
			t.Errorf("%s: %q, %v", name, body, err)
		}
	}
}

// Pictures in cells, as Excel and WPS put them there, are no errors and no text.
func TestReader_cellPictures(t *testing.T) {
	parts := map[string]string{
		"xl/media/a.png":                          "excel",
		"xl/media/b.png":                          "wps",
		"xl/cellimages.xml":                       `<etc:cellImages ` + drawingML + `><etc:cellImage>` + pic("ID_7") + `</etc:cellImage></etc:cellImages>`,
		"xl/_rels/cellimages.xml.rels":            relationsML + relation(1, "image", "media/b.png") + `</Relationships>`,
		"xl/richData/richValueRel.xml":            `<richValueRels ` + drawingML + `><rel r:id="rId1"/></richValueRels>`,
		"xl/richData/rdrichvalue.xml":             `<rvData count="2"><rv s="0"><v>x</v></rv><rv s="1"><v>5</v><v>0</v></rv></rvData>`,
		"xl/richData/_rels/richValueRel.xml.rels": relationsML + relation(1, "image", "../media/a.png") + `</Relationships>`,
		"xl/richData/rdrichvaluestructure.xml": `<rvStructures><s t="_error"><k n="errorType"/></s><s t="_localImage"><k n="CalcOrigin"/>` +
			`<k n="_rvRel:LocalImageIdentifier"/></s></rvStructures>`,
		"xl/metadata.xml": `<metadata><futureMetadata name="XLRICHVALUE"><bk><extLst><ext><xlrd:rvb i="1"/></ext></extLst></bk></futureMetadata>` +
			`<valueMetadata><bk><rc t="1" v="0"/></bk></valueMetadata></metadata>`,
	}
	rows := `<row r="1">` + text("A1", "姓名") + text("B1", "照片") + `</row><row r="2">` + text("A2", "王强") + `<c r="B2" t="e" vm="1"><v>#VALUE!</v></c></row>` +
		`<row r="3">` + text("A3", "李娜") + `<c r="B3" t="str"><f>_xlfn.DISPIMG("ID_7",1)</f><v>=DISPIMG("ID_7",1)</v></c></row>`
	got, err := open(t.Context(), raw(t, parts, rawSheet{name: "S", rows: rows}), table.Options{})
	must(t, err)
	if diff := cmp.Diff([]string{"1:姓名|照片", "2:王强", "3:李娜"}, got.lines()); diff != "" || len(got.rows[1].Problems) > 0 {
		t.Errorf("%v\n%s", got.rows[1].Problems, diff)
	}
	var found []string
	for _, p := range got.pictures {
		body, err := p.Body()
		must(t, err)
		found = append(found, fmt.Sprint(p.Line, p.In(1), p.In(0), " ", string(body)))
	}
	if diff := cmp.Diff([]string{"2 true false excel", "3 true false wps"}, found); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"pictures_unread"}, got.codes()); diff != "" {
		t.Errorf("nobody asked for the pictures: %s", diff)
	}
}
